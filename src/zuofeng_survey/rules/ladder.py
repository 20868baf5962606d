"""One, two, three years in a row: the plan's ladder counted as it is written.

A year marks a person as ``named`` (in the bottom k, ties at the cut with them), ``clear``,
``absent`` (no ranking of them), ``invalid`` (the poll made none) or ``exempt`` (in office too
briefly). What breaks the count and what is left out of it are settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from .settings import Settings

Status = Literal["named", "clear", "absent", "invalid", "exempt"]
STREAK = "bottom_rule.streak"
RULE_OF = {"absent": "missing_year", "invalid": "invalid_poll", "exempt": "short_term"}


@dataclass(frozen=True, slots=True)
class Mark:
    """What one year says of one person."""

    status: Status
    pool: str = ""
    tied: bool = False


@dataclass(frozen=True, slots=True)
class Streak:
    """The years that count, ending with the year asked about.

    Attributes
    ----------
    years : tuple of int
        Oldest first; empty where the last year does not name the person.
    left_out : tuple of int
        Years between them that the settings skip.
    moved : tuple of int
        Years in which the pool is another than in the counted year before: to be confirmed.
    tied : tuple of int
        Counted years in which the place was a tie at the cut.
    broken : tuple of (int, str) or None
        The year and the status that ended the count, where it was not an ordinary clear year.
    """

    years: tuple[int, ...] = ()
    left_out: tuple[int, ...] = ()
    moved: tuple[int, ...] = ()
    tied: tuple[int, ...] = ()
    broken: tuple[int, str] | None = None

    @property
    def step(self) -> int:
        """Rung of the ladder, 0 to 3."""
        return min(len(self.years), 3)


def streak(marks: Mapping[int, Mark], year: int, settings: Settings) -> Streak:
    """Count the years up to ``year``.

    Parameters
    ----------
    marks : mapping of int to Mark
        Year → mark; a year without one between the first and the last is ``absent``.
    year : int
        The year asked about; only who is named in it stands on the ladder.
    settings : Settings

    Examples
    --------
    >>> from zuofeng_survey.rules import settings
    >>> named = Mark("named", "甲镇")
    >>> streak({2020: named, 2021: named, 2022: named}, 2022, settings()).step
    3
    """
    now = marks.get(year, Mark("absent"))
    if now.status != "named":
        return Streak()
    if settings["bottom_rule.ladder.counting"] == "window":
        return _window(marks, year, settings["bottom_rule.ladder.window_years"])
    return _consecutive(marks, year, settings)


def _consecutive(marks: Mapping[int, Mark], year: int, settings: Settings) -> Streak:
    counted, left_out, broken = [year], [], None
    tie_breaks = settings[f"{STREAK}.tie"] == "break"
    if tie_breaks and marks[year].tied:
        return _streak(marks, [year], [], (year, "tied"))
    for y in range(year - 1, min(marks) - 1, -1):
        mark = marks.get(y, Mark("absent"))
        if mark.status == "clear":
            break
        if mark.status != "named":
            if settings[f"{STREAK}.{RULE_OF[mark.status]}"] == "break":
                broken = (y, mark.status)
                break
            left_out.insert(0, y)
        elif tie_breaks and mark.tied:
            broken = (y, "tied")
            break
        elif mark.pool != marks[counted[0]].pool and settings[f"{STREAK}.transfer"] == "break":
            broken = (y, "moved")
            break
        else:
            counted.insert(0, y)
    return _streak(marks, counted, left_out, broken)


def _window(marks: Mapping[int, Mark], year: int, width: int) -> Streak:
    years = [y for y in range(year - width + 1, year + 1) if y in marks]
    counted = [y for y in years if marks[y].status == "named"]
    return _streak(marks, counted, [], None)


def _streak(
    marks: Mapping[int, Mark], counted: list[int], left_out: list[int], broken: tuple[int, str] | None
) -> Streak:
    return Streak(
        years=tuple(counted),
        left_out=tuple(y for y in left_out if y > counted[0]),
        moved=tuple(b for a, b in pairwise(counted) if marks[a].pool != marks[b].pool),
        tied=tuple(y for y in counted if marks[y].tied),
        broken=broken,
    )
