"""The report on an evaluation of deputies or secretaries: how to object comes first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import pandas as pd

from .. import charts
from .evaluated import Evaluated
from .tree import Document, Heading, Paragraph, Part, Picture, Table
from .words import APPEAL, DECISION, method, sources, warnings

TITLES = {"FZ": "乡（镇、街道）副职干部测评结果报告", "SJ": "基层党组织书记述职评议结果报告"}
WHO = {"FZ": "副职干部", "SJ": "支部书记"}
RANKED = (
    "票数为有效票；得分为各类评议人均分按会前公布的权重合成，不了解、弃权不计入分母。",
    "名次范围：95% 的把握下，同一范围内所有人的真实名次同时落在各自范围里。",
    "重抽落末位：换一批同样的评议人再评，仍落在末位的比例，不是他真的最差的概率。",
)
LIMITS = (
    "名次只在同一次测评的人之间有意义，不同乡镇的得分和名次不能相比。",
    "名次不说明违纪，也不说明不称职；等次看等次分布，事实看工作记录和核查结果。",
    "人数少的范围里，总有人排在最后。即使大家真实水平完全相同，每年也有人落在末位，连续几年落在末位也会出现。",
    "本报告只讲这一次测评。跨年度的情况由规则核算另行列出，并附每一年的证据强度。",
    "评议人各自的宽严、了解程度和岗位的难易都会影响得分；岗位说明与名次并列，供研究时一并考虑。",
)


def evaluation_report(
    form_id: str,
    found: Sequence[Evaluated],
    *,
    office: str = "",
    date: dt.date | None = None,
    number: str = "",
) -> Document:
    """Return the report on the evaluations of one year.

    Parameters
    ----------
    form_id : str
        ``FZ`` for deputies, ``SJ`` for secretaries.
    found : sequence of Evaluated
        One for each group ranked together.
    office, date, number
        As in :class:`Document`.
    """
    parts: list[Part] = [APPEAL, *_basis(form_id, found), Heading("各范围的结果")]
    for one in found:
        parts += _pool(one)
    parts += [
        *_other_ways(found),
        Heading("这份结果不能说明什么"),
        *map(Paragraph, LIMITS),
        Heading("数据来源与核对"),
        sources([(one.name, one.hash) for one in found]),
        Heading("由人研究决定"),
        DECISION,
    ]
    return Document(TITLES[form_id], tuple(parts), number=number, office=office, date=date)


def _basis(form_id: str, found: Sequence[Evaluated]) -> Iterator[Part]:
    people = sum(len(one.ranking.labels) for one in found)
    yield Heading("测评基本情况")
    yield Paragraph(
        f"本次共有{len(found)}个范围、{people}名{WHO[form_id]}参加测评。测评无记名，选票密封，计票后原始票箱已销毁。"
    )
    frame = pd.DataFrame([one.total for one in found])
    frame["label"] = [one.pool for one in found]
    frame = frame[["label", "issued", "cast", "valid", "return_rate"]]
    yield Table.of(
        frame.reset_index(drop=True),
        "收回情况",
        notes=method("收回率＝收回/应收；不足三分之二的不形成名次。分类别的收回情况人数少，不列。"),
        headings={"label": "范围"},
    )
    verified = [one.pool for one in found if one.is_ranked and one.ranking.bottom.verified]
    ranked = sum(one.is_ranked for one in found)
    yield Paragraph(f"{ranked}个范围形成名次" + _verified(verified, ranked), "verdict")


def _verified(pools: Sequence[str], ranked: int) -> str:
    """Say in how many of the ranked pools the last places are more than error."""
    if not ranked:
        return "。"
    if not pools:
        return "，末位名单没有一个经得起检验：末位与上一位的差距都在误差以内。"
    rest = "；其余范围的末位与上一位的差距在误差以内" if len(pools) < ranked else ""
    return f"，其中末位名单作为一组经得起检验的有{len(pools)}个：{'、'.join(pools)}{rest}。"


def _pool(one: Evaluated) -> Iterator[Part]:
    found = one.ranking
    order = tuple(found.table()["target"])
    yield Heading(one.pool, 2)
    if one.is_ranked:
        yield Paragraph(found.verdict(), "verdict")
        yield Paragraph(found.standings())
        yield Paragraph(found.absolute())
        if found.fragile():
            yield Paragraph(found.fragile())
        yield Paragraph(one.sensitivity.verdict())
    else:
        yield Paragraph("收回率不足三分之二，不形成名次，只列等次分布。", "verdict")
    yield from warnings([p.zh for p in found.problems if p.code != "return-low"])
    caption = f"{one.pool}：名次、名次范围与得分" if one.is_ranked else f"{one.pool}：等次（不排名）"
    notes = method(*RANKED) if one.is_ranked else method("票数为有效票。")
    yield Table.of(one.ranked(), caption, notes=notes, right=("set",))
    if one.is_ranked:
        yield Picture(
            charts.rank_plot(found),
            f"{one.pool}：名次与名次范围",
            f"{len(order)}人的名次和名次范围。{found.standings()}",
        )
    graded, headings = one.graded()
    yield Table.of(
        graded,
        f"{one.pool}：总体评价等次分布",
        notes=method("占比以评价人数为分母，不了解单列；各票一致的只写≥90%或≤10%。"),
        headings=headings,
        right=tuple(headings),
    )


def _other_ways(found: Sequence[Evaluated]) -> Iterator[Part]:
    yield Heading("换一种算法会怎样")
    rows = [
        (one.pool, variant.name, "、".join(variant.bottom))
        for one in found
        if one.is_ranked
        for variant in one.sensitivity.variants
        if variant.changed
    ]
    tried = sum(len(one.sensitivity.variants) for one in found if one.is_ranked)
    if not rows:
        yield Paragraph(f"换口径、赋分、权重和去极值共{tried}种算法，末位名单都不变。")
        return
    yield Paragraph(f"换口径、赋分、权重和去极值共{tried}种算法，其中{len(rows)}种会换人，列在下面。")
    yield Table.of(
        pd.DataFrame(rows, columns=["pool", "variant", "bottom"]),
        "会换人的算法",
        notes=["每一种都对全部有效票重新计分，不显示得分；末位并列的一并列出。"],
        headings={"pool": "范围"},
    )
