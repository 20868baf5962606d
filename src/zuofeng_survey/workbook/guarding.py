"""Looking at a workbook before anything parses it: what it weighs, what it says it is.

A 203 KB archive can hold 200 MB, and a million empty rows fit in two. So the archive's own list is
weighed first (size, ratio, sum), then every part is unpacked once, a piece at a time, and searched
for what no honest workbook has; memory stays at one piece. Only what passes is parsed, by openpyxl
on top of defusedxml.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import openpyxl.xml

from ..errors import Problem, WorkbookError

MB = 1_000_000
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
DIRECTORY = 1 * MB  # of the archive's list of parts: some ten thousand
PIECE = 1 << 20
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a workbook may weigh, in bytes, and how far it may reach.

    ``ratio`` is unpacked to packed bytes. 50 MB unpacked is some 40,000 rows of twenty columns.
    """

    packed: int = 20 * MB
    unpacked: int = 50 * MB
    ratio: float = 100
    part: int = 5 * MB
    rows: int = 100_000
    cells: int = 1_500_000

    def for_rows(self, known: int, columns: int) -> Self:
        """Return limits that also let through a table of which ``known`` rows are ours already.

        A ledger of 60,000 entries is exported at more than 50 MB; who reads it back knows how
        large it may be, and the file has no say in that.
        """
        weight = known * columns * 100
        return replace(
            self,
            packed=max(self.packed, weight // 2),
            unpacked=max(self.unpacked, weight * 2),
            rows=max(self.rows, 2 * known),
            cells=max(self.cells, 2 * known * columns),
        )


def guard(path: Path, limits: Limits) -> None:
    """Refuse what is no workbook of ours to read, before it is parsed.

    Raises
    ------
    WorkbookError
        What the file is instead, or what about it is too much.
    """
    if not openpyxl.xml.DEFUSEDXML:
        raise WorkbookError.of("workbook-unsafe-parser", path.name)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise WorkbookError.of("workbook-unopened", path.name, why=error.strerror or "") from error
    if not head.startswith(ZIP):
        raise WorkbookError(_not_a_workbook(path, head))
    if size > limits.packed:
        said = {"size": size // MB, "most": limits.packed // MB}
        raise WorkbookError.of("workbook-large", path.name, **said)
    _weigh(path, limits)


def _not_a_workbook(path: Path, head: bytes) -> Problem:
    if head == OLE:
        with path.open("rb") as file:
            start = file.read(PIECE)
        encrypted = "EncryptedPackage".encode("utf-16-le") in start
        return Problem("workbook-encrypted" if encrypted else "workbook-old", path.name)
    return Problem("workbook-other", path.name)


def _weigh(path: Path, limits: Limits) -> None:
    if _directory_size(path) > DIRECTORY:
        raise WorkbookError.of("workbook-parts", path.name)
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except BROKEN as error:
        raise WorkbookError.of("workbook-broken", path.name) from error
    if any(p.flag_bits & 1 for p in parts):
        raise WorkbookError.of("workbook-encrypted", path.name)
    unpacked = sum(p.file_size for p in parts)
    packed = sum(p.compress_size for p in parts)
    weights = [(p.file_size, p.compress_size) for p in parts] + [(unpacked, packed)]
    # below a megabyte nothing is heavy, and a part of a few repeated bytes may well be dense
    dense = any(full > MB and full > limits.ratio * small for full, small in weights)
    if unpacked > limits.unpacked or dense:
        said = {"size": -(-unpacked // MB), "most": limits.unpacked // MB}
        raise WorkbookError.of("workbook-bomb", path.name, **said, ratio=round(limits.ratio))
    _kind(path, {p.filename for p in parts}, len(parts))


def _directory_size(path: Path) -> int:
    """Return the bytes of the archive's list; 64-bit archives count as endless, no office writes them."""
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(file.tell() - (1 << 16) - 42, 0))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        return 0
    if tail[max(at - 20, 0) : at].startswith(b"PK\x06\x07"):
        return DIRECTORY + 1
    return int.from_bytes(tail[at + 12 : at + 16], "little")


def _kind(path: Path, names: set[str], parts: int) -> None:
    if len(names) < parts:
        raise WorkbookError.of("workbook-broken", path.name)
    if "xl/vbaProject.bin" in names or any(n.startswith("xl/macrosheets/") for n in names):
        raise WorkbookError.of("workbook-macros", path.name)
    if not any(n.startswith("xl/worksheets/") for n in names):
        other = "mimetype" in names or "word/document.xml" in names or "xl/workbook.bin" in names
        raise WorkbookError.of("workbook-other" if other else "workbook-broken", path.name)


def pieces(archive: zipfile.ZipFile, name: str, overlap: int) -> Iterator[bytes]:
    """Yield a part a piece at a time, each beginning with the last ``overlap`` bytes of the one before."""
    held = b""
    with archive.open(name) as part:
        while piece := part.read(PIECE):
            yield held + piece
            held = (held + piece)[-overlap:]
