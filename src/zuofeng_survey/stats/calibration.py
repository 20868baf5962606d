"""Weights that meet known totals: how far each base weight must move, and no further.

Calibrated weights ``w = d · g`` meet ``Σ w x = T`` with g as near 1 as a distance allows: linear
(GREG), raking (g = exp) or logit, which keeps g within bounds. Solved by Newton's method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.ranksets import locked

Distance = Literal["linear", "raking", "logit"]
STEPS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Weights, what they were made from, and how well they meet their totals.

    Attributes
    ----------
    weight : ndarray, shape (n,)
        One a respondent; they sum to the population.
    factor : ndarray, shape (n,)
        Weight over base weight, the base brought to the same sum: 1 is "left as it was".
    base : ndarray, shape (n,)
        Weights before.
    columns, cell : csr_array of shape (K, p), ndarray of int of shape (n,)
        What was calibrated on, one row a kind of respondent, and the kind of each: for the
        variance of what is estimated with these weights.
    margins : DataFrame
        One row a total: ``margin, level, target, before, after, error`` (after / target − 1, or
        the difference where the target is 0).
    method : str
        How they were made.
    iterations : int
        Steps taken.
    trimmed : int
        Weights cut by :func:`trim`.
    """

    weight: Floats
    factor: Floats
    base: Floats
    columns: sparse.csr_array
    cell: NDArray[np.int64]
    margins: pd.DataFrame
    method: str
    iterations: int
    trimmed: int = 0

    @property
    def deff(self) -> float:
        """Kish's design effect from unequal weights, ``n Σw² / (Σw)²``."""
        return float(len(self.weight) * (self.weight**2).sum() / self.weight.sum() ** 2)

    @property
    def n_eff(self) -> float:
        """Effective number of respondents, ``(Σw)² / Σw²``."""
        return len(self.weight) / self.deff

    @property
    def error(self) -> float:
        """The largest error over all margins."""
        return float(self.margins["error"].abs().max())

    def table(self) -> pd.DataFrame:
        """Return one row a total: margin, level, target, before, after, error."""
        return self.margins.copy()

    def _repr_html_(self) -> str:
        return table_html(self.table())


def kish(weight: ArrayLike) -> tuple[float, float]:
    """Return Kish's design effect of weights and the effective number of respondents.

    Parameters
    ----------
    weight : array_like, shape (n,)
        Zero or more, not all zero.

    Returns
    -------
    deff, n_eff : float
        ``n Σw² / (Σw)²`` and ``(Σw)² / Σw²``.

    Raises
    ------
    ValueError
        Weights negative, not finite, or all zero.

    Notes
    -----
    Source: Kish (1965), Survey Sampling; Kish (1992), J. Official Statistics 8, 183–200.

    Examples
    --------
    >>> kish([1, 1, 2])
    (1.125, 2.6666666666666665)
    """
    w = checked_weights(weight, None)
    deff = float(len(w) * (w**2).sum() / w.sum() ** 2)
    return deff, len(w) / deff


def checked_weights(weight: ArrayLike | None, n: int | None, *, name: str = "weight") -> Floats:
    """Return weights as floats, ones if None; refuse negative, infinite or all-zero ones."""
    if weight is None:
        return np.ones(n or 0)
    w = np.asarray(weight, dtype=float)
    if w.ndim != 1 or not w.size or (n is not None and len(w) != n):
        raise ValueError(f"{name} must hold {n or 'one or more'} numbers, got shape {w.shape}")
    if not np.isfinite(w).all() or (w < 0).any() or not w.sum() > 0:
        worst = w[~np.isfinite(w)][0] if not np.isfinite(w).all() else w.min()
        raise ValueError(
            f"{name} must be finite, zero or more and not all zero, got {worst}; "
            "leave respondents without a weight out"
        )
    return w


def calibrate(
    x: pd.DataFrame,
    totals: Mapping[str, float],
    *,
    base: ArrayLike | None = None,
    method: Distance = "linear",
    bounds: tuple[float, float] | None = None,
) -> Weights:
    """Calibrate weights on known totals of numbers, such as income, age or counts.

    Parameters
    ----------
    x : DataFrame, shape (n, p)
        Auxiliary values of each respondent; a column of ones fixes the population size.
    totals : mapping
        Column to its total over the population.
    base : array_like, shape (n,), optional
        Design weights; by default ones.
    method : {"linear", "raking", "logit"}
        Distance; ``logit`` keeps the factor within ``bounds``.
    bounds : (float, float), optional
        Least and greatest factor, below and above 1; for ``logit``, by default (0.3, 3).

    Returns
    -------
    Weights
        For ``linear`` factors may be negative: the estimate is the regression estimate all the
        same, the weights are not for counting people.

    Raises
    ------
    ValueError
        Shapes or names that do not match, values or weights that are not finite, totals that no
        weights (within the bounds) can meet.

    Notes
    -----
    Source: Deville & Särndal (1992), doi 10.1080/01621459.1992.10475217; R ``survey::calibrate``
    with ``cal.linear``, ``cal.raking``, ``cal.logit``.

    Examples
    --------
    >>> x = pd.DataFrame({"people": [1, 1, 1, 1], "age": [20, 30, 40, 50]})
    >>> w = calibrate(x, {"people": 400, "age": 16000}, base=[100] * 4)
    >>> w.weight.round(6).tolist()
    [40.0, 80.0, 120.0, 160.0]
    """
    frame = pd.DataFrame(x)
    values, names = frame.to_numpy(float), [str(c) for c in frame.columns]
    if set(names) != {str(k) for k in totals} or not names:
        raise ValueError(f"totals must name the columns {names}, got {list(totals)}")
    target = np.array([float(totals[c]) for c in frame.columns])
    if not np.isfinite(values).all() or not np.isfinite(target).all():
        raise ValueError("x and totals must be finite; fill or leave out missing values first")
    d = checked_weights(base, len(values), name="base")
    columns = sparse.csr_array(values)
    g, steps = solve(columns, target, d, method=method, bounds=bounds)
    margins = pd.DataFrame({"margin": names, "level": "", "target": target})
    kinds = Kinds(columns, np.arange(len(d)), d)
    return weights_of(d, g, kinds, margins, (f"calibration, {method}", steps))


class Kinds(NamedTuple):
    """Kinds of respondents: columns (K, p), the kind of each respondent, base weight of each kind."""

    columns: sparse.csr_array
    cell: NDArray[np.int64]
    base: Floats


def weights_of(
    base: Floats, factor: Floats, kinds: Kinds, margins: pd.DataFrame, made: tuple[str, int]
) -> Weights:
    """Put weights together with the report on all margins; ``factor`` is one a kind."""
    total = float(kinds.base.sum())
    scale = float(kinds.base @ factor) / total
    before, after = (kinds.columns.T @ (kinds.base * f) for f in (scale, factor))
    target = margins["target"].to_numpy(float)
    error = after - target
    error = np.where(target != 0, error / np.where(target != 0, target, 1.0), error)
    each = factor[kinds.cell]
    return Weights(
        weight=locked(base * each),
        factor=locked(each / scale),
        base=locked(np.array(base)),
        columns=kinds.columns,
        cell=locked(kinds.cell),
        margins=margins.assign(before=before, after=after, error=error),
        method=made[0],
        iterations=made[1],
    )


def solve(
    x: sparse.csr_array,
    target: Floats,
    base: Floats,
    *,
    method: str = "raking",
    bounds: tuple[float, float] | None = None,
    tolerance: float = 1e-10,
) -> tuple[Floats, int]:
    """Find factors g(x'η) of a base that meet the totals; return them and the steps taken."""
    low, high = _bounds(method, bounds)
    scale = np.maximum(abs(x).T @ base, np.abs(target))
    if (empty := np.flatnonzero(scale == 0)).size:
        raise ValueError(f"each column of x must vary from zero, got none but zeros in {empty}")
    eta, unit = np.zeros(len(target)), x * (1.0 / scale)
    g, slope = _factor(unit @ eta, method, low, high)
    off = (unit.T @ (base * g)) - target / scale
    for step in range(1, STEPS + 1):
        left = (unit.T @ (unit * (base * slope)[:, None])).toarray()
        move = -np.linalg.lstsq(left, off, rcond=1e-12)[0]
        for half in 0.5 ** np.arange(30):
            trial, slope = _factor(unit @ (eta + half * move), method, low, high)
            left_off = (unit.T @ (base * trial)) - target / scale
            if np.abs(left_off).max() < np.abs(off).max() * (1 - 1e-4 * half):
                break
        eta, g, stuck, off = eta + half * move, trial, np.abs(off).max(), left_off
        if np.abs(off).max() < tolerance:
            return g, step
        if not np.abs(off).max() < stuck * (1 - 1e-6):
            break
    worst = int(np.abs(off).argmax())
    raise ValueError(
        f"totals must be such that weights can meet them, got total {worst + 1} of "
        f"{len(target)} ({target[worst]:g}) missed by {100 * np.abs(off).max():.2g} %; "
        "check that the totals agree with each other, merge small groups, or widen the bounds"
    )


def _bounds(method: str, bounds: tuple[float, float] | None) -> tuple[float, float]:
    if method not in ("linear", "raking", "logit"):
        raise ValueError(f"method must be 'linear', 'raking' or 'logit', got {method!r}")
    if bounds is not None and method != "logit":
        raise ValueError(f"bounds must go with method='logit', got {method!r}")
    low, high = (0.3, 3.0) if bounds is None else map(float, bounds)
    if not 0 <= low < 1 < high < np.inf:
        raise ValueError(f"bounds must be 0 or more below 1, and above 1, got {bounds}")
    return low, high


def _factor(u: Floats, method: str, low: float, high: float) -> tuple[Floats, Floats]:
    """Return g(u) and its derivative."""
    if method == "linear":
        return 1.0 + u, np.ones_like(u)
    if method == "raking":
        g = np.exp(np.clip(u, -500, 500))
        return g, g
    a = (high - low) / ((1 - low) * (high - 1))
    e = np.exp(np.clip(a * u, -500, 500))
    below = (high - 1) + (1 - low) * e
    g = (low * (high - 1) + high * (1 - low) * e) / below
    return g, (g - low) * (high - g) * a / (high - low)


def residuals(z: Floats, made: Weights) -> Floats:
    """Return z (n, k) less its regression on the calibration columns, by base weights."""
    x, d = made.columns, made.base
    gather = sparse.csr_array((d, (made.cell, np.arange(len(d)))), (len(x.indptr) - 1, len(d)))
    left = (x.T @ (x * (gather @ np.ones(len(d)))[:, None])).toarray()
    slope = np.linalg.lstsq(left, x.T @ (gather @ z), rcond=1e-12)[0]
    return z - (x @ slope)[made.cell]
