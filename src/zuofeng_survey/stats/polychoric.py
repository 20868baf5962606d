"""Correlations of the continuous judgements behind ordinal grades, and ordinal α."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.covariance import item_array
from zuofeng_survey.stats.omega import one_factor
from zuofeng_survey.stats.ranksets import locked
from zuofeng_survey.stats.reliability import alpha_from, without_each

MOST_GRADES = 20
# A correlation that would go beyond is held here: the table is (nearly) degenerate.
EDGE = 0.999
STEPS = 100
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(48)


@dataclass(frozen=True, slots=True, eq=False)
class Polychoric:
    """Polychoric correlations of k ordinal items.

    Attributes
    ----------
    item : tuple of str
        Names of the items.
    cor : ndarray, shape (k, k)
        Correlations of the normal variables behind the grades.
    threshold : tuple of ndarray
        For each item its cut points on that variable, one fewer than its grades.
    grade : tuple of ndarray
        For each item the grades that occur, from low to high.
    ordinal_alpha : float
        Cronbach's α of these correlations; what α would be if judgements were not cut into
        grades. It describes the scale behind the scores, not the sum of the grades as scored.
    n_pair : ndarray of int, shape (k, k)
        Persons behind each correlation.
    notes : tuple of str
        ``at-edge`` (a correlation held at ±.999: empty cells leave it undetermined),
        ``not-positive-definite``, ``few-persons``, ``pairwise``.
    """

    item: tuple[str, ...]
    cor: Floats
    threshold: tuple[Floats, ...]
    grade: tuple[Floats, ...]
    ordinal_alpha: float
    n_pair: NDArray[np.int64]
    notes: tuple[str, ...]

    @property
    def ordinal_omega(self) -> float:
        """ω of one factor (minres) behind these correlations, as ``ordinal_alpha``.

        ValueError for fewer than three items or correlations that are not positive definite.
        """
        if len(self.item) < 3:
            raise ValueError(f"items must be 3 or more for one factor, got {len(self.item)}; use α")
        unique = one_factor(self.cor, method="minres").uniqueness
        return float(1 - unique.sum() / self.cor.sum())

    @property
    def r_drop(self) -> Floats:
        """Correlation of what is behind each item with the sum of the rest; shape (k,)."""
        total = self.cor.sum(axis=1)
        return (total - 1) / np.sqrt(self.cor.sum() - 2 * total + 1)

    @property
    def if_dropped(self) -> Floats:
        """``ordinal_alpha`` without each item, NaN with two items; shape (k,)."""
        return without_each(self.cor)

    def table(self) -> pd.DataFrame:
        """Return the correlations, one row and one column an item, unrounded."""
        return pd.DataFrame(self.cor, columns=list(self.item)).assign(item=self.item)

    def _repr_html_(self) -> str:
        return table_html(self.table())


def polychoric(items: ArrayLike, *, wide: bool = False) -> Polychoric:
    """Two-step polychoric correlations and ordinal α.

    Parameters
    ----------
    items : array_like or DataFrame, shape (persons, k)
        Grades as numbers, one row a person, one column an item, up to 20 grades an item; NaN
        where there is no answer: each correlation uses the persons with both.
    wide : bool
        Accept more items than persons.

    Returns
    -------
    Polychoric

    Raises
    ------
    ValueError
        Shape as for :func:`.covariance.item_covariance`; infinite grades; an item with one grade
        only or more than 20; a pair that nobody answered or in which one item does not vary.

    Notes
    -----
    Thresholds come from each item's margin, then each correlation from its table by maximum
    likelihood (Fisher scoring), without a correction for empty cells.
    Source: Olsson (1979), doi 10.1007/BF02296207; Zumbo, Gadermann & Zeisser (2007), doi
    10.22237/jmasm/1177992180; R ``psych::polychoric(x, correct = 0)``.

    Examples
    --------
    >>> p = polychoric(np.repeat([[1, 1], [1, 2], [2, 1], [2, 2]], [40, 10, 10, 40], axis=0))
    >>> round(float(p.cor[0, 1]), 4)
    0.809
    """
    x, names = item_array(items, wide=wide)
    if np.isinf(x).any():
        raise ValueError("items must be finite or NaN, got infinity; mark a gap as NaN")
    codes, grades = _coded(x, names)
    cuts = tuple(_cuts(codes[:, j], len(g)) for j, g in enumerate(grades))
    k = len(names)
    cor, n_pair, edge = np.eye(k), np.zeros((k, k), dtype=np.int64), False
    np.fill_diagonal(n_pair, (codes >= 0).sum(axis=0))
    for i in range(k):
        for j in range(i):
            table = _table(codes, (i, j), names, shape=(len(grades[i]), len(grades[j])))
            cor[i, j] = cor[j, i] = _correlation(table, cuts[i], cuts[j])
            n_pair[i, j] = n_pair[j, i] = int(table.sum())
            edge |= abs(cor[i, j]) >= EDGE
    said = {
        "at-edge": edge,
        "not-positive-definite": np.linalg.eigvalsh(cor)[0] <= 1e-10,
        "few-persons": n_pair.min() < 30,
        "pairwise": bool((n_pair != len(x)).any()),
    }
    return Polychoric(
        item=names,
        cor=locked(cor),
        threshold=tuple(locked(c) for c in cuts),
        grade=tuple(locked(g) for g in grades),
        ordinal_alpha=alpha_from(cor),
        n_pair=locked(n_pair),
        notes=tuple(code for code, true in said.items() if true),
    )


def binormal(h: ArrayLike, k: ArrayLike, *, rho: float) -> Floats:
    """Return ``P(X ≤ h, Y ≤ k)`` of standard normals with correlation rho; h and k broadcast.

    Source: Drezner & Wesolowsky (1990), doi 10.1080/00949659008811236.

    >>> float(binormal(0.0, 0.0, rho=0.5).round(12))
    0.333333333333
    """
    if (
        not abs(rho) <= 1
        or np.isnan(np.asarray(h, float)).any()
        or np.isnan(np.asarray(k, float)).any()
    ):
        raise ValueError(
            f"rho must be from -1 to 1 and h and k numbers, got rho {rho}, h {h}, k {k}"
        )
    if np.size(h) == 0 or np.size(k) == 0:
        raise ValueError(f"h and k must hold numbers, got shapes {np.shape(h)} and {np.shape(k)}")
    h, k = np.broadcast_arrays(np.clip(h, -9.0, 9.0), np.clip(k, -9.0, 9.0))
    half = np.arcsin(rho) / 2
    angle = half * (NODES + 1)
    h_, k_ = h[..., None], k[..., None]
    power = (h_**2 - 2 * h_ * k_ * np.sin(angle) + k_**2) / (2 * np.cos(angle) ** 2)
    area = half * (NODE_WEIGHTS * np.exp(-power)).sum(axis=-1) / (2 * np.pi)
    return np.clip(special.ndtr(h) * special.ndtr(k) + area, 0.0, 1.0)


def _coded(
    x: Floats, names: tuple[str, ...]
) -> tuple[NDArray[np.int64], tuple[NDArray[np.float64], ...]]:
    """Grades as 0, 1, … within each item, −1 for a gap."""
    codes, grades = np.full(x.shape, -1), []
    for j, name in enumerate(names):
        seen = ~np.isnan(x[:, j])
        found, codes[seen, j] = np.unique(x[seen, j], return_inverse=True)
        if not 2 <= len(found) <= MOST_GRADES:
            raise ValueError(
                f"each item must have 2 to {MOST_GRADES} grades in use, got {len(found)} for "
                f"{name!r}; leave it out, or take cronbach_alpha for measurements"
            )
        grades.append(found)
    return codes, tuple(grades)


def _cuts(code: NDArray[np.int64], n_grades: int) -> Floats:
    share = np.bincount(code[code >= 0], minlength=n_grades) / (code >= 0).sum()
    return special.ndtri(np.cumsum(share)[:-1])


def _table(
    codes: NDArray[np.int64], pair: tuple[int, int], names: tuple[str, ...], *, shape: tuple
) -> Floats:
    a, b = codes[:, pair[0]], codes[:, pair[1]]
    both = (a >= 0) & (b >= 0)
    table = np.bincount(a[both] * shape[1] + b[both], minlength=shape[0] * shape[1])
    table = table.reshape(shape).astype(float)
    if min((table.sum(axis=axis) > 0).sum() for axis in (0, 1)) < 2:
        raise ValueError(
            "items of a pair must both vary among the persons who answered both, got "
            f"{names[pair[0]]!r} and {names[pair[1]]!r} which do not; leave one out"
        )
    return table


class _Cells(NamedTuple):
    """Probabilities of a table's cells, and their slopes in the correlation."""

    p: Floats
    slope: Floats


def _cells(a: Floats, b: Floats, rho: float) -> _Cells:
    h, k = np.r_[-9.0, a, 9.0][:, None], np.r_[-9.0, b, 9.0][None, :]
    rest = 1 - rho**2
    density = np.exp(-(h**2 - 2 * rho * h * k + k**2) / (2 * rest)) / (2 * np.pi * np.sqrt(rest))
    below = binormal(h, k, rho=rho)
    p, slope = (np.diff(np.diff(m, axis=0), axis=1) for m in (below, density))
    return _Cells(np.maximum(p, 1e-14), slope)


def _correlation(table: Floats, a: Floats, b: Floats) -> float:
    """Fisher scoring, halved whenever the likelihood would fall."""
    n, rho = table.sum(), 0.0
    cells = _cells(a, b, rho)
    best = (table * np.log(cells.p)).sum()
    for _ in range(STEPS):
        score = (table * cells.slope / cells.p).sum()
        step = score / (n * (cells.slope**2 / cells.p).sum())
        for halving in range(30):
            new = float(np.clip(rho + step / 2**halving, -EDGE, EDGE))
            tried = _cells(a, b, new)
            value = (table * np.log(tried.p)).sum()
            if value >= best:
                break
        else:
            return rho
        moved, rho, cells, best = abs(new - rho), new, tried, value
        if moved < 1e-9:
            return rho
    return rho
