"""Which entries of a ledger are wanted, and how a row of the list reads."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute

from ...html import shown
from ...ledger.declaration import Declaration

pc: Any = pyarrow.compute  # whose functions are made when it is loaded
WEEK = 7
SHORT = ("text", "choice", "date", "integer")
MOST_COLUMNS = 5
LONG_TEXT = 28


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for; empty is everything."""

    text: str = ""
    state: str = ""
    unit: str = ""
    due: str = ""  # "", "overdue" or "week"


class Listed:
    """The entries of one ledger, made ready to be looked through again and again."""

    def __init__(self, declaration: Declaration, frame: pd.DataFrame, today: dt.date) -> None:
        self.declaration, self.frame, self.today = declaration, frame, pd.Timestamp(today)
        self.columns = list_columns(declaration)
        self._choices = {f.name: f.choices for f in declaration.fields}
        names = [f.name for f in declaration.fields if f.kind in ("key", "text", "long")]
        texts = [pa.array(frame[name], pa.string(), from_pandas=True) for name in names]
        self._words = pc.utf8_lower(pc.binary_join_element_wise(*texts, "\n", null_handling="skip"))
        self.unit = next((f.name for f in declaration.fields if f.ref == "units"), "")

    def with_entry(self, row: pd.DataFrame) -> Listed:
        """Return the list with one entry as it stands now, instead of as it stood."""
        key = self.declaration.key
        others = self.frame[self.frame[key] != row[key].iloc[0]]
        whole = pd.concat([others, row], ignore_index=True) if len(others) else row
        frame = whole.sort_values(key, ignore_index=True)
        return Listed(self.declaration, frame, self.today.date())

    def units(self) -> list[str]:
        """Return the units there are entries of."""
        return sorted(self.frame[self.unit].dropna().unique()) if self.unit else []

    def screen(self, wanted: Wanted) -> np.ndarray:
        """Return the positions of the wanted entries, those that run out first in front."""
        keep = np.ones(len(self.frame), dtype=bool)
        for word in wanted.text.lower().split():
            keep &= pc.match_substring(self._words, word).to_numpy(zero_copy_only=False)
        if wanted.state:
            keep &= (self.frame["state"] == wanted.state).to_numpy()
        if wanted.unit and self.unit:
            keep &= (self.frame[self.unit] == wanted.unit).to_numpy()
        if wanted.due:
            keep &= self._due(wanted.due)
        found = np.flatnonzero(keep)
        due = self.frame["due"].to_numpy()[found]
        return found[np.argsort(due, kind="stable")]

    def _due(self, which: str) -> np.ndarray:
        late = self.frame["overdue"].fillna(False).to_numpy(dtype=bool)
        if which == "overdue":
            return late
        ahead = self.frame["due"] - self.today
        return late | ((ahead >= pd.Timedelta(0)) & (ahead <= pd.Timedelta(days=WEEK))).to_numpy(dtype=bool)

    def headings(self) -> list[str]:
        """Return what the columns of the list are called."""
        known = self.declaration.by_name
        return [*(known[c].label for c in self.columns), "状态", "最近期限"]

    def texts(self, positions: np.ndarray) -> tuple[list[list[str]], list[bool]]:
        """Return the texts of some rows and which of them are overdue."""
        part = self.frame.iloc[positions]
        columns = [[self._cell(c, v) for v in part[c]] for c in self.columns]
        due = [f"{d:%Y-%m-%d}" if not pd.isna(d) else "—" for d in part["due"]]
        rows = [list(row) for row in zip(*columns, part["state"], due, strict=True)]
        return rows, part["overdue"].fillna(False).astype(bool).tolist()

    def _cell(self, column: str, value: object) -> str:
        if isinstance(value, pd.Timestamp):
            return f"{value:%Y-%m-%d}"
        if value is None or value is pd.NA or value is pd.NaT or value != value:
            return "—"
        said = self._choices[column].get(str(value), "") or shown(value)
        return said if len(said) <= LONG_TEXT else f"{said[: LONG_TEXT - 1]}…"


def list_columns(declaration: Declaration) -> list[str]:
    """Return the fields that a list shows: the key and the first short ones that must be filled."""
    short = [f.name for f in declaration.fields if f.kind in SHORT and f.required]
    return [declaration.key, *(n for n in short if n != declaration.key)][:MOST_COLUMNS]


def board(declaration: Declaration, frame: pd.DataFrame, today: dt.date) -> pd.DataFrame:
    """Return what runs out this week and what is overdue, a row a clock: clock, overdue, week."""
    running = frame[frame["due"].notna()]
    ahead = (running["due"] - pd.Timestamp(today)).dt.days
    late = running["overdue"].fillna(False).astype(bool)
    counted = pd.DataFrame(
        {"clock": running["clock"], "overdue": late, "week": ~late & ahead.between(0, WEEK)}
    )
    found = counted.groupby("clock", sort=True)[["overdue", "week"]].sum().reset_index()
    found.insert(0, "ledger", declaration.title)
    return found[(found["overdue"] > 0) | (found["week"] > 0)]
