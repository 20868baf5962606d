"""The report on what people think, township by township, raw and weighted to the same channels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import pandas as pd

from .. import charts
from ..html import span
from ..results import Balanced, Opinion
from .tree import Document, Heading, Paragraph, Part, Picture, Table
from .words import method, sources, warnings

RATES = "人数为有效作答人数；满意率＝（很满意＋比较满意）/有效回答；知晓率＝1－不了解/作答。"
INTERVALS = "满意率为 95% 的区间，按人数计，一人多题只算一人。"
LIMITS = (
    "答卷来自愿意填写的群众，不是随机抽样；能说明填写的人怎么看，推到全体群众要谨慎。",
    "区间互相重叠的乡镇分不出高低；没有列出名次的，不是差，是还不能比。",
    "加权只纠正征集渠道不同带来的差别，纠正不了被要求按指定答案填写的影响。",
    "满意度不是某一个人的成绩，不用来评价个人。",
)
BY_TOWN = ["group_label", "n", "index", "rank", "set", "weighted", "weighted_rank", "weighted_set"]


def opinion_report(
    found: Opinion,
    towns: Balanced,
    importance: pd.DataFrame,
    *,
    office: str = "",
    date: dt.date | None = None,
    number: str = "",
) -> Document:
    """Return the report on a mass opinion survey.

    Parameters
    ----------
    found : Opinion
        Everyone together.
    towns : Balanced
        By township.
    importance : DataFrame
        As :func:`zuofeng_survey.results.importance`.
    office, date, number
        As in :class:`Document`.
    """
    parts = (
        *_everyone(found),
        *_towns(towns),
        *_important(importance),
        Heading("这份结果不能说明什么"),
        *map(Paragraph, LIMITS),
        Heading("数据来源与核对"),
        sources([(found.dataset, found.hash)]),
    )
    return Document("群众意见征集情况报告", parts, number=number, office=office, date=date)


def _everyone(found: Opinion) -> Iterator[Part]:
    yield Heading("总的看法")
    overall = found.everyone()
    last = "overall" if "overall" in set(overall["area"]) else overall["area"].iloc[-1]
    yield Paragraph(found.sentence(last), "verdict")
    yield from warnings([p.zh for p in found.problems])
    yield areas_table(found, "各方面的评价", (RATES, INTERVALS))
    yield likert(found)


def areas_table(found: Opinion, caption: str, said: Sequence[str]) -> Table:
    """Return the table of everyone's answers, area by area."""
    frame = found.everyone().drop(columns=["area", "se"])
    return Table.of(frame, caption, notes=method(*said), headings=found.words)


def likert(found: Opinion) -> Part:
    """Return the diverging bars of everyone's answers, or why there are none."""
    if found.levels.empty:
        return Paragraph("人数太少，没有可以画的方面。", "note")
    n = found.levels["area"].nunique()
    return Picture(
        charts.satisfaction_plot(found),
        "各方面回答的分布",
        f"{n}个方面的回答分布，中间一档居中，差评在左，好评在右。数字见上表。",
    )


def _towns(towns: Balanced) -> Iterator[Part]:
    yield Heading("各乡镇的比较")
    yield Paragraph(
        "各乡镇用的征集渠道不同：座谈会上的回答往往比窗口和网上的好。下表把每个乡镇的渠道构成调整到与全县相同（加权），"
        "原始与加权并列。名次以加权为准，名次范围互相重叠的分不出高低。"
    )
    yield from warnings([p.zh for p in towns.problems])
    yield town_table(towns)
    named = towns.opinion.summary
    label = named.loc[named["area"] == towns.area, "label"].iloc[0]
    rows = towns.opinion.area(towns.area)
    if rows["satisfied_rate"].notna().any():
        yield Picture(
            charts.group_plot(towns.opinion, towns.area),
            f"各乡镇“{label}”的满意率与 95% 区间（原始）",
            f"{rows['satisfied_rate'].notna().sum()}个乡镇的满意率和区间。数字见上表。",
        )


def town_table(towns: Balanced) -> Table:
    """Return raw and weighted side by side."""
    frame = towns.table()
    for name, first in (("set", "rank"), ("weighted_set", "weighted_rank")):
        pairs = zip(frame[f"{first}_lower"], frame[f"{first}_upper"], strict=True)
        frame[name] = [span(a, b) for a, b in pairs]
    return Table.of(
        frame[BY_TOWN],
        "各乡镇满意指数：原始与加权",
        notes=method(
            "人数为有效作答人数；指数为 0—100 的均分；加权按全县各渠道的构成做事后分层。",
            "30 人以上、没有受干扰迹象的才排名；超过 2% 的人说被要求按指定答案填写的，列为“可能受干扰”，不入排名。",
        ),
        headings={"group_label": "乡镇", "n": "人数", "index": "原始指数", "rank": "原始名次", "set": "原始范围", "weighted_set": "加权范围"},
        right=("set", "weighted_set"),
    )


def _important(frame: pd.DataFrame) -> Iterator[Part]:
    if len(frame) < 3:
        return
    place = charts.quadrant_of(frame)
    yield Heading("先改什么")
    first = "、".join(frame.loc[place == "优先改进", "label"])
    yield Paragraph(
        f"与总体评价关系紧、满意度又偏低的方面是：{first}。改进这些方面，群众可能感受最明显。"
        if first
        else "没有哪个方面既与总体评价关系紧、满意度又偏低。",
        "verdict",
    )
    yield Picture(
        charts.quadrant_plot(frame),
        "重要性与满意度",
        f"{len(frame)}个方面按满意指数和重要性分在四格里；优先改进的有：{first or '无'}。",
    )
    table = frame.assign(quadrant=place).drop(columns=["area"])
    yield Table.of(
        table[["label", "n", "importance", "lower", "upper", "index", "quadrant"]],
        "各方面的重要性与满意指数",
        notes=method("重要性是该方面得分与总体评价的等级相关（推算的，不是问的），附 95% 区间；相关不等于因果。"),
        headings={"label": "方面", "n": "人数", "importance": "重要性", "lower": "区间下限", "upper": "区间上限", "quadrant": "位置"},
    )
