"""``Rows``: a table of any length in the page; the rows in sight are handed over as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any

import anywidget
import traitlets

WINDOW = 60
MOST = 200
FROM_BROWSER = ("wanted", "opened")
Give = Callable[[int, int], tuple[list[list[str]], list[bool]]]


def _static(name: str) -> str:
    place = resources.files("zuofeng_survey.web").joinpath("static", name)
    return place.read_text(encoding="utf-8")


def _nothing(_first: int, _after: int) -> tuple[list[list[str]], list[bool]]:
    return [], []


class Rows(anywidget.AnyWidget):
    """Rows of text by position; what a browser asks for is looked at before it is given.

    Parameters
    ----------
    label : str
        What is listed.
    columns : sequence of str
        Headings.
    opened : callable
        Called with the position of the row a person opens.
    """

    _esm = _static("desk.js")

    label = traitlets.Unicode().tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)
    columns = traitlets.List(traitlets.Unicode()).tag(sync=True)
    total = traitlets.Int(0).tag(sync=True)
    first = traitlets.Int(0).tag(sync=True)
    rows = traitlets.List().tag(sync=True)
    marked = traitlets.List().tag(sync=True)
    screened = traitlets.Int(0).tag(sync=True)
    wanted = traitlets.Any([0, WINDOW]).tag(sync=True)
    opened = traitlets.Any(None, allow_none=True).tag(sync=True)

    def __init__(self, label: str, columns: Sequence[str], on_open: Callable[[int], None]) -> None:
        super().__init__(label=label, columns=list(columns))
        self._on_open = on_open
        self._give: Give = _nothing

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take from a browser only where it looks and what it opens."""
        super().set_state({k: v for k, v in sync_data.items() if k in FROM_BROWSER})

    def list_rows(self, total: int, give: Give, said: str = "") -> None:
        """List other rows: how many, and a function from (first, after the last) to texts and marks."""
        self._give = give
        with self.hold_sync():
            self.total, self.said = total, said
            self._hand_over(0, WINDOW)
            self.screened += 1

    def _hand_over(self, first: int, n: int) -> None:
        first = min(max(first, 0), max(self.total - 1, 0))
        rows, marked = self._give(first, min(first + n, self.total))
        with self.hold_sync():
            self.first, self.marked, self.rows = first, marked, rows

    @traitlets.observe("wanted")
    def _look_elsewhere(self, change: Any) -> None:
        match change.new:
            case [int(first), int(n)] if 0 < n <= MOST:
                self._hand_over(first, n)

    @traitlets.observe("opened")
    def _open(self, change: Any) -> None:
        match change.new:
            case [int(at), _] if 0 <= at < self.total:
                self._on_open(at)
