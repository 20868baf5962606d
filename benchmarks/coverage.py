"""Coverage of the rank sets and false verdicts of the gap test, as JSON.

``python benchmarks/coverage.py [--reps 1000] [--draws 999] [--only sets|gap|power|shapes]``: the
designs of METHODS (b), and some it has not: classes of one, two and three, gaps, nested voters.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from zuofeng_survey.stats import bottom_sets, rank_sets, rank_sets_from
from zuofeng_survey.stats.composite import composite
from zuofeng_survey.stats.simulate import Conduct, Panel, Rater, panel

WEIGHTS = {"A": 0.4, "B": 0.3, "C": 0.3}
V15, V30, V60 = (dict(zip("ABC", n, strict=True)) for n in ((3, 5, 7), (5, 10, 15), (10, 20, 30)))
CEILING = Rater(cuts=(-3.0, -2.2, -1.04))  # 85 % best grade
NOISY, QUIET, NOISY_C = (Rater(noise=f) for f in ({"A": 1.5}, {"A": 0.5}, {"C": 1.5}))
N2 = {"A": 2, "B": 10, "C": 18}
COACHED = Conduct(coached={"B": 0.3, "C": 0.3})
AWAY = Conduct(returned={"A": 0.9, "B": 0.7, "C": 0.6}, willing=1.0)
UNKNOWING = Conduct(unknown={"A": 0.02, "B": 0.05, "C": 0.25})
HARSH = Rater(harshness={"C": 0.7})


def targets(*first: float, n: int = 20) -> np.ndarray:
    return np.array([*first, *[0.0] * (n - len(first))])


SETS: dict[str, dict[str, Any]] = {
    "V15": {"voters": V15},
    "V30": {"voters": V30},
    "V60": {"voters": V60},
    "V30 N40": {"voters": V30, "merit": targets(n=40)},
    "V15 N8": {"voters": V15, "merit": targets(n=8)},
    "V30 ceiling": {"voters": V30, "rater": CEILING},
    "V30 three contested": {"voters": V30, "merit": np.r_[0, 0, 0, np.linspace(1, 1.8, 17)]},
    "V30 one class": {"voters": {"A": 30}},
    "V30 A noisier": {"voters": V30, "rater": NOISY},
    "V30 A quieter": {"voters": V30, "rater": QUIET},
    "V30 C noisier": {"voters": V30, "rater": NOISY_C},
    "V30 A of two": {"voters": N2},
    "V30 A of two, noisier": {"voters": N2, "rater": NOISY},
}
SHAPES: dict[str, dict[str, Any]] = {
    "V8 (2,3,3)": {"voters": {"A": 2, "B": 3, "C": 3}},
    "V15 A of one": {"voters": {"A": 1, "B": 6, "C": 8}},
    "V30 A of one": {"voters": {"A": 1, "B": 11, "C": 18}},
    "V15 A of one, noisier": {"voters": {"A": 1, "B": 6, "C": 8}, "rater": NOISY},
    "V15 gaps 15 %": {"voters": V15, "unrated": 0.15},
    "V30 gaps 15 %": {"voters": V30, "unrated": 0.15},
    "V30 gaps 40 %": {"voters": V30, "unrated": 0.4},
    "V60 gaps 80 %": {"voters": V60, "unrated": 0.8},
    "V30 coached 30 %": {"voters": V30, "conduct": COACHED},
    "V30 the harsh stay away": {"voters": V30, "conduct": AWAY},
    "V30 不了解 by class": {"voters": V30, "conduct": UNKNOWING},
    "V30 a harsh class, gaps 15 %": {"voters": V30, "rater": HARSH, "unrated": 0.15},
    "nested C: 10 voters a target": {"voters": {"A": 5, "B": 10, "C": 200}, "nested": "C"},
    "all nested: 10 voters a target": {"voters": {"A": 200}, "nested": "A"},
}
GAP: dict[str, dict[str, Any]] = {
    "V15": {"voters": V15},
    "V30": {"voters": V30},
    "V60": {"voters": V60},
    "V15 A noisier": {"voters": V15, "rater": NOISY},
    "V30 A noisier": {"voters": V30, "rater": NOISY},
    "V60 A noisier": {"voters": V60, "rater": NOISY},
    "V30 A quieter": {"voters": V30, "rater": QUIET},
    "V30 C noisier": {"voters": V30, "rater": NOISY_C},
    "V30 A of two": {"voters": N2},
    "V30 A of two, noisier": {"voters": N2, "rater": NOISY},
}
POWER: dict[str, dict[str, Any]] = {
    "one bad V15": {"voters": V15, "merit": targets(-0.8)},
    "one bad V30": {"voters": V30, "merit": targets(-0.8)},
    "one bad V60": {"voters": V60, "merit": targets(-0.8)},
    "two bad V30": {"voters": V30, "merit": targets(-0.8, -0.8), "k": 2},
}


def one_panel(design: Mapping[str, Any], rng: np.random.Generator) -> tuple[Panel, np.ndarray]:
    keep = {k: v for k, v in design.items() if k in ("rater", "unrated", "conduct")}
    p = panel(design["merit"], design["voters"], seed=rng, **keep)
    y = p.scores.copy()
    if nested := design.get("nested"):
        rows = np.flatnonzero(p.voter_class == nested)
        own = np.arange(len(rows)) % y.shape[1]
        y[rows] = np.where(np.arange(y.shape[1]) == own[:, None], y[rows], np.nan)
    return p, y


def coverage_of(design: Mapping[str, Any], reps: int, draws: int) -> dict[str, float]:
    rng, merit = np.random.default_rng(1), design["merit"]
    weights = WEIGHTS if len(design["voters"]) > 1 else {"A": 1.0}
    best = 1 + (merit[None, :] > merit[:, None]).sum(axis=1)
    worst = len(merit) - (merit[None, :] < merit[:, None]).sum(axis=1)
    found = []
    for rep in range(reps):
        p, y = one_panel(design, rng)
        sets = rank_sets(y, p.voter_class, weights=weights, draws=draws, seed=rep)
        c = composite(y, p.voter_class, weights=weights)
        plug = rank_sets_from(c.estimate, c.covariance(), draws=draws, seed=rep)
        covered = [((s.lower <= best) & (worst <= s.upper)).all() for s in (sets, plug)]
        found.append([*covered, sets.critical, plug.critical, (sets.upper - sets.lower + 1).mean()])
    names = ("coverage", "coverage_plug_in", "critical", "critical_plug_in", "mean_width")
    return dict(zip(names, np.mean(found, axis=0).round(4).tolist(), strict=True))


def verdicts_of(design: Mapping[str, Any], reps: int, draws: int) -> dict[str, float]:
    rng, k = np.random.default_rng(2), design.get("k", 1)
    truth = np.argsort(design["merit"], kind="stable")[:k]
    found = []
    for rep in range(reps):
        p, y = one_panel(design, rng)
        b = bottom_sets(y, p.voter_class, k=k, weights=WEIGHTS, draws=draws, seed=rep)
        right = set(np.flatnonzero(b.observed)) == set(truth)
        found.append([b.verified, b.verified and right, b.certain[truth].all()])
    names = ("verified", "verified_and_right", "certain")
    return dict(zip(names, np.mean(found, axis=0).round(4).tolist(), strict=True))


def run(*, reps: int = 300, draws: int = 999, only: str = "") -> dict[str, Any]:
    parts: dict[str, tuple[dict, np.ndarray, Callable]] = {
        "sets": (SETS, targets(), coverage_of),
        "shapes": (SHAPES, targets(), coverage_of),
        "gap": (GAP, targets(-1.5, -1.5), verdicts_of),
        "power": (POWER, targets(), verdicts_of),
    }
    result: dict[str, Any] = {"reps": reps, "draws": draws}
    for part, (designs, merit, measure) in parts.items():
        if only in ("", part):
            result[part] = {}
            for name, design in designs.items():
                begun = time.perf_counter()
                result[part][name] = measure({"merit": merit} | design, reps, draws)
                print(f"{part} {name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=999)
    parser.add_argument("--only", choices=["sets", "shapes", "gap", "power"], default="")
    chosen = parser.parse_args()
    print(json.dumps(run(reps=chosen.reps, draws=chosen.draws, only=chosen.only), indent=1))


if __name__ == "__main__":
    main()
