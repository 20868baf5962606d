"""Composites from sums: the same estimates and covariance where the ballots stayed elsewhere.

Counts, means and within-class cross-products are all that a composite and its covariance need;
their size depends on targets and classes, never on voters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from zuofeng_survey.stats.composite import (
    Floats,
    Weighed,
    ballots,
    divide,
    pool_sums,
    shares,
    usable,
    weaknesses,
)

Ints = NDArray[np.int64]


class Sums(Protocol):
    """Sums over the voters of C classes, of their ratings of N targets.

    ``size`` (C,) voters; ``counts`` and ``mean`` (C, N) ratings and their mean, NaN for none;
    ``both`` (C, N, N) voters who rated both; ``cross`` (C, N, N) sums, over these, of products of
    deviations from ``mean``.
    """

    @property
    def unit(self) -> tuple[str, ...]: ...
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def size(self) -> Ints: ...
    @property
    def counts(self) -> Ints: ...
    @property
    def mean(self) -> Floats: ...
    @property
    def both(self) -> Ints: ...
    @property
    def cross(self) -> Floats: ...


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """The sums of a panel in memory; fields as :class:`Sums`."""

    unit: tuple[str, ...]
    classes: tuple[str, ...]
    size: Ints
    counts: Ints
    mean: Floats
    both: Ints
    cross: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Estimates(Weighed):
    """Composites of N targets and their covariance, without the ballots.

    Attributes
    ----------
    unit, classes : tuple of str
    estimate, se : ndarray, shape (N,)
        In the unit of the scores; ``se`` is NaN where nothing repeats.
    covariance : ndarray, shape (N, N)
        Of the estimates, each class by itself; what ``rank_sets_from`` takes.
    counts : ndarray of int, shape (C, N)
        Ratings used for each class mean.
    weight : ndarray, shape (C, N)
        Class weights as used; each column sums to 1.
    notes : tuple of str
        Codes, as of :class:`.composite.Composite`.
    """

    covariance: Floats
    notes: tuple[str, ...]

    @property
    def series(self) -> pd.Series:
        """The estimates with their names, as ``rank_sets_from`` takes them."""
        return pd.Series(self.estimate, index=list(self.unit), name="estimate")


def moments(
    scores: ArrayLike,
    voter_class: Sequence[object] | ArrayLike,
    *,
    weights: Mapping[str, float],
    units: Sequence[str] | None = None,
) -> Moments:
    """Sum up a panel in memory; arguments and errors as :func:`.composite.composite`."""
    votes = ballots(scores, voter_class, weights=weights, units=units)
    counts, sums, size = votes.cells()
    mean = np.where(counts > 0, divide(sums, counts), np.nan)
    both, cross = [], []
    for c, centre in enumerate(mean):
        rows = votes.y[votes.member == c]
        seen, error = ~np.isnan(rows), np.nan_to_num(rows - centre)
        both.append(seen.T.astype(float) @ seen.astype(float))
        cross.append(error.T @ error)
    overlap = np.stack(both).astype(np.int64)
    return Moments(votes.unit, votes.classes, size, counts, mean, overlap, np.stack(cross))


def composite_from(sums: Sums, *, weights: Mapping[str, float]) -> Estimates:
    """Weighted composites of class means and their covariance, from sums alone.

    Parameters
    ----------
    sums : Sums
        From ``scoring.sufficient`` (ballots on DuckDB or Spark) or :func:`moments`.
    weights : mapping
        Class label to weight; brought to sum 1. Classes of weight 0 are left out.

    Returns
    -------
    Estimates
        What :func:`.composite.composite` says of the panel, to rounding.

    Raises
    ------
    ValueError
        Bad weights, classes without voters or weight, or a target nobody rated.

    Notes
    -----
    Rank sets from these are those of known covariance (``rank_sets_from``, normal or t), not the
    wild ones over voters' signs: right where each class has many voters, which is when ballots
    outgrow memory. Source: METHODS (a), (b).

    Examples
    --------
    >>> panel = [[90, 80], [80, 70], [70, 90], [80, 90]], list("AABB")
    >>> half = {"A": 0.5, "B": 0.5}
    >>> composite_from(moments(*panel, weights=half), weights=half).estimate.tolist()
    [80.0, 82.5]
    """
    classes, share = shares(weights, np.array(sums.classes))
    rows = [sums.classes.index(c) for c in classes]
    size, counts = sums.size[rows], sums.counts[rows]
    if (lost := np.flatnonzero(counts.sum(axis=0) == 0)).size:
        names = ", ".join(sums.unit[i] for i in lost[:5])
        raise ValueError(f"each target must have a rating, got none for {names}; leave them out")
    used = usable(counts, size)
    thin = bool((used & (counts < np.minimum(size, 2)[:, None])).any())
    counts = counts * used
    weight = share[:, None] * used
    weight /= weight.sum(axis=0)
    estimate = (weight * np.where(used, sums.mean[rows], 0.0)).sum(axis=0)
    pairs = used[:, :, None] & used[:, None, :]
    covariance = _covariance(counts, weight, sums.both[rows] * pairs, sums.cross[rows] * pairs)
    repeats = bool(np.maximum(counts - 1, 0).sum(axis=0).max())
    se = np.sqrt(np.diag(covariance)) if repeats else np.full(len(estimate), np.nan)
    found = (estimate, se, counts, weight, covariance)
    for array in found:
        array.setflags(write=False)
    notes = weaknesses(counts, share, size, thin)
    return Estimates(sums.unit, tuple(classes.tolist()), *found, notes)


def _covariance(counts: Ints, weight: Floats, both: Ints, cross: Floats) -> Floats:
    """As ``Composite.covariance``: single ratings take the variance pooled over the classes."""
    leverage = divide(weight, counts)
    own = leverage * np.sqrt(divide(counts, counts - 1.0))
    total = np.einsum("ci,cj,cij->ij", own, own, cross)
    single = leverage * (counts == 1)
    if not single.any():
        return total
    alone = np.einsum("ci,cj,cij->ij", single, single, both)
    within = pool_sums(cross.sum(axis=0), counts, both.astype(float)).within
    return total + alone * within
