"""A table a part at a time: what stands in the cells of a few thousand rows, column by column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pandas as pd

from .columns import Column, Sheet
from .values import TEXTS, shown

PART = 5_000  # rows: with all that is made of them a few megabytes
Rows = pd.DataFrame | list[Mapping[str, Any]]
Cells = list[Any]


def parts(sheet: Sheet) -> Iterator[tuple[list[Cells], Cells]]:
    """Yield the cells of a sheet, a list for each column, and which version each row is.

    An empty sheet has one part without rows.
    """
    empty = True
    for rows in _cut(sheet.rows):
        empty = False
        cells = [_shown(_taken(rows, c.name), c) for c in sheet.columns]
        yield cells, _taken(rows, sheet.version)
    if empty:
        yield [[] for _ in sheet.columns], []


def _cut(rows: pd.DataFrame | Iterable[Any]) -> Iterator[Rows]:
    if isinstance(rows, pd.DataFrame):
        yield from (rows.iloc[n : n + PART] for n in range(0, len(rows), PART))
        return
    rest = iter(rows)
    for first in rest:
        if isinstance(first, pd.DataFrame):
            yield from _cut(first)
        else:
            yield [first, *islice(rest, PART - 1)]


def _taken(rows: Rows, name: str) -> Cells:
    if not isinstance(rows, pd.DataFrame):
        return [row.get(name) for row in rows]
    return rows[name].tolist() if name in rows else [None] * len(rows)


def _shown(values: Sequence[Any], column: Column) -> Cells:
    """Return what stands in the cells of a column; what comes again is made, and kept, once."""
    mixed = set(map(type, values)) - {str, float, type(None)}  # 1, 1.0 and True are one key, not one text
    if column.kind in ("choices", "number", "datetime") or (column.kind in TEXTS and mixed):
        return [shown(value, column) for value in values]
    made: dict[Any, Any] = {}
    return [
        made[value] if value in made else made.setdefault(value, shown(value, column)) for value in values
    ]
