"""Persons far from all others in all items together, also when there are many of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from zuofeng_survey.stats.careless import checked_items
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.ranksets import locked

H_SHARE = 0.75  # of the rows the robust centre and spread rest on


def mahalanobis(x: ArrayLike, *, robust: bool = False) -> Floats:
    """Measure each person's squared distance from the middle of all, in all items together.

    Parameters
    ----------
    x : array_like, shape (n, items)
        Answers; persons n, more than twice the items.
    robust : bool
        Centre and spread from the three quarters of persons that lie closest together, then from
        all within the 97.5 % ellipsoid of those: a block of careless people cannot hide itself.

    Returns
    -------
    ndarray, shape (n,)
        About chi-squared with ``items`` degrees of freedom for attentive people; NaN for a person
        with a missing answer.

    Raises
    ------
    ValueError
        Too few complete persons, an item without variation, items that repeat each other.

    Notes
    -----
    Source: Mahalanobis (1936); Meade & Craig (2012), doi 10.1037/a0028085; R ``careless::mahad``.
    Robust: minimum covariance determinant from three fixed starts (after Hubert, Rousseeuw & Verdonck
    2012, doi 10.1080/10618600.2012.672100), so the same data give the same answer.

    Examples
    --------
    >>> y = np.array([[1, 1], [2, 2], [3, 3], [4, 4], [1, 2], [2, 1], [4, 3], [1, 4]])
    >>> int(mahalanobis(y).argmax())
    7
    """
    y = checked_items(x)
    complete = ~np.isnan(y).any(axis=1)
    z, p = y[complete], y.shape[1]
    if len(z) <= (2 if robust else 1) * p + 1:
        raise ValueError(
            f"persons without a gap must be more than {'twice ' * robust}the {p} items, "
            f"got {len(z)}; use fewer items at a time"
        )
    if (flat := np.flatnonzero(np.ptp(z, axis=0) == 0)).size:
        raise ValueError(f"each item must vary, got one answer for all in items {flat[:5] + 1}")
    if robust:
        z = z[_core(z)]
    distance = np.full(len(y), np.nan)
    factor = _consistency(0.975, p) if robust else 1.0
    distance[complete] = _distance(y[complete], z) / factor
    return locked(distance)


def _distance(y: Floats, core: Floats) -> Floats:
    """Squared distances of rows of y from the centre of the core, in its covariance."""
    try:
        root = np.linalg.cholesky(np.cov(core.T))
    except np.linalg.LinAlgError:
        root = np.zeros((1, 1))
    scale = np.diag(root)
    if scale.min() <= 1e-7 * scale.max():
        raise ValueError(
            "items must not repeat each other, got one that the others give exactly; leave it out"
        )
    return (np.linalg.solve(root, (y - core.mean(axis=0)).T) ** 2).sum(axis=0)


def _consistency(share: float, p: int) -> float:
    """Return by how much the covariance of the innermost ``share`` is too small, for normals."""
    return float(stats.chi2.cdf(stats.chi2.ppf(share, p), p + 2) / share)


def _starts(z: Floats) -> list[Floats]:
    """Distances to begin from: classical, item by item about medians, and by directions alone."""
    off = z - np.median(z, axis=0)
    middle, mean = np.median(np.abs(off), axis=0), np.abs(off).mean(axis=0)
    unit = off / np.where(middle > 0, 1.4826 * middle, 1.2533 * mean)
    norm = np.linalg.norm(unit, axis=1)
    sign = unit / np.where(norm > 0, norm, 1.0)[:, None]
    _, axes = np.linalg.eigh(sign.T @ sign)
    turned = unit @ axes
    spread = np.median(np.abs(turned - np.median(turned, axis=0)), axis=0)
    spread = np.where(spread > 0, spread, np.abs(turned).mean(axis=0))
    by_direction = ((turned / spread) ** 2).sum(axis=1)
    return [_distance(z, z), (unit**2).sum(axis=1), by_direction]


def _core(z: Floats) -> NDArray[np.bool_]:
    """Return the persons within the 97.5 % ellipsoid of the tightest three quarters."""
    n, p = z.shape
    h = int(np.ceil(H_SHARE * n))
    best, least = np.arange(n), np.inf
    for start in _starts(z):
        rows = np.argsort(start, kind="stable")[:h]
        for _ in range(100):
            again = np.argsort(_distance(z, z[rows]), kind="stable")[:h]
            if np.array_equal(np.sort(again), np.sort(rows)):
                break
            rows = again
        size = np.linalg.slogdet(np.cov(z[rows].T))[1]
        if size < least:
            best, least = rows, size
    d = _distance(z, z[best]) / _consistency(H_SHARE, p)
    d *= stats.chi2.median(p) / np.median(d)
    return d <= stats.chi2.ppf(0.975, p)
