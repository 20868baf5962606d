"""Items → scale and composite scores, as Ibis expressions that run where the answers are.

The contract (docs/scoring.md): an item's score is its choice's score, turned round (100 − s) where
the item is reversed; 不了解, 不适用 and refusals have no score and enter no denominator; a scale is
the mean of its valid items where there are at least ``min_valid``. Expressions are built on tables
only, so the same code runs on DuckDB and on whatever else Ibis speaks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .dataset import Dataset
from .errors import Problem, UsageError, nearest
from .questionnaire import Questionnaire

BASES = ("overall", "dims", "blend")
PLAIN = ""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Voters in rows, targets in columns: what ranking needs and no more.

    Attributes
    ----------
    scores : ndarray, shape (V, N)
        0–100 for a questionnaire (the table's own unit for an imported one), NaN where a voter
        did not rate a target.
    voter_class : ndarray of str, shape (V,)
    targets : tuple of str, length N
    weights : dict
        Voter class → weight, as published.
    """

    scores: NDArray[np.float64]
    voter_class: NDArray[Any]
    targets: tuple[str, ...]
    weights: dict[str, float]

    def __repr__(self) -> str:
        voters, targets = self.scores.shape
        return f"<Panel {voters} voters × {targets} targets>"


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
    points = pd.DataFrame(
        list(_points(dataset.questionnaire, score_map)),
        columns=["item", "value", "score", "missing"],
    ).astype({"score": "float64"})
    codebook = ibis.memtable(points)
    joined = ratings.inner_join(codebook, ["item", "value"])
    score = ibis.ifelse(joined["score"].isnan(), ibis.null("float64"), joined["score"])
    return joined.mutate(score=score).drop("value")


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


def cells(dataset: Dataset, *, base: str = "", score_map: str = PLAIN) -> Any:
    """Return ballot, voter_class, target, score: what one ballot says of one target, as Ibis.

    ``overall`` is the overall item, ``dims`` the mean of the answered dimension items, ``blend``
    the mean of the two, or the one there is.

    Raises
    ------
    UsageError
        ``base-unknown``; ``not-a-ballot`` for a questionnaire that rates nobody.
    """
    scored = item_scores(dataset, score_map=score_map)
    if dataset.is_imported:
        return scored.select("ballot", "voter_class", "target", "score")
    composite = dataset.questionnaire.composite
    if composite is None:
        raise UsageError.of("not-a-ballot", dataset.name)
    base = base or composite.base
    if base not in BASES:
        raise UsageError.of("base-unknown", dataset.name, name=base, known=", ".join(BASES))
    is_overall = scored["item"] == composite.overall
    is_dim = scored["item"].isin(composite.dims)
    one = scored.group_by("ballot", "voter_class", "target").aggregate(
        overall=scored["score"].mean(where=is_overall), dims=scored["score"].mean(where=is_dim)
    )
    both = (one["overall"] + one["dims"]) / 2
    score = {"overall": one["overall"], "dims": one["dims"]}.get(
        base, ibis.coalesce(both, one["dims"], one["overall"])
    )
    return one.mutate(score=score).drop("overall", "dims").filter(lambda t: t["score"].notnull())


def panel(dataset: Dataset, *, base: str = "", score_map: str = PLAIN) -> Panel:
    """Return voters × targets; voters who rated nobody validly are left out."""
    frame = cells(dataset, base=base, score_map=score_map).execute()
    targets = tuple(t.name for t in dataset.targets)
    column = {name: i for i, name in enumerate(targets)}
    ballots = np.sort(frame["ballot"].unique())
    scores = np.full((len(ballots), len(targets)), np.nan)
    rows = np.searchsorted(ballots, frame["ballot"])
    scores[rows, frame["target"].map(column)] = frame["score"]
    voter_class = np.empty(len(ballots), dtype=object)
    voter_class[rows] = frame["voter_class"]
    return Panel(scores, voter_class, targets, dataset.weights)


def class_means(dataset: Dataset, *, base: str = "", score_map: str = PLAIN) -> Any:
    """Return target, voter_class, n, mean, sd (of voters), as Ibis."""
    one = cells(dataset, base=base, score_map=score_map)
    return one.group_by("target", "voter_class").aggregate(
        n=one["score"].count(), mean=one["score"].mean(), sd=one["score"].std(how="sample")
    )


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


def suppressed(dataset: Dataset) -> list[Problem]:
    """Return why classes may not be shown by themselves: one small class hides all of them."""
    k = dataset.manifest["k"]
    small = {c: row["valid"] for c, row in dataset.manifest["counts"].items() if row["valid"] < k}
    return [Problem("class-small", dataset.name, {"name": c, "n": n, "k": k}) for c, n in small.items()]
