"""Answers of a survey counted by area and group: the small numbers that everything shown is made of."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from .. import scoring
from ..dataset import Dataset
from ..questionnaire import Item, Questionnaire

GOOD = 75.0
GOOD_OF = {"sat3": 60.0}
GENERIC = ("差", "较差", "中等", "较好", "好")
EVERYONE = ""
UNSAID = "unsaid"
COUNTS = ["n", "good", "valid", "dk", "total", "squares"]


def groupings(q: Questionnaire) -> dict[str, str]:
    """Return item → label of what groups may be made by: single choices without a score."""
    return {
        item.name: item.label.zh
        for group, item in q.walk()
        if item.kind == "select_one"
        and not (group.apart or group.repeat_over or item.sensitive or item.alert)
        and not any(c.score is not None for c in q.choices_of(item))
    }


def areas_of(q: Questionnaire) -> dict[str, list[Item]]:
    """Return scale → its scored items; what goes through the protected channel is in none."""
    areas: dict[str, list[Item]] = {}
    for group, item in q.walk():
        scored = any(c.score is not None for c in q.choices_of(item))
        if item.scale and scored and item.kind == "select_one" and not (item.alert or group.apart):
            areas.setdefault(item.scale, []).append(item)
    return areas


def people(dataset: Dataset) -> Any:
    """Return one row a respondent and area: score, valid, good, dk, as Ibis."""
    q = dataset.questionnaire
    keys = pd.DataFrame(
        [
            (i.name, area, q.scales[area].min_valid, GOOD_OF.get(i.list_name, GOOD))
            for area, items in areas_of(q).items()
            for i in items
        ],
        columns=["item", "area", "least", "good_from"],
    )
    scored = scoring.item_scores(dataset).inner_join(ibis.memtable(keys), "item")
    one = scored.group_by("ballot", "area").aggregate(
        score=scored["score"].mean(),
        valid=scored["score"].count(),
        good=(scored["score"] >= scored["good_from"]).sum().cast("int64"),
        dk=(scored["missing"] == "dk").sum().cast("int64"),
        least=scored["least"].max(),
    )
    return one.mutate(counts=one["valid"] >= one["least"])


def count(dataset: Dataset, by: str) -> pd.DataFrame:
    """Return area, group and the counts that everything shown is made of."""
    each = people(dataset)
    if by:
        ratings = dataset.table("ratings")
        said = ratings.filter(ratings["item"] == by).select("ballot", group="value")
        each = each.left_join(said, "ballot").mutate(
            group=lambda t: t["group"].fill_null(UNSAID)
        )
    else:
        each = each.mutate(group=ibis.literal(EVERYONE))
    grouped = each.group_by("area", "group").aggregate(
        n=each["counts"].sum().cast("int64"),
        good=each["good"].sum(where=each["counts"]).cast("int64"),
        valid=each["valid"].sum(where=each["counts"]).cast("int64"),
        dk=each["dk"].sum().cast("int64"),
        total=each["score"].sum(where=each["counts"]),
        squares=(each["score"] ** 2).sum(where=each["counts"]),
    )
    frame = grouped.execute().astype(dict.fromkeys(COUNTS, float)).fillna(0)
    if by:
        everyone = frame.groupby("area", as_index=False)[COUNTS].sum().assign(group=EVERYONE)
        frame = pd.concat([everyone, frame], ignore_index=True)
    return frame.sort_values(["area", "group"], ignore_index=True)


def levels_of(dataset: Dataset, summary: pd.DataFrame) -> pd.DataFrame:
    """Return how everyone's valid answers fall on the levels of each area that may be shown."""
    q = dataset.questionnaire
    areas = areas_of(q)
    keys = pd.DataFrame(
        [(i.name, area) for area, items in areas.items() for i in items], columns=["item", "area"]
    )
    scored = scoring.item_scores(dataset).inner_join(ibis.memtable(keys), "item")
    counted = scored.filter(scored["score"].notnull()).group_by("area", "score")
    counts = counted.aggregate(count=lambda t: t.count()).execute()
    count = {(r.area, r.score): r.count for r in counts.itertuples(index=False)}
    everyone = summary[(summary["group"] == EVERYONE) & summary["n"].notna()]
    rows = []
    for area in everyone["area"]:
        names = _level_names(q, areas[area], generic=any(i.reverse for i in q.items.values()))
        n = sum(count.get((area, level), 0) for level in names)
        if n in (count.get((area, level), 0) for level in names):
            continue
        for level, text in names.items():
            share = count.get((area, level), 0) / n if n else np.nan
            rows.append((area, q.scales[area].label.zh, level, text, share, n))
    columns = ["area", "label", "level", "level_label", "share", "n"]
    return pd.DataFrame(rows, columns=columns)


def _level_names(q: Questionnaire, items: list[Item], *, generic: bool) -> dict[float, str]:
    """Name levels by the choices; by how good they are, where some items are turned round."""
    choices = [c for c in q.choices_of(items[0]) if c.score is not None]
    levels = sorted((c.score or 0.0, c.label.zh) for c in choices)
    if generic and len(levels) == len(GENERIC):
        return {score: name for (score, _), name in zip(levels, GENERIC, strict=True)}
    return dict(levels)
