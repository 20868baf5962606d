"""``zuofeng score``: one table for a ballot (target × class), another for a survey (item)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .. import scoring
from ..dataset import Dataset
from ..errors import Problem, UsageError

Scores = tuple[list[dict[str, Any]], tuple[str, ...], list[Problem]]


def scores(path: Path, *, base: str, score_map: str, engine: str = "duckdb") -> Scores:
    """Return rows, columns and what has to be said beside them."""
    dataset = Dataset.open(path).on(engine)
    if not dataset.rows("ratings"):
        raise UsageError.of("no-ratings", dataset.name)
    is_ballot = dataset.is_imported or dataset.questionnaire.composite is not None
    if not is_ballot:
        frame = scoring.item_table(dataset).execute().sort_values(["item", "target"])
        return frame.to_dict("records"), tuple(frame.columns), []
    notes = [] if dataset.is_imported else scoring.suppressed(dataset)
    one = scoring.cells(dataset, base=base, score_map=score_map)
    if notes:
        table = one.group_by("target").agg(n=one["score"].count(), mean=one["score"].mean())
        columns = ("target", "n", "mean")
    else:
        table = scoring.class_means(dataset, base=base, score_map=score_map)
        columns = ("target", "voter_class", "n", "mean", "sd")
    frame = table.execute()
    least = dataset.manifest["k"]
    frame = frame[frame["n"] >= least].sort_values(list(columns[:-2]))
    return frame.to_dict("records"), columns, notes
