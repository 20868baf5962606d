"""A document as a workbook: its text on the first sheet, each table on a sheet of its own.

Numbers are numbers again, with as many digits as are shown and none more. All other text stays
text: what begins like a formula is marked so that Excel leaves it alone even when it is edited.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from ..html import width_of
from .files import put
from .tree import Callout, Document, FillIn, Heading, Paragraph, Picture, Table

FIGURE = re.compile(r"-?\d+(?:\.(\d+))?(%?)")
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
HEAD = PatternFill("solid", start_color="DDE6F0")
THIN = Side(style="thin", color="BBBBBB")
TEXT_SHEET, TEXT_WIDTH, MOST_WIDTH, MOST_CHARACTERS = "说明", 90, 40, 32_767


def write_excel(document: Document, path: str | Path) -> Path:
    """Write the document as .xlsx.

    Raises
    ------
    StorageError
        ``report-write``.
    """
    book = Workbook()
    front = book.worksheets[0]
    front.title = TEXT_SHEET
    _front(front, document)
    for said, part in document.numbered():
        if isinstance(part, Table):
            _table(book.create_sheet(said), said, part)
    book.properties.title, book.properties.creator = document.title, document.office
    held = io.BytesIO()
    book.save(held)
    return put(path, held.getvalue())


def text_cell(cell: Any, text: str) -> None:
    """Write text that stays text."""
    cell.value = text[:MOST_CHARACTERS]
    cell.data_type = "s"
    cell.quotePrefix = text.startswith(FORMULA)


def _front(sheet: Worksheet, document: Document) -> None:
    sheet.column_dimensions["A"].width = TEXT_WIDTH / 3
    sheet.column_dimensions["B"].width = 2 * TEXT_WIDTH / 3
    _say(sheet, document.title, size=16, bold=True)
    for text in filter(None, (document.number, document.to)):
        _say(sheet, text)
    for said, part in document.numbered():
        if isinstance(part, Heading):
            _say(sheet, said + part.text, size=13 if part.level == 1 else 11, bold=True)
        elif isinstance(part, Paragraph):
            _say(sheet, part.text, bold=part.tone == "verdict")
        elif isinstance(part, Callout):
            _say(sheet, part.title, bold=True, fill=HEAD)
            for text in part.lines:
                _say(sheet, text, fill=HEAD)
        elif isinstance(part, FillIn):
            _fill_in(sheet, part)
        elif isinstance(part, Picture):
            _say(sheet, f"{said}　{part.caption}（图见 Word 或网页版）：{part.alt}")
        else:
            _say(sheet, f"{said}　{part.caption}（见工作表“{said}”）")
    for text in filter(None, (document.office, document.dated)):
        _say(sheet, text)
    _print(sheet, landscape=False)


def _say(sheet: Worksheet, text: str, *, size: int = 11, bold: bool = False, fill: Any = None) -> None:
    row = sheet.max_row + (sheet.cell(sheet.max_row, 1).value is not None)
    sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=2)
    cell = sheet.cell(row, 1)
    text_cell(cell, text or " ")
    cell.font, cell.alignment = Font(size=size, bold=bold), Alignment(wrap_text=True, vertical="top")
    if fill:
        cell.fill = fill
    lines = sum(-(-max(width_of(one), 1) // TEXT_WIDTH) for one in text.split("\n"))
    sheet.row_dimensions[row].height = 1.4 * size * lines + 2


def _fill_in(sheet: Worksheet, form: FillIn) -> None:
    _say(sheet, form.title, bold=True)
    for label, lines in form.fields:
        row = sheet.max_row + 1
        text_cell(sheet.cell(row, 1), label)
        sheet.cell(row, 1).alignment = Alignment(vertical="top")
        for column in (1, 2):
            sheet.cell(row, column).border = Border(THIN, THIN, THIN, THIN)
        sheet.row_dimensions[row].height = 24 * lines
    if form.note:
        _say(sheet, form.note)


def _table(sheet: Worksheet, said: str, table: Table) -> None:
    text_cell(sheet.cell(1, 1), f"{said}　{table.caption}")
    sheet.cell(1, 1).font = Font(size=13, bold=True)
    for column, text in enumerate(table.columns, start=1):
        cell = sheet.cell(2, column)
        text_cell(cell, text)
        cell.font, cell.fill = Font(bold=True), HEAD
        cell.alignment = Alignment(wrap_text=True, horizontal="center", vertical="center")
    for n, row in enumerate(table.rows, start=3):
        for column, (text, right) in enumerate(zip(row, table.numeric, strict=True), start=1):
            _cell(sheet.cell(n, column), text, right=right)
    for column, texts in enumerate(zip(table.columns, *table.rows, strict=True), start=1):
        wide = max(width_of(t) for text in texts for t in text.split("\n"))
        sheet.column_dimensions[get_column_letter(column)].width = min(max(wide, 6), MOST_WIDTH) + 3
    for n, text in enumerate(table.notes, start=len(table.rows) + 4):
        text_cell(sheet.cell(n, 1), ("注：" if n == len(table.rows) + 4 else "") + text)
    sheet.freeze_panes = "B3"
    sheet.print_title_rows = "1:2"
    _print(sheet, landscape=True)


def _cell(cell: Any, text: str, *, right: bool) -> None:
    found = FIGURE.fullmatch(text) if right else None
    if found:
        digits, percent = found.groups()
        cell.value = float(text.rstrip("%")) / 100 if percent else float(text) if digits else int(text)
        cell.number_format = ("0." + "0" * len(digits) if digits else "0") + percent
    else:
        text_cell(cell, text)
    cell.border = Border(THIN, THIN, THIN, THIN)
    cell.alignment = Alignment(
        wrap_text=not right, horizontal="right" if right else "left", vertical="center"
    )


def _print(sheet: Worksheet, *, landscape: bool) -> None:
    sheet.page_setup.paperSize = "9"  # A4
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    footer: Any = sheet.oddFooter
    footer.center.text = "— &P —"
