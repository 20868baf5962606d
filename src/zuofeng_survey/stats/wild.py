"""Redrawn studentised contrasts: what the largest gap between equals looks like.

A *row* function belongs to one block of draws: ``row(i, js)`` gives T* of target i against the
targets ``js``, shape (len(js), draws in the block). The rank sets need the maximum over all pairs,
the gap test a few pairs; neither needs to know where the draws come from. There are two sources:
voters' signs (:func:`wild_rows`) and a known covariance (:func:`normal_rows`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zuofeng_survey.stats.complete import complete_plan
from zuofeng_survey.stats.composite import Composite, Floats, pool
from zuofeng_survey.stats.contrasts import TINY, Columns, Plan, Row, contrast, studentised
from zuofeng_survey.stats.products import gram, lean
from zuofeng_survey.stats.spread import class_spread

BLOCK = 1024
# Targets times draws in a block: a row of contrasts stays in the processor's cache.
BLOCK_CELLS = 2**18
# Above so many multiplications the overlap of two targets' voters is taken from their class means.
EXACT_OVERLAP = 5e10


def pair_variance(panel: Composite, *, shrink: float) -> Floats:
    """Variance of every difference of two composites, pooled over classes; shape (N, N).

    With ``A_ij = Σ_v a_vi a_vj`` (``a_vi`` the weight of one rating) and pooled second moments
    ``G``: own ``s²_ij = A_ii G_ii + A_jj G_jj − 2 A_ij G_ij``, moved by ``shrink`` towards the same
    with one variance and one covariance for all. On complete ballots ``A_ij = K = Σ W_c²/n_c``,
    own is ``K · SS_ij / (V − C)`` and the second its mean over pairs.
    """
    moments, design = pool(panel), _design(panel)
    own = np.maximum(contrast(design * moments.within), 0.0)
    alike = np.where(np.eye(len(design), dtype=bool), moments.variance, moments.shared)
    s2 = (1 - shrink) * own + shrink * np.maximum(contrast(design * alike), 0.0)
    np.fill_diagonal(s2, 0.0)
    return s2


class Signs(NamedTuple):
    """Signs, shape (V, draws); ``exact`` when they are all patterns there are."""

    matrix: NDArray[np.int8]
    exact: bool
    seed: int


def draw_signs(panel: Composite, draws: int, seed: int) -> Signs:
    """Rademacher signs, one a voter and draw.

    When all ``2^V`` patterns are no more than ``draws``, each is taken once instead (and the
    answer no longer depends on the seed), unless single-rating cells need random numbers too.
    """
    n = len(panel.member)
    if 2**n <= draws and (panel.counts != 1).all():
        patterns = np.arange(2**n)[None, :] >> np.arange(n)[:, None]
        return Signs((1 - 2 * (patterns & 1)).astype(np.int8), True, seed)
    bits = np.random.default_rng(seed).integers(0, 2, size=(n, draws), dtype=np.int8)
    return Signs(2 * bits - 1, False, seed)


def wild_rows(
    panel: Composite,
    signs: Signs,
    *,
    shrink: float,
    dtype: type = np.float64,
    only: NDArray[np.bool_] | None = None,
) -> Iterator[Row]:
    """Yield a row function a block: voters' residuals with redrawn signs, re-studentised.

    ``only`` picks draws, shape (draws,); they are what they are among all.

    Residuals are inflated by ``√(n_ci / (n_ci − 1))``; each draw computes its own variances, with
    the same shrinkage as :func:`pair_variance`. A single-rating cell has no residual: its
    redrawn error is normal with the pooled variance, spread as some other voter's.
    With gaps in the ballots and very many pairs (``EXACT_OVERLAP``) the sum of signed residuals
    over the voters two targets share is taken as their share of the class mean.
    """
    e, lone = panel.inflated().astype(dtype), bool((panel.counts == 1).any())
    n = np.maximum(panel.counts, 1).astype(dtype)
    weight = panel.weight.astype(dtype)
    classes = [np.flatnonzero(panel.member == c) for c in range(len(n))]
    errors = [lean(e[v]) for v in classes]
    plan = _plan(panel, e, signs.matrix.shape[1], shrink=shrink)
    size = _block_size(e.shape[1])
    for block, start in enumerate(range(0, signs.matrix.shape[1], size)):
        pick = slice(None) if only is None else only[start : start + size]
        s = signs.matrix[:, start : start + size][:, pick].astype(dtype)
        means = np.stack([(errors[c].T @ s[v]) / n[c][:, None] for c, v in enumerate(classes)])
        theta = np.einsum("cn,cnb->nb", weight, means)
        if lone:
            rng = np.random.default_rng([signs.seed, block])
            drawn = min(size, signs.matrix.shape[1] - start)
            theta += _lone_errors(panel, rng, drawn)[:, pick].astype(dtype)
        yield plan(s, means, theta)


def normal_rows(
    cov: Floats,
    draws: int,
    *,
    df: float | None,
    seed: int,
    only: NDArray[np.bool_] | None = None,
) -> Iterator[Row]:
    """Yield a row function a block: normal errors with a known covariance (t when df is given).

    ``only`` picks draws, as in :func:`wild_rows`.
    """
    cov = cov / (np.diag(cov).max() or 1.0)  # the rows have no unit
    values, vectors = np.linalg.eigh(cov)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))).astype(np.float32)
    var = contrast(cov)
    scale = 1.0 / np.sqrt(np.maximum(var, TINY * (var.max() or 1.0)))
    scale = scale.astype(np.float32)
    rng, size = np.random.default_rng(seed), _block_size(len(cov))
    for start in range(0, draws, size):
        n = min(size, draws - start)
        theta = root @ rng.standard_normal((len(cov), n), dtype=np.float32)
        if df is not None:
            theta /= np.sqrt(rng.chisquare(df, n) / df).astype(np.float32)
        if only is not None:
            theta = theta[:, only[start : start + n]]

        def row(i: int, js: Columns, theta: NDArray = theta) -> NDArray:
            t = theta[i] - theta[js]
            t *= scale[i, js][:, None]
            return t

        yield row


def _block_size(n_targets: int) -> int:
    return int(np.clip(BLOCK_CELLS // n_targets, 64, 1024))


def _design(panel: Composite) -> Floats:
    return gram(panel.leverage())


def _lone_errors(panel: Composite, rng: np.random.Generator, draws: int) -> Floats:
    """Redrawn errors of single-rating cells, weighted and summed by target; shape (N, draws).

    Normal, with the pooled variance and covariance along the voter's row, times the spread of
    another voter drawn at random: some voters spread their grades more than others. A class of
    one that visibly does (:func:`.spread.class_spread`) is redrawn as coarse as it is instead.
    """
    lone = panel.leverage() * (panel.counts == 1)[panel.member]
    moments, spread = pool(panel), _relative_spread(panel, lone)
    shared = min(max(moments.shared, 0.0), moments.variance)
    errors = np.zeros((lone.shape[1], draws))
    factor = np.where(np.bincount(panel.member) == 1, class_spread(panel), 1.0)[panel.member]
    for voter in np.flatnonzero(lone.any(axis=1)):
        weight, cells = lone[voter], np.flatnonzero(lone[voter])
        coarse = rng.choice(spread, draws) if factor[voter] == 1 else np.sqrt(factor[voter])
        own = rng.standard_normal((len(cells), draws)) * coarse
        own *= np.sqrt(moments.variance - shared)
        own += np.sqrt(shared) * rng.standard_normal(draws)
        errors[cells] += weight[cells, None] * own
    return errors


def _relative_spread(panel: Composite, lone: Floats) -> Floats:
    """Each repeated voter's standard deviation over targets, relative to the mean of all."""
    rows = (lone == 0).all(axis=1) & (panel.seen.sum(axis=1) > 2)
    e = np.where(panel.seen, panel.inflated(), np.nan)[rows]
    variance = np.nanvar(e, axis=1, ddof=1) if len(e) else np.ones(1)
    return np.sqrt(variance / variance.mean()) if variance.any() else np.ones(1)


def _plan(panel: Composite, e: NDArray, draws: int, *, shrink: float) -> Plan:
    if panel.complete:
        return complete_plan(panel, e, shrink=shrink)
    if e.size * e.shape[1] / 2 * draws < EXACT_OVERLAP:
        return _with_gaps(panel, e, shrink=shrink)
    return _with_many_gaps(panel, e, shrink=shrink)


def _with_gaps(panel: Composite, e: NDArray, *, shrink: float) -> Plan:
    """Ballots with gaps: a pair's variances and covariance from the draw itself."""
    seen, cross, moments = panel.seen.astype(e.dtype), e.T @ e, _Moments(panel, e, shared=shrink > 0)
    classes = [np.flatnonzero(panel.member == c) for c in range(len(panel.classes))]
    both = [seen[v].T @ seen[v] for v in classes]
    # who did not rate the target adds nought to its sums; for a single pair it is not worth asking
    raters = [[v[panel.seen[v, i]] if shrink else v for v in classes] for i in range(len(cross))]
    weight, design, ratio = moments.weight, moments.design, moments.ratio

    def plan(s: NDArray, m: NDArray, theta: NDArray) -> Row:
        var, variance, shared = moments.redrawn(s, m)

        def row(i: int, js: Columns) -> NDArray:
            c_ij = np.repeat(cross[i, js][:, None], m.shape[2], axis=1)
            for c, v in enumerate(raters[i]):
                sum_i = (e[v, i][:, None] * seen[v][:, js]).T @ s[v]
                sum_j = (e[v][:, js] * seen[v, i][:, None]).T @ s[v]
                c_ij -= sum_i * m[c, js] + sum_j * m[c, i]
                c_ij += both[c][i, js][:, None] * m[c, js] * m[c, i]
            own = weight[i] * var[i] + weight[js, None] * var[js] - 2 * ratio[i, js][:, None] * c_ij
            alike = (weight[i] + weight[js, None]) * variance - 2 * design[i, js][:, None] * shared
            s2 = (1 - shrink) * np.maximum(own, 0) + shrink * np.maximum(alike, 0)
            return studentised(theta[i] - theta[js], s2, moments.floor)

        return row

    return plan


def _with_many_gaps(panel: Composite, e: NDArray, *, shrink: float) -> Plan:
    """As :func:`_with_gaps`, the overlap's signed sums taken from the class means."""
    moments = _Moments(panel, e)
    classes = [np.flatnonzero(panel.member == c) for c in range(len(panel.classes))]
    twice = e.dtype.type(2 * (1 - shrink)) * moments.ratio
    both = [twice * gram(panel.seen[v].astype(e.dtype)) for v in classes]
    fixed, alike = twice * gram(e), e.dtype.type(2 * shrink) * moments.design
    shared_voters = moments.design > 0

    def plan(s: NDArray, m: NDArray, theta: NDArray) -> Row:
        var, variance, shared = moments.redrawn(s, m)
        half = moments.weight[:, None] * ((1 - shrink) * var + shrink * variance)

        def row(i: int, js: Columns) -> NDArray:
            s2 = half[js] + half[i]
            met = np.flatnonzero(shared_voters[i, js])  # the others' covariance is nought
            part = s2[met]
            part -= fixed[i, js][met, None]
            part -= alike[i, js][met, None] * shared
            for c in range(len(both)):
                part += (both[c][i, js][met, None] * m[c, js][met]) * m[c, i]
            s2[met] = part
            return studentised(theta[i] - theta[js], s2, moments.floor)

        return row

    return plan


class _Moments:
    """What a draw's variances are made of, on ballots with gaps."""

    def __init__(self, panel: Composite, e: NDArray, *, shared: bool = True) -> None:
        self.shared = shared  # whether what is common to all pairs is asked for
        pairs, design = pool(panel).pairs, _design(panel)
        members = (panel.member == c for c in range(len(panel.classes)))
        self.classes = [(v, lean(panel.seen[v].astype(e.dtype))) for v in members]
        self.total, self.squares = e.sum(axis=1), (e**2).sum(axis=0)[:, None]
        self.n = panel.counts[:, :, None].astype(e.dtype)
        self.df = panel.df[:, None].astype(e.dtype)
        self.off = float(pairs.sum() - np.trace(pairs))
        self.design, self.weight = design.astype(e.dtype), np.diag(design).astype(e.dtype)
        self.ratio = np.where(pairs > 0, design / np.where(pairs > 0, pairs, 1), 0).astype(e.dtype)
        self.floor = TINY * float(np.mean(self.weight) * self.squares.mean())

    def redrawn(self, s: NDArray, m: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """Return each target's variance (N, b), and the common variance and covariance (b,)."""
        left = np.maximum(self.squares - (self.n * m**2).sum(axis=0), 0.0)
        variance = left.sum(axis=0) / self.df.sum()
        var = np.where(self.df > 0, left / np.maximum(self.df, 1), variance)
        if not self.shared:
            return var, variance, np.zeros_like(variance)
        rest = self.total[:, None] * s
        for centre, (v, seen) in zip(m, self.classes, strict=True):
            rest[v] -= seen @ centre
        shared = (rest**2).sum(axis=0) - left.sum(axis=0)
        return var, variance, shared / self.off if self.off > 0 else 0.0 * shared
