"""The tables of one poll, on SQLite or PostgreSQL.

``codes`` and ``envelopes`` have no time, no address and nothing in common; in SQLite they are
``WITHOUT ROWID``. The order of rows on disk may tell the order of casting while the poll is open:
that is why an envelope is sealed, and why the freeze destroys the tables.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event, exc

from ..errors import StorageError
from ..poll import Poll

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
    sa.Column("definition", sa.LargeBinary(32), nullable=False),
    sa.Column("open", sa.SmallInteger, nullable=False),
    sa.Column("cast", sa.Integer, nullable=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
)

PRAGMAS = (
    "busy_timeout=30000",
    "journal_mode=WAL",
    "synchronous=FULL",
    "secure_delete=ON",
    "temp_store=MEMORY",
    "trusted_schema=OFF",
    "foreign_keys=ON",
    "auto_vacuum=NONE",
    "wal_autocheckpoint=4000",
)
NO_ROOM = 65536
UNFIT = (
    ("fsync", ("off",), "not-durable"),
    ("full_page_writes", ("off",), "not-durable"),
    ("track_commit_timestamp", ("on",), "database-keeps-times"),
    ("log_statement", ("mod", "all"), "database-keeps-times"),
)


def schema_of(poll: Poll) -> str:
    """Return the PostgreSQL schema of a poll: short whatever its name, never used twice.

    An identifier has 63 bytes at most, a poll's name up to 200; the public key is new each time.
    """
    return "zf_" + hashlib.sha256(poll.public_key).hexdigest()[:32]


def engine_for(path: Path, url: str, schema: str, *, new: bool = False) -> sa.Engine:
    """Return the engine for one poll: a SQLite file of its own, or a schema of its own.

    It keeps no connection; what is worth keeping open is a :class:`~.line.Line`.

    Raises
    ------
    StorageError
        ``database-url`` when the URL cannot be used.
    """
    if not url:
        engine = sa.create_engine(
            "sqlite+pysqlite://",
            creator=partial(_open_file, path, "rwc" if new else "rw"),
            paramstyle="named",
            poolclass=sa.pool.NullPool,
        )
        event.listen(engine, "begin", _begin)
        return engine.execution_options(folder=path.parent)
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() != "postgresql":
            raise StorageError.of("database-url", why=parsed.get_backend_name())
        parsed = parsed.set(drivername="postgresql+psycopg")
        engine = sa.create_engine(
            parsed, poolclass=sa.pool.NullPool, isolation_level="READ COMMITTED"
        )
    except (exc.ArgumentError, ImportError) as error:
        raise StorageError.of("database-url", why=str(error).splitlines()[0]) from error
    event.listen(engine, "connect", _examine)
    return engine.execution_options(schema_translate_map={None: schema})


def _open_file(path: Path, mode: str) -> sqlite3.Connection:
    address = f"file:{quote(str(path))}?mode={mode}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
    (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
    if (journal, synchronous) != ("wal", 2):
        connection.close()
        why = f"journal_mode={journal}, synchronous={synchronous}"
        raise StorageError.of("not-durable", why=why)
    return connection


def _examine(connection: Any, _: Any) -> None:
    """Refuse a server that may lose a commit, or that writes down when each one came."""
    connection.autocommit = True
    connection.execute("SET synchronous_commit TO on")
    connection.execute("SET lock_timeout TO '30s'")
    said = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
    connection.autocommit = False
    for name, bad, code in UNFIT:
        if said[name] in bad:
            connection.close()
            raise StorageError.of(code, why=f"{name}={said[name]}")


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
    except (exc.SQLAlchemyError, OSError) as error:
        raise refused(error, engine) from error


def refused(error: BaseException, engine: sa.Engine) -> StorageError:
    """Say in a sentence of ours what the disk or the database said."""
    error = getattr(error, "orig", None) or error
    said = (str(error).splitlines() or [type(error).__name__])[0]
    state = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", "")
    is_full = state in ("53100", "SQLITE_FULL") or _has_no_room(engine)
    return StorageError.of("disk-full" if is_full else "database", why=said)


def _has_no_room(engine: sa.Engine) -> bool:
    """Return whether the disk is full: SQLite calls it an I/O error where its log cannot grow."""
    folder = engine.get_execution_options().get("folder")
    try:
        return folder is not None and shutil.disk_usage(folder).free < NO_ROOM
    except OSError:
        return False


def compiled(engine: sa.Engine, statement: Any) -> str:
    """Return the SQL of a statement for this database; its parameters go in by name."""
    schemas = engine.get_execution_options().get("schema_translate_map")
    translate: dict[str, Any] = {"schema_translate_map": schemas, "render_schema_translate": True}
    return str(statement.compile(dialect=engine.dialect, **(translate if schemas else {})))
