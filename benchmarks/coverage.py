"""Coverage of the rank sets and false verdicts of the gap test, as JSON.

``python -m benchmarks.coverage [--reps 2000] [--draws 999] [--only PART,…] [--workers 2]``: the
designs of METHODS (b) and others: raters of another kind, targets that truly differ (stepdown),
classes of one to three, gaps, nested voters. Every share has its Monte Carlo standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

# One thread: the matrices are small, and two workers stand side by side.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from zuofeng_survey.stats import bottom_sets, rank_sets, rank_sets_from
from zuofeng_survey.stats.composite import composite
from zuofeng_survey.stats.raters import Conduct, Rater
from zuofeng_survey.stats.simulate import Panel, panel

WEIGHTS = {"A": 0.4, "B": 0.3, "C": 0.3}
V15, V30, V60 = (dict(zip("ABC", n, strict=True)) for n in ((3, 5, 7), (5, 10, 15), (10, 20, 30)))
SIZES = {"V15": V15, "V30": V30, "V60": V60}
V8 = {"A": 2, "B": 3, "C": 3}
CEILING = Rater(cuts=(-3.0, -2.2, -1.04))  # 85 % best grade
NOISY, QUIET, NOISY_C = (Rater(noise=f) for f in ({"A": 1.5}, {"A": 0.5}, {"C": 1.5}))
N2 = {"A": 2, "B": 10, "C": 18}
COACHED = Conduct(coached={"B": 0.3, "C": 0.3})
AWAY = Conduct(returned={"A": 0.9, "B": 0.7, "C": 0.6}, willing=1.0)
UNKNOWING = Conduct(unknown={"A": 0.02, "B": 0.05, "C": 0.25})
HARSH = Rater(harshness={"C": 0.7})
RATERS = {
    "own cuts": Rater(cut_shift=0.5),
    "heavy tails": Rater(tails=3.0),
    "two camps": Rater(camps=0.3),
    "camps far apart": Rater(camps=0.5),
}
# Replicates of a design on which the plug-in of the literature is tried too.
PLUG_IN = 500


def targets(*first: float, n: int = 20) -> np.ndarray:
    return np.array([*first, *[0.0] * (n - len(first))])


METHODS: dict[str, dict[str, Any]] = {
    "V15": {"voters": V15},
    "V30": {"voters": V30},
    "V60": {"voters": V60},
    "V30 N40": {"voters": V30, "merit": targets(n=40)},
    "V30 ceiling": {"voters": V30, "rater": CEILING},
    "V30 three contested": {"voters": V30, "merit": np.r_[0, 0, 0, np.linspace(1, 1.8, 17)]},
    "V30 one class": {"voters": {"A": 30}},
    "V15 N8": {"voters": V15, "merit": targets(n=8)},
}
SPREAD: dict[str, dict[str, Any]] = {
    "V30 A noisier": {"voters": V30, "rater": NOISY},
    "V30 A quieter": {"voters": V30, "rater": QUIET},
    "V30 C noisier": {"voters": V30, "rater": NOISY_C},
    "V30 A of two": {"voters": N2},
    "V30 A of two, noisier": {"voters": N2, "rater": NOISY},
    "V30 A of three, noisier": {"voters": {"A": 3, "B": 10, "C": 17}, "rater": NOISY},
}
OTHERS: dict[str, dict[str, Any]] = {
    f"{size} {name}": {"voters": voters, "rater": rater}
    for name, rater in RATERS.items()
    for size, voters in ({"V8": V8} | SIZES | {"V30 A of two": N2}).items()
}
STEPDOWN: dict[str, dict[str, Any]] = {
    f"{size} {name}": {"voters": voters, "merit": merit}
    for name, merit in {
        "two tiers": np.repeat([-1.2, 0.8], 10),
        "four tiers": np.repeat([-2.0, -0.8, 0.4, 1.6], 5),
        "one far below": targets(-2.5),
        "pairs": np.repeat(np.linspace(-2.5, 2.0, 10), 2),
    }.items()
    for size, voters in SIZES.items()
}
SHAPES: dict[str, dict[str, Any]] = {
    "V8 (2,3,3)": {"voters": V8},
    "V15 A of one": {"voters": {"A": 1, "B": 6, "C": 8}},
    "V30 A of one": {"voters": {"A": 1, "B": 11, "C": 18}},
    "V15 A of one, noisier": {"voters": {"A": 1, "B": 6, "C": 8}, "rater": NOISY},
    "V30 A of one, noisier": {"voters": {"A": 1, "B": 11, "C": 18}, "rater": NOISY},
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
    "V30 A of three, noisier": {"voters": {"A": 3, "B": 10, "C": 17}, "rater": NOISY},
    "V30 A of one": {"voters": {"A": 1, "B": 11, "C": 18}},
    **{f"V30 {name}": {"voters": V30, "rater": rater} for name, rater in RATERS.items()},
}
POWER: dict[str, dict[str, Any]] = {
    "one bad V15": {"voters": V15, "merit": targets(-0.8)},
    "one bad V30": {"voters": V30, "merit": targets(-0.8)},
    "one bad V60": {"voters": V60, "merit": targets(-0.8)},
    "one bad V30, A of two": {"voters": N2, "merit": targets(-0.8)},
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


def summary(found: list[list[float]], names: tuple[str, ...]) -> dict[str, float]:
    """Means by name; the first is a share and brings its Monte Carlo standard error."""
    table = np.array(found, dtype=float)
    known = ~np.isnan(table)
    mean = np.where(known, table, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    share = float(mean[0])
    made = dict(zip(names, mean.round(4).tolist(), strict=True))
    return made | {"mc_se": round(float(np.sqrt(share * (1 - share) / len(found))), 4)}


def coverage_of(design: Mapping[str, Any], reps: int, draws: int) -> dict[str, float]:
    rng, merit = np.random.default_rng(1), design["merit"]
    weights = WEIGHTS if len(design["voters"]) > 1 else {"A": 1.0}
    best = 1 + (merit[None, :] > merit[:, None]).sum(axis=1)
    worst = len(merit) - (merit[None, :] < merit[:, None]).sum(axis=1)
    found = []
    for rep in range(reps):
        p, y = one_panel(design, rng)
        sets = rank_sets(y, p.voter_class, weights=weights, draws=draws, seed=rep)
        plug, plug_critical = np.nan, np.nan
        if rep < PLUG_IN:
            c = composite(y, p.voter_class, weights=weights)
            cov = c.covariance() + 1e-9 * np.eye(len(merit))  # a target all gave the best grade
            s = rank_sets_from(c.estimate, cov, draws=draws, seed=rep)
            plug, plug_critical = ((s.lower <= best) & (worst <= s.upper)).all(), s.critical
        covered = ((sets.lower <= best) & (worst <= sets.upper)).all()
        width = (sets.upper - sets.lower + 1).mean()
        steps = (sets.critical, sets.critical_last)
        found.append([covered, *steps, width, plug, plug_critical])
    names = ("coverage", "critical", "critical_last", "mean_width")
    return summary(found, (*names, "coverage_plug_in", "critical_plug_in"))


def verdicts_of(design: Mapping[str, Any], reps: int, draws: int) -> dict[str, float]:
    rng, k = np.random.default_rng(2), design.get("k", 1)
    truth = np.argsort(design["merit"], kind="stable")[:k]
    found = []
    for rep in range(reps):
        p, y = one_panel(design, rng)
        b = bottom_sets(y, p.voter_class, k=k, weights=WEIGHTS, draws=draws, seed=rep)
        right = set(np.flatnonzero(b.observed)) == set(truth)
        found.append([b.verified, b.verified and right, b.certain[truth].all()])
    return summary(found, ("verified", "verified_and_right", "certain"))


PARTS: dict[str, tuple[dict, np.ndarray, Callable, int]] = {
    "sets: METHODS' eight": (METHODS, targets(), coverage_of, 1),
    "sets: classes of unequal spread": (SPREAD, targets(), coverage_of, 1),
    "sets: other raters": (OTHERS, targets(), coverage_of, 1),
    "sets: stepdown": (STEPDOWN, targets(), coverage_of, 1),
    "sets: shapes": (SHAPES, targets(), coverage_of, 1),
    "gap": (GAP, targets(-1.5, -1.5), verdicts_of, 2),
    "power": (POWER, targets(), verdicts_of, 1),
}


def measured(part: str, name: str, reps: int, draws: int) -> tuple[str, str, dict[str, float]]:
    """Measure one design; a worker's task."""
    designs, merit, measure, times = PARTS[part]
    begun = time.perf_counter()
    found = measure({"merit": merit} | designs[name], times * reps, draws)
    return part, name, found | {"reps": times * reps, "s": round(time.perf_counter() - begun, 1)}


def run(*, reps: int = 1000, draws: int = 999, only: str = "", workers: int = 2) -> dict[str, Any]:
    wanted = [part for part in PARTS if any(o in part for o in only.split(","))]
    result: dict[str, Any] = {"draws": draws} | {part: {} for part in wanted}
    tasks = [(part, name) for part in wanted for name in PARTS[part][0]]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as workers_:
        made = [workers_.submit(measured, *task, reps, draws) for task in tasks]
        for done in made:
            part, name, found = done.result()
            result[part][name] = found
            print(f"{part}, {name}: {found}", file=sys.stderr, flush=True)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=2000)
    parser.add_argument("--draws", type=int, default=999)
    parser.add_argument("--only", default="", help="parts whose name contains one of these")
    parser.add_argument("--workers", type=int, default=2)
    c = parser.parse_args()
    found = run(reps=c.reps, draws=c.draws, only=c.only, workers=c.workers)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
