"""Intervals for rates."""

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
    if not 0 < coverage < 1:
        raise ValueError(f"coverage must be between 0 and 1, got {coverage}; 0.95, not 95")
    x, size = np.broadcast_arrays(np.asarray(successes, float), np.asarray(n, float))
    if not (size >= 1).all():
        raise ValueError(f"n must be 1 or more, got {size.min()}; leave out rates of nobody")
    if not ((x >= 0) & (x <= size)).all():
        raise ValueError(f"successes must be from 0 to n, got {successes!r} of {n!r}")
    z = stats.norm.isf((1 - coverage) / 2)
    rate = x / size
    centre = (rate + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z * np.sqrt(rate * (1 - rate) / size + (z / (2 * size)) ** 2) / (1 + z**2 / size)
    lower = np.where(x == 0, 0.0, centre - half)
    upper = np.where(x == size, 1.0, centre + half)
    for array in (rate := np.array(rate), lower, upper, size := np.array(size)):
        array.setflags(write=False)
    return Intervals(rate, lower, upper, size, coverage, "Wilson score")
