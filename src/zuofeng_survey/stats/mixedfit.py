"""The criterion of a mixed model, its slope and its lowest point; behind :mod:`mixed`.

The factor with most levels, A, is eliminated by hand, since its block is diagonal. With ``λ_k`` the
variance of factor k over the residual's, one Cholesky factor of what is left of the normal
equations, bordered by y, gives determinant, effects and residual sum of squares together.

Source: Bates, Mächler, Bolker & Walker (2015), doi 10.18637/jss.v067.i01 (criterion, as R ``lmer``);
Gilmour, Thompson & Cullis (1995), doi 10.2307/2533274 (average information).
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from zuofeng_survey.stats.composite import Floats

FLOOR, CEILING = -23.0, 23.0  # log λ; below 1e-10 a component is zero
SETTLED = 1e-6  # on the log scale; the error left is smaller by some hundred times
NEAR_ZERO = -12.0  # from here on down it is a matter of steps only
STEPS = 100
EXACT = "the residual variance must be positive, got none: the effects fit y exactly"


class Normal(NamedTuple):
    """Cross-products: factor A eliminated, then the other factors, X and y side by side."""

    n: int
    p: int
    names: tuple[str, ...]
    sizes: tuple[int, ...]  # of all factors, A first
    count: Floats  # observations of each level of A
    border: sparse.csr_array  # Z_A' [Z_B X y], (levels of A, D + p + 1)
    gram: Floats  # [Z_B X y]' [Z_B X y]
    codes: list[NDArray[np.int64]]
    rest: sparse.csr_array  # [Z_B X y], (n, D + p + 1)


def _cuts(normal: Normal) -> list[slice]:
    """Return where each factor but the first stands among the columns kept."""
    ends = np.cumsum((0, *normal.sizes[1:]))
    return [slice(a, b) for a, b in pairwise(ends)]


class _Fit(NamedTuple):
    criterion: float
    residual: float
    factor: Floats  # Cholesky, lower, of the bordered equations
    scale: Floats  # √λ of each column, 1 for X and y
    spherical: list[Floats]  # b_k / √λ_k, A first
    beta: Floats


def _fit(normal: Normal, ratio: Floats, reml: bool) -> _Fit:
    """Solve for given ``ratio`` λ, one a factor."""
    inner = sum(normal.sizes[1:])
    scale = np.r_[np.repeat(np.sqrt(ratio[1:]), normal.sizes[1:]), np.ones(normal.p + 1)]
    own = normal.count * ratio[0] + 1.0
    left = normal.gram - _weighted(normal.border, ratio[0] / own)
    left *= np.outer(scale, scale)
    left[np.arange(inner), np.arange(inner)] += 1.0
    least = 1e-13 * normal.gram[-1, -1]
    try:
        factor = linalg.cholesky(left, lower=True, overwrite_a=True, check_finite=False)
    except linalg.LinAlgError:
        factor = None
    if factor is None or factor[-1, -1] ** 2 <= least:
        raise ValueError(EXACT)
    free = normal.n - normal.p * reml
    log = 2.0 * np.log(np.diag(factor))
    size = factor[-1, -1] ** 2
    criterion = np.log(own).sum() + log[: inner + normal.p * reml].sum()
    criterion += free * (1.0 + np.log(2.0 * np.pi * size / free))
    solved = linalg.solve_triangular(
        factor[:-1, :-1], factor[-1, :-1], lower=True, trans=1, check_finite=False
    )
    gone = normal.border @ np.r_[-scale[:-1] * solved, 1.0]
    spherical = [np.sqrt(ratio[0]) / own * gone, *(solved[cut] for cut in _cuts(normal))]
    return _Fit(float(criterion), size / free, factor, scale, spherical, solved[inner:])


def _weighted(border: sparse.csr_array, weight: Floats) -> Floats:
    """Return ``border' diag(weight) border``, dense."""
    half = border.copy()
    half.data *= np.repeat(np.sqrt(weight), np.diff(border.indptr))
    return (half.T @ half).toarray()


def _inverse(factor: Floats) -> Floats:
    """Return the lower triangle of ``(factor factor')⁻¹``, zeros above it."""
    if not len(factor):  # one grouping factor leaves none to solve for; LAPACK would complain aloud
        return factor
    (potri,) = linalg.get_lapack_funcs(("potri",), (factor,))
    return potri(np.array(factor, order="F"), lower=1, overwrite_c=1)[0]


def _step(normal: Normal, ratio: Floats, fit: _Fit, reml: bool) -> tuple[Floats, Floats]:
    """Return gradient of the criterion by log λ, and its average information."""
    used = sum(normal.sizes[1:]) + normal.p * reml
    inverse = _inverse(fit.factor[:used, :used])
    own = normal.count * ratio[0] + 1.0
    spread = _weighted(normal.border[:, :used], ratio[0] / own**2)
    spread *= inverse
    spread *= 2.0  # its lower triangle stands for both
    spread[np.arange(used), np.arange(used)] /= 2.0
    trace = [(1.0 / own).sum() + fit.scale[:used] @ spread @ fit.scale[:used]]
    trace += [np.diag(inverse)[cut].sum() for cut in _cuts(normal)]
    square = np.array([u @ u for u in fit.spherical])
    gradient = np.array(normal.sizes) - np.array(trace) - square / fit.residual
    pairs = zip(normal.codes, fit.spherical, ratio, strict=True)
    work = np.column_stack([np.sqrt(r) * u[code] for code, u, r in pairs])
    by_a = np.column_stack([np.bincount(normal.codes[0], w) for w in work.T])
    cross = normal.rest.T @ work - normal.border.T @ ((ratio[0] / own)[:, None] * by_a)
    half = linalg.solve_triangular(
        fit.factor[:-1, :-1], (fit.scale[:, None] * cross)[:-1], lower=True, check_finite=False
    )
    seen = work.T @ work - by_a.T @ ((ratio[0] / own)[:, None] * by_a) - half.T @ half
    free = normal.n - normal.p * reml
    return gradient, seen / fit.residual - np.outer(square, square) / fit.residual**2 / free


class Found(NamedTuple):
    """Components and effects, in the order of the factors of :class:`Normal`."""

    criterion: float
    residual: float
    variance: Floats
    beta: Floats
    covariance: Floats
    effects: list[Floats]
    sd: list[Floats]
    iterations: int


def maximise(normal: Normal, reml: bool) -> Found:
    """Find the variance ratios of greatest (restricted) likelihood, and the effects there."""
    log = np.full(len(normal.sizes), np.log(0.1))
    fit = _fit(normal, np.exp(log), reml)
    for iteration in range(1, STEPS + 1):
        gradient, information = _step(normal, np.exp(log), fit, reml)
        move = _move(log, gradient, information)
        trial = _fit(normal, np.exp(log + move), reml)
        while trial.criterion > fit.criterion + 1e-9 * normal.n and np.abs(move).max() > SETTLED:
            move = move / 4.0
            trial = _fit(normal, np.exp(log + move), reml)
        log, fit = log + move, trial
        if log.max() >= CEILING:
            raise ValueError(EXACT)
        if np.abs(move).max() <= SETTLED:
            ratio = np.where(log <= FLOOR, 0.0, np.exp(log))
            at_end = fit if (ratio > 0).all() else _fit(normal, ratio, reml)
            return _collect(normal, ratio, at_end, iteration)
    raise ValueError(f"the variance components must settle in {STEPS} steps, and did not")


def _move(log: Floats, gradient: Floats, information: Floats) -> Floats:
    """Return a step towards the minimum, at most 3 on the log scale and never below the floor."""
    held = (log <= FLOOR) & (gradient > 0)
    free = np.flatnonzero(~held)
    move = np.zeros_like(log)
    if free.size:
        curve = information[np.ix_(free, free)]
        curve = curve + np.diag(1e-9 + 1e-9 * np.diag(curve))
        move[free] = -np.linalg.solve(curve, gradient[free])
    if (move @ gradient) > 0:
        move = -np.sign(gradient) * ~held
    target = np.clip(log + np.clip(move, -3.0, 3.0), FLOOR, CEILING)
    return np.where((log < NEAR_ZERO) & (move < 0), FLOOR, target) - log


def _collect(normal: Normal, ratio: Floats, fit: _Fit, iterations: int) -> Found:
    inner = sum(normal.sizes[1:])
    corner = fit.factor[inner:-1, inner:-1]
    upper = linalg.solve_triangular(corner, np.eye(normal.p), lower=True)
    own = normal.count * ratio[0] + 1.0
    sd = [np.sqrt(ratio[0] / own)]
    if inner:
        inverse = _inverse(fit.factor[:inner, :inner])
        border = sparse.csr_array(normal.border[:, :inner] * fit.scale[:inner])
        through = 2.0 * border.multiply(border @ inverse).sum(axis=1)
        through -= border.power(2) @ np.diag(inverse)
        sd = [np.sqrt(ratio[0] * (1.0 / own + ratio[0] / own**2 * through))]
        of = np.diag(inverse)
        sd += [np.sqrt(r * of[cut]) for r, cut in zip(ratio[1:], _cuts(normal), strict=True)]
    return Found(
        criterion=fit.criterion,
        residual=fit.residual,
        variance=fit.residual * ratio,
        beta=fit.beta,
        covariance=fit.residual * upper.T @ upper,
        effects=[np.sqrt(r) * u for r, u in zip(ratio, fit.spherical, strict=True)],
        sd=[np.sqrt(fit.residual) * s for s in sd],
        iterations=iterations,
    )
