"""What the annual report says of the work ledger: the four stages kept or not, and reported against checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pandas as pd

from ..ledger.actions import lateness
from ..ledger.tasks import FAR, HEADINGS, differences
from .tree import Heading, Paragraph, Part, Table

MOST = 20
STAGES = {"stage": "阶段", "n": "到期", "on_time": "按期", "late": "迟报", "undone": "未做", "on_time_rate": "按期率"}


def task_parts(tasks: pd.DataFrame, *, year: int, today: dt.date) -> Iterator[Part]:
    """Yield the section on one year's tasks; nothing where there are none."""
    mine = tasks[tasks["year"] == year]
    if mine.empty:
        return
    yield Heading("建账管理")
    found = differences(mine).table()
    far = found[found["far"]].reset_index(drop=True)
    yield Paragraph(
        f"{year}年立账{len(mine)}项；核账{len(found)}次，其中报账与核账相差{FAR:g}个百分点以上的{len(far)}次，由人核实，不等于弄虚作假。",
        "verdict",
    )
    yield Table.of(lateness(mine, today=today), "报账、核账、清账的按期情况", notes=("未到期的不计，到期当天算按期。",), headings=STAGES)
    if len(far):
        columns = ["task_id", "unit", "stage", "reported", "checked", "difference"]
        yield Table.of(
            far.loc[: MOST - 1, columns],
            "报账与核账相差较大的",
            notes=(f"差异＝报账%－核账%，核账人不是责任人；共{len(far)}次，列前{min(MOST, len(far))}次。",),
            headings=HEADINGS,
        )
