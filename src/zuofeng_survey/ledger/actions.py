"""What the plan prescribes for every unit (规定动作) and for every task (四有): done or not, from the ledgers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

QUARTERS = ("q1", "q2", "q3", "q4")
ACTIONS = ("学习教育", "建立问题台账", "立工作账", "季度报账", "半年核账", "年终清账")
MARKS = {"有部署": "deployed_date", "有检查": "h1_date", "有评估": "y_pct", "有奖惩": "rewarded"}


def prescribed(
    units: Sequence[str], *, year: int, problems: pd.DataFrame, tasks: pd.DataFrame, learning: pd.DataFrame
) -> pd.DataFrame:
    """Return which prescribed actions each unit has done in a year.

    Parameters
    ----------
    units : sequence of str
        All that had to; one that stands in no ledger is a row without a single action.
    year : int
    problems, tasks, learning : DataFrame
        ``Book.entries`` of these ledgers.

    Returns
    -------
    DataFrame
        ``unit``, one column an action (True, False, or missing: a unit without tasks has none to
        report on), ``done``, ``of`` (actions that apply), ``done_rate``. Not a verdict on how well.
    """
    had = learning.loc[learning["date"].dt.year == year, "unit"]
    found = problems.loc[problems["found_date"].dt.year == year, "unit"]
    mine = tasks[tasks["year"] == year]
    stages = pd.DataFrame(
        {
            "unit": mine["unit"],
            "季度报账": mine[[f"{q}_date" for q in QUARTERS]].notna().all(axis=1),
            "半年核账": mine["h1_date"].notna(),
            "年终清账": mine["y_date"].notna(),
        }
    )
    by_unit = stages.groupby("unit").all().reindex(list(units)).astype("boolean")
    frame = pd.DataFrame({"unit": list(units)}, index=pd.Index(units))
    for action, who in (("学习教育", had), ("建立问题台账", found), ("立工作账", mine["unit"])):
        frame[action] = frame["unit"].isin(who).astype("boolean")
    frame = frame.join(by_unit)[["unit", *ACTIONS]].reset_index(drop=True)
    frame["done"] = frame[list(ACTIONS)].sum(axis=1).astype(int)
    frame["of"] = frame[list(ACTIONS)].notna().sum(axis=1).astype(int)
    frame["done_rate"] = frame["done"] / frame["of"]
    return frame


def four_marks(tasks: pd.DataFrame) -> pd.DataFrame:
    """Return, task by task, which of 有部署、有检查、有评估、有奖惩 stands in the ledger.

    Returns
    -------
    DataFrame
        ``task_id``, ``unit``, a column a mark, ``missing`` (the marks that are not there, in words).
    """
    frame = tasks[["task_id", "unit"]].copy()
    for mark, column in MARKS.items():
        frame[mark] = tasks[column].notna() & (tasks[column] != False)  # noqa: E712 - also missing ones
    there = frame[list(MARKS)].astype(bool)
    frame["missing"] = there.apply(lambda row: "、".join(m for m in MARKS if not row[m]), axis=1)
    return frame.reset_index(drop=True)


def lateness(tasks: pd.DataFrame, *, today: dt.date) -> pd.DataFrame:
    """Return how reports and checks kept to their days: one row a stage.

    Returns
    -------
    DataFrame
        ``stage``, ``n`` (terms that are over), ``on_time``, ``late``, ``undone``, ``on_time_rate``.
        On the last day one is still on time; what is not yet due is not counted.
    """
    names = {"q1": "一季报账", "q2": "二季报账", "h1": "半年核账", "q3": "三季报账", "q4": "四季报账", "y": "年终清账"}
    rows = []
    for name, stage in names.items():
        due, done = tasks[f"{name}_due"], tasks[f"{name}_date"]
        over = due < pd.Timestamp(today)
        kept, undone = int((over & (done <= due)).sum()), int((over & done.isna()).sum())
        rows.append((stage, int(over.sum()), kept, int(over.sum()) - kept - undone, undone))
    frame = pd.DataFrame(rows, columns=["stage", "n", "on_time", "late", "undone"])
    return frame.assign(on_time_rate=frame["on_time"] / frame["n"].where(frame["n"] > 0))
