"""Kinds of stats.ranking: csranks and maximum-T critical values.

The family of all ordered pairs serves two-sided and one-sided sets alike, so the package's sets
answer both, and the tau sets too.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from reference_kinds import Case, Check, Told
from reference_kinds.reading import chosen as asked
from reference_kinds.reading import coverage_of, option, plain
from zuofeng_survey.stats import composite, marginal_rank_sets, rank_sets_from, share_rank_sets

DRAWS, SEED = 20_000, 1


def csranks(case: Case) -> Iterator[Check]:
    theta, cov = _estimates(case)
    n, e = len(theta), case.expected
    coverage = coverage_of(case)
    sets = rank_sets_from(theta, cov, draws=DRAWS, seed=SEED, coverage=coverage)
    for name, found in {"n": n, "coverage": coverage}.items():
        if name in e:
            yield case.check(name, found, e[name], abs=0)
    for name in ("R", "seeds"):  # of R's draws
        e.get(name)
    above, free = _standardised(theta, cov) > sets.critical, np.ones(n, dtype=int)
    found = {
        "simultaneous_twosided": (sets.lower, sets.upper),
        "simultaneous_twosided_nostepdown": (1 + above.sum(0), n - above.sum(1)),
        "simultaneous_lower": (sets.lower, n * free),
        "simultaneous_upper": (free, sets.upper),
    }
    if any(name.startswith("marginal") for name in e):
        own = marginal_rank_sets(theta, cov, seed=SEED, coverage=coverage)
        found |= {"marginal_twosided": (own.lower, own.upper), "marginal_lower": (own.lower, n * free),
                  "marginal_upper": (free, own.upper)}  # fmt: skip
    for name in (f for f in found if f in e):
        if "rank" in e[name]:
            yield case.check(f"{name} rank", sets.rank, e[name]["rank"], abs=0)
        yield from within(name, *found[name], e[name])
    for name in (k for k in e if k.startswith("tau")):
        k = int(name.split("_")[1])
        worst = name.startswith("tauworst")
        chosen = sets.upper >= n - k + 1 if worst else sets.lower <= k
        yield from _tau(name, set(1 + np.flatnonzero(chosen)), e[name])


def _estimates(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Estimates with standard errors (``math_score``, ``math_se``), or means of paired ratings."""
    data = case.frame()
    errors = [c for c in data if c.endswith("_se") or plain(c) in ("se", "stderr")]
    if errors:
        about = f"{case.name} {option(case, 'subject', 'column', default='')}"
        se = next((c for c in errors if c[:-3] and c[:-3] in about), errors[0])
        score = next(c for c in data if c in (f"{se[:-3]}_score", se[:-3], "estimate", "x", "mean"))
        used = data[[score, se]].dropna().to_numpy(float)
        return used[:, 0] * _sign(case), np.diag(used[:, 1] ** 2)
    y = asked(case, data).dropna()
    if weights := case.params.get("class_weights"):
        panel = composite(y * _sign(case), data.loc[y.index, "class"], weights=weights)
        return panel.estimate, panel.covariance
    cov = np.cov(y.to_numpy(float).T) / len(y)
    alone = "independent" in f"{case.name} {case.notes}" or option(
        case, "independent", default=False
    )
    return y.mean().to_numpy() * _sign(case), np.diag(np.diag(cov)) if alone else cov


def _sign(case: Case) -> int:
    """csranks(decreasing = FALSE) gives rank 1 to the lowest."""
    return -1 if option(case, "decreasing", default=True) is False else 1


def _standardised(theta: np.ndarray, cov: np.ndarray) -> np.ndarray:
    var = np.diag(cov)[:, None] + np.diag(cov) - 2 * cov
    return (theta[:, None] - theta) / np.sqrt(np.where(var > 0, var, 1.0))


def within(name: str, lower: np.ndarray, upper: np.ndarray, told: Told) -> Iterator[Check]:
    """Check bounds against bands over seeds, or against the bounds of one seed."""
    for side, bound in (("L", lower), ("U", upper)):
        keys = [k for k in (f"{side}_min", f"{side}_max", f"{side}_mode", side) if k in told]
        if not keys:
            continue
        low, high, mode = (
            np.array(told[k]) for k in (keys[0], keys[min(1, len(keys) - 1)], keys[-1])
        )
        inside = (low - 1 <= bound) & (bound <= high + 1)
        yield Check(f"{name} {side} in its band", bool(inside.all()), expected=True)
        yield Check(
            f"{name} {side} at its mode", bool((bound == mode).mean() >= 0.9), expected=True
        )
    if "mean_width" in told:
        near = 0.02 * len(lower)
        yield Check(f"{name} mean width", (upper - lower).mean(), told["mean_width"], abs=near)


def _tau(name: str, chosen: set[int], told: Told) -> Iterator[Check]:
    parts = [told.get(k, []) for k in ("always", "sometimes")]
    always, sometimes = (set(np.atleast_1d(p).astype(int)) for p in parts)
    told.get("freq")  # among R's seeds; always and sometimes say it
    yield Check(f"{name} holds all that always are", always <= chosen, expected=True)
    yield Check(f"{name} holds no others", chosen <= always | sometimes, expected=True)


def multinom(case: Case) -> Iterator[Check]:
    """Exact tests of ordered pairs, Bonferroni or Holm, all sets at once or each by itself."""
    e = case.expected
    for name in e.blocks() if "counts" not in e else [""]:
        told = e[name] if name else e
        coverage = coverage_of(case, told)
        for how in set(told) - {"counts", "coverage"}:
            correction, kind = how.lower().split("_")[:2]
            found = share_rank_sets(
                told["counts"],
                coverage=coverage,
                correction=correction,
                marginal=kind.startswith("marg"),
            )
            lower = [1] * len(found.rank) if how.endswith("upper") else found.lower.tolist()
            upper = (
                [len(found.rank)] * len(found.rank)
                if how.endswith("lower")
                else found.upper.tolist()
            )
            got = {"L": lower, "U": upper, "rank": found.rank.tolist()}
            for side in (s for s in got if s in told[how]):
                yield Check(f"{name} {how} {side}", got[side], told[how][side])


QUANTILES = {"q90": 0.90, "q95": 0.95, "q99": 0.99}


def max_t(case: Case) -> Iterator[Check]:
    """Critical values of the first step; exchangeable, with t variances, and a full covariance.

    The case's tolerance is for the 95 % quantile; draws tell the 99 % one half as well.
    """
    e = case.expected
    for key in (k for k in e if k.startswith("exchangeable")):
        for told in e[key]:
            n, df = told["N"], told.get("df")
            draws = 10_000 if n > 40 else 40_000
            for q in (q for q in QUANTILES if q in told):
                got = _critical(np.eye(n), QUANTILES[q], df=df, draws=draws)
                near = 0.03 * (1 + (df is not None)) * (1 + (q == "q99"))
                yield case.check(f"{key} N={n} {q}", got, told[q], abs=near)
    for key in (k for k in e if k.endswith("_mc")):
        y = asked(case, case.frame(key.split("_")[0])).dropna().to_numpy(float)
        cov = np.cov(y.T) / len(y)
        cov = cov if "full" in key else np.diag(np.diag(cov))
        near = case.near(key.split("_")[0], "mc")
        for q, told in zip(QUANTILES.values(), e[key]["q90_95_99"], strict=True):
            got = _critical(cov, q, draws=100_000)
            scale = 2 if q == QUANTILES["q99"] else 1
            yield case.check(f"{key} {q}", got, told, **{k: scale * v for k, v in near.items()})


def _critical(cov, coverage, *, df=None, draws=40_000) -> float:
    level = pd.Series(np.zeros(len(cov)))
    sets = rank_sets_from(level, cov, coverage=coverage, draws=draws, seed=SEED, df=df)
    return sets.critical


KINDS = {
    "csranks": csranks,
    "csranks_multinom": multinom,
    "csranks_multinomial": multinom,
    "maxT": max_t,
}
