"""Redrawn studentised contrasts: what the largest gap between equals looks like.

A *row* function belongs to one block of draws: ``row(i, js)`` gives T* of target i against the
targets ``js``, shape (len(js), draws in the block). The rank sets need the maximum over all pairs,
the gap test a few pairs; neither needs to know where the draws come from. There are two sources:
voters' signs (:func:`wild_rows`) and a known covariance (:func:`normal_rows`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from zuofeng_survey.stats.composite import Composite, Floats, Pooled, pool

Columns: TypeAlias = slice | NDArray[np.int64]
Row: TypeAlias = Callable[[int, Columns], NDArray]
BLOCK = 1024
# Above so many multiplications the overlap of two targets' voters is taken from their class means.
EXACT_OVERLAP = 5e10
# A redrawn variance below this share of the mean counts as none.
TINY = 1e-12


def pair_variance(panel: Composite, *, shrink: float) -> Floats:
    """Variance of every difference of two composites, pooled over classes; shape (N, N).

    With ``A_ij = Σ_v a_vi a_vj`` (``a_vi`` the weight of one rating) and pooled second moments
    ``G``: own ``s²_ij = A_ii G_ii + A_jj G_jj − 2 A_ij G_ij``, moved by ``shrink`` towards the same
    with one variance and one covariance for all. On complete ballots ``A_ij = K = Σ W_c²/n_c``,
    own is ``K · SS_ij / (V − C)`` and the second its mean over pairs.
    """
    moments, design = pool(panel), _design(panel)
    own = np.maximum(_contrast(design * moments.within), 0.0)
    alike = np.where(np.eye(len(design), dtype=bool), moments.variance, moments.shared)
    s2 = (1 - shrink) * own + shrink * np.maximum(_contrast(design * alike), 0.0)
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
    panel: Composite, signs: NDArray[np.int8], *, shrink: float, seed: int, dtype: type = np.float64
) -> Iterator[Row]:
    """Yield a row function a block: voters' residuals with redrawn signs, re-studentised.

    Residuals are inflated by ``√(n_ci / (n_ci − 1))``; each draw computes its own variances, with
    the same shrinkage as :func:`pair_variance`. A single-rating cell has no residual: its
    redrawn error is normal with the pooled variance, partly shared along the voter's row.
    With gaps in the ballots and very many pairs (``EXACT_OVERLAP``) the sum of signed residuals
    over the voters two targets share is taken as their share of the class mean.
    """
    moments, make = pool(panel), _complete_row if panel.complete else _incomplete_row
    lone = panel.leverage() * (panel.counts == 1)[panel.member]
    for block, start in enumerate(range(0, signs.shape[1], BLOCK)):
        s = signs[:, start : start + BLOCK].astype(dtype)
        means = _class_means(panel, s, dtype)
        theta = np.einsum("cn,cnb->nb", panel.weight.astype(dtype), means)
        if lone.any():
            theta += _lone_errors(lone, moments, np.random.default_rng([seed, block]), s.shape[1])
        yield make(panel, s, means, theta, shrink)


def normal_rows(cov: Floats, draws: int, *, df: float | None, seed: int) -> Iterator[Row]:
    """Yield a row function a block: normal errors with a known covariance (t when df is given)."""
    values, vectors = np.linalg.eigh(cov)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    var = _contrast(cov)
    scale = 1.0 / np.sqrt(np.maximum(var, TINY * max(var.max(), 1e-300)))
    rng = np.random.default_rng(seed)
    for start in range(0, draws, BLOCK):
        n = min(BLOCK, draws - start)
        theta = root @ rng.standard_normal((len(cov), n))
        if df is not None:
            theta /= np.sqrt(rng.chisquare(df, n) / df)

        def row(i: int, js: Columns, theta: Floats = theta) -> Floats:
            return (theta[i] - theta[js]) * scale[i, js][:, None]

        yield row


def _design(panel: Composite) -> Floats:
    a = panel.leverage()
    return a.T @ a


def _contrast(m: Floats) -> Floats:
    d = np.diag(m)
    return d[:, None] + d - 2 * m


def _class_means(panel: Composite, s: NDArray, dtype: type) -> NDArray:
    e = panel.inflated().astype(dtype)
    n = np.maximum(panel.counts, 1).astype(dtype)
    return np.stack(
        [
            (e[panel.member == c].T @ s[panel.member == c]) / n[c][:, None]
            for c in range(len(panel.classes))
        ]
    )


def _lone_errors(lone: Floats, moments: Pooled, rng: np.random.Generator, draws: int) -> Floats:
    shared = min(max(moments.shared, 0.0), moments.variance)
    along_row = np.sqrt(shared) * (lone.T @ rng.standard_normal((len(lone), draws)))
    own = np.sqrt((moments.variance - shared) * (lone**2).sum(axis=0))
    return along_row + own[:, None] * rng.standard_normal((lone.shape[1], draws))


def _complete_row(panel: Composite, s: NDArray, m: NDArray, theta: NDArray, shrink: float) -> Row:
    """Complete ballots: SS* of a pair is SS minus ``Σ_c n_c (m*_ci − m*_cj)²``."""
    del s
    e, n_targets = panel.inflated(), m.shape[1]
    ss = _contrast(e.T @ e).astype(m.dtype)
    n = panel.counts[:, 0].astype(m.dtype)
    factor = (panel.weight[:, 0] ** 2 / n).sum() / panel.df[0]
    n_pairs = n_targets * (n_targets - 1) / 2
    spread = n_targets * (m**2).sum(axis=1) - m.sum(axis=1) ** 2
    alike = ss.sum() / 2 / n_pairs - (n[:, None] * spread).sum(axis=0) / n_pairs
    floor = TINY * ss.sum() / n_pairs
    live = np.flatnonzero(n > 1)

    def row(i: int, js: Columns) -> NDArray:
        s2 = np.repeat(ss[i, js][:, None], m.shape[2], axis=1)
        for c in live:
            gap = m[c, js] - m[c, i]
            gap *= gap
            gap *= n[c]
            s2 -= gap
        s2 *= 1 - shrink
        s2 += shrink * alike
        np.maximum(s2, floor, out=s2)
        s2 *= factor
        np.sqrt(s2, out=s2)
        t = theta[i] - theta[js]
        t /= s2
        return t

    return row


def _incomplete_row(panel: Composite, s: NDArray, m: NDArray, theta: NDArray, shrink: float) -> Row:
    """Ballots with gaps: variances and covariances of a pair from the draw itself."""
    dtype, n = m.dtype, panel.counts[:, :, None]
    e, seen = panel.inflated().astype(dtype), panel.seen.astype(dtype)
    design, pairs = _design(panel).astype(dtype), pool(panel).pairs.astype(dtype)
    cross = (e.T @ e).astype(dtype)
    classes = [np.flatnonzero(panel.member == c) for c in range(len(m))]
    both = [seen[v].T @ seen[v] for v in classes]
    left = np.maximum(np.diag(cross)[:, None] - (np.maximum(n, 1) * m**2).sum(axis=0), 0.0)
    variance, shared = _exchangeable(panel, s, m, left, pairs)
    df = panel.df[:, None]
    var = np.where(df > 0, left / np.maximum(df, 1), variance).astype(dtype)
    weight = np.diag(design)
    ratio = np.where(pairs > 0, design / np.where(pairs > 0, pairs, 1), 0).astype(dtype)
    floor = TINY * float(np.mean(weight[:, None] * var))
    exact = len(s) * len(weight) ** 2 / 2 * 1e4 < EXACT_OVERLAP

    def row(i: int, js: Columns) -> NDArray:
        c_ij = np.repeat(cross[i, js][:, None], m.shape[2], axis=1)
        for c, v in enumerate(classes):
            n_ij = both[c][i, js][:, None]
            if exact:
                sum_i = (e[v, i][:, None] * seen[v][:, js]).T @ s[v]
                sum_j = (e[v][:, js] * seen[v, i][:, None]).T @ s[v]
                c_ij -= sum_i * m[c, js] + sum_j * m[c, i] - n_ij * m[c, js] * m[c, i]
            else:
                c_ij -= n_ij * m[c, js] * m[c, i]
        own = weight[i] * var[i] + weight[js, None] * var[js] - 2 * ratio[i, js][:, None] * c_ij
        alike = (weight[i] + weight[js, None]) * variance - 2 * design[i, js][:, None] * shared
        s2 = (1 - shrink) * np.maximum(own, 0) + shrink * alike
        return (theta[i] - theta[js]) / np.sqrt(np.maximum(s2, floor))

    return row


def _exchangeable(
    panel: Composite, s: NDArray, m: NDArray, left: NDArray, pairs: NDArray
) -> tuple[NDArray, NDArray]:
    """Return each draw's common variance and common covariance, each of shape (draws,)."""
    total = panel.inflated().sum(axis=1).astype(m.dtype)[:, None] * s
    for c in range(len(m)):
        v = panel.member == c
        total[v] -= panel.seen[v].astype(m.dtype) @ m[c]
    squares = left.sum(axis=0)
    off = pairs.sum() - np.trace(pairs)
    shared = ((total**2).sum(axis=0) - squares) / off if off > 0 else 0.0 * squares
    return squares / np.trace(pairs), shared
