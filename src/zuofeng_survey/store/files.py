"""Files that are whole or not there, last through a power cut, and go without a trace."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import PollError, StorageError

NETWORK = (
    "nfs", "cifs", "smb", "9p", "fuse", "virtiofs", "ceph", "gluster", "lustre", "afs", "ncp",
    "vboxsf", "vmhgfs", "prl_fs", "beegfs", "orangefs", "pvfs", "gpfs", "ocfs2", "gfs2", "davfs",
)  # fmt: skip
MOUNTS = Path("/proc/self/mounts")


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read: all of it or nothing, and never over another.

    Raises
    ------
    PollError
        ``file-exists``.
    StorageError
        When the disk refuses.
    """
    beside = path.with_name(f".{secrets.token_hex(8)}.new")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)
        sync_folder(path.parent)
    except FileExistsError as error:
        raise PollError.of("file-exists", path.name) from error
    except OSError as error:
        raise unusable(path, error) from error
    finally:
        with suppress(OSError):
            beside.unlink()


def sync_folder(path: Path) -> None:
    """Make the names in a folder last: a file's own fsync does not."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def erase(path: Path) -> None:
    """Write zeros over a file, then remove it; on flash this is no proof, losing the key is."""
    with suppress(FileNotFoundError):
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Yield whether this process is the only one at a file or folder, until the block ends."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_alone = True
    except BlockingIOError:
        is_alone = False
    try:
        yield is_alone
    finally:
        os.close(descriptor)


def unusable(path: Path, error: OSError) -> StorageError:
    """Say in a sentence of ours what the file system said."""
    return StorageError.of("home", str(path), why=error.strerror or str(error))


def file_system(path: Path, mounts: Path | None = None) -> str:
    """Return the type of the file system that ``path`` is or would be on; empty if unknown."""
    try:
        lines = (mounts or MOUNTS).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in lines:
        _, point, name, *_ = [*line.split(" "), "", "", ""]
        point = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), point)
        inside = point == "/" or path == Path(point) or Path(point) in path.parents
        if point and inside and len(point) >= best:
            best, kind = len(point), name
    return kind
