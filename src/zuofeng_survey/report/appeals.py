"""The report on appeals: five steps, three rates with their denominators, and how many took part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pandas as pd

from .. import charts
from ..html import shown
from ..ledger.rates import EVERYONE, FLOOR, SATISFIED, TAKING_PART, Rates
from ..results.release import hidden
from .tree import Document, Heading, Paragraph, Part, Picture, Table
from .words import ledger_source, limits, method

ACCUSATION = "检举控告"
K = 5
NUMBERS = ["done", "n", "value_rate", "lower_rate", "upper_rate"]
LIMITS = (
    "件数少的单位，一两件就差十几个百分点；区间互相重叠的分不出高低，不用来排名。",
    "满意率只是参评的人说的；没有参评的人怎么想，谁也不知道，所以并列参评率和保守下限。",
    "诉求多，可能是问题多，也可能是渠道通、群众信得过。",
)
BASIS = (
    "未到期的件不进分母，到期未办的按未按期计；姓名住址不清的不进及时受理率的分母。",
    "群众满意率只算参评件，必须与参评率、保守下限并列看；参评不足 5 件的、参评人意见全都一致的，满意率和保守下限写作“—”。",
)


def appeals_report(
    appeals: pd.DataFrame,
    rates: Rates,
    *,
    office: str = "",
    date: dt.date | None = None,
    number: str = "",
    head: str = "",
) -> Document:
    """Return the report on appeals and rates.

    Parameters
    ----------
    appeals : DataFrame
        ``Book.entries("appeals")``.
    rates : Rates
        As :func:`zuofeng_survey.ledger.rates.appeal_rates`, by unit if wanted.
    office, date, number
        As in :class:`Document`.
    head : str
        The hash of the ledgers' last event.

    Notes
    -----
    Accusations are a number here and nothing else; answers about retaliation are not read at all.
    """
    parts = (*appeal_parts(appeals, rates), *limits(*LIMITS), *ledger_source(rates.today, head))
    return Document("群众诉求办理情况报告", parts, number=number, office=office, date=date)


def appeal_parts(appeals: pd.DataFrame, rates: Rates) -> Iterator[Part]:
    """Yield what the annual report says too."""
    yield Heading("群众诉求")
    if appeals.empty:
        yield Paragraph("台账里没有诉求。")
        return
    accused = appeals[appeals["kind"] == ACCUSATION]
    told, left = len(accused), int(accused["transfer_at"].isna().sum())
    passed = "已按规定移送" if not left else f"还有{left}件没有登记移送日期，须立即移送"
    yield Paragraph(
        f"截至{rates.today}，登记诉求{len(appeals)}件"
        + (f"，其中检举控告{told}件，{passed}，内容不进本工具。" if told else "。"),
        "verdict",
    )
    yield rates_table(rates, [EVERYONE], "三率")
    drawn = shown_rates(rates)
    drawn = drawn[(drawn["group"] == EVERYONE) & drawn["value_rate"].notna()]
    if len(drawn):
        frame = drawn.rename(columns={"rate": "label", "value_rate": "value", "lower_rate": "lower", "upper_rate": "upper"})
        said = "；".join(f"{r.label}{r.value:.0%}" for r in frame.itertuples())
        picture = charts.years_plot(frame.assign(year=rates.today.year), title="三率与 95% 区间", subtitle="竖条是区间；分子分母见上表", scale=(0, 1))
        yield Picture(picture, "三率与 95% 区间", said)
    groups = [g for g in dict.fromkeys(rates.rows["group"]) if g != EVERYONE]
    if groups:
        yield _by_unit(rates, groups)
    yield from _counts(appeals)


def shown_rates(rates: Rates) -> pd.DataFrame:
    """Return the rates without what fewer than five cases, or five people, stand behind."""
    frame = rates.table()
    for _, part in frame[frame["group"] != EVERYONE].groupby("rate"):
        few_here = part.index[hidden(part["n"], k=K)]
        frame = frame.astype({"done": float, "n": float})
        frame.loc[few_here, NUMBERS] = float("nan")
    of = rates.rows[rates.rows["rate"] == TAKING_PART]["done"]
    few = len(of) and int(of.iloc[0]) < K
    judged = frame["rate"].isin((SATISFIED, FLOOR, TAKING_PART))
    if few:
        frame = frame.astype({"done": float, "n": float})
        frame.loc[judged, NUMBERS] = float("nan")
    # of one mind: whoever took part would be known to have said it; the floor counts the same people
    agreed = (frame["rate"] == SATISFIED) & frame["value_rate"].isin((0.0, 1.0))
    if agreed.any():
        frame = frame.astype({"done": float, "n": float})
        frame.loc[frame["rate"].isin((SATISFIED, FLOOR)), NUMBERS] = float("nan")
    return frame


def rates_table(rates: Rates, groups: list[str], caption: str) -> Table:
    """Return rates with numerator and denominator beside them."""
    frame = shown_rates(rates)
    frame = frame[frame["group"].isin(groups)].reset_index(drop=True)
    columns = ["rate", "group", "done", "n", "value_rate", "lower_rate", "upper_rate"]
    if groups == [EVERYONE]:
        columns.remove("group")
    return Table.of(
        frame[columns],
        caption,
        notes=method(*BASIS),
        headings={"rate": "率", "group": "单位", "done": "分子", "n": "分母", "value_rate": "比率"},
    )


def _by_unit(rates: Rates, groups: list[str]) -> Table:
    """Return one row a unit: of each rate how many of how many, the rate and its interval."""
    frame = shown_rates(rates)
    names = [n for n in dict.fromkeys(frame["rate"]) if n in set(frame.loc[frame["group"].isin(groups), "rate"])]
    cells = {(r.rate, r.group): r for r in frame.itertuples()}
    rows = []
    for group in groups:
        row = {"group": group}
        for name in names:
            row |= _cells(name, cells.get((name, group)))
        rows.append(row)
    made = pd.DataFrame(rows)
    notes = method("一格是按期件数/应办件数、比率和 95% 区间。", *BASIS)
    return Table.of(made, "各承办单位的按期情况", notes=notes, headings={"group": "单位"}, right=tuple(made.columns[1:]))


def _cells(name: str, cell: Any) -> dict[str, str]:
    """Return a unit's cells of one rate; what may not be shown is left out in all of them."""
    short = name.removesuffix("率")
    if cell is None or pd.isna(cell.value_rate):
        return {f"{short}件数": "—", name: "—", f"{short}区间": "—"}
    value, low, high = (shown(float(v), "value_rate", cell.n) for v in (cell.value_rate, cell.lower_rate, cell.upper_rate))
    return {f"{short}件数": f"{cell.done:.0f}/{cell.n:.0f}", name: value, f"{short}区间": f"{low}—{high}"}


def _counts(appeals: pd.DataFrame) -> Iterator[Part]:
    named = {"kind": "类别", "state": "办理状态", "six_mode": "六办分类", "channel": "渠道"}
    for column, name in named.items():
        part = appeals.dropna(subset=[column])
        if part.empty:
            continue
        frame = part.groupby(column, sort=False).size().rename("count").reset_index()
        frame = frame.sort_values(["count", column], ascending=[False, True], ignore_index=True)
        frame["count"] = frame["count"].astype(float).mask(hidden(frame["count"], k=K))
        yield Table.of(
            frame,
            f"诉求按{name}",
            notes=("件数是台账里登记了这一项的诉求；不足 5 件的，连同能推算出它的一格，写作“—”。",),
            headings={column: name},
        )
