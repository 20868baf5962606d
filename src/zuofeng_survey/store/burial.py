"""The end of a ballot box: file, log and tables are erased, and the key with them.

Its folder is renamed first: that is the moment at which the poll is over. Should the power go after
it, whoever opens the home next finishes the work.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import sqlalchemy as sa
from pydantic import ValidationError

from ..poll import Poll
from .acts import record
from .database import engine_for, schema_of, transaction
from .files import alone, erase, sync_folder, unusable

GRAVE = ".over"
ELSEWHERE = "in-postgresql"


def bury(home: Path, name: str, url: str) -> None:
    """Remove a frozen poll's box and key from this machine.

    Raises
    ------
    StorageError
        When the disk or the database refuses; what is left is removed at the next try.
    """
    folder = home / "polls" / name
    grave = folder.with_name(f".{name}{GRAVE}")
    try:
        folder.rename(grave)
        sync_folder(folder.parent)
    except OSError as error:
        raise unusable(folder, error) from error
    _finish(home, grave, url)


def finish_burials(home: Path, url: str) -> None:
    """Erase every box whose poll is over; one in a database waits until its URL is given."""
    for grave in (home / "polls").glob(f".*{GRAVE}"):
        if url or not (grave / ELSEWHERE).exists():
            _finish(home, grave, url)


def _finish(home: Path, grave: Path, url: str) -> None:
    name = grave.name[1 : -len(GRAVE)]
    try:
        with alone(grave) as mine:
            if not mine:
                return
            if (grave / ELSEWHERE).exists():
                drop_schema(Poll.model_validate_json((grave / "poll.json").read_bytes()), url)
            for file in grave.glob("poll.db*"):
                erase(file)
            erase(home / "keys" / f"{name}.key")
            record(home / "acts.jsonl", "destroy", name)
            shutil.rmtree(grave)
            sync_folder(grave.parent)
    except FileNotFoundError:  # another process has just finished it
        return
    except (ValidationError, OSError) as error:
        raise unusable(grave, OSError(str(error))) from error


def drop_schema(poll: Poll, url: str) -> None:
    """Drop a poll's tables from the database."""
    engine = engine_for(Path(), url, schema_of(poll))
    try:
        with transaction(engine, writes=True) as connection:
            connection.execute(sa.schema.DropSchema(schema_of(poll), cascade=True, if_exists=True))
    finally:
        engine.dispose()
