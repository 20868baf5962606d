"""How few ballots keep one target in the bottom k.

:mod:`.fragility` asks when the *set* of the bottom k changes; a consequence falls on a person, so
this asks when that person comes level with the one who would take the place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from zuofeng_survey.stats.checks import check_k, check_whole
from zuofeng_survey.stats.composite import Ballots, Floats, ballots
from zuofeng_survey.stats.ranksets import tolerance
from zuofeng_survey.stats.removals import each_removed, means_of, sums_of

Block = tuple[ArrayLike, Sequence[object] | ArrayLike, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Leaving:
    """How many ballots, taken out one by one, bring a target out of the bottom k.

    Attributes
    ----------
    ballots : int or None
        So many are enough; fewer may be, since each step takes the one that does most. None where
        ``most`` were not enough.
    flip1 : bool
        Whether a single one is enough (exact), or none is needed because of a tie.
    most : int
        How many were tried.
    """

    ballots: int | None
    flip1: bool
    most: int


def ballots_to_leave(blocks: Sequence[Block], target: int, *, k: int, most: int = 5) -> Leaving:
    """Take out ballots until a target is level with, or above, k others.

    Parameters
    ----------
    blocks : sequence of (scores, voter_class, weights)
        Panels whose voters rated different targets; one where all rated all.
    target : int
        Which of the targets, counted through the blocks.
    k : int
        Size of the bottom set.
    most : int
        Ballots taken out at most.

    Returns
    -------
    Leaving

    Raises
    ------
    ValueError
        As :func:`.composite.composite`.

    Notes
    -----
    The first step is exact, further ones are greedy. As in :mod:`.fragility`, a class may lose all
    its ballots: the weights of the others then stand for it.

    Examples
    --------
    >>> block = [[1, 2], [1, 2], [2, 1], [1, 2]], list("AAAA"), {"A": 1}
    >>> ballots_to_leave([block], 0, k=1)
    Leaving(ballots=2, flip1=False, most=5)
    """
    votes = [ballots(s, c, weights=w) for s, c, w in blocks]
    n = sum(len(v.unit) for v in votes)
    check_k(k, n)
    check_whole(target=target, most=most)
    if target >= n:
        raise ValueError(
            f"target must be from 0 to {n - 1}, got {target}; count through the blocks"
        )
    for step in range(most + 1):
        theta = np.concatenate([means_of(v, *sums_of(v))[0] for v in votes])
        if _margin(theta[None, :], target, k)[0] >= -tolerance(theta):
            return Leaving(step, step <= 1, most)
        if step < most:
            votes = _without_best(votes, target, k)
    return Leaving(None, False, most)


def _margin(theta: Floats, target: int, k: int) -> Floats:
    """Return how far the target is above the k-th lowest of the others; shape (M,)."""
    others = np.delete(theta, target, axis=1)
    return theta[:, target] - np.partition(others, k - 1, axis=1)[:, k - 1]


def _without_best(votes: list[Ballots], target: int, k: int) -> list[Ballots]:
    now = [means_of(v, *sums_of(v))[0] for v in votes]
    best, where = -np.inf, (0, 0)
    for b, block in enumerate(votes):
        changed = each_removed(block)
        before, after = (np.concatenate([*part, []]) for part in (now[:b], now[b + 1 :]))
        rows = [np.broadcast_to(x, (len(changed), len(x))) for x in (before, after)]
        margin = _margin(np.hstack([rows[0], changed, rows[1]]), target, k)
        if margin.max() > best:
            best, where = float(margin.max()), (b, int(margin.argmax()))
    b, v = where
    left = votes[b]._replace(
        y=np.delete(votes[b].y, v, axis=0), member=np.delete(votes[b].member, v)
    )
    return [*votes[:b], left, *votes[b + 1 :]]
