"""Putting a report where it belongs: whole, or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ..errors import StorageError


def put(path: str | Path, content: bytes) -> Path:
    """Write a file beside its place and move it there; an older one stays until then.

    Raises
    ------
    StorageError
        ``report-write``.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        os.replace(beside, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise StorageError.of("report-write", str(path), why=error.strerror or str(error)) from error
    return path
