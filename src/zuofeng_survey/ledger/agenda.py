"""What is due: every clock of every ledger that runs out soon, or has."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from .book import Book
from .deadlines import clocks
from .reading import declarations

COLUMNS = ["ledger", "title", "key", "state", "clock", "due", "days", "overdue"]
UNIT = {"problems": "unit", "tasks": "unit", "appeals": "assigned_to"}


def due_soon(book: Book, *, today: dt.date, days: int = 7) -> pd.DataFrame:
    """Return what runs out within ``days`` days, and what has run out, the most pressing first.

    Returns
    -------
    DataFrame
        ``ledger``, ``title`` (of the ledger), ``key``, ``unit``, ``state``, ``clock``, ``due`` (date),
        ``days`` (left; below zero: over), ``overdue``.
    """
    parts = []
    for known in declarations().values():
        if not known.deadlines:
            continue
        frame = book.entries(known.name, today=today)
        running = clocks(known, frame)
        running = running[running["due"] <= pd.Timestamp(today) + pd.Timedelta(days=days)]
        rows = frame.loc[running["row"]].reset_index(drop=True)
        part = running[["clock", "due"]].reset_index(drop=True)
        unit = rows[UNIT[known.name]] if known.name in UNIT else None
        said = {"ledger": known.name, "title": known.title, "unit": unit}
        parts.append(part.assign(**said, key=rows[known.key], state=rows["state"]))
    found = pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)
    left = (found["due"] - pd.Timestamp(today)).dt.days
    found = found.assign(days=left, overdue=left < 0, due=found["due"].dt.date)
    order = [*COLUMNS[:3], "unit", *COLUMNS[3:]]
    return found.sort_values(["days", "ledger", "key"], ignore_index=True)[order]
