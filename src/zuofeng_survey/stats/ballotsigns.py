"""The signs behind :mod:`ballots`: residuals, agreement, lone low grades, likeness."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats
from scipy.sparse import csgraph

from zuofeng_survey.stats.composite import Floats

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
TAIL = 0.05  # share of the cells that shape the tail of low grades


def two_way_residuals(y: Floats) -> tuple[Floats, float, Floats]:
    """Fit voter + target to the ratings there are; return residuals, their variance, leverages.

    Residuals (V, N), 0 where there is no rating; leverages of an unbalanced table are taken as
    ``1/n_v + 1/n_i − 1/n``, exact on complete ballots.
    """
    seen = ~np.isnan(y)
    n_v, n_i, n = seen.sum(axis=1), seen.sum(axis=0), int(seen.sum())
    rest = np.where(seen, y - np.nanmean(y), 0.0)
    for _ in range(200):  # alternate means; one round is exact on complete ballots
        rest -= np.where(seen, (rest.sum(axis=1) / n_v)[:, None], 0.0)
        step = rest.sum(axis=0) / np.maximum(n_i, 1)
        rest -= np.where(seen, step, 0.0)
        if np.abs(step).max() < 1e-10 * (1 + np.abs(rest).max()):
            break
    free = n - len(n_v) - int((n_i > 0).sum()) + 1
    leverage = np.where(seen, (1 / n_v)[:, None] + 1 / np.maximum(n_i, 1) - 1 / n, 0.0)
    variance = float((rest**2).sum() / free) if free > 0 else 0.0
    if variance <= 1e-20 * (1 + np.nanmax(np.abs(y))) ** 2:
        raise ValueError(
            "ballots must differ from voter + target somewhere, got none that does; with ballots "
            "that all agree there is nothing to look for"
        )
    return rest, variance, np.minimum(leverage, 1.0)


def agreement(y: Floats, flat: Flags) -> tuple[Floats, Floats]:
    """Correlate each ballot with the mean of the others; p that one without a view agrees as little.

    NaN for flat ballots and those of fewer than four targets.
    """
    seen = ~np.isnan(y)
    centred = np.where(seen, y - np.nanmean(y, axis=1, keepdims=True), 0.0)
    total, count = centred.sum(axis=0), seen.sum(axis=0)
    r, p = np.full(len(y), np.nan), np.full(len(y), np.nan)
    for v in np.flatnonzero(~flat & (seen.sum(axis=1) > 3)):
        at = seen[v] & (count > 1)
        if (n := int(at.sum())) < 4:
            continue
        own, rest = centred[v, at], (total - centred[v])[at] / (count - seen[v])[at]
        own, rest = own - own.mean(), rest - rest.mean()
        size = np.sqrt((own**2).sum() * (rest**2).sum())
        if size > 1e-12:
            r[v] = own @ rest / size
            p[v] = stats.t.cdf(r[v] * np.sqrt((n - 2) / max(1 - r[v] ** 2, 1e-12)), n - 2)
    return r, p


def lone_lows(e: Floats, rated: Flags, *, level: float) -> Ints:
    """Return for each ballot the target it strikes alone, −1 for none.

    A residual is struck when it is lower than the lowest of all cells is likely to be, by the tail
    of the residuals themselves: beyond the lowest twentieth they are taken as exponential, its mean
    from the median, which a few attacks do not move. Alone: no other cell of the ballot is in the
    half of that way.
    """
    low = -e[rated]
    start = float(np.quantile(low, 1 - TAIL))
    beyond = low[low > start] - start
    if len(beyond) < 5:
        return np.full(len(e), -1)
    mean = float(np.median(beyond)) / np.log(2)
    limit = start + mean * np.log(len(beyond) / level)
    lowest, at = e.argmin(axis=1), np.arange(len(e))
    others = e.copy()
    others[at, lowest] = 0.0
    alone = (e[at, lowest] < -limit) & (others.min(axis=1) > -limit / 2)
    return np.where(alone, lowest, -1)


def without_slope(e: Floats, rated: Flags, effect: Floats) -> Floats:
    """Take from each ballot its level and how strongly it tells good targets from bad.

    A harsh voter who uses the whole scale is like other harsh voters; that is no bloc.
    """
    n = np.maximum(rated.sum(axis=1, keepdims=True), 1)
    x = np.where(rated, effect, 0.0)
    x = np.where(rated, x - x.sum(axis=1, keepdims=True) / n, 0.0)
    e = np.where(rated, e - np.where(rated, e, 0.0).sum(axis=1, keepdims=True) / n, 0.0)
    size = (x**2).sum(axis=1, keepdims=True)
    slope = (e * x).sum(axis=1, keepdims=True) / np.where(size > 1e-12, size, 1.0)
    return e - slope * x


class Residuals(NamedTuple):
    """Residuals (V, N) of voter, slope and target; which cells are rated; target effects (N,)."""

    e: Floats
    rated: Flags
    effect: Floats


def bloc_signs(
    found: Residuals, member: Ints, *, level: float, draws: int, rng: np.random.Generator
) -> tuple[Ints, float, float]:
    """Find ballots more alike than any pair among shuffled ones.

    Returns the bloc of each ballot (0 none), p of the pair most alike, p of the largest eigenvalue
    of likeness. Ballots without residual (flat ones) are compared with nobody.
    """
    bloc = np.zeros(len(found.e), dtype=np.int64)
    rows = np.flatnonzero(found.rated.any(axis=1))
    if len(rows) < 3:
        return bloc, 1.0, 1.0
    kept = Residuals(found.e[rows], found.rated[rows], found.effect)
    alike = _alike(kept.e)
    highest, top = _extremes(alike)
    shuffles = _shuffles(kept, member[rows], draws=draws, rng=rng)
    null = np.array([_extremes(_alike(s)) for s in shuffles])
    limit = float(np.quantile(null[:, 0], 1 - level, method="higher"))
    pairs = np.triu(alike > limit, 1)
    _, part = csgraph.connected_components(sparse.csr_array(pairs), directed=False)
    size = np.bincount(part)
    groups = [g for g in np.argsort(-size, kind="stable") if size[g] > 1]
    for number, g in enumerate(groups, start=1):
        bloc[rows[part == g]] = number
    pair_p, shared_p = (1 + (null >= np.array([highest, top])).sum(axis=0)) / (draws + 1)
    return bloc, float(pair_p), float(shared_p)


def _alike(e: Floats) -> Floats:
    """Likeness of ballots' residuals, below 1; −1 on the diagonal.

    Correlations, but with the mean size of all ballots added to each: two nearly flat ballots that
    share one grade are not alike for that.
    """
    square = (e**2).sum(axis=1)
    unit = e / np.sqrt(square + square.mean() + 1e-300)[:, None]
    alike = unit @ unit.T
    np.fill_diagonal(alike, -1.0)
    return alike


def _extremes(alike: Floats) -> tuple[float, float]:
    """Return the largest likeness of a pair, and the largest eigenvalue of the matrix."""
    top = np.linalg.eigvalsh(alike + 2.0 * np.eye(len(alike)))[-1]
    return float(alike.max()), float(top)


def _shuffles(
    found: Residuals, label: Ints, *, draws: int, rng: np.random.Generator
) -> Iterator[Floats]:
    """Yield residuals shuffled within target and class, levels and slopes taken out again."""
    given = np.where(found.rated, found.e, np.nan)
    classes = [np.flatnonzero(label == c) for c in np.unique(label)]
    for _ in range(draws):
        mixed = given.copy()
        for rows in classes:
            mixed[rows] = rng.permuted(given[rows], axis=0)
        there = ~np.isnan(mixed)
        yield without_slope(np.where(there, mixed, 0.0), there, found.effect)
