"""Who can be compared with whom: the graph of voters and the targets they rated.

Two targets can be told apart from their voters' harshness only along a chain of shared voters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse import csgraph

from zuofeng_survey.html import table_html

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Connectedness:
    """Parts of the graph of voters and targets.

    Attributes
    ----------
    unit : tuple of str
        Names of the N targets.
    part : ndarray of int, shape (N,)
        Number of the part each target lies in, from 1, the largest first.
    voters : ndarray of int, shape (parts,)
        Voters in each part.
    bridges : ndarray of int, shape (N,)
        Voters who rated the target and at least one other: those through whom it is compared.
    """

    unit: tuple[str, ...]
    part: Ints
    voters: Ints
    bridges: Ints

    @property
    def connected(self) -> bool:
        """Whether all targets can be compared."""
        return len(self.voters) == 1

    @property
    def statement(self) -> str:
        """One sentence: which targets can be compared, and which cannot."""
        if self.connected:
            return f"All {len(self.unit)} targets are linked by shared voters and can be compared."
        sets = [self._names(p) for p in range(1, len(self.voters) + 1)]
        return (
            f"The targets fall into {len(sets)} parts without a voter in common: "
            f"{'; '.join(sets[:6])}{'; …' * (len(sets) > 6)}. Within a part targets can be "
            "compared; between parts harsh voters and poor targets cannot be told apart."
        )

    def _names(self, part: int) -> str:
        names = [u for u, p in zip(self.unit, self.part, strict=True) if p == part]
        return "{" + ", ".join(names[:8]) + (f", … {len(names)} in all" if names[8:] else "") + "}"

    def table(self) -> pd.DataFrame:
        """Return one row a target: unit, part, bridges."""
        return pd.DataFrame({"unit": self.unit, "part": self.part, "bridges": self.bridges})

    def _repr_html_(self) -> str:
        return table_html(self.table(), caption=self.statement)


def connectedness(voter: ArrayLike, target: ArrayLike) -> Connectedness:
    """Find the parts of the graph of voters and targets.

    Parameters
    ----------
    voter, target : array_like, shape (n,)
        Who rated whom, one pair a rating.

    Returns
    -------
    Connectedness

    Raises
    ------
    ValueError
        Lists of different length, empty, or with missing labels.

    Notes
    -----
    Source: connected components; Searle (1987), Linear Models for Unbalanced Data, section 5.3.

    Examples
    --------
    >>> parts = connectedness(["v1", "v1", "v2", "v3"], ["a", "b", "c", "c"])
    >>> parts.connected, parts.part.tolist()
    (False, [1, 1, 2])
    >>> print(parts.statement)
    The targets fall into 2 parts without a voter in common: {a, b}; {c}. Within a part targets \
can be compared; between parts harsh voters and poor targets cannot be told apart.
    """
    who, what = np.asarray(voter), np.asarray(target)
    if who.ndim != 1 or who.shape != what.shape or not who.size:
        raise ValueError(
            f"voter and target must be filled lists of one length, got {who.shape}, {what.shape}"
        )
    if pd.isna(who).any() or pd.isna(what).any():
        raise ValueError("voter and target must have no missing labels; leave such ratings out")
    _, v = np.unique(who, return_inverse=True)
    names, t = np.unique(what, return_inverse=True)
    return graph_parts(v, t, tuple(map(str, names.tolist())))


def graph_parts(v: Ints, t: Ints, unit: tuple[str, ...]) -> Connectedness:
    """Find the parts from codes: ``v`` of voters, ``t`` of targets, as indices into ``unit``."""
    n_voters, n = int(v.max()) + 1, len(unit)
    seen = sparse.csr_array((np.ones(len(v)), (v, t)), (n_voters, n))
    graph = sparse.block_array([[None, seen], [seen.T, None]], format="csr")
    _, label = csgraph.connected_components(graph, directed=False)
    of_target = label[n_voters:]
    found, size = np.unique(of_target, return_counts=True)
    order = found[np.argsort(-size, kind="stable")]
    part = 1 + np.argmax(of_target[:, None] == order, axis=1)
    voters = np.array([(label[:n_voters] == p).sum() for p in order])
    rated = seen.astype(bool).astype(float)
    shared = rated.sum(axis=1) > 1
    bridges = (rated.T @ shared).astype(np.int64)
    for array in (part, voters, bridges):
        array.setflags(write=False)
    return Connectedness(unit, part, voters, bridges)
