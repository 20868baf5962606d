"""Weights for groups of known size: post-stratification, raking, trimming.

Raking works on the table of cells, not on people: a million respondents in four margins of five
levels are 625 numbers. Bounded raking is logit calibration on the same table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from zuofeng_survey.stats.calibration import (
    Kinds,
    Weights,
    calibrate,
    checked_weights,
    kish,
    solve,
    weights_of,
)
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.ranksets import locked

__all__ = ["Weights", "calibrate", "kish", "post_stratify", "rake", "trim"]

Totals = Mapping[object, float]
SWEEPS = 1000


def post_stratify(group: ArrayLike, totals: Totals, *, base: ArrayLike | None = None) -> Weights:
    """Weight respondents so that each group has its known size.

    Parameters
    ----------
    group : array_like, shape (n,)
        Group of each respondent; none missing.
    totals : mapping
        Group to its size in the population (people, or shares that sum to 1).
    base : array_like, shape (n,), optional
        Design weights; by default ones.

    Returns
    -------
    Weights

    Raises
    ------
    ValueError
        A group with a size but no respondent, or the other way round; sizes or weights that are
        negative or not finite.

    Notes
    -----
    Source: Holt & Smith (1979), doi 10.2307/2344652; R ``survey::postStratify``.

    Examples
    --------
    >>> w = post_stratify(["m", "f", "f"], {"m": 50, "f": 50})
    >>> w.weight.tolist(), w.n_eff
    ([50.0, 25.0, 25.0], 2.6666666666666665)
    """
    made = rake(pd.DataFrame({"group": pd.Series(np.asarray(group))}), {"group": totals}, base=base)
    return replace(made, method="post-stratification")


def rake(
    margins: pd.DataFrame,
    totals: Mapping[str, Totals],
    *,
    base: ArrayLike | None = None,
    bounds: tuple[float, float] | None = None,
    tolerance: float = 1e-9,
) -> Weights:
    """Weight respondents so that several margins have their known sizes at once.

    Parameters
    ----------
    margins : DataFrame, shape (n, M)
        Levels of each respondent, one column a margin; none missing.
    totals : mapping
        Column to a mapping from level to size; all columns must add up to the same population.
    base : array_like, shape (n,), optional
        Design weights; by default ones.
    bounds : (float, float), optional
        Least and greatest factor on the base weight, such as (0.3, 3): by logit calibration, so
        that the margins are met within the bounds, instead of cutting weights afterwards.
    tolerance : float
        Largest relative error left in any margin.

    Returns
    -------
    Weights
        ``margins`` reports on all of them after the last step.

    Raises
    ------
    ValueError
        A level with a size but no respondent, or the other way round; margins that do not add up
        to the same population; sizes that these respondents cannot meet, or not within the bounds.

    Notes
    -----
    Source: Deming & Stephan (1940), doi 10.1214/aoms/1177731829; bounds: Deville & Särndal (1992),
    doi 10.1080/01621459.1992.10475217; R ``survey::rake``, ``calibrate(calfun = "logit")``.

    Examples
    --------
    >>> people = pd.DataFrame({"sex": list("mmff"), "age": ["old", "young", "old", "young"]})
    >>> w = rake(people, {"sex": {"m": 40, "f": 60}, "age": {"old": 30, "young": 70}})
    >>> w.weight.round(6).tolist(), w.error < 1e-9
    ([12.0, 28.0, 18.0, 42.0], True)
    """
    frame = pd.DataFrame(margins)
    if frame.empty:
        raise ValueError(f"margins must have respondents and columns, got shape {frame.shape}")
    if set(frame.columns) != set(totals):
        raise ValueError(
            f"totals must name the columns of margins {list(frame.columns)}, got {list(totals)}"
        )
    d = checked_weights(base, len(frame), name="base")
    coded = [_coded(frame[name]) for name in frame.columns]
    cell, codes, weight = _cells(coded, d)
    named = zip(frame.columns, coded, codes, strict=True)
    sides = [_side(n, c, codes=k, totals=totals[n], weight=weight) for n, c, k in named]
    target = np.concatenate([s.target for s in sides])
    population = _population(frame.columns, sides)
    start = weight * (population / weight.sum())
    columns = _indicators(sides)
    if bounds is None:
        g, steps = _sweep(start, sides, tolerance=tolerance)
    else:
        g, steps = solve(columns, target, start, method="logit", bounds=bounds, tolerance=tolerance)
    report = pd.DataFrame(
        {
            "margin": np.repeat([str(c) for c in frame.columns], [len(s.level) for s in sides]),
            "level": [level for s in sides for level in s.level],
            "target": target,
        }
    )
    method = "raking" if bounds is None else "raking, factors from {:g} to {:g}".format(*bounds)
    kinds = Kinds(columns, cell, weight)
    return weights_of(d, (population / weight.sum()) * g, kinds, report, (method, steps))


class _Coded(NamedTuple):
    code: NDArray[np.integer]
    level: list


def _coded(values: pd.Series) -> _Coded:
    """Return levels as numbers from 0; whole numbers in a narrow range without a look-up."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        code, level = values.cat.codes.to_numpy(), values.cat.categories.tolist()
    elif (array := values.to_numpy()).dtype.kind in "iu" and np.ptp(array) < 10_000:
        low = int(array.min())
        code, level = array - low, list(range(low, int(array.max()) + 1))
    else:
        code, unique = pd.factorize(values)
        level = list(unique)
    if code.min() < 0:
        gaps = f"{values.name!r} must have no missing levels, got {int((code < 0).sum())}"
        raise ValueError(f"{gaps}; give them a level of their own")
    return _Coded(code, level)


def _cells(
    coded: list[_Coded], base: Floats
) -> tuple[NDArray[np.int64], list[NDArray[np.int64]], Floats]:
    """Return the cell of each respondent, the level of each cell in each margin, its weight."""
    shape = tuple(len(c.level) for c in coded)
    size = int(np.prod(shape, dtype=object))
    if size > 2**62:
        raise ValueError(f"margins must have fewer levels together, got {shape}")
    cell = coded[0].code.astype(np.int64)
    for c in coded[1:]:
        cell *= len(c.level)
        cell += c.code
    if size <= 4 * len(cell) + 10**6:
        found = np.flatnonzero(np.bincount(cell, minlength=size))
        place = np.zeros(size, dtype=np.int64)
        place[found] = np.arange(len(found))
        cell = place[cell]
    else:
        found, cell = np.unique(cell, return_inverse=True)
    codes = [np.asarray(code) for code in np.unravel_index(found, shape)]
    weight = np.bincount(cell, base, minlength=len(found)).astype(float)
    return np.asarray(cell), codes, weight


class _Side(NamedTuple):
    level: list
    code: NDArray[np.int64]  # of each cell
    target: Floats


def _side(
    name: object, coded: _Coded, *, codes: NDArray[np.int64], totals: Totals, weight: Floats
) -> _Side:
    """Return a margin as codes in the order of its totals, checked."""
    level, target = list(totals), np.array([float(v) for v in totals.values()])
    if not len(target) or not np.isfinite(target).all() or (target < 0).any():
        raise ValueError(f"totals of {name!r} must be finite and zero or more, got {dict(totals)}")
    place = pd.Index(level).get_indexer(pd.Index(coded.level))
    if strange := [coded.level[c] for c in np.unique(codes) if place[c] < 0]:
        raise ValueError(
            f"totals of {name!r} must give each level of the respondents a size, "
            f"got none for {strange[:5]}"
        )
    code = place[codes]
    there = np.bincount(code, weight, minlength=len(level))
    if empty := [level[i] for i in np.flatnonzero((target > 0) & (there == 0))]:
        raise ValueError(
            f"each level of {name!r} with a size must have a respondent, got none for "
            f"{empty[:5]}; merge it with a neighbouring level, in the totals too"
        )
    if gone := [level[i] for i in np.flatnonzero((target == 0) & (there > 0))]:
        raise ValueError(
            f"sizes of {name!r} must be positive where there are respondents, got 0 for "
            f"{gone[:5]}; leave these respondents out if they are not of the population"
        )
    kept = np.flatnonzero(target > 0)
    order = np.zeros(len(level), dtype=np.int64)
    order[kept] = np.arange(len(kept))
    return _Side([level[i] for i in kept], order[code], target[kept])


def _population(names: pd.Index, sides: list[_Side]) -> float:
    sums = np.array([s.target.sum() for s in sides])
    if np.ptp(sums) > 1e-6 * sums.max():
        each = ", ".join(f"{n}: {s:g}" for n, s in zip(names, sums, strict=True))
        raise ValueError(
            f"margins must add up to the same population, got {each}; "
            "bring them to one source or to shares"
        )
    return float(sums[0])


def _indicators(sides: list[_Side]) -> sparse.csr_array:
    n, m = len(sides[0].code), len(sides)
    first = np.cumsum([0] + [len(s.target) for s in sides])
    at = (np.column_stack([s.code for s in sides]) + first[:-1]).ravel()
    rows = np.arange(0, n * m + 1, m)
    return sparse.csr_array((np.ones(n * m), at, rows), (n, int(first[-1])))


def _sweep(start: Floats, sides: list[_Side], *, tolerance: float) -> tuple[Floats, int]:
    """Fit the margins in turn until all hold together."""
    w, worst = start.copy(), np.inf
    pairs = [(s.code, s.target) for s in sides]
    for step in range(1, SWEEPS + 1):
        for code, target in pairs:
            w *= (target / np.bincount(code, w, minlength=len(target)))[code]
        errors = [np.abs(np.bincount(c, w, minlength=len(t)) / t - 1).max() for c, t in pairs]
        if max(errors) <= tolerance:
            return w / start, step
        if step % 100 == 0:
            if max(errors) > 0.5 * worst:
                break
            worst = max(errors)
    at = int(np.argmax(errors))
    raise ValueError(
        f"margins must be such that these respondents can meet them all, got margin {at + 1} off "
        f"by {100 * max(errors):.2g} % after {step} sweeps; combinations of levels that nobody "
        "answered from stand in the way: merge levels"
    )


def trim(
    weights: Weights,
    *,
    lower: float = 0.0,
    upper: float,
    strict: bool = True,
) -> Weights:
    """Cut weights to a range and share what is cut among the others.

    Prefer ``rake(..., bounds=...)``, which meets the margins within bounds: here they are missed,
    and ``margins`` says by how much.

    Parameters
    ----------
    weights : Weights
        As made by :func:`rake`, :func:`post_stratify` or ``calibrate``.
    lower, upper : float
        The range, in the unit of the weights.
    strict : bool
        Cut again until none lies outside; otherwise once, as R does by default.

    Returns
    -------
    Weights
        Of the same sum.

    Raises
    ------
    ValueError
        A range that does not hold the mean weight.

    Notes
    -----
    Source: R ``survey::trimWeights``; Potter (1990), Proc. ASA Survey Research Methods, 225–230.

    Examples
    --------
    >>> w = post_stratify(list("abbb"), {"a": 60, "b": 40})
    >>> trim(w, upper=40).weight.round(6).tolist()
    [40.0, 20.0, 20.0, 20.0]
    """
    w = weights.weight.copy()
    if not 0 <= lower < w.mean() < upper:
        raise ValueError(
            f"lower and upper must lie on either side of the mean weight {w.mean():g}, "
            f"got {lower:g} and {upper:g}"
        )
    cut = np.zeros(len(w), dtype=bool)
    for _ in range(len(w)):
        outside = (w < lower * (1 - 1e-12)) | (w > upper * (1 + 1e-12))
        if not outside.any():
            break
        cut |= outside
        total = w.sum()
        w = np.clip(w, lower, upper)
        if cut.all():
            break
        w[~cut] += (total - w.sum()) / (~cut).sum()
        if not strict:
            break
    scale = weights.weight.sum() / weights.base.sum()
    after = weights.columns.T @ np.bincount(
        weights.cell, w, minlength=weights.columns.indptr.size - 1
    )
    target = weights.margins["target"].to_numpy(float)
    error = np.where(target != 0, after / np.where(target != 0, target, 1.0) - 1, after - target)
    return replace(
        weights,
        weight=locked(w),
        factor=locked(w / weights.base / scale),
        margins=weights.margins.assign(after=after, error=error),
        method=f"{weights.method}, trimmed",
        trimmed=int(cut.sum()),
    )
