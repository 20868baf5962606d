"""Writing: typed tables as a workbook an office is glad to get.

Text is written as text, whatever it begins with; nothing here can write a formula, for only
``write_string``, ``write_number`` and ``write_datetime`` are called.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from ..errors import Problem, StorageError, WorkbookError
from .columns import Column, Sheet
from .dressing import Dress, Lists, rules, width, write_notes
from .meta import FORMAT, META, mark, packed
from .tab import Tab
from .values import TEXTS, TOO_LONG, opens_a_formula, same_text, shown

ROWS = 1_048_575  # Excel's own, less the heading
OPTIONS = {"default_date_format": "yyyy-mm-dd", "strings_to_formulas": False, "strings_to_urls": False}
WHOLE = ("format_cells", "format_columns", "format_rows", "insert_rows", "delete_rows", "sort", "autofilter")
ALLOWED: dict[str, bool] = dict.fromkeys(WHOLE, True)
PAGE = 180  # Latin characters across a sheet of A4, as small as can be read
Cells = list[Any]


def write(path: str | Path, sheets: Sequence[Sheet]) -> None:
    """Write a workbook: a tab for each sheet, a note sheet, and a hidden sheet to be read back by.

    Parameters
    ----------
    path : str or Path
        The .xlsx to make; it appears whole or not at all.
    sheets : sequence of Sheet

    Raises
    ------
    WorkbookError
        When a text or a table is longer than a workbook can hold, with every place; nothing is written.
    StorageError
        When the file cannot be written.
    """
    path = Path(path)
    tables = [_cells(sheet) for sheet in sheets]
    if problems := [p for s, t in zip(sheets, tables, strict=True) for p in _too_long(s, t)]:
        raise WorkbookError(problems)
    partial = path.with_name(path.name + ".partial")
    try:
        book = xlsxwriter.Workbook(str(partial), OPTIONS)
        dress, lists = Dress(book), Lists(book)
        told = [line for pair in zip(sheets, tables, strict=True) for line in _meta(*pair)]
        for sheet, table in zip(sheets, tables, strict=True):
            _write_sheet(book.add_worksheet(sheet.name, Tab), sheet, table, dress=dress, lists=lists)
        write_notes(book, sheets, dress)
        _write_meta(book.add_worksheet(META), told)
        book.close()
        partial.replace(path)
    except (OSError, FileCreateError) as error:
        partial.unlink(missing_ok=True)
        cause = error.args[0] if isinstance(error, FileCreateError) and error.args else error
        why = getattr(cause, "strerror", None) or str(cause)
        raise StorageError.of("home", str(path), why=why) from error


def _cells(sheet: Sheet) -> list[Cells]:
    """Return what stands in the cells, a list for each column."""
    rows = sheet.rows
    if not isinstance(rows, pd.DataFrame):
        listed = list(rows)
        return [_shown([row.get(c.name) for row in listed], c) for c in sheet.columns]
    empty = [None] * len(rows)
    found = []
    for column in sheet.columns:
        values = rows[column.name].tolist() if column.name in rows else empty
        found.append(_shown(values, column))
    return found


def _shown(values: Sequence[Any], column: Column) -> Cells:
    """Return what stands in the cells of a column; what comes again is made, and kept, once."""
    mixed = set(map(type, values)) - {str, float, type(None)}  # 1, 1.0 and True are one key, not one text
    if column.kind in ("choices", "number", "datetime") or (column.kind in TEXTS and mixed):
        return [shown(value, column) for value in values]
    made: dict[Any, Any] = {}
    return [
        made[value] if value in made else made.setdefault(value, shown(value, column)) for value in values
    ]


def _too_long(sheet: Sheet, table: list[Cells]) -> list[Problem]:
    if table and len(table[0]) > ROWS:
        return [Problem("workbook-too-many-rows", sheet.name, {"n": len(table[0]), "most": ROWS})]
    return [
        Problem("workbook-text-long", f"{sheet.name}!{xl_col_to_name(k)}{n}", {"n": _units(v), "most": TOO_LONG})
        for k, cells in enumerate(table)
        for n, v in enumerate(cells, start=2)
        if isinstance(v, str) and len(v) > TOO_LONG // 2 and _units(v) > TOO_LONG
    ]


def _units(text: str) -> int:
    """Return how long Excel counts a text: in units of UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def _write_sheet(
    tab: Worksheet, sheet: Sheet, table: list[Cells], *, dress: Dress, lists: Lists
) -> None:
    rows, across = len(table[0]) if table else 0, 0.0
    for k, (column, cells) in enumerate(zip(sheet.columns, table, strict=True)):
        tab.write_string(0, k, column.label, dress.head())
        derived = column.locked and column.kind != "key"
        across += (wide := width(column, cells))
        tab.set_column(k, k, wide, dress.cell(column, locked=derived))
        _write_column(tab, k, column, cells, dress=dress)
        cells.clear()  # XlsxWriter has it now
    if sheet.columns:
        tab.autofilter(0, 0, max(rows, 1), len(sheet.columns) - 1)
    tab.freeze_panes(1, 1)
    tab.set_row(0, 32)
    tab.protect("", dict(ALLOWED))
    tab.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    rules(tab, sheet, rows, lists=lists, dress=dress)
    tab.set_landscape()
    tab.set_paper(9)
    tab.repeat_rows(0)
    if across <= PAGE:  # a wider one would be too small to read: it goes on beside, under its ids
        tab.fit_to_pages(1, 0)
    else:
        tab.repeat_columns(0)
    tab.set_footer("&C第 &P 页，共 &N 页")


def _write_column(tab: Worksheet, k: int, column: Column, cells: Cells, *, dress: Dress) -> None:
    """Write one column; ids that are there are locked, the cells below them are not."""
    form = dress.cell(column, locked=column.locked)
    quoted = dress.cell(column, locked=column.locked, quoted=True)
    text, number = tab.write_string, tab.write_number
    moment: Any = tab.write_datetime  # takes a date as well
    for n, value in enumerate(cells, start=1):
        if value is None:
            continue
        if isinstance(value, str):
            text(n, k, value, quoted if opens_a_formula(value) else form)
        elif isinstance(value, dt.date):
            moment(n, k, value, form)
        else:
            number(n, k, value, form)


def _meta(sheet: Sheet, table: list[Cells]) -> Iterator[tuple[str, ...]]:
    """Yield the lines of the hidden sheet that are about one sheet."""
    yield ("sheet", sheet.name, *(c.name for c in sheet.columns))
    if sheet.key is None:
        return
    edited = [cells for c, cells in zip(sheet.columns, table, strict=True) if c in sheet.edited]
    keys = table[sheet.columns.index(sheet.key)]
    rows = (
        (key, sheet.versions.get(key), mark(map(same_text, cells)))
        for key, *cells in zip(keys, *edited, strict=True)
        if key is not None
    )
    for text in packed(rows):
        yield "rows", sheet.name, text


def _write_meta(tab: Worksheet, told: Sequence[tuple[str, ...]]) -> None:
    tab.very_hidden()
    tab.write_string(0, 0, FORMAT)
    for n, line in enumerate(told, start=1):
        for k, text in enumerate(line):
            tab.write_string(n, k, text)
