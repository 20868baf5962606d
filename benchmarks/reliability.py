"""Coverage of the reliability and agreement intervals, and their speed, as JSON.

``python -m benchmarks.reliability [--reps 500] [--draws 499]``
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from zuofeng_survey.stats.reliability import alpha_from, cronbach_alpha
from zuofeng_survey.stats.resampling import bootstrap_alpha

CUTS = {"grades": (-1.5, -0.7, 0.4), "ceiling": (-2.3, -1.7, -0.8)}
ALPHA: dict[str, dict[str, Any]] = {
    f"{kind} n={n}": {"kind": kind, "n": n}
    for kind in ("normal", "uneven", "grades", "gaps", "ceiling")
    for n in (15, 30, 60)
}


def answers(kind: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """Six items behind one factor: normal, with uneven loadings, or cut into four grades."""
    lam = np.linspace(0.4, 0.9, 6) if kind == "uneven" else np.full(6, 0.7)
    y = lam * rng.normal(size=(n, 1)) + np.sqrt(1 - lam**2) * rng.normal(size=(n, 6))
    if kind in ("grades", "gaps", "ceiling"):
        y = np.digitize(y, CUTS.get(kind, CUTS["grades"])).astype(float)
    if kind == "gaps":
        y[rng.random(y.shape) < 0.15] = np.nan
    return y


def alpha_coverage(design: Mapping[str, Any], *, reps: int, draws: int) -> dict[str, float]:
    rng = np.random.default_rng(1)
    kind, n = design["kind"], design["n"]
    whole = answers("grades" if kind == "gaps" else kind, 300_000, np.random.default_rng(2))
    truth, found, refused = alpha_from(np.cov(whole.T)), [], 0
    for rep in range(reps):
        y = answers(kind, n, rng)
        try:
            f = cronbach_alpha(y, missing="pairwise")
            b = bootstrap_alpha(y, missing="pairwise", draws=draws, seed=rep)
        except ValueError:
            refused += 1
            continue
        widths = [f.upper - f.lower, b.upper - b.lower]
        found.append([f.lower <= truth <= f.upper, b.lower <= truth <= b.upper, *widths])
    hits, middle = np.mean(found, axis=0), np.median(found, axis=0)
    return {
        "truth": round(float(truth), 4),
        "feldt": round(float(hits[0]), 4),
        "bootstrap": round(float(hits[1]), 4),
        "width_feldt": round(float(middle[2]), 3),
        "width_bootstrap": round(float(middle[3]), 3),
        "refused": refused,
    }


def seconds(work: Callable[[], object], *, repeats: int = 5) -> float:
    """Median seconds of a call."""
    spent = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begun)
    return float(np.median(spent))


def speed() -> dict[str, float]:
    x = np.random.default_rng(1).normal(size=(100_000, 40)) + 1.0
    cov, alpha = seconds(lambda: np.cov(x.T)), seconds(lambda: cronbach_alpha(x))
    return {"numpy_cov": cov, "alpha_100000x40": alpha, "alpha_over_cov": alpha / cov}


def run(*, reps: int = 300, draws: int = 299) -> dict[str, Any]:
    result: dict[str, Any] = {"reps": reps, "draws": draws, "speed": speed()}
    result["alpha"] = {k: alpha_coverage(d, reps=reps, draws=draws) for k, d in ALPHA.items()}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=500)
    parser.add_argument("--draws", type=int, default=499)
    chosen = parser.parse_args()
    print(json.dumps(run(reps=chosen.reps, draws=chosen.draws), indent=1))


if __name__ == "__main__":
    main()
