"""All cells in memory, voters × targets: what ranking needs while a panel is small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset
from .composites import cells
from .items import PLAIN


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Voters in rows, targets in columns: what ranking needs and no more.

    Attributes
    ----------
    scores : ndarray, shape (V, N)
        0–100 for a questionnaire (the table's own unit for an imported one), NaN where a voter
        did not rate a target.
    voter_class : ndarray of str, shape (V,)
    targets : tuple of str, length N
    weights : dict
        Voter class → weight, as published.
    """

    scores: NDArray[np.float64]
    voter_class: NDArray[Any]
    targets: tuple[str, ...]
    weights: dict[str, float]

    def __repr__(self) -> str:
        voters, targets = self.scores.shape
        return f"<Panel {voters} voters × {targets} targets>"


def panel(dataset: Dataset, *, base: str = "", score_map: str = PLAIN) -> Panel:
    """Return voters × targets; voters who rated nobody validly are left out."""
    frame = cells(dataset, base=base, score_map=score_map).execute()
    targets = tuple(t.name for t in dataset.targets)
    column = {name: i for i, name in enumerate(targets)}
    ballots = np.sort(frame["ballot"].unique())
    scores = np.full((len(ballots), len(targets)), np.nan)
    rows = np.searchsorted(ballots, frame["ballot"])
    scores[rows, frame["target"].map(column)] = frame["score"]
    voter_class = np.empty(len(ballots), dtype=object)
    voter_class[rows] = frame["voter_class"]
    return Panel(scores, voter_class, targets, dataset.weights)
