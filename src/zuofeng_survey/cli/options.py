"""Options that many verbs take, and reading those that hold more than one thing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .output import Format

HOME = Path("var")
HomeOption = Annotated[Path, typer.Option("--home", envvar="ZUOFENG_HOME", help="state folder 状态目录")]
FormatOption = Annotated[Format, typer.Option("--format", help="table, csv or json")]

MOST_CODES = 100_000  # of one class: a county has fewer voters


def listed(text: str) -> list[str]:
    """Return what stands between commas, Chinese ones too.

    >>> listed("A=9，B=18, ")
    ['A=9', 'B=18']
    """
    return [part for p in text.replace("，", ",").split(",") if (part := p.strip())]


def parse_counts(text: str, option: str = "--codes") -> dict[str, int]:
    """Read ``A=9,B=18``.

    Raises
    ------
    UsageError
        ``codes-option``, ``codes-twice``, ``codes-many``.
    """
    counts = {}
    for part in listed(text):
        name, n = (side.strip() for side in part.partition("=")[::2])
        if not name or not n.isdecimal():
            raise UsageError.of("codes-option", option, got=part, option=option)
        if name in counts:
            raise UsageError.of("codes-twice", option, name=name)
        if len(n) > len(str(MOST_CODES)) or int(n) > MOST_CODES:
            raise UsageError.of("codes-many", option, got=part, most=MOST_CODES)
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


def parse_shares(text: str, option: str) -> dict[str, float]:
    """Read ``A=0.3,B=0.7``.

    Raises
    ------
    UsageError
        ``shares-option``.
    """
    shares = {}
    for part in listed(text):
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
