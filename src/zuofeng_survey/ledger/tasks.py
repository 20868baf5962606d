"""The work ledger's year: what was reported against what was checked, and the dates of the four stages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from ..html import note, table_html
from .reading import declaration

FAR = 10.0  # points between reported and checked that are worth a question
HEADINGS = {"task_id": "任务编号", "unit": "单位", "stage": "阶段", "reported": "报账 %"}
HEADINGS |= {"checked": "核账 %", "difference": "报账−核账", "far": "差异较大"}
COLUMNS = ["task_id", "unit", "stage", "reported", "checked", "difference", "far"]


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """Reported against checked, one row a task and stage.

    Attributes
    ----------
    rows : DataFrame
        ``task_id``, ``unit``, ``stage`` (半年核账, 年终清账), ``reported``, ``checked``, ``difference``
        (percentage points, reported − checked), ``far``.
    """

    rows: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return the differences, largest first."""
        return self.rows.copy()

    def _repr_html_(self) -> str:
        said = f"差异 = 报账 % − 核账 %；达到 {FAR:g} 个百分点的提示核实，不等于弄虚作假。"
        return table_html(self.rows, headings=HEADINGS) + note(said)


def differences(tasks: pd.DataFrame) -> Checked:
    """Compare what was reported with what was checked (``Book.entries("tasks")``)."""
    stages = (("半年核账", "q2_pct", "h1_pct"), ("年终清账", "q4_pct", "y_pct"))
    parts = [
        tasks[["task_id", "unit"]].assign(
            stage=stage, reported=tasks[reported], checked=tasks[checked]
        )
        for stage, reported, checked in stages
    ]
    rows = pd.concat(parts).dropna(subset=["reported", "checked"])
    rows = rows.assign(difference=rows["reported"] - rows["checked"])
    rows["far"] = rows["difference"].abs() >= FAR
    by = ["difference", "task_id"]
    return Checked(rows.sort_values(by, ascending=[False, True], ignore_index=True)[COLUMNS])


def due_days(year: int) -> dict[str, dt.date]:
    """Return the days by which a year's task is reported, checked and closed (defaults of ours).

    >>> due_days(2020)["y_due"]
    datetime.date(2021, 1, 15)
    """
    return {f.name: f.day_of(year) for f in declaration("tasks").fields if f.yearly}
