"""Reading the options of ``zuofeng open``."""

from __future__ import annotations

import datetime as dt

from ..errors import UsageError


def parse_counts(text: str) -> dict[str, int]:
    """Read ``A=9,B=18``.

    Raises
    ------
    UsageError
        ``codes-option``.
    """
    counts = {}
    for part in filter(None, (p.strip() for p in text.replace("，", ",").split(","))):
        name, _, n = part.partition("=")
        if not name.strip() or not n.strip().isdigit():
            raise UsageError.of("codes-option", "--codes", got=part)
        counts[name.strip()] = int(n)
    return counts


def parse_days(text: str) -> tuple[dt.date | None, dt.date | None]:
    """Read ``2020-12-20..2020-12-22``; either side may be left open.

    Raises
    ------
    UsageError
        ``days-option``.
    """
    first, _, last = text.partition("..")
    try:
        days = [dt.date.fromisoformat(d.strip()) if d.strip() else None for d in (first, last)]
    except ValueError as error:
        raise UsageError.of("days-option", "--days", got=text) from error
    return days[0], days[1]
