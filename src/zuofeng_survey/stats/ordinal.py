"""Means of grades in small samples: an interval that stays on the scale.

Four grades from a dozen people are no bell curve: the usual interval leaves the scale, and has no
width when all agree. The score interval asks of each mean m whether the grades seen would be odd
under the likeliest distribution of grades with mean m. With two grades it is Wilson's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.intervals import Intervals, check_coverage

TRACE = 1e-7  # people of each grade nobody gave; lets the likeliest distribution use it


def ordinal_mean(counts: ArrayLike, scores: ArrayLike, *, coverage: float = 0.95) -> Intervals:
    """Score interval for the mean of ordinal grades; one or many.

    Parameters
    ----------
    counts : array_like, shape (K,) or (m, K)
        How many gave each of K grades, one row a mean; all grades of the scale, given or not.
    scores : array_like, shape (K,)
        Score of each grade, ascending or descending.
    coverage : float
        Probability of the two-sided interval.

    Returns
    -------
    Intervals
        Between the least and the greatest score; never of no width.

    Raises
    ------
    ValueError
        Shapes that do not match, counts negative or all zero, scores not monotone.

    Notes
    -----
    Source: the score test of a multinomial mean, its variance under the restricted maximum
    likelihood estimate (Owen 2001, Empirical Likelihood, ch. 2 and 3); with K = 2 Wilson (1927).
    Coverage of 95 % intervals, 5 to 60 people, five shapes of four grades: .91 to .99, median .957
    (t: .23 to .95); see ``benchmarks/weighting.py``.

    Examples
    --------
    >>> grades = ordinal_mean([0, 0, 2, 8], [40, 65, 80, 95])  # two of ten "good", eight "best"
    >>> float(grades.estimate[0]), grades.lower.round(1).tolist(), grades.upper.round(1).tolist()
    (92.0, [77.6], [94.1])
    """
    n, s = _checked(counts, scores)
    check_coverage(coverage)
    n, again = np.unique(n, axis=0, return_inverse=True)
    size, z = n.sum(axis=1), stats.norm.isf((1 - coverage) / 2)
    mean = n @ s / size
    ends = []
    for edge in (s.min(), s.max()):
        near, far = mean.copy(), np.full_like(mean, edge)
        for _ in range(50):  # halves the gap between a mean kept and one refused
            middle = (near + far) / 2
            kept = (mean - middle) ** 2 <= z**2 * _variance(n, s, middle) / size
            near, far = np.where(kept, middle, near), np.where(kept, far, middle)
        ends.append(np.where(mean == edge, edge, near))
    found = [x[again.ravel()] for x in (mean, *ends, size)]
    for array in found:
        array.setflags(write=False)
    return Intervals(found[0], found[1], found[2], found[3], coverage, "multinomial score")


def _checked(counts: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    n, s = np.atleast_2d(np.asarray(counts, dtype=float)), np.asarray(scores, dtype=float)
    if n.ndim != 2 or s.ndim != 1 or n.shape[1] != len(s) or len(s) < 2:
        raise ValueError(
            f"counts must have a column for each of 2 or more scores, got {n.shape} and {s.shape}"
        )
    if not np.isfinite(n).all() or (n < 0).any() or not (n.sum(axis=1) > 0).all():
        raise ValueError(
            "counts must be zero or more with someone in each row, got "
            f"{n.tolist()[:3]}; leave empty ones out"
        )
    steps = np.diff(s)
    if not np.isfinite(s).all() or not ((steps > 0).all() or (steps < 0).all()):
        raise ValueError(f"scores must ascend or descend, got {s.tolist()}")
    return n, s


def _variance(n: Floats, s: Floats, middle: Floats) -> Floats:
    """Variance of a grade under the likeliest distribution with each mean of ``middle``."""
    seen = n + TRACE
    total = seen.sum(axis=1, keepdims=True)
    inside = np.ptp(s) * 1e-9
    d = s - np.clip(middle, s.min() + inside, s.max() - inside)[:, None]
    low, high = (-total[:, 0] / d.max(axis=1), -total[:, 0] / d.min(axis=1))
    for _ in range(70):
        tilt = (low + high) / 2
        share = seen / np.maximum(total + tilt[:, None] * d, 1e-300)
        above = (share * d).sum(axis=1) > 0
        low, high = np.where(above, tilt, low), np.where(above, high, tilt)
    share /= share.sum(axis=1, keepdims=True)
    return (share * d**2).sum(axis=1)
