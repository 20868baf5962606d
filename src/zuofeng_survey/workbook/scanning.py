"""Searching the unpacked parts for what no honest workbook has, and for what reading would miss.

openpyxl's streaming reader does not tell merged cells, and parses formulas only to hand out their
text; both are found here, by their tags. Nothing is interpreted, and no pattern can run long: each
is bounded in what it looks at.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import Problem, WorkbookError
from .guarding import BROKEN, Limits, pieces

OVERLAP = 2_000
FEW = 20
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.I)
_ENCODING = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([^"']{0,40})["']""")
_ROW = re.compile(rb"""<(?:\w{1,20}:)?row(?=[\s>/])(?:[^<>]{0,400}?\sr\s*=\s*["']([^"']{0,40}))?""")
_FAR = re.compile(rb"""<(?:\w{1,20}:)?c\s[^<>]{0,300}?\br\s*=\s*["'](?:[A-Za-z]{3}|[^"'<>]{0,30}&)""")
_FORMULA = re.compile(
    rb"""<(?:\w{1,20}:)?c\s[^<>]{0,300}?\br\s*=\s*["']([A-Z]{1,3}\d{1,7})["'][^<>]{0,300}>\s{0,20}<(?:\w{1,20}:)?f[\s>/]"""
)
_ANY_FORMULA = re.compile(rb"<(?:\w{1,20}:)?f[\s>/]")
_MERGED = re.compile(rb"""<(?:\w{1,20}:)?mergeCell\s[^<>]{0,200}?ref\s*=\s*["']([A-Z0-9:]{1,30})["']""")
_CELL = re.compile(rb"<(?:\w{1,20}:)?(?:c|si)[\s>/]")


@dataclass(slots=True)
class Scan:
    """What the tags of one sheet tell: how many rows, the last row, formulas and merged cells."""

    rows: int = 0
    last: int = 0
    far: bool = False
    cells: int = 0
    formulas: dict[str, None] = field(default_factory=dict)
    more_formulas: bool = False
    merged: dict[str, None] = field(default_factory=dict)


def scan(path: Path, limits: Limits) -> dict[str, Scan]:
    """Unpack every part once and return what each sheet's tags tell, by the part's name.

    Raises
    ------
    WorkbookError
        For entities, an encoding other than UTF-8, a damaged archive, or more rows, columns or
        cells than ``limits``: what cannot be parsed safely, or not in time.
    """
    found: dict[str, Scan] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for part in archive.infolist():
                name = part.filename
                if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                    found[name] = _sheet(archive, path, name)
                elif name.endswith((".xml", ".rels", ".vml")):
                    _other(archive, path, name, limits)
    except BROKEN as error:
        raise WorkbookError.of("workbook-broken", path.name) from error
    problems = [p for name, s in found.items() for p in _too_much(path, name, s, limits)]
    if problems:
        raise WorkbookError(problems)
    return found


def _plain(path: Path, piece: bytes, *, first: bool) -> None:
    """Refuse entities, and what is written so that this search would not see it."""
    if _DOCTYPE.search(piece):
        raise WorkbookError.of("workbook-entities", path.name)
    if first:
        named = _ENCODING.match(piece)
        is_utf8 = named is None or named[1].lower() in (b"utf-8", b"utf8", b"us-ascii", b"ascii")
        if not is_utf8 or piece[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in piece[:64]:
            raise WorkbookError.of("workbook-broken", path.name)


def _other(archive: zipfile.ZipFile, path: Path, name: str, limits: Limits) -> None:
    heavy = archive.getinfo(name).file_size > limits.part
    is_parsed = name.count("/") < 2 or name.startswith("xl/_rels")
    if heavy and is_parsed and name != "xl/sharedStrings.xml":
        raise WorkbookError.of("workbook-part", f"{path.name} › {name}", most=limits.part // 1_000_000)
    cells, first = 0, True
    for piece in pieces(archive, name, OVERLAP):
        _plain(path, piece, first=first)
        first = False
        if name == "xl/sharedStrings.xml":
            cells += len(_CELL.findall(piece))
            if cells > limits.cells:
                raise WorkbookError.of("workbook-cells", path.name, most=limits.cells)


def _sheet(archive: zipfile.ZipFile, path: Path, name: str) -> Scan:
    told, first, formulas = Scan(), True, 0
    for piece in pieces(archive, name, OVERLAP):
        _plain(path, piece, first=first)
        first = False
        rows = _ROW.findall(piece)
        told.rows += len(rows)
        for text in rows:
            number = int(text) if text.strip().isdigit() else (1 << 60 if text.strip() else 0)
            told.last = max(told.last, number)
        told.cells += len(_CELL.findall(piece))
        told.far = told.far or _FAR.search(piece) is not None
        if any_formulas := _ANY_FORMULA.findall(piece):
            formulas += len(any_formulas)
            told.formulas |= dict.fromkeys(m.decode() for m in _FORMULA.findall(piece))
        if b"mergeCell" in piece:
            told.merged |= dict.fromkeys(m.decode() for m in _MERGED.findall(piece)[: 50 * FEW])
    told.more_formulas = formulas > 0 and not told.formulas
    return told


def _too_much(path: Path, name: str, told: Scan, limits: Limits) -> list[Problem]:
    place = f"{path.name} › {name.rpartition('/')[2].removesuffix('.xml')}"
    found = []
    if max(told.rows, told.last) > limits.rows:
        found.append(Problem("workbook-rows", place, {"n": max(told.rows, told.last), "most": limits.rows}))
    if told.far:
        found.append(Problem("workbook-far", place, {"most": "ZZ"}))
    if told.cells > limits.cells:
        found.append(Problem("workbook-cells", place, {"most": limits.cells}))
    return found
