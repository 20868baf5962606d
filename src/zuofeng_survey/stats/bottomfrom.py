"""The bottom k from estimates and their covariance: pools that voted apart, years together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from zuofeng_survey.stats.checks import check_k
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.cores import on_one_core
from zuofeng_survey.stats.ranking import BottomSets
from zuofeng_survey.stats.ranksets import estimates, locked, rank_sets_from, standardised, tolerance

BLOCK = 1000


@on_one_core
def bottom_sets_from(
    estimate: ArrayLike,
    cov: ArrayLike,
    *,
    k: int,
    df: float | None = None,
    coverage: float = 0.95,
    draws: int = 9999,
    seed: int,
) -> BottomSets:
    """Say of the bottom k of N estimates what :func:`.ranking.bottom_sets` says of ballots.

    Parameters
    ----------
    estimate : array_like or Series, shape (N,)
        Higher is better; the index of a Series names the targets.
    cov : array_like, shape (N, N) or (N,)
        Their covariance, block-diagonal where targets were rated by different voters; a vector
        means independent estimates with these variances.
    k : int
        Size of the bottom set, from 1 to N − 1.
    df : float, optional
        Degrees of freedom of the covariance; the smallest of any block is on the safe side.
    coverage, draws, seed
        As :func:`.ranksets.rank_sets_from`.

    Returns
    -------
    BottomSets
        ``p_bottom`` is the share of normal (t with ``df``) draws about the estimates whose bottom
        k holds the target.

    Raises
    ------
    ValueError
        As ``rank_sets_from``; k out of range.

    Notes
    -----
    Source: METHODS (b), (e). Between blocks nothing tells a harsh electorate from a weak target:
    the sets speak of the scores that were given, not of merit.

    Examples
    --------
    >>> b = bottom_sets_from([90.0, 80.0, 40.0], np.eye(3), k=1, df=40, draws=999, seed=1)
    >>> b.verified, b.observed.tolist(), b.p_bottom.tolist()
    (True, [False, False, True], [0.0, 0.0, 1.0])
    """
    sets = rank_sets_from(estimate, cov, coverage=coverage, draws=draws, seed=seed, df=df)
    (theta, sigma), n = estimates(estimate, cov), len(sets.unit)
    check_k(k, n)
    cut, near = np.sort(theta)[k - 1], tolerance(theta)
    observed = theta <= cut + near
    tied = int(observed.sum()) > k
    return BottomSets(
        unit=sets.unit,
        k=k,
        observed=locked(observed),
        cannot_exclude=locked(sets.upper >= n - k + 1),
        certain=locked(sets.lower >= n - k + 1),
        tied_at_cut=tied,
        p_bottom=locked(_drawn(theta, sigma, k, df=df, draws=draws, seed=seed)),
        coverage=coverage,
        draws=draws,
        seed=seed,
        sets=sets,
        notes=("tie-at-cut",) * tied,
        **_gap(sets.unit, theta, sigma, observed, tied=tied, level=1 - coverage, df=df),
    )


def _gap(
    unit: tuple[str, ...],
    theta: Floats,
    sigma: Floats,
    observed: Any,
    *,
    tied: bool,
    level: float,
    df: float | None,
) -> dict[str, Any]:
    """Test the pair of a member and another that is hardest to tell apart."""
    low, high = np.flatnonzero(observed), np.flatnonzero(~observed)
    if tied or not high.size:
        pair = (unit[low[0]], unit[low[-1]])
        return {
            "verified": False,
            "p_value": 1.0,
            "gap": 0.0,
            "gap_needed": np.inf,
            "gap_pair": pair,
        }
    var = np.diag(sigma)[:, None] + np.diag(sigma) - 2 * sigma
    t = standardised(theta, np.maximum(var, 0.0))[np.ix_(high, low)].T
    a, b = np.unravel_index(np.argmin(t), t.shape)
    i, j = int(low[a]), int(high[b])
    law = stats.norm if df is None else stats.t(df)
    p = float(min(2 * law.sf(t[a, b]), 1.0))
    return {
        "verified": p <= level,
        "p_value": p,
        "gap": float(theta[j] - theta[i]),
        "gap_needed": float(law.isf(level / 2) * np.sqrt(var[i, j])),
        "gap_pair": (unit[i], unit[j]),
    }


def _drawn(
    theta: Floats, sigma: Floats, k: int, *, df: float | None, draws: int, seed: int
) -> Floats:
    values, vectors = np.linalg.eigh(sigma)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    rng, share = np.random.default_rng([seed, 1]), np.zeros(len(theta))
    for start in range(0, draws, BLOCK):
        size = min(BLOCK, draws - start)
        error = rng.standard_normal((size, len(theta))) @ root.T
        if df is not None:
            error /= np.sqrt(rng.chisquare(df, size) / df)[:, None]
        drawn = theta + error
        share += (drawn <= np.partition(drawn, k - 1, axis=1)[:, k - 1 : k]).sum(axis=0)
    return share / draws
