"""One folder holds an office's state: polls, the pepper, keys not yet taken away, datasets.

::

    home/
    ├── pepper            32 random bytes, 0600; never in a backup of polls/
    ├── acts.jsonl        what administrators did, each line chained to the one before
    ├── polls/NAME/       poll.db while it runs; removed at the freeze
    ├── keys/NAME.key     0600; carried away by the officers
    ├── slips/            code slips to print; to be deleted after printing
    └── datasets/NAME/    what a freeze leaves
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from ..errors import PollError, StorageError

NETWORK = ("nfs", "cifs", "smb", "9p", "fuse", "ceph", "gluster", "lustre", "afs", "ncp", "vboxsf")
MOUNTS = Path("/proc/self/mounts")


@dataclass(frozen=True, slots=True)
class Home:
    """The home folder. ``database`` is a SQLAlchemy URL where polls live outside the folder."""

    path: Path
    database: str = ""

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
            raise StorageError.of("home", str(path), why=error.strerror or str(error)) from error
        return home

    @property
    def pepper(self) -> bytes:
        """The secret under which codes are hashed; made at the first use."""
        path = self.path / "pepper"
        if not path.exists():
            write_private(path, secrets.token_bytes(32))
        return path.read_bytes()

    def folder(self, poll: str) -> Path:
        return self.path / "polls" / poll

    def polls(self) -> list[str]:
        """Return the names of the polls that are published and not yet frozen."""
        return sorted(p.name for p in (self.path / "polls").iterdir() if (p / "poll.json").is_file())

    def dataset(self, name: str) -> Path:
        return self.path / "datasets" / name

    def record(self, act: str, poll: str) -> None:
        """Append an administrator's act, chained to the one before it. Acts carry no time."""
        path = self.path / "acts.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        before = hashlib.sha256(lines[-1].encode()).hexdigest() if lines else ""
        line = {"n": len(lines) + 1, "act": act, "poll": poll, "before": before}
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def broken_act(self) -> int:
        """Return the number of the first line whose chain is broken, 0 where all is well."""
        path = self.path / "acts.jsonl"
        before = ""
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for n, line in enumerate(lines, start=1):
            try:
                act = json.loads(line)
            except ValueError:
                return n
            if act.get("n") != n or act.get("before") != before:
                return n
            before = hashlib.sha256(line.encode()).hexdigest()
        return 0


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read; never over another."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise PollError.of("file-exists", path.name) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def file_system(path: Path, mounts: Path | None = None) -> str:
    """Return the type of the file system that ``path`` is or would be on; empty if unknown."""
    try:
        lines = (mounts or MOUNTS).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in lines:
        _, point, name, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        inside = point == "/" or path == Path(point) or Path(point) in path.parents
        if inside and len(point) >= best:
            best, kind = len(point), name
    return kind
