"""Sufficient statistics: counts, means and cross-products, summed where the answers are.

What comes back does not grow with the number of voters, so inference costs the same at 10⁸ answers
as at 10⁴. Two passes: the means come back first, then products of deviations from them, which loses
no digits whatever the unit. These are inputs of inference, by cells of any size: never shown as
they are (k = 5 is kept by the results that are made of them).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..dataset import Dataset
from ..errors import UsageError
from .composites import cells
from .items import PLAIN, item_scores


@dataclass(frozen=True, slots=True, eq=False)
class Sufficient:
    """All that the composites of N targets from C voter classes and their covariance need.

    Attributes
    ----------
    unit, classes : tuple of str
        The targets that somebody rated, in the dataset's order; the classes somebody came from.
    size : ndarray of int, shape (C,)
        Voters of each class with a rating.
    counts, mean : ndarray, shape (C, N)
        Ratings and their mean, in the unit of the scores; NaN where there is none.
    both : ndarray of int, shape (C, N, N)
        Voters of the class who rated both targets.
    cross : ndarray, shape (C, N, N)
        ``Σ (y_vi − ȳ_ci)(y_vj − ȳ_cj)`` over these voters.
    weights : dict
        Voter class → weight, as published.
    """

    unit: tuple[str, ...]
    classes: tuple[str, ...]
    size: NDArray[np.int64]
    counts: NDArray[np.int64]
    mean: NDArray[np.float64]
    both: NDArray[np.int64]
    cross: NDArray[np.float64]
    weights: dict[str, float]

    def __repr__(self) -> str:
        voters, classes, targets = self.size.sum(), len(self.classes), len(self.unit)
        return f"<Sufficient {voters} voters in {classes} classes × {targets} targets>"


@dataclass(frozen=True, slots=True, eq=False)
class ItemSufficient:
    """What reliability needs: how the items of each target and class go together.

    Attributes
    ----------
    means : DataFrame
        target, voter_class, item, n, mean.
    cross : DataFrame
        target, voter_class, item, other (not before ``item``), n ballots that answered both, and
        ``cross``, the sum of products of deviations from the means.
    """

    means: pd.DataFrame
    cross: pd.DataFrame

    def pooled(self) -> pd.DataFrame:
        """Return the items' covariance within target and class, pooled; item × item.

        Only over pairs both answered; NaN where no pair repeats. On complete answers it is the
        covariance of ``score − mean of its target and class``, on ``Σ (n − 1)`` degrees of freedom.
        """
        sums = self.cross.assign(df=self.cross["n"] - 1).groupby(["item", "other"])
        total = sums[["cross", "df"]].sum()
        half = (total["cross"] / total["df"].where(total["df"] > 0)).unstack()
        items = half.index.union(half.columns)
        half = half.reindex(index=items, columns=items)
        return half.fillna(half.T).rename_axis(index="item", columns="item")

    def __repr__(self) -> str:
        items, cells = self.means["item"].nunique(), len(self.means)
        return f"<ItemSufficient {items} items, {cells} cells>"


def sufficient(dataset: Dataset, *, base: str = "", score_map: str = PLAIN) -> Sufficient:
    """Return counts, means and within-class cross-products of the targets.

    They come from :func:`cells` on the dataset's engine; ``stats.moments.composite_from`` makes
    composites and their covariance of them, and ``rank_sets_from`` a ranking.

    Raises
    ------
    UsageError
        ``no-ratings``; as :func:`cells`.
    """
    _refuse_empty(dataset)
    with dataset.held(cells(dataset, base=base, score_map=score_map)) as one:
        means, cross = _moments(one, block=("ballot",), group=("voter_class",), unit="target")
        voters = one.group_by("voter_class").agg(size=one["ballot"].nunique()).execute()
    rated = set(means["target"])
    unit = [t.name for t in dataset.targets if t.name in rated]
    size = voters.set_index("voter_class")["size"].sort_index()
    c = size.index.get_indexer(pd.Index(means["voter_class"]))
    i = pd.Index(unit).get_indexer(pd.Index(means["target"]))
    shape = (len(size), len(unit))
    counts, mean = np.zeros(shape, dtype=np.int64), np.full(shape, np.nan)
    counts[c, i], mean[c, i] = means["n"], means["mean"]
    both, sums = np.zeros((*shape, shape[1]), dtype=np.int64), np.zeros((*shape, shape[1]))
    at = (c[cross["a"]], i[cross["a"]], i[cross["b"]])
    for (k, first, second), array, values in ((at, both, cross["n"]), (at, sums, cross["cross"])):
        array[k, first, second] = values
        array[k, second, first] = values
    return Sufficient(
        tuple(unit), tuple(map(str, size.index)), size.to_numpy(), counts, mean, both, sums,
        dataset.weights,
    )  # fmt: skip


def item_sufficient(dataset: Dataset, *, score_map: str = PLAIN) -> ItemSufficient:
    """Return counts, means and cross-products by target × class × item.

    Raises
    ------
    UsageError
        ``no-ratings``; as :func:`item_scores`.
    """
    _refuse_empty(dataset)
    scored = item_scores(dataset, score_map=score_map)
    one = scored.filter(scored["score"].notnull())
    group = ("target", "voter_class")
    means, cross = _moments(one, block=("ballot", "target"), group=group, unit="item")
    keys = [*group, "item"]
    named = means.loc[cross["a"], keys].reset_index(drop=True)
    named["other"] = means["item"].to_numpy()[cross["b"]]
    return ItemSufficient(means[[*keys, "n", "mean"]], named.assign(n=cross["n"], cross=cross["cross"]))


def _refuse_empty(dataset: Dataset) -> None:
    if not dataset.rows("ratings"):
        raise UsageError.of("no-ratings", dataset.name)


def _moments(
    one: Any, *, block: Sequence[str], group: Sequence[str], unit: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the means of units by group, and products of deviations of units that share a block.

    The second has columns ``a``, ``b`` (rows of the first, a ≤ b in the order of units), ``n`` and
    ``cross``.
    """
    keys = [*group, unit]
    means = one.group_by(keys).agg(n=one["score"].count(), mean=one["score"].mean()).execute()
    means = means.sort_values(keys, ignore_index=True)
    place = means[keys].assign(at=range(len(means)), centre=means["mean"])
    known = one.inner_join(ibis.memtable(place), keys)
    error = known.select(*block, "at", error=known["score"] - known["centre"])
    other = error.view()
    pairs = error.inner_join(other, [*block, error["at"] <= other["at"]], rname="{name}_b")
    cross = pairs.group_by(a=pairs["at"], b=pairs["at_b"]).agg(
        n=pairs.count(), cross=(pairs["error"] * pairs["error_b"]).sum()
    )
    return means, cross.execute().sort_values(["a", "b"], ignore_index=True)
