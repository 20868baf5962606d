"""From what stands in a cell to a value of its column, or to the one thing that is wrong with it."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Any

from ..errors import nearest
from .columns import Column
from .dates import read_date, read_moment
from .values import NO, SEPARATOR, YES, clean, split

ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
_NUMBER = re.compile(r"[-+]?(?:\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.\d{1,15})?(?:[eE][-+]?\d{1,2})?")
_TRUTH = {YES: True, "true": True, "1": True, "√": True, "yes": True, "y": True, "对": True}
_TRUTH |= {NO: False, "false": False, "0": False, "×": False, "no": False, "n": False, "否定": False}
SHOWN_CHOICES = 12


class Unfit(Exception):
    """A cell does not fit its column: the sentence's code, and what fills it."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def plain(cell: Any) -> Any:
    """Return a cell's content with text cleaned; an empty text is None."""
    return (clean(cell) or None) if isinstance(cell, str) else cell


def fit(cell: Any, column: Column) -> Any:
    """Return the value that a :func:`plain` cell gives its column; None stays None.

    Raises
    ------
    Unfit
        With the code of what is wrong.
    """
    if cell is None:
        return None
    if isinstance(cell, str) and cell[0] == "#" and cell in ERRORS:
        raise Unfit("cell-error", got=cell)
    return _FITS[column.kind](cell, column)


def _text(cell: Any, _: Column) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.15g}"
    if isinstance(cell, dt.datetime):
        return (cell if cell.time() != dt.time() else cell.date()).isoformat().replace("T", " ")
    return str(cell)


def _date(cell: Any, _: Column) -> dt.date:
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    found = read_date(_text(cell, _)) if isinstance(cell, str | int | float) else None
    if found is None:
        raise Unfit("cell-date" if isinstance(cell, str) else "cell-date-number", got=_short(cell))
    return found


def _moment(cell: Any, _: Column) -> dt.datetime:
    if isinstance(cell, dt.datetime):
        whole = cell.replace(microsecond=0)
        return whole + dt.timedelta(seconds=round(cell.microsecond / 1e6))
    found = read_moment(_text(cell, _)) if isinstance(cell, str | int | float) else None
    if found is None:
        raise Unfit("cell-date" if isinstance(cell, str) else "cell-date-number", got=_short(cell))
    return found


def _number(cell: Any, _: Column) -> float:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", cell)) if isinstance(cell, str) else ""
    if not _NUMBER.fullmatch(text):
        raise Unfit("cell-number", got=_short(cell))
    return float(text.replace(",", ""))


def _integer(cell: Any, column: Column) -> int:
    number = _number(cell, column)
    if not number.is_integer() or abs(number) >= 1e15:
        raise Unfit("cell-integer", got=_short(cell))
    return int(number)


def _bool(cell: Any, column: Column) -> bool:
    found = _TRUTH.get(unicodedata.normalize("NFKC", _text(cell, column)).strip().lower())
    if found is None:
        raise Unfit("cell-bool", got=_short(cell), yes=YES, no=NO)
    return found


def _choice(cell: Any, column: Column) -> str:
    return _pick(_text(cell, column), column)


def _choices(cell: Any, column: Column) -> tuple[str, ...]:
    picked = [_pick(part, column) for part in split(_text(cell, column))]
    return tuple(dict.fromkeys(picked))


@cache
def _by_label(choices: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return what may be typed: labels, and the values themselves."""
    return {value: value for value, _ in choices} | {clean(label): value for value, label in choices}


def _pick(text: str, column: Column) -> str:
    """Return the value whose label, or whose name, was typed."""
    if not column.choices:
        return text
    by_label = _by_label(column.choices)
    if text in by_label:
        return by_label[text]
    folded = {_fold(label): value for label, value in by_label.items()}
    if _fold(text) in folded:
        return folded[_fold(text)]
    labels = [label for _, label in column.choices]
    known = SEPARATOR.join(labels[:SHOWN_CHOICES]) + ("…" if len(labels) > SHOWN_CHOICES else "")
    raise Unfit("cell-choice", got=_short(text), near=nearest(text, labels) or labels[0], known=known)


def _fold(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).casefold()


def _short(cell: Any) -> str:
    text = str(cell)
    return text if len(text) <= 40 else text[:39] + "…"


_FITS: dict[str, Callable[[Any, Column], Any]] = {
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
