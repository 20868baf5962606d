"""The rows of an XLSForm workbook, each cell under the key it carries and with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl.utils import get_column_letter

from ..errors import Problem, WorkbookError, nearest
from ..workbook.cells import plain
from ..workbook.guarding import Limits, guard
from ..workbook.reading import opened
from ..workbook.scanning import FEW, Scan, scan
from .columns import ALIASES, HARMLESS, REQUIRED, SHEETS, Kind, folded, lookup

# A questionnaire of 500 items in two languages weighs some 100 KB.
LIMITS = Limits(packed=2_000_000, unpacked=20_000_000, rows=10_000, cells=200_000)
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a sheet: cells by (key, language), and the place of each."""

    sheet: str
    number: int
    cells: Mapping[Key, Any]
    letters: Mapping[Key, str]

    def text(self, key: str) -> str:
        """Return a cell as text: a number that Excel made of ``4`` is ``4`` again."""
        value = self.cells.get((key, ""))
        if isinstance(value, bool) or value is None:
            return "" if value is None else str(value).lower()
        if isinstance(value, float):
            return f"{value:.15g}"
        return str(value)

    def place(self, key: str = "", language: str = "") -> str:
        """Return ``survey!C7``, or the row's first cell for a column that is not there."""
        letter = self.letters.get((key, language)) or self.letters.get((key, "zh")) or "A"
        return f"{self.sheet}!{letter}{self.number}"


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """What the sheets of a workbook hold, and what is wrong with them so far."""

    lines: Mapping[str, tuple[Line, ...]]
    kinds: Mapping[str, Mapping[Key, Kind]]
    problems: tuple[Problem, ...]


def open_form(path: Path) -> Form:
    """Read the sheets of an XLSForm workbook.

    Raises
    ------
    WorkbookError
        When the file is no workbook, is unsafe to parse, or has no ``survey`` sheet.
    """
    guard(path, LIMITS)
    scans = scan(path, LIMITS)
    with opened(path) as book:
        tabs = {t.title.strip().lower(): t for t in book.worksheets}
        grids = {}
        for name in tabs.keys() & SHEETS.keys():
            tabs[name].reset_dimensions()
            told = scans.get(tabs[name]._worksheet_path, Scan())
            grids[name] = list(tabs[name].iter_rows(values_only=True)), told
    if "survey" not in grids:
        near = nearest("survey", tabs) or next(iter(tabs), "")
        raise WorkbookError.of("workbook-sheet", path.name, name="survey", near=near)
    return _form(path, grids)


def _form(path: Path, grids: Mapping[str, tuple[list[tuple[Any, ...]], Scan]]) -> Form:
    lines, kinds, problems = {}, {}, []
    for name in SHEETS:
        if name not in grids:
            continue
        rows, told = grids[name]
        problems += _unreadable(path, name, told)
        at, kinds[name], wrong = _headings(path, name, rows)
        problems += wrong
        lines[name] = tuple(_lines(name, rows, at))
    return Form(lines, kinds, tuple(problems))


def _unreadable(path: Path, sheet: str, told: Scan) -> Iterator[Problem]:
    for ref in list(told.merged)[:FEW]:
        yield Problem("workbook-merged", f"{path.name} › {sheet}!{ref.partition(':')[0]}", {"ref": ref})
    for ref in list(told.formulas)[:FEW]:
        yield Problem("workbook-formula", f"{path.name} › {sheet}!{ref}")


def _headings(
    path: Path, sheet: str, rows: list[tuple[Any, ...]]
) -> tuple[dict[int, Key], dict[Key, Kind], list[Problem]]:
    """Find the key of each column; a column nobody knows is told of if anything stands in it."""
    known = lookup(sheet)
    at: dict[int, Key] = {}
    kinds: dict[Key, Kind] = {}
    problems = []
    for k, heading in enumerate(rows[0] if rows else ()):
        said = str(plain(heading) or "")
        name = folded(said)
        place = f"{path.name} › {sheet}!{get_column_letter(k + 1)}1"
        if not name or name.startswith("_") or name in HARMLESS:
            continue
        if name in known:
            key, language, kind = known[name]
            if (key, language) in kinds:
                problems.append(Problem("workbook-heading-twice", place, {"heading": said}))
            at[k], kinds[key, language] = (key, language), kind
        elif any(k < len(row) and plain(row[k]) is not None for row in rows[1:]):
            near = nearest(name, [*known, *ALIASES]) or "—"
            problems.append(Problem("xlsform-column", place, {"heading": said, "near": near}))
    there = {key for key, _ in kinds}
    for name in REQUIRED.get(sheet, ()):
        if name not in there:
            problems.append(Problem("workbook-heading-missing", f"{path.name} › {sheet}!1:1", {"label": name}))
    return at, kinds, problems


def _lines(sheet: str, rows: list[tuple[Any, ...]], at: Mapping[int, Key]) -> Iterator[Line]:
    letters = {key: get_column_letter(k + 1) for k, key in at.items()}
    for number, row in enumerate(rows[1:], start=2):
        given = {key: plain(row[k]) for k, key in at.items() if k < len(row)}
        if found := {key: value for key, value in given.items() if value is not None}:
            yield Line(sheet, number, found, letters)
