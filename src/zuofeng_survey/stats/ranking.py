"""What a bottom place rests on, and the door to the rank sets.

Three sets, not one: who cannot be excluded from the bottom k, who is certainly in it, and whether
the observed bottom k is verified as a set. Most ballots cannot support a consequence; this says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.checks import check_k
from zuofeng_survey.stats.composite import Composite, Floats, composite
from zuofeng_survey.stats.cores import on_one_core
from zuofeng_survey.stats.products import lean
from zuofeng_survey.stats.ranksets import (
    RankSets,
    check_draws,
    locked,
    rank_sets,
    rank_sets_from,
    ranked,
    standardised,
    tolerance,
)
from zuofeng_survey.stats.spread import class_spread
from zuofeng_survey.stats.stepdown import quantile
from zuofeng_survey.stats.wild import BLOCK, Signs, draw_signs, pair_variance, wild_rows

__all__ = ["BottomSets", "RankSets", "bottom_sets", "rank_sets", "rank_sets_from"]

GAP_SHRINK = 0.0
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class BottomSets:
    """What can be said about the bottom k of N targets.

    Attributes
    ----------
    observed : ndarray of bool, shape (N,)
        The observed bottom k, with all that tie at the cut.
    cannot_exclude, certain : ndarray of bool, shape (N,)
        Whose rank set reaches into the bottom k; whose rank set lies wholly in it.
    verified : bool
        Whether the data support the observed bottom k as a set: every member is below every
        other target in a two-sided test. Never when targets tie at the cut.
    p_value : float
        Of that test: the larger of pooled t and wild, at the pair hardest to tell apart.
    gap, gap_needed : float
        Score difference of that pair, and what would have been needed; unit of the scores.
    gap_pair : tuple of str
        That pair: the member of the bottom k, then the other.
    p_bottom : ndarray, shape (N,)
        Share of resampled panels (voters drawn again within class) whose bottom k holds the
        target, ties shared. It describes how repeatable the place is with voters like these;
        it is no probability that the target is truly among the worst.
    tied_at_cut : bool
        Whether targets tie at the cut, so that more than k are observed.
    sets : RankSets
        The rank sets behind ``cannot_exclude`` and ``certain``.
    """

    unit: tuple[str, ...]
    k: int
    observed: Flags
    cannot_exclude: Flags
    certain: Flags
    verified: bool
    p_value: float
    gap: float
    gap_needed: float
    gap_pair: tuple[str, str]
    p_bottom: Floats
    tied_at_cut: bool
    coverage: float
    draws: int
    seed: int
    sets: RankSets
    notes: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row a target, in the order given, unrounded."""
        flags = ("observed", "cannot_exclude", "certain", "p_bottom")
        return self.sets.table().assign(**{name: getattr(self, name) for name in flags})

    def _repr_html_(self) -> str:
        return table_html(self.table())


@on_one_core
def bottom_sets(
    scores: ArrayLike,
    voter_class: Sequence[object] | ArrayLike,
    *,
    k: int,
    weights: Mapping[str, float],
    coverage: float = 0.95,
    draws: int = 9999,
    seed: int,
) -> BottomSets:
    """Who is in the bottom k, who cannot be excluded from it, and whether the set is verified.

    Parameters
    ----------
    scores, voter_class, weights, coverage, draws, seed
        As :func:`rank_sets`; the columns of a DataFrame name the targets.
    k : int
        Size of the bottom set, from 1 to N − 1.

    Returns
    -------
    BottomSets
        The test of the observed set has level ``1 − coverage``, two-sided, without a factor for
        the number of targets; p is the larger of the pooled t and the wild test, over all pairs
        of a member and another target.

    Raises
    ------
    ValueError
        As :func:`rank_sets`; k out of range.

    Notes
    -----
    Source: METHODS (b); Hung & Fithian (2019), arXiv 1610.03944; Sood (2025), arXiv 2503.01065.

    Examples
    --------
    >>> ballots = [[95, 80, 40]] * 5 + [[80, 95, 40]] * 5 + [[80, 80, 65]] * 5
    >>> bottom = bottom_sets(ballots, ["A"] * 15, k=1, weights={"A": 1}, draws=999, seed=1)
    >>> bottom.verified, bottom.observed.tolist(), bottom.p_bottom.tolist()
    (True, [False, False, True], [0.0, 0.0, 1.0])
    """
    check_draws(coverage, draws, seed)
    panel = composite(scores, voter_class, weights=weights)
    n = len(panel.unit)
    check_k(k, n)
    signs = draw_signs(panel, draws, seed)
    with ThreadPoolExecutor(1) as beside:  # drawing panels again takes as long as all the rest
        p_bottom = beside.submit(_resampled, panel, k, draws=draws, seed=seed)
        sets = ranked(panel, signs, coverage=coverage)
        observed, tied, test = cut_test(panel, signs, k=k, coverage=coverage)
    return BottomSets(
        unit=panel.unit,
        k=k,
        observed=locked(observed),
        cannot_exclude=locked(sets.upper >= n - k + 1),
        certain=locked(sets.lower >= n - k + 1),
        verified=test.p_value <= 1 - coverage + 1e-12,
        p_value=test.p_value,
        gap=test.gap,
        gap_needed=test.needed,
        gap_pair=(panel.unit[test.low], panel.unit[test.high]),
        p_bottom=locked(p_bottom.result()),
        tied_at_cut=tied,
        coverage=coverage,
        draws=sets.draws,
        seed=seed,
        sets=sets,
        notes=sets.notes + ("tie-at-cut",) * tied,
    )


class Gap(NamedTuple):
    """The test of the pair hardest to tell apart; ``low`` and ``high`` are its indices."""

    p_value: float
    gap: float
    needed: float
    low: int
    high: int


def cut_test(panel: Composite, signs: Signs, *, k: int, coverage: float) -> tuple[Flags, bool, Gap]:
    """Return the observed bottom k, whether it ties at the cut, and the test of its gap.

    Where targets tie, no set can be told: the gap is 0 and p is 1.
    """
    theta = panel.estimate
    cut, near = np.sort(theta)[k - 1], tolerance(theta)
    observed, at_cut = theta <= cut + near, np.abs(theta - cut) <= near
    tied = int(observed.sum()) > k
    low = np.flatnonzero(at_cut)[:1] if tied else np.flatnonzero(observed)
    high = np.flatnonzero(at_cut)[1:] if tied else np.flatnonzero(~observed)
    test = _gap_test(panel, low, high, coverage=coverage, signs=signs)
    return observed, tied, test._replace(p_value=1.0, gap=0.0) if tied else test


def _gap_test(panel: Composite, low: Ints, high: Ints, *, coverage: float, signs: Signs) -> Gap:
    """Test the smallest standardised gap between ``low`` and ``high``; it speaks for the set.

    Pooled t is valid for all pairs at once (p falls as t grows); the wild p guards it against
    classes of unequal spread, and a tiny class that grades more coarsely than the others counts
    with its own spread. p is no smaller than that of a unanimous sign test over the voters.
    """
    theta, s2 = panel.estimate, pair_variance(panel, shrink=GAP_SHRINK)
    t = standardised(theta, s2)[np.ix_(high, low)].T
    a, b = np.unravel_index(np.argmin(t), t.shape)
    i, j = int(low[a]), int(high[b])
    gap, s = float(theta[j] - theta[i]), float(np.sqrt(s2[i, j]))
    n_voters, df = (int(min(x[i], x[j])) for x in (panel.counts.sum(axis=0), panel.df))
    if df == 0 or s2.max() <= tolerance(theta) ** 2:
        p = 1.0 if df == 0 else min(2.0 ** (1 - n_voters), 1.0)
        return Gap(p, gap, 0.0 if p <= 1 - coverage else np.inf, i, j)
    rows = wild_rows(panel, signs, shrink=GAP_SHRINK)
    redrawn = np.concatenate([np.abs(row(i, np.array([j])))[0] for row in rows])
    beyond = int((redrawn >= t[a, b] * (1 - 1e-12)).sum()) + (not signs.exact)
    p_wild = beyond / (len(redrawn) + (not signs.exact))
    wider = _wider(panel, i, j)
    p = max(p_wild, float(2 * stats.t.sf(t[a, b] / wider, df)), 2.0 ** (1 - n_voters))
    pooled = wider * float(stats.t.isf((1 - coverage) / 2, df))
    needed = s * max(quantile(redrawn, coverage, exact=signs.exact), pooled)
    return Gap(min(p, 1.0), gap, needed, i, j)


def _wider(panel: Composite, i: int, j: int) -> float:
    """Return by how much coarse tiny classes widen the standard error of a difference."""
    share = (panel.weight**2 / np.maximum(panel.counts, 1))[:, [i, j]].sum(axis=1)
    return float(np.sqrt(np.average(class_spread(panel), weights=share)))


def _resampled(panel: Composite, k: int, *, draws: int, seed: int) -> Floats:
    """Share of panels, voters drawn again within class, whose bottom k holds each target.

    A cell that loses all its ratings in a draw keeps its class mean.
    """
    rng = np.random.default_rng([seed, 1])
    share = np.zeros(len(panel.unit))
    near, classes = (
        tolerance(panel.estimate),
        [panel.member == c for c in range(len(panel.classes))],
    )
    seen = [lean(panel.seen[v].astype(float)) for v in classes]
    residual = [lean(panel.residual[v]) for v in classes]
    for start in range(0, draws, BLOCK):
        b = min(BLOCK, draws - start)
        theta = np.repeat(panel.estimate[None, :], b, axis=0)
        for c, weight in enumerate(panel.weight):
            v = classes[c].sum()
            times = rng.multinomial(v, np.full(v, 1 / v), size=b).astype(float)
            n = times @ seen[c] if not panel.complete else np.full((1, 1), float(v))
            theta += weight * (times @ residual[c]) / np.maximum(n, 1.0)
        cut = np.partition(theta, k - 1, axis=1)[:, k - 1 : k]
        below, tied = theta < cut - near, np.abs(theta - cut) <= near
        left = k - below.sum(axis=1, keepdims=True)
        share += (below + tied * left / tied.sum(axis=1, keepdims=True)).sum(axis=0)
    return share / draws
