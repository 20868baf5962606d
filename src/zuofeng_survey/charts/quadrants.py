"""Importance × satisfaction: where work would be felt most (GB/T 19038-2009, appendix D)."""

from __future__ import annotations

import altair as alt
import pandas as pd

from ..html import shown
from .dress import BLUE, GREY, INK, dressed

PLACES = {
    (True, False): "优先改进",
    (True, True): "继续保持",
    (False, False): "逐步改进",
    (False, True): "维持现状",
}
COLOURS = ["#B23A00", BLUE, "#C98500", GREY]
HEIGHT, GAP = 360, 16
SHAPES = ["triangle-up", "circle", "diamond", "square"]


def quadrant_of(frame: pd.DataFrame) -> pd.Series:
    """Return each area's quadrant; the lines are the means of both axes.

    >>> quadrant_of(pd.DataFrame({"importance": [0.6, 0.2], "index": [60.0, 70.0]})).tolist()
    ['优先改进', '维持现状']
    """
    high = frame[["importance", "index"]] >= frame[["importance", "index"]].mean()
    return pd.Series([PLACES[bool(i), bool(s)] for i, s in high.itertuples(index=False)], index=frame.index)


def quadrant_plot(frame: pd.DataFrame) -> alt.LayerChart:
    """Draw each area by how satisfied people are (across) and what goes with satisfaction (up).

    Parameters
    ----------
    frame : DataFrame
        As :func:`zuofeng_survey.results.importance`.
    """
    data = pd.DataFrame({
        "label": frame["label"],
        "importance": frame["importance"].round(2),
        "lower": frame["lower"].round(2),
        "upper": frame["upper"].round(2),
        "index": frame["index"].round(1),
        "said": [shown(float(v), "index") for v in frame["index"]],
        "quadrant": quadrant_of(frame),
    })  # fmt: skip
    names = list(PLACES.values())
    legend = alt.Legend(title=None, orient="top", columns=4, symbolOpacity=1)
    x = alt.X("index:Q", title="满意指数（0—100）", scale=alt.Scale(zero=False, padding=12))
    y = alt.Y("importance:Q", title="重要性（与总体评价的相关）", scale=alt.Scale(zero=False, padding=20))
    tips = [alt.Tooltip("label:N", title="方面"), alt.Tooltip("said:N", title="满意指数"),
            alt.Tooltip("importance:Q", title="重要性"), alt.Tooltip("quadrant:N", title="位置")]  # fmt: skip
    base = alt.Chart(data)
    dots = base.mark_point(size=110, filled=True, opacity=1).encode(
        x=x, y=y, tooltip=tips,
        color=alt.Color("quadrant:N", scale=alt.Scale(domain=names, range=COLOURS), legend=legend),
        shape=alt.Shape("quadrant:N", scale=alt.Scale(domain=names, range=SHAPES), legend=legend),
    )  # fmt: skip
    bars = base.mark_rule(color="#999999").encode(x=x, y=alt.Y("lower:Q"), y2="upper:Q")
    words = alt.Chart(_labels(data))
    lines = words.mark_rule(color="#CCCCCC").encode(x="index:Q", x2="side:Q", y="importance:Q", y2="at:Q")
    names_ = words.mark_text(align="left", dx=4, fontSize=12, color=INK).encode(x="side:Q", y="at:Q", text="label:N")
    middle = alt.Chart(pd.DataFrame({"index": [data["index"].mean()], "importance": [data["importance"].mean()]}))
    across = middle.mark_rule(strokeDash=[4, 3], color="#777777").encode(y="importance:Q")
    up = middle.mark_rule(strokeDash=[4, 3], color="#777777").encode(x="index:Q")
    return dressed(
        alt.layer(across, up, bars, lines, dots, names_),
        title="重要性与满意度",
        subtitle="虚线是各方面的平均；竖条是重要性的 95% 区间",
        height=HEIGHT,
        said=f"{len(data)} 个方面的重要性和满意度",
    )


def _labels(data: pd.DataFrame) -> pd.DataFrame:
    """Set the labels at the right, apart from each other, each joined to its mark by a line."""
    low, high = data["lower"].min(), data["upper"].max()
    gap = GAP * (high - low) / (HEIGHT - 40)
    order = data.sort_values("importance").reset_index(drop=True)
    at: list[float] = []
    for value in order["importance"]:
        at.append(max(float(value), at[-1] + gap) if at else float(value))
    shift = max(at[-1] - high, 0.0)  # pushed over the top: all come down
    for n in range(len(at) - 1, -1, -1):
        at[n] = min(at[n], high if n == len(at) - 1 else at[n + 1] - gap) if shift else at[n]
    span = data["index"].max() - data["index"].min() or 1.0
    return order.assign(at=at, side=data["index"].max() + 0.12 * span)
