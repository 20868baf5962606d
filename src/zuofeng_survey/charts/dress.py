"""How every chart looks: fonts, colours, axes, and the widget that draws it without internet."""

from __future__ import annotations

from typing import Any

import altair as alt
import vl_convert
from IPython.display import SVG

FONT = "'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif"
LIKERT_COLOURS = ["#B23A00", "#F2C06B", "#E3E3E3", "#6BAED6", "#08519C"]
BLUE, GREY, INK = "#0072B2", "#BDBDBD", "#222222"
MOST = 160
WIDTH = 460
PAPER = 560  # across 156 mm words of 13 points become 小五, no larger than in the tables
THICK = alt.RelativeBandSize(0.62)


def show(chart: Any) -> alt.JupyterChart:
    """Return a widget that draws the chart in JupyterLab and Voila without internet."""
    alt.JupyterChart.enable_offline()
    return alt.JupyterChart(chart, embed_options={"actions": False, "renderer": "svg"})


def picture(chart: Any) -> SVG:
    """Return the chart as a drawing, for a report that is read where no script runs."""
    return SVG(svg(chart))


def svg(chart: Any, *, width: int = WIDTH) -> str:
    """Return the same drawing as the text of an .svg."""
    return vl_convert.vegalite_to_svg(chart.properties(width=width).to_json())


def png(chart: Any, *, scale: float = 2.5) -> bytes:
    """Return the chart as a picture for paper, about 240 dots an inch at 156 mm."""
    return vl_convert.vegalite_to_png(chart.properties(width=PAPER).to_json(), scale=scale)


def save(chart: Any, path: str, *, scale: float = 2.0) -> None:
    """Write a chart to ``.svg`` or ``.png``, without a browser."""
    chart.properties(width=WIDTH).save(path, scale_factor=scale)


def dressed(chart: Any, *, title: str, subtitle: str | list[str], height: Any, said: str) -> Any:
    """Return the chart with its title, its font, and as wide as where it stands."""
    heading = alt.TitleParams(text=title, subtitle=subtitle, anchor="start", offset=10)
    made = chart.properties(
        title=heading, width="container", height=height, description=f"{title}：{said}"
    )
    return (
        made.configure(font=FONT, background="white", padding=8)
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=13, titleFontSize=12, titleFontWeight="normal",
                        labelColor=INK, titleColor=INK, gridColor="#ECECEC")
        .configure_legend(labelFontSize=12, labelColor=INK, symbolSize=120)
        .configure_title(fontSize=16, subtitleFontSize=12, subtitleColor="#555555", color=INK)
    )  # fmt: skip


def rows_of(field: str, order: list[str], *, lines: int = 1) -> alt.Y:
    """Return the axis of names, in the order given; ``lines`` 2 breaks a label at its newline."""
    axis = alt.Axis(labelLimit=220, ticks=False, domain=False, labelPadding=8)
    if lines > 1:
        axis.labelExpr, axis.labelBaseline = "split(datum.label, '\\n')", "bottom"
    return alt.Y(f"{field}:N", sort=order, title=None, axis=axis)


def legend(columns: int = 3, **more: Any) -> alt.Legend:
    """Three entries a row, five would run off a phone; two where rows are to meet a neighbour's."""
    return alt.Legend(title=None, orient="top", columns=columns, symbolOpacity=1, labelLimit=200, **more)


def percents() -> alt.Axis:
    """Return an axis of percentages."""
    return alt.Axis(format=".0%", tickCount=5, domain=False)


def ticks(total: int) -> list[int]:
    """Return ranks to mark on an axis, about a dozen, with the first and the last."""
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500) if total / s <= 12 or s == 500)
    return sorted({1, total, *range(step, total + 1, step)})


def step_of(n: int) -> int:
    """Return the height of a row where there are ``n``."""
    return 30 if n <= 20 else 22 if n <= 60 else 16


def unique(labels: Any) -> list[str]:
    """Mark labels that occur twice with a number, so that no two targets share a row."""
    seen: dict[str, int] = {}
    out = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        out.append(label if seen[label] == 1 else f"{label}（{seen[label]}）")
    return out
