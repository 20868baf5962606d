"""Charts of a ballot: ranks with their sets, and the grades beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from .. import results
from ..html import shown, span
from .dress import (
    GREY,
    LIKERT_COLOURS,
    MOST,
    THICK,
    dressed,
    legend,
    percents,
    rows_of,
    step_of,
    ticks,
    unique,
)

if TYPE_CHECKING:
    from ..dataset import Dataset

STANDING = {"certain": "必在末位区", "open": "不能排除末位", "free": "可排除末位"}
STANDING_COLOURS = ["#B23A00", "#C98500", "#0072B2"]
STANDING_SHAPES = ["square", "triangle-down", "circle"]
GRADE_COLOURS = {
    4: ["#08519C", "#6BAED6", "#F2C06B", "#B23A00"],
    3: ["#08519C", "#CFCFCF", "#B23A00"],
}
UNSHARED = "不细分"
BAND = {0.9: "≥90%"}


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
        axis=alt.Axis(values=ticks(total), format="d", grid=False, domain=False),
    )
    y = rows_of("label", order)
    colour = alt.Color(
        "standing:N",
        scale=alt.Scale(domain=list(STANDING.values()), range=STANDING_COLOURS),
        legend=legend(2),
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
        legend=legend(2),
    )
    dots = alt.Chart(frame).mark_point(
        size=110, filled=True, opacity=1, stroke="white", strokeWidth=1
    )
    dots = dots.encode(x=alt.X("rank:Q"), y=y, color=colour, shape=shape, tooltip=tips)
    return dressed(
        alt.layer(shade, bars, dots),
        title=f"名次与名次范围（后{k}位以阴影标出）",
        subtitle=f"{ranking.bottom.coverage:.0%} 的把握下，所有对象的真实名次同时落在各自横条内",
        height=alt.Step(step_of(len(frame))),
        said=f"{len(frame)} 个对象的名次和名次范围",
    )


def _ranked_frame(ranking: results.Ranking, most: int) -> tuple[pd.DataFrame, int]:
    table = ranking.table()
    total = len(table)
    table = table.tail(most).reset_index(drop=True)
    n = table["n"].tolist()
    frame = pd.DataFrame(
        {
            "label": unique(table["label"]),
            "rank": table["rank"],
            "from": table["lower"] - 0.3,
            "to": table["upper"] + 0.3,
            "set": [span(a, b) for a, b in zip(table["lower"], table["upper"], strict=True)],
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
    label = dict(zip(targets, unique([_label(dataset, t) for t in targets]), strict=True))
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
        said=grade_shares(long),
    )
    frame = frame.sort_values(["target", "at"])
    to = frame.groupby("target", sort=False)["share"].cumsum()
    frame = frame.assign(**{"from": (to - frame["share"]).round(2), "to": to.round(2)})
    frame = frame.drop(columns=["target", "share"])
    chart = alt.Chart(frame).mark_bar(stroke="white", strokeWidth=1, height=THICK)
    chart = chart.encode(
        x=alt.X("from:Q", title="各等次占比", scale=alt.Scale(domain=[0, 1]), axis=percents()),
        x2="to:Q",
        y=rows_of("label", list(label.values())),
        color=alt.Color("grade:N", sort=used, scale=alt.Scale(domain=used, range=palette),
                        legend=legend()),
        tooltip=[alt.Tooltip("label:N", title="对象"), alt.Tooltip("grade:N", title="等次"),
                 alt.Tooltip("said:N", title="占比")],
    )  # fmt: skip
    return dressed(
        chart,
        title="总体评价的等次分布",
        subtitle="与名次并列看：名次靠后不等于不称职",
        height=alt.Step(step_of(len(targets))),
        said=f"{len(targets)} 个对象的等次分布",
    )


def grade_shares(long: pd.DataFrame) -> list[str]:
    """Say each share; where all voters agree, only that it is most of them."""
    agreed = set(long.loc[long["grade"] == UNSHARED, "target"])
    return [
        BAND.get(round(v, 9), "≤10%") if target in agreed else shown(v, "share", 99)
        for target, v in zip(long["target"], long["share"], strict=True)
    ]


def _label(dataset: Dataset, target: str) -> str:
    return next(t.label.zh for t in dataset.targets if t.name == target)
