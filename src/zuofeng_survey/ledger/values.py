"""What a person typed, as the value of a field; or what is wrong with it."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import pandas as pd

from .declaration import Field
from .personal import names_somebody

LONGEST = {"text": 500, "long": 5000, "key": 64}
YES, NO = ("是", "true", "yes", "1"), ("否", "false", "no", "0")
SPLIT = re.compile(r"[、，,;；|\n]")


class Wrong(ValueError):
    """A value that a field does not take: a code of the catalogue, and its parameters."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def parse(field: Field, value: Any) -> Any:
    """Return a value as the row keeps it: JSON types, days as ISO text; None where it is empty.

    Raises
    ------
    Wrong
        With the code of the sentence.

    Examples
    --------
    >>> parse(Field(name="due", label="时限", kind="date"), "2020-3-1")
    '2020-03-01'
    >>> parse(Field(name="ailment", label="顽疾", kind="choices", choices=["庸", "懒"]), "懒、庸")
    ['庸', '懒']
    """
    if _is_empty(value):
        return None
    found = PARSERS[field.kind](field, value)
    if isinstance(found, int | float) and not isinstance(found, bool):
        low, high = field.least, field.most
        if (low is not None and found < low) or (high is not None and found > high):
            raise Wrong("ledger-range", got=found, least=_said(low), most=_said(high))
    return found


def _is_empty(value: Any) -> bool:
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, list | tuple | set):
        return not len(value)
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _said(bound: float | None) -> str:
    return "—" if bound is None else f"{bound:g}"


def _text(field: Field, value: Any) -> str:
    text = str(value).strip() if not isinstance(value, list | tuple) else "\n".join(map(str, value))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines_may = field.kind == "long"
    if any(unicodedata.category(c) in ("Cc", "Cs") and not (lines_may and c in "\n\t") for c in text):
        raise Wrong("ledger-control-character")
    if len(text) > LONGEST[field.kind]:
        raise Wrong("ledger-too-long", n=len(text), most=LONGEST[field.kind])
    if field.masked and names_somebody(text):
        raise Wrong("ledger-personal")
    if field.pattern and not re.fullmatch(field.pattern, text):
        raise Wrong("ledger-pattern", got=text, pattern=field.pattern)
    return text


def _day(_: Field, value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    match = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]00:00(?::00)?)?", str(value).strip())
    try:
        return dt.date(*map(int, match.groups())).isoformat() if match else _no_day(value)
    except ValueError as error:
        raise Wrong("ledger-date", got=value) from error


def _no_day(value: Any) -> str:
    raise Wrong("ledger-date", got=value)


def _moment(field: Field, value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.replace(microsecond=0, tzinfo=None).isoformat()
    if isinstance(value, dt.date):
        return f"{value.isoformat()}T00:00:00"
    day, _, time = str(value).strip().replace("T", " ").partition(" ")
    try:
        clock = dt.time.fromisoformat(time.strip() or "00:00")
    except ValueError as error:
        raise Wrong("ledger-date", got=value) from error
    return f"{_day(field, day)}T{clock.replace(microsecond=0, tzinfo=None).isoformat()}"


def _number(_: Field, value: Any) -> float:
    try:
        found = float(str(value).strip().removesuffix("%"))
    except ValueError as error:
        raise Wrong("ledger-number", got=value) from error
    if isinstance(value, bool) or not math.isfinite(found):
        raise Wrong("ledger-number", got=value)
    return found


def _integer(field: Field, value: Any) -> int:
    found = _number(field, value)
    if not found.is_integer() or abs(found) > 2**53:
        raise Wrong("ledger-integer", got=value)
    return int(found)


def _bool(_: Field, value: Any) -> bool:
    said = str(value).strip().lower().removesuffix(".0")
    if said in YES or said in NO:
        return said in YES
    raise Wrong("ledger-bool", got=value)


def _choice(field: Field, value: Any) -> str:
    said = str(value).strip()
    if said in field.choices:
        return said
    for name, label in field.choices.items():
        if said == label:
            return name
    raise Wrong("ledger-choice", got=said, known="、".join(field.choices.values()))


def _choices(field: Field, value: Any) -> list[str]:
    said: Iterable[Any] = SPLIT.split(value) if isinstance(value, str) else value
    picked = {_choice(field, one) for one in said if str(one).strip()}
    return [name for name in field.choices if name in picked]


PARSERS = {
    "key": _text,
    "text": _text,
    "long": _text,
    "date": _day,
    "datetime": _moment,
    "integer": _integer,
    "number": _number,
    "bool": _bool,
    "choice": _choice,
    "choices": _choices,
}
