"""What one ballot says of one target, and the means of each voter class."""

from __future__ import annotations

from typing import Any

import ibis

from ..dataset import Dataset
from ..errors import Problem, UsageError
from .items import PLAIN, codebook, item_scores

BASES = ("overall", "dims", "blend")


def cells(dataset: Dataset, *, base: str = "", score_map: str = PLAIN) -> Any:
    """Return ballot, voter_class, target, score: what one ballot says of one target, as Ibis.

    ``overall`` is the overall item, ``dims`` the mean of the answered dimension items, ``blend``
    the mean of the two, or the one there is.

    Raises
    ------
    UsageError
        ``base-unknown``; ``not-a-ballot`` for a questionnaire that rates nobody.
    """
    if dataset.is_imported:
        scored = item_scores(dataset, score_map=score_map)
        return scored.select("ballot", "voter_class", "target", "score")
    composite = dataset.questionnaire.composite
    if composite is None:
        raise UsageError.of("not-a-ballot", dataset.name)
    base = base or composite.base
    if base not in BASES:
        raise UsageError.of("base-unknown", dataset.name, name=base, known=", ".join(BASES))
    one = parts(dataset, base=base, score_map=score_map)
    both = (one["overall"] + one["dims"]) / 2
    score = ibis.coalesce(both, one["dims"], one["overall"])
    return one.mutate(score=score).drop("overall", "dims")


def parts(dataset: Dataset, *, base: str, score_map: str = PLAIN) -> Any:
    """Return ballot, voter_class, target, overall, dims: what enters a base, the rest left empty."""
    ratings, composite = dataset.table("ratings"), dataset.questionnaire.composite
    if composite is None:
        raise UsageError.of("not-a-ballot", dataset.name)
    points = codebook(dataset.questionnaire, score_map).dropna(subset="score")
    overall, dims = points["item"] == composite.overall, points["item"].isin(composite.dims)
    asked = {"overall": overall, "dims": dims}.get(base, overall | dims)
    # what counts for what is decided in the small table, once, not for every answer
    known = points[["item", "value", "score"]].assign(is_overall=overall, is_dim=dims)[asked]
    joined = ratings.inner_join(ibis.memtable(known), ["item", "value"])
    return joined.group_by("ballot", "voter_class", "target").aggregate(
        overall=joined["score"].mean(where=joined["is_overall"]),
        dims=joined["score"].mean(where=joined["is_dim"]),
    )


def class_means(dataset: Dataset, *, base: str = "", score_map: str = PLAIN) -> Any:
    """Return target, voter_class, n, mean, sd (of voters), as Ibis."""
    one = cells(dataset, base=base, score_map=score_map)
    return one.group_by("target", "voter_class").aggregate(
        n=one["score"].count(), mean=one["score"].mean(), sd=one["score"].std(how="sample")
    )


def suppressed(dataset: Dataset) -> list[Problem]:
    """Return why classes may not be shown by themselves: one small class hides all of them."""
    k = dataset.manifest["k"]
    small = {c: row["valid"] for c, row in dataset.manifest["counts"].items() if row["valid"] < k}
    return [Problem("class-small", dataset.name, {"name": c, "n": n, "k": k}) for c, n in small.items()]
