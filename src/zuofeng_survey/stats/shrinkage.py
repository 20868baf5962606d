"""How far the variances of differences may be moved towards one common value."""

from __future__ import annotations

import numpy as np

from zuofeng_survey.stats.composite import Composite, Floats

MOST = 0.5
# Multiplications beyond which only some of the targets are looked at.
MOST_WORK = 1e9
FEWEST = 4


def shrinkage(panel: Composite) -> float:
    """Share of the common value in the variance of a difference, from 0 to a half.

    A half, unless the variances of differences differ more than their sampling errors would
    explain: then the share of sampling error in their spread, ``Σ var(m_ij) / Σ (m_ij − m̄)²``, with
    ``m_ij`` the mean squared difference of residuals over voters who rated both. Where camps of
    voters hold opposite views some pairs of targets are far noisier than others, and half a
    common value would name innocents in just those.

    Source: Opgen-Rhein & Strimmer (2007), doi 10.2202/1544-6115.1252 (shrinkage intensity).
    """
    e, seen = panel.inflated(), panel.seen.astype(float)
    every = int(np.ceil(np.sqrt(e.size * e.shape[1] / MOST_WORK)))
    e, seen = e[:, ::every], seen[:, ::every]
    n, second, fourth = seen.T @ seen, _sums(e, seen, 2), _sums(e, seen, 4)
    use = np.triu(n >= FEWEST, 1)
    n, mean = n[use], second[use] / n[use]
    error = np.maximum(fourth[use] / n - mean**2, 0.0) / (n - 1)
    spread = float(((mean - mean.mean()) ** 2).sum()) if len(n) else 0.0
    return min(MOST, float(error.sum()) / spread) if spread > 0 else MOST


def _sums(e: Floats, seen: Floats, power: int) -> Floats:
    """Sum over voters who rated both of ``(e_i − e_j)^power``, for every pair; power 2 or 4."""
    alone = (e**power).T @ seen
    if power == 2:
        return alone + alone.T - 2 * (e.T @ e)
    skew = (e**3).T @ e
    return alone + alone.T - 4 * (skew + skew.T) + 6 * ((e**2).T @ e**2)
