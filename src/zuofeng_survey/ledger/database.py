"""The tables of ``home/ledgers.db``: events, the end of their chain, and who is who by post.

An event holds the whole row as it was after it, so that the state of an entry is its last event and
needs no second table that might say otherwise; what an event changed is its row against the one
before. ``seq`` is the order in which events came; each is chained to the one before it, because
ledgers are the acts of people with a post. The chain covers a salted digest of the row, not the row:
what must not be kept (an accusation typed in by mistake, what has outlived its term) can be erased,
and the chain still says that something stood there and who erased it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ..store.database import engine_for, transaction

__all__ = ["book_engine", "chained", "digest_of", "events", "head", "last", "registry", "transaction"]

FILE = "ledgers.db"
metadata = sa.MetaData()

events = sa.Table(
    "events",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("ledger", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("row", sa.Text, nullable=False),
    sa.Column("salt", sa.LargeBinary(16), nullable=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("on", sa.Text, nullable=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
    sa.Index("events_of", "ledger", "key", "version", unique=True),
)
head = sa.Table(
    "head",
    metadata,
    sa.Column("one", sa.SmallInteger, primary_key=True),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
)
registry = sa.Table(
    "registry",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
)
CHAINED = ("ledger", "key", "version", "step", "state", "digest", "by", "on")
START = bytes(32)


def book_engine(folder: Path) -> sa.Engine:
    """Return the engine of an office's ledgers; the file and its tables are made at first use.

    Raises
    ------
    StorageError
        When the disk refuses.
    """
    path = folder / FILE
    engine = engine_for(path, "", "", new=True)
    is_new = not path.exists()
    with transaction(engine, writes=True) as connection:
        metadata.create_all(connection)
        if connection.scalar(sa.select(head.c.one)) is None:
            connection.execute(sa.insert(head).values(one=1, n=0, hash=START))
    if is_new:
        path.chmod(0o600)
    return engine


def chained(before: bytes, event: Sequence[Any]) -> bytes:
    """Return the hash of an event (in the order of ``CHAINED``), which covers all before it."""
    plain = [value.hex() if isinstance(value, bytes) else value for value in event]
    said = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(before + said.encode()).digest()


def digest_of(salt: bytes, row: str) -> bytes:
    """Return the digest of a row; the salt keeps short rows from being guessed."""
    return hashlib.sha256(salt + row.encode()).digest()


def last(ledger: str, *, until: str = "", keys: str = "") -> Any:
    """Select the last event of each entry of a ledger.

    ``until`` is the last day that counts (ISO, empty for all); ``keys`` a JSON list of the entries
    wanted, empty for all. The index carries everything but the rows, so the log is not scanned.
    """
    newest = sa.select(sa.func.max(events.c.seq).label("seq")).where(events.c.ledger == ledger)
    if until:
        newest = newest.where(events.c.on <= until)
    if keys:
        wanted = sa.func.json_each(keys).table_valued("value")
        newest = newest.where(events.c.key.in_(sa.select(wanted.c.value)))
    found = newest.group_by(events.c.key).subquery()
    return sa.select(
        events.c.key, events.c.version, events.c.state, events.c.row, events.c.on
    ).join(found, events.c.seq == found.c.seq)


def keys_of(ledger: str) -> Any:
    """Select the keys of a ledger, in order; the index has them."""
    return sa.select(events.c.key).where(events.c.ledger == ledger).distinct().order_by(events.c.key)


def lines(statement: Any) -> Any:
    """Select the events of another selection as one block of JSON lines, in no order.

    SQLite puts it together, so that Python handles one object and not one an entry. States and days
    are words of ours and need no escaping.
    """
    one = statement.subquery()
    derived = sa.func.printf(
        '{"state":"%s","version":%d,"recorded":"%s",', one.c.state, one.c.version, one.c.on
    )
    whole = sa.func.group_concat(derived.op("||")(sa.func.substr(one.c.row, 2)), "\n")
    return sa.select(sa.cast(whole, sa.LargeBinary))
