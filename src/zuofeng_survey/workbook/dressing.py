"""How a workbook looks: fonts, widths that fit Chinese text, drop-downs, colours, and the note sheet."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name, xl_range_abs
from xlsxwriter.worksheet import Worksheet

from .columns import Column, Sheet
from .meta import LISTS, NOTES
from .values import NO, SEPARATOR, YES, clean

BODY, HEAD = "宋体", "黑体"  # on every Chinese Windows, Kylin and UOS
NARROW, WIDE, LONG = 6, 32, 48  # columns of Latin characters
SAMPLE = 500
MORE_ROWS = 5_000  # below the last entry, where new rows find drop-downs and checks
INLINE = 255  # characters of a drop-down that Excel takes without a list on a sheet
DATE, MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
WIDTHS = (16, 28, 36, 6, 60)  # of the note sheet
NUMBER_FORMAT = {"date": DATE, "datetime": MOMENT, "integer": "0", "number": "General"}
HOW = {
    "key": "编号。已有的不要改；新增一行时按编号规则填写，不能留空",
    "text": "文字",
    "long": "文字，可以较长",
    "date": "日期，如 2020-12-20",
    "datetime": "日期和时间，如 2020-12-20 08:30",
    "integer": "整数",
    "number": "数字",
    "bool": f"{YES} 或 {NO}",
    "choice": "从下拉列表中选一项",
    "choices": f"可填多项，用“{SEPARATOR}”隔开",
}
ABOUT = (
    "灰底列由系统生成，不能修改；白底列可以修改，在最后一行下面可以新增。",
    "不要改动第一行的标题，不要合并单元格，不要写公式。",
    "本表加了不带密码的保护，只为避免误改编号；需要排序时可在“审阅”里撤销保护。",
    "删除一行不会删除系统里的记录。",
)


def displayed(text: str) -> int:
    """Return how many Latin characters wide a text is: a Chinese one counts two.

    >>> displayed("问题台账A")
    9
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def width(column: Column, texts: Sequence[Any]) -> float:
    """Return a width that shows the heading with its filter button, and most of what stands below."""
    most = LONG if column.kind == "long" else WIDE
    lines = (line for text in texts[:SAMPLE] if text is not None for line in str(text).split("\n"))
    fitting = max((displayed(line) + 2 for line in lines), default=0)
    return min(max(fitting, displayed(column.label) + 4, NARROW), most)


class Dress:
    """The formats of one workbook: one of each, made when first needed."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[tuple[Any, ...], Format] = {}

    def cell(self, column: Column, *, locked: bool, quoted: bool = False) -> Format:
        """Return the format of a cell; ``quoted`` keeps text text, also when it is edited."""
        form = NUMBER_FORMAT.get(column.kind, "@")
        wrap = column.kind in ("long", "choices")
        return self._of((form, locked, quoted, wrap), lambda: self._cell(form, locked, quoted, wrap))

    def _cell(self, form: str, locked: bool, quoted: bool, wrap: bool) -> dict[str, Any]:
        grey = {"bg_color": "#F2F2F2", "font_color": "#404040"} if locked else {}
        made = {"num_format": form, "locked": locked, "quote_prefix": quoted, "text_wrap": wrap}
        aside = {} if form == "@" else {"align": "center"} if "yy" in form else {"align": "right", "indent": 1}
        return {"font_name": BODY, "font_size": 11, "valign": "top", **made, **grey, **aside}

    def head(self) -> Format:
        """Return the format of row 1."""
        colours = {"bg_color": "#DDE6F0", "bottom": 1, "bottom_color": "#7F9DB9"}
        made = {"bold": True, "text_wrap": True, "valign": "vcenter", "num_format": "@"}
        return self._of(("head",), lambda: {"font_name": HEAD, "font_size": 11, **made, **colours})

    def note(self) -> Format:
        """Return the format of the note sheet."""
        plain = {"font_name": BODY, "font_size": 11, "valign": "top"}
        return self._of(("note",), lambda: {**plain, "text_wrap": True, "num_format": "@"})

    def late(self) -> Format:
        """Return the format laid over a row that is overdue."""
        return self._of(("late",), lambda: {"bg_color": "#FCE4E4", "font_color": "#9C0006"})

    def _of(self, key: tuple[Any, ...], properties: Any) -> Format:
        if key not in self._made:
            self._made[key] = self._book.add_format(properties())
        return self._made[key]


class Lists:
    """Drop-downs: short ones stand in the rule itself, long ones in a column of a hidden sheet."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._sheet: Worksheet | None = None
        self._places: dict[tuple[str, ...], str] = {}

    def source(self, labels: tuple[str, ...]) -> list[str] | str:
        """Return what a validation rule takes as its list."""
        if len(",".join(labels)) <= INLINE and not any("," in label or '"' in label for label in labels):
            return list(labels)
        if labels not in self._places:
            self._places[labels] = self._write(labels)
        return self._places[labels]

    def _write(self, labels: tuple[str, ...]) -> str:
        if self._sheet is None:
            self._sheet = self._book.add_worksheet(LISTS)
            self._sheet.very_hidden()
        column = len(self._places)
        for row, label in enumerate(labels):
            self._sheet.write_string(row, column, label)
        return f"='{LISTS}'!{xl_range_abs(0, column, len(labels) - 1, column)}"


def rules(sheet: Worksheet, spec: Sheet, rows: int, *, lists: Lists, dress: Dress) -> None:
    """Lay drop-downs, checks and colours over the rows there are and the new ones below."""
    last = rows + MORE_ROWS
    for k, column in enumerate(spec.columns):
        if not column.locked and (rule := _rule(column, lists)):
            sheet.data_validation(1, k, last, k, rule)
    names = [c.name for c in spec.columns]
    if spec.overdue in names:
        at = xl_col_to_name(names.index(spec.overdue), col_abs=True)
        late = {"type": "formula", "criteria": f'={at}2="{YES}"', "format": dress.late()}
        sheet.conditional_format(1, 0, last, len(names) - 1, late)


def _rule(column: Column, lists: Lists) -> dict[str, Any] | None:
    """Return the validation rule of a column, with what it says when it refuses."""
    if column.kind in ("choice", "bool"):
        labels = (YES, NO) if column.kind == "bool" else tuple(clean(t) for _, t in column.choices)
        if not labels:
            return None
        said = {"error_title": "不在列表中", "error_message": "请从下拉列表中选择。"}
        return {"validate": "list", "source": lists.source(labels), **said}
    if column.kind == "choices" and column.choices:
        told = SEPARATOR.join(label for _, label in column.choices)
        said = {"input_title": "可填多项", "input_message": _within(f"用“{SEPARATOR}”隔开：{told}")}
        return {"validate": "any", **said}
    if column.kind in ("date", "datetime"):
        said = {"error_title": "不是日期", "error_message": f"请填{HOW[column.kind]}。"}
        days = {"minimum": dt.date(1949, 10, 1), "maximum": dt.date(2199, 12, 31)}
        return {"validate": "date", "criteria": "between", **days, **said}
    if column.kind in ("integer", "number"):
        said = {"error_title": "不是数字", "error_message": f"请填{HOW[column.kind]}。"}
        sort = "integer" if column.kind == "integer" else "decimal"
        return {"validate": sort, "criteria": "between", "minimum": -1e15, "maximum": 1e15, **said}
    return None


def _within(text: str, most: int = 255) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def write_notes(book: Workbook, specs: Sequence[Sheet], dress: Dress) -> None:
    """Write 说明: what each column is and how it is filled in."""
    sheet = book.add_worksheet(NOTES)
    sheet.protect("", {"format_columns": True, "format_rows": True})
    row = 0
    said = [line for s in specs if (line := s.notes.get("", ""))]
    for line in (*said, *ABOUT):
        sheet.merge_range(row, 0, row, 4, clean(line), dress.note())
        row += 1
    headings = ("工作表", "列", "怎么填", "必填", "说明与可选值")
    for k, (heading, wide) in enumerate(zip(headings, WIDTHS, strict=True)):
        sheet.write_string(row + 1, k, heading, dress.head())
        sheet.set_column(k, k, wide)
    row += 2
    for spec in specs:
        for column in spec.columns:
            line = _line(spec, column)
            for k, text in enumerate(line):
                sheet.write_string(row, k, clean(text), dress.note())
            lines = max(_lines(text, wide) for text, wide in zip(line, WIDTHS, strict=True))
            sheet.set_row(row, 15.5 * lines)  # LibreOffice does not make room by itself
            row += 1
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _lines(text: str, wide: int) -> int:
    """Return how many lines a text takes in a column."""
    return sum(-(-max(displayed(line), 1) // (wide - 2)) for line in text.split("\n"))


def _line(spec: Sheet, column: Column) -> tuple[str, ...]:
    derived = column.locked and column.kind != "key"
    how = "由系统生成，不能修改" if derived else HOW[column.kind]
    told = SEPARATOR.join(label for _, label in column.choices)
    about = "\n".join(filter(None, (spec.notes.get(column.name, ""), told)))
    return spec.name, column.label, how, YES if column.required and not derived else "", about
