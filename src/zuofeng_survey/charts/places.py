"""One person's place year by year: the ranks that cannot be ruled out, in each year's own pool."""

from __future__ import annotations

import altair as alt
import pandas as pd

from ..html import shown, span
from .ballots import STANDING, STANDING_COLOURS, STANDING_SHAPES
from .dress import dressed, legend, ticks


def places_plot(places: pd.DataFrame, *, label: str) -> alt.LayerChart:
    """Draw a person's rank and rank set in each counted year; the last places are shaded.

    Parameters
    ----------
    places : DataFrame
        One row a year: ``year``, ``pool``, ``rank``, ``lower``, ``upper``, ``persons`` and ``k``
        (last places) of that year's pool, ``p_bottom``.
    label : str
        Whose places they are.

    Returns
    -------
    altair.LayerChart
        Rank 1, the best, is on top.
    """
    most = int(places["persons"].max())
    data = pd.DataFrame({
        "year": places["year"].astype(str),
        "pool": places["pool"],
        "rank": places["rank"],
        "from": places["lower"] - 0.3,
        "to": places["upper"] + 0.3,
        "set": [f"{span(a, b)}（共 {n} 人）" for a, b, n in zip(places["lower"], places["upper"], places["persons"], strict=True)],
        "last": places["persons"] - places["k"] + 0.5,
        "end": places["persons"] + 0.5,
        "again": [shown(float(p), "p_bottom") for p in places["p_bottom"]],
        "standing": [STANDING[_standing(row)] for row in places.itertuples()],
    })  # fmt: skip
    scale = alt.Scale(domain=[0.4, most + 0.6], reverse=True, nice=False, zero=False)
    axis = alt.Axis(values=ticks(most), format="d", grid=False, domain=False)
    x = alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0))
    kinds = {"scale": alt.Scale(domain=list(STANDING.values()), range=STANDING_COLOURS), "legend": legend(2)}
    shapes = {"scale": alt.Scale(domain=list(STANDING.values()), range=STANDING_SHAPES), "legend": legend(2)}
    tips = [alt.Tooltip(f"{name}:N", title=title) for name, title in (
        ("year", "年份"), ("pool", "单位"), ("rank", "名次"), ("set", "名次范围"), ("again", "重抽落末位"), ("standing", "判断"),
    )]  # fmt: skip
    base = alt.Chart(data).encode(x=x)
    title = "名次（上面最好；竖条是不能排除的名次）"
    shade = base.mark_rect(color="#000000", opacity=0.07).encode(y=alt.Y("last:Q", title=title, scale=scale, axis=axis), y2="end:Q")
    bars = base.mark_bar(width=10, cornerRadius=4, opacity=0.45).encode(
        y=alt.Y("from:Q", scale=scale), y2="to:Q", color=alt.Color("standing:N", **kinds), tooltip=tips
    )
    dots = base.mark_point(size=110, filled=True, opacity=1, stroke="white", strokeWidth=1).encode(
        y=alt.Y("rank:Q", scale=scale), tooltip=tips,
        color=alt.Color("standing:N", **kinds), shape=alt.Shape("standing:N", **shapes),
    )  # fmt: skip
    return dressed(
        alt.layer(shade, bars, dots),
        title=f"{label}：各年名次与名次范围",
        subtitle="阴影是那一年的末位；每年在自己的排名范围里排",
        height=260,
        said=f"{len(data)} 年的名次和名次范围",
    )


def _standing(row: object) -> str:
    """Say whether the year's rank set lies in the last places, reaches into them, or does not."""
    cut = row.persons - row.k  # type: ignore[attr-defined]
    if row.lower > cut:  # type: ignore[attr-defined]
        return "certain"
    return "open" if row.upper > cut else "free"  # type: ignore[attr-defined]
