"""Reading options that hold more than one thing."""

from __future__ import annotations

import datetime as dt

from ..errors import UsageError


def parse_counts(text: str, option: str = "--codes") -> dict[str, int]:
    """Read ``A=9,B=18``.

    Raises
    ------
    UsageError
        ``codes-option``.
    """
    counts = {}
    for part in filter(None, (p.strip() for p in text.replace("，", ",").split(","))):
        name, _, n = part.partition("=")
        if not name.strip() or not n.strip().isdecimal() or name.strip() in counts:
            raise UsageError.of("codes-option", option, got=part, option=option)
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


def parse_shares(text: str, option: str) -> dict[str, float]:
    """Read ``A=0.3,B=0.7``.

    Raises
    ------
    UsageError
        ``shares-option``.
    """
    shares = {}
    for part in filter(None, (p.strip() for p in text.replace("，", ",").split(","))):
        name, _, share = part.partition("=")
        try:
            shares[name.strip()] = float(share)
        except ValueError:
            share = ""
        if not name.strip() or not share or not 0 < shares[name.strip()] < 1e9:
            raise UsageError.of("shares-option", option, got=part, option=option)
    return shares


def parse_sizes(text: str, pools: int) -> tuple[int, ...]:
    """Read ``6`` (in each of ``pools``) or ``7,7,6,5`` (one a pool).

    Raises
    ------
    UsageError
        ``sizes-option``.
    """
    parts = [p.strip() for p in text.replace("，", ",").split(",")]
    right = all(p.isdigit() for p in parts) and pools >= 1 and (len(parts) == 1 or pools == 1)
    if not right:
        raise UsageError.of("sizes-option", "--targets", got=text, pools=pools)
    sizes = tuple(int(p) for p in parts)
    return sizes * pools
