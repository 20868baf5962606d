"""Kinds of stats.ranking: csranks and maximum-T critical values.

The family of all ordered pairs serves two-sided and one-sided sets alike, so the package's sets
answer both, and the tau sets too. Marginal and multinomial sets, which it does not offer, are put
together here from its draws and quantiles, or from exact binomial tests.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from reference_kinds import Case, Check
from zuofeng_survey.stats import rank_sets_from
from zuofeng_survey.stats.stepdown import quantile
from zuofeng_survey.stats.wild import normal_rows

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
            yield from _within(name, *_marginal(t, cov, e["coverage"]), told)
        elif name.startswith("tau"):
            k = int(name.split("_")[1])
            worst = name.startswith("tauworst")
            chosen = sets.upper >= n - k + 1 if worst else sets.lower <= k
            yield from _tau(name, set(1 + np.flatnonzero(chosen)), told)


def _marginal(t: np.ndarray, cov: np.ndarray, coverage: float) -> tuple[np.ndarray, np.ndarray]:
    n, kept = len(t), _draws(cov)
    aboves = [_stepdown(t, kept, _with(j, n), coverage) for j in range(n)]
    lower = [1 + a[:, j].sum() for j, a in enumerate(aboves)]
    return np.array(lower), np.array([n - a[j].sum() for j, a in enumerate(aboves)])


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


def _draws(cov: np.ndarray) -> np.ndarray:
    """Redrawn contrasts ``[i, j, draw]``."""
    n = len(cov)
    rows = normal_rows(cov, 9999, df=None, seed=SEED)
    blocks = [np.stack([row(i, np.arange(n)) for i in range(n)]).astype(np.float32) for row in rows]
    return np.nan_to_num(np.concatenate(blocks, axis=2))


def _with(j: int, n: int) -> np.ndarray:
    family = np.zeros((n, n), dtype=bool)
    family[j], family[:, j] = True, True
    return family


def _stepdown(t, kept, family, coverage) -> np.ndarray:
    """Return which ordered pairs of the family are told apart."""
    above, left = np.zeros_like(family), family & ~np.eye(len(t), dtype=bool)
    while left.any():
        critical = quantile(kept[left].max(axis=0), coverage, exact=False)
        new = (t > critical) & left
        if not new.any():
            break
        above, left = above | new, left & ~new
    return above


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
    """Exact binomial tests of ordered pairs, Bonferroni or Holm."""
    for name, told in case.expected.items():
        counts = np.array(told["counts"])
        n = len(counts)
        p = np.array([[_binomial(a, b) for b in counts] for a in counts])
        np.fill_diagonal(p, 1.0)
        for how in set(told) - {"counts"}:
            correction, kind = how.split("_")
            families = [_with(j, n) for j in range(n)] if kind == "marg" else [p >= 0] * n
            aboves = [_rejected(p, f, holm=correction == "Holm") for f in families]
            got = {
                "L": [int(1 + a[:, j].sum()) for j, a in enumerate(aboves)],
                "U": [int(n - a[j].sum()) for j, a in enumerate(aboves)],
                "rank": (1 + (counts[None, :] > counts[:, None]).sum(1)).tolist(),
            }
            for side, bound in got.items():
                yield Check(f"{name} {how} {side}", bound, told[how][side])


def _binomial(a: int, b: int) -> float:
    return stats.binomtest(int(a), int(a + b), alternative="greater").pvalue


def _rejected(p: np.ndarray, family: np.ndarray, *, holm: bool) -> np.ndarray:
    family = family & ~np.eye(len(p), dtype=bool)
    order = np.argsort(p[family], kind="stable")
    m = len(order)
    scaled = p[family][order] * (m - np.arange(m) if holm else m)
    passed = np.zeros(m, dtype=bool)
    passed[order] = np.maximum.accumulate(scaled) <= 0.05
    above = np.zeros_like(family)
    above[family] = passed
    return above


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
