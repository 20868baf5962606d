"""The report on three years, along the plan's three stages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pandas as pd

from .. import charts
from ..html import shown
from ..rules import Settings
from ..rules import settings as default_settings
from ..stats.years import rate_change
from .problems import counts
from .tree import Document, Heading, Paragraph, Part, Picture, Table
from .words import method, sources
from .year import Ledgers, Year

LIMITS = (
    "各年填写的人不同，渠道构成也可能不同；区间互相重叠的年份分不出升降。",
    "问题件数多，可能是问题多，也可能是查得细、群众敢说；要与来源、销号质量一起看。",
)


def trend_report(
    years: Sequence[Year],
    ledgers: Ledgers | None = None,
    *,
    settings: Settings | None = None,
    office: str = "",
    date: dt.date | None = None,
    number: str = "",
) -> Document:
    """Return the report over the years of the plan.

    Parameters
    ----------
    years : sequence of Year
        Oldest first.
    ledgers : Ledgers, optional
    settings : Settings, optional
        Whose stages; by default the plan's.
    office, date, number
        As in :class:`Document`.
    """
    known = settings or default_settings()
    named = [pair for one in years for pair in one.named]
    parts = (
        *_stages(years, known),
        *_opinions(years),
        *_evaluations(years),
        *_problems(ledgers),
        Heading("这份结果不能说明什么"),
        *map(Paragraph, LIMITS),
        Heading("数据来源与核对"),
        sources(named),
    )
    return Document("三年作风建设情况报告", parts, number=number, office=office, date=date)


def stage_of(year: int, settings: Settings) -> str:
    """Return the plan's words for a year's stage, or nothing outside its three years."""
    found = settings.under(f"stages.{year}")
    return f"{year}年是{found['name']}，重点是{found['focus']}：{found['do']}。" if found else ""


def _stages(years: Sequence[Year], known: Settings) -> Iterator[Part]:
    yield Heading("三个阶段")
    for one in years:
        if said := stage_of(one.year, known):
            yield Paragraph(said)


def _opinions(years: Sequence[Year]) -> Iterator[Part]:
    rows = [(one.year, row) for one in years if (row := one.overall()) is not None]
    if not rows:
        return
    yield Heading("群众怎么看")
    names = ["n", "satisfied_rate", "lower_rate", "upper_rate", "known_rate"]
    frame = pd.DataFrame([{"year": y} | {c: row[c] for c in names} for y, row in rows])
    frame = frame.astype({"year": str})
    for (before, a), (after, b) in pairwise(rows):
        yield Paragraph(f"{after}年与{before}年比，总体满意率{_change(a, b)}", "verdict")
    yield Table.of(
        frame,
        "各年总体满意率",
        notes=method("人数为有效作答人数；区间为 95%；未加权。"),
        headings={"n": "人数"},
    )
    drawn = frame.rename(columns={"satisfied_rate": "value", "lower_rate": "lower", "upper_rate": "upper"})
    drawn = drawn.assign(label="总体满意率").dropna(subset=["lower"])
    if len(drawn) > 1:
        said = "；".join(f"{y}年{shown(float(r['satisfied_rate']), 'satisfied_rate', r['n'])}" for y, r in rows)
        yield Picture(charts.years_plot(drawn, title="总体满意率"), "各年总体满意率与 95% 区间", said)


def _change(a: pd.Series, b: pd.Series) -> str:
    """Say in words whether a rate went up or down, or cannot be told."""
    good = [round(float(r["satisfied_rate"]) * float(r["n"])) for r in (a, b)]
    found = rate_change((good[0], int(a["n"])), (good[1], int(b["n"])))
    points = f"相差{100 * found.estimate:+.1f}个百分点（95%区间{100 * found.lower:+.1f}至{100 * found.upper:+.1f}）。"
    if found.lower <= 0 <= found.upper:
        return f"分不出升降，{points}"
    return ("上升，" if found.estimate > 0 else "下降，") + points


def _evaluations(years: Sequence[Year]) -> Iterator[Part]:
    rows = [
        (
            str(one.year),
            len(one.evaluated),
            sum(e.is_ranked for e in one.evaluated),
            sum(e.is_ranked and e.ranking.bottom.verified for e in one.evaluated),
        )
        for one in years
        if one.evaluated
    ]
    if not rows:
        return
    yield Heading("干部测评")
    yield Table.of(
        pd.DataFrame(rows, columns=["year", "polls", "ranked", "verified"]),
        "各年测评的范围",
        notes=("经得起检验：末位名单作为一组，与上一位的差距超出误差。名单见当年的测评结果报告，跨年度由规则另行核算。",),
        headings={"polls": "范围", "ranked": "形成名次", "verified": "末位经得起检验"},
    )


def _problems(ledgers: Ledgers | None) -> Iterator[Part]:
    if ledgers is None or ledgers.problems.empty:
        return
    yield Heading("问题整改")
    problems = ledgers.problems
    frame = counts(problems.assign(year=problems["found_date"].dt.year.astype(str)), ["year"])
    yield Table.of(frame, "各年发现的问题", notes=("按发现年份；状态截至" + str(ledgers.today) + "。",))
