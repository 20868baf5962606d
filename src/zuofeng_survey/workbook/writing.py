"""Writing: typed tables as a workbook an office is glad to get.

Text is written as text, whatever it begins with; nothing here can write a formula, for only
``write_string`` is called, and :meth:`.tab.Tab.pour`, which knows texts, numbers and days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from ..errors import Problem, StorageError, WorkbookError
from .columns import Sheet
from .dressing import Dress, Lists, rules, width, write_notes
from .meta import FORMAT, META, mark, packed
from .parts import Cells, parts
from .tab import Tab
from .values import TOO_LONG, opens_a_formula, same_text

ROWS = 1_048_575  # Excel's own, less the heading
OPTIONS = {"default_date_format": "yyyy-mm-dd", "strings_to_formulas": False, "strings_to_urls": False}
WHOLE = ("format_cells", "format_columns", "format_rows", "insert_rows", "delete_rows", "sort", "autofilter")
ALLOWED: dict[str, bool] = dict.fromkeys(WHOLE, True)
PAGE = 180  # Latin characters across a sheet of A4, as small as can be read


@dataclass(slots=True)
class Written:
    """One sheet as far as it is written: rows, lines of the hidden sheet, what does not fit."""

    rows: int = 0
    told: list[tuple[str, ...]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def write(path: str | Path, sheets: Sequence[Sheet]) -> dict[str, int]:
    """Write a workbook: a tab for each sheet, a note sheet, and a hidden sheet to be read back by.

    Parameters
    ----------
    path : str or Path
        The .xlsx to make; it appears whole or not at all.
    sheets : sequence of Sheet

    Returns
    -------
    dict
        Rows written, by the sheet's name.

    Raises
    ------
    WorkbookError
        When a text or a table is longer than a workbook can hold, with every place; nothing is written.
    StorageError
        When the file cannot be written.
    """
    tabs: list[Any] = []
    try:
        with whole(Path(path)) as book:
            dress, lists = Dress(book), Lists(book)
            tabs += [book.add_worksheet(sheet.name, Tab) for sheet in sheets]
            done = [_write_sheet(*pair, dress=dress, lists=lists) for pair in zip(tabs, sheets, strict=True)]
            if problems := [p for written in done for p in written.problems]:
                raise WorkbookError(problems)
            write_notes(book, sheets, dress)
            _write_meta(book.add_worksheet(META), [line for written in done for line in written.told])
    finally:
        for tab in tabs:
            tab.drop()
    return {sheet.name: written.rows for sheet, written in zip(sheets, done, strict=True)}


@contextmanager
def whole(path: Path) -> Iterator[xlsxwriter.Workbook]:
    """Make a workbook that appears whole or not at all.

    Raises
    ------
    StorageError
        When the file cannot be written.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        book = xlsxwriter.Workbook(str(partial), OPTIONS)
        yield book
        book.close()
        partial.replace(path)
    except (OSError, FileCreateError) as error:
        partial.unlink(missing_ok=True)
        cause = error.args[0] if isinstance(error, FileCreateError) and error.args else error
        why = getattr(cause, "strerror", None) or str(cause)
        raise StorageError.of("home", str(path), why=why) from error


def _write_sheet(tab: Tab, sheet: Sheet, *, dress: Dress, lists: Lists) -> Written:
    written, across = Written(told=[("sheet", sheet.name, *(c.name for c in sheet.columns))]), 0.0
    for k, column in enumerate(sheet.columns):
        tab.write_string(0, k, column.label, dress.head())
    for cells, versions in parts(sheet):
        if not written.rows:  # widths are those of the first rows
            across = _widths(tab, sheet, cells, dress)
        _write_part(tab, sheet, cells, dress=dress, written=written)
        written.told += [("rows", sheet.name, text) for text in _marks(sheet, cells, versions)]
    if written.rows > ROWS:
        written.problems = [Problem("workbook-too-many-rows", sheet.name, {"n": written.rows, "most": ROWS})]
    if sheet.columns:
        tab.autofilter(0, 0, max(written.rows, 1), len(sheet.columns) - 1)
    tab.freeze_panes(1, 1)
    tab.set_row(0, 32)
    tab.protect("", dict(ALLOWED))
    tab.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    rules(tab, sheet, written.rows, lists=lists, dress=dress)
    tab.set_landscape()
    tab.set_paper(9)
    tab.repeat_rows(0)
    if across <= PAGE:  # a wider one would be too small to read: it goes on beside, under its ids
        tab.fit_to_pages(1, 0)
    else:
        tab.repeat_columns("A:A")
    tab.set_footer("&C第 &P 页，共 &N 页")
    return written


def _widths(tab: Tab, sheet: Sheet, table: list[Cells], dress: Dress) -> float:
    """Make columns as wide as their text; return how wide they are together."""
    wide = [width(column, cells) for column, cells in zip(sheet.columns, table, strict=True)]
    for k, column in enumerate(sheet.columns):
        derived = column.locked and column.kind != "key"
        tab.set_column(k, k, wide[k], dress.cell(column, locked=derived))
    return sum(wide)


def _write_part(tab: Tab, sheet: Sheet, table: list[Cells], *, dress: Dress, written: Written) -> None:
    """Write some rows; ids that are there are locked, the cells below them are not."""

    def form(k: int, value: Any) -> Format:
        column = sheet.columns[k]
        quoted = isinstance(value, str) and opens_a_formula(value)
        return dress.cell(column, locked=column.locked, quoted=quoted)

    n = len(table[0]) if table else 0
    written.problems += _too_long(sheet, table, written.rows + 2)
    if n and not written.problems and written.rows + n <= ROWS:
        tab.pour(table, form)
    written.rows += n


def _too_long(sheet: Sheet, table: list[Cells], first: int) -> Iterator[Problem]:
    for k, cells in enumerate(table):
        for n, v in enumerate(cells, start=first):
            if isinstance(v, str) and len(v) > TOO_LONG // 2 and (long := _units(v)) > TOO_LONG:
                yield Problem("workbook-text-long", f"{sheet.name}!{xl_col_to_name(k)}{n}", {"n": long, "most": TOO_LONG})


def _units(text: str) -> int:
    """Return how long Excel counts a text: in units of UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def _marks(sheet: Sheet, table: list[Cells], versions: Cells) -> Iterator[str]:
    """Yield what the hidden sheet says of some rows."""
    if sheet.key is None:
        return
    edited = [cells for c, cells in zip(sheet.columns, table, strict=True) if c in sheet.edited]
    keys = table[sheet.columns.index(sheet.key)]
    yield from packed(
        (key, None if version is None else int(version), mark(map(same_text, cells)))
        for key, version, *cells in zip(keys, versions, *edited, strict=True)
        if key is not None
    )


def _write_meta(tab: Worksheet, told: Sequence[tuple[str, ...]]) -> None:
    tab.very_hidden()
    tab.write_string(0, 0, FORMAT)
    for n, line in enumerate(told, start=1):
        for k, text in enumerate(line):
            tab.write_string(n, k, text)
