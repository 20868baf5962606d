"""Agreement beyond chance about categories: Cohen's κ (plain and weighted) and Fleiss' κ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.ranksets import locked
from zuofeng_survey.stats.reliability import check_coverage

WEIGHTS = ("none", "linear", "quadratic")
FEW_TARGETS = 30
ONE = "ratings must use 2 categories or more, got {}; agreement beyond chance has no meaning then"
# How much nearer to perfect agreement, or to none, one target may bring κ by being left out.
NEAREST, TINY = 4, 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Kappa:
    """κ of two raters (Cohen) or of V raters (Fleiss).

    Attributes
    ----------
    estimate, se, lower, upper : float
        κ, its standard error and interval.
    z, p_value : float
        Test that agreement is chance, with the standard error that holds then.
    agreement, chance : float
        Observed agreement and that of chance, between 0 and 1 (weighted: partial credit).
    category : tuple
        Categories in the order used.
    by_category, z_category, p_category : ndarray, shape (C,)
        Fleiss: κ of each category against all others, with its test; NaN for Cohen's, and for
        a category that nobody or everybody chose.
    n_targets, n_raters : int
        Targets and raters.
    weights, coverage, method
        What reproduces it.
    notes : tuple of str
        ``few-targets`` (under 30), ``skewed`` (chance agreement above .8 keeps κ low).
    """

    estimate: float
    se: float
    lower: float
    upper: float
    z: float
    p_value: float
    agreement: float
    chance: float
    category: tuple
    by_category: Floats
    z_category: Floats
    p_category: Floats
    n_targets: int
    n_raters: int
    weights: str
    coverage: float
    method: str
    notes: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row, unrounded."""
        names = ("estimate", "se", "lower", "upper", "z", "p_value", "agreement", "chance")
        sizes = {"n_targets": self.n_targets, "n_raters": self.n_raters}
        return pd.DataFrame([{name: getattr(self, name) for name in names} | sizes])

    def _repr_html_(self) -> str:
        return table_html(self.table())


def cohen_kappa(
    first: ArrayLike,
    second: ArrayLike,
    *,
    weights: Literal["none", "linear", "quadratic"] = "none",
    categories: Sequence | None = None,
    coverage: float = 0.95,
) -> Kappa:
    """Cohen's κ of two raters, weighted for grades.

    Parameters
    ----------
    first, second : array_like, shape (N,)
        Category that each rater gave to each target; no gaps.
    weights : {"none", "linear", "quadratic"}
        Credit for near misses: ``1 − |i − j| / (C − 1)``, or its square distance, with i and j
        the places of the categories.
    categories : sequence, optional
        All categories in order; by default those in use, sorted. Text needs them if weighted.
    coverage : float
        Probability of the two-sided interval.

    Returns
    -------
    Kappa

    Raises
    ------
    ValueError
        Shapes, gaps, categories not listed, both raters with one and the same category only.

    Notes
    -----
    Interval: t with N − 1 degrees of freedom on the scale of ``log(1 − κ)``; coverage of 95 % with
    10 to 40 targets is .92–.95 (quadratic .90–.92, too narrow). With perfect agreement the
    lower bound is that of a rate of full agreement (Clopper–Pearson). Test: standard error under
    independence.
    Source: Cohen (1960), doi 10.1177/001316446002000104; Fleiss, Cohen & Everitt (1969), doi
    10.1037/h0028106; R ``irr::kappa2``.

    Examples
    --------
    >>> k = cohen_kappa([1, 1, 2, 2, 3, 3, 1, 2], [1, 1, 2, 3, 3, 3, 1, 1])
    >>> round(k.estimate, 4), round(k.agreement, 4), round(k.chance, 4)
    (0.6279, 0.75, 0.3281)
    """
    check_coverage(coverage)
    if weights not in WEIGHTS:
        raise ValueError(f"weights must be one of {', '.join(WEIGHTS)}, got {weights!r}")
    pair = [np.asarray(x).ravel() for x in (first, second)]
    if len(pair[0]) != len(pair[1]) or len(pair[0]) < 2:
        sizes = f"{len(pair[0])} and {len(pair[1])}"
        raise ValueError(f"first and second must rate the same 2 targets or more, got {sizes}")
    codes, names = _coded(np.stack(pair), categories, ordered=weights != "none")
    c, n = len(names), codes.shape[1]
    p = np.bincount(codes[0] * c + codes[1], minlength=c * c).reshape(c, c) / n
    found = _weighted(p, _credit(c, weights), n)
    blank = locked(np.full(c, np.nan))
    return _kappa(
        found,
        _cohen_bounds(found, n, coverage),
        n,
        category=names,
        **dict.fromkeys(("by_category", "z_category", "p_category"), blank),
        n_raters=2,
        weights=weights,
        coverage=coverage,
        method="Cohen",
    )


def fleiss_kappa(
    ratings: ArrayLike, *, categories: Sequence | None = None, coverage: float = 0.95
) -> Kappa:
    """Fleiss' κ of V raters, overall and for each category.

    Parameters
    ----------
    ratings : array_like or DataFrame, shape (V, N)
        Category from each rater (row) for each target (column); no gaps.
    categories : sequence, optional
        All categories in order; by default those in use, sorted.
    coverage : float
        Probability of the two-sided interval.

    Returns
    -------
    Kappa

    Raises
    ------
    ValueError
        Shape, gaps, categories not listed, one category only.

    Notes
    -----
    Interval: jackknife over targets on the scale of ``log((κ + 1/(V−1)) / (1 − κ))``, bias taken out, t with
    N − 1 degrees of freedom; coverage of 95 % is .94–.98 for four categories and 10 to 40 targets, .92–.98
    for two from 20 targets on, and .77–.97 for two and 10 targets (a rare category is worst). With perfect
    agreement as in :func:`cohen_kappa`. The test uses Fleiss' standard error, under chance.
    Source: Fleiss (1971), doi 10.1037/h0031619; Fleiss, Nee & Landis (1979), doi
    10.1037/0033-2909.86.5.974; R ``irr::kappam.fleiss(t(ratings), detail = TRUE)``.

    Examples
    --------
    >>> k = fleiss_kappa([["a", "b", "a", "b"], ["a", "b", "b", "b"], ["a", "b", "a", "a"]])
    >>> round(k.estimate, 4), k.by_category.round(4).tolist()
    (0.3333, [0.3333, 0.3333])
    """
    check_coverage(coverage)
    y = np.asarray(ratings)
    if y.ndim != 2 or min(y.shape) < 2:
        raise ValueError(
            "ratings must be (V, N) with 2 raters and 2 targets or more, got shape "
            f"{y.shape}; one row a rater, one column a target"
        )
    codes, names = _coded(y, categories, ordered=False)
    (v, n), c = y.shape, len(names)
    at = codes + c * np.arange(n)
    counts = np.bincount(at.ravel(), minlength=n * c).reshape(n, c).astype(float)
    found = _fleiss(counts, v)
    return _kappa(
        found,
        _fleiss_bounds(counts, found, coverage),
        n,
        category=names,
        **_each_category(counts, v),
        n_raters=v,
        weights="none",
        coverage=coverage,
        method="Fleiss",
    )


class _Found(NamedTuple):
    kappa: float
    se: float
    z: float
    agreement: float
    chance: float


def _kappa(found: _Found, bounds: tuple[float, float], n: int, **rest: Any) -> Kappa:
    lower, upper = bounds
    told = {"se": found.se, "z": found.z, "agreement": found.agreement, "chance": found.chance}
    return Kappa(
        estimate=found.kappa,
        lower=lower,
        upper=upper,
        p_value=float(2 * stats.norm.sf(abs(found.z))),
        n_targets=n,
        **told,
        notes=("few-targets",) * (n < FEW_TARGETS) + ("skewed",) * (found.chance > 0.8),
        **rest,
    )


def _coded(
    y: NDArray, categories: Sequence | None, *, ordered: bool
) -> tuple[NDArray[np.int64], tuple]:
    """Places of the categories, and the categories."""
    if bad := int((~np.isfinite(y) if y.dtype.kind == "f" else pd.isna(y)).sum()):
        raise ValueError(
            f"ratings must have no gaps or infinity, got {bad}; leave those targets out or "
            "use krippendorff_alpha, which can do with gaps"
        )
    if categories is None:
        if ordered and y.dtype.kind not in "iufb":
            raise ValueError("categories must be listed in order for weights, got text and no list")
        names, codes = np.unique(y, return_inverse=True)
        return codes.reshape(y.shape), tuple(names.tolist())
    codes = pd.Index(list(categories)).get_indexer(pd.Index(y.ravel())).reshape(y.shape)
    if (codes < 0).any():
        strange = sorted(set(map(str, y[codes < 0].tolist())))
        raise ValueError(f"categories must hold every rating, got {strange} besides; add them")
    return codes.astype(np.int64), tuple(categories)


def _credit(c: int, weights: str) -> Floats:
    if weights == "none":
        return np.eye(c)
    power = 1 if weights == "linear" else 2
    place = np.arange(c)
    return 1 - (np.abs(place[:, None] - place) / max(c - 1, 1)) ** power


def _weighted(p: Floats, w: Floats, n: int) -> _Found:
    """κ with the two standard errors of Fleiss, Cohen and Everitt."""
    row, column = p.sum(axis=1), p.sum(axis=0)
    agreement, chance = float((w * p).sum()), float(row @ w @ column)
    if chance >= 1 - 1e-12:
        raise ValueError(ONE.format("one from both raters"))
    kappa = (agreement - chance) / (1 - chance)
    mean = (w @ column)[:, None] + (row @ w)[None, :]
    spread = (p * (w - mean * (1 - kappa)) ** 2).sum() - (kappa - chance * (1 - kappa)) ** 2
    by_chance = (np.outer(row, column) * (w - mean) ** 2).sum() - chance**2
    se, se0 = (np.sqrt(max(x, 0.0) / n) / (1 - chance) for x in (spread, by_chance))
    # one rater gave one category throughout: κ is 0 then, as by chance
    z = kappa / se0 if se0 > 1e-12 else 0.0 if abs(kappa) < 1e-12 else float(np.copysign(np.inf, kappa))
    return _Found(float(kappa), float(se), float(z), agreement, chance)


def _fleiss(counts: Floats, v: int) -> _Found:
    n, p = len(counts), counts.sum(axis=0) / counts.sum()
    chance = float(p @ p)
    if chance >= 1 - 1e-12:
        raise ValueError(ONE.format("one"))
    alike = ((counts**2).sum(axis=1) - v) / (v * (v - 1))
    agreement = float(alike.mean())
    kappa = (agreement - chance) / (1 - chance)
    without = _without_each(counts, alike)
    se = np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum())
    other = p * (1 - p)
    variance = other.sum() ** 2 - (other * (1 - 2 * p)).sum()
    se0 = np.sqrt(2 * variance / (n * v * (v - 1))) / other.sum()
    z = kappa / se0
    return _Found(float(kappa), float(se), float(z), agreement, chance)


def _each_category(counts: Floats, v: int) -> dict[str, Floats]:
    n, p = len(counts), counts.sum(axis=0) / counts.sum()
    used = (p > 0) & (p < 1)
    apart = (counts * (v - counts)).sum(axis=0)
    most = n * v * (v - 1) * p * (1 - p)
    kappa = np.where(used, 1 - apart / np.where(used, most, 1.0), np.nan)
    z = kappa / np.sqrt(2 / (n * v * (v - 1)))
    values = {"by_category": kappa, "z_category": z, "p_category": 2 * stats.norm.sf(np.abs(z))}
    return {name: locked(value) for name, value in values.items()}


def _without_each(counts: Floats, alike: Floats) -> Floats:
    """κ without each target in turn; 1 where one category is left."""
    n = len(counts)
    sums = counts.sum(axis=0) - counts
    chance = ((sums / sums.sum(axis=1, keepdims=True)) ** 2).sum(axis=1)
    agreement = (alike.sum() - alike) / (n - 1)
    left = np.where(chance < 1 - 1e-12, 1 - chance, 1.0)
    return np.where(chance < 1 - 1e-12, (agreement - chance) / left, 1.0)


def _cohen_bounds(found: _Found, n: int, coverage: float) -> tuple[float, float]:
    if found.agreement >= 1 - 1e-12:
        return _perfect(found, n, coverage), 1.0
    tail, left = (1 - coverage) / 2, 1 - found.kappa
    spread = float(stats.t.isf(tail, n - 1)) * found.se * np.sqrt(n / (n - 1)) / left
    return float(1 - left * np.exp(spread)), float(1 - left * np.exp(-spread))


def _fleiss_bounds(counts: Floats, found: _Found, coverage: float) -> tuple[float, float]:
    """Bounds by a jackknife on the scale log((κ − least) / (1 − κ)), least being −1 / (V − 1)."""
    n, v = counts.shape[0], counts[0].sum()
    if found.agreement >= 1 - 1e-12:
        return _perfect(found, n, coverage), 1.0
    alike = ((counts**2).sum(axis=1) - v) / (v * (v - 1))
    least, kappa = -1 / (v - 1), found.kappa
    ends = least + (kappa - least) / NEAREST, 1 - (1 - kappa) / NEAREST
    without = np.clip(_without_each(counts, alike), *np.clip(ends, least + TINY, 1 - TINY))
    each = special.logit((without - least) / (1 - least))
    whole = special.logit(max(kappa - least, TINY) / (1 - least))
    se = np.sqrt((n - 1) / n * ((each - each.mean()) ** 2).sum())
    centre = n * whole - (n - 1) * each.mean()
    half = float(stats.t.isf((1 - coverage) / 2, n - 1)) * se
    lower, upper = least + (1 - least) * special.expit([centre - half, centre + half])
    return float(lower), float(upper)


def _perfect(found: _Found, n: int, coverage: float) -> float:
    """Lower bound when all agree: the rate of agreement may be as low as tail^(1/n)."""
    return float((((1 - coverage) / 2) ** (1 / n) - found.chance) / (1 - found.chance))
