"""One folder holds an office's state: polls, the pepper, keys not yet taken away, datasets.

::

    home/
    ├── pepper            32 random bytes, 0600; never in a backup of polls/
    ├── acts.jsonl        what administrators did, each line chained to the one before
    ├── polls/NAME/       poll.json and poll.db while it runs; removed at the freeze
    ├── keys/NAME.key     0600; carried away by the officers
    ├── slips/            code slips to print; to be deleted after printing
    └── datasets/NAME/    what a freeze leaves
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import PollError, StorageError
from .acts import broken, record
from .burial import finish_burials
from .files import NETWORK, file_system, unusable, write_private

PEPPER_BYTES = 32


@dataclass(frozen=True, slots=True)
class Home:
    """The home folder. ``database`` is a SQLAlchemy URL where polls live outside the folder."""

    path: Path
    database: str = field(default="", repr=False)

    @classmethod
    def at(cls, path: str | Path, *, database: str = "") -> Home:
        """Return the home at ``path``, made if it is not there.

        Raises
        ------
        StorageError
            On a network file system (SQLite's log needs shared memory), or when it cannot be made.
        """
        home = cls(Path(path).resolve(), database)
        kind = file_system(home.path)
        if not database and kind.startswith(NETWORK):
            raise StorageError.of("network-file-system", str(path), kind=kind)
        try:
            for folder in ("", "polls", "keys", "slips", "datasets"):
                (home.path / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise unusable(home.path, error) from error
        with suppress(StorageError):  # a server that is away, a disk that only reads: another day
            finish_burials(home.path, database)
        return home

    @property
    def pepper(self) -> bytes:
        """The secret under which codes are hashed; made at the first use.

        Raises
        ------
        StorageError
            ``pepper-lost``: without it no code of the polls under way is good, so none is made up.
        """
        path = self.path / "pepper"
        try:
            if not path.exists():
                if self.polls():
                    raise StorageError.of("pepper-lost", str(path))
                with suppress(PollError):  # another process was quicker
                    write_private(path, secrets.token_bytes(PEPPER_BYTES))
            found = path.read_bytes()
        except OSError as error:
            raise unusable(path, error) from error
        if len(found) != PEPPER_BYTES:
            raise StorageError.of("pepper-lost", str(path))
        return found

    def folder(self, poll: str) -> Path:
        return self.path / "polls" / poll

    def polls(self) -> list[str]:
        """Return the names of the polls that are published and not yet frozen."""
        folders = (p for p in (self.path / "polls").iterdir() if not p.name.startswith("."))
        return sorted(p.name for p in folders if (p / "poll.json").is_file())

    def dataset(self, name: str) -> Path:
        return self.path / "datasets" / name

    def key(self, poll: str) -> Path:
        return self.path / "keys" / f"{poll}.key"

    def record(self, act: str, poll: str) -> None:
        """Append an administrator's act, chained to the one before it. Acts carry no time."""
        record(self.path / "acts.jsonl", act, poll)

    def broken_act(self) -> int:
        """Return the number of the first line whose chain is broken, 0 where all is well."""
        return broken(self.path / "acts.jsonl")
