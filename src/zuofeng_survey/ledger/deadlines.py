"""Clocks: the last day of each term of each entry, and which of them is the next to run out.

Nothing here loops over entries: a clock is a declaration, its days are columns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd

from .calendar import after
from .declaration import Deadline, Declaration


def picked(when: Mapping[str, Any], frame: pd.DataFrame) -> pd.Series:
    """Return which rows ``when`` picks."""
    mask = pd.Series(True, index=frame.index)
    for name, wanted in when.items():
        mask &= frame[name].isin(wanted if isinstance(wanted, list) else [wanted])
    return mask


def last_day(clock: Deadline, frame: pd.DataFrame) -> pd.Series:
    """Return the last day of a clock for each entry, NaT where it does not run.

    An extension counts only if each of its conditions is filled (and true), if it was approved by
    the last day of the term it prolongs, and for the most days the law allows.
    """
    if clock.field:
        due = frame[clock.field].dt.normalize()
    else:
        days = frame[clock.days] if isinstance(clock.days, str) else clock.days
        due = after(frame[clock.start], days, clock.unit)
        if isinstance(days, pd.Series):
            due = due.where(days.notna())
        if clock.extend is not None:
            due = due + pd.to_timedelta(_extra(clock, frame, due), unit="D")
    return due.where(picked(clock.when, frame))


def _extra(clock: Deadline, frame: pd.DataFrame, due: pd.Series) -> pd.Series:
    longer = clock.extend
    if longer is None:
        raise ValueError(f"{clock.name} has no extension")
    counts = pd.Series(True, index=frame.index)
    for name in longer.conditions:
        column = frame[name]
        is_said = column.dtype == "boolean"
        counts &= column.fillna(False).astype(bool) if is_said else column.notna()
    if longer.approved:
        counts &= frame[longer.approved].dt.normalize() <= due
    days = frame[longer.days].astype("Float64").fillna(0).clip(0, longer.most)
    return days.where(counts, 0).astype(float)


def clocks(declaration: Declaration, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the clocks that are still running: ``row``, ``clock``, ``due``; one line each."""
    parts = [
        pd.DataFrame({"clock": clock.name, "due": _running(clock, frame)}).rename_axis("row")
        for clock in declaration.deadlines
        if not clock.right
    ]
    if not parts:
        return pd.DataFrame({"row": [], "clock": [], "due": pd.to_datetime([])})
    return pd.concat(parts).dropna(subset=["due"]).reset_index()


def _running(clock: Deadline, frame: pd.DataFrame) -> pd.Series:
    due = last_day(clock, frame)
    if clock.states:
        due = due.where(frame["state"].isin(clock.states))
    return due.where(frame[clock.done].isna()) if clock.done else due


def with_due(declaration: Declaration, frame: pd.DataFrame, today: dt.date) -> pd.DataFrame:
    """Return the frame with ``due`` (the next day to run out), ``clock`` (which) and ``overdue``."""
    running = clocks(declaration, frame).sort_values("due", kind="stable")
    first = running.drop_duplicates("row").set_index("row")
    due = first["due"].reindex(frame.index).astype("datetime64[s]")
    overdue = (due < pd.Timestamp(today)).fillna(False)
    clock = first["clock"].reindex(frame.index)
    return frame.assign(due=due, clock=clock, overdue=overdue.astype(bool))
