"""What administrators did: one line an act, each chained to the one before it.

Acts are done by people with a name and an office, so their order is no secret; casting is not among
them. A line carries no time. The last line stands in ``acts.head`` too, so that the end of the list
cannot be cut off unnoticed.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .files import unusable


def record(path: Path, act: str, poll: str) -> None:
    """Append an act to the list at ``path``.

    Raises
    ------
    StorageError
        When it cannot be written; the list is left as it was.
    """
    try:
        with _locked(path) as file:
            lines = _lines(file.read())
            last = _last(path)
            if last and _follows(lines, last):  # a power cut came between the two files
                _append(file.fileno(), last)
                lines.append(last)
            before = _hash(lines[-1]) if lines else ""
            made = {"n": len(lines) + 1, "act": act, "poll": poll, "before": before}
            line = json.dumps(made, ensure_ascii=False).encode()
            beside = path.with_suffix(".head.new")
            beside.write_bytes(line)
            beside.replace(path.with_suffix(".head"))
            _append(file.fileno(), line)
    except OSError as error:
        raise unusable(path, error) from error


def broken(path: Path) -> int:
    """Return the number of the first line that is not what was written, 0 where all is well."""
    lines = _lines(path.read_bytes() if path.exists() else b"")
    for n, line in enumerate(lines):
        if not _follows(lines[:n], line):
            return n + 1
    last = _last(path)
    if last == (lines[-1] if lines else b""):
        return 0
    return len(lines) + _follows(lines, last) or 1


def _lines(raw: bytes) -> list[bytes]:
    return raw.removesuffix(b"\n").split(b"\n") if raw else []


def _follows(lines: Sequence[bytes], line: bytes) -> bool:
    """Return whether a line continues others."""
    try:
        act = json.loads(line)
        return (act["n"], act["before"]) == (len(lines) + 1, _hash(lines[-1]) if lines else "")
    except (ValueError, KeyError, TypeError):
        return False


def _last(path: Path) -> bytes:
    head = path.with_suffix(".head")
    return head.read_bytes() if head.exists() else b""


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[IO[bytes]]:
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        yield file


def _append(descriptor: int, line: bytes) -> None:
    size = os.fstat(descriptor).st_size
    try:
        if os.write(descriptor, line + b"\n") <= len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise
