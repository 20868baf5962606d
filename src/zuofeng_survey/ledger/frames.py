"""Events as tables: the rows' JSON read into typed columns all at once, by Arrow and not by a loop."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
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
PANDAS = {"integer": pd.Int64Dtype(), "bool": pd.BooleanDtype()}
DERIVED = [("state", "text"), ("version", "integer"), ("recorded", "date")]
EVENT_COLUMNS = ["seq", "key", "version", "step", "state", "by", "on", "field", "label", "old", "new"]


def frame_of(known: Declaration, lines: bytes) -> pd.DataFrame:
    """Return entries, a line of JSON each, as columns of the declared types."""
    fields = [(f.name, f.kind) for f in known.fields] + DERIVED
    schema = pa.schema([(name, ARROW.get(kind, pa.string())) for name, kind in fields])
    table = schema.empty_table()
    if lines:
        options = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
        blocks = pj.ReadOptions(block_size=max(len(lines) // 4, 2**20))
        table = pj.read_json(io.BytesIO(lines), read_options=blocks, parse_options=options)
    table = table.sort_by(known.key)
    return pd.DataFrame({name: _column(table[name], kind) for name, kind in fields})


def _column(column: pa.ChunkedArray, kind: str) -> Any:
    if kind in PANDAS:
        return PANDAS[kind].__from_arrow__(column)
    return _tuples(column) if kind == "choices" else column.to_pandas()


def _tuples(column: pa.ChunkedArray) -> np.ndarray:
    """Return what was picked as tuples; the few different ones are made once each."""
    joined = pc.fill_null(pc.binary_join(column.combine_chunks(), "\n"), "")
    encoded = joined.dictionary_encode()
    different = np.empty(len(encoded.dictionary), dtype=object)
    for n, text in enumerate(encoded.dictionary.to_pylist()):
        different[n] = tuple(text.split("\n")) if text else ()
    return different[encoded.indices.to_numpy()]


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
