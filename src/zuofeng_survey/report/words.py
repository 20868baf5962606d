"""Sentences that several reports share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from .. import results
from ..errors import Problem
from .tree import Callout, FillIn, Heading, Paragraph, Part, Table

APPEAL = Callout(
    "如何提出异议",
    (
        results.NOTE["zh"],
        "对测评的组织、计票或者本报告的数字有疑问的，可以向本办公室提出，办公室按数据指纹重新核算并书面答复。",
        "公务员对定为不称职等次、免职等处理不服的，自知道该处理之日起30日内可以申请复核；对复核结果不服的，自接到复核决定之日起15日内可以申诉，也可以不经复核、自知道该处理之日起30日内直接申诉（公务员法第九十五条）。不因申请复核、提出申诉而加重处理。",
    ),
)
DECISION = FillIn(
    "以下由有权机关填写，软件不填",
    (
        ("研究意见", 3),
        ("本人陈述申辩", 3),
        ("决定机关", 1),
        ("会议纪要文号", 1),
        ("异议截止日期", 1),
        ("经办人、日期", 1),
    ),
    "本报告只提供测评结果和它的可靠程度，不提出处理决定。",
)


def method(*said: str) -> Sequence[str]:
    """Return the notes of a table; n and what is hidden are always said."""
    return [*said, "“—”表示没有数据或者人数不足，不显示。"]


def sources(named: Sequence[tuple[str, str]]) -> Table:
    """Return the table of the datasets a report was made from, with their fingerprints."""
    frame = pd.DataFrame(named, columns=["name", "hash"])
    return Table.of(
        frame,
        "数据来源",
        notes=["数据指纹是封存数据集清单的 SHA-256；用同一数据集重做，数字逐位相同。"],
        headings={"name": "数据集", "hash": "数据指纹"},
    )


def ledger_source(today: dt.date | None, head: str) -> list[Part]:
    """Return where the figures of a report on ledgers come from; nothing where that is not known."""
    if not head:
        return []
    said = f"数字来自台账，截至{today}；最后一条记录的指纹：{head}。用同一份台账重做，数字相同。"
    return [Heading("数据来源与核对"), Paragraph(said)]


def limits(*said: str) -> list[Part]:
    """Return what a report cannot say, under its heading."""
    return [Heading("这份结果不能说明什么"), *map(Paragraph, said)]


def together(problems: Sequence[Problem]) -> list[str]:
    """Return remarks as sentences; those that differ only in the place are said once, with all places."""
    places: dict[str, list[str]] = {}
    for p in problems:
        places.setdefault(Problem(p.code, "", p.params).zh, []).append(p.place)
    return [f"{'、'.join(filter(None, at))}：{text}" if any(at) else text for text, at in places.items()]


def warnings(said: Sequence[str]) -> list[Paragraph]:
    """Return each remark as a warning."""
    return [Paragraph(text, "warning") for text in said if text]
