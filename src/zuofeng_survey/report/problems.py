"""The report on the problem ledger: what was found, what was closed and how, what to look at again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pandas as pd

from .. import charts
from ..html import shown
from ..ledger.declaration import Declaration
from ..ledger.reading import declaration
from ..ledger.signs import Signs
from .tree import Document, Heading, Paragraph, Part, Picture, Table
from .words import ledger_source, limits

CLOSED = ("已销号", "回头看", "归档")
ELSEWHERE, KEPT = "线下销号", "长期坚持"
MOST = 30
LIMITS = (
    "问题件数多，可能是问题多，也可能是查得细、群众敢说；不用来给单位排名。",
    "销号率和逾期率要与件数一起看：件数少的单位，一件就差十几个百分点。",
    "已销号不等于问题解决了，要看群众验收、回头看和需要核实的迹象；迹象也只提示去看，不是结论。",
)
COUNTED = "件数是台账里的条目；已销号含回头看、归档，线下销号和长期坚持另列；逾期是整改时限已过、还没有申请销号的。"


def problems_report(
    problems: pd.DataFrame,
    signs: Signs,
    *,
    today: dt.date,
    office: str = "",
    date: dt.date | None = None,
    number: str = "",
    head: str = "",
) -> Document:
    """Return the report on problems and their close-out.

    Parameters
    ----------
    problems : DataFrame
        ``Book.entries("problems", today=today)``.
    signs : Signs
        As :func:`zuofeng_survey.ledger.signs.closing_signs`.
    today : date
    office, date, number
        As in :class:`Document`.
    head : str
        The hash of the ledgers' last event.
    """
    parts = (
        *problem_parts(problems, signs, today=today),
        *_open(problems),
        *limits(*LIMITS),
        *ledger_source(today, head),
    )
    return Document("问题整改和销号情况报告", parts, number=number, office=office, date=date)


def problem_parts(problems: pd.DataFrame, signs: Signs, *, today: dt.date) -> Iterator[Part]:
    """Yield what the annual report says too."""
    yield Heading("问题整改")
    if problems.empty:
        yield Paragraph("台账里没有问题。")
        return
    total = counts(problems, [])
    closed, overdue = int(total["closed"].iloc[0]), int(total["overdue"].iloc[0])
    yield Paragraph(
        f"截至{today}，台账共有{len(problems)}件问题，已销号{closed}件，逾期{overdue}件"
        f"（逾期率{shown(float(total['overdue_rate'].iloc[0]), 'overdue_rate', len(problems))}）。",
        "verdict",
    )
    yield Table.of(counts(problems, ["unit"]), "各单位问题整改", notes=(COUNTED,))
    yield Table.of(counts(problems, ["source"]), "问题从哪里来", notes=(COUNTED,), headings={"source": "来源"})
    left = burn_down(problems, today)
    yield Picture(
        charts.burn_down_plot(left),
        "问题燃尽图",
        f"月末未销号件数从{left['open'].iloc[0]}件到{left['open'].iloc[-1]}件；按整改时限应余{left['planned'].iloc[-1]}件。",
    )
    yield from _signs(signs)


def counts(problems: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return found, closed, open and overdue problems by the fields given, with their rates."""
    frame = problems.assign(
        count=1,
        closed=problems["state"].isin(CLOSED).astype(int),
        elsewhere=problems["state"].isin((ELSEWHERE, KEPT)).astype(int),
        overdue=(problems["overdue"] & (problems["clock"] == "整改时限")).fillna(False).astype(int),
    )
    kept = ["count", "closed", "elsewhere", "overdue"]
    summed = frame.groupby(by, sort=True)[kept].sum().reset_index() if by else frame[kept].sum().to_frame().T
    summed["open"] = summed["count"] - summed["closed"] - summed["elsewhere"]
    summed["closed_rate"] = summed["closed"] / summed["count"]
    summed["overdue_rate"] = summed["overdue"] / summed["count"]
    return summed[[*by, "count", "closed", "open", "overdue", "closed_rate", "overdue_rate"]]


def burn_down(problems: pd.DataFrame, today: dt.date) -> pd.DataFrame:
    """Return, for each month's end, how many are open and how many the terms would leave."""
    start = problems["found_date"].min()
    days = pd.date_range(start, pd.Timestamp(today), freq="ME")
    days = days.union(pd.DatetimeIndex([pd.Timestamp(today)]))
    found, closed, term = (problems[c] for c in ("found_date", "closed_date", "mend_by"))
    rows = [(d, int(((found <= d) & ~(closed <= d)).sum()), int(((found <= d) & ~(term <= d)).sum())) for d in days]
    return pd.DataFrame(rows, columns=["day", "open", "planned"])


def _signs(signs: Signs) -> Iterator[Part]:
    yield Heading("销号质量")
    if signs.rows.empty:
        yield Paragraph(f"在{signs.closed}件已销号的问题里没有发现六种迹象。")
        return
    n = signs.rows["issue_id"].nunique()
    yield Paragraph(
        f"{signs.closed}件已销号的问题里，有{n}件出现需要核实的迹象，列在下面。迹象只提示人去看，"
        "是否虚假、表面、敷衍整改，由核实的人判定。",
        "warning",
    )
    many = signs.rows.groupby("unit")["issue_id"].nunique()
    yield Table.of(
        many.sort_values(ascending=False, kind="stable").rename("count").reset_index(),
        "有迹象的销号：各单位件数",
        notes=("同一单位集中出现的，先去看。",),
        headings={"unit": "责任单位", "count": "件数"},
    )
    frame = signs.table()[["issue_id", "unit", "sign", "detail"]]
    frame = frame.sort_values("unit", key=lambda u: -u.map(many), kind="stable", ignore_index=True)
    yield Table.of(
        frame.head(MOST),
        "需要核实的销号",
        notes=(f"共{len(frame)}条，迹象多的单位在前，列前{min(MOST, len(frame))}条；一件可以有几种迹象。",),
        headings={"issue_id": "问题编号", "unit": "责任单位", "sign": "迹象", "detail": "依据"},
    )


def _open(problems: pd.DataFrame) -> Iterator[Part]:
    late = problems[problems["overdue"].fillna(False).astype(bool)].sort_values("due")
    yield Heading("逾期的问题")
    if late.empty:
        yield Paragraph("没有逾期的问题。")
        return
    known: Declaration = declaration("problems")
    names = ["issue_id", "unit", "title", "owner", "due"]
    frame = late[names].head(MOST).assign(due=late["due"].dt.strftime("%Y-%m-%d"))
    yield Table.of(
        frame.reset_index(drop=True),
        "逾期的问题",
        notes=(f"共{len(late)}件，按到期先后列前{min(MOST, len(late))}件；责任人写岗位，不写姓名。",),
        headings={f.name: f.label for f in known.fields} | {"due": "到期"},
    )
