"""Events as tables: the rows' JSON read into typed columns all at once, by Arrow and not by a loop."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.json as pj

from .declaration import Declaration

ARROW = {
    "date": pa.timestamp("s"),
    "datetime": pa.timestamp("s"),
    "integer": pa.int64(),
    "number": pa.float64(),
    "bool": pa.bool_(),
    "choices": pa.list_(pa.string()),
}
PANDAS = {"integer": "Int64", "bool": "boolean"}
EVENT_COLUMNS = ["seq", "key", "version", "step", "state", "by", "on", "field", "label", "old", "new"]


def frame_of(known: Declaration, found: Sequence[Any]) -> pd.DataFrame:
    """Return the last events (key, version, state, row, on) as columns of the declared types, all at once."""
    schema = pa.schema([(f.name, ARROW.get(f.kind, pa.string())) for f in known.fields])
    if not found:
        table = schema.empty_table()
    else:
        lines = "\n".join(row for _, _, _, row, _ in found).encode()
        options = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
        blocks = pj.ReadOptions(block_size=max(len(lines), 1))
        table = pj.read_json(io.BytesIO(lines), read_options=blocks, parse_options=options)
    columns: dict[str, Any] = {f.name: _column(table[f.name], f.kind) for f in known.fields}
    columns["state"] = [state for _, _, state, _, _ in found]
    columns["version"] = [version for _, version, _, _, _ in found]
    columns["recorded"] = pd.to_datetime([on for *_, on in found])
    return pd.DataFrame(columns)


def _column(column: pa.ChunkedArray, kind: str) -> Any:
    if kind in PANDAS:
        return pd.array(column.to_pylist(), dtype=PANDAS[kind])
    if kind == "choices":
        return pd.Series([v or [] for v in column.to_pylist()], dtype=object)
    return column.to_pandas()


def changes_of(known: Declaration, found: Iterable[Mapping[Any, Any]]) -> Iterable[list[Any]]:
    """Yield what each event changed, a line a field: the row against the one before it."""
    rows: dict[str, dict[str, Any]] = {}
    labels = {f.name: f.label for f in known.fields}
    for event in found:
        before, now = rows.get(event["key"], {}), json.loads(event["row"] or "{}")
        rows[event["key"]] = now
        said = [event[c] for c in EVENT_COLUMNS[:7]]
        changed = [n for n in labels if before.get(n) != now.get(n)]
        for name in changed or [""]:
            yield [*said, name, labels.get(name, ""), before.get(name), now.get(name)]
