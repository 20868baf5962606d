"""Reading a workbook back: every row that fits, or every mistake with its sheet and cell.

Nothing is guessed and nothing is half-read: one mistake anywhere and no row is handed out.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from ..errors import Problem, WorkbookError, nearest
from .cells import Unfit, fit, plain
from .columns import Column, Sheet
from .guarding import Limits, guard
from .meta import LISTS, META, NOTES, Meta, mark, understood
from .scanning import FEW, Scan, scan
from .values import TEXTS, canonical

OF_ROWS = ("cell-", "workbook-key-twice")  # mistakes of single rows
MOST = 500  # mistakes told at once; what is beyond is counted
Cells = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was read.

    Attributes
    ----------
    number : int
        Its row in the sheet, from 2.
    values : dict
        Values by column name: the key and what people fill in; empty cells are None.
    version : int or None
        The version that was written, None for a row that was not.
    touched : bool
        Whether any editable cell differs from what was written.
    unread : frozenset of str
        Columns whose cell does not fit; only where mistakes of cells are let through.
    """

    number: int
    values: dict[str, Any]
    version: int | None = None
    touched: bool = True
    unread: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The rows of one sheet, and where each column stands."""

    tab: str
    rows: tuple[Row, ...]
    letters: Mapping[str, str]

    def place(self, row: Row, column: str = "") -> str:
        """Return the place of a cell, such as ``问题台账!C7``."""
        return f"{self.tab}!{self.letters.get(column, 'A')}{row.number}"

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """What a workbook holds, by the name of each sheet that was asked for, and its mistaken cells."""

    tables: Mapping[str, Table]
    problems: tuple[Problem, ...] = ()

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]


def read(
    path: str | Path, sheets: Sequence[Sheet], *, limits: Limits | None = None, lenient: bool = False
) -> Read:
    """Read the sheets asked for, saved by Excel, WPS or LibreOffice.

    Parameters
    ----------
    path : str or Path
    sheets : sequence of Sheet
        Without rows: names and columns. Where one is asked for and the workbook has one visible
        sheet, its name does not matter.
    limits : Limits, optional
        What the file may weigh; :meth:`Limits.for_rows` for a large table of our own.
    lenient : bool
        Hand mistakes of single cells out beside the rows, for a reader that has more to tell of
        them and refuses all together.

    Raises
    ------
    WorkbookError
        With all problems, each with its sheet and cell.
    """
    path, limits = Path(path), limits or Limits()
    guard(path, limits)
    scans = scan(path, limits)
    with opened(path) as book:
        return _read(path, book, sheets, scans, lenient=lenient)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a workbook that was guarded, to read its cells a row at a time.

    Raises
    ------
    WorkbookError
        ``workbook-broken``: whatever a parser of a damaged file runs into, there or within.
    """
    try:
        # ours to close, also where openpyxl gives up half-way; it warns of what it leaves out
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except WorkbookError:
        raise
    except Exception as error:
        raise WorkbookError.of("workbook-broken", path.name) from error


def tabs(path: str | Path, *, limits: Limits | None = None) -> tuple[str, ...]:
    """Return the names of a workbook's visible sheets, where the name says what to read.

    Raises
    ------
    WorkbookError
        When it is no workbook that would be read.
    """
    path = Path(path)
    guard(path, limits or Limits())
    with opened(path) as book:
        return tuple(_shown({t.title: t for t in book.worksheets}))


def _read(
    path: Path, book: Any, sheets: Sequence[Sheet], scans: Mapping[str, Scan], *, lenient: bool
) -> Read:
    tabs = {t.title: t for t in book.worksheets}
    metas = understood(_grid(tabs[META])) if META in tabs else {}
    problems = _around(path, book, tabs)
    tables = {}
    for sheet in sheets:
        tab = _tab(tabs, sheet, alone=len(sheets) == 1)
        if tab is None:
            near = nearest(sheet.name, tabs) or next(iter(tabs), "")
            problems.append(Problem("workbook-sheet", path.name, {"name": sheet.name, "near": near}))
            continue
        told = scans.get(tab._worksheet_path, Scan())
        reader = Reader(sheet, tab.title, metas.get(sheet.name, Meta()))
        tables[sheet.name] = reader.table(_grid(tab), told)
        problems += reader.problems
    if problems and not (lenient and all(p.code.startswith(OF_ROWS) for p in problems)):
        raise WorkbookError(at_most(problems, path))
    return Read(tables, tuple(problems))


def at_most(problems: Sequence[Problem], path: Path) -> list[Problem]:
    """Return as many problems as anybody reads, and how many more there are."""
    more = len(problems) - MOST
    return [*problems[:MOST], *([Problem("workbook-more", path.name, {"n": more})] if more > 0 else [])]


def _grid(tab: Any) -> Iterator[Cells]:
    """Yield the rows of a sheet; what it says of its own size is not believed."""
    tab.reset_dimensions()
    return tab.iter_rows(values_only=True)


def _around(path: Path, book: Any, tabs: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a workbook besides its cells."""
    found = []
    names = book._archive.namelist()
    if any(n.startswith("xl/externalLinks/") and n.endswith(".xml") for n in names):
        found.append(Problem("workbook-links", path.name))
    for title, tab in tabs.items():
        if tab.sheet_state != "visible" and title not in (META, LISTS, NOTES):
            found.append(Problem("workbook-hidden", title))
    return found


def _tab(tabs: Mapping[str, Any], sheet: Sheet, *, alone: bool) -> Any | None:
    if sheet.name in tabs:
        return tabs[sheet.name]
    seen = list(_shown(tabs).values())
    return seen[0] if alone and len(seen) == 1 else None


def _shown(tabs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sheets that people see and fill in."""
    ours = (META, LISTS, NOTES)
    return {n: t for n, t in tabs.items() if t.sheet_state == "visible" and n not in ours}


def _folded(heading: Any) -> str:
    text = "" if plain(heading) is None else str(plain(heading))
    return re.sub(r"[\s*＊]", "", unicodedata.normalize("NFKC", text))


class Reader:
    """Reads one sheet, and gathers what is wrong with it."""

    def __init__(self, sheet: Sheet, tab: str, meta: Meta) -> None:
        self.sheet, self.tab, self.meta = sheet, tab, meta
        self.problems: list[Problem] = []
        self.at: dict[str, int] = {}
        self._texts: dict[tuple[str, Any], str] = {}
        names = tuple(c.name for c in sheet.columns)
        self.marks = meta.rows if meta.columns == names else {}

    def table(self, grid: Iterator[Cells], told: Scan) -> Table:
        """Return the rows; where ``problems`` is not empty they are not to be used."""
        for ref in list(told.merged)[:FEW]:
            self._say("workbook-merged", ref.partition(":")[0], ref=ref)
        for ref in list(told.formulas)[: MOST]:
            self._say("workbook-formula", ref)
        if told.more_formulas:
            self._say("workbook-formula", "")
        self._headings(next(grid, ()))
        rows = tuple(self._rows(grid, set(told.formulas))) if self.at else ()
        letters = {name: get_column_letter(k + 1) for name, k in self.at.items()}
        return Table(self.tab, rows, letters)

    def _say(self, code: str, cell: str, **params: Any) -> None:
        place = f"{self.tab}!{cell}" if cell else self.tab
        self.problems.append(Problem(code, place, params))

    def _headings(self, first: Cells) -> None:
        """Find each column by its heading, or by its name."""
        seen: dict[str, int] = {}
        for k, heading in enumerate(first):
            text = _folded(heading)
            if text and text in seen:
                self._say("workbook-heading-twice", f"{get_column_letter(k + 1)}1", heading=text)
            elif text:
                seen[text] = k
        for column in self.sheet.columns:
            label = next((h for h in (_folded(column.label), column.name) if h in seen), None)
            if label is not None:
                self.at[column.name] = seen.pop(label)
        wanted = [c for c in self.sheet.edited if c.name not in self.at]
        for column in wanted:
            if not self.sheet.open or column.required:
                self._missing(column, seen)
        if not self.sheet.open:
            for text, k in seen.items():
                self._say("workbook-heading-unknown", f"{get_column_letter(k + 1)}1", heading=text)

    def _missing(self, column: Column, seen: dict[str, int]) -> None:
        near = nearest(_folded(column.label), seen)
        if near:
            cell = f"{get_column_letter(seen.pop(near) + 1)}1"
            self._say("workbook-heading-renamed", cell, label=column.label, near=near)
        else:
            self._say("workbook-heading-missing", "1:1", label=column.label)

    def _rows(self, grid: Iterable[Cells], formulas: set[str]) -> Iterator[Row]:
        columns = [(c, self.at[c.name]) for c in self.sheet.edited if c.name in self.at]
        absent = {c.name: None for c in self.sheet.edited if c.name not in self.at}
        key, seen = self.sheet.key, {}
        for number, cells in enumerate(grid, start=2):
            given = [plain(cells[k]) if k < len(cells) else None for _, k in columns]
            if not any(v is not None for v in given):
                continue
            row = self._row(number, columns, given, formulas)
            name = row.values.get(key.name) if key else None
            if name is not None and name in seen:
                self._say("workbook-key-twice", self._cell(key, number), key=name, first=seen[name])  # pyright: ignore
                row = replace(row, unread=row.unread | {key.name})  # pyright: ignore
            seen.setdefault(name, number)
            row.values.update(absent)
            yield row

    def _row(
        self, number: int, columns: list[tuple[Column, int]], given: list[Any], formulas: set[str]
    ) -> Row:
        wrong: list[Problem] = []
        unread: set[str] = set()
        values: dict[str, Any] = {}
        for (column, k), cell in zip(columns, given, strict=True):
            ref = f"{get_column_letter(k + 1)}{number}"
            if ref in formulas:
                continue
            try:
                values[column.name] = value = fit(cell, column)
            except Unfit as unfit:
                wrong.append(Problem(unfit.code, f"{self.tab}!{ref}", unfit.params))
                unread.add(column.name)
                continue
            if value is None and column.required:
                wrong.append(Problem("cell-required", f"{self.tab}!{ref}", {"label": column.label}))
        key = self.sheet.key
        version, written = self.marks.get(values.get(key.name, ""), (None, "")) if key else (None, "")
        if wrong and written and _raw_mark(columns, given) == written:
            return Row(number, values, version, touched=False)  # as it left us: not this person's mistake
        self.problems += wrong
        touched = not written or mark(self._text(values.get(c.name), c) for c, _ in columns) != written
        return Row(number, values, version, touched, frozenset(unread))

    def _text(self, value: Any, column: Column) -> str:
        """Return the canonical text of a value; of what is picked, each is made once."""
        if column.kind in TEXTS or not isinstance(value, str | tuple | bool):
            return canonical(value, column)
        at = column.name, value
        if at not in self._texts:
            self._texts[at] = canonical(value, column)
        return self._texts[at]

    def _cell(self, column: Column, number: int) -> str:
        return f"{get_column_letter(self.at[column.name] + 1)}{number}"


def _raw_mark(columns: list[tuple[Column, int]], given: list[Any]) -> str:
    """Return the mark of cells that need not fit their columns any more."""
    texts = []
    for (column, _), cell in zip(columns, given, strict=True):
        try:
            texts.append(canonical(cell, column))
        except (TypeError, ValueError, AttributeError):
            texts.append(str(cell))
    return mark(texts)


