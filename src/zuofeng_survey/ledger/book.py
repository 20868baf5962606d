"""The office's ledgers: append-only events in ``home/ledgers.db``, one transaction a batch."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.json as pj
import sqlalchemy as sa

from ..errors import LedgerError, Problem
from ..store import Home
from .chain import broken_chain
from .database import CHAINED, book_engine, chained, events, head, last, transaction
from .deadlines import with_due
from .declaration import Declaration
from .reading import declaration
from .recording import Batch, Change, Now, Recorded, row_text
from .registry import Registry

ARROW = {
    "date": pa.timestamp("s"),
    "datetime": pa.timestamp("s"),
    "integer": pa.int64(),
    "number": pa.float64(),
    "bool": pa.bool_(),
    "choices": pa.list_(pa.string()),
}
PANDAS = {"integer": "Int64", "bool": "boolean"}


class Book:
    """All ledgers of an office. Reading derives; writing appends, all of a batch or none of it."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.registry = Registry(engine)

    @classmethod
    def open(cls, home: Home | str | Path) -> Book:
        """Open the ledgers of a home folder; they are made at the first use.

        Raises
        ------
        StorageError
            When the folder or the disk refuses.
        """
        place = home if isinstance(home, Home) else Home.at(home)
        return cls(book_engine(place.path))

    def record(self, name: str, changes: Sequence[Change], *, by: str, on: dt.date) -> Recorded:
        """Append what changes come to: all of them, or none.

        Parameters
        ----------
        name : str
            The ledger.
        changes : sequence of Change
            Worked through in order, each seeing those before it; an entry may come more than once.
        by : str
            Who does it, by post, never by name.
        on : date
            The day it is written down; never before an entry's last event.

        Returns
        -------
        Recorded
            A change that changes nothing leaves no event.

        Raises
        ------
        LedgerError
            Every problem of the batch. A problem's ``item`` is ``"n:field"``: the position in
            ``changes`` and the field, empty where it is about the entry.
        """
        known = declaration(name)
        if not by.strip():
            raise LedgerError.of("ledger-by", known.title)
        if not (known.states and changes):
            return Recorded(known.name, (), (), (), 0, self.head)
        with transaction(self.engine, writes=True) as connection:
            batch = Batch(known, _now(connection, known, changes), by=by.strip(), on=on)
            batch.known = self.registry.known(connection)
            for n, change in enumerate(changes):
                batch.take(n, change)
            if batch.problems:
                raise LedgerError(batch.problems)
            return Recorded.of(batch, changes, _append(connection, batch))

    def entries(
        self, name: str, *, today: dt.date | None = None, as_of: dt.date | None = None,
        keys: Iterable[str] | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Return the state of a ledger, one row an entry, sorted by key.

        Parameters
        ----------
        name : str
        today : date, optional
            The day on which ``overdue`` is told; today, if not given.
        as_of : date, optional
            Leave out what was written down after this day.
        keys : iterable of str, optional
            Only these entries.

        Returns
        -------
        DataFrame
            The declaration's fields (days as datetime64, empty ones missing), ``state``,
            ``version``, ``recorded`` (day of the last event), ``due`` (the next day that runs out),
            ``clock`` (which), ``overdue``.
        """
        known = declaration(name)
        wanted = "" if keys is None else json.dumps(list(keys), ensure_ascii=False)
        statement = last(known.name, until=as_of.isoformat() if as_of else "", keys=wanted)
        with transaction(self.engine, writes=False) as connection:
            found = connection.execute(statement).all()
        frame = _frame(known, found).sort_values(known.key, ignore_index=True)
        return with_due(known, frame, today or dt.date.today())

    def entry(self, name: str, key: str, *, today: dt.date | None = None) -> dict[str, Any]:
        """Return one entry: fields that are filled, and what is derived.

        Raises
        ------
        LedgerError
            ``ledger-no-entry``.
        """
        frame = self.entries(name, today=today, keys=[key])
        if frame.empty:
            raise LedgerError.of("ledger-no-entry", f"{declaration(name).title} › {key}")
        row: dict[str, Any] = frame.iloc[0].to_dict()
        return {k: v for k, v in row.items() if isinstance(v, list) or not pd.isna(v)}

    def events(self, name: str, key: str | None = None) -> pd.DataFrame:
        """Return what happened, oldest first: one row an event and field that it changed.

        Columns: ``seq``, ``key``, ``version``, ``step``, ``state``, ``by``, ``on``, ``field``,
        ``label``, ``old``, ``new``. Old values are kept: a correction is an event like any other.
        """
        known = declaration(name)
        statement = sa.select(events).where(events.c.ledger == known.name).order_by(events.c.seq)
        if key is not None:
            statement = statement.where(events.c.key == key)
        with transaction(self.engine, writes=False) as connection:
            found = connection.execute(statement).mappings().all()
        return pd.DataFrame(_changes(known, found), columns=EVENT_COLUMNS)

    def verify(self) -> list[Problem]:
        """Return what does not fit: an altered or missing event, a step that nobody could take."""
        with transaction(self.engine, writes=False) as connection:
            return broken_chain(connection)

    @property
    def head(self) -> str:
        """The hash of the last event, which stands for all of them: print it where reports go."""
        with transaction(self.engine, writes=False) as connection:
            return connection.execute(sa.select(head.c.hash)).scalar_one().hex()

    def __repr__(self) -> str:
        return f"<Book {self.head[:12]}>"


EVENT_COLUMNS = ["seq", "key", "version", "step", "state", "by", "on", "field", "label", "old", "new"]


def _now(connection: sa.Connection, known: Declaration, changes: Sequence[Change]) -> dict[str, Now]:
    keys = json.dumps(sorted({str(c.key).strip() for c in changes}), ensure_ascii=False)
    found = connection.execute(last(known.name, keys=keys))
    return {key: Now(version, state, json.loads(row), on) for key, version, state, row, on in found}


def _append(connection: sa.Connection, batch: Batch) -> bytes:
    """Chain the events of a batch to the log; return the new end."""
    n, before = connection.execute(sa.select(head.c.n, head.c.hash)).one()
    rows = []
    for event in batch.events:
        values = (batch.declaration.name, event.key, event.version, event.step, event.state)
        said = (*values, row_text(event.row), batch.by, batch.on.isoformat())
        n, before = n + 1, chained(before, said)
        rows.append({"seq": n, **dict(zip(CHAINED, said, strict=True)), "hash": before})
    if rows:
        connection.execute(sa.insert(events), rows)
        connection.execute(sa.update(head).values(n=n, hash=before))
    return before


def _frame(known: Declaration, found: Sequence[Any]) -> pd.DataFrame:
    """Read the rows' JSON into columns of the declared types, all at once."""
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


def _changes(known: Declaration, found: Iterable[Mapping[Any, Any]]) -> Iterable[list[Any]]:
    rows: dict[str, dict[str, Any]] = {}
    labels = {f.name: f.label for f in known.fields}
    for event in found:
        before, now = rows.get(event["key"], {}), json.loads(event["row"])
        rows[event["key"]] = now
        said = [event[c] for c in EVENT_COLUMNS[:7]]
        changed = [n for n in labels if before.get(n) != now.get(n)]
        for name in changed or [""]:
            yield [*said, name, labels.get(name, ""), before.get(name), now.get(name)]
