"""Dates that were typed as text: five styles are read, and a sixth where only one reading is possible.

A day that could be two days is refused, never guessed: 03/04/2020 is in March or in April.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

# 2020-12-20, 2020/12/20, 2020.12.20, 2020年12月20日, 20201220
_STYLES = (
    re.compile(r"(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})"),
    re.compile(r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})[日号]?"),
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})"),
)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_CLOCK = re.compile(r"(?P<h>\d{1,2})[:时](?P<min>\d{2})分?(?::?(?P<sec>\d{2})秒?)?")


def read_date(text: str) -> dt.date | None:
    """Return the one day that a text can mean, or None where there is none or more than one.

    >>> read_date("2020年3月4日"), read_date("20/12/2020"), read_date("03/04/2020")
    (datetime.date(2020, 3, 4), datetime.date(2020, 12, 20), None)
    """
    text = _plain(text)
    for style in _STYLES:
        if found := style.fullmatch(text):
            return _day(*map(int, found.group("y", "m", "d")))
    if found := _YEAR_LAST.fullmatch(text):
        first, _, second, year = found.groups()
        days = {_day(int(year), *md) for md in ((int(first), int(second)), (int(second), int(first)))}
        days.discard(None)
        return days.pop() if len(days) == 1 else None
    return None


def read_moment(text: str) -> dt.datetime | None:
    """Return the moment that a text can mean: a day, and after it, if wanted, the time of day.

    >>> read_moment("2020-12-20 8:30")
    datetime.datetime(2020, 12, 20, 8, 30)
    """
    text = unicodedata.normalize("NFKC", text).strip().replace("T", " ")
    clock = None
    if " " in text or "日" in text:
        cut = text.find(" ") if " " in text else text.find("日") + 1
        rest = text[cut:].strip()
        if rest:
            text, clock = text[:cut], _CLOCK.fullmatch(rest)
            if clock is None:
                return None
    day = read_date(text)
    if day is None:
        return None
    h, m, s = (int(v or 0) for v in clock.group("h", "min", "sec")) if clock else (0, 0, 0)
    try:
        return dt.datetime(day.year, day.month, day.day, h, m, s)
    except ValueError:
        return None


def _plain(text: str) -> str:
    """Return text with ordinary digits and signs, and without spaces."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
