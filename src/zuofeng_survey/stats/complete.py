"""Redrawn contrasts on complete ballots, and each draw's largest without looking at every pair.

A redrawn variance is never less than its part that is common to all pairs. A pair whose gap would
not be the largest even over that least variance cannot be the largest, and few pairs remain: some
in a thousand at a hundred targets. They are computed as a row would compute them, so that the
maximum is the same to the last bit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zuofeng_survey.stats.composite import Composite
from zuofeng_survey.stats.contrasts import TINY, Columns, Plan, contrast, studentised

# Of a redrawn variance's terms, added in single precision: more than they can be off.
ROUNDING = {4: 1e-5, 8: 1e-13}
# A gap must be this share of the least that could win, to be looked at.
NEARLY = 1 - 1e-4
# Looking at single pairs pays while so many targets of all may be the better one of the pair.
FEW = 0.6
# Cells compared at once, to stay in the processor's cache.
CELLS = 2**18
# Pairs looked at singly in a block, for the memory's sake.
MOST_PAIRS = 2**21


def complete_plan(panel: Composite, e: NDArray, *, shrink: float) -> Plan:
    """Complete ballots: SS* of a pair is SS minus ``Σ_c n_c (m*_ci − m*_cj)²``.

    Multiplied out, so that a pair costs one product a class: what belongs to a single target is
    computed once a block.
    """
    ss, n_targets = contrast(e.T @ e), e.shape[1]
    n = panel.counts[:, 0].astype(e.dtype)
    factor = e.dtype.type((panel.weight[:, 0] ** 2 / n).sum() / panel.df[0])
    n_pairs = n_targets * (n_targets - 1) / 2
    common = ss.sum() / 2 / n_pairs
    own = (1 - shrink) * factor * ss
    live = np.flatnonzero(n > 1)
    root = np.sqrt(2 * (1 - shrink) * factor * n[live])[:, None, None].astype(e.dtype)

    def plan(s: NDArray, m: NDArray, theta: NDArray) -> CompleteRow:
        del s
        spread = n_targets * (m**2).sum(axis=1) - m.sum(axis=1) ** 2
        alike = common - (n[:, None] * spread).sum(axis=0) / n_pairs
        g = root * m[live]
        shared = shrink * factor * alike
        half = (0.5 * shared - 0.5 * (g**2).sum(axis=0)).astype(e.dtype)
        return CompleteRow(theta, own, half, g, shared=shared, floor=TINY * common * factor)

    return plan


class CompleteRow:
    """A block's contrasts: ``s² = own_ij + half_i + half_j + Σ_c g_ci g_cj``, at least ``shared``.

    Shapes: theta and half (N, b), own (N, N), g (C, N, b), shared (b,).
    """

    def __init__(
        self,
        theta: NDArray,
        own: NDArray,
        half: NDArray,
        g: NDArray,
        *,
        shared: NDArray,
        floor: float,
    ) -> None:
        self.theta, self.own, self.half, self.g = theta, own, half, g
        self.shared, self.floor = shared, floor

    def __call__(self, i: int, js: Columns) -> NDArray:
        theta, half = self.theta, self.half
        s2 = half[js] + half[i]
        s2 += self.own[i, js][:, None]
        product = np.empty_like(s2)  # its own: rows are asked for by several threads at once
        for one in self.g:
            s2 += np.multiply(one[js], one[i], out=product)
        return studentised(theta[i] - theta[js], s2, self.floor)

    def largest(self) -> NDArray | None:
        """Return each draw's largest contrast, shape (b,), or None if too many pairs could be it."""
        theta = np.ascontiguousarray(self.theta.T)
        draws = np.arange(len(theta))
        top, bottom = theta.argmax(axis=1), theta.argmin(axis=1)
        found = self._pairs(top, bottom, draws)
        needed = found * np.sqrt(self._least()) * theta.dtype.type(NEARLY)
        high = theta >= (theta[draws, bottom] + needed)[:, None]
        if np.count_nonzero(high) > FEW * theta.size:
            return None
        b, i, j = _below(theta, high, needed)
        if len(b) > MOST_PAIRS:
            return None
        first = np.flatnonzero(np.diff(b, prepend=-1))
        best = np.maximum.reduceat(self._pairs(i, j, b), first)
        found[b[first]] = np.maximum(found[b[first]], best)
        return found

    def _pairs(self, i: NDArray, j: NDArray, b: NDArray) -> NDArray:
        """Contrasts of single pairs and draws, added up in a row's order."""
        width = self.half.shape[1]
        one, other = i * width + b, j * width + b
        s2 = self.half.ravel()[other] + self.half.ravel()[one]
        s2 += self.own.ravel()[i * len(self.own) + j]
        for mean in self.g:
            s2 += mean.ravel()[other] * mean.ravel()[one]
        gap = self.theta.ravel()[one] - self.theta.ravel()[other]
        return studentised(gap, s2, self.floor)

    def _least(self) -> NDArray:
        """Return less than any pair's redrawn variance, however rounded; shape (b,)."""
        terms = float(self.own.max()) + 2 * float(np.abs(self.half).max())
        terms += float((self.g**2).max()) * len(self.g) if len(self.g) else 0.0
        least = self.shared - ROUNDING[self.theta.dtype.itemsize] * terms
        return np.maximum(least, 0.0).astype(self.theta.dtype)


def _below(theta: NDArray, high: NDArray, needed: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Return draws (in order), high targets, and targets at least ``needed`` below them.

    The search ends where more than ``MOST_PAIRS`` are found.
    """
    b, i = np.nonzero(high)
    step = max(1, CELLS // theta.shape[1])
    found = []
    for start in range(0, len(b), step):
        row, of = b[start : start + step], i[start : start + step]
        low = theta[row] <= (theta[row, of] - needed[row])[:, None]
        which, j = np.divmod(np.flatnonzero(low), theta.shape[1])
        found.append((row[which], of[which], j))
        if sum(len(part[0]) for part in found) > MOST_PAIRS:
            break
    draws, highs, lows = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return draws, highs, lows
