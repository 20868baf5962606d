"""How few ballots a bottom place hangs on.

The bottom k changes as soon as one of its members comes level with, or above, one other target.
For such a pair the best ballots to remove from a class are those with the largest difference, so
the fewest removals follow from sorted differences, one class at a time, added up over classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Ballots, Floats, ballots, composite, usable
from zuofeng_survey.stats.ranksets import locked, tolerance

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Fragility:
    """The fewest ballots whose removal changes the observed bottom k.

    Attributes
    ----------
    unit, k
        Names of the targets, size of the bottom set.
    observed : ndarray of bool, shape (N,)
        The observed bottom k, with all that tie at the cut.
    flip1 : bool
        Whether the removal of one ballot can change it; true when targets tie at the cut, since
        the set is then open without any removal.
    ballots : int or None
        The fewest removals, 0 when tied at the cut; None when no removal short of all ballots
        changes it, or (``exact`` false) when more than one is needed.
    exact : bool
        Whether ``ballots`` is the answer; false on ballots with gaps that one removal leaves
        unchanged, where only "two or more" is known.
    by_class : dict
        Ballots to remove from each class, in one smallest removal; empty when there is none.
    out, into : str or None
        The member that would leave (or be joined), and the target that would come in.
    notes : tuple of str
        Codes, as in :class:`zuofeng_survey.stats.ranking.BottomSets`.
    """

    unit: tuple[str, ...]
    k: int
    observed: NDArray[np.bool_]
    flip1: bool
    ballots: int | None
    exact: bool
    by_class: dict[str, int]
    out: str | None
    into: str | None
    notes: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row: k, ballots, flip1, exact, out, into."""
        names = ("k", "ballots", "flip1", "exact", "out", "into")
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def _repr_html_(self) -> str:
        return table_html(self.table())


def fewest_ballots(
    scores: ArrayLike,
    voter_class: Sequence[object] | ArrayLike,
    *,
    weights: Mapping[str, float],
    k: int,
) -> Fragility:
    """Fewest ballots whose removal changes the observed bottom k.

    Parameters
    ----------
    scores, voter_class, weights
        As :func:`zuofeng_survey.stats.ranking.rank_sets`.
    k : int
        Size of the bottom set, from 1 to N − 1.

    Returns
    -------
    Fragility
        Exact on complete ballots; with gaps every single removal is tried, no more. A class may
        lose all its ballots: the weights of the others then stand for it.

    Raises
    ------
    ValueError
        As :func:`zuofeng_survey.stats.composite.composite`; k out of range.

    Notes
    -----
    Source: METHODS (d); Walsh et al. (2014), doi 10.1016/j.jclinepi.2013.10.019.

    Examples
    --------
    >>> ballots = [[1, 2], [1, 2], [2, 1], [1, 2]]
    >>> f = fewest_ballots(ballots, list("AAAA"), weights={"A": 1}, k=1)
    >>> f.ballots, f.flip1, f.by_class
    (2, False, {'A': 2})
    """
    votes = ballots(scores, voter_class, weights=weights)
    panel = composite(votes.y, np.array(votes.classes)[votes.member], weights=weights)
    theta, n = panel.estimate, len(votes.unit)
    if not 1 <= k < n:
        raise ValueError(f"k must be from 1 to {n - 1} for {n} targets, got {k}")
    observed = theta <= np.sort(theta)[k - 1] + tolerance(theta)
    if int(observed.sum()) > k:
        found = _Removal(ballots=0, exact=True)
    elif panel.complete:
        found = _smallest(votes, observed, near=tolerance(theta))
    else:
        found = _single(votes, observed, near=tolerance(theta))
    low, high = (None if at is None else votes.unit[at] for at in (found.low, found.high))
    return Fragility(
        unit=votes.unit,
        k=k,
        observed=locked(observed),
        flip1=found.ballots is not None and found.ballots <= 1,
        ballots=found.ballots,
        exact=found.exact,
        by_class=dict(zip(votes.classes, found.split, strict=False)),
        out=low,
        into=high,
        notes=panel.notes + ("tie-at-cut",) * (found.ballots == 0),
    )


class _Removal(NamedTuple):
    ballots: int | None
    exact: bool
    split: tuple[int, ...] = ()
    low: int | None = None
    high: int | None = None


def _smallest(votes: Ballots, observed: NDArray[np.bool_], *, near: float) -> _Removal:
    low, high = (
        x.ravel() for x in np.meshgrid(np.flatnonzero(observed), np.flatnonzero(~observed))
    )
    best, splits = np.zeros((len(low), 1)), []
    for c, weight in enumerate(votes.share):
        rows = votes.y[votes.member == c]
        best, taken = _add_class(best, weight * _left_means(rows[:, high] - rows[:, low]))
        splits.append(taken)
    changed = best[:, :-1] <= near  # the last column removes everyone
    if not changed.any():
        return _Removal(None, exact=True)
    total = int(changed.any(axis=0).argmax())
    pair, left, split = int(changed[:, total].argmax()), total, []
    for taken in reversed(splits):
        split.append(int(taken[pair, left]))
        left -= split[-1]
    return _Removal(total, True, tuple(reversed(split)), int(low[pair]), int(high[pair]))


def _left_means(d: Floats) -> Floats:
    """Smallest class mean of each pair's difference after removing r ballots; (pairs, n + 1)."""
    n = len(d)
    kept = np.cumsum(np.sort(d, axis=0), axis=0)[::-1] / np.arange(n, 0, -1)[:, None]
    return np.vstack([kept, np.zeros((1, d.shape[1]))]).T


def _add_class(best: Floats, more: Floats) -> tuple[Floats, Ints]:
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


def _single(votes: Ballots, observed: NDArray[np.bool_], *, near: float) -> _Removal:
    """Try to do without each voter in turn; the first without whom the set is another."""
    counts, sums, size = votes.cells()
    inside, outside = np.flatnonzero(observed), np.flatnonzero(~observed)
    for y, c in zip(votes.y, votes.member, strict=True):
        n, total, voters = counts.copy(), sums.copy(), size.copy()
        n[c] -= ~np.isnan(y)
        total[c] -= np.nan_to_num(y)
        voters[c] -= 1
        weight = votes.share[:, None] * usable(n, voters)
        with np.errstate(invalid="ignore"):
            theta = (weight * total / np.maximum(n, 1)).sum(axis=0) / weight.sum(axis=0)
        low, high = inside[np.argmax(theta[inside])], outside[np.argmin(theta[outside])]
        if not theta[low] < theta[high] - near:  # also when a target loses its only rating
            split = tuple(int(i == c) for i in range(len(size)))
            return _Removal(1, True, split, int(low), int(high))
    return _Removal(None, exact=False)
