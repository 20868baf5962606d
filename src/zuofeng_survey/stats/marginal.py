"""The set of ranks of one target by itself: narrower, and true of that target only."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.cores import on_one_core
from zuofeng_survey.stats.ranksets import (
    RankSets,
    check_draws,
    estimates,
    locked,
    standardised,
    tolerance,
)
from zuofeng_survey.stats.stepdown import open_maxima, quantile
from zuofeng_survey.stats.wild import normal_rows


@on_one_core
def marginal_rank_sets(
    estimate: ArrayLike,
    cov: ArrayLike,
    *,
    coverage: float = 0.95,
    draws: int = 9999,
    seed: int,
    df: float | None = None,
) -> RankSets:
    """Rank sets each of which holds with ``coverage`` by itself, from estimates and covariance.

    For one target chosen before looking ("where does our township stand?"). Read for all targets
    at once they promise too much: of 20 sets of 95 %, one may be wrong; use :func:`rank_sets_from`.

    Parameters
    ----------
    estimate, cov, coverage, draws, seed, df
        As :func:`zuofeng_survey.stats.ranksets.rank_sets_from`.

    Returns
    -------
    RankSets
        ``critical`` and ``critical_last`` are the largest over targets.

    Raises
    ------
    ValueError
        As ``rank_sets_from``.

    Notes
    -----
    For each target a stepdown over the ordered pairs it belongs to. Source: Mogstad et al. (2024),
    doi 10.1093/restud/rdad006, section 3.1; R ``csranks::csranks(x, Sigma, simul = FALSE)``.

    Examples
    --------
    >>> estimate, variances = [3.0, 2.2, 1.0, 0.4], [0.05] * 4
    >>> marginal_rank_sets(estimate, variances, draws=999, seed=1).upper.tolist()
    [1, 2, 4, 4]
    """
    check_draws(coverage, draws, seed)
    unit = estimate.index if isinstance(estimate, pd.Series) else range(1, np.size(estimate) + 1)
    theta, sigma = estimates(estimate, cov)
    n = len(theta)
    var = np.diag(sigma)[:, None] + np.diag(sigma) - 2 * sigma
    t = standardised(theta, np.maximum(var, 0.0))
    blocks = list(normal_rows(sigma, draws, df=df, seed=seed)) if n > 1 else []
    lower, upper = np.ones(n, dtype=np.int64), np.full(n, n, dtype=np.int64)
    critical = np.zeros((n, 2))
    for j in range(n if blocks else 0):
        kept = np.concatenate([row(j, slice(0, n)) for row in blocks], axis=1)
        above, below, critical[j] = _told_apart(kept, t[j], coverage)
        lower[j], upper[j] = 1 + below.sum(), n - above.sum()
    better = theta[None, :] > theta[:, None] + tolerance(theta)
    law = "normal" if df is None else f"t with {df:g} df"
    return RankSets(
        unit=tuple(str(u) for u in unit),
        estimate=locked(theta),
        se=locked(np.sqrt(np.diag(sigma))),
        rank=locked(1 + better.sum(axis=1)),
        lower=locked(lower),
        upper=locked(upper),
        critical=float(critical[:, 0].max()),
        critical_last=float(critical[:, 1].max()),
        coverage=coverage,
        draws=draws,
        seed=seed,
        method=f"max-T, each target by itself, {law}, stepdown",
        n_eff=locked(np.full(n, np.nan)),
        counts=locked(np.zeros((n, 0), dtype=np.int64)),
        classes=(),
        notes=("marginal",),
    )


def _told_apart(
    kept: NDArray[np.float32], t: Floats, coverage: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], tuple[float, float]]:
    """Return whom one target is above and below, and the first and last critical value."""
    above, below = np.zeros(len(t), dtype=bool), np.zeros(len(t), dtype=bool)
    steps: list[float] = []
    while True:
        steps.append(quantile(open_maxima(kept, above, below), coverage, exact=False))
        up, down = (t > steps[-1]) & ~above, (-t > steps[-1]) & ~below
        if not (up | down).any():
            return above, below, (steps[0], steps[-1])
        above, below = above | up, below | down
