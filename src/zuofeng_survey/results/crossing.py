"""Two breakdowns at once: which cells may be shown when rows, columns and the total are known too.

A cell of fewer than k is hidden; so are others in its row and column, until no hidden cell can be
worked out from the totals. That is checked, not hoped for: the least and the most that each small
cell could be, given all that is shown, are found by linear programming.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, sparse

from ..dataset import Dataset
from ..errors import UsageError
from ..html import table_html
from .counting import UNSAID, groupings

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Crossing:
    """How many people answered this and that.

    Attributes
    ----------
    dataset, hash, rows, columns : str
        ``rows`` and ``columns`` are the items.
    n : DataFrame
        Rows × columns; NaN where not shown. Labels in Chinese.
    """

    dataset: str
    hash: str
    rows: str
    columns: str
    n: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return the counts."""
        return self.n.copy()

    def _repr_html_(self) -> str:
        return table_html(self.n.reset_index(names=""))


def crossing(dataset: Dataset, *, rows: str, columns: str) -> Crossing:
    """Count respondents by two plain single-choice items, small cells and their neighbours hidden.

    Raises
    ------
    UsageError
        ``by-unknown``.
    """
    q = dataset.questionnaire
    known = groupings(q)
    for name in (rows, columns):
        if name not in known:
            raise UsageError.of("by-unknown", dataset.name, name=name, known=", ".join(known) or "—")
    ratings = dataset.table("ratings")
    each = {n: ratings.filter(ratings["item"] == i).select("ballot", **{n: "value"}) for n, i in (("row", rows), ("column", columns))}
    frame = dataset.table("ballots").select("ballot")
    for said in each.values():
        frame = frame.left_join(said, "ballot").drop("ballot_right")
    found = frame.execute().fillna(UNSAID)
    counts = pd.crosstab(found["row"], found["column"])
    hide = hidden_cells(counts.to_numpy(), k=dataset.manifest["k"])
    label = {i: {c.name: c.label.zh for c in q.choices_of(q.items[i])} | {UNSAID: "未填"} for i in (rows, columns)}
    shown = counts.astype(float).mask(hide)
    shown = shown.rename(index=label[rows], columns=label[columns]).rename_axis(None).rename_axis(None, axis=1)
    return Crossing(dataset.name, dataset.hash, rows, columns, shown)


def hidden_cells(counts: ArrayLike, *, k: int) -> Flags:
    """Return which cells of a table must not be shown when its row and column totals are known.

    Parameters
    ----------
    counts : array_like of int, shape (R, C)
    k : int
        Smallest cell that may be shown; cells of nobody are.

    Returns
    -------
    ndarray of bool, shape (R, C)
        No hidden cell below k is determined by what is shown. A row or column whose total is
        itself below k must not have its total shown.

    Examples
    --------
    >>> hidden_cells([[3, 20, 30], [9, 40, 50], [30, 60, 70]], k=5).astype(int).tolist()
    [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    """
    n = np.asarray(counts, dtype=int)
    hide = (n > 0) & (n < k)
    small = np.argwhere(hide)
    while True:
        bare = next((c for c in map(tuple, small) if _determined(n, hide, c)), None)
        if bare is None or not _hide_one_more(n, hide, bare):
            return hide


def _determined(n: NDArray, hide: Flags, cell: tuple[int, int]) -> bool:
    """Return whether totals and shown cells leave a hidden cell one value only."""
    at = np.argwhere(hide)
    here = int(np.flatnonzero((at == cell).all(axis=1))[0])
    columns = np.arange(len(at))
    ones = np.ones(len(at))
    lines = [sparse.csr_array((ones, (at[:, axis], columns)), (n.shape[axis], len(at))) for axis in (0, 1)]
    totals = np.concatenate([(n * hide).sum(axis=1), (n * hide).sum(axis=0)])
    goal = np.zeros(len(at))
    ends = []
    for sign in (1, -1):
        goal[here] = sign
        best = optimize.linprog(goal, A_eq=sparse.vstack(lines), b_eq=totals, bounds=(0, None))
        ends.append(sign * best.fun)
    return bool(ends[1] - ends[0] < 1)


def _hide_one_more(n: NDArray, hide: Flags, cell: tuple[int, int]) -> bool:
    """Hide the cheapest rectangle through a cell; or anything near it; say whether there was any."""
    i, j = cell
    free = [
        (int(n[r, j] * ~hide[r, j] + n[i, c] * ~hide[i, c] + n[r, c] * ~hide[r, c]), r, c)
        for r in range(n.shape[0])
        for c in range(n.shape[1])
        if r != i and c != j and n[r, j] and n[i, c] and n[r, c] and not hide[r, j] & hide[i, c] & hide[r, c]
    ]
    if free:
        _, r, c = min(free)
        hide[r, j] = hide[i, c] = hide[r, c] = True
        return True
    rest = np.argwhere((n > 0) & ~hide)
    if not len(rest):
        return False
    nearest = min(map(tuple, rest), key=lambda at: ((at[0] != i) + (at[1] != j), n[at]))
    hide[nearest] = True
    return True
