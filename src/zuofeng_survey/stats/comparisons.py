"""Several groups, several tests: rank tests with effect sizes, and p values of a family."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.ranksets import locked


@dataclass(frozen=True, slots=True)
class RankTest:
    """One rank test.

    Attributes
    ----------
    test : str
        Its name.
    statistic, df, p_value : float
        Two-sided; ``df`` is NaN where the test has none.
    effect, effect_name : float, str
        How large the difference is, whatever the number of people.
    n : int
        People, or blocks.
    """

    test: str
    statistic: float
    df: float
    p_value: float
    effect: float
    effect_name: str
    n: int

    def table(self) -> pd.DataFrame:
        """Return one row: test, statistic, df, p_value, effect, effect_name, n."""
        return pd.DataFrame([{k: getattr(self, k) for k in self.__slots__}])

    def _repr_html_(self) -> str:
        return table_html(self.table())


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Every pair of groups compared.

    Attributes
    ----------
    first, second : tuple of str
        The groups of each pair.
    statistic, p_value : ndarray, shape (pairs,)
        z (positive: first is higher) and two-sided p of each pair by itself.
    adjusted : ndarray, shape (pairs,)
        p adjusted over all pairs.
    effect : ndarray, shape (pairs,)
        Cliff's delta: P(first > second) − P(first < second), between −1 and 1.
    adjust : str
        ``"holm"`` or ``"bh"``.
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    statistic: Floats
    p_value: Floats
    adjusted: Floats
    effect: Floats
    adjust: str

    def table(self) -> pd.DataFrame:
        """Return one row a pair: first, second, statistic, p_value, adjusted, effect."""
        names = ("first", "second", "statistic", "p_value", "adjusted", "effect")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def _repr_html_(self) -> str:
        return table_html(self.table())


def holm(p_values: ArrayLike) -> Floats:
    """Adjust p values so that the chance of even one false alarm is controlled.

    Parameters
    ----------
    p_values : array_like, shape (m,)
        All tests of the family, also those that found nothing.

    Returns
    -------
    ndarray, shape (m,)
        In the order given, and never out of order among themselves.

    Raises
    ------
    ValueError
        p values missing or outside 0 to 1.

    Notes
    -----
    Source: Holm (1979), Scand. J. Statistics 6, 65–70; R ``p.adjust(p, "holm")``.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p, order = _family(p_values)
    steps = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(steps, 1.0)
    return locked(adjusted)


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Adjust p values so that the share of false alarms among all alarms is controlled.

    Parameters
    ----------
    p_values : array_like, shape (m,)
        As :func:`holm`.

    Returns
    -------
    ndarray, shape (m,)
        In the order given.

    Raises
    ------
    ValueError
        As :func:`holm`.

    Notes
    -----
    Source: Benjamini & Hochberg (1995), doi 10.1111/j.2517-6161.1995.tb02031.x; R
    ``p.adjust(p, "BH")``. For looking into, not for consequences: there use :func:`holm`.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.04, 0.04]
    """
    p, order = _family(p_values)
    down = order[::-1]
    steps = np.minimum.accumulate(len(p) / np.arange(len(p), 0, -1) * p[down])
    adjusted = np.empty_like(p)
    adjusted[down] = np.minimum(steps, 1.0)
    return locked(adjusted)


def _family(p_values: ArrayLike) -> tuple[Floats, np.ndarray]:
    p = np.asarray(p_values, dtype=float)
    if p.ndim != 1 or not p.size or not ((p >= 0) & (p <= 1)).all():
        raise ValueError(
            f"p_values must be one or more numbers from 0 to 1, got {p_values!r}; leave tests "
            "that could not be made out, and say how many"
        )
    return p, np.argsort(p, kind="stable")


def kruskal_wallis(values: ArrayLike, group: ArrayLike) -> RankTest:
    """Test whether groups of different people tend to give different values.

    Parameters
    ----------
    values : array_like, shape (n,)
        Grades or scores; none missing.
    group : array_like, shape (n,)
        Group of each.

    Returns
    -------
    RankTest
        Effect: epsilon squared ``H / (n − 1)``, from 0 to 1.

    Raises
    ------
    ValueError
        Missing values, fewer than two groups, all values equal.

    Notes
    -----
    Source: Kruskal & Wallis (1952), doi 10.2307/2280779; R ``kruskal.test``; effect: Tomczak &
    Tomczak (2014), Trends in Sport Sciences 21, 19–25.

    Examples
    --------
    >>> t = kruskal_wallis([1, 2, 3, 4, 5, 6], list("aabbcc"))
    >>> round(t.statistic, 3), round(t.p_value, 3)
    (4.571, 0.102)
    """
    y, code, names = _grouped(values, group)
    found = stats.kruskal(*(y[code == g] for g in range(len(names))))
    h = float(found.statistic)
    effect = h / (len(y) - 1)
    p = float(found.pvalue)
    return RankTest("Kruskal-Wallis", h, len(names) - 1, p, effect, "epsilon squared", len(y))


def friedman(table: ArrayLike) -> RankTest:
    """Test whether the same people give different values to different things.

    Parameters
    ----------
    table : array_like, shape (people, things)
        Grades; complete. Three things or more.

    Returns
    -------
    RankTest
        Effect: Kendall's W, from 0 (no agreement) to 1 (all rank alike).

    Raises
    ------
    ValueError
        Missing values, fewer than three things, or nobody who tells them apart.

    Notes
    -----
    Source: Friedman (1937), doi 10.1080/01621459.1937.10503522; R ``friedman.test``.

    Examples
    --------
    >>> t = friedman([[1, 2, 3], [1, 3, 2], [1, 2, 3], [2, 1, 3]])
    >>> round(t.statistic, 3), round(t.effect, 4)
    (4.5, 0.5625)
    """
    y = np.asarray(table, dtype=float)
    if y.ndim != 2 or y.shape[1] < 3 or len(y) < 2:
        raise ValueError(
            f"table must be (people, 3 or more things), got shape {y.shape}; for two use wilcoxon"
        )
    if not np.isfinite(y).all():
        raise ValueError("table must be complete; leave out people with gaps, and say how many")
    n, k = y.shape
    ranks = stats.rankdata(y, axis=1)
    spread = ((ranks - (k + 1) / 2) ** 2).sum() / (n * (k - 1))
    if spread == 0:
        raise ValueError("table must tell things apart, got everyone with one value for all")
    statistic = float(((ranks.sum(axis=0) - n * (k + 1) / 2) ** 2).sum() / (n * spread))
    p = float(stats.chi2.sf(statistic, k - 1))
    return RankTest("Friedman", statistic, k - 1, p, statistic / (n * (k - 1)), "Kendall's W", n)


def dunn(values: ArrayLike, group: ArrayLike, *, adjust: str = "holm") -> Pairs:
    """Compare every pair of groups after :func:`kruskal_wallis`, with the same ranks.

    Parameters
    ----------
    values, group
        As :func:`kruskal_wallis`.
    adjust : {"holm", "bh"}
        Over all pairs.

    Returns
    -------
    Pairs
        Two-sided. Pairs in the order (1, 2), (1, 3), (2, 3), (1, 4) … of the sorted groups.

    Raises
    ------
    ValueError
        As :func:`kruskal_wallis`.

    Notes
    -----
    Source: Dunn (1964), doi 10.1080/00401706.1964.10490181; z as R
    ``dunn.test(altp = TRUE)``, p adjusted as ``p.adjust`` (dunn.test 1.3.7 leaves Holm's p out of
    order). Effect: Cliff (1993), doi 10.1037/0033-2909.114.3.494.

    Examples
    --------
    >>> pairs = dunn([1, 2, 3, 4, 5, 6], list("aabbcc"))
    >>> pairs.statistic.round(3).tolist(), pairs.adjusted.round(3).tolist()
    ([-1.069, -2.138, -1.069], [0.57, 0.098, 0.57])
    """
    if adjust not in ("holm", "bh"):
        raise ValueError(f"adjust must be 'holm' or 'bh', got {adjust!r}")
    y, code, names = _grouped(values, group)
    n, ranks = len(y), stats.rankdata(y)
    size = np.bincount(code)
    mean = np.bincount(code, ranks) / size
    _, ties = np.unique(y, return_counts=True)
    spread = n * (n + 1) / 12 - (ties**3 - ties).sum() / (12 * (n - 1))
    j, i = np.tril_indices(len(names), -1)
    z = (mean[i] - mean[j]) / np.sqrt(spread * (1 / size[i] + 1 / size[j]))
    p = 2 * stats.norm.sf(np.abs(z))
    effect = np.array([cliff_delta(y[code == a], y[code == b]) for a, b in zip(i, j, strict=True)])
    return Pairs(
        first=tuple(names[a] for a in i),
        second=tuple(names[b] for b in j),
        statistic=locked(z),
        p_value=locked(p),
        adjusted=holm(p) if adjust == "holm" else benjamini_hochberg(p),
        effect=locked(effect),
        adjust=adjust,
    )


def cliff_delta(a: Floats, b: Floats) -> float:
    """Return P(a > b) − P(a < b) over all pairs, by sorting."""
    b = np.sort(b)
    below = np.searchsorted(b, a, side="left").sum()
    above = (len(b) - np.searchsorted(b, a, side="right")).sum()
    return float(below - above) / (len(a) * len(b))


def _grouped(values: ArrayLike, group: ArrayLike) -> tuple[Floats, np.ndarray, tuple[str, ...]]:
    y, label = np.asarray(values, dtype=float), np.asarray(group)
    if y.ndim != 1 or label.shape != y.shape:
        raise ValueError(f"values and group must be of one length, got {y.shape}, {label.shape}")
    if not np.isfinite(y).all() or pd.isna(label).any():
        raise ValueError("values and group must not be missing; leave such people out")
    unique, code = np.unique(label, return_inverse=True)
    if len(unique) < 2:
        raise ValueError(f"group must name two groups or more, got {unique.tolist()}")
    if np.ptp(y) == 0:
        raise ValueError(f"values must differ, got {y[0]:g} for all; there is nothing to test")
    return y, code, tuple(map(str, unique.tolist()))
