"""Which of several things is named most: exact sets of ranks for counts of mentions.

"What concerns you most?" gives counts that compete for the same people. Two things are compared
among those who named one of them and not the other: if both were named equally often, each of
these would fall to either side like a fair coin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.comparisons import holm
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.intervals import check_coverage
from zuofeng_survey.stats.ranksets import locked

Ints = NDArray[np.int64]
Correction = Literal["holm", "bonferroni"]


@dataclass(frozen=True, slots=True, eq=False)
class ShareRanks:
    """Ranks of things by how often they were named, with the ranks that cannot be ruled out.

    Attributes
    ----------
    unit : tuple of str
        What was named.
    count : ndarray of int, shape (N,)
        How many named each.
    share : ndarray, shape (N,)
        Of all who answered.
    rank, lower, upper : ndarray of int, shape (N,)
        Observed rank (1 is named most, ties share the better one); ranks not ruled out.
    n : int
        How many answered.
    coverage : float
        Probability that all sets hold at once (each by itself, if ``marginal``).
    correction : str
        For the number of comparisons.
    marginal : bool
        Whether each set stands by itself.
    """

    unit: tuple[str, ...]
    count: Ints
    share: Floats
    rank: Ints
    lower: Ints
    upper: Ints
    n: int
    coverage: float
    correction: str
    marginal: bool

    def table(self) -> pd.DataFrame:
        """Return one row a thing, in the order given, unrounded."""
        names = ("unit", "count", "share", "rank", "lower", "upper")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def _repr_html_(self) -> str:
        return table_html(self.table())


def share_rank_sets(
    counts: ArrayLike,
    *,
    coverage: float = 0.95,
    correction: Correction = "holm",
    marginal: bool = False,
) -> ShareRanks:
    """Exact rank sets from how many people named each thing, when everybody names one.

    Parameters
    ----------
    counts : array_like or Series of int, shape (N,)
        People who named each thing; the index of a Series names them.
    coverage : float
        Probability that all sets hold at once.
    correction : {"holm", "bonferroni"}
        For the number of comparisons.
    marginal : bool
        Sets that each hold by themselves, for one thing chosen before looking.

    Returns
    -------
    ShareRanks

    Raises
    ------
    ValueError
        Counts that are not whole numbers of zero or more, fewer than two things, nobody.

    Notes
    -----
    Exact binomial tests of ordered pairs, at every sample size. Where people may name several
    things, use :func:`mention_rank_sets`. Source: Bazylik, Mogstad, Romano, Shaikh & Wilhelm
    (2021), NBER working paper 29519; R ``csranks::csranks_multinom``.

    Examples
    --------
    >>> ranks = share_rank_sets([108, 286, 71, 127])
    >>> ranks.rank.tolist(), ranks.lower.tolist(), ranks.upper.tolist()
    ([3, 1, 4, 2], [2, 1, 4, 2], [3, 1, 4, 3])
    """
    unit = counts.index if isinstance(counts, pd.Series) else range(1, np.size(counts) + 1)
    x = np.asarray(counts, dtype=float)
    if x.ndim != 1 or len(x) < 2 or not (np.isfinite(x) & (x >= 0) & (x == np.floor(x))).all():
        raise ValueError(
            f"counts must be two or more whole numbers of zero or more, got {counts!r}"
        )
    if not x.sum():
        raise ValueError("counts must be of someone, got zeros only; there is nothing to rank")
    whole = x.astype(np.int64)
    only = np.repeat(whole[:, None], len(x), axis=1)
    return _ranks(
        list(unit), only, whole, n=int(whole.sum()), coverage=coverage, correction=correction,
        marginal=marginal,
    )  # fmt: skip


def mention_rank_sets(
    mentions: ArrayLike,
    *,
    coverage: float = 0.95,
    correction: Correction = "holm",
    marginal: bool = False,
) -> ShareRanks:
    """Exact rank sets from who named what, when people may name several things.

    Parameters
    ----------
    mentions : array_like or DataFrame of bool, shape (persons, N)
        Whether each person named each thing; the columns of a DataFrame name them.
    coverage, correction, marginal
        As :func:`share_rank_sets`.

    Returns
    -------
    ShareRanks

    Raises
    ------
    ValueError
        Not a table of zeros and ones with two or more columns; nobody named anything.

    Notes
    -----
    Who named both of two things, or neither, says nothing about which is named more: the exact
    McNemar test of each ordered pair. With one mention a person it is :func:`share_rank_sets`.
    Source: McNemar (1947), doi 10.1007/BF02295996.

    Examples
    --------
    >>> import pandas as pd
    >>> named = pd.DataFrame({"road": [1] * 12, "light": [1] + [0] * 11})
    >>> mention_rank_sets(named).table()[["unit", "count", "lower", "upper"]].values.tolist()
    [['road', 12, 1, 1], ['light', 1, 2, 2]]
    """
    is_named = isinstance(mentions, pd.DataFrame)
    if np.ndim(mentions) != 2:
        raise ValueError(
            f"mentions must be a (persons, things) table, got {np.ndim(mentions)} axes"
        )
    table = mentions if is_named else pd.DataFrame(np.asarray(mentions))
    x = table.to_numpy(dtype=float)
    if x.ndim != 2 or x.shape[1] < 2 or not np.isin(x, (0.0, 1.0)).all():
        raise ValueError(
            f"mentions must be a (persons, things) table of 0 and 1, two things or more, got {x.shape}"
        )
    if not x.any():
        raise ValueError("someone must have named something, got zeros only; nothing to rank")
    both = x.T @ x
    count = np.diag(both)
    only = np.rint(count[:, None] - both).astype(np.int64)
    whole = np.rint(count).astype(np.int64)
    return _ranks(
        list(table.columns), only, whole, n=len(x), coverage=coverage, correction=correction,
        marginal=marginal,
    )  # fmt: skip


def _ranks(
    unit: Sequence[object],
    only: Ints,
    count: Ints,
    *,
    n: int,
    coverage: float,
    correction: str,
    marginal: bool,
) -> ShareRanks:
    """Test each ordered pair; ``only[i, j]`` named i and not j."""
    check_coverage(coverage)
    if correction not in ("holm", "bonferroni"):
        raise ValueError(f"correction must be 'holm' or 'bonferroni', got {correction!r}")
    p = stats.binom.sf(only - 1, only + only.T, 0.5)
    size, pairs = len(count), ~np.eye(len(count), dtype=bool)
    if marginal:
        lower, upper = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
        for j in range(size):
            own = np.arange(size) == j
            family = pairs & (own[:, None] | own)
            told = _rejected(p, family, 1 - coverage, correction)
            lower[j], upper[j] = 1 + told[:, j].sum(), size - told[j].sum()
    else:
        above = _rejected(p, pairs, 1 - coverage, correction)
        lower, upper = 1 + above.sum(axis=0), size - above.sum(axis=1)
    return ShareRanks(
        unit=tuple(str(u) for u in unit),
        count=locked(count.copy()),
        share=locked(count / n),
        rank=locked(1 + (count[None, :] > count[:, None]).sum(axis=1)),
        lower=locked(lower),
        upper=locked(upper),
        n=n,
        coverage=coverage,
        correction=correction,
        marginal=marginal,
    )


def _rejected(
    p: Floats, family: NDArray[np.bool_], level: float, correction: str
) -> NDArray[np.bool_]:
    found = np.zeros_like(family)
    tested = p[family]
    adjusted = holm(tested) if correction == "holm" else tested * len(tested)
    found[family] = adjusted <= level + 1e-12
    return found
