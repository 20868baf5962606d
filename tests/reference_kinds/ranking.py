"""Kinds of stats.ranking: csranks and maximum-T critical values.

The family of all ordered pairs serves two-sided and one-sided sets alike, so the package's sets
answer both, and the tau sets too.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from reference_kinds import Case, Check
from zuofeng_survey.stats import marginal_rank_sets, rank_sets_from, share_rank_sets

DRAWS, SEED = 20_000, 1


def csranks(case: Case) -> Iterator[Check]:
    theta, cov = _estimates(case)
    n, e = len(theta), case.expected
    sets = rank_sets_from(theta, cov, draws=DRAWS, seed=SEED, coverage=e["coverage"])
    t, free = _standardised(theta, cov), np.ones(n, dtype=int)
    for name, told in e.items():
        if name == "simultaneous_twosided":
            yield case.check(f"{name} rank", sets.rank, told["rank"])
            yield from _within(name, sets.lower, sets.upper, told)
        elif name == "simultaneous_twosided_nostepdown":
            above = t > sets.critical
            yield from _within(name, 1 + above.sum(0), n - above.sum(1), told)
        elif name == "simultaneous_lower":
            yield from _within(name, sets.lower, n * free, told)
        elif name == "simultaneous_upper":
            yield from _within(name, free, sets.upper, told)
        elif name == "marginal_twosided":
            own = marginal_rank_sets(theta, cov, seed=SEED, coverage=e["coverage"])
            yield from _within(name, own.lower, own.upper, told)
        elif name.startswith("tau"):
            k = int(name.split("_")[1])
            worst = name.startswith("tauworst")
            chosen = sets.upper >= n - k + 1 if worst else sets.lower <= k
            yield from _tau(name, set(1 + np.flatnonzero(chosen)), told)


def _estimates(case: Case) -> tuple[np.ndarray, np.ndarray]:
    data = case.frame()
    if any(c.endswith("_se") for c in data):
        subject = next(c[:-3] for c in data if c.endswith("_se") and c[:-3] in case.name)
        used = data[[f"{subject}_score", f"{subject}_se"]].dropna().to_numpy(float)
        return used[:, 0], np.diag(used[:, 1] ** 2)
    y = data.drop(columns=[c for c in data if c in ("voter", "class", "pw", "fpc")]).dropna()
    cov = np.cov(y.to_numpy(float).T) / len(y)
    return y.mean().to_numpy(), np.diag(np.diag(cov)) if "independent" in case.name else cov


def _standardised(theta: np.ndarray, cov: np.ndarray) -> np.ndarray:
    var = np.diag(cov)[:, None] + np.diag(cov) - 2 * cov
    return (theta[:, None] - theta) / np.sqrt(np.where(var > 0, var, 1.0))


def _within(name: str, lower: np.ndarray, upper: np.ndarray, told: dict) -> Iterator[Check]:
    for side, bound in (("L", lower), ("U", upper)):
        low, high, mode = (np.array(told[f"{side}_{s}"]) for s in ("min", "max", "mode"))
        inside = (low - 1 <= bound) & (bound <= high + 1)
        yield Check(f"{name} {side} in its band", bool(inside.all()), expected=True)
        yield Check(f"{name} {side} at its mode", (bound == mode).mean() >= 0.9, expected=True)


def _tau(name: str, chosen: set[int], told: dict) -> Iterator[Check]:
    always, sometimes = (set(np.atleast_1d(told[k]).astype(int)) for k in ("always", "sometimes"))
    yield Check(f"{name} holds all that always are", always <= chosen, expected=True)
    yield Check(f"{name} holds no others", chosen <= always | sometimes, expected=True)


def multinom(case: Case) -> Iterator[Check]:
    """Exact tests of ordered pairs, Bonferroni or Holm, all sets at once or each by itself."""
    for name, told in case.expected.items():
        for how in set(told) - {"counts"}:
            correction, kind = how.split("_")
            found = share_rank_sets(
                told["counts"], correction=correction.lower(), marginal=kind == "marg"
            )
            got = {"L": found.lower, "U": found.upper, "rank": found.rank}
            for side, bound in got.items():
                yield Check(f"{name} {how} {side}", bound.tolist(), told[how][side])


def max_t(case: Case) -> Iterator[Check]:
    """Critical values of the first step; exchangeable, with t variances, and a full covariance."""
    e, near = case.expected, 0.03
    for told in e.get("exchangeable", []):
        got = _critical(np.eye(told["N"]), 0.95, draws=10_000 if told["N"] > 40 else 40_000)
        yield case.check(f"exchangeable N={told['N']}", got, told["q95"], abs=near)
    for told in e.get("exchangeable_t", []):
        got = _critical(np.eye(told["N"]), 0.95, df=told["df"])
        yield case.check(f"t {told}", got, told["q95"], abs=2 * near)
    for name in ("carrots_full_cov_mc", "carrots_diag_mc"):
        if name in e:
            y = case.frame().drop(columns="voter").to_numpy(float)
            cov = np.cov(y.T) / len(y)
            got = _critical(cov if "full" in name else np.diag(np.diag(cov)), 0.95, draws=100_000)
            yield case.check(name, got, e[name]["q90_95_99"][1], abs=case.tolerance["carrots"])


def _critical(cov, coverage, *, df=None, draws=40_000) -> float:
    level = pd.Series(np.zeros(len(cov)))
    sets = rank_sets_from(level, cov, coverage=coverage, draws=draws, seed=SEED, df=df)
    return sets.critical


KINDS = {"csranks": csranks, "csranks_multinom": multinom, "maxT": max_t}
