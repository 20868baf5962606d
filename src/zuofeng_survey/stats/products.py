"""Products of tables that are mostly empty: the empty cells are not multiplied.

Where a hundred voters rate twenty targets of a thousand each, all but a few cells are nought. A
dense product of such a table spends its time on these; a sparse one gives the same sums, added in
the same order on every machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

# Below this share of filled cells the sparse product is the faster one.
SPARSE = 0.1


def lean(table: NDArray) -> Any:
    """Return the table as a sparse array where few of its cells are filled, else itself."""
    return csr_array(table) if np.count_nonzero(table) < SPARSE * table.size else table


def gram(table: NDArray) -> NDArray:
    """Return ``table.T @ table``, dense; shape (N, N)."""
    few = lean(table)
    found = few.T @ few
    return found if few is table else found.toarray()
