"""All cells in memory, voters × targets: what ranking needs while a panel is small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..dataset import Dataset
from ..errors import UsageError
from .composites import BASES, cells, parts
from .items import PLAIN, codebook


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
    composite = None if dataset.is_imported else dataset.questionnaire.composite
    base = base or (composite.base if composite else "")
    if composite and base in BASES and _knows(dataset, score_map):
        return panels(dataset, score_map=score_map)[base]
    return _panel(dataset, cells(dataset, base=base, score_map=score_map).execute())


def panels(dataset: Dataset, *, score_map: str = PLAIN) -> dict[str, Panel]:
    """Return the panel of every base, as :func:`panel` gives it for each.

    The answers are read once, for all bases and scoring maps: a ranking, its recounts and the rules
    ask for them again and again.

    Raises
    ------
    UsageError
        ``score-map-unknown``; ``not-a-ballot``.
    """
    if dataset.is_imported:
        raise UsageError.of("not-a-ballot", dataset.name)
    if not _knows(dataset, score_map):
        codebook(dataset.questionnaire, score_map)  # says which there are
    return dataset.once("panels", lambda: _panels(dataset))[score_map]


def _knows(dataset: Dataset, score_map: str) -> bool:
    return score_map in (PLAIN, *dataset.questionnaire.score_maps)


def _panels(dataset: Dataset) -> dict[str, dict[str, Panel]]:
    maps = (PLAIN, *dataset.questionnaire.score_maps)
    frame = parts(dataset, base="blend", score_maps=maps).execute()
    return {m: _by_base(dataset, frame, n) for n, m in enumerate(maps)}


def _by_base(dataset: Dataset, frame: pd.DataFrame, n: int) -> dict[str, Panel]:
    overall, dims = frame[f"overall_{n}"], frame[f"dims_{n}"]
    blend = ((overall + dims) / 2).fillna(dims).fillna(overall)
    keys, scores = frame[["ballot", "voter_class", "target"]], {"overall": overall, "dims": dims, "blend": blend}
    return {b: _panel(dataset, keys.assign(score=scores[b])[scores[b].notna()]) for b in BASES}


def _panel(dataset: Dataset, frame: pd.DataFrame) -> Panel:
    targets = tuple(t.name for t in dataset.targets)
    column = {name: i for i, name in enumerate(targets)}
    ballots = np.sort(frame["ballot"].unique())
    scores = np.full((len(ballots), len(targets)), np.nan)
    rows = np.searchsorted(ballots, frame["ballot"])
    scores[rows, frame["target"].map(column)] = frame["score"]
    voter_class = np.empty(len(ballots), dtype=object)
    voter_class[rows] = frame["voter_class"]
    scores.setflags(write=False)
    voter_class.setflags(write=False)
    return Panel(scores, voter_class, targets, dataset.weights)
