"""Items as a covariance matrix: the one thing that the scale statistics need of the answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from zuofeng_survey.stats.checks import LARGEST
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.ranksets import locked

Missing: TypeAlias = Literal["refuse", "complete", "pairwise"]
MISSING = ("refuse", "complete", "pairwise")
FEW_PERSONS = 30
# A column whose standard deviation is below this share of its size is constant but for rounding.
CONSTANT = 1e-9
# Rows centred at a time: they stay in the processor's cache.
BLOCK = 1024


@dataclass(frozen=True, slots=True, eq=False)
class ItemCovariance:
    """Means and covariances of k items.

    Attributes
    ----------
    item : tuple of str
        Names of the items.
    mean : ndarray, shape (k,)
        Means, in the unit of the scores.
    cov : ndarray, shape (k, k)
        Covariances with ``n − 1``; each from the persons who answered both items when pairwise.
    n : int
        Persons used: the complete rows, or all who answered anything when pairwise.
    n_pair : ndarray of int, shape (k, k)
        Persons behind each covariance.
    missing : str
        How gaps were treated.
    """

    item: tuple[str, ...]
    mean: Floats
    cov: Floats
    n: int
    n_pair: NDArray[np.int64]
    missing: str

    @property
    def sd(self) -> Floats:
        """Standard deviations of the items; shape (k,)."""
        return np.sqrt(np.diag(self.cov))

    @property
    def cor(self) -> Floats:
        """Correlations; shape (k, k)."""
        r = self.cov / np.outer(self.sd, self.sd)
        np.fill_diagonal(r, 1.0)
        return r

    @property
    def n_least(self) -> int:
        """The fewest persons behind any covariance; intervals rest on these."""
        return int(self.n_pair.min())

    @property
    def notes(self) -> tuple[str, ...]:
        """Codes of what weakens the matrix: ``few-persons``, ``pairwise``."""
        few = ("few-persons",) * (self.n_least < FEW_PERSONS)
        return few + ("pairwise",) * bool((self.n_pair != self.n).any())


def item_covariance(
    items: ArrayLike, *, missing: Missing = "refuse", wide: bool = False
) -> ItemCovariance:
    """Covariance matrix of items, with the refusals that all scale statistics share.

    Parameters
    ----------
    items : array_like or DataFrame, shape (persons, k)
        One row a person, one column an item; NaN where there is no answer.
    missing : {"refuse", "complete", "pairwise"}
        What to do with gaps: refuse, drop the rows that have any, or take every covariance from
        the rows that have both answers.
    wide : bool
        Accept more items than persons, which otherwise is taken for swapped axes.

    Returns
    -------
    ItemCovariance

    Raises
    ------
    ValueError
        Not two-dimensional, fewer than two items or persons, more items than persons unless
        ``wide``, infinite scores, gaps where refused, an item without answers or without variance.

    Notes
    -----
    Source: R ``cov(x, use = "pairwise")``.

    Examples
    --------
    >>> c = item_covariance([[1, 2], [2, 4], [3, 3]])
    >>> c.cov.tolist(), c.n
    ([[1.0, 0.5], [0.5, 1.0]], 3)
    """
    if missing not in MISSING:
        raise ValueError(f"missing must be one of {', '.join(MISSING)}, got {missing!r}")
    x, names = item_array(items, wide=wide)
    mean = np.full(len(x), 1 / len(x)) @ x
    if (np.abs(mean) <= LARGEST).all():  # not the items, for speed
        return _from_complete(x, mean, names, missing)
    if (np.abs(x) > LARGEST).any():
        raise ValueError("items must be finite or NaN, got infinity; mark a gap as NaN")
    seen = ~np.isnan(x)
    _answered(seen, names, missing)
    if missing == "pairwise":
        return _from_pairs(x, seen, names)
    rows = x[seen.all(axis=1)]
    if len(rows) < 2:
        raise ValueError(
            f"items must leave 2 complete rows or more, got {len(rows)}; use missing='pairwise'"
        )
    return _from_complete(rows, rows.mean(axis=0), names, missing)


def item_array(items: ArrayLike, *, wide: bool = False) -> tuple[Floats, tuple[str, ...]]:
    """Return the answers as floats, shape (persons, k), and the names of the items."""
    x = np.asarray(items, dtype=float)
    if x.ndim != 2 or x.shape[1] < 2 or x.shape[0] < 2:
        raise ValueError(
            "items must be (persons, k) with 2 persons and 2 items or more, "
            f"got shape {x.shape}; one row a person, one column an item"
        )
    if x.shape[1] > x.shape[0] and not wide:
        raise ValueError(
            f"items must have no more columns (items) than rows (persons), got {x.shape}; "
            "transpose it if the axes are swapped, else say wide=True"
        )
    named = items.columns if isinstance(items, pd.DataFrame) else range(1, x.shape[1] + 1)
    return x, tuple(str(name) for name in named)


def _answered(seen: NDArray[np.bool_], names: tuple[str, ...], missing: str) -> None:
    empty = [names[j] for j in np.flatnonzero(seen.sum(axis=0) == 0)]
    if empty:
        raise ValueError(f"each item must have answers, got none for {empty}; leave such out")
    if missing == "refuse":
        raise ValueError(
            f"items must have no gaps, got {int((~seen).sum())} NaN; "
            "say missing='complete' (drop such rows) or missing='pairwise'"
        )


def _from_complete(x: Floats, mean: Floats, names: tuple[str, ...], missing: str) -> ItemCovariance:
    cov = np.zeros((x.shape[1], x.shape[1]))
    for start in range(0, len(x), BLOCK):
        centred = x[start : start + BLOCK] - mean
        cov += centred.T @ centred
    cov /= len(x) - 1
    _varies(np.diag(cov), np.abs(mean), names)
    n_pair = np.full(cov.shape, len(x), dtype=np.int64)
    return ItemCovariance(names, locked(mean), locked(cov), len(x), locked(n_pair), missing)


def _from_pairs(x: Floats, seen: NDArray[np.bool_], names: tuple[str, ...]) -> ItemCovariance:
    mean = np.nanmean(x, axis=0)
    z, m = np.where(seen, x - mean, 0.0), seen.astype(float)
    n_pair = np.rint(m.T @ m).astype(np.int64)
    if n_pair.min() < 2:
        i, j = np.unravel_index(np.argmin(n_pair), n_pair.shape)
        raise ValueError(
            f"each pair of items must share 2 persons or more, got {n_pair[i, j]} for "
            f"{names[i]!r} and {names[j]!r}; leave one of them out"
        )
    total = z.T @ m  # sum of item i over those who also answered j
    cov = (z.T @ z - total * total.T / n_pair) / (n_pair - 1)
    _varies(np.diag(cov), np.abs(mean), names)
    n = int(seen.any(axis=1).sum())
    return ItemCovariance(names, locked(mean), locked(cov), n, locked(n_pair), "pairwise")


def _varies(variance: Floats, size: Floats, names: tuple[str, ...]) -> None:
    flat = np.sqrt(np.maximum(variance, 0.0)) <= CONSTANT * np.maximum(size, 1e-300)
    constant = [names[j] for j in np.flatnonzero(flat)]
    if constant:
        raise ValueError(
            f"each item must vary, got the same answer from everyone for {constant}; "
            "leave such out: they carry no information about differences"
        )
