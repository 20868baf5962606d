"""Charts of a plan: what a bottom-k rule would do, before anyone votes."""

from __future__ import annotations

import altair as alt
import pandas as pd

from ..html import shown
from ..stats.plans import ODDS, Plan, run
from .dress import BLUE, INK, THICK, dressed, legend, percents, rows_of

TRULY, WRONG, EQUAL = "确是最后", "其实不是最后", "水平完全一样时，纯凭运气"
ASKED = ("right", "flip1", "verified")


def plan_plot(plan: Plan) -> alt.LayerChart:
    """Draw how many would be named one, two, three years running, and how many wrongly.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    altair.LayerChart
        Bars: those truly last, then those who are not. A black mark: how many luck would name if
        all were equal, exactly.
    """
    frame = _people(plan)
    order = frame["run"].drop_duplicates().tolist()
    x = alt.X("from:Q", title="预计被点名的人数（全部排名范围合计）", axis=alt.Axis(domain=False))
    y = rows_of("run", order)
    tips = [
        alt.Tooltip(f"{name}:N", title=title)
        for name, title in (("run", "年数"), ("kind", "其中"), ("said", "预计人数"))
    ]
    bars = alt.Chart(frame).mark_bar(height=THICK, stroke="white", strokeWidth=1).encode(
        x=x, x2="to:Q", y=y, tooltip=tips,
        color=alt.Color("kind:N", sort=[TRULY, WRONG],
                        scale=alt.Scale(domain=[TRULY, WRONG], range=[BLUE, "#F2C06B"]),
                        legend=legend(2)),
    )  # fmt: skip
    luck = pd.DataFrame({"run": order, "from": plan.if_equal.round(2).tolist(), "kind": EQUAL})
    luck["said"] = [shown(float(v)) for v in plan.if_equal]
    marks = alt.Chart(luck).mark_tick(thickness=4, size=26, opacity=1, color=INK).encode(
        x=alt.X("from:Q"), y=y, tooltip=tips,
        shape=alt.Shape("kind:N", scale=alt.Scale(domain=[EQUAL], range=["stroke"]), legend=legend(1)),
    )  # fmt: skip
    right, flip, sure = (f"{100 * v:.0f}%" for v in plan.odds[:3])
    return dressed(
        alt.layer(bars, marks),
        title=f"后{plan.design.k}位会点到谁：投票之前先看一看",
        subtitle=[
            f"黑色竖线：{EQUAL}会点到的人数",
            f"完全评对 {right} · 一张票就能改变末位 {flip} · 经得起检验 {sure}",
        ],
        height=alt.Step(44),
        said="；".join(f"{r}：预计 {shown(float(v))} 人" for r, v in zip(order, plan.people[:, 0], strict=True)),
    )  # fmt: skip


def odds_plot(plan: Plan) -> alt.Chart:
    """Draw how often the bottom k would be right, hang on one ballot, and be verified."""
    at = [list(ODDS).index(name) for name in ASKED]
    labels = [ODDS[name].format(k=plan.design.k) for name in ASKED]
    frame = pd.DataFrame({"label": labels, "from": 0, "to": plan.odds[at].round(2)})
    frame["said"] = [f"{100 * v:.0f}%" for v in plan.odds[at]]
    x = alt.X("from:Q", title="占会议的比例", scale=alt.Scale(domain=[0, 1]), axis=percents())
    y = rows_of("label", labels)
    tips = [alt.Tooltip("label:N", title="问题"), alt.Tooltip("said:N", title="占比")]
    base = alt.Chart(frame)
    bars = base.mark_bar(height=THICK, color=BLUE).encode(x=x, x2="to:Q", y=y, tooltip=tips)
    text = base.mark_text(align="left", dx=6, fontSize=13, color=INK).encode(
        x=alt.X("to:Q"), y=y, text="said:N"
    )
    return dressed(
        alt.layer(bars, text),
        title=f"一次会议评出的后{plan.design.k}位，靠得住吗",
        subtitle=f"模拟 {plan.reps} 次会议",
        height=alt.Step(40),
        said="；".join(f"{a} {b}" for a, b in zip(frame["label"], frame["said"], strict=True)),
    )


def _people(plan: Plan) -> pd.DataFrame:
    rows = []
    for year, (named, wrong) in enumerate(plan.people[:, :2], start=1):
        for kind, start, end in ((TRULY, 0.0, named - wrong), (WRONG, named - wrong, named)):
            rows.append({
                "run": run(year), "kind": kind, "from": round(start, 2), "to": round(end, 2),
                "said": shown(float(end - start)),
            })  # fmt: skip
    return pd.DataFrame(rows)
