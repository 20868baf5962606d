"""From one year to the next: rates and means, of different people or of the same.

Anonymous ballots are different people, even when they are not: nobody can pair them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.comparisons import holm
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.intervals import check_coverage, wilson
from zuofeng_survey.stats.ranksets import locked


@dataclass(frozen=True, slots=True)
class Change:
    """How much something rose from one year to the next.

    Attributes
    ----------
    before, after, estimate : float
        Both years, and after less before.
    lower, upper : float
        Interval of the change.
    p_value : float
        Two-sided, that there is no change; NaN where the method gives an interval only.
    coverage : float
        Probability the interval claims.
    method : str
        How it was computed.
    """

    before: float
    after: float
    estimate: float
    lower: float
    upper: float
    p_value: float
    coverage: float
    method: str

    def table(self) -> pd.DataFrame:
        """Return one row: before, after, estimate, lower, upper, p_value."""
        names = ("before", "after", "estimate", "lower", "upper", "p_value")
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def _repr_html_(self) -> str:
        return table_html(self.table())


def rate_change(
    before: tuple[float, float], after: tuple[float, float], *, coverage: float = 0.95
) -> Change:
    """Change of a rate between different people.

    Parameters
    ----------
    before, after : (count, n)
        How many of how many, each year.
    coverage : float
        Of the two-sided interval.

    Returns
    -------
    Change
        p from the score test (no continuity correction).

    Raises
    ------
    ValueError
        As :func:`zuofeng_survey.stats.intervals.wilson`.

    Notes
    -----
    Source: Newcombe (1998), method 10, doi 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>\
3.0.CO;2-I; R ``DescTools::BinomDiffCI(method = "score")``.

    Examples
    --------
    >>> change = rate_change((48, 80), (56, 70))  # Newcombe's example (a), the other way round
    >>> round(change.lower, 4), round(change.upper, 4)
    (0.0524, 0.3339)
    """
    (x, m), (y, n) = before, after
    first, second = wilson(x, m, coverage=coverage), wilson(y, n, coverage=coverage)
    p, q = float(first.estimate), float(second.estimate)
    down = np.hypot(q - float(second.lower), float(first.upper) - p)
    up = np.hypot(float(second.upper) - q, p - float(first.lower))
    pooled = (x + y) / (m + n)
    se = np.sqrt(pooled * (1 - pooled) * (1 / m + 1 / n))
    p_value = float(2 * stats.norm.sf(abs(q - p) / se)) if se > 0 else 1.0
    made = float(q - p - down), float(q - p + up)
    return Change(p, q, q - p, *made, p_value, coverage, "Newcombe score, different people")


def rate_change_paired(table: ArrayLike, *, coverage: float = 0.95) -> Change:
    """Change of a rate among the same people.

    Parameters
    ----------
    table : array_like, shape (2, 2)
        Counts ``[[yes then yes, yes then no], [no then yes, no then no]]``.
    coverage : float
        Of the two-sided interval.

    Returns
    -------
    Change
        p from the score test (McNemar's, no continuity correction).

    Raises
    ------
    ValueError
        Not four counts of zero or more, or nobody.

    Notes
    -----
    Source: Tango (1998), doi 10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B; R
    ``ratesci::pairbinci``.

    Examples
    --------
    >>> change = rate_change_paired([[43, 1], [0, 0]])  # 44 people, one lost
    >>> round(change.lower, 4), round(change.upper, 4)
    (-0.1181, 0.0594)
    """
    check_coverage(coverage)
    t = np.asarray(table, dtype=float)
    if t.shape != (2, 2) or not np.isfinite(t).all() or (t < 0).any() or t.sum() < 1:
        raise ValueError(f"table must be 2 × 2 counts of zero or more, of someone, got {table!r}")
    n, lost, won = float(t.sum()), float(t[0, 1]), float(t[1, 0])
    z, estimate = stats.norm.isf((1 - coverage) / 2), (won - lost) / n

    def score(change: float) -> float:
        """Return how far the counts are from what this change would give, in standard errors."""
        b = -lost - won + (2 * n - won + lost) * change
        share = (np.sqrt(b * b + 8 * n * lost * change * (1 - change)) - b) / (4 * n)
        spread = n * (2 * share + change * (1 - change))
        return (won - lost - n * change) / np.sqrt(max(spread, 1e-300))

    lower = _crossing(lambda d: bool(abs(score(d)) <= z), estimate, -1.0)
    upper = _crossing(lambda d: bool(abs(score(d)) <= z), estimate, 1.0)
    p_value = 1.0
    if won + lost > 0:
        p_value = float(2 * stats.norm.sf(abs(won - lost) / np.sqrt(won + lost)))
    p, q = float(t[0].sum() / n), float(t[:, 0].sum() / n)
    return Change(p, q, estimate, lower, upper, p_value, coverage, "Tango score, same people")


def _crossing(kept: Callable[[float], bool], inside: float, outside: float) -> float:
    """Halve the way from a value that is kept to one that is not."""
    if kept(outside):
        return outside
    for _ in range(60):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if kept(middle) else (inside, middle)
    return inside


def mean_change(
    before: ArrayLike, after: ArrayLike, *, paired: bool, coverage: float = 0.95
) -> Change:
    """Change of a mean, between different people (Welch) or among the same (paired t).

    Parameters
    ----------
    before, after : array_like, shape (n,), (m,)
        Scores; none missing. If ``paired``, of the same people in the same order.
    paired : bool
        Whether they are the same people.
    coverage : float
        Of the two-sided interval.

    Returns
    -------
    Change

    Raises
    ------
    ValueError
        Missing values, fewer than two people, different lengths if paired, no variation.

    Notes
    -----
    Source: Welch (1947), doi 10.1093/biomet/34.1-2.28; R ``t.test(after, before, paired = …)``.

    Examples
    --------
    >>> change = mean_change([1, 2, 3, 4], [2, 4, 3, 6], paired=True)
    >>> change.estimate, round(change.lower, 3), round(change.upper, 3)
    (1.25, -0.273, 2.773)
    """
    check_coverage(coverage)
    x, y = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    for name, value in (("before", x), ("after", y)):
        if value.ndim != 1 or len(value) < 2 or not np.isfinite(value).all():
            came = f"shape {value.shape}, {int((~np.isfinite(value)).sum())} not finite"
            raise ValueError(f"{name} must be 2 or more finite numbers, got {came}; leave gaps out")
    if paired and x.shape != y.shape:
        raise ValueError(f"paired lists must be of one length, got {len(x)} and {len(y)}")
    parts = [y - x] if paired else [x, y]
    each = np.array([p.var(ddof=1) / len(p) for p in parts])
    if each.sum() <= 1e-24 * max(np.abs(x).max(), np.abs(y).max(), 1.0) ** 2:
        raise ValueError("scores must vary, got no variation: the change has no error to judge by")
    df = each.sum() ** 2 / (each**2 / np.array([len(p) - 1 for p in parts])).sum()
    gap, se = float(y.mean() - x.mean()), float(np.sqrt(each.sum()))
    half = float(stats.t.isf((1 - coverage) / 2, df)) * se
    p = float(2 * stats.t.sf(abs(gap) / se, df))
    method = "paired t, same people" if paired else "Welch, different people"
    ends = gap - half, gap + half
    return Change(float(x.mean()), float(y.mean()), gap, *ends, p, coverage, method)


@dataclass(frozen=True, slots=True, eq=False)
class TargetChanges:
    """Changes of N targets from one year to the next, against the change of all.

    Attributes
    ----------
    unit : tuple of str
        Names of the targets.
    estimate, se : ndarray, shape (N,)
        Change less the mean change of all, and its standard error.
    lower, upper : ndarray, shape (N,)
        Intervals that hold for all targets at once (Bonferroni).
    p_value, adjusted : ndarray, shape (N,)
        Two-sided, and adjusted over targets (Holm).
    expected : ndarray, shape (N,)
        What chance alone brings back: the target's distance from the mean of the first year that
        is its error, with the sign of the way back. Last year's worst improve for free.
    shift : float
        Mean change of all: voters, questions or the times have changed.
    df : int
        Degrees of freedom.
    coverage : float
        Of all intervals together.
    """

    unit: tuple[str, ...]
    estimate: Floats
    se: Floats
    lower: Floats
    upper: Floats
    p_value: Floats
    adjusted: Floats
    expected: Floats
    shift: float
    df: int
    coverage: float

    def table(self) -> pd.DataFrame:
        """Return one row a target: unit, estimate, se, lower, upper, p_value, adjusted, expected."""
        names = ("unit", "estimate", "se", "lower", "upper", "p_value", "adjusted", "expected")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def _repr_html_(self) -> str:
        return table_html(self.table())


def target_changes(
    before: tuple[ArrayLike, ArrayLike],
    after: tuple[ArrayLike, ArrayLike],
    *,
    df: int,
    units: tuple[str, ...] | None = None,
    coverage: float = 0.95,
) -> TargetChanges:
    """Find who changed more than the rest, voters being others each year.

    Parameters
    ----------
    before, after : (estimate, covariance)
        Scores (N,) and their covariance (N, N) each year, targets in the same order; as of
        ``composite`` or ``adjust``.
    df : int
        Degrees of freedom, such as voters less classes, both years together.
    units : tuple of str, optional
        Names of the targets; by default "1" to "N".
    coverage : float
        Of all intervals together.

    Returns
    -------
    TargetChanges

    Raises
    ------
    ValueError
        Shapes that do not match, values that are not finite, fewer than two targets.

    Notes
    -----
    Source: METHODS (e); years are independent, so covariances add up. Compare panels first: other
    classes or another turnout move scores by themselves.

    Examples
    --------
    >>> cov = np.eye(3) * 4.0
    >>> c = target_changes(([70, 80, 90], cov), ([82, 80, 90], cov), df=50)
    >>> c.shift, c.estimate.tolist(), c.adjusted.round(3).tolist()
    (4.0, [8.0, -4.0, -4.0], [0.003, 0.179, 0.179])
    """
    check_coverage(coverage)
    if len(before) != 2 or len(after) != 2:
        raise ValueError("each year must be (estimates, covariance), got another number of parts")
    (x, s), (y, t) = (_estimated(*year) for year in (before, after))
    n = len(x)
    if y.shape != x.shape or n < 2:
        raise ValueError(f"both years must have the same 2 or more targets, got {n} and {len(y)}")
    names = units or tuple(str(i) for i in range(1, n + 1))
    if len(names) != n or df < 1:
        raise ValueError(f"units must name {n} targets and df be 1 or more, got {names}, {df}")
    centre = np.eye(n) - 1 / n
    change, se = centre @ (y - x), np.sqrt(np.diag(centre @ (s + t) @ centre))
    if (se <= 0).any():
        raise ValueError("covariances must leave each change an error, got 0; is it a census?")
    p = 2 * stats.t.sf(np.abs(change) / se, df)
    half = stats.t.isf((1 - coverage) / (2 * n), df) * se
    error = float(np.trace(centre @ s @ centre)) / (n - 1)
    seen = float(x.var(ddof=1))
    expected = -min(error / seen, 1.0) * (x - x.mean()) if seen > 0 else np.zeros(n)
    return TargetChanges(
        unit=tuple(names),
        estimate=locked(change),
        se=locked(se),
        lower=locked(change - half),
        upper=locked(change + half),
        p_value=locked(p),
        adjusted=holm(p),
        expected=locked(expected),
        shift=float((y - x).mean()),
        df=df,
        coverage=coverage,
    )


def _estimated(estimate: ArrayLike, covariance: ArrayLike) -> tuple[Floats, Floats]:
    x, s = np.asarray(estimate, dtype=float), np.asarray(covariance, dtype=float)
    s = np.diag(s) if s.ndim == 1 else s
    if x.ndim != 1 or s.shape != x.shape * 2 or not (np.isfinite(x).all() and np.isfinite(s).all()):
        raise ValueError(f"a year must be N finite estimates and their square covariance, got {x}, {s.shape}")
    return x, s
