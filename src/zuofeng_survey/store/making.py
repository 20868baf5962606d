"""Making a ballot box, whole or not at all, and reading what it was made for."""

from __future__ import annotations

import errno
import hmac
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa
from pydantic import ValidationError

from ..errors import PollError, StorageError
from ..poll import Poll
from .burial import ELSEWHERE, drop_schema
from .database import codes, engine_for, metadata, schema_of, state, transaction
from .files import sync_folder, unusable, write_private
from .home import Home


def make_box(home: Home, poll: Poll, code_hashes: Iterable[tuple[bytes, str]]) -> None:
    """Make the folder and the tables of a new poll.

    Raises
    ------
    PollError
        ``poll-exists`` when the name is taken, also by a dataset.
    StorageError
        When the disk or the database refuses; nothing is left behind.
    """
    folder = home.folder(poll.name)
    if folder.exists() or home.dataset(poll.name).exists():
        raise PollError.of("poll-exists", poll.name)
    partial = folder.with_name(".nowhere")
    try:
        partial = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
        _fill(home, poll, partial, code_hashes)
        sync_folder(partial)
        partial.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise PollError.of("poll-exists", poll.name) from error
        raise unusable(folder, error) from error
    finally:
        if partial.exists():
            shutil.rmtree(partial, ignore_errors=True)
            with suppress(StorageError):
                if home.database:
                    drop_schema(poll, home.database)


def _fill(home: Home, poll: Poll, folder: Path, code_hashes: Iterable[tuple[bytes, str]]) -> None:
    """Write the definition and the code hashes, in an order that is not the slips'."""
    definition = poll.model_dump_json().encode()
    write_private(folder / "poll.json", definition)
    if home.database:
        write_private(folder / ELSEWHERE, b"")
    rows = [{"hash": h, "voter_class": c, "used": 0} for h, c in sorted(code_hashes)]
    first = {"one": 1, "open": 1, "cast": 0, "digest": bytes(32)}
    engine = engine_for(folder / "poll.db", home.database, schema_of(poll), new=True)
    try:
        with transaction(engine, writes=True) as connection:
            if home.database:
                connection.execute(sa.schema.CreateSchema(schema_of(poll)))
            metadata.create_all(connection)
            connection.execute(sa.insert(state), first | {"definition": _seal(home, definition)})
            if rows:
                connection.execute(sa.insert(codes), rows)
    finally:
        engine.dispose()


def open_box(home: Home, poll: Poll) -> sa.Engine:
    """Return the engine for a published poll's tables, wherever they are.

    Raises
    ------
    StorageError
        ``database-needed`` when they are in a database whose URL was not given.
    """
    folder = home.folder(poll.name)
    is_elsewhere = (folder / ELSEWHERE).exists()
    if is_elsewhere and not home.database:
        raise StorageError.of("database-needed", poll.name)
    return engine_for(folder / "poll.db", home.database if is_elsewhere else "", schema_of(poll))


def read_poll(home: Home, name: str) -> Poll:
    """Return a published poll.

    Raises
    ------
    PollError
        ``poll-unknown``, or ``poll-broken`` where its file cannot be read.
    """
    path = home.folder(name) / "poll.json"
    if "/" in name or name.startswith(".") or not path.is_file():
        raise PollError.of("poll-unknown", name)
    try:
        poll = Poll.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        raise PollError.of("poll-broken", str(path)) from error
    if poll.name != name:
        raise PollError.of("poll-broken", str(path))
    return poll


def is_as_published(home: Home, name: str, definition: bytes) -> bool:
    """Return whether ``poll.json`` is what was sealed when the poll was published."""
    try:
        raw = (home.folder(name) / "poll.json").read_bytes()
    except OSError:
        return False
    return hmac.compare_digest(_seal(home, raw), definition)


def _seal(home: Home, definition: bytes) -> bytes:
    return hmac.digest(home.pepper, b"definition\x00" + definition, "sha256")
