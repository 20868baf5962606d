"""Reading the options of ``zuofeng open``."""

from __future__ import annotations

import datetime as dt

from ..errors import UsageError

MOST_CODES = 100_000  # of one class: a county has fewer voters


def parse_counts(text: str) -> dict[str, int]:
    """Read ``A=9,B=18``.

    Raises
    ------
    UsageError
        ``codes-option``, ``codes-twice``, ``codes-many``.
    """
    counts = {}
    for part in filter(None, (p.strip() for p in text.replace("，", ",").split(","))):
        name, n = (side.strip() for side in part.partition("=")[::2])
        if not name or not n.isdecimal():
            raise UsageError.of("codes-option", "--codes", got=part)
        if name in counts:
            raise UsageError.of("codes-twice", "--codes", name=name)
        if len(n) > len(str(MOST_CODES)) or int(n) > MOST_CODES:
            raise UsageError.of("codes-many", "--codes", got=part, most=MOST_CODES)
        counts[name] = int(n)
    return counts


def parse_days(text: str) -> tuple[dt.date | None, dt.date | None]:
    """Read ``2020-12-20..2020-12-22``; either side may be left open.

    Raises
    ------
    UsageError
        ``days-option``.
    """
    first, dots, last = text.partition("..")
    if text and not dots:
        raise UsageError.of("days-option", "--days", got=text)
    try:
        days = [dt.date.fromisoformat(d.strip()) if d.strip() else None for d in (first, last)]
    except ValueError as error:
        raise UsageError.of("days-option", "--days", got=text) from error
    return days[0], days[1]
