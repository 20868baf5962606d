"""What one ballot says of one target, and the means of each voter class."""

from __future__ import annotations

from typing import Any

import ibis

from ..dataset import Dataset
from ..errors import Problem, UsageError
from .items import PLAIN, item_scores

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
