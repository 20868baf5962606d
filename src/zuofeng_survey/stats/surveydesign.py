"""How a sample was drawn, and the variance that follows: strata, clusters, finite populations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from zuofeng_survey.stats.calibration import Weights, checked_weights, residuals
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.ranksets import locked

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A sample of n respondents in clusters in strata.

    Attributes
    ----------
    weight : ndarray, shape (n,)
        How many people each respondent stands for.
    cluster : ndarray of int, shape (n,)
        Cluster of each respondent, from 0; numbered anew within strata.
    stratum : ndarray of int, shape (clusters,)
        Stratum of each cluster, as an index into ``strata``.
    strata : tuple of str
        Names of the strata.
    fraction : ndarray, shape (strata,)
        Share of each stratum's clusters that were drawn; 0 without finite-population correction.
    calibrated : Weights or None
        What the weights were calibrated on; takes from the variance what the totals explain.
    """

    weight: Floats
    cluster: Ints
    stratum: Ints
    strata: tuple[str, ...]
    fraction: Floats
    calibrated: Weights | None

    @property
    def df(self) -> int:
        """Degrees of freedom: clusters less strata."""
        return len(self.stratum) - len(self.strata)

    @property
    def clusters(self) -> Ints:
        """Clusters drawn in each stratum."""
        return np.bincount(self.stratum, minlength=len(self.strata))

    def covariance(self, influence: Floats) -> Floats:
        """Return the covariance of totals of ``influence`` (n, k), weights included in it.

        Each cluster against the others of its stratum, ``(1 − f) n / (n − 1)`` (Taylor).
        """
        z = influence
        if self.calibrated is not None:
            w = np.where(self.weight > 0, self.weight, 1.0)[:, None]
            z = residuals(z / w, self.calibrated) * w
        total = np.zeros((len(self.stratum), z.shape[1]))
        np.add.at(total, self.cluster, z)
        n = self.clusters
        mean = np.zeros((len(self.strata), z.shape[1]))
        np.add.at(mean, self.stratum, total)
        mean /= n[:, None]
        factor = (1 - self.fraction) * n / np.maximum(n - 1, 1)
        total = (total - mean[self.stratum]) * np.sqrt(factor)[self.stratum][:, None]
        return total.T @ total


def design(
    weight: ArrayLike | Weights,
    *,
    strata: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    population: Mapping[object, float] | float | None = None,
) -> Design:
    """Describe how a sample was drawn.

    Parameters
    ----------
    weight : array_like, shape (n,), or Weights
        One a respondent; if made by ``rake`` or ``calibrate``, standard errors take it into
        account.
    strata : array_like, shape (n,), optional
        Stratum of each respondent; by default one.
    clusters : array_like, shape (n,), optional
        Cluster (village, household) of each respondent; by default each is one. The same name in
        two strata is two clusters.
    population : mapping or float, optional
        Clusters (without ``clusters``: people) in each stratum of the population, for the finite
        population correction. Leave it out where the answers themselves could have been others.

    Returns
    -------
    Design

    Raises
    ------
    ValueError
        Shapes that do not match, missing labels, bad weights, a stratum with one cluster of
        several, fewer clusters in the population than in the sample.

    Notes
    -----
    R: ``survey::svydesign(id, strata, weights, fpc)``; a lonely cluster is an error, not a guess.

    Examples
    --------
    >>> d = design([10, 10, 20, 20], strata=list("aabb"), population={"a": 20, "b": 40})
    >>> d.df, d.fraction.tolist()
    (2, [0.1, 0.05])
    """
    calibrated = weight if isinstance(weight, Weights) else None
    w = calibrated.weight if calibrated is not None else checked_weights(weight, None)  # type: ignore[arg-type]
    n = len(w)
    names, h = _labels(strata, n, "strata")
    _, c = (None, np.arange(n)) if clusters is None else _labels(clusters, n, "clusters")
    pair, cluster = np.unique(h * (int(c.max()) + 1) + c, return_inverse=True)
    stratum = pair // (int(c.max()) + 1)
    drawn = np.bincount(stratum, minlength=len(names))
    fraction = _fractions(population, names, drawn)
    if lonely := [names[i] for i in np.flatnonzero((drawn == 1) & (fraction < 1))]:
        raise ValueError(
            f"each stratum must have two clusters or more, got one in {lonely[:5]}; merge such a "
            "stratum with the one most like it, before looking at the answers"
        )
    for array in (cluster, stratum, fraction):
        array.setflags(write=False)
    return Design(locked(np.array(w)), cluster, stratum, names, fraction, calibrated)


def _labels(labels: ArrayLike | None, n: int, name: str) -> tuple[tuple[str, ...], Ints]:
    if labels is None:
        return ("all",), np.zeros(n, dtype=np.int64)
    array = np.asarray(labels)
    if array.shape != (n,) or pd.isna(array).any():
        raise ValueError(f"{name} must hold {n} labels, none missing, got shape {array.shape}")
    unique, code = np.unique(array, return_inverse=True)
    return tuple(map(str, unique.tolist())), code


def _fractions(
    population: Mapping[object, float] | float | None, names: tuple[str, ...], drawn: Ints
) -> Floats:
    if population is None:
        return np.zeros(len(names))
    if isinstance(population, Mapping):
        told = {str(k): float(v) for k, v in population.items()}
        if missing := [s for s in names if s not in told]:
            raise ValueError(f"population must name each stratum, got none for {missing[:5]}")
        size = np.array([told[s] for s in names])
    else:
        size = np.full(len(names), float(population))
    if not np.isfinite(size).all() or (size < drawn).any():
        raise ValueError(
            f"population must be at least what was drawn, {drawn.tolist()} in {list(names)}, "
            f"got {size.tolist()}; it counts clusters, or people if there are no clusters"
        )
    return drawn / size
