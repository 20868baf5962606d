"""Krippendorff's α: any number of raters, gaps, any level of measurement, one pass over the data.

Nothing is as large as pairs of raters or pairs of distinct values. Ordinal distances are distances
of mid-ranks, so that ordinal and interval need sums of squares only; the expected ratio distance
of many distinct values is a kernel sum over logarithms, taken through its Fourier transform.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.ranksets import locked

LEVELS = ("nominal", "ordinal", "interval", "ratio")
# Up to so many distinct values their pairs are taken one by one.
DIRECT = 1000
# exp(−40) is nothing beside 1 in double precision.
NEGLIGIBLE = 40.0
# Whole numbers in so short a range are counted value by value, a byte each.
FEW_VALUES = 16


@dataclass(frozen=True, slots=True, eq=False)
class KrippendorffAlpha:
    """Krippendorff's α.

    Attributes
    ----------
    estimate : float
        α: 1 perfect agreement, 0 chance.
    level : str
        Level of measurement.
    observed, expected : float
        Disagreement observed and by chance; ``α = 1 − observed / expected``.
    targets, ratings : int
        Targets with two ratings or more, and their ratings; others say nothing and are left out.
    value : ndarray
        Distinct values in use.
    notes : tuple of str
        ``few-targets`` (under 10), ``unpaired`` (targets with a single rating were left out).
    """

    estimate: float
    level: str
    observed: float
    expected: float
    targets: int
    ratings: int
    value: NDArray
    notes: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row, unrounded."""
        names = ("estimate", "level", "observed", "expected", "targets", "ratings")
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def _repr_html_(self) -> str:
        return table_html(self.table())


Level = Literal["nominal", "ordinal", "interval", "ratio"]


def krippendorff_alpha(ratings: ArrayLike, *, level: Level) -> KrippendorffAlpha:
    """Krippendorff's α from ratings.

    Parameters
    ----------
    ratings : array_like or DataFrame, shape (V, N)
        One row a rater, one column a target; NaN (or None) where there is no rating. Numbers,
        except that nominal categories may be text.
    level : {"nominal", "ordinal", "interval", "ratio"}
        What differences mean; ``ratio`` needs values of 0 or more.

    Returns
    -------
    KrippendorffAlpha

    Raises
    ------
    ValueError
        Shape; level; text where numbers are needed; infinite values; no target with two ratings;
        the same value everywhere; negative values for ``ratio``.

    Notes
    -----
    Time grows as ``n log n`` in the ratings. R's ``irr::kripp.alpha`` 0.84.1 is wrong for more
    than two raters without gaps.
    Source: Krippendorff (2011), *Computing Krippendorff's Alpha-Reliability*,
    https://repository.upenn.edu/asc_papers/43; Hayes & Krippendorff (2007), doi
    10.1080/19312450709336664.

    Examples
    --------
    >>> nan = float("nan")
    >>> a = krippendorff_alpha([[1, 2, 3, 3, nan], [1, 2, 3, 4, 2], [nan, 3, 3, 4, 2]], level="ordinal")
    >>> round(a.estimate, 4), a.targets, a.ratings
    (0.8193, 5, 13)
    """
    y = np.asarray(ratings)
    if y.ndim != 2 or min(y.shape) < 1:
        raise ValueError(
            f"ratings must be (V, N), got shape {y.shape}; one row a rater, one column a target"
        )
    _check_level(level)
    if y.dtype.kind in "OUS" and level == "nominal":
        seen = ~pd.isna(y)
        given = y[seen]
    else:
        y = _numbers(y)
        if (counted := _counted(y)) is not None:
            return _alpha(*counted, level)
        seen = np.ones(y.shape, dtype=bool) if np.isfinite(y.sum()) else ~np.isnan(y)
        given = y.ravel() if seen.all() else y[seen]
    code, value = _distinct(given)
    target = np.broadcast_to(np.arange(y.shape[1]), y.shape)
    target = target.ravel() if seen.all() else target[seen]
    return _alpha(_merged(target, code, len(value)), value, level)


def krippendorff_from_counts(
    counts: ArrayLike, values: ArrayLike, *, level: Level
) -> KrippendorffAlpha:
    """Krippendorff's α from how many ratings of each value each target has.

    Parameters
    ----------
    counts : array_like, shape (N, C)
        One row a target, one column a value: whole numbers of 0 or more.
    values : array_like, shape (C,)
        The values, each once; text is allowed for ``nominal``.
    level : {"nominal", "ordinal", "interval", "ratio"}
        What differences mean.

    Returns
    -------
    KrippendorffAlpha

    Raises
    ------
    ValueError
        As :func:`krippendorff_alpha`; counts that are not whole or not of the values' length.

    Examples
    --------
    >>> a = krippendorff_from_counts([[2, 0], [0, 2], [1, 1]], ["yes", "no"], level="nominal")
    >>> round(a.estimate, 4)
    0.4444
    """
    table, value = np.asarray(counts, dtype=float), np.asarray(values)
    _check_level(level)
    if table.ndim != 2 or value.shape != table.shape[1:] or len(set(value.tolist())) < len(value):
        raise ValueError(
            "counts must be (N, C) with one distinct value a column, got shape "
            f"{table.shape} for {value.shape} values"
        )
    if not (np.isfinite(table) & (table >= 0) & (table == np.rint(table))).all():
        raise ValueError(
            "counts must be whole numbers of 0 or more, got others; give numbers of ratings"
        )
    if level != "nominal" or value.dtype.kind not in "OUS":
        value = _numbers(value)
        if np.isnan(value).any():
            raise ValueError("values must be numbers, got NaN; leave gaps out of the counts")
    order = np.argsort(value, kind="stable")
    target, code = np.nonzero(table[:, order])
    return _alpha(_Cells(target, code, table[:, order][target, code]), value[order], level)


class _Cells(NamedTuple):
    """Occupied cells of the table targets × values: target, place of the value, ratings."""

    target: NDArray[np.int64]
    code: NDArray[np.int64]
    times: Floats


def _check_level(level: str) -> None:
    if level not in LEVELS:
        raise ValueError(f"level must be one of {', '.join(LEVELS)}, got {level!r}")


def _numbers(given: NDArray) -> Floats:
    try:
        x = given.astype(float)
    except (TypeError, ValueError):
        raise ValueError(
            "ratings must be numbers for this level, got text; use level='nominal' or grades"
        ) from None
    if np.isinf(x.sum()) and np.isinf(x).any():
        raise ValueError("ratings must be finite or NaN, got infinity; mark a gap as NaN")
    return x


def _counted(y: Floats) -> tuple[_Cells, Floats] | None:
    """Cells of grades: few whole numbers; None for anything else. No row is sorted."""
    low, high = float(np.fmin.reduce(y, axis=None)), float(np.fmax.reduce(y, axis=None))
    if not high - low < FEW_VALUES:
        return None
    place = y - low
    gaps = np.isnan(place)
    if gaps.any():
        place[gaps] = FEW_VALUES
    code = place.astype(np.uint8)
    if not (code == place).all():
        return None
    blocks = np.arange(0, len(y), 255)  # so that no count leaves its byte
    columns = []
    for k in range(int(high - low) + 1):
        alike = (code == k).view(np.uint8)
        columns.append(np.add.reduceat(alike, blocks, axis=0).sum(axis=0, dtype=np.int64))
    counts = np.stack(columns, axis=1)
    target, at = np.nonzero(counts)
    value = low + np.arange(counts.shape[1])
    return _Cells(target, at, counts[target, at].astype(float)), value


def _distinct(given: NDArray) -> tuple[NDArray[np.int64], NDArray]:
    """Places among the sorted distinct values; small whole numbers are not sorted."""
    if given.dtype.kind == "f" and given.size:
        low, high = given.min(), given.max()
        if high - low < DIRECT and (given == np.rint(given)).all():
            code = (given - low).astype(np.int64)
            used = np.flatnonzero(np.bincount(code))
            place = np.zeros(int(high - low) + 1, dtype=np.int64)
            place[used] = np.arange(len(used))
            return place[code], used + low
    value, code = np.unique(given, return_inverse=True)
    return code.ravel(), value


def _alpha(cells: _Cells, value: NDArray, level: str) -> KrippendorffAlpha:
    size = np.bincount(cells.target, cells.times).astype(float)
    paired = size[cells.target] > 1
    cells = _Cells(cells.target[paired], cells.code[paired], cells.times[paired])
    total = np.bincount(cells.code, cells.times, minlength=len(value)).astype(float)
    n, used = float(total.sum()), total > 0
    if used.sum() < 2:
        raise ValueError(
            "ratings must hold 2 values or more among targets rated twice, got "
            f"{int(used.sum())}; without variation there is nothing to agree about"
        )
    if level == "ratio" and value[used].min() < 0:
        raise ValueError("ratings must be 0 or more for ratio, got negative ones; use interval")
    if level == "nominal":
        observed, expected = _nominal(cells, total, size)
    elif level == "ratio":
        observed, expected = _ratio(cells, total, value, size)
    else:
        rank = np.cumsum(total) - total / 2
        observed, expected = _squares(cells, total, rank if level == "ordinal" else value, size)
    targets = int((size > 1).sum())
    expected /= n - 1
    few = ("few-targets",) * (targets < 10)
    return KrippendorffAlpha(
        estimate=float(1 - observed / expected),
        level=level,
        observed=float(observed / n),
        expected=float(expected / n),
        targets=targets,
        ratings=int(n),
        value=locked(value[used]),
        notes=few + ("unpaired",) * bool((size == 1).any()),
    )


def _merged(target: NDArray[np.int64], code: NDArray[np.int64], n_values: int) -> _Cells:
    """Cells in the order of target and value, each cells."""
    key = target * n_values + code
    if key.size and int(key.max()) < 8 * key.size:
        times = np.bincount(key)
        pair = np.flatnonzero(times)
        times = times[pair]
    else:
        pair, times = np.unique(key, return_counts=True)
    return _Cells(pair // n_values, pair % n_values, times.astype(float))


def _nominal(cells: _Cells, total: Floats, size: Floats) -> tuple[float, float]:
    alike = np.bincount(cells.target, cells.times**2, minlength=len(size))
    free = np.maximum(size - 1, 1)
    return float(((size**2 - alike) / free)[size > 1].sum()), float(
        total.sum() ** 2 - total @ total
    )


def _squares(cells: _Cells, total: Floats, score: Floats, size: Floats) -> tuple[float, float]:
    """Squared differences: twice the ratings times their sum of squares."""
    n = total.sum()
    z = score - (total @ score) / n
    own = z[cells.code]
    sums = np.bincount(cells.target, cells.times * own, minlength=len(size))
    mean = sums / np.maximum(size, 1)
    within = np.bincount(
        cells.target, cells.times * (own - mean[cells.target]) ** 2, minlength=len(size)
    )
    observed = 2 * (size * within / np.maximum(size - 1, 1))[size > 1].sum()
    return float(observed), float(2 * n * (total @ z**2))


def _ratio(cells: _Cells, total: Floats, value: Floats, size: Floats) -> tuple[float, float]:
    """Squared differences over sums: ``((a − b) / (a + b))²``, 0 between zeros."""
    observed, lag = 0.0, 1
    first = np.arange(len(cells.code))
    while True:
        first = first[first + lag < len(cells.code)]
        first = first[cells.target[first] == cells.target[first + lag]]
        if not first.size:
            break
        a, b = value[cells.code[first]], value[cells.code[first + lag]]
        pairs = 2 * cells.times[first] * cells.times[first + lag]
        observed += float(
            (pairs * ((b - a) / (a + b)) ** 2 / (size[cells.target[first]] - 1)).sum()
        )
        lag += 1
    if len(total) <= DIRECT:
        a, b = np.meshgrid(value, value)
        distance = np.divide(a - b, a + b, out=np.zeros_like(a), where=a + b > 0) ** 2
        return observed, float(total @ distance @ total)
    return observed, _expected_ratio(total, value)


def _expected_ratio(total: Floats, value: Floats) -> float:
    """``Σ n_a n_b tanh²((x_a − x_b) / 2)`` over x = log a, as ``n² − Σ n_a n_b sech²``.

    With period P the kernel sech²(x/2) has the Fourier coefficients ``4πω / sinh(πω) / P`` at
    ω = 2πk/P; P so long that the next period does not reach.
    """
    zero = value <= 0
    x, w = np.log(value[~zero]), total[~zero]
    period = float(np.ptp(x)) + NEGLIGIBLE
    x = x - x.min()
    step = 2 * np.pi / period
    alike = 4 * w.sum() ** 2
    turn = np.exp(1j * step * x)
    wave = np.ones_like(turn)
    for k in range(1, int(NEGLIGIBLE / np.pi / step) + 2):
        omega = k * step
        wave *= turn
        alike += 8 * np.pi * omega / np.sinh(np.pi * omega) * abs(w @ wave) ** 2
    n = float(total.sum())
    return n**2 - float(total[zero].sum()) ** 2 - alike / period
