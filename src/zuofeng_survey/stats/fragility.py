"""How few ballots a bottom place hangs on.

The bottom k changes as soon as one of its members comes level with, or above, one other target.
For such a pair the best ballots to remove from a class are those with the largest difference, so
the fewest removals follow from sorted differences, one class at a time, added up over classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.checks import check_k
from zuofeng_survey.stats.composite import Ballots, Floats, ballots, composite, usable
from zuofeng_survey.stats.ranksets import locked, tolerance
from zuofeng_survey.stats.removals import (
    Removal,
    fewest_with_gaps,
    least_sum,
    means_of,
    sums_of,
)


@dataclass(frozen=True, slots=True, eq=False)
class Fragility:
    """The fewest ballots whose removal, or change by one grade, changes the observed bottom k.

    Attributes
    ----------
    unit, k
        Names of the targets, size of the bottom set.
    observed : ndarray of bool, shape (N,)
        The observed bottom k, with all that tie at the cut.
    flip1 : bool
        Whether one ballot can change it; true when targets tie at the cut, since the set is then
        open as it stands.
    ballots : int or None
        The fewest ballots, 0 when tied at the cut; None when no number short of all ballots does
        it, or (``exact`` false) when only bounds are known.
    exact : bool
        Whether ``ballots`` is the answer; false on ballots with gaps that no two removals change.
    at_least, at_most : int or None
        Bounds that are certain: fewer than ``at_least`` never change the set, ``at_most`` can;
        None when nothing changes it (for ``at_most``: when nothing was found that does).
    by_class : dict
        Ballots from each class, in one such change (of ``at_most``); empty when there is none.
    out, into : str or None
        The member that would leave (or be joined), and the target that would come in.
    notes : tuple of str
        Codes, as in :class:`zuofeng_survey.stats.ranking.BottomSets`.
    change : str
        What is done to a ballot: ``"removed"`` or ``"one grade"``.
    """

    unit: tuple[str, ...]
    k: int
    observed: NDArray[np.bool_]
    flip1: bool
    ballots: int | None
    exact: bool
    at_least: int | None
    at_most: int | None
    by_class: dict[str, int]
    out: str | None
    into: str | None
    notes: tuple[str, ...]
    change: str = "removed"

    def table(self) -> pd.DataFrame:
        """Return one row: change, k, ballots, flip1, exact, at_least, at_most, out, into."""
        names = ("change", "k", "ballots", "flip1", "exact", "at_least", "at_most", "out", "into")
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
        Exact on complete ballots; with gaps every one and every two are tried, and bounds are
        given beyond. A class may lose all its ballots: the weights of the others then stand for it.

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
    votes, theta, observed = _observed(scores, voter_class, weights, k)
    near = tolerance(theta)
    if int(observed.sum()) > k:
        found = Removal(0, 0)
    elif np.isnan(votes.y).any():
        found = fewest_with_gaps(votes, observed, near=near)
    else:
        found = _smallest(votes, observed, near=near)
    return _said(votes, observed, found, k=k, change="removed", weights=weights)


def fewest_changes(
    marks: ArrayLike,
    voter_class: Sequence[object] | ArrayLike,
    *,
    weights: Mapping[str, float],
    k: int,
    grades: Sequence[float],
) -> Fragility:
    """Fewest ballots in each of which one answer, moved by one grade, changes the bottom k.

    Parameters
    ----------
    marks : array_like, shape (V, N) or (V, N, M)
        Scores of the grades each voter gave each target, on one item or on M, whose mean over
        those answered is the voter's score; NaN where there is no answer.
    voter_class, weights, k
        As :func:`fewest_ballots`.
    grades : sequence of float
        Scores of all grades there are; a mark goes up or down to the next one.

    Returns
    -------
    Fragility
        Exact, with or without gaps; None when one grade in every ballot would not be enough.

    Raises
    ------
    ValueError
        As :func:`fewest_ballots`; fewer than two grades, marks that are none of them.

    Notes
    -----
    Raising a member or lowering another moves their difference by an amount that depends on no
    other ballot, so the largest such amounts decide, for each pair. Source: METHODS (d).

    Examples
    --------
    >>> marks = [[1, 2], [1, 2], [2, 1], [1, 2]]
    >>> f = fewest_changes(marks, list("AAAA"), weights={"A": 1}, k=1, grades=[1, 2, 3])
    >>> f.ballots, f.by_class
    (2, {'A': 2})
    """
    steps = np.unique(np.asarray(grades, dtype=float))
    x = np.asarray(marks, dtype=float)
    x = x[:, :, None] if x.ndim == 2 else x
    if x.ndim != 3 or len(steps) < 2 or not (np.isnan(x) | np.isin(x, steps)).all():
        raise ValueError(
            f"marks must be (V, N) or (V, N, M) scores out of two grades or more, got shape "
            f"{np.shape(marks)} and grades {steps.tolist()}; give the scores of all grades"
        )
    answered = (~np.isnan(x)).sum(axis=2)
    means = np.divide(
        np.nansum(x, axis=2), answered, out=np.full(answered.shape, np.nan), where=answered > 0
    )
    votes, theta, observed = _observed(means, voter_class, weights, k)
    if int(observed.sum()) > k:
        found = Removal(0, 0)
    else:
        label = np.asarray(voter_class).astype(str)
        kept = np.isin(label, votes.classes) & (answered.any(axis=1))
        moves = [
            _best_steps(x[kept], steps, up=up) / np.maximum(answered[kept], 1)
            for up in (True, False)
        ]
        found = _fewest_steps(votes, observed, theta, moves=moves)
    return _said(votes, observed, found, k=k, change="one grade", weights=weights)


def _observed(
    scores: ArrayLike,
    voter_class: Sequence[object] | ArrayLike,
    weights: Mapping[str, float],
    k: int,
) -> tuple[Ballots, Floats, NDArray[np.bool_]]:
    votes = ballots(scores, voter_class, weights=weights)
    theta, n = means_of(votes, *sums_of(votes))[0], len(votes.unit)
    if not np.isfinite(theta).all():
        composite(scores, voter_class, weights=weights)  # says which target nobody rated
    check_k(k, n)
    return votes, theta, theta <= np.sort(theta)[k - 1] + tolerance(theta)


def _said(
    votes: Ballots,
    observed: NDArray[np.bool_],
    found: Removal,
    *,
    k: int,
    change: str,
    weights: Mapping[str, float],
) -> Fragility:
    low, high = (None if at is None else votes.unit[at] for at in (found.low, found.high))
    exact = found.least == found.most
    panel = composite(votes.y, np.array(votes.classes)[votes.member], weights=weights)
    return Fragility(
        unit=votes.unit,
        k=k,
        observed=locked(observed),
        flip1=found.most is not None and found.most <= 1,
        ballots=found.most if exact else None,
        exact=exact,
        at_least=found.least,
        at_most=found.most,
        by_class=dict(zip(votes.classes, found.split, strict=False)),
        out=low,
        into=high,
        notes=panel.notes + ("tie-at-cut",) * (found.most == 0),
        change=change,
    )


def _smallest(votes: Ballots, observed: NDArray[np.bool_], *, near: float) -> Removal:
    low, high = (
        x.ravel() for x in np.meshgrid(np.flatnonzero(observed), np.flatnonzero(~observed))
    )
    best, splits = np.zeros((len(low), 1)), []
    for c, weight in enumerate(votes.share):
        rows = votes.y[votes.member == c]
        best, taken = least_sum(best, weight * _left_means(rows[:, high] - rows[:, low]))
        splits.append(taken)
    changed = best[:, :-1] <= near  # the last column removes everyone
    if not changed.any():
        return Removal(None, None)
    total = int(changed.any(axis=0).argmax())
    pair, left, split = int(changed[:, total].argmax()), total, []
    for taken in reversed(splits):
        split.append(int(taken[pair, left]))
        left -= split[-1]
    return Removal(total, total, tuple(reversed(split)), int(low[pair]), int(high[pair]))


def _left_means(d: Floats) -> Floats:
    """Smallest class mean of each pair's difference after removing r ballots; (pairs, n + 1)."""
    n = len(d)
    kept = np.cumsum(np.sort(d, axis=0), axis=0)[::-1] / np.arange(n, 0, -1)[:, None]
    return np.vstack([kept, np.zeros((1, d.shape[1]))]).T


def _best_steps(x: Floats, steps: Floats, *, up: bool) -> Floats:
    """Return the largest step to the next grade among the items of each voter and target; (V, N)."""
    at = np.searchsorted(steps, x) + (1 if up else -1)
    is_there = ~np.isnan(x) & (at >= 0) & (at < len(steps))
    size = np.abs(steps[np.clip(at, 0, len(steps) - 1)] - np.nan_to_num(x))
    return np.where(is_there, size, 0.0).max(axis=2)


def _fewest_steps(
    votes: Ballots, observed: NDArray[np.bool_], theta: Floats, *, moves: list[Floats]
) -> Removal:
    """Move the answers that count most, for the pair that needs the fewest."""
    counts, _, size = votes.cells()
    weight = votes.share[:, None] * usable(counts, size)
    weight /= weight.sum(axis=0)
    pull = (weight / np.maximum(counts, 1))[votes.member]
    up, down = (pull * m for m in moves)
    best = Removal(None, None)
    for i in np.flatnonzero(observed):
        for j in np.flatnonzero(~observed):
            gain = np.maximum(up[:, i], down[:, j])
            order = np.argsort(-gain, kind="stable")
            met = np.cumsum(gain[order]) >= theta[j] - theta[i] - tolerance(theta)
            n = int(met.argmax()) + 1
            if met.any() and (best.most is None or n < best.most):
                split = np.bincount(votes.member[order[:n]], minlength=len(size))
                best = Removal(n, n, tuple(split.tolist()), int(i), int(j))
    return best
