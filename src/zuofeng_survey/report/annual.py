"""The annual report of the leading group: the year's stage, and what every mechanism came to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import pandas as pd

from .. import charts
from ..dataset import Dataset
from ..html import shown, span
from ..ledger.chains import LEVELS, responsibility
from ..results import Balanced
from ..rules import Findings, Settings, objection
from ..rules import settings as default_settings
from ..rules.showing import HEADINGS as RULE_HEADINGS
from ..rules.showing import SCOPE_ZH
from .appeals import appeal_parts
from .focus import focus_parts
from .opinion import areas_table, likert, town_table
from .problems import problem_parts
from .tasks import task_parts
from .tree import Callout, Document, Heading, Paragraph, Part, Picture, Table
from .trend import stage_of
from .words import APPEAL, DECISION, method, sources, together, warnings
from .year import Ledgers, Year

LISTED = ["label", "pool", "years", "measure", "level", "rank", "set", "n", "good_rate", "dk_rate", "remark"]
RATES = "人数为有效作答人数；满意率＝（很满意＋比较满意）/有效回答；知晓率＝1－不了解/作答。"


def annual_report(
    year: Year,
    ledgers: Ledgers | None = None,
    *,
    towns: Balanced | None = None,
    findings: Findings | None = None,
    visits: Sequence[Dataset] = (),
    settings: Settings | None = None,
    office: str = "",
    date: dt.date | None = None,
    number: str = "",
) -> Document:
    """Return the annual report of the leading group.

    Parameters
    ----------
    year : Year
    ledgers : Ledgers, optional
    towns : Balanced, optional
        What people think by township.
    findings : Findings, optional
        The plan's rules over years; without a written scope there are none.
    visits : sequence of Dataset
        Return visits (HF), for the satisfaction among the rates.
    settings : Settings, optional
    office, date, number
        As in :class:`Document`.
    """
    known = settings or default_settings()
    parts: list[Part] = [APPEAL, Heading("本年度的重点")]
    parts.append(Paragraph(stage_of(year.year, known) or f"{year.year}年不在方案的三个阶段内。"))
    parts += [*_opinion(year, towns), *_inspection(year)]
    if ledgers is not None:
        parts += problem_parts(ledgers.problems, ledgers.signs, today=ledgers.today)
        parts += focus_parts(ledgers.problems)
        parts += task_parts(ledgers.tasks, year=year.year, today=ledgers.today)
        parts += appeal_parts(ledgers.appeals, ledgers.rates(visits))
        parts += _chains(ledgers)
    parts += [*_evaluations(year), *_findings(findings)]
    parts += [Heading("数据来源与核对"), sources(year.named)]
    if ledgers is not None:
        parts.append(Paragraph(f"台账截至{ledgers.today}，最后一条记录的指纹：{ledgers.head}", "note"))
    return Document(f"{year.year}年度作风建设工作报告", tuple(parts), number=number, office=office, date=date)


def _opinion(year: Year, towns: Balanced | None) -> Iterator[Part]:
    for one in year.opinions:
        yield Heading("群众意见")
        row = year.overall()
        if row is not None:
            yield Paragraph(one.sentence(str(row.name)), "verdict")
        yield from warnings([p.zh for p in (towns or one).problems])
        yield areas_table(one, "各方面的评价", (RATES,))
        yield likert(one)
        if towns is not None:
            yield town_table(towns)


def _inspection(year: Year) -> Iterator[Part]:
    for one in year.inspections:
        yield Heading("自查自问")
        yield Paragraph("自查只出各方面合计，不排名，没有个人。")
        yield areas_table(one, "四查与六面的自评", ("较好以上率＝（较好＋好）/有效回答，反向题已折算。",))


def _evaluations(year: Year) -> Iterator[Part]:
    if not year.evaluated:
        return
    yield Heading("干部测评")
    rows = []
    for one in year.evaluated:
        low = "、".join(label for label, at in zip(one.ranking.labels, one.ranking.bottom.observed, strict=True) if at)
        verified = one.is_ranked and one.ranking.bottom.verified
        said = "经得起检验" if verified else "差距在误差以内" if one.is_ranked else "不形成名次"
        rows.append((one.name, one.total["return_rate"], len(one.ranking.labels), low if one.is_ranked else "—", said))
    yield Table.of(
        pd.DataFrame(rows, columns=["pool", "return_rate", "people", "low", "said"]),
        "各范围的测评",
        notes=method("末位名单按方案的位数列出；名次范围、等次分布、票数和换算法的结果见各范围的测评结果报告。"),
        headings={"pool": "范围", "people": "人数", "low": "末位", "said": "判断"},
    )


def _findings(found: Findings | None) -> Iterator[Part]:
    yield Heading("拟提请研究名单")
    if found is None:
        yield Paragraph("排名范围尚未书面选定，或者没有可以核算的测评，本年度不列名单。")
        return
    yield Callout("本节说明", (objection(found), "名单按方案的规则核算，只供研究，不是处理决定；证据强度“弱”“不足”的，需人工书面说明方可研究。"))
    yield Paragraph(f"排名范围：{SCOPE_ZH[found.scope]}。")
    yield from (Paragraph(said, "note") for said in together(found.problems))
    frame = found.table()
    if frame.empty:
        yield Paragraph("没有人列入。")
        return
    frame["set"] = [span(a, b) for a, b in zip(frame["lower"], frame["upper"], strict=True)]
    frame["years"] = [span(f.years[0], f.years[-1]) if _is_run(f.years) else "、".join(map(str, f.years)) for f in found.findings]
    listed = [c for c in LISTED if c != "remark" or frame["remark"].str.strip().any()]
    yield Table.of(
        frame[listed],
        f"{found.year}年拟提请研究名单",
        notes=method("名次和名次范围取本年度；称职以上率与名次并列看。", *(f"{f.label}：{''.join(p.zh for p in (*f.confirm, *f.reasons, *f.guards))}" for f in found.findings)),
        headings=RULE_HEADINGS | {"measure": "方案对应措施"},
        right=("set",),
    )
    luck = found.chance[found.chance["scope"] == found.scope]
    if len(luck):
        pairs = zip(luck["kind"].tolist(), luck["luck_1"].tolist(), strict=True)
        one = "；".join(f"{RULE_KINDS[kind]}约{shown(float(n))}人" for kind, n in pairs)
        yield Paragraph(f"即使所有人真实水平相同，凭运气每年也会点到：{one}。名单须与事实核查一起研究。", "warning")
    yield DECISION


def _is_run(years: Sequence[int]) -> bool:
    return list(years) == list(range(years[0], years[0] + len(years)))


RULE_KINDS = {"secretary": "支部书记", "deputy": "副职干部"}


def _chains(ledgers: Ledgers) -> Iterator[Part]:
    if ledgers.chains.empty:
        return
    found = responsibility(ledgers.chains)
    yield Heading("责任链条")
    many = found.overloaded()
    yield Paragraph(
        f"在责链条{found.n}条，断链{len(found.gaps)}条；挂项达到{found.overload}项的有{len(many)}个岗位，由人调整。", "verdict"
    )
    now = ledgers.chains[ledgers.chains["state"] == "在责"]
    if len(now):
        yield Picture(charts.duty_plot(now, LEVELS), "责任链条", f"{now['unit'].nunique()}个单位，断链{len(found.gaps)}条。")
    if len(found.gaps):
        yield Table.of(
            found.gaps.head(30),
            "断链的事项",
            notes=(f"共{len(found.gaps)}条，列前{min(30, len(found.gaps))}条；空缺不挡登记，要补上。",),
            headings={"chain_id": "链条", "unit": "单位", "item": "事项", "gaps": "断链处"},
        )
