"""Split halves of a scale, and Guttman's lower bounds to its reliability."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.covariance import Missing, item_covariance
from zuofeng_survey.stats.ranksets import locked
from zuofeng_survey.stats.reliability import alpha_from

# All halves of up to so many items are tried: 6,435 splits of 16 items.
MOST_ITEMS = 16
BOUNDS = ("lambda1", "lambda2", "lambda3", "lambda4", "lambda5", "lambda6")


@dataclass(frozen=True, slots=True, eq=False)
class SplitHalf:
    """Reliabilities of all ways to cut a scale into two halves.

    Attributes
    ----------
    largest, smallest, mean : float
        Flanagan–Rulon reliability ``4 cov(A, B) / var(A + B)`` over all splits; for an even
        number of items the mean is Cronbach's α, and ``largest`` is Guttman's λ₄.
    first_half : tuple of str
        Items of one half of the best split.
    splits : int
        How many splits there are.
    guttman : ndarray, shape (6,)
        λ₁ to λ₆ of the covariances; λ₄ over halves of (nearly) equal size, NaN for λ₆ when an
        item is a combination of others.
    n : int
        Persons used.
    notes : tuple of str
        ``few-persons``, ``pairwise``, ``redundant-item`` (λ₆ is NaN).
    """

    largest: float
    smallest: float
    mean: float
    first_half: tuple[str, ...]
    splits: int
    guttman: Floats
    n: int
    notes: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row a bound, unrounded."""
        names = ("smallest", "mean", "largest", *BOUNDS)
        values = [self.smallest, self.mean, self.largest, *self.guttman.tolist()]
        return pd.DataFrame({"bound": names, "estimate": values})

    def _repr_html_(self) -> str:
        return table_html(self.table())


def split_half(items: ArrayLike, *, missing: Missing = "refuse", wide: bool = False) -> SplitHalf:
    """Reliability of every split into halves, and Guttman's λ₁–λ₆.

    Parameters
    ----------
    items : array_like or DataFrame, shape (persons, k)
        One row a person, one column an item; 2 to 16 items. With an odd number the halves
        differ by one item.
    missing, wide
        As :func:`.reliability.cronbach_alpha`.

    Returns
    -------
    SplitHalf

    Raises
    ------
    ValueError
        As :func:`.covariance.item_covariance`; more than 16 items.

    Notes
    -----
    Source: Guttman (1945), doi 10.1007/BF02288892; Rulon (1939); R ``psych::splitHalf``,
    ``psych::guttman`` (which standardise by default; here covariances).

    Examples
    --------
    >>> s = split_half([[1, 2, 1, 2], [2, 2, 3, 2], [3, 4, 3, 4], [4, 3, 4, 5], [4, 4, 4, 3]])
    >>> round(s.smallest, 3), round(s.mean, 3), round(s.largest, 3), s.splits
    (0.876, 0.908, 0.93, 3)
    """
    c = item_covariance(items, missing=missing, wide=wide)
    k = len(c.item)
    if k > MOST_ITEMS:
        raise ValueError(
            f"items must be {MOST_ITEMS} or fewer for all splits, got {k}; "
            "use cronbach_alpha, which is their mean"
        )
    alpha_from(c.cov)  # refuses items that cancel out
    halves = _halves(k)
    between = np.einsum("si,ij,sj->s", halves, c.cov, halves, optimize=True)
    rulon = 1 - between / c.cov.sum()
    best = int(np.argmax(rulon))
    guttman = _guttman(c.cov, float(rulon[best]))
    return SplitHalf(
        largest=float(rulon[best]),
        smallest=float(rulon.min()),
        mean=float(rulon.mean()),
        first_half=tuple(name for name, s in zip(c.item, halves[best], strict=True) if s > 0),
        splits=len(halves),
        guttman=locked(guttman),
        n=c.n,
        notes=("redundant-item",) * bool(np.isnan(guttman).any()) + c.notes,
    )


def _halves(k: int) -> NDArray[np.float64]:
    """Signs of every split into halves, each once; shape (splits, k)."""
    size = (k + 1) // 2
    chosen = combinations(range(k), size)
    rows = [h for h in chosen if k % 2 or h[0] == 0]
    signs = np.full((len(rows), k), -1.0)
    np.put_along_axis(signs, np.array(rows), 1.0, axis=1)
    return signs


def _guttman(cov: Floats, lambda4: float) -> Floats:
    k, total, own = len(cov), cov.sum(), np.diag(cov)
    off2 = cov**2 - np.diag(own**2)
    first = 1 - own.sum() / total
    second = first + np.sqrt(k / (k - 1) * off2.sum()) / total
    fifth = first + 2 * np.sqrt(off2.sum(axis=0).max()) / total
    values, vectors = np.linalg.eigh(cov)
    proper = values[0] > 1e-10 * values[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        unexplained = 1 / ((vectors**2) / values).sum(axis=1)
    sixth = 1 - unexplained.sum() / total if proper else np.nan
    return np.array([first, second, alpha_from(cov), lambda4, fifth, sixth])
