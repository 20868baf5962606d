"""The tables of one poll, on SQLite or PostgreSQL.

``codes`` and ``envelopes`` have no time, no address and nothing in common; in SQLite they are
``WITHOUT ROWID``. The order of rows on disk may tell the order of casting while the poll is open:
that is why an envelope is sealed, and why the freeze destroys the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc

from ..errors import StorageError

metadata = sa.MetaData()

codes = sa.Table(
    "codes",
    metadata,
    sa.Column("hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("voter_class", sa.Text, nullable=False),
    sa.Column("used", sa.SmallInteger, nullable=False, default=0),
    sqlite_with_rowid=False,
)
envelopes = sa.Table(
    "envelopes",
    metadata,
    sa.Column("id", sa.LargeBinary(32), primary_key=True),
    sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),
    sa.Column("voter_class", sa.Text, nullable=False),
    sa.Column("box", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
state = sa.Table(
    "state",
    metadata,
    sa.Column("one", sa.SmallInteger, primary_key=True),
    sa.Column("poll", sa.Text, nullable=False),
    sa.Column("open", sa.SmallInteger, nullable=False),
    sa.Column("cast", sa.Integer, nullable=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
)

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "secure_delete=ON",
    "temp_store=MEMORY",
    "trusted_schema=OFF",
    "foreign_keys=ON",
    "busy_timeout=30000",
    "auto_vacuum=NONE",
)


def engine_for(path: Path, url: str, schema: str) -> sa.Engine:
    """Return the engine for one poll: a SQLite file of its own, or a schema of its own."""
    if not url:
        engine = sa.create_engine(f"sqlite+pysqlite:///{path}", pool_size=1, max_overflow=15)
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)
        return engine
    engine = sa.create_engine(url, pool_pre_ping=True, isolation_level="READ COMMITTED")
    return engine.execution_options(schema_translate_map={None: schema})


def _set_pragmas(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    if connection.execute("PRAGMA synchronous").fetchone()[0] != 2:
        raise StorageError.of("not-durable")


def _begin(connection: sa.Connection) -> None:
    """Take the write lock at once: a read that later wants to write cannot be made to wait."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def transaction(engine: sa.Engine, *, writes: bool) -> Iterator[sa.Connection]:
    """Open a transaction; what the disk or database says comes out as a StorageError."""
    try:
        with engine.connect().execution_options(writes=writes) as connection, connection.begin():
            yield connection
    except exc.IntegrityError:
        raise
    except exc.DBAPIError as error:
        said = str(error.orig).splitlines()[0]
        full = "full" in said or "No space" in said
        raise StorageError.of("disk-full" if full else "database", why=said) from error
    except OSError as error:
        raise StorageError.of("database", why=error.strerror or str(error)) from error
