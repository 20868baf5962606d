"""The office's ledgers: append-only events in ``home/ledgers.db``, one transaction a batch."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from ..errors import LedgerError, Problem
from ..store import Home
from .appending import append, checkpoint, erase, standing
from .chain import broken_chain
from .database import book_engine, events, head, keys_of, last, lines, transaction
from .deadlines import with_due
from .declaration import Declaration
from .frames import EVENT_COLUMNS, changes_of, frame_of
from .reading import declaration
from .recording import MACHINE, Batch, Change, Recorded
from .registry import Registry

PART = 5_000  # entries read at a time, where not all are wanted at once
Handed = tuple[str, Sequence[Change], str, dt.date]


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

    def record(
        self, name: str, changes: Sequence[Change], *, by: str, on: dt.date, dry_run: bool = False
    ) -> Recorded:
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
        dry_run : bool
            Find out what they come to, and write nothing.

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
        if not dry_run:
            return self.record_all([(name, changes, by, on)])[0]
        with transaction(self.engine, writes=False) as connection:
            batch = self._tried(connection, name, changes, by, on)
            if batch.problems:
                raise LedgerError(batch.problems)
            return Recorded.of(batch, changes, connection.execute(sa.select(head.c.hash)).scalar_one())

    def record_all(self, batches: Sequence[Handed]) -> list[Recorded]:
        """Append several batches (ledger, changes, by, on), of one ledger or more, all or none.

        So an opinion that becomes a problem leaves one ledger and enters the other, or neither.

        Raises
        ------
        LedgerError
            Every problem of every batch.
        """
        with transaction(self.engine, writes=True) as connection:
            made = [self._one(connection, *handed) for handed in batches]
            if problems := [p for batch, _ in made for p in batch.problems]:
                raise LedgerError(problems)
            return [recorded for _, recorded in made]

    def _one(
        self, connection: sa.Connection, name: str, changes: Sequence[Change], by: str, on: dt.date
    ) -> tuple[Batch, Recorded]:
        batch = self._tried(connection, name, changes, by, on)
        end = append(connection, batch.declaration, batch.events, by=batch.by, on=on)
        return batch, Recorded.of(batch, changes, end)

    def _tried(
        self, connection: sa.Connection, name: str, changes: Sequence[Change], by: str, on: dt.date
    ) -> Batch:
        known = declaration(name)
        if not by.strip():
            raise LedgerError.of("ledger-by", known.title)
        now = standing(connection, known, [c.key for c in changes])
        batch = Batch(known, now, by=by.strip(), on=on)
        batch.known = self.registry.known(connection)
        for n, change in enumerate(changes):
            batch.take(n, change)
        return batch

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
            The declaration's fields (days as datetime64, what was
            picked from several choices as a tuple, empty ones missing), ``state``,
            ``version``, ``recorded`` (day of the last event), ``due`` (the next day that runs out),
            ``clock`` (which), ``overdue``.
        """
        known, until = declaration(name), as_of.isoformat() if as_of else ""
        with transaction(self.engine, writes=False) as connection:
            return _state(connection, known, today, until=until, keys=keys)

    def parts(self, name: str, *, today: dt.date | None = None, size: int = PART) -> Generator[pd.DataFrame, None, None]:
        """Yield what :meth:`entries` returns, ``size`` entries at a time, all as of one moment.

        For what goes through a long ledger once: only one part is in memory. Close it when done.
        """
        known = declaration(name)
        with transaction(self.engine, writes=False) as connection:
            keys = connection.scalars(keys_of(known.name)).all()
            for n in range(0, len(keys), size):
                yield _state(connection, known, today, keys=keys[n : n + size])

    def keys(self, name: str) -> list[str]:
        """Return the keys of a ledger, in order."""
        with transaction(self.engine, writes=False) as connection:
            return list(connection.scalars(keys_of(declaration(name).name)))

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
        row = frame.iloc[0].to_dict()
        return {str(k): v for k, v in row.items() if (v if isinstance(v, tuple) else not pd.isna(v))}

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
        return pd.DataFrame(changes_of(known, found), columns=EVENT_COLUMNS)

    def erase(self, name: str, key: str, *, by: str, on: dt.date) -> Recorded:
        """Take away all that was ever written in an entry but its number; who did it stays.

        For what must not be here (an accusation typed in as an appeal) or has outlived its term.

        Raises
        ------
        LedgerError
            ``ledger-no-entry``, ``ledger-by-hand`` when a program asks.
        """
        known = declaration(name)
        place = f"{known.title} › {key}"
        if by.strip() in ("", MACHINE):
            raise LedgerError.of("ledger-by-hand", place)
        with transaction(self.engine, writes=True) as connection:
            now = standing(connection, known, [key]).get(key)
            if now is None:
                raise LedgerError.of("ledger-no-entry", place)
            end = erase(connection, known, key, now, by=by.strip(), on=on)
        checkpoint(self.engine)
        return Recorded(known.name, (), (key,), (), 1, end.hex())

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


def _state(
    connection: sa.Connection, known: Declaration, today: dt.date | None, *,
    until: str = "", keys: Iterable[str] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return entries as they stand, by their last events."""
    wanted = "" if keys is None else json.dumps(list(keys), ensure_ascii=False)
    found = connection.scalar(lines(last(known.name, until=until, keys=wanted)))
    return with_due(known, frame_of(known, found or b""), today or dt.date.today())
