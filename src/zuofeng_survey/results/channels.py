"""Groups compared as if all had been asked through the same channels: raw and weighted, side by side.

Who is met at a forum answers more kindly than who is met at a counter. A township asked mostly at
forums looks better than it is; weighting every group to the channels of all together takes that out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..dataset import Dataset
from ..errors import Problem, UsageError
from ..html import note, table_html
from ..stats.ranking import rank_sets_from
from .counting import UNSAID, areas_of, groupings, people
from .opinion import RANK_FROM, pressed_groups
from .release import hidden

HEADINGS = {"weighted": "按渠道加权", "raw": "原始均分", "rank_raw": "原始名次", "rank": "加权名次"}


@dataclass(frozen=True, slots=True, eq=False)
class Weighted:
    """Groups of one area, raw and weighted to the channels of all.

    Attributes
    ----------
    dataset, hash, area, by, channel : str
    summary : DataFrame
        One row a group: ``group``, ``group_label``, ``n``, ``raw``, ``weighted`` (0–100), ``se``
        of the latter, ``rank_raw``, ``rank``, ``rank_lower``, ``rank_upper``. NaN where not shown
        or not ranked.
    mix : dict
        Channel → share among all: what every group is weighted to.
    problems : tuple of Problem
    """

    dataset: str
    hash: str
    area: str
    by: str
    channel: str
    summary: pd.DataFrame
    mix: dict[str, float]
    problems: tuple[Problem, ...]

    def table(self) -> pd.DataFrame:
        """Return the summary, unrounded."""
        return self.summary.copy()

    def _repr_html_(self) -> str:
        frame = self.summary.drop(columns="group")
        return table_html(frame, headings=HEADINGS) + "".join(note(p.zh) for p in self.problems)


def by_channel(dataset: Dataset, *, by: str, area: str = "overall", channel: str = "MY-S01") -> Weighted:
    """Compare groups on one area, each weighted to the channels of all together.

    Parameters
    ----------
    dataset : Dataset
    by, channel : str
        Plain single-choice items: what makes the groups (``MY-S03``), and how people were reached.
    area : str
        A scale of the questionnaire.

    Raises
    ------
    UsageError
        ``by-unknown``, ``nothing-to-sum``.

    Notes
    -----
    Post-stratification: ``Σ_c W_c ȳ_gc`` with W the channels' shares among all, brought to sum 1
    over the channels that reached the group; its variance is ``Σ_c W_c² s²_c / n_gc`` with s²
    pooled over the groups. Source: Lohr (2021), Sampling, 4.4. A channel that never reached a group
    cannot be made up for.
    """
    known = groupings(dataset.questionnaire)
    for name in (by, channel):
        if name not in known:
            raise UsageError.of("by-unknown", dataset.name, name=name, known=", ".join(known) or "—")
    if area not in areas_of(dataset.questionnaire):
        raise UsageError.of("nothing-to-sum", dataset.name)
    cells = _cells(dataset, area, by, channel)
    mix = cells.groupby("channel")["n"].sum() / cells["n"].sum()
    q, k = dataset.questionnaire, dataset.manifest["k"]
    label = {c.name: c.label.zh for c in q.choices_of(q.items[by])}
    summary = _weighted(cells, mix)
    summary.insert(1, "group_label", summary["group"].map(label).fillna(summary["group"]))
    summary.loc[hidden(summary["n"], k=k), ["n", "raw", "weighted", "se"]] = np.nan
    pressed = pressed_groups(dataset, by)
    left_out = {UNSAID, *pressed, *(c.name for c in q.choices_of(q.items[by]) if c.missing)}
    ranked = _ranked(summary, left_out, seed=int(dataset.hash[:8], 16))
    params = {"names": "、".join(label.get(g, g) for g in pressed), "rate": f"{100 * max(pressed.values(), default=0):.0f}%"}
    shares = {str(c): float(share) for c, share in mix.items()}
    problems = (Problem("pressed", dataset.name, params),) * bool(pressed)
    return Weighted(dataset.name, dataset.hash, area, by, channel, ranked, shares, problems)


def _cells(dataset: Dataset, area: str, by: str, channel: str) -> pd.DataFrame:
    """Return group, channel, n, total, squares: all that is needed."""
    one = people(dataset).filter(lambda t: (t["area"] == area) & t["counts"])
    ratings = dataset.table("ratings")
    for name, item in (("group", by), ("channel", channel)):
        said = ratings.filter(ratings["item"] == item).select("ballot", **{name: "value"})
        one = one.left_join(said, "ballot").drop("ballot_right")
    one = one.mutate(group=one["group"].fill_null(UNSAID), channel=one["channel"].fill_null(UNSAID))
    counts = one.group_by("group", "channel").aggregate(
        n=one["score"].count().cast("float64"),
        total=one["score"].sum(),
        squares=(one["score"] * one["score"]).sum(),
    )
    return counts.order_by("group", "channel").execute()


def _weighted(cells: pd.DataFrame, mix: pd.Series) -> pd.DataFrame:
    inside = (cells["squares"] - cells["total"] ** 2 / cells["n"]).groupby(cells["channel"]).sum()
    free = (cells["n"] - 1).groupby(cells["channel"]).sum()
    spread = (inside / free.where(free > 0)).fillna(inside.sum() / max(free.sum(), 1))
    rows = []
    for group, own in cells.groupby("group"):
        share = mix[own["channel"]].to_numpy()
        share = share / share.sum()
        mean = (own["total"] / own["n"]).to_numpy()
        se = np.sqrt((share**2 * spread[own["channel"]].to_numpy() / own["n"].to_numpy()).sum())
        rows.append((group, own["n"].sum(), own["total"].sum() / own["n"].sum(), share @ mean, se))
    return pd.DataFrame(rows, columns=["group", "n", "raw", "weighted", "se"])


def _ranked(rows: pd.DataFrame, left_out: set[str], *, seed: int) -> pd.DataFrame:
    rows = rows.assign(rank_raw=np.nan, rank=np.nan, rank_lower=np.nan, rank_upper=np.nan)
    may = (rows["n"] >= RANK_FROM) & (rows["se"] > 0) & ~rows["group"].isin(left_out)
    if may.sum() > 1:
        sets = rank_sets_from(rows.loc[may, "weighted"], rows.loc[may, "se"] ** 2, seed=seed)
        for name, values in (("rank", sets.rank), ("rank_lower", sets.lower), ("rank_upper", sets.upper)):
            rows.loc[may, name] = values.astype(float)
        rows.loc[may, "rank_raw"] = rows.loc[may, "raw"].rank(ascending=False, method="min")
    return rows.sort_values(["rank", "group"], na_position="last", ignore_index=True)
