"""Standard errors by doing the estimation again: leave one cluster out, or draw clusters anew.

For whatever is computed from weights, and for weights that are themselves computed: each
replicate's weights go through ``reweigh`` (raking, say) before the statistic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.ranksets import locked
from zuofeng_survey.stats.surveydesign import Design

Statistic = Callable[[Floats], ArrayLike]
Reweigh = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Replicated:
    """Estimates with standard errors from replicates.

    Attributes
    ----------
    estimate, se : ndarray, shape (k,)
        From the full sample, and from the replicates about it.
    covariance : ndarray, shape (k, k)
        Of the estimates.
    replicate : ndarray, shape (R, k)
        Estimate of each replicate.
    df : int
        Clusters less strata.
    method : str
        ``"jackknife"`` or ``"bootstrap"``.
    seed : int or None
        Of the bootstrap.
    """

    estimate: Floats
    se: Floats
    covariance: Floats
    replicate: Floats
    df: int
    method: str
    seed: int | None

    def interval(self, *, coverage: float = 0.95) -> pd.DataFrame:
        """Return one row an estimate: estimate, lower, upper (t with ``df``)."""
        if not 0 < coverage < 1:
            raise ValueError(f"coverage must be between 0 and 1, got {coverage}; 0.95, not 95")
        half = stats.t.isf((1 - coverage) / 2, self.df) * self.se
        found = {"estimate": self.estimate, "lower": self.estimate - half}
        return pd.DataFrame(found | {"upper": self.estimate + half})

    def table(self) -> pd.DataFrame:
        """Return one row an estimate: estimate, se."""
        return pd.DataFrame({"estimate": self.estimate, "se": self.se})

    def _repr_html_(self) -> str:
        return table_html(self.table())


def jackknife(
    statistic: Statistic, design: Design, *, reweigh: Reweigh | None = None
) -> Replicated:
    """Leave out one cluster at a time, the others of its stratum standing for it.

    Parameters
    ----------
    statistic : callable
        Weights (n,) to a number or k numbers.
    design : Design
        Strata, clusters and finite populations. With ``reweigh`` its weights are those before.
    reweigh : callable, optional
        Weights to weights: raking or another calibration, done again for each replicate.

    Returns
    -------
    Replicated

    Raises
    ------
    ValueError
        A statistic that is not finite; a calibrated design without ``reweigh``.

    Notes
    -----
    JKn, about the full-sample estimate; R ``as.svrepdesign(type = "JKn", mse = TRUE)``. Source:
    Wolter (2007), Introduction to Variance Estimation, ch. 4. Not for medians and other
    quantiles: use the bootstrap.

    Examples
    --------
    >>> from zuofeng_survey.stats.surveydesign import design
    >>> y = np.array([1.0, 2, 3, 6])
    >>> jackknife(lambda w: w @ y / w.sum(), design([1, 1, 1, 1])).se.round(4).tolist()
    [1.0801]
    """
    n = design.clusters[design.stratum]
    factor = ((1 - design.fraction[design.stratum]) * (n - 1) / n)[n > 1]
    return _replicated(statistic, design, reweigh, rows=_left_out(design), factor=factor)


def bootstrap(
    statistic: Statistic,
    design: Design,
    *,
    draws: int = 999,
    seed: int,
    reweigh: Reweigh | None = None,
) -> Replicated:
    """Draw clusters anew within strata, n − 1 of n with replacement, and rescale weights.

    Parameters
    ----------
    statistic, design, reweigh
        As :func:`jackknife`.
    draws : int
        Replicates, 2 or more.
    seed : int
        Same seed, same replicates.

    Returns
    -------
    Replicated

    Raises
    ------
    ValueError
        As :func:`jackknife`; fewer than two draws.

    Notes
    -----
    Source: Rao & Wu (1988), doi 10.1080/01621459.1988.10478591, with the rescaling for finite
    populations; R ``as.svrepdesign(type = "subbootstrap")``.

    Examples
    --------
    >>> from zuofeng_survey.stats.surveydesign import design
    >>> y = np.array([1.0, 2, 3, 6])
    >>> found = bootstrap(lambda w: w @ y / w.sum(), design([1, 1, 1, 1]), draws=99, seed=1)
    >>> found.estimate.tolist(), found.replicate.shape
    ([3.0], (99, 1))
    """
    if draws < 2:
        raise ValueError(f"draws must be 2 or more, got {draws}")
    rows = _drawn(design, draws, np.random.default_rng(seed))
    factor = np.full(draws, 1 / draws)
    return _replicated(statistic, design, reweigh, rows=rows, factor=factor, seed=seed)


def _left_out(design: Design) -> Iterator[Floats]:
    """Yield a factor for each cluster, once without each."""
    n = design.clusters
    for j, h in enumerate(design.stratum):
        if n[h] > 1:
            factor = np.where(design.stratum == h, n[h] / (n[h] - 1), 1.0)
            factor[j] = 0.0
            yield factor


def _drawn(design: Design, draws: int, rng: np.random.Generator) -> Iterator[Floats]:
    n = design.clusters
    for _ in range(draws):
        factor = np.ones(len(design.stratum))
        for h in np.flatnonzero(n > 1):
            times = rng.multinomial(n[h] - 1, np.full(n[h], 1 / n[h])) * n[h] / (n[h] - 1)
            factor[design.stratum == h] = 1 + np.sqrt(1 - design.fraction[h]) * (times - 1)
        yield factor


def _replicated(
    statistic: Statistic,
    design: Design,
    reweigh: Reweigh | None,
    *,
    rows: Iterator[Floats],
    factor: Floats,
    seed: int | None = None,
) -> Replicated:
    if design.calibrated is not None and reweigh is None:
        raise ValueError(
            "calibrated weights must be calibrated again in each replicate, got no reweigh; pass "
            "design(base weights) and reweigh=lambda w: rake(..., base=w).weight"
        )
    again = reweigh or (lambda w: w)
    centre = _value(statistic(again(design.weight)))
    found = [_value(statistic(again(design.weight * row[design.cluster]))) for row in rows]
    replicate = np.array(found)
    off = replicate - centre
    covariance = (off * factor[:, None]).T @ off
    return Replicated(
        estimate=locked(centre),
        se=locked(np.sqrt(np.diag(covariance))),
        covariance=locked(covariance),
        replicate=locked(replicate),
        df=design.df,
        method="jackknife" if seed is None else "bootstrap",
        seed=seed,
    )


def _value(found: ArrayLike) -> Floats:
    value = np.atleast_1d(np.asarray(found, dtype=float))
    if value.ndim != 1 or not np.isfinite(value).all():
        raise ValueError(
            f"statistic must give finite numbers for each replicate, got {found}; a group that "
            "lies in one cluster vanishes when the cluster is left out: merge it"
        )
    return value
