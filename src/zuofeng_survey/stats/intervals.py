"""Intervals for rates: Wilson for show, Clopper–Pearson where it must hold, Jeffreys on average."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from zuofeng_survey.html import table_html

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Rates with their intervals.

    Attributes
    ----------
    estimate, lower, upper : ndarray
        Rates between 0 and 1, of the shape given.
    n : ndarray
        How many each rate rests on.
    coverage : float
        Probability the interval claims.
    method : str
        How it was computed.
    """

    estimate: Floats
    lower: Floats
    upper: Floats
    n: Floats
    coverage: float
    method: str

    def table(self) -> pd.DataFrame:
        """Return one row a rate, unrounded."""
        names = ("estimate", "lower", "upper", "n")
        return pd.DataFrame({name: np.atleast_1d(getattr(self, name)) for name in names})

    def _repr_html_(self) -> str:
        return table_html(self.table())


def wilson(successes: ArrayLike, n: ArrayLike, *, coverage: float = 0.95) -> Intervals:
    """Wilson's score interval for a rate; one or many.

    Parameters
    ----------
    successes : array_like
        Counts, from 0 to ``n``.
    n : array_like
        Numbers asked, 1 or more; broadcast against ``successes``.
    coverage : float
        Probability of the two-sided interval.

    Returns
    -------
    Intervals

    Raises
    ------
    ValueError
        Counts outside 0 to n, n below 1, coverage outside (0, 1).

    Notes
    -----
    Source: Wilson (1927), doi 10.1080/01621459.1927.10502953; R
    ``prop.test(x, n, correct = FALSE)$conf.int``.

    Examples
    --------
    >>> rate = wilson(47, 60)
    >>> round(float(rate.lower), 6), round(float(rate.upper), 6)
    (0.6638, 0.86877)
    """
    x, size = _counts(successes, n, coverage)
    z = stats.norm.isf((1 - coverage) / 2)
    rate = x / size
    centre = (rate + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z * np.sqrt(rate * (1 - rate) / size + (z / (2 * size)) ** 2) / (1 + z**2 / size)
    lower = np.where(x == 0, 0.0, centre - half)
    upper = np.where(x == size, 1.0, centre + half)
    return _made(rate, lower, upper, n=size, coverage=coverage, method="Wilson score")


def clopper_pearson(successes: ArrayLike, n: ArrayLike, *, coverage: float = 0.95) -> Intervals:
    """Clopper and Pearson's exact interval for a rate: never covers less than it says.

    Parameters
    ----------
    successes, n, coverage
        As :func:`wilson`.

    Returns
    -------
    Intervals
        Wider than need be for most rates; for a rate that a consequence hangs on.

    Raises
    ------
    ValueError
        As :func:`wilson`.

    Notes
    -----
    Source: Clopper & Pearson (1934), doi 10.1093/biomet/26.4.404; R ``binom.test(x, n)$conf.int``.

    Examples
    --------
    >>> rate = clopper_pearson(47, 60)
    >>> round(float(rate.lower), 6), round(float(rate.upper), 6)
    (0.658044, 0.879284)
    """
    x, size = _counts(successes, n, coverage)
    tail = (1 - coverage) / 2
    lower = np.where(x == 0, 0.0, stats.beta.ppf(tail, np.maximum(x, 1e-9), size - x + 1))
    upper = np.where(x == size, 1.0, stats.beta.isf(tail, x + 1, np.maximum(size - x, 1e-9)))
    return _made(x / size, lower, upper, n=size, coverage=coverage, method="Clopper-Pearson")


def jeffreys(successes: ArrayLike, n: ArrayLike, *, coverage: float = 0.95) -> Intervals:
    """Jeffreys' interval for a rate: right on average, and of equal tails.

    Parameters
    ----------
    successes, n, coverage
        As :func:`wilson`; ``n`` may be an effective number.

    Returns
    -------
    Intervals

    Raises
    ------
    ValueError
        As :func:`wilson`.

    Notes
    -----
    Source: Brown, Cai & DasGupta (2001), doi 10.1214/ss/1009213286; with their ends 0 and 1 for
    rates of none and all; R ``DescTools::BinomCI(method = "jeffreys")``.

    Examples
    --------
    >>> rate = jeffreys(0, 10)
    >>> float(rate.lower), round(float(rate.upper), 4)
    (0.0, 0.2172)
    """
    x, size = _counts(successes, n, coverage)
    tail = (1 - coverage) / 2
    lower = np.where(x == 0, 0.0, stats.beta.ppf(tail, x + 0.5, size - x + 0.5))
    upper = np.where(x == size, 1.0, stats.beta.isf(tail, x + 0.5, size - x + 0.5))
    return _made(x / size, lower, upper, n=size, coverage=coverage, method="Jeffreys")


def check_coverage(coverage: float) -> None:
    """Refuse a coverage that is no probability."""
    if not 0 < coverage < 1:
        raise ValueError(f"coverage must be between 0 and 1, got {coverage}; 0.95, not 95")


def _counts(successes: ArrayLike, n: ArrayLike, coverage: float) -> tuple[Floats, Floats]:
    check_coverage(coverage)
    x, size = np.asarray(successes, float), np.asarray(n, float)
    if not x.size or not size.size or (x.shape != size.shape and x.ndim and size.ndim):
        raise ValueError(
            f"successes and n must match, one n a rate, got {x.shape} and {size.shape}"
        )
    x, size = np.broadcast_arrays(x, size)
    if not ((size >= 1) & (size <= 1e15)).all():
        raise ValueError(f"n must be 1 or more, got {n!r}; leave out rates of nobody")
    if not ((x >= 0) & (x <= size)).all():
        raise ValueError(f"successes must be from 0 to n, got {successes!r} of {n!r}")
    return x, size


def _made(
    estimate: Floats, lower: Floats, upper: Floats, *, n: Floats, coverage: float, method: str
) -> Intervals:
    found = [np.array(x, dtype=float) for x in (estimate, lower, upper, n)]
    for array in found:
        array.setflags(write=False)
    return Intervals(found[0], found[1], found[2], found[3], coverage, method)
