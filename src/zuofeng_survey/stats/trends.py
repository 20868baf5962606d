"""One line a target over the years: y = (α + a_g) + (β + b_g) t + e.

Two years are a difference; from three on, a common trend and how far targets depart from it. The
targets' own lines are drawn towards the common one, the more so the fewer years they rest on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Trends:
    """A common line and each target's own.

    Attributes
    ----------
    unit : tuple of str
        Names of the G targets.
    intercept, slope : float
        The common line, in the unit of y and of y per unit of time.
    se : ndarray, shape (2,)
        Their standard errors.
    covariance : ndarray, shape (2, 2)
        Between targets, of their intercepts and slopes.
    residual : float
        Variance about the lines.
    lines : ndarray, shape (G, 2)
        Each target's intercept and slope (common line plus BLUP).
    criterion : float
        −2 restricted log likelihood.
    n : int
        Observations.
    """

    unit: tuple[str, ...]
    intercept: float
    slope: float
    se: Floats
    covariance: Floats
    residual: float
    lines: Floats
    criterion: float
    n: int

    def table(self) -> pd.DataFrame:
        """Return one row a target: unit, intercept, slope."""
        return pd.DataFrame(
            {"unit": self.unit, "intercept": self.lines[:, 0], "slope": self.lines[:, 1]}
        )

    def _repr_html_(self) -> str:
        return table_html(self.table())


def trends(y: ArrayLike, time: ArrayLike, *, unit: ArrayLike) -> Trends:
    """Fit a line a target with random intercepts and slopes, correlated, by REML.

    Parameters
    ----------
    y : array_like, shape (n,)
        Scores; none missing.
    time : array_like, shape (n,)
        When, as numbers (years).
    unit : array_like, shape (n,)
        Whose.

    Returns
    -------
    Trends

    Raises
    ------
    ValueError
        Shapes that do not match, values that are not finite, fewer than three targets or than
        three observations more than that, a single point in time.

    Notes
    -----
    R: ``lme4::lmer(y ~ time + (time | unit))``. Source: Laird & Ware (1982), doi 10.2307/2529876.

    Examples
    --------
    >>> t = trends([1, 2, 4, 2, 4, 5, 1, 1, 2], [0, 1, 2] * 3, unit=list("aaabbbccc"))
    >>> round(t.intercept, 3), round(t.slope, 3)
    (1.278, 1.167)
    """
    groups, names = _groups(y, time, unit)
    start = np.array([1.0, 0.0, 1.0])
    best = optimize.minimize(
        lambda theta: _solve(groups, theta).criterion,
        start,
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-10, "maxiter": 4000, "maxfev": 4000},
    )
    if not best.success:
        raise ValueError(f"the variances of the lines must settle, and did not: {best.message}")
    s, lower = _solve(groups, best.x), _lower(best.x)
    # back to y = intercept + slope × time, from centred and scaled time
    back = np.array([[1.0, -groups.middle], [0.0, 1.0]]) / groups.scale
    level = np.array([groups.level, 0.0])
    beta = back @ s.beta + level
    lines = (s.beta + s.spherical @ lower.T) @ back.T + level
    se = np.sqrt(np.diag(s.residual * back @ np.linalg.inv(s.information) @ back.T))
    covariance = s.residual * back @ lower @ lower.T @ back.T
    for array in (se, covariance, lines):
        array.setflags(write=False)
    return Trends(
        unit=names,
        intercept=float(beta[0]),
        slope=float(beta[1]),
        se=se,
        covariance=covariance,
        residual=float(s.residual),
        lines=lines,
        criterion=s.criterion,
        n=groups.n,
    )


class _Groups(NamedTuple):
    """Cross-products of each target; y and time centred, time brought to unit spread."""

    n: int
    level: float
    middle: float
    scale: Floats
    xx: Floats  # (G, 2, 2)
    xy: Floats  # (G, 2)
    yy: float


class _Solved(NamedTuple):
    criterion: float
    residual: float
    beta: Floats
    information: Floats
    spherical: Floats


def _groups(y: ArrayLike, time: ArrayLike, unit: ArrayLike) -> tuple[_Groups, tuple[str, ...]]:
    value, when = np.asarray(y, float), np.asarray(time, float)
    labels, code = np.unique(np.asarray(unit), return_inverse=True)
    if value.ndim != 1 or when.shape != value.shape or code.shape != value.shape:
        raise ValueError(
            f"y, time and unit must be of one length, got {value.shape}, {when.shape}, {code.shape}"
        )
    if not (np.isfinite(value).all() and np.isfinite(when).all()):
        raise ValueError("y and time must be finite; leave missing years out")
    if len(labels) < 3 or len(value) < len(labels) + 3 or when.std() == 0:
        raise ValueError(
            f"trends must have 3 targets or more, seen in more than one year, got {len(labels)} "
            f"targets and {len(value)} observations; for two years use a change, not a trend"
        )
    scale = np.array([1.0, when.std()])
    x = np.column_stack([np.ones_like(when), (when - when.mean()) / scale[1]])
    level, middle = float(value.mean()), float(when.mean())
    value = value - level
    xx, xy = np.zeros((len(labels), 2, 2)), np.zeros((len(labels), 2))
    np.add.at(xx, code, x[:, :, None] * x[:, None, :])
    np.add.at(xy, code, x * value[:, None])
    names = tuple(map(str, labels))
    groups = _Groups(len(value), level, middle, scale, xx, xy, float(value @ value))
    return groups, names


def _lower(theta: Floats) -> Floats:
    return np.array([[theta[0], 0.0], [theta[1], theta[2]]])


def _solve(groups: _Groups, theta: Floats) -> _Solved:
    lower = _lower(theta)
    inner = lower.T @ groups.xx @ lower + np.eye(2)
    inverse = np.linalg.inv(inner)
    left = groups.xx @ lower
    information = (groups.xx - left @ inverse @ left.transpose(0, 2, 1)).sum(axis=0)
    taken = groups.xy @ lower
    weighed = np.einsum("gij,gj->gi", inverse, taken)
    right = (groups.xy - np.einsum("gij,gj->gi", left, weighed)).sum(axis=0)
    beta = np.linalg.solve(information, right)
    free = groups.n - 2
    size = groups.yy - np.einsum("gi,gi->", taken, weighed) - beta @ right
    if size <= 1e-12 * groups.yy:
        raise ValueError("the residual variance must be positive, got none; the lines fit exactly")
    criterion = np.log(np.linalg.det(inner)).sum() + np.linalg.slogdet(information)[1]
    criterion += free * (1 + np.log(2 * np.pi * size / free)) + 2 * np.log(groups.scale[1])
    gone = taken - np.einsum("gij,j->gi", (left.transpose(0, 2, 1)), beta)
    spherical = np.einsum("gij,gj->gi", inverse, gone)
    return _Solved(float(criterion), size / free, beta, information, spherical)
