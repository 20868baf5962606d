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

from zuofeng_survey.stats.icc import icc
from zuofeng_survey.stats.kappa import cohen_kappa, fleiss_kappa
from zuofeng_survey.stats.krippendorff import krippendorff_alpha
from zuofeng_survey.stats.reliability import alpha_from, cronbach_alpha
from zuofeng_survey.stats.resampling import bootstrap_alpha

CUTS = {"grades": (-1.5, -0.7, 0.4), "ceiling": (-2.3, -1.7, -0.8)}
ALPHA: dict[str, dict[str, Any]] = {
    f"{kind} n={n}": {"kind": kind, "n": n}
    for kind in ("normal", "uneven", "grades", "gaps", "ceiling")
    for n in (15, 30, 60)
}
ICC: dict[str, dict[str, Any]] = {
    "15 voters, 8 targets": {"v": 15, "n": 8},
    "15 voters, 20 targets": {"v": 15, "n": 20},
    "60 voters, 40 targets": {"v": 60, "n": 40},
    "4 voters, 20 targets": {"v": 4, "n": 20},
    "15 voters, 20 targets, alike": {"v": 15, "n": 20, "target": 0.1},
    "15 % gaps": {"v": 15, "n": 20, "gaps": 0.15},
    "50 % gaps": {"v": 15, "n": 20, "gaps": 0.5},
    "few voters, 30 % gaps": {"v": 5, "n": 20, "gaps": 0.3},
}
KAPPA: dict[str, dict[str, Any]] = {
    f"{kind} n={n}": {"kind": kind, "n": n}
    for kind in ("cohen", "linear", "quadratic", "fleiss")
    for n in (10, 20, 40)
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


def icc_coverage(design: Mapping[str, Any], *, reps: int) -> dict[str, float]:
    """Voters with leniency .5 and residual 1, targets with variance 1 unless said otherwise."""
    v, n, target, gaps = (
        design.get(k, d) for k, d in (("v", 0), ("n", 0), ("target", 1.0), ("gaps", 0.0))
    )
    single = np.array([target / (target + 1.5), target / (target + 1.0)])
    truth = dict(zip(("ICC2", "ICC3"), single, strict=True))
    truth |= dict(zip(("ICC2k", "ICC3k"), v * single / (1 + (v - 1) * single), strict=True))
    rng, found, refused = np.random.default_rng(3), [], 0
    for _ in range(reps):
        y = np.sqrt(target) * rng.normal(size=n) + np.sqrt(0.5) * rng.normal(size=(v, 1))
        y = np.where(rng.random((v, n)) < gaps, np.nan, y + rng.normal(size=(v, n)))
        try:
            r = icc(y)
        except ValueError:
            refused += 1
            continue
        at = [r.form.index(form) for form in truth]
        told = np.array(list(truth.values()))
        found.append((r.lower[at] <= told) & (told <= r.upper[at]))
    hits = np.mean(found, axis=0).round(4).tolist()
    return dict(zip(truth, hits, strict=True)) | {"refused": refused}


def kappa_coverage(design: Mapping[str, Any], *, reps: int) -> dict[str, float]:
    """Four grades cut from normal judgements that correlate .7."""
    kind, n = design["kind"], design["n"]

    def rated(targets: int, rng: np.random.Generator) -> Any:
        z = np.sqrt(0.7) * rng.normal(size=targets) + np.sqrt(0.3) * rng.normal(size=(8, targets))
        y = np.digitize(z, (-1.2, -0.3, 0.8))
        if kind == "fleiss":
            return fleiss_kappa(y)
        weights = "none" if kind == "cohen" else kind
        return cohen_kappa(y[0], y[1], weights=weights, categories=range(4))

    truth, rng = rated(300_000, np.random.default_rng(4)).estimate, np.random.default_rng(5)
    found = [rated(n, rng) for _ in range(reps)]
    covered = np.mean([k.lower <= truth <= k.upper for k in found])
    return {"truth": round(float(truth), 4), "coverage": round(float(covered), 4)}


def seconds(work: Callable[[], object], *, repeats: int = 5) -> float:
    """Median seconds of a call."""
    spent = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begun)
    return float(np.median(spent))


def speed() -> dict[str, float]:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(100_000, 40)) + 1.0
    cov, alpha = seconds(lambda: np.cov(x.T)), seconds(lambda: cronbach_alpha(x))
    y = rng.normal(size=(10, 10_000)) + rng.normal(size=10_000)
    z = np.exp(rng.normal(size=(2, 100_000)) + rng.normal(size=100_000))
    grades = rng.integers(1, 6, size=(1000, 1000)).astype(float)
    return {
        "numpy_cov": cov,
        "alpha_100000x40": alpha,
        "alpha_over_cov": alpha / cov,
        "icc_10000x10": seconds(lambda: icc(y)),
        "krippendorff_ordinal_1000x1000": seconds(
            lambda: krippendorff_alpha(grades, level="ordinal")
        ),
        "krippendorff_ordinal_2x100000": seconds(lambda: krippendorff_alpha(z, level="ordinal")),
        "krippendorff_ratio_2x100000": seconds(lambda: krippendorff_alpha(z, level="ratio")),
    }


def run(*, reps: int = 300, draws: int = 299) -> dict[str, Any]:
    result: dict[str, Any] = {"reps": reps, "draws": draws, "speed": speed()}
    result["alpha"] = {k: alpha_coverage(d, reps=reps, draws=draws) for k, d in ALPHA.items()}
    result["icc"] = {k: icc_coverage(d, reps=reps) for k, d in ICC.items()}
    result["kappa"] = {k: kappa_coverage(d, reps=reps) for k, d in KAPPA.items()}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=500)
    parser.add_argument("--draws", type=int, default=499)
    chosen = parser.parse_args()
    print(json.dumps(run(reps=chosen.reps, draws=chosen.draws), indent=1))


if __name__ == "__main__":
    main()
