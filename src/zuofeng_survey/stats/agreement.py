"""Agreement of raters about an order (Kendall's W) and about a mark (r_wg)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.icc import rating_array
from zuofeng_survey.stats.ranksets import locked

# Variance on five choices of the slightly skewed distribution of James, Demaree & Wolf (1984).
SLIGHT_SKEW = 1.34
NULLS = ("uniform", "triangular", "slight-skew")


@dataclass(frozen=True, slots=True, eq=False)
class KendallW:
    """Kendall's coefficient of concordance.

    Attributes
    ----------
    estimate : float
        W: 0 no common order, 1 the same order from everyone; corrected for ties.
    chi2, df, p_value
        Friedman's test that the raters have no common order.
    f, df1, df2, p_value_f : float
        The same by an F distribution, closer than χ² with few targets or raters.
    mean_rank : ndarray, shape (N,)
        Mean rank of each target, the highest score having rank 1.
    target : tuple of str
        Names of the targets.
    n_raters : int
        Raters, of whom ``all_tied`` rated every target alike and say nothing.
    all_tied : int
        See above.
    notes : tuple of str
        ``few-raters`` (under 8, with under 8 targets: prefer ``p_value_f``), ``all-tied``.
    """

    estimate: float
    chi2: float
    df: int
    p_value: float
    f: float
    df1: float
    df2: float
    p_value_f: float
    mean_rank: Floats
    target: tuple[str, ...]
    n_raters: int
    all_tied: int
    notes: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row a target, unrounded."""
        return pd.DataFrame({"target": self.target, "mean_rank": self.mean_rank})

    def summary(self) -> pd.DataFrame:
        """Return one row with W and its tests, unrounded."""
        names = ("estimate", "chi2", "df", "p_value", "f", "df1", "df2", "p_value_f", "n_raters")
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def _repr_html_(self) -> str:
        return table_html(self.summary()) + table_html(self.table())


def kendall_w(scores: ArrayLike) -> KendallW:
    """Kendall's W of V raters over N targets, corrected for ties.

    Parameters
    ----------
    scores : array_like or DataFrame, shape (V, N)
        One row a rater, one column a target, higher is better; no gaps.

    Returns
    -------
    KendallW

    Raises
    ------
    ValueError
        As :func:`.icc.icc`; missing ratings; every rater rates all targets alike.

    Notes
    -----
    ``W = 12 S / (V² (N³ − N) − V Σ (t³ − t))``, ``χ² = V (N − 1) W``.
    Source: Kendall & Babington Smith (1939), doi 10.1214/aoms/1177732186; Legendre (2005), doi
    10.1198/108571105X46642 (F); R ``irr::kendall(t(scores), correct = TRUE)``.

    Examples
    --------
    >>> w = kendall_w([[1, 2, 3, 4], [1, 3, 2, 4], [2, 1, 3, 4]])
    >>> round(w.estimate, 4), w.mean_rank.round(2).tolist()
    (0.7778, [3.67, 3.0, 2.33, 1.0])
    """
    y = rating_array(scores)
    if np.isnan(y).any():
        raise ValueError(
            f"scores must have no gaps, got {int(np.isnan(y).sum())}; use icc or "
            "krippendorff_alpha, which can do with gaps"
        )
    v, n = y.shape
    ranks = stats.rankdata(-y, axis=1)
    ties = np.array([_tie_sum(row) for row in y])
    sums = ranks.sum(axis=0)
    spread = float(((sums - sums.mean()) ** 2).sum())
    most = v**2 * (n**3 - n) - v * ties.sum()
    if most <= 0:
        raise ValueError("scores must differ within raters, got all targets alike from everyone")
    w = min(float(12 * spread / most), 1.0)
    df1 = n - 1 - 2 / v
    f = (v - 1) * w / (1 - w) if w < 1 else np.inf
    named = scores.columns if isinstance(scores, pd.DataFrame) else range(1, n + 1)
    tied = int((ties == n**3 - n).sum())
    few = ("few-raters",) * (v < 8 and n < 8)
    return KendallW(
        estimate=w,
        chi2=v * (n - 1) * w,
        df=n - 1,
        p_value=float(stats.chi2.sf(v * (n - 1) * w, n - 1)),
        f=float(f),
        df1=df1,
        df2=(v - 1) * df1,
        p_value_f=float(stats.f.sf(f, df1, (v - 1) * df1)) if df1 > 0 else 1.0,
        mean_rank=locked(sums / v),
        target=tuple(str(t) for t in named),
        n_raters=v,
        all_tied=tied,
        notes=few + ("all-tied",) * bool(tied),
    )


def _tie_sum(row: Floats) -> float:
    counts = np.unique(row, return_counts=True)[1].astype(float)
    return float((counts**3 - counts).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Rwg:
    """Within-group agreement r_wg about each target.

    Attributes
    ----------
    target : tuple of str
        Names of the targets.
    estimate : ndarray, shape (N,)
        1 − observed variance over that of ratings without agreement; 0 where raters differ more
        than that (``raw`` is then negative).
    raw : ndarray, shape (N,)
        The same before setting negative values to 0.
    variance : ndarray, shape (N,)
        Variance between raters, mean over items; squared units of the score.
    n : ndarray of int, shape (N,)
        Raters of each target (the fewest over items).
    null_variance : float
        Variance without agreement.
    items : int
        Items, 1 or more.
    """

    target: tuple[str, ...]
    estimate: Floats
    raw: Floats
    variance: Floats
    n: NDArray[np.int64]
    null_variance: float
    items: int

    def table(self) -> pd.DataFrame:
        """Return one row a target, unrounded."""
        names = ("target", "estimate", "raw", "variance", "n")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def _repr_html_(self) -> str:
        return table_html(self.table())


def r_wg(
    scores: ArrayLike,
    *,
    choices: int,
    null: Literal["uniform", "triangular", "slight-skew"] | float = "uniform",
) -> Rwg:
    """r_wg for each target, over one item or several parallel ones.

    Parameters
    ----------
    scores : array_like or DataFrame, shape (V, N) or (V, N, M)
        Raters, targets and, if three-dimensional, items, as grades one unit apart; NaN where
        there is no rating.
    choices : int
        Grades of the scale, 2 or more: 4 for four grades, used or not.
    null : {"uniform", "triangular", "slight-skew"} or float
        What ratings without agreement would look like, or their variance. Ratings that huddle
        at the top look like agreement under ``uniform``: compare ``slight-skew``, which is
        tabled for five choices only.

    Returns
    -------
    Rwg

    Raises
    ------
    ValueError
        Shape; infinite scores; scores further apart than the choices allow; a target with fewer
        than two raters on an item; choices or null out of range.

    Notes
    -----
    ``r_wg(J) = J (1 − s²/σ²) / (J (1 − s²/σ²) + s²/σ²)``, s² the mean variance over J items.
    Source: James, Demaree & Wolf (1984), doi 10.1037/0021-9010.69.1.85; LeBreton & Senter (2008),
    doi 10.1177/1094428106296642; R ``multilevel::rwg``, ``rwg.j``.

    Examples
    --------
    >>> r_wg([[4, 1], [4, 2], [3, 3], [4, 4]], choices=4).estimate.round(3).tolist()
    [0.8, 0.0]
    """
    y = np.asarray(scores, dtype=float)
    if y.ndim not in (2, 3) or 0 in y.shape or np.isinf(y).any():
        raise ValueError(f"scores must be (V, N) or (V, N, M), finite or NaN, got shape {y.shape}")
    expected = _null_variance(choices, null)
    if np.nanmax(y, initial=-np.inf) - np.nanmin(y, initial=np.inf) > choices - 1 + 1e-9:
        raise ValueError(
            f"scores must be grades one unit apart within {choices} choices, got a wider range; "
            "take the grades 1, 2, 3, …, not their points"
        )
    cells = y if y.ndim == 3 else y[:, :, None]
    n = (~np.isnan(cells)).sum(axis=0)
    if n.min() < 2:
        few = np.flatnonzero(n.min(axis=1) < 2) + 1
        raise ValueError(f"each target must have 2 raters or more, got fewer for {few.tolist()}")
    variance = np.nanvar(cells, axis=0, ddof=1).mean(axis=1)
    j, share = cells.shape[2], variance / expected
    bottom = j * (1 - share) + share
    raw = np.where(share >= 1, 1 - share, j * (1 - share) / np.where(bottom > 0, bottom, 1.0))
    named = scores.columns if isinstance(scores, pd.DataFrame) else range(1, y.shape[1] + 1)
    return Rwg(
        target=tuple(str(t) for t in named),
        estimate=locked(np.maximum(raw, 0.0)),
        raw=locked(raw),
        variance=locked(variance),
        n=locked(n.min(axis=1)),
        null_variance=expected,
        items=j,
    )


def _null_variance(choices: int, null: str | float) -> float:
    if not isinstance(choices, int | np.integer) or choices < 2:
        raise ValueError(f"choices must be a whole number of 2 or more, got {choices!r}")
    if not isinstance(null, str):
        if not (np.isfinite(null) and null > 0):
            raise ValueError(f"null must be a positive variance, got {null!r}")
        return float(null)
    if null == "uniform":
        return (choices**2 - 1) / 12
    if null == "triangular":
        return (
            (choices - 1) * (choices + 3) / 24
            if choices % 2
            else (choices**2 + 2 * choices - 2) / 24
        )
    if null == "slight-skew" and choices == 5:
        return SLIGHT_SKEW
    raise ValueError(
        f"null must be one of {', '.join(NULLS)} or a variance, got {null!r} for {choices} choices; "
        "slight-skew is tabled for 5 choices: give its variance as a number"
    )
