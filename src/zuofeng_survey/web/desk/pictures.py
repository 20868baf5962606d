"""The pictures of a ledger, drawn when somebody asks: the same ones as in the reports."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ipywidgets as widgets
import pandas as pd

from ... import charts
from ...html import note
from ...ledger.declaration import Declaration

DRAWN = {"problems": "燃尽图", "chains": "责任链条图"}
EMPTY = "列出的条目里没有可以画的。"


class Pictures(widgets.VBox):
    """A button that draws what is listed now; nothing is drawn, nor loaded, before it is pressed."""

    def __init__(self) -> None:
        self.button, self.body = widgets.Button(), widgets.VBox()
        run = widgets.Box([self.button])
        run.add_class("zf-buttons")
        super().__init__([run, self.body])
        self.add_class("zf-pictures")
        self.button.on_click(lambda _: self.turn())
        self._ask: Any = None

    def offer(self, declaration: Declaration, ask: Any) -> None:
        """Offer the picture of a ledger, if it has one; ``ask`` returns (listed entries, today)."""
        name = DRAWN.get(declaration.name, "")
        self.declaration, self._ask, self.body.children = declaration, ask, ()
        self.layout.display = None if name else "none"
        self.button.description = f"画{name}"

    def turn(self) -> None:
        """Draw, or put away what is drawn."""
        name = DRAWN[self.declaration.name]
        self.body.children = () if self.body.children else (self._drawn(*self._ask()),)
        self.button.description = f"收起{name}" if self.body.children else f"画{name}"

    def _drawn(self, frame: pd.DataFrame, today: dt.date) -> widgets.Widget:
        chart = picture_of(self.declaration, frame, today)
        if chart is None:
            return widgets.HTML(note(EMPTY))
        shown = charts.show(chart)
        shown.add_class("zf-chart")
        box = widgets.Box([shown])
        box.add_class("zf-charts")
        return box


def picture_of(declaration: Declaration, frame: pd.DataFrame, today: dt.date) -> Any:
    """Return the chart of some entries of a ledger; None where there is nothing to draw."""
    if declaration.name == "problems":
        from ...report.problems import burn_down

        frame = frame[frame["found_date"].notna() & (frame["found_date"] <= pd.Timestamp(today))]
        return charts.burn_down_plot(burn_down(frame, today)) if len(frame) else None
    if declaration.name == "chains":
        from ...ledger.chains import LEVELS

        frame = frame[frame["unit"].notna() & (frame["state"] == "在责")]
        return charts.duty_plot(frame, LEVELS) if len(frame) else None
    return None
