"""What the demo county's office writes down, day by day, and enters at the end of each month."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..ledger import Book, Change

CLERK = "作风办-台账员"


@dataclass(slots=True)
class Diary:
    """Lines in any order; what lies after ``until`` has not happened yet."""

    until: dt.date
    lines: list[tuple[dt.date, int, str, str, Mapping[str, Any], str | None]] = field(default_factory=list)

    def write(
        self, ledger: str, day: dt.date, key: str, values: Mapping[str, Any], *, step: str | None = None
    ) -> None:
        """Note what happened to an entry on a day."""
        if day <= self.until:
            self.lines.append((day, len(self.lines), ledger, key, values, step))

    def enter(self, book: Book) -> int:
        """Record everything, a batch a ledger and month; return how many events."""
        versions: dict[tuple[str, str], int] = {}
        batches: dict[tuple[dt.date, str], list[Change]] = defaultdict(list)
        for day, _, ledger, key, values, step in sorted(self.lines, key=lambda line: line[:2]):
            version = versions.get((ledger, key))
            change = Change(key, values, version, step)
            batches[_month_end(day), ledger].append(change)
            versions[ledger, key] = (version or 0) + 1
        handed = [
            (ledger, changes, CLERK, day)
            for (day, ledger), changes in sorted(batches.items(), key=lambda item: item[0])
        ]
        return sum(recorded.events for recorded in book.record_all(handed))


def _month_end(day: dt.date) -> dt.date:
    return (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
