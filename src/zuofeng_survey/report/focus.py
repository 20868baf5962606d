"""The report on the eight focus areas, and the six areas and five ailments beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pandas as pd

from ..ledger.reading import declaration
from .problems import COUNTED, counts
from .tree import Document, Heading, Paragraph, Part, Table
from .words import ledger_source, limits

NONE = "none"
LIMITS = (
    "件数是登记了多少，不是有多少；查得细、群众敢说的方面件数就多。",
    "归到哪个方面由登记的人判断，同一件事归法可能不同；件数也不说明轻重。",
)


def focus_report(
    problems: pd.DataFrame,
    *,
    today: dt.date | None = None,
    office: str = "",
    date: dt.date | None = None,
    number: str = "",
    head: str = "",
) -> Document:
    """Return the report on problems by the plan's eight focus areas.

    Parameters
    ----------
    problems : DataFrame
        ``Book.entries("problems")``.
    today : date, optional
        The day the ledger was read for.
    office, date, number
        As in :class:`Document`.
    head : str
        The hash of the ledgers' last event.
    """
    parts = (*focus_parts(problems), *limits(*LIMITS), *ledger_source(today, head))
    return Document("八个方面突出问题整治情况报告", parts, number=number, office=office, date=date)


def focus_parts(problems: pd.DataFrame) -> Iterator[Part]:
    """Yield what the annual report says too: every area of the plan, also those without a problem."""
    yield Heading("八个方面突出问题")
    table = by_choice(problems, "focus8")
    most = table.sort_values("count", ascending=False).iloc[0]
    if most["count"]:
        yield Paragraph(f"问题最多的是{most['focus8']}，{most['count']}件，已销号{most['closed']}件。", "verdict")
    yield Table.of(table, "八个方面", notes=(COUNTED, "不属于八个方面的不列在这张表里。"), headings={"focus8": "方面"})
    yield Table.of(by_choice(problems, "area6"), "六个方面", notes=(COUNTED,), headings={"area6": "方面"})
    yield Table.of(by_choice(problems, "ailment5"), "五种顽疾", notes=("一件问题可以有几种，各计一次。", COUNTED), headings={"ailment5": "顽疾"})


def by_choice(problems: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return counts for every choice of a field in the order of the plan."""
    one = next(f for f in declaration("problems").fields if f.name == name)
    label = dict(one.choices)
    exploded = problems.explode(name)
    exploded = exploded[exploded[name].isin(label) & (exploded[name] != NONE)]
    frame = counts(exploded, [name]).set_index(name).reindex([c for c in label if c != NONE])
    whole = ["count", "closed", "open", "overdue"]
    frame[whole] = frame[whole].fillna(0).astype(int)
    frame = frame.reset_index()
    return frame.assign(**{name: frame[name].map(label)})
