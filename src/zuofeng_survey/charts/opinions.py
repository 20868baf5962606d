"""Charts of a survey: how the answers fall, area by area and group by group."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from .. import results
from ..html import shown
from .dress import BLUE, INK, LIKERT_COLOURS, THICK, dressed, legend, percents, rows_of


def satisfaction_plot(opinion: results.Opinion) -> alt.LayerChart:
    """Draw everyone's answers area by area: dissatisfied to the left, satisfied to the right.

    The neutral level sits on the middle; n and the share of 不了解 stand at the label, the
    satisfied rate with its interval in the tooltip and as a rule at the right.
    """
    frame = _likert_frame(opinion)
    order = list(dict.fromkeys(frame["area_label"]))
    names = frame.sort_values("level")["level_label"].drop_duplicates().tolist()
    colours = LIKERT_COLOURS if len(names) == 5 else LIKERT_COLOURS[::2]
    ends, at = _reach(float(frame["from"].min()), float(frame["to"].max()))
    x = alt.X(
        "from:Q",
        title=f"{names[0]} ←　占有效回答　→ {names[-1]}",
        scale=alt.Scale(domain=ends, nice=False),
        axis=alt.Axis(labelExpr="format(abs(datum.value), '.0%')", domain=False, values=at),
    )
    y = rows_of("area_label", order, lines=2)
    bars = alt.Chart(frame).mark_bar(stroke="white", strokeWidth=1, height=THICK).encode(
        x=x,
        x2="to:Q",
        y=y,
        color=alt.Color("level_label:N", sort=names,
                        scale=alt.Scale(domain=names, range=colours[: len(names)]),
                        legend=legend()),
        tooltip=[alt.Tooltip("label:N", title="方面"), alt.Tooltip("level_label:N", title="回答"),
                 alt.Tooltip("said:N", title="占比"), alt.Tooltip("rate:N", title=opinion.words["satisfied_rate"] + "（95%区间）"),
                 alt.Tooltip("known:N", title="知晓率"), alt.Tooltip("n:N", title="人数")],
    )  # fmt: skip
    middle = (
        alt.Chart(pd.DataFrame({"x": [0]})).mark_rule(color=INK, strokeDash=[2, 2]).encode(x="x:Q")
    )
    return dressed(
        alt.layer(bars, middle),
        title="各方面的评价",
        subtitle="中间一档骑在中线上",
        height=alt.Step(42),
        said=f"{len(order)} 个方面的满意程度",
    )


def _reach(low: float, high: float) -> tuple[list[float], list[float]]:
    """Return where the axis ends and where it is marked: few enough marks for a phone, 0 among them.

    >>> _reach(-0.22, 0.83)
    ([-0.4, 1.0], [-0.4, 0.0, 0.4, 0.8])
    """
    left, right = (int(np.ceil(5 * end - 1e-9)) for end in (-low, high))
    step = 1 if left + right <= 5 else 2
    marks = range(-(left // step) * step, right + 1, step)
    return [-left / 5, right / 5], [m / 5 for m in marks]


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


def _banded(table: pd.DataFrame) -> pd.Series:
    """Return the rates to draw: all or none is no more than a band, as it is said."""
    rate = table["satisfied_rate"]
    return rate.mask(rate == 1, 0.9).mask(rate == 0, 0.1)


def group_plot(opinion: results.Opinion, area: str) -> alt.LayerChart:
    """Draw the satisfied rate of each group that may be shown, with its 95 % interval."""
    table = opinion.area(area).dropna(subset=["satisfied_rate"])
    label = opinion.summary.set_index("area")["label"].get(area)
    label = label.iloc[0] if isinstance(label, pd.Series) else area
    n = table["n"].astype(int)
    frame = pd.DataFrame(
        {
            "group": [f"{g}\n{size}人" for g, size in zip(table["group_label"], n, strict=True)],
            "rate": _banded(table).round(3),
            "lower": table["lower_rate"].round(3),
            "upper": table["upper_rate"].round(3),
            "said": [
                shown(v, "satisfied_rate", of)
                for v, of in zip(table["satisfied_rate"], n, strict=True)
            ],
        }
    )
    order = frame.sort_values("rate", ascending=False)["group"].tolist()
    x = alt.X(
        "lower:Q",
        title=opinion.words["satisfied_rate"] + "与 95% 区间",
        scale=alt.Scale(domain=[0, 1]),
        axis=percents(),
    )
    y = rows_of("group", order, lines=2)
    tips = [alt.Tooltip("group:N", title="分组"), alt.Tooltip("said:N", title=opinion.words["satisfied_rate"])]
    base = alt.Chart(frame)
    bars = base.mark_bar(height=8, cornerRadius=4, opacity=0.45, color=BLUE).encode(
        x=x, x2="upper:Q", y=y, tooltip=tips
    )
    dots = base.mark_point(size=100, filled=True, opacity=1, color=BLUE).encode(
        x="rate:Q", y=y, tooltip=tips
    )
    return dressed(
        alt.layer(bars, dots),
        title=f"分组比较：{label}",
        subtitle="横条互相重叠的组，分不出高低",
        height=alt.Step(40),
        said=f"{len(frame)} 个组的满意率",
    )
