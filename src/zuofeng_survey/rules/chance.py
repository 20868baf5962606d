"""How many persons the plan's ladder names by luck alone, when all are equal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd


def by_luck(sizes: Iterable[int], k: int, years: int) -> float:
    """Return how many persons are in the bottom k of their pool so many years running.

    Parameters
    ----------
    sizes : iterable of int
        Persons in each pool; pools of k or fewer are not ranked and name nobody.
    k, years : int
        Last places, years in a row.

    Notes
    -----
    With N equal persons each year is a draw of k out of N: ``Σ N (k / N)^years``.
    Source: MECHANISMS 3c.

    Examples
    --------
    >>> deputies = [7, 7, 6, 6, 6, 6, 5, 5, 5, 5, 7, 7]
    >>> [round(by_luck(deputies, 2, y), 1) for y in (1, 2, 3)], by_luck([72], 2, 1)
    ([24.0, 8.2, 2.8], 2.0)
    """
    return float(sum(n * (k / n) ** years for n in sizes if n > k))


def chance_table(scopes: Sequence[tuple[str, str, Sequence[tuple[int, int]]]]) -> pd.DataFrame:
    """Return what luck names in each (kind, scope, pools), a pool being (persons, last places).

    Columns are ``kind``, ``scope``, ``pools``, ``persons``, ``k`` (last places of all pools) and
    the expected persons ``luck_1``, ``luck_2``, ``luck_3`` after one, two and three years.
    """
    rows = []
    for kind, scope, pools in scopes:
        luck = [sum(by_luck([n], k, y) for n, k in pools) for y in (1, 2, 3)]
        persons, last = (sum(part) for part in zip(*pools, strict=True))
        rows.append((kind, scope, len(pools), persons, last, *luck))
    columns = ["kind", "scope", "pools", "persons", "k", "luck_1", "luck_2", "luck_3"]
    return pd.DataFrame(rows, columns=columns)
