"""Composites without some of the ballots, and how many must go where ballots have gaps."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zuofeng_survey.stats.composite import Ballots, Floats, usable

Ints = NDArray[np.int64]


class Removal(NamedTuple):
    """The fewest ballots found: between ``least`` and ``most`` (None: no number is known)."""

    least: int | None
    most: int | None
    split: tuple[int, ...] = ()
    low: int | None = None
    high: int | None = None


def sums_of(votes: Ballots) -> tuple[Floats, Floats, Floats]:
    """Return ratings, their sums and voters, with a first axis of one; (1, C, N) and (1, C)."""
    counts, sums, size = votes.cells()
    return counts[None].astype(float), sums[None], size[None].astype(float)


def means_of(votes: Ballots, counts: Floats, sums: Floats, size: Floats) -> Floats:
    """Return composites for each of several changed counts, infinite without a rating; (M, N)."""
    weight = votes.share[:, None] * usable(counts, size)
    total = weight.sum(axis=1)
    mean = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    found = (weight * mean).sum(axis=1)
    return np.divide(found, total, out=np.full_like(found, np.inf), where=total > 0)


def each_removed(votes: Ballots, also: int | None = None) -> Floats:
    """Return the composites without each voter in turn (and without ``also``); shape (V, N)."""
    counts, sums, size = (np.repeat(x, len(votes.member), axis=0) for x in sums_of(votes))
    row = np.arange(len(votes.member))
    every = [(row, row)] + (
        [] if also is None else [(row[row != also], np.full(len(row) - 1, also))]
    )
    for at, voter in every:
        c = votes.member[voter]
        counts[at, c] -= np.isfinite(votes.y[voter])
        sums[at, c] -= np.nan_to_num(votes.y[voter])
        size[at, c] -= 1
    return means_of(votes, counts, sums, size)


def fewest_with_gaps(votes: Ballots, observed: NDArray[np.bool_], *, near: float) -> Removal:
    """One and two removals tried out; beyond, bounds: relaxed from below, greedy from above."""
    inside, outside = np.flatnonzero(observed), np.flatnonzero(~observed)

    def changed(theta: Floats) -> NDArray[np.bool_]:
        kept = theta[:, inside].max(axis=1) < theta[:, outside].min(axis=1) - near
        return ~(kept & np.isfinite(theta).all(axis=1))  # also when a target loses its only rating

    def found(theta: Floats, gone: list[int], least: int) -> Removal:
        split = np.bincount(votes.member[gone], minlength=len(votes.share))
        low, high = inside[theta[inside].argmax()], outside[theta[outside].argmin()]
        return Removal(least, len(gone), tuple(split.tolist()), int(low), int(high))

    theta = each_removed(votes)
    if (alone := np.flatnonzero(changed(theta))).size:
        return found(theta[alone[0]], [int(alone[0])], 1)
    least = _relaxed(votes, inside, outside, near)
    for first in range(len(votes.member)) if least <= 2 else ():
        theta = each_removed(votes, first)
        if (both := np.flatnonzero(changed(theta))).size:
            return found(theta[both[0]], [first, int(both[0])], 2)
    gone = _greedy(votes, inside, outside, changed)
    if gone is None:
        return Removal(max(least, 3), None)
    return found(gone[0], gone[1], max(least, 3))


def _greedy(
    votes: Ballots,
    inside: Ints,
    outside: Ints,
    changed: Callable[[Floats], NDArray[np.bool_]],
) -> tuple[Floats, list[int]] | None:
    """Take out the ballot that brings the two sides closest, until they meet."""
    left, kept, gone = votes, np.arange(len(votes.member)), []
    while len(kept) > 1:
        theta = each_removed(left)
        if (hits := np.flatnonzero(changed(theta))).size:
            return theta[hits[0]], [*gone, int(kept[hits[0]])]
        gap = theta[:, outside].min(axis=1) - theta[:, inside].max(axis=1)
        best = int(gap.argmin())
        gone.append(int(kept[best]))
        kept = np.delete(kept, best)
        left = left._replace(y=np.delete(left.y, best, axis=0), member=np.delete(left.member, best))
    return None


def _relaxed(votes: Ballots, inside: Ints, outside: Ints, near: float) -> int:
    """Return how many removals it takes at least, if each target could lose ballots of its own.

    What a class may then do to a pair is the highest mean it can leave the one and the lowest it
    can leave the other; where a removal could change whose weight counts, anything may happen.
    """
    counts, _, size = votes.cells()
    used = usable(counts, size)
    weight = votes.share[:, None] * used
    weight /= weight.sum(axis=0)
    low, high = (x.ravel() for x in np.meshgrid(inside, outside))
    best = np.zeros((len(low), 1))
    for c in range(len(size)):
        y = votes.y[votes.member == c]
        up, down = (s * _highest_means(s * y) for s in (1.0, -1.0))
        removed = np.arange(size[c] + 1)
        floor = np.where(used[c], counts[c], size[c])[:, None] - removed
        safe = (floor >= 2) | (removed == 0)
        value = weight[c, high, None] * down[high] - weight[c, low, None] * up[low]
        best = least_sum(best, np.where(safe[low] & safe[high], value, -np.inf))[0]
    return int((best <= near).any(axis=0).argmax())


def _highest_means(y: Floats) -> Floats:
    """Highest mean of each column after losing r of its values, 0 where none is left; (N, V + 1)."""
    ordered = -np.sort(-y, axis=0)  # gaps last
    seen, n = (~np.isnan(y)).sum(axis=0), len(y)
    top = np.vstack([np.zeros(y.shape[1]), np.cumsum(np.nan_to_num(ordered), axis=0)])
    left = np.maximum(seen - np.arange(n + 1)[:, None], 0)
    kept = np.take_along_axis(top, left, axis=0)
    return np.divide(kept, left, out=np.zeros_like(kept), where=left > 0).T


def least_sum(best: Floats, more: Floats) -> tuple[Floats, Ints]:
    """Min-plus sum over the removals of one class more, and how many fall to it."""
    length = best.shape[1] + more.shape[1] - 1
    total = np.full((len(best), length), np.inf)
    taken = np.zeros((len(best), length), dtype=np.int64)
    for r in range(more.shape[1]):
        window = slice(r, r + best.shape[1])
        value = best + more[:, r : r + 1]
        better = value < total[:, window]
        total[:, window] = np.where(better, value, total[:, window])
        taken[:, window] = np.where(better, r, taken[:, window])
    return total, taken
