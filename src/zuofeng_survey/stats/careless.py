"""Signs of careless answering, one number a person; nothing here drops anyone.

Persons are rows, items are columns in the order they were asked, NaN is no answer. A person for
whom an index cannot be computed (too few answers, no variation) has NaN, as its description says.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.ranksets import locked


class Strings(NamedTuple):
    """Runs of one and the same answer.

    ``longest`` (n,) and ``average`` (n,) length, items; ``straight`` (n,): all answers the same.
    """

    longest: NDArray[np.int64]
    average: Floats
    straight: NDArray[np.bool_]


def checked_items(x: ArrayLike, *, least: int = 2) -> Floats:
    """Return answers (persons, items) as floats; refuse other shapes and infinite values."""
    table = np.asarray(x, dtype=float)
    if table.ndim != 2 or table.shape[1] < least or len(table) < 1:
        raise ValueError(
            f"answers must be (persons, {least} or more items), got shape {table.shape}"
        )
    if np.isinf(table).any():
        raise ValueError("answers must be finite or NaN, got infinity; use NaN for no answer")
    return table


def longstring(x: ArrayLike) -> Strings:
    """Measure runs of the same answer.

    Parameters
    ----------
    x : array_like, shape (n, items)
        Answers in the order they were asked; an item without an answer ends a run.

    Returns
    -------
    Strings
        Without any answer: 0, NaN and not straight.

    Raises
    ------
    ValueError
        No table of persons and items.

    Notes
    -----
    Source: Johnson (2005), doi 10.1016/j.jrp.2004.09.009; R ``careless::longstring(avg = TRUE)``.

    Examples
    --------
    >>> s = longstring([[1, 1, 1, 2], [1, 2, 1, 2], [3, 3, 3, 3]])
    >>> s.longest.tolist(), s.average.tolist(), s.straight.tolist()
    ([3, 1, 4], [2.0, 1.0, 4.0], [False, False, True])
    """
    y = checked_items(x)
    answered = ~np.isnan(y)
    length = answered[:, 0].astype(np.int64)
    longest, runs = length.copy(), length.copy()
    for before, now, there in zip(y.T[:-1], y.T[1:], answered.T[1:], strict=True):
        again = now == before
        length = np.where(again, length + 1, there.astype(np.int64))
        longest = np.maximum(longest, length)
        runs += there & ~again
    total = answered.sum(axis=1)
    average = np.where(total > 0, total / np.maximum(runs, 1), np.nan)
    spread = np.where(answered, y, -np.inf).max(axis=1) == np.where(answered, y, np.inf).min(axis=1)
    straight = spread & (total > 1)
    return Strings(locked(longest), locked(average), locked(straight))


def irv(x: ArrayLike) -> Floats:
    """Return the standard deviation of each person's answers: little, and they clicked one column.

    Parameters
    ----------
    x : array_like, shape (n, items)
        Answers, reverse-worded items as they were answered (not recoded).

    Returns
    -------
    ndarray, shape (n,)
        NaN for fewer than two answers.

    Raises
    ------
    ValueError
        As :func:`longstring`.

    Notes
    -----
    Source: Dunn, Heggestad, Shanock & Theilgard (2018), doi 10.1007/s10869-016-9479-0; R
    ``careless::irv``.

    Examples
    --------
    >>> irv([[1, 5, 1, 5], [3, 3, 3, 3]]).round(3).tolist()
    [2.309, 0.0]
    """
    y = checked_items(x)
    answered = ~np.isnan(y)
    n = answered.sum(axis=1)
    mean = np.where(answered, y, 0.0).sum(axis=1) / np.maximum(n, 1)
    square = np.where(answered, (y - mean[:, None]) ** 2, 0.0).sum(axis=1)
    return locked(np.where(n > 1, np.sqrt(square / np.maximum(n - 1, 1)), np.nan))


def even_odd(x: ArrayLike, sizes: Sequence[int]) -> Floats:
    """Measure contradiction between the halves of each scale: −1 consistent, 1 contradictory.

    Parameters
    ----------
    x : array_like, shape (n, items)
        Answers, reverse-worded items recoded, scale after scale.
    sizes : sequence of int
        Items of each scale, in that order; three scales or more of two items or more.

    Returns
    -------
    ndarray, shape (n,)
        Minus the correlation of odd and even halves over scales, stepped up by Spearman and Brown,
        at most 1; NaN where a half does not vary.

    Raises
    ------
    ValueError
        Sizes that do not add up to the items.

    Notes
    -----
    Source: Jackson (1976), by Meade & Craig (2012), doi 10.1037/a0028085; R
    ``careless::evenodd`` 1.2 (sign included).

    Examples
    --------
    >>> even_odd([[1, 1, 3, 3, 5, 5], [1, 5, 3, 3, 5, 1]], [2, 2, 2]).round(3).tolist()
    [-1.0, 1.0]
    """
    y, k = checked_items(x), [int(s) for s in sizes]
    if sum(k) != y.shape[1] or min(k, default=0) < 2 or len(k) < 3:
        raise ValueError(
            f"sizes must be 3 or more scales of 2 or more items, {y.shape[1]} in all, got {k}"
        )
    ends = np.cumsum([0, *k])
    odd, even = (
        np.column_stack([_mean(y[:, a + s : b : 2]) for a, b in pairwise(ends)]) for s in (0, 1)
    )
    r = _within(odd, even)
    stepped = np.where(r > -1 + 1e-12, 2 * r / np.maximum(1 + r, 1e-12), -1.0)
    return locked(np.where(np.isnan(r), np.nan, -np.maximum(stepped, -1.0)))


def _mean(part: Floats) -> Floats:
    """Mean of the answers there are; NaN without any."""
    there = ~np.isnan(part)
    total = np.where(there, part, 0.0).sum(axis=1)
    return np.where(there.any(axis=1), total / np.maximum(there.sum(axis=1), 1), np.nan)


def _within(a: Floats, b: Floats) -> Floats:
    """Correlation of two lists within each row, over places where both have a value."""
    both = ~np.isnan(a) & ~np.isnan(b)
    n = np.maximum(both.sum(axis=1, keepdims=True), 1)
    u, v = (np.where(both, t, 0.0) for t in (a, b))
    u, v = (np.where(both, t - t.sum(axis=1, keepdims=True) / n, 0.0) for t in (u, v))
    size = np.sqrt((u**2).sum(axis=1) * (v**2).sum(axis=1))
    able = (size > 1e-12) & (both.sum(axis=1) > 1)
    return np.where(able, (u * v).sum(axis=1) / np.where(able, size, 1.0), np.nan)


def synonyms(x: ArrayLike, *, least: float = 0.6) -> Floats:
    """Measure each person's agreement on items that all others answer alike.

    Parameters
    ----------
    x : array_like, shape (n, items)
        Answers.
    least : float
        Pairs of items correlated above this over all persons are taken as synonyms.

    Returns
    -------
    ndarray, shape (n,)
        Correlation within each person over the pairs, from −1 to 1; NaN where it cannot vary.

    Raises
    ------
    ValueError
        Fewer than three such pairs.

    Notes
    -----
    Source: Meade & Craig (2012), doi 10.1037/a0028085; R ``careless::psychsyn(critval = 0.6)``.

    Examples
    --------
    >>> y = [[1, 1, 5, 5, 2, 3], [2, 2, 4, 4, 4, 4], [5, 5, 1, 1, 1, 2], [5, 1, 1, 5, 5, 2]]
    >>> synonyms(y + y[:3] * 3, least=0.5).round(2).tolist()[:4]
    [0.56, 1.0, 0.94, -0.3]
    """
    y = checked_items(x)
    i, j = np.triu_indices(y.shape[1], 1)
    r = np.array([_within(y[None, :, a], y[None, :, b])[0] for a, b in zip(i, j, strict=True)])
    chosen = np.nan_to_num(r, nan=-1.0) > least
    if chosen.sum() < 3:
        raise ValueError(
            f"three or more pairs of items must correlate above {least}, got {int(chosen.sum())}; "
            "lower it, or leave this index out"
        )
    return locked(_within(y[:, i[chosen]], y[:, j[chosen]]))


def contradiction(
    x: ArrayLike, pairs: Sequence[tuple[int, int]], *, low: float, high: float
) -> Floats:
    """Measure how far answers to a statement and to its opposite contradict each other.

    Parameters
    ----------
    x : array_like, shape (n, items)
        Answers as they were given (not recoded).
    pairs : sequence of (int, int)
        Columns, from 0, of a statement and its opposite.
    low, high : float
        Ends of the answer scale.

    Returns
    -------
    ndarray, shape (n,)
        Mean of ``|a + b − low − high|`` over the pairs, as a share of the scale: 0 consistent, 1
        always "agree" to both; NaN without a pair answered.

    Raises
    ------
    ValueError
        No pairs, columns that are not there, answers off the scale.

    Notes
    -----
    Source: antonyms of known meaning; Curran (2016), doi 10.1016/j.jesp.2015.07.006.

    Examples
    --------
    >>> contradiction([[5, 1], [5, 5], [3, 4]], [(0, 1)], low=1, high=5).tolist()
    [0.0, 1.0, 0.25]
    """
    y = checked_items(x)
    at = np.array(list(pairs), dtype=int).reshape(-1, 2)
    if not at.size or at.min() < 0 or at.max() >= y.shape[1]:
        raise ValueError(f"pairs must be columns from 0 to {y.shape[1] - 1}, got {list(pairs)}")
    there = y[~np.isnan(y)]
    if not low < high or not there.size or there.min() < low or there.max() > high:
        seen = f"{there.min()} to {there.max()}" if there.size else "no answer at all"
        raise ValueError(f"answers must lie from low to high, {low} to {high}, got {seen}")
    off = np.abs(y[:, at[:, 0]] + y[:, at[:, 1]] - low - high) / (high - low)
    return locked(_mean(off))
