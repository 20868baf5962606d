"""A connection that stays open for the few statements of a cast, compiled once.

A pool's check-out, its reset and the execution of a Core statement cost more than the commit
itself; what runs here is the same SQL, on one connection, in one thread at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from .database import compiled, refused


class Line:
    """One connection to one poll's tables; made when first used, made anew after a failure.

    Reads go the same way as writes: a second connection would have to read every page anew that the
    first one has just written.

    Parameters
    ----------
    engine : Engine
    statements : mapping of str to Core statement
        What can be asked on this line.
    """

    def __init__(self, engine: sa.Engine, **statements: Any) -> None:
        self._engine = engine
        self._sql = {name: compiled(engine, s) for name, s in statements.items()}
        self._is_file = engine.dialect.name == "sqlite"
        self._errors = (engine.dialect.loaded_dbapi.Error, exc.SQLAlchemyError, OSError)
        self._lock = threading.Lock()
        self._connection: Any = None
        self._cursor: Any = None

    @contextmanager
    def turn(self, *, writes: bool) -> Iterator[Line]:
        """Take the line; everything inside is one transaction, or else a single read."""
        with self._lock:
            try:
                self._begin(writes)
                yield self
                self._connection.commit()
            except self._errors as error:
                self._drop()
                raise refused(error, self._engine) from error
            except BaseException:
                self._rollback()
                raise

    def ask(self, name: str, values: Mapping[str, Any]) -> Any:
        """Run a query and return its first row, or None.

        All rows are fetched: an unfinished SELECT would hold SQLite's log open and slow every commit.
        """
        self._cursor.execute(self._sql[name], values)
        return next(iter(self._cursor.fetchall()), None)

    def tell(self, name: str, values: Mapping[str, Any]) -> int:
        """Run a change and return how many rows it touched."""
        self._cursor.execute(self._sql[name], values)
        return self._cursor.rowcount

    def _begin(self, writes: bool) -> None:
        """Begin; a database server that was restarted meanwhile gets a second try."""
        for attempt in (1, 2):
            if self._connection is None:
                self._open()
            try:
                if not self._is_file:
                    self._cursor.execute("SELECT 1")
                elif writes:
                    self._cursor.execute("BEGIN IMMEDIATE")
                return
            except self._errors:
                if self._is_file or attempt == 2:
                    raise
                self._drop()

    def _open(self) -> None:
        pooled = self._engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()
        self._connection, self._cursor = connection, connection.cursor()

    def _rollback(self) -> None:
        try:
            if self._connection is not None:
                self._connection.rollback()
        except self._errors:
            self._drop()

    def _drop(self) -> None:
        with suppress(*self._errors):
            if self._connection is not None:
                self._connection.close()
        self._connection = self._cursor = None

    def __del__(self) -> None:
        self._drop()

    def close(self) -> None:
        """Let go of the connection; the next turn makes a new one."""
        with self._lock:
            self._drop()
