"""Differences of every two targets: their variances, and studentised rows of redrawn ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Columns: TypeAlias = slice | NDArray[np.int64]
Row: TypeAlias = Callable[[int, Columns], NDArray]
Plan: TypeAlias = Callable[[NDArray, NDArray, NDArray], Row]
# Rows of the draws a mask picks, or of all.
Rows: TypeAlias = Callable[[NDArray[np.bool_] | None], Iterator[Row]]
# A redrawn variance below this share of the mean counts as none.
TINY = 1e-12


def contrast(m: NDArray) -> NDArray:
    """Return ``m_ii + m_jj − 2 m_ij``, shape (N, N)."""
    d = np.diag(m)
    return d[:, None] + d - 2 * m


def studentised(gap: NDArray, s2: NDArray, floor: float) -> NDArray:
    """Divide ``gap`` in place by the root of ``s2``, which is used up."""
    np.maximum(s2, s2.dtype.type(floor), out=s2)
    np.sqrt(s2, out=s2)
    gap /= s2
    return gap
