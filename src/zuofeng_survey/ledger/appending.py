"""The end of the log: what stands there, and one batch more."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing

import sqlalchemy as sa
from sqlalchemy import exc

from ..store.database import refused
from .database import CHAINED, chained, digest_of, events, head, last
from .declaration import Declaration
from .recording import ERASE, Event, Now, row_text


def standing(connection: sa.Connection, known: Declaration, keys: Iterable[str]) -> dict[str, Now]:
    """Return key → entry as it stands, for the keys that are there."""
    wanted = json.dumps(sorted({str(k).strip() for k in keys}), ensure_ascii=False)
    found = connection.execute(last(known.name, keys=wanted))
    return {r.key: Now(r.version, r.state, json.loads(r.row), r.on) for r in found}


def append(
    connection: sa.Connection, known: Declaration, new: Sequence[Event], *, by: str, on: dt.date
) -> bytes:
    """Chain events to the log; return its new end."""
    n, before = connection.execute(sa.select(head.c.n, head.c.hash)).one()
    salts, rows, day = os.urandom(16 * len(new)), [], on.isoformat()
    for i, event in enumerate(new):
        salt, row = salts[16 * i : 16 * i + 16], row_text(event.row)
        digest = digest_of(salt, row)
        said = (known.name, event.key, event.version, event.step, event.state, digest, by, day)
        n, before = n + 1, chained(before, said)
        line = dict(zip(CHAINED, said, strict=True))
        rows.append({"seq": n, **line, "row": row, "salt": salt, "hash": before})
    if rows:
        connection.execute(sa.insert(events), rows)
        connection.execute(sa.update(head).values(n=n, hash=before))
    return before


def erase(
    connection: sa.Connection, known: Declaration, key: str, now: Now, *, by: str, on: dt.date
) -> bytes:
    """Empty the rows of an entry and say so in one event more; their digests stay in the chain."""
    mine = (events.c.ledger == known.name) & (events.c.key == key)
    connection.execute(sa.update(events).where(mine).values(row="", salt=b""))
    gone = Event(key, now.version + 1, ERASE, now.state, {known.key: key})
    return append(connection, known, [gone], by=by, on=on)


def checkpoint(engine: sa.Engine) -> None:
    """Empty SQLite's log of what was overwritten, so that it does not linger beside the file."""
    try:
        with closing(engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except (exc.SQLAlchemyError, sqlite3.Error) as error:
        raise refused(error, engine) from error
