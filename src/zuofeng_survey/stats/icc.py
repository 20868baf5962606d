"""Intraclass correlations: how much of a rating is about the target and not about the rater."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.mixed import mixed_model
from zuofeng_survey.stats.ranksets import locked
from zuofeng_survey.stats.reliability import check_coverage

FORMS = ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k")
CONVENTIONS = ("shrout-fleiss", "irr")


@dataclass(frozen=True, slots=True, eq=False)
class Icc:
    """The six intraclass correlations of N targets rated by V raters.

    Attributes
    ----------
    form : tuple of str
        ``ICC1`` raters differ from target to target; ``ICC2`` the same raters, drawn from many,
        agreement; ``ICC3`` these raters only, consistency. With ``k``: of the mean of V raters.
    estimate, lower, upper : ndarray, shape (6,)
        Correlations and their intervals.
    f, df1, df2, p_value : ndarray, shape (6,)
        Test that the correlation is 0.
    target, rater, residual : float
        Variance components of the two-way model, squared units of the score; from mean squares
        they may be negative.
    n_targets, n_raters, n : int
        Targets, raters, ratings.
    coverage, convention, method
        What reproduces the intervals; method is ``anova`` or ``reml`` (ratings missing).
    notes : tuple of str
        ``few-targets`` (under 10), ``no-target-variance`` (no variance between targets).
    """

    form: tuple[str, ...]
    estimate: Floats
    lower: Floats
    upper: Floats
    f: Floats
    df1: Floats
    df2: Floats
    p_value: Floats
    target: float
    rater: float
    residual: float
    n_targets: int
    n_raters: int
    n: int
    coverage: float
    convention: str
    method: str
    notes: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row a form, unrounded."""
        names = ("form", "estimate", "lower", "upper", "f", "df1", "df2", "p_value")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def _repr_html_(self) -> str:
        return table_html(self.table())


def icc(
    scores: ArrayLike,
    *,
    coverage: float = 0.95,
    convention: Literal["shrout-fleiss", "irr"] = "shrout-fleiss",
) -> Icc:
    """All six intraclass correlations with F intervals.

    Parameters
    ----------
    scores : array_like or DataFrame, shape (V, N)
        One row a rater, one column a target, as everywhere here (psych, irr and pingouin want
        the transpose); NaN where there is no rating.
    coverage : float
        Probability of the two-sided interval.
    convention : {"shrout-fleiss", "irr"}
        For ICC2 and ICC2k, where programs differ. ``irr`` is there to repeat R ``irr::icc``: tests
        with Satterthwaite's degrees of freedom, and for ICC2k degrees of freedom that put the
        mean's correlation where the single rater's belongs. McGraw & Wong as printed agree with
        Shrout & Fleiss (R ``psych::ICC``).

    Returns
    -------
    Icc

    Raises
    ------
    ValueError
        Not two-dimensional, fewer than two raters or targets, infinite scores, a rater or a
        target without ratings, no variance beyond that between raters.

    Notes
    -----
    With missing ratings the components come from REML, the correlations from the components as
    in ``psych::ICC(lmer = TRUE)``, and the intervals from the same formulas with the harmonic
    means of ratings a target and a rater and ``n − V − N + 1`` degrees of freedom.
    Source: Shrout & Fleiss (1979), doi 10.1037/0033-2909.86.2.420; McGraw & Wong (1996), doi
    10.1037/1082-989X.1.1.30.

    Examples
    --------
    >>> judges = [[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]]
    >>> icc(judges).estimate.round(2).tolist()
    [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]
    """
    check_coverage(coverage)
    if convention not in CONVENTIONS:
        raise ValueError(f"convention must be one of {CONVENTIONS}, got {convention!r}")
    y = rating_array(scores)
    m = _mean_squares(y) if np.isfinite(y.sum()) else _from_reml(y)
    found = _forms(m, coverage)
    if convention == "irr":
        _as_irr(m, found, coverage)
    with np.errstate(divide="ignore"):
        p_value = special.fdtrc(found.df1, found.df2, found.f)
    few = {"few-targets": m.n < 10, "no-target-variance": m.targets <= m.residual}
    return Icc(
        form=FORMS,
        **{name: locked(getattr(found, name)) for name in found._fields},
        p_value=locked(p_value),
        target=(m.targets - m.residual) / m.k,
        rater=(m.raters - m.residual) / m.n_each,
        residual=m.residual,
        n_targets=m.n,
        n_raters=len(y),
        n=int((~np.isnan(y)).sum()),
        coverage=coverage,
        convention=convention,
        method=m.method,
        notes=tuple(code for code, said in few.items() if said),
    )


def rating_array(scores: ArrayLike) -> Floats:
    """Return ratings as floats, shape (V, N), after the refusals that all agreement shares."""
    y = np.asarray(scores, dtype=float)
    if y.ndim != 2 or min(y.shape) < 2:
        raise ValueError(
            "scores must be (V, N) with 2 raters and 2 targets or more, "
            f"got shape {y.shape}; one row a rater, one column a target"
        )
    if not np.isfinite(y.sum()):
        if np.isinf(y).any():
            raise ValueError("scores must be finite or NaN, got infinity; mark a gap as NaN")
        seen = ~np.isnan(y)
        for axis, name in ((1, "rater"), (0, "target")):
            if (~seen.any(axis=axis)).any():
                empty = np.flatnonzero(~seen.any(axis=axis)) + 1
                raise ValueError(
                    f"each {name} must have a rating, got none for number {empty.tolist()}; "
                    "leave such out"
                )
    return y


class _MeanSquares(NamedTuple):
    """Two-way mean squares; ``k`` ratings a target, ``n_each`` ratings a rater."""

    targets: float
    raters: float
    residual: float
    within: float
    n: int
    k: float
    n_each: float
    v: int
    free: float
    method: str


def _mean_squares(y: Floats) -> _MeanSquares:
    v, n = y.shape
    y = y - y.mean()
    by_target, by_rater = y.mean(axis=0), y.mean(axis=1)
    total, flat = float(np.square(y).sum()), y.size
    targets, raters = (float(k * np.square(x).sum()) for k, x in ((v, by_target), (n, by_rater)))
    if total - raters <= 1e-12 * total or total == 0:
        raise ValueError(
            "scores must vary between targets or within raters, got none of both; "
            "all rows are constant"
        )
    residual = max(total - targets - raters, 0.0)
    free = (v - 1) * (n - 1)
    return _MeanSquares(
        targets=targets / (n - 1),
        raters=raters / (v - 1),
        residual=residual / free if residual > 1e-12 * total else 0.0,
        within=(total - targets) / (flat - n) if total - targets > 1e-12 * total else 0.0,
        n=n,
        k=v,
        n_each=n,
        v=v,
        free=free,
        method="anova",
    )


def _from_reml(y: Floats) -> _MeanSquares:
    """Mean squares that the REML components would give with harmonic numbers of ratings."""
    rater, target = np.nonzero(~np.isnan(y))
    free = len(rater) - sum(y.shape) + 1
    if free < 1:
        raise ValueError(
            f"scores must be more than V + N − 1 = {sum(y.shape) - 1} ratings, got {len(rater)}; "
            "let raters rate more targets in common"
        )
    parts = mixed_model(y[rater, target], {"target": target, "rater": rater}).components
    k, n_each = (float(1 / np.mean(1 / np.bincount(by))) for by in (target, rater))
    residual = parts["residual"]
    return _MeanSquares(
        targets=k * parts["target"] + residual,
        raters=n_each * parts["rater"] + residual,
        residual=residual,
        within=residual + parts["rater"],
        n=y.shape[1],
        k=k,
        n_each=n_each,
        v=y.shape[0],
        free=free,
        method="reml",
    )


class _Forms(NamedTuple):
    """Each an array over the six forms."""

    estimate: Floats
    lower: Floats
    upper: Floats
    f: Floats
    df1: Floats
    df2: Floats


def _forms(m: _MeanSquares, coverage: float) -> _Forms:
    """Shrout and Fleiss; the mean of V raters by stepping up the single rater's."""
    tail, df1 = (1 - coverage) / 2, m.n - 1.0
    within_free = m.n * (m.k - 1)
    single, bounds = [], []
    for error, df2 in ((m.within, within_free), (m.residual, m.free)):
        single.append((m.targets - error) / (m.targets + (m.k - 1) * error))
        least = error * special.fdtri(df1, df2, 1 - tail)
        most = error * special.fdtri(df1, df2, tail)
        bounds.append([(m.targets - e) / (m.targets + (m.k - 1) * e) for e in (least, most)])
    single[0] = _one_way(m)
    agreement = (m.targets - m.residual) / _agreement_total(m)
    single.insert(1, agreement)
    bounds.insert(1, _agreement_bounds(m, _freedom(m, agreement), coverage))
    values = np.array([[s, *b] for s, b in zip(single, bounds, strict=True)])
    # REML components hold for any number of raters: the mean is that of all V
    with np.errstate(divide="ignore"):
        bottom = 1 + (m.v - 1) * values
        stepped = np.where(bottom > 0, m.v * values / bottom, -np.inf)
        f = np.array([m.targets / m.within if m.within else np.inf] + [_ratio(m)] * 2)
    estimate, lower, upper = np.vstack([values, stepped]).T
    df2 = np.tile([within_free, m.free, m.free], 2).astype(float)
    return _Forms(estimate.copy(), lower.copy(), upper.copy(), np.tile(f, 2), np.full(6, df1), df2)


def _one_way(m: _MeanSquares) -> float:
    """ICC1 as if every target had all V ratings."""
    targets = (m.targets - m.residual) * m.v / m.k + m.residual
    return (targets - m.within) / (targets + (m.v - 1) * m.within)


def _ratio(m: _MeanSquares) -> float:
    return m.targets / m.residual if m.residual else np.inf


def _agreement_total(m: _MeanSquares) -> float:
    total = m.targets + (m.k - 1) * m.residual + m.k / m.n_each * (m.raters - m.residual)
    if total <= 1e-12 * m.residual:
        raise ValueError(
            "scores must differ between targets or between raters on average, got two raters who "
            "contradict each other on two targets; add targets or raters"
        )
    return total


def _freedom(m: _MeanSquares, rho: float) -> float:
    """Satterthwaite's degrees of freedom of ``a MS_raters + b MS_residual`` at ρ."""
    if rho >= 1:
        return m.free
    a = m.k * rho / (m.n_each * (1 - rho))
    b = 1 + m.k * rho * (m.n_each - 1) / (m.n_each * (1 - rho))
    top = (a * m.raters + b * m.residual) ** 2
    low = (a * m.raters) ** 2 / (m.v - 1) + (b * m.residual) ** 2 / m.free
    return top / low if low > 0 else m.free


def _agreement_bounds(m: _MeanSquares, free: float, coverage: float) -> list[float]:
    tail, df1, n = (1 - coverage) / 2, m.n - 1, m.n_each
    most, least = special.fdtri(df1, free, 1 - tail), special.fdtri(free, df1, 1 - tail)
    other = m.k * m.raters + (m.k * n - m.k - n) * m.residual
    lower = n * (m.targets - most * m.residual) / (most * other + n * m.targets)
    upper = n * (least * m.targets - m.residual) / (other + n * least * m.targets)
    return [float(lower), float(upper)]


def _as_irr(m: _MeanSquares, found: _Forms, coverage: float) -> None:
    """Put irr's degrees of freedom and ICC2k interval in the place of ours."""
    for at in (1, 4):
        found.df2[at] = _freedom(m, found.estimate[at])
    bounds = np.array(_agreement_bounds(m, found.df2[4], coverage))
    found.lower[4], found.upper[4] = m.v * bounds / (1 + (m.v - 1) * bounds)
