"""A one-page letter to each rated person: what they do well, what they can do better, how sure that is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pandas as pd

from ..html import shown
from ..results import Profiles
from .evaluated import Evaluated
from .tree import Document, Paragraph, Part, Table

STANDING = {"above": "高于平均", "level": "分不出高低", "below": "低于平均", "": "—"}
HEADINGS = {
    "dim_label": "方面",
    "n": "评价人数",
    "estimate": "您的得分",
    "middle": "平均",
    "difference": "相差",
    "interval": "相差的区间",
    "said": "判断",
}
ADVICE = "建议就此请两三位熟悉您工作的同志谈一谈具体的事，定一两件三个月内看得见的改进。"


def letters(
    one: Evaluated, profiles: Profiles, *, office: str = "", date: dt.date | None = None
) -> Iterator[tuple[str, Document]]:
    """Yield (target, letter) for each person of one evaluation; no letter holds a colleague's data."""
    for target, label in zip(one.ranking.bottom.unit, one.ranking.labels, strict=True):
        own = profiles.of(target)
        if own["estimate"].notna().any():
            parts = tuple(_parts(one, target, own, coverage=profiles.coverage))
            to = f"{label}同志"
            yield target, Document("测评反馈信", parts, office=office, date=date, to=to, compact=True)


def _parts(one: Evaluated, target: str, own: pd.DataFrame, *, coverage: float) -> Iterator[Part]:
    at = one.ranking.bottom.unit.index(target)
    people = len(one.ranking.labels)
    yield Paragraph(
        f"感谢您一年来的工作。本次测评有{one.ranking.n[at]}位评议人对您作了有效评价，测评无记名。"
        f"下面把各方面的评价与同一范围{people}人的平均相比，供您改进工作参考。"
    )
    yield Paragraph(_strong(own) + _weak(own))
    yield _table(own, coverage)
    yield Paragraph(_overall(one, target) + _place(one, at))
    yield Paragraph("对本信的数字有疑问的，可以向本办公室提出核对；对处理不服的，可以依法申请复核、提出申诉。")


def _named(own: pd.DataFrame, standing: str) -> str:
    return "、".join(own.loc[own["standing"] == standing, "dim_label"])


def _strong(own: pd.DataFrame) -> str:
    if names := _named(own, "above"):
        return f"您突出的方面是{names}，明显高于平均。"
    told = own.dropna(subset=["estimate"])
    best = "、".join(told["dim_label"].head(2))
    if (told["standing"].head(2) == "below").any():
        return f"各方面中相对好一些的是{best}。"
    return f"您相对见长的方面是{best}，与平均的差距还在误差以内。"


def _weak(own: pd.DataFrame) -> str:
    if names := _named(own, "below"):
        return f"可以加强的方面是{names}，明显低于平均。{ADVICE}"
    least = own.dropna(subset=["estimate"])["dim_label"].iloc[-1]
    return f"没有一个方面能确认低于平均；想再进一步，可以从{least}着手。{ADVICE}"


def _table(own: pd.DataFrame, coverage: float) -> Table:
    bounds = zip(own["lower"], own["upper"], strict=True)
    frame = own.assign(
        difference=[_signed(v) for v in own["difference"]],
        interval=["—" if a != a else f"{_signed(a)} 至 {_signed(b)}" for a, b in bounds],
        middle=[shown(v, "estimate") for v in own["middle"]],
        said=own["standing"].map(STANDING),
    )
    return Table.of(
        frame[list(HEADINGS)],
        "各方面的评价（满分100）",
        notes=(
            f"平均是同一范围全部人员得分的平均；各个区间合在一起有{coverage:.0%}的把握。区间跨过 0 的，分不出高低。"
            "评价一致或人数不足的不列（—）。",
        ),
        headings=HEADINGS,
        right=("middle", "difference", "interval"),
    )


def _signed(value: float) -> str:
    said = shown(float(value), "estimate")
    return said if said in ("—", "0.0") or value < 0 else f"+{said}"


def _overall(one: Evaluated, target: str) -> str:
    graded, headings = one.graded()
    order = [t for t in one.ranking.table()["target"] if t in one.grades.index]
    row = graded.iloc[(order if one.is_ranked else sorted(order)).index(target)]
    shares = [f"{headings[c]} {shown(row[c], c, row['n'])}" for c in headings if c.startswith("share ")]
    return f"总体评价（{shown(row['n'])}人）：{'，'.join(shares)}。"


def _place(one: Evaluated, at: int) -> str:
    if not one.is_ranked:
        return "收回率不足三分之二，没有形成名次。"
    sets = one.ranking.bottom.sets
    return (
        f"您的名次是第{sets.rank[at]}位，考虑误差后可能在第{sets.lower[at]}位到第{sets.upper[at]}位之间；"
        "名次只供参考，不单独作为任何处理的依据。"
    )
