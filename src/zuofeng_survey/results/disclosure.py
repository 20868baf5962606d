"""What somebody with all released tables can work out: the range each hidden cell must lie in.

The attacker knows every number shown and every structure: breakdowns of the same respondents add
up to the same cells. Nothing else binds a hidden cell but that counts are not negative, so its
bounds are two linear programs (Fellegi 1972, doi 10.1080/01621459.1972.10481199; Fischetti &
Salazar 2001, doi 10.1287/mnsc.47.7.1008.9827). A cell is given away when both ends meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from scipy import optimize, sparse

from ..html import table_html

TIGHT = 1e-6
Levels = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One number of a released table: the people at these levels of some margins.

    ``where`` names a level for each margin the table breaks down; an empty one is the total.
    """

    where: Mapping[str, str]
    n: float


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """Bounds of the cells asked about: ``cell`` (text), ``lower``, ``upper``, ``told``."""

    rows: pd.DataFrame

    @property
    def told(self) -> pd.DataFrame:
        """Return the cells that are given away."""
        return self.rows[self.rows["told"]]

    def table(self) -> pd.DataFrame:
        """Return all bounds."""
        return self.rows.copy()

    def _repr_html_(self) -> str:
        return table_html(self.rows)


def cell_bounds(levels: Levels, shown: Sequence[Shown], asked: Sequence[Mapping[str, str]]) -> Bounds:
    """Bound the number of people in cells that are not shown.

    Parameters
    ----------
    levels : mapping
        Margin → its levels; people are in one cell of their product.
    shown : sequence of Shown
        Every number of every released table.
    asked : sequence of mapping
        Cells: margin → level, for some margins or all.

    Returns
    -------
    Bounds

    Raises
    ------
    ValueError
        Numbers that no population could have.

    Examples
    --------
    >>> levels = {"town": ["a", "b", "c"]}
    >>> shown = [Shown({}, 30), Shown({"town": "a"}, 20)]
    >>> cell_bounds(levels, shown, [{"town": "b"}]).rows[["lower", "upper", "told"]].values.tolist()
    [[0.0, 10.0, False]]
    >>> cell_bounds(levels, [*shown, Shown({"town": "b"}, 8)], [{"town": "c"}]).told["upper"].tolist()
    [2.0]
    """
    cells = pd.DataFrame(list(product(*levels.values())), columns=list(levels))
    rows = sparse.csr_array(np.vstack([_members(cells, s.where) for s in shown]))
    known = np.array([s.n for s in shown])
    found = []
    for where in asked:
        c = _members(cells, where)
        ends = [sign * _extreme(sign * c, rows, known) for sign in (1.0, -1.0)]
        said = "×".join(where.values())
        found.append((said, *ends, ends[1] - ends[0] < TIGHT))
    return Bounds(pd.DataFrame(found, columns=["cell", "lower", "upper", "told"]))


def _members(cells: pd.DataFrame, where: Mapping[str, str]) -> np.ndarray:
    inside = np.ones(len(cells), dtype=bool)
    for margin, level in where.items():
        inside &= (cells[margin] == level).to_numpy()
    return inside.astype(float)


def _extreme(c: np.ndarray, rows: sparse.csr_array, known: np.ndarray) -> float:
    done = optimize.linprog(c, A_eq=rows, b_eq=known, bounds=(0, None), method="highs")
    if done.status == 3:  # nothing holds it from above
        return -np.inf
    if not done.success:
        raise ValueError(f"shown must be numbers that some population has, got {done.message}")
    return float(done.fun)
