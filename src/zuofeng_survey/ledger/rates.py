"""The three rates of appeals, with the denominators the plan's rules give them.

| rate | numerator | denominator |
|---|---|---|
| 及时受理率 | decided and told within the term | cases whose term to decide is over; name or address unclear left out |
| 按期办结率 | answered within the term, an approved and told extension included | cases whose term to answer is over |
| 群众满意率 | satisfied + fairly satisfied | cases judged; beside it 参评率 and the floor over all due to be judged |

A case not yet due is in no denominator; one due and undone counts as late. A term is over when its
last day has passed: on the day itself one may still be on time. No cases: no rate, shown as —.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..html import note, table_html
from ..stats.intervals import wilson
from .deadlines import last_day, picked
from .reading import declaration

ACCEPT, FINISH = "及时受理率", "按期办结率"
SATISFIED, TAKING_PART, FLOOR = "群众满意率", "参评率", "满意保守下限"
TIMED = {ACCEPT: "受理告知", FINISH: "办理答复"}
NEW_LAW = pd.Timestamp("2022-05-01")
HEADINGS = {"rate": "率", "group": "单位", "done": "分子", "n": "分母", "value_rate": "比率"}
HEADINGS |= {"basis": "依据"}
EVERYONE = "全部"


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """Rates with what they are made of.

    Attributes
    ----------
    today : date
        The day on which terms were over or not.
    rows : DataFrame
        ``rate``, ``group`` ("全部" for all together), ``done``, ``n``, ``value_rate`` (0–1, NaN
        without cases), ``lower_rate``, ``upper_rate`` (Wilson, 95 %), ``basis``.
    """

    today: dt.date
    rows: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return the rates, unrounded."""
        return self.rows.copy()

    def one(self, rate: str, group: str = EVERYONE) -> tuple[int, int]:
        """Return numerator and denominator of one rate."""
        row = self.rows[(self.rows["rate"] == rate) & (self.rows["group"] == group)]
        return int(row["done"].iloc[0]), int(row["n"].iloc[0])

    def _repr_html_(self) -> str:
        said = f"截至 {self.today}：未到期的件不进分母，到期未办的件按未按期计；没有件数的写“—”。"
        return table_html(self.rows, headings=HEADINGS) + note(said)


def appeal_rates(
    appeals: pd.DataFrame, *, today: dt.date, by: str = "", visits: pd.DataFrame | None = None
) -> Rates:
    """Compute the three rates of a ledger of appeals.

    Parameters
    ----------
    appeals : DataFrame
        Entries of the ledger ``appeals`` (:meth:`Book.entries`).
    today : date
    by : str
        A field to break the two timed rates down by, such as ``assigned_to``.
    visits : DataFrame, optional
        Appeals and their judgements, as :func:`~.visits.judgements` reads them from a frozen HF
        dataset: ``appeal_id``, ``satisfied`` (bool). Only everyone together: who judged how stays
        out of every unit's view.

    Returns
    -------
    Rates
    """
    rows = []
    for rate, clock in TIMED.items():
        due, done = timed(appeals, clock, today=today)
        rows.append(_row(rate, EVERYONE, done.sum(), due.sum(), _basis(clock, appeals[due])))
        if by:
            for group, part in appeals[due].groupby(by, sort=True):
                mine = done.reindex(part.index)
                rows.append(_row(rate, str(group), mine.sum(), len(part), _basis(clock, part)))
    if visits is not None:
        rows += _satisfaction(appeals, visits, today)
    frame = pd.DataFrame(rows, columns=["rate", "group", "done", "n", "basis"])
    return Rates(today, _with_intervals(frame))


def timed(appeals: pd.DataFrame, clock: str, *, today: dt.date) -> tuple[pd.Series, pd.Series]:
    """Return which appeals' term is over, and which of these kept it."""
    known = next(d for d in declaration("appeals").deadlines if d.name == clock)
    last = last_day(known, appeals)
    over = (last < pd.Timestamp(today)).fillna(False)
    if clock == TIMED[ACCEPT]:
        over &= ~appeals["identity_unclear"].fillna(False).astype(bool)
    kept = (appeals[known.done].dt.normalize() <= last).fillna(False)
    return over.astype(bool), (over & kept).astype(bool)


def due_to_judge(appeals: pd.DataFrame, today: dt.date) -> pd.Series:
    """Return which appeals were to be judged by who made them: accepted petitions, answered."""
    answered = (appeals["replied_at"] <= pd.Timestamp(today)).fillna(False)
    return picked({"kind": "申诉求决", "accept_decision": "受理"}, appeals) & answered


def _satisfaction(appeals: pd.DataFrame, visits: pd.DataFrame, today: dt.date) -> list[list[object]]:
    expected = set(appeals.loc[due_to_judge(appeals, today), "appeal_id"])
    judged = visits[visits["appeal_id"].isin(expected)].drop_duplicates("appeal_id", keep="last")
    good, n, all_due = int(judged["satisfied"].sum()), len(judged), len(expected)
    basis = "（满意＋基本满意）÷参评件"
    return [
        _row(SATISFIED, EVERYONE, good, n, basis),
        _row(TAKING_PART, EVERYONE, n, all_due, "参评件÷应评件"),
        _row(FLOOR, EVERYONE, good, all_due, "（满意＋基本满意）÷应评件"),
    ]


def _row(rate: str, group: str, done: int, n: int, basis: str) -> list[object]:
    return [rate, group, int(done), int(n), basis]


def _with_intervals(frame: pd.DataFrame) -> pd.DataFrame:
    some = frame["n"] > 0
    for name in ("value_rate", "lower_rate", "upper_rate"):
        frame[name] = np.nan
    if some.any():
        found = wilson(frame.loc[some, "done"], frame.loc[some, "n"])
        frame.loc[some, "value_rate"] = found.estimate
        frame.loc[some, "lower_rate"] = found.lower
        frame.loc[some, "upper_rate"] = found.upper
    first = ["rate", "group", "done", "n", "value_rate", "lower_rate", "upper_rate", "basis"]
    return frame[first]


def basis_of(clock: str, received: pd.Series) -> pd.Series:
    """Return the law that each appeal's term rests on: the regulation in force when it came.

    The regulation of 2005 until 2022-04-30, that of 2022 from 2022-05-01; the terms are the same.
    """
    names: Mapping[str, str] = next(d for d in declaration("appeals").deadlines if d.name == clock).basis
    new = received >= NEW_LAW
    return pd.Series(np.where(new, names["2022"], names["2005"]), index=received.index)


def _basis(clock: str, part: pd.DataFrame) -> str:
    received = part["received_at"].dropna()
    return "；".join(sorted(set(basis_of(clock, received)))) if len(received) else ""
