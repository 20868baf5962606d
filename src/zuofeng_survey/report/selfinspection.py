"""The summary of self-inspections: the four checks and six areas, never a person, never a rank."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from ..results import Opinion
from .opinion import areas_table, likert
from .tree import Document, Heading, Paragraph, Part
from .words import sources, warnings

CHECKS = "较好以上率＝（较好＋好）/有效回答，反向题已折算；均分 0—100，越高越好。"
LIMITS = (
    "自己说自己，容易往好里说；各方面之间可以比，与群众意见放在一起看更有用。",
    "自查不排名，不考核个人，也不用来推断哪个人填了什么；不足 5 人的格不显示。",
)


def self_inspection_report(
    found: Opinion, *, office: str = "", date: dt.date | None = None, number: str = ""
) -> Document:
    """Return the summary of a self-inspection (ZC)."""
    return Document("自查自问情况汇总", tuple(_parts(found)), number=number, office=office, date=date)


def _parts(found: Opinion) -> Iterator[Part]:
    yield Heading("总的情况")
    table = found.everyone().dropna(subset=["index"]).sort_values("index")
    if len(table):
        least, most = table["label"].iloc[0], table["label"].iloc[-1]
        yield Paragraph(f"自评最好的是{most}，最需要加强的是{least}。本汇总只有各方面合计，没有个人。", "verdict")
    yield from warnings([p.zh for p in found.problems])
    yield areas_table(found, "四查与六面的自评", (CHECKS,))
    yield likert(found)
    yield Heading("对照最弱的方面")
    for row in table.head(3).itertuples():
        yield Paragraph(found.sentence(str(row.area)))
    yield Heading("这份结果不能说明什么")
    yield from map(Paragraph, LIMITS)
    yield Heading("数据来源与核对")
    yield sources([(found.dataset, found.hash)])
