"""Two groups: rank tests for different people and for the same people twice."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from zuofeng_survey.stats.comparisons import RankTest, cliff_delta
from zuofeng_survey.stats.composite import Floats


def mann_whitney(first: ArrayLike, second: ArrayLike) -> RankTest:
    """Test whether one group of people tends to give higher values than another.

    Parameters
    ----------
    first, second : array_like, shape (n,), (m,)
        Grades or scores of different people; none missing.

    Returns
    -------
    RankTest
        Statistic: pairs in which ``first`` is higher, ties as half. Effect: Cliff's delta.

    Raises
    ------
    ValueError
        Missing values, an empty group, all values equal.

    Notes
    -----
    Normal approximation with ties and continuity; R ``wilcox.test(x, y, exact = FALSE)``. Source:
    Mann & Whitney (1947), doi 10.1214/aoms/1177730491.

    Examples
    --------
    >>> t = mann_whitney([1, 2, 3], [2, 4, 5, 6])
    >>> t.statistic, round(t.p_value, 4), t.effect
    (1.5, 0.1536, -0.75)
    """
    a, b = (_finite(x, name) for x, name in ((first, "first"), (second, "second")))
    if np.ptp(np.concatenate([a, b])) == 0:
        raise ValueError(f"values must differ, got {a[0]:g} for all; there is nothing to test")
    found = stats.mannwhitneyu(a, b, use_continuity=True, method="asymptotic")
    effect = cliff_delta(a, b)
    n = len(a) + len(b)
    statistic, p = float(found.statistic), float(found.pvalue)
    return RankTest("Mann-Whitney", statistic, np.nan, p, effect, "Cliff's delta", n)


def wilcoxon(first: ArrayLike, second: ArrayLike) -> RankTest:
    """Test whether the same people give higher values the first time than the second.

    Parameters
    ----------
    first, second : array_like, shape (n,)
        Grades or scores of the same people in the same order; none missing.

    Returns
    -------
    RankTest
        Statistic: sum of the ranks of the positive differences. Effect: matched-pairs
        rank-biserial correlation, between −1 and 1. ``n`` counts those who differ.

    Raises
    ------
    ValueError
        Missing values, lists of different length, nobody who differs.

    Notes
    -----
    Normal approximation with ties and continuity, zeros left out; R
    ``wilcox.test(x, y, paired = TRUE, exact = FALSE)``. Source: Wilcoxon (1945), doi
    10.2307/3001968; effect: Kerby (2014), doi 10.2466/11.IT.3.1.

    Examples
    --------
    >>> t = wilcoxon([3, 4, 5, 2, 5], [1, 2, 5, 3, 1])
    >>> t.statistic, round(t.p_value, 4), t.effect
    (9.0, 0.1975, 0.8)
    """
    a, b = (_finite(x, name) for x, name in ((first, "first"), (second, "second")))
    if a.shape != b.shape:
        raise ValueError(f"first and second must be of one length, got {len(a)} and {len(b)}")
    d = (a - b)[a != b]
    if not d.size:
        raise ValueError("someone must differ, got the same values twice; there is nothing to test")
    ranks = stats.rankdata(np.abs(d))
    up, total, n = float(ranks[d > 0].sum()), float(ranks.sum()), len(d)
    _, ties = np.unique(np.abs(d), return_counts=True)
    spread = np.sqrt(n * (n + 1) * (2 * n + 1) / 24 - (ties**3 - ties).sum() / 48)
    off = up - total / 2
    z = (off - np.sign(off) * 0.5) / spread
    p = min(1.0, 2 * float(stats.norm.sf(abs(z))))
    effect = (2 * up - total) / total
    return RankTest("Wilcoxon", up, np.nan, p, effect, "rank-biserial correlation", n)


def _finite(values: ArrayLike, name: str) -> Floats:
    y = np.asarray(values, dtype=float)
    if y.ndim != 1 or not y.size or not np.isfinite(y).all():
        raise ValueError(
            f"{name} must be finite numbers, one a person, got shape {y.shape} with "
            f"{int((~np.isfinite(y)).sum())} not finite; leave missing ones out"
        )
    return y
