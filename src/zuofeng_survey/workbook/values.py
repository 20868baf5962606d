"""Values of a column in three shapes: ours, a cell's, and one text that is the same on both sides.

A cell that was written, saved by Excel, WPS or LibreOffice and read back is the same when its
:func:`canonical` text is: dates without time, moments to the second, numbers to twelve digits.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import pandas as pd

from .columns import Column

SEPARATOR = "、"
YES, NO = "是", "否"
OPENERS = ("=", "+", "-", "@", "\t", "＝", "＋", "－", "＠")
TOO_LONG = 32_767  # characters in a cell, Excel's own limit
# control characters but tab and newline, halves of surrogate pairs, and the two non-characters: no XML has them
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
# how a workbook writes a control character; Excel and WPS leave _x000D_ where a line was pasted
_ESCAPED = re.compile(r"_x(00[01][0-9A-Fa-f])_")
_SEPARATORS = re.compile(r"[、，,;；\n]")


def clean(text: str) -> str:
    r"""Return text without what no workbook can hold, and with newlines of one sort.

    >>> clean("一\x00二\r\n三 ")
    '一二\n三'
    """
    if text.isprintable() and "_x00" not in text:
        return text.strip()
    if "_x00" in text:
        text = _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text)
    return _UNWRITABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def opens_a_formula(text: str) -> bool:
    """Say whether a spreadsheet that is typed this text might take it for a formula.

    >>> opens_a_formula("=1+1"), opens_a_formula("一+1")
    (True, False)
    """
    return _bare(text).startswith(OPENERS)


def _bare(text: str) -> str:
    """Return text without the invisible characters it begins with."""
    if not text or text[0].isprintable() or text[0] == "\t":
        return text
    seen = next((n for n, c in enumerate(text) if unicodedata.category(c) not in ("Cf", "Zs")), 0)
    return text[seen:]


def missing(value: Any) -> bool:
    """Say whether a value is nothing: None, NaN, NaT, or an empty list or text."""
    if value is None or isinstance(value, str | list | tuple):
        return not value
    return value is pd.NA or value != value


def shown(value: Any, column: Column) -> Any:
    """Return what stands in the cell: a text, a number, a date, a moment, or None.

    >>> shown(["a", "b"], Column("x", "X", "choices", choices=(("a", "甲"), ("b", "乙"))))
    '甲、乙'
    """
    if value is None or missing(value):
        return None
    return _SHOWN[column.kind](value, column)


def canonical(value: Any, column: Column) -> str:
    """Return one text for a value of ours, the same before writing and after reading.

    >>> canonical(3.0, Column("n", "数", "number")) == canonical(3, Column("n", "数", "number"))
    True
    """
    return same_text(shown(value, column))


def same_text(cell: Any) -> str:
    """Return the canonical text of what stands in a cell."""
    if cell is None or isinstance(cell, str):
        if not cell or "x005F_" not in cell:
            return cell or ""
        return cell.replace("x005F_", "")  # openpyxl takes it for an escape, wherever it stands
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return f"{cell or 0:.12g}"  # nought has no sign in a cell


def split(text: str) -> list[str]:
    """Return the choices typed into one cell, whichever separator was used.

    >>> split("庸、懒，散; 浮")
    ['庸', '懒', '散', '浮']
    """
    return [part for part in map(str.strip, _SEPARATORS.split(text)) if part]


def _text(value: Any, _: Column) -> str | None:
    return clean(value if isinstance(value, str) else str(value)) or None


def _date(value: Any, _: Column) -> dt.date:
    value = dt.date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return dt.date(value.year, value.month, value.day)


def _moment(value: Any, _: Column) -> dt.datetime:
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value)
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)
    whole = dt.datetime.combine(value.date(), value.time().replace(microsecond=0, tzinfo=None))
    return whole + dt.timedelta(seconds=round(value.microsecond / 1e6))


def _number(value: Any, _: Column) -> float:
    return float(value)


def _integer(value: Any, _: Column) -> int:
    return int(value)


def _bool(value: Any, _: Column) -> str:
    return YES if value else NO


def _choice(value: Any, column: Column) -> str | None:
    return clean(dict(column.choices).get(value, str(value))) or None


def _choices(value: Any, column: Column) -> str | None:
    given: Iterable[Any] = split(value) if isinstance(value, str) else value
    return SEPARATOR.join(filter(None, (_choice(v, column) for v in given))) or None


TEXTS = frozenset({"key", "text", "long"})
_SHOWN = {
    "key": _text,
    "text": _text,
    "long": _text,
    "date": _date,
    "datetime": _moment,
    "integer": _integer,
    "number": _number,
    "bool": _bool,
    "choice": _choice,
    "choices": _choices,
}
