"""A composite of several measures for each unit: open weights, a rule for what is missing, and how far it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.ranksets import locked

HEADINGS = {"index": "综合指数", "parts": "有数的项", "weight_share": "有数项的权重"}
HEADINGS |= {"lowest_rank": "最差名次", "best_rank": "最好名次"}


@dataclass(frozen=True, slots=True, eq=False)
class UnitIndex:
    """Composite of U units, and their places under other weights.

    Attributes
    ----------
    unit : tuple of str
    index : ndarray, shape (U,)
        Weighted mean (0–100) over the parts a unit has; NaN where too much is missing.
    parts : ndarray of int, shape (U,)
        How many parts a unit has.
    weight_share : ndarray, shape (U,)
        Share of the weight of these.
    rank, best_rank, lowest_rank : ndarray, shape (U,)
        Place with the weights as given, and the best and lowest over all ``variants``; NaN without index.
    weights : dict
        As used, summing to 1.
    least : float
        Share of the weight a unit must have.
    variants : int
        Other weightings tried: each part moved up and down, each left out.
    """

    unit: tuple[str, ...]
    index: Floats
    parts: NDArray[np.int64]
    weight_share: Floats
    rank: Floats
    best_rank: Floats
    lowest_rank: Floats
    weights: dict[str, float]
    least: float
    variants: int

    def table(self) -> pd.DataFrame:
        """Return one row a unit, best first; those without an index last."""
        names = ("unit", "index", "parts", "weight_share", "rank", "best_rank", "lowest_rank")
        frame = pd.DataFrame({name: getattr(self, name) for name in names})
        return frame.sort_values(
            ["index", "unit"], ascending=[False, True], na_position="last", ignore_index=True
        )

    def _repr_html_(self) -> str:
        return table_html(self.table(), headings=HEADINGS)


def unit_index(
    parts: pd.DataFrame, *, weights: Mapping[str, float], least: float = 0.6, shift: float = 0.05
) -> UnitIndex:
    """Put several measures of each unit together, and say how far its place depends on the weights.

    Parameters
    ----------
    parts : DataFrame, shape (U, P)
        Units are rows; each column is a part on 0–100, higher is better; NaN where a unit has none.
    weights : mapping
        Part → weight, above 0; made to sum to 1.
    least : float
        A unit that has less than this share of the weight gets no index: what is missing is neither
        a nought nor a hundred. Otherwise the weights of what it has are made to sum to 1.
    shift : float
        How far each weight is moved, up and down, the others giving way in proportion.

    Returns
    -------
    UnitIndex

    Raises
    ------
    ValueError
        A column without weight or the other way round, weights of 0 or less, parts outside 0–100.

    Notes
    -----
    Weights and missing parts: OECD & JRC (2008), Handbook on constructing composite indicators,
    doi 10.1787/9789264043466-en, steps 3, 6 and 7.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [80.0, 60, np.nan], "b": [60.0, 90, 50]}, index=["甲", "乙", "丙"])
    >>> found = unit_index(parts, weights={"a": 0.5, "b": 0.5})
    >>> found.index.tolist(), found.rank.tolist(), found.lowest_rank.tolist()
    ([70.0, 75.0, nan], [2.0, 1.0, nan], [2.0, 2.0, nan])
    """
    if not isinstance(parts, pd.DataFrame):
        raise ValueError(f"parts must be a DataFrame, a column a part, got {type(parts).__name__}")
    if set(parts.columns) != set(weights):
        raise ValueError(f"every part needs a weight: parts {list(parts)}, weights {list(weights)}")
    w = np.array([weights[p] for p in parts.columns], dtype=float)
    x = parts.to_numpy(dtype=float)
    if not ((w > 0) & np.isfinite(w)).all() or not 0 <= shift < 1:
        raise ValueError(
            f"weights must be above 0 and shift at least 0 and below 1, got {w.tolist()}, {shift}"
        )
    if ((x < 0) | (x > 100)).any():
        raise ValueError(f"parts must lie between 0 and 100, got {np.nanmin(x)} to {np.nanmax(x)}")
    w /= w.sum()
    there = ~np.isnan(x)
    share = there @ w
    enough = share >= least - 1e-9
    index = np.where(enough, _mean(x, w), np.nan)
    others = _others(w, shift)
    ranks = np.array([_ranks(np.where(enough, _mean(x, v), np.nan)) for v in (w, *others)])
    seen = np.where(np.isnan(ranks), np.inf, ranks).min(axis=0)
    last = np.where(np.isnan(ranks), -np.inf, ranks).max(axis=0)
    none = np.isnan(ranks[0])
    return UnitIndex(
        unit=tuple(str(u) for u in parts.index),
        index=locked(index),
        parts=locked(there.sum(axis=1)),
        weight_share=locked(share),
        rank=locked(ranks[0]),
        best_rank=locked(np.where(none, np.nan, seen)),
        lowest_rank=locked(np.where(none, np.nan, last)),
        weights=dict(zip(map(str, parts.columns), w.tolist(), strict=True)),
        least=least,
        variants=len(others),
    )


def _mean(x: Floats, w: Floats) -> Floats:
    """Return the mean over what is there, the weights renewed; NaN where nothing with weight is."""
    weight = ~np.isnan(x) @ w
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight > 0, np.nansum(x * w, axis=1) / weight, np.nan)


def _others(w: Floats, shift: float) -> list[Floats]:
    found = []
    for i in range(len(w) if len(w) > 1 else 0):
        for new in (min(w[i] + shift, 1.0), max(w[i] - shift, 0.0), 0.0):
            moved = w * (1 - new) / (1 - w[i])
            moved[i] = new
            found.append(moved)
    return found


def _ranks(index: Floats) -> Floats:
    """Return places, 1 for the best, ties sharing the best of their places."""
    return np.asarray(pd.Series(index.round(9)).rank(ascending=False, method="min"), dtype=float)
