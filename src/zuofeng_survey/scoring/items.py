"""Items and scales: what each choice is worth, and how each item was answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import numpy as np
import pandas as pd

from ..dataset import Dataset
from ..errors import UsageError, nearest
from ..questionnaire import Questionnaire

PLAIN = ""


def item_scores(dataset: Dataset, *, score_map: str = PLAIN) -> Any:
    """Return ballot, voter_class, target, item, score, missing: one row an answer, as Ibis.

    Raises
    ------
    UsageError
        ``score-map-unknown``.
    """
    ratings = dataset.table("ratings")
    if dataset.is_imported:
        score = ratings["value"].cast("float64")
        return ratings.mutate(score=score, missing=ibis.literal("")).drop("value")
    points = ibis.memtable(codebook(dataset.questionnaire, score_map))
    joined = ratings.inner_join(points, ["item", "value"])
    score = ibis.ifelse(joined["score"].isnan(), ibis.null("float64"), joined["score"])
    return joined.mutate(score=score).drop("value")


def codebook(q: Questionnaire, score_map: str = PLAIN) -> pd.DataFrame:
    """Return item, value, score, missing of every choice; NaN where a choice has no score.

    Raises
    ------
    UsageError
        ``score-map-unknown``.
    """
    columns = ["item", "value", "score", "missing"]
    rows = list(_points(q, score_map))
    return pd.DataFrame(rows, columns=columns).astype({"score": "float64"})


def _points(q: Questionnaire, score_map: str) -> Iterator[tuple[str, str, float, str]]:
    if score_map and score_map not in q.score_maps:
        near = nearest(score_map, q.score_maps) or "—"
        known = ", ".join(q.score_maps) or "—"
        raise UsageError.of("score-map-unknown", q.form_id, name=score_map, known=known, near=near)
    other = q.score_maps.get(score_map, {})
    for _, item in q.walk():
        if item.kind != "select_one" or item.alert:  # what is protected is in no score and no count
            continue
        for choice in q.choices_of(item):
            score = other.get(item.list_name, {}).get(choice.name, choice.score)
            if score is not None and item.reverse:
                score = 100 - score
            yield item.name, choice.name, np.nan if score is None else score, choice.missing or ""


def item_table(dataset: Dataset, *, score_map: str = PLAIN) -> Any:
    """Return item, target, n, mean, dk, na, refused: how each item was answered, as Ibis."""
    scored = item_scores(dataset, score_map=score_map)
    counts = {
        name: (scored["missing"] == name).sum().cast("int64") for name in ("dk", "na", "refused")
    }
    return scored.group_by("item", "target").aggregate(
        n=scored["score"].count(), mean=scored["score"].mean(), **counts
    )


def distribution(dataset: Dataset, item: str) -> Any:
    """Return target, value, count of one single-choice item, as Ibis.

    Raises
    ------
    UsageError
        ``item-protected``.
    """
    known = None if dataset.is_imported else dataset.questionnaire.items.get(item)
    if known is not None and known.alert:
        raise UsageError.of("item-protected", dataset.name, item=item)
    ratings = dataset.table("ratings")
    return ratings.filter(ratings["item"] == item).group_by("target", "value").agg(
        count=lambda t: t.count()
    )


def scale_scores(dataset: Dataset) -> Any:
    """Return ballot, target, scale, score: a scale needs ``min_valid`` valid items, as Ibis."""
    q = dataset.questionnaire
    scored = item_scores(dataset)
    keys = pd.DataFrame(
        [(i.name, i.scale, q.scales[i.scale].min_valid) for _, i in q.walk() if i.scale],
        columns=["item", "scale", "min_valid"],
    )
    joined = scored.inner_join(ibis.memtable(keys), "item")
    grouped = joined.group_by("ballot", "target", "scale").aggregate(
        score=joined["score"].mean(), valid=joined["score"].count(), least=joined["min_valid"].max()
    )
    return grouped.filter(grouped["valid"] >= grouped["least"]).drop("least")
