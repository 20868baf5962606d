"""What one ballot says of one target, and the means of each voter class."""

from __future__ import annotations

from collections.abc import Sequence
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
    one = parts(dataset, base=base, score_maps=(score_map,))
    both = (one["overall_0"] + one["dims_0"]) / 2
    score = ibis.coalesce(both, one["dims_0"], one["overall_0"])
    return one.mutate(score=score).drop("overall_0", "dims_0")


def parts(dataset: Dataset, *, base: str, score_maps: Sequence[str] = (PLAIN,)) -> Any:
    """Return ballot, voter_class, target, and overall_n, dims_n of the n-th scoring map.

    What does not enter a base is left empty. All maps are one query: the answers are read once.
    """
    ratings, composite = dataset.table("ratings"), dataset.questionnaire.composite
    if composite is None:
        raise UsageError.of("not-a-ballot", dataset.name)
    names = [f"score_{n}" for n in range(len(score_maps))]
    books = [codebook(dataset.questionnaire, m) for m in score_maps]
    points = books[0][["item", "value"]].assign(**dict(zip(names, (b["score"] for b in books), strict=True)))
    points = points.dropna(subset=names, how="all")
    overall, dims = points["item"] == composite.overall, points["item"].isin(composite.dims)
    asked = {"overall": overall, "dims": dims}.get(base, overall | dims)
    # what counts for what is decided in the small table, once, not for every answer
    known = points.assign(is_overall=overall, is_dim=dims)[asked]
    joined = ratings.inner_join(ibis.memtable(known), ["item", "value"])
    means = {}
    for n, name in enumerate(names):
        score: Any = ibis.ifelse(joined[name].isnan(), ibis.null("float64"), joined[name])
        means[f"overall_{n}"] = score.mean(where=joined["is_overall"])
        means[f"dims_{n}"] = score.mean(where=joined["is_dim"])
    return joined.group_by("ballot", "voter_class", "target").aggregate(**means)


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
