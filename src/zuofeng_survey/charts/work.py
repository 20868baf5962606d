"""Charts of the year's work: what is still open, who holds what, and one year beside another."""

from __future__ import annotations

import altair as alt
import pandas as pd

from ..html import shown
from .dress import BLUE, INK, dressed, legend, rows_of, step_of

MONTHS = 24  # more month's ends than that run into each other as points
OPEN, PLANNED = "尚未销号", "按整改时限应余"
YEARS = "竖条是 95% 区间；区间互相重叠的年份，分不出升降"


def burn_down_plot(left: pd.DataFrame) -> alt.LayerChart:
    """Draw how many problems were open at each month's end, beside how many the terms allow.

    Parameters
    ----------
    left : DataFrame
        ``day`` (datetime64), ``open``, ``planned``: counts.
    """
    long = left.rename(columns={"open": OPEN, "planned": PLANNED}).melt("day", var_name="what", value_name="count")
    long["said"] = long["day"].dt.strftime("%Y-%m-%d")
    has_points = len(left) <= MONTHS
    key = legend(symbolType="stroke", symbolStrokeWidth=3)
    base = alt.Chart(long).encode(
        x=alt.X("day:T", title=None, scale=alt.Scale(padding=8), axis=alt.Axis(format="%Y-%m", labelAngle=0, grid=False)),
        y=alt.Y("count:Q", title="件", scale=alt.Scale(zero=True)),
        color=alt.Color("what:N", scale=alt.Scale(domain=[OPEN, PLANNED], range=["#B23A00", BLUE]), legend=key),
        tooltip=[alt.Tooltip("said:N", title="截至"), alt.Tooltip("what:N", title="项目"), alt.Tooltip("count:Q", title="件数")],
    )
    lines = base.mark_line(strokeWidth=2).encode(
        strokeDash=alt.StrokeDash("what:N", scale=alt.Scale(domain=[OPEN, PLANNED], range=[[1, 0], [6, 4]]), legend=key)
    )
    return dressed(
        alt.layer(lines, base.mark_point(filled=True, size=40 if has_points else 0)),
        title="问题燃尽图",
        subtitle="实线在虚线之上，说明整改慢于自己定的时限",
        height=240,
        said=f"{len(left)} 个月末的未销号件数",
    )


def duty_plot(chains: pd.DataFrame, levels: dict[str, str]) -> alt.LayerChart:
    """Draw unit × level: on how many items somebody is in charge, and where nobody is.

    Parameters
    ----------
    chains : DataFrame
        The ledger of chains in force: ``unit`` and a column a level.
    levels : dict
        Column → heading, from the first in charge down.
    """
    rows = []
    for unit, part in chains.groupby("unit", sort=True):
        for column, name in levels.items():
            empty = int(part[column].isna().sum())
            rows.append((unit, name, len(part), empty, f"缺{empty}" if empty else f"{len(part)}"))
    frame = pd.DataFrame(rows, columns=["unit", "level", "items", "empty", "said"])
    frame["share"] = frame["empty"] / frame["items"]
    x = alt.X("level:N", sort=list(levels.values()), title=None, axis=alt.Axis(orient="top", labelAngle=0, labelLimit=110, labelExpr="split(split(datum.label, '（')[0], '·')[0]"))
    y = rows_of("unit", list(dict.fromkeys(frame["unit"])))
    base = alt.Chart(frame).encode(x=x, y=y)
    cells = base.mark_rect(stroke="white", strokeWidth=2).encode(
        color=alt.Color("share:Q", scale=alt.Scale(domain=[0, 0.5, 1], range=["#EEF3F7", "#F2C06B", "#B23A00"], interpolate="rgb"), legend=None),
        tooltip=[alt.Tooltip("unit:N", title="单位"), alt.Tooltip("level:N", title="层级"),
                 alt.Tooltip("items:Q", title="事项"), alt.Tooltip("empty:Q", title="空缺")],
    )  # fmt: skip
    words = base.mark_text(fontSize=12).encode(
        text="said:N", color=alt.condition("datum.share > 0.7", alt.value("white"), alt.value(INK))
    )
    return dressed(
        alt.layer(cells, words),
        title="责任链条",
        subtitle="格内是有人负责的事项数；“缺”是没有人负责的事项数，颜色越深空缺越多",
        height=alt.Step(step_of(frame["unit"].nunique())),
        said=f"{frame['unit'].nunique()} 个单位各层级的责任人",
    )


def years_plot(
    frame: pd.DataFrame, *, title: str, subtitle: str = YEARS, scale: tuple[float, float] | None = None
) -> alt.LayerChart:
    """Draw a measure year by year with its interval, one colour and shape a series.

    Parameters
    ----------
    frame : DataFrame
        ``year``, ``label`` (series), ``value``, ``lower``, ``upper`` (0–1: rates).
    title, subtitle : str
    scale : (float, float), optional
        Of the axis; by default what is drawn.
    """
    data = frame.dropna(subset=["value"]).copy()
    data["year"] = data["year"].astype(str)
    data[["value", "lower", "upper"]] = data[["value", "lower", "upper"]].round(3)
    data["said"] = [shown(float(v), "rate") for v in data["value"]]
    axis = alt.Scale(domain=list(scale)) if scale else alt.Scale(zero=False, padding=10)
    names = list(dict.fromkeys(data["label"]))
    colours = ["#0072B2", "#B23A00", "#009E73", "#C98500", "#7A4EA3", "#555555"]
    x = alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0))
    shift = alt.XOffset("label:N", sort=names)
    key = legend() if len(names) > 1 else None
    colour = alt.Color("label:N", sort=names, scale=alt.Scale(domain=names, range=colours[: len(names)] or colours), legend=key)
    base = alt.Chart(data)
    y = alt.Y("value:Q", title=None, scale=axis, axis=alt.Axis(format=".0%"))
    bars = base.mark_rule(strokeWidth=3, opacity=0.5).encode(x=x, xOffset=shift, y=alt.Y("lower:Q", scale=axis), y2="upper:Q", color=colour)
    dots = base.mark_point(filled=True, size=90, opacity=1).encode(
        x=x, xOffset=shift, y=y, color=colour, shape=alt.Shape("label:N", sort=names, scale=alt.Scale(domain=names), legend=key),
        tooltip=[alt.Tooltip("year:O", title="年份"), alt.Tooltip("label:N", title="项目"), alt.Tooltip("said:N", title="比率")],
    )  # fmt: skip
    return dressed(
        alt.layer(bars, dots),
        title=title,
        subtitle=subtitle,
        height=240,
        said=f"{data['year'].nunique()} 年的比率和区间",
    )
