"""Charts that need no internet: Altair, drawn by scripts that travel with the page.

Colours are Okabe and Ito's (told apart by colour-blind readers); what a colour says, a shape or a
position says too, so that a black-and-white print says the same. Numbers in a chart are rounded:
a reader must not get more digits from a tooltip than from the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from . import results
from .html import shown

if TYPE_CHECKING:
    from .dataset import Dataset

FONT = "'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif"
STANDING = {"certain": "必在末位区", "open": "不能排除末位", "free": "可排除末位"}
STANDING_COLOURS = ["#B23A00", "#C98500", "#0072B2"]
STANDING_SHAPES = ["square", "triangle-down", "circle"]
GRADE_COLOURS = {
    4: ["#08519C", "#6BAED6", "#F2C06B", "#B23A00"],
    3: ["#08519C", "#CFCFCF", "#B23A00"],
}
LIKERT_COLOURS = ["#B23A00", "#F2C06B", "#E3E3E3", "#6BAED6", "#08519C"]
GREY, INK = "#BDBDBD", "#222222"
UNSHARED = "不细分"
MOST = 160
WIDTH = 460
THICK = alt.RelativeBandSize(0.62)


def rank_plot(ranking: results.Ranking, *, most: int = MOST) -> alt.LayerChart:
    """Draw each target's observed rank in the set of ranks that cannot be ruled out.

    Parameters
    ----------
    ranking : Ranking
    most : int
        Where there are more targets, only the last ``most`` are drawn.

    Returns
    -------
    altair.LayerChart
        Rank 1, the best, is on the left; the bottom k is shaded.
    """
    frame, total = _ranked_frame(ranking, most)
    k = ranking.bottom.k
    order = frame["label"].tolist()
    x = alt.X(
        "from:Q",
        title="名次（左边最好；横条是不能排除的名次）",
        scale=alt.Scale(domain=[0.4, total + 0.6], nice=False, zero=False),
        axis=alt.Axis(values=_ticks(total), format="d", grid=False, domain=False),
    )
    y = _rows("label", order)
    colour = alt.Color(
        "standing:N",
        scale=alt.Scale(domain=list(STANDING.values()), range=STANDING_COLOURS),
        legend=_legend(),
    )
    tips = [
        alt.Tooltip(f"{name}:N", title=title)
        for name, title in (
            ("label", "对象"), ("rank", "名次"), ("set", "名次范围"), ("score", "得分"),
            ("n", "有效票"), ("good", "称职（较好）以上"), ("standing", "判断"),
        )
    ]  # fmt: skip
    zone = pd.DataFrame({"from": [total - k + 0.5], "to": [total + 0.5]})
    shade = alt.Chart(zone).mark_rect(color="#000000", opacity=0.07).encode(x=x, x2="to:Q")
    bars = alt.Chart(frame).mark_bar(height=8, cornerRadius=4, opacity=0.45)
    bars = bars.encode(x=x, x2="to:Q", y=y, color=colour, tooltip=tips)
    shape = alt.Shape(
        "standing:N",
        scale=alt.Scale(domain=list(STANDING.values()), range=STANDING_SHAPES),
        legend=_legend(),
    )
    dots = alt.Chart(frame).mark_point(
        size=110, filled=True, opacity=1, stroke="white", strokeWidth=1
    )
    dots = dots.encode(x=alt.X("rank:Q"), y=y, color=colour, shape=shape, tooltip=tips)
    return _dressed(
        alt.layer(shade, bars, dots),
        title=f"名次与名次范围（后{k}位以阴影标出）",
        subtitle=f"{ranking.bottom.coverage:.0%} 的把握下，所有对象的真实名次同时落在各自横条内",
        height=alt.Step(_step(len(frame))),
        said=f"{len(frame)} 个对象的名次和名次范围",
    )


def _ranked_frame(ranking: results.Ranking, most: int) -> tuple[pd.DataFrame, int]:
    table = ranking.table()
    total = len(table)
    table = table.tail(most).reset_index(drop=True)
    n = table["n"].tolist()
    frame = pd.DataFrame(
        {
            "label": _unique(table["label"]),
            "rank": table["rank"],
            "from": table["lower"] - 0.3,
            "to": table["upper"] + 0.3,
            "set": [f"{a}—{b}" for a, b in zip(table["lower"], table["upper"], strict=True)],
            "score": [shown(v, "estimate") for v in table["estimate"]],
            "n": n,
            "good": [
                shown(v, "good_rate", of) for v, of in zip(table["good_rate"], n, strict=True)
            ],
            "standing": table["target"].map(ranking.standing()).map(STANDING),
        }
    )
    return frame, total


def grade_plot(dataset: Dataset, *, order: tuple[str, ...] = (), most: int = MOST) -> alt.Chart:
    """Draw how each target's overall grades are spread, in the order of ``order``.

    Parameters
    ----------
    dataset : Dataset
    order : tuple of str
        Targets, first on top; by default as in the roster.
    most : int
        As :func:`rank_plot`.
    """
    share = results.grades(dataset).drop(columns="n").dropna()
    names = list(share.columns)
    targets = [t for t in order or share.index if t in share.index][-most:]
    label = dict(zip(targets, _unique([_label(dataset, t) for t in targets]), strict=True))
    share = share.loc[targets]
    long = share.assign(**{UNSHARED: 1 - share.sum(axis=1)}).stack().reset_index()
    long.columns = ["target", "grade", "share"]
    long = long[long["share"] > 1e-9]
    q = dataset.questionnaire
    choices = q.choices_of(q.items[q.composite.overall])  # type: ignore[union-attr]
    scored = [c.label.zh for c in choices if c.score is not None]
    colours = GRADE_COLOURS.get(len(scored), LIKERT_COLOURS[::-1])
    used = [*names, UNSHARED] if (long["grade"] == UNSHARED).any() else names
    palette = [*colours[: len(scored)], GREY, "#EFEFEF"][: len(used)]
    frame = long.assign(
        label=long["target"].map(label),
        at=long["grade"].map({name: n for n, name in enumerate(used)}),
        said=[shown(v, "share", 99) for v in long["share"]],
    )
    frame = frame.sort_values(["target", "at"])
    to = frame.groupby("target", sort=False)["share"].cumsum()
    frame = frame.assign(**{"from": (to - frame["share"]).round(2), "to": to.round(2)})
    frame = frame.drop(columns=["target", "share"])
    chart = alt.Chart(frame).mark_bar(stroke="white", strokeWidth=1, height=THICK)
    chart = chart.encode(
        x=alt.X("from:Q", title="各等次占比", scale=alt.Scale(domain=[0, 1]), axis=_percents()),
        x2="to:Q",
        y=_rows("label", list(label.values())),
        color=alt.Color("grade:N", sort=used, scale=alt.Scale(domain=used, range=palette),
                        legend=_legend()),
        tooltip=[alt.Tooltip("label:N", title="对象"), alt.Tooltip("grade:N", title="等次"),
                 alt.Tooltip("said:N", title="占比")],
    )  # fmt: skip
    return _dressed(
        chart,
        title="总体评价的等次分布",
        subtitle="与名次并列看：名次靠后不等于不称职",
        height=alt.Step(_step(len(targets))),
        said=f"{len(targets)} 个对象的等次分布",
    )


def satisfaction_plot(opinion: results.Opinion) -> alt.LayerChart:
    """Draw everyone's answers area by area: dissatisfied to the left, satisfied to the right.

    The neutral level sits on the middle; n and the share of 不了解 stand at the label, the
    satisfied rate with its interval in the tooltip and as a rule at the right.
    """
    frame = _likert_frame(opinion)
    order = list(dict.fromkeys(frame["area_label"]))
    names = frame.sort_values("level")["level_label"].drop_duplicates().tolist()
    colours = LIKERT_COLOURS if len(names) == 5 else LIKERT_COLOURS[::2]
    reach = float(np.ceil(max(frame["to"].max(), -frame["from"].min()) * 10) / 10)
    x = alt.X(
        "from:Q",
        title=f"{names[0]} ←　占有效回答的比例　→ {names[-1]}",
        scale=alt.Scale(domain=[-reach, reach]),
        axis=alt.Axis(labelExpr="format(abs(datum.value), '.0%')", domain=False, tickCount=7),
    )
    y = _rows("area_label", order, lines=2)
    bars = alt.Chart(frame).mark_bar(stroke="white", strokeWidth=1, height=THICK).encode(
        x=x,
        x2="to:Q",
        y=y,
        color=alt.Color("level_label:N", sort=names,
                        scale=alt.Scale(domain=names, range=colours[: len(names)]),
                        legend=_legend()),
        tooltip=[alt.Tooltip("label:N", title="方面"), alt.Tooltip("level_label:N", title="回答"),
                 alt.Tooltip("said:N", title="占比"), alt.Tooltip("rate:N", title="满意率（95%区间）"),
                 alt.Tooltip("known:N", title="知晓率"), alt.Tooltip("n:N", title="人数")],
    )  # fmt: skip
    middle = (
        alt.Chart(pd.DataFrame({"x": [0]})).mark_rule(color=INK, strokeDash=[2, 2]).encode(x="x:Q")
    )
    return _dressed(
        alt.layer(bars, middle),
        title="各方面的评价",
        subtitle="中间一档骑在中线上",
        height=alt.Step(42),
        said=f"{len(order)} 个方面的满意程度",
    )


def _likert_frame(opinion: results.Opinion) -> pd.DataFrame:
    """Return one row an area and level, of the areas that share the commonest levels."""
    facts = opinion.everyone().set_index("area")
    scales = opinion.levels.groupby("area", sort=False)["level_label"].agg(tuple)
    common = scales[scales == scales.mode().iloc[0]].index
    rows = []
    for area in common:
        part = opinion.levels[opinion.levels["area"] == area]
        fact = facts.loc[area]
        n = int(fact["n"])
        below = part.loc[part["level"] < 50, "share"].sum()
        edge = -below - part.loc[part["level"] == 50, "share"].sum() / 2
        dk = 1 - fact["known_rate"]
        unknown = f" · 不了解{shown(dk, 'dk_rate', n)}" if dk > 0 else ""
        low, high = (shown(fact[c], c, n) for c in ("lower_rate", "upper_rate"))
        for level in part.itertuples():
            rows.append({
                "label": level.label,
                "area_label": f"{level.label}\n{n}人{unknown}",
                "level": level.level,
                "level_label": level.level_label,
                "from": round(edge, 3),
                "to": round(edge := edge + level.share, 3),
                "said": shown(level.share, "share", n),
                "rate": f"{shown(fact['satisfied_rate'], 'satisfied_rate', n)}（{low}—{high}）",
                "known": shown(fact["known_rate"], "known_rate", n),
                "n": n,
            })  # fmt: skip
    return pd.DataFrame(rows)


def group_plot(opinion: results.Opinion, area: str) -> alt.LayerChart:
    """Draw the satisfied rate of each group that may be shown, with its 95 % interval."""
    table = opinion.area(area).dropna(subset=["satisfied_rate"])
    label = opinion.summary.set_index("area")["label"].get(area)
    label = label.iloc[0] if isinstance(label, pd.Series) else area
    n = table["n"].astype(int)
    frame = pd.DataFrame(
        {
            "group": [f"{g}\n{size}人" for g, size in zip(table["group_label"], n, strict=True)],
            "rate": table["satisfied_rate"].round(3),
            "lower": table["lower_rate"].round(3),
            "upper": table["upper_rate"].round(3),
            "said": [
                shown(v, "rate", of) for v, of in zip(table["satisfied_rate"], n, strict=True)
            ],
        }
    )
    order = frame.sort_values("rate", ascending=False)["group"].tolist()
    x = alt.X(
        "lower:Q", title="满意率与 95% 区间", scale=alt.Scale(domain=[0, 1]), axis=_percents()
    )
    y = _rows("group", order, lines=2)
    tips = [alt.Tooltip("group:N", title="分组"), alt.Tooltip("said:N", title="满意率")]
    base = alt.Chart(frame)
    bars = base.mark_bar(height=8, cornerRadius=4, opacity=0.45, color="#0072B2").encode(
        x=x, x2="upper:Q", y=y, tooltip=tips
    )
    dots = base.mark_point(size=100, filled=True, opacity=1, color="#0072B2").encode(
        x="rate:Q", y=y, tooltip=tips
    )
    return _dressed(
        alt.layer(bars, dots),
        title=f"分组满意率：{label}",
        subtitle="横条互相重叠的组，分不出高低",
        height=alt.Step(40),
        said=f"{len(frame)} 个组的满意率",
    )


def show(chart: Any) -> alt.JupyterChart:
    """Return a widget that draws the chart in JupyterLab and Voila without internet."""
    alt.JupyterChart.enable_offline()
    return alt.JupyterChart(chart, embed_options={"actions": False, "renderer": "svg"})


def save(chart: Any, path: str, *, scale: float = 2.0) -> None:
    """Write a chart to ``.svg`` or ``.png``, without a browser."""
    chart.properties(width=WIDTH).save(path, scale_factor=scale)


def _dressed(chart: Any, *, title: str, subtitle: str, height: Any, said: str) -> Any:
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


def _rows(field: str, order: list[str], *, lines: int = 1) -> alt.Y:
    axis = alt.Axis(labelLimit=220, ticks=False, domain=False, labelPadding=8)
    if lines > 1:
        axis.labelExpr, axis.labelBaseline = "split(datum.label, '\\n')", "bottom"
    return alt.Y(f"{field}:N", sort=order, title=None, axis=axis)


def _legend() -> alt.Legend:
    """Three entries a row: five would run off a phone."""
    return alt.Legend(title=None, orient="top", columns=3, symbolOpacity=1, labelLimit=200)


def _percents() -> alt.Axis:
    return alt.Axis(format=".0%", tickCount=5, domain=False)


def _ticks(total: int) -> list[int]:
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500) if total / s <= 12 or s == 500)
    return sorted({1, total, *range(step, total + 1, step)})


def _step(n: int) -> int:
    return 30 if n <= 20 else 22 if n <= 60 else 16


def _label(dataset: Dataset, target: str) -> str:
    return next(t.label.zh for t in dataset.targets if t.name == target)


def _unique(labels: Any) -> list[str]:
    """Mark labels that occur twice with a number, so that no two targets share a row."""
    seen: dict[str, int] = {}
    out = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        out.append(label if seen[label] == 1 else f"{label}（{seen[label]}）")
    return out
