"""Two or three years in a row: the rule as written, and whether the years together bear it out.

"In the bottom k two years running" names k²/N people by luck alone when all are equal. The rule is
kept as it stands, and beside it stands one test of the years together: is the bottom k of the mean
of all years below everyone else? A consequence needs both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.checks import check_whole
from zuofeng_survey.stats.composite import Floats, composite
from zuofeng_survey.stats.cores import on_one_core
from zuofeng_survey.stats.ranking import BottomSets, bottom_sets
from zuofeng_survey.stats.ranksets import locked, tolerance

Flags = NDArray[np.bool_]
Year = tuple[pd.DataFrame, Sequence[object] | ArrayLike]


@dataclass(frozen=True, slots=True, eq=False)
class Consecutive:
    """Who is at the bottom in each of several years.

    Attributes
    ----------
    unit : tuple of str
        Targets seen in all years.
    observed : ndarray of bool, shape (Y, N)
        Whether each is in the observed bottom k of each year, ties at the cut included.
    named : ndarray of bool, shape (N,)
        In all of them: the rule as written.
    confirmed : ndarray of bool, shape (N,)
        Named, and in the bottom k of the years together, and that set verified.
    by_luck : float
        How many the rule names in the mean when all targets are equal, ``N (k / N)^Y``.
    pooled : BottomSets
        The years together: each a half (a third) of the weight, voters of each year by
        themselves. Its ``coverage`` is what this look may use.
    left_out : tuple of str
        Targets not seen in every year, who cannot be compared.
    looks : int
        Looks among which the error is shared.
    coverage : float
        Of all looks together.
    """

    unit: tuple[str, ...]
    observed: Flags
    named: Flags
    confirmed: Flags
    by_luck: float
    pooled: BottomSets
    left_out: tuple[str, ...]
    looks: int
    coverage: float

    def table(self) -> pd.DataFrame:
        """Return one row a target: unit, one column a year, named, confirmed, estimate, se."""
        sets = self.pooled.sets
        years = {f"year_{i + 1}": flags for i, flags in enumerate(self.observed)}
        verdict = {"named": self.named, "confirmed": self.confirmed}
        return pd.DataFrame(
            {"unit": self.unit} | years | verdict | {"estimate": sets.estimate, "se": sets.se}
        )

    def _repr_html_(self) -> str:
        return table_html(self.table())


@on_one_core
def consecutive_bottom(
    years: Sequence[Year],
    *,
    weights: Mapping[str, float],
    k: int,
    coverage: float = 0.95,
    looks: int = 1,
    draws: int = 9999,
    seed: int,
) -> Consecutive:
    """Apply "bottom k in each of these years", and test the years together.

    Parameters
    ----------
    years : sequence of (scores, voter_class)
        One a year, two or more: ballots as a DataFrame, columns named by target, and the class of
        each voter. Voters of different years are taken as different people.
    weights : mapping
        Class to weight, the same each year.
    k : int
        Size of the bottom set.
    coverage : float
        Of all looks together: with 0.95 at most one wrong verdict in twenty such schedules.
    looks : int
        At how many points in time the question is asked, set beforehand (after two years, and
        again after three: 2). Each may use its share of the error, so that a third year is not
        another toss of the coin.
    draws, seed
        As :func:`zuofeng_survey.stats.ranking.bottom_sets`.

    Returns
    -------
    Consecutive

    Raises
    ------
    ValueError
        Fewer than two years, fewer than k + 1 targets in common, looks below 1; as
        ``bottom_sets``.

    Notes
    -----
    Source: METHODS (e). With 30 voters, 20 targets and k = 2 over two years, the rule alone names
    .2 people in the mean when all are equal; rule and test named nobody wrongly in 900 schedules,
    equal, moderately spread or with two clearly bad, and found both of the latter every time
    (``benchmarks/weighting.py``).

    Examples
    --------
    >>> ballots = pd.DataFrame([[95, 80, 40]] * 6 + [[80, 95, 65]] * 6, columns=list("abc"))
    >>> year = ballots, ["A"] * 12
    >>> c = consecutive_bottom([year, year], weights={"A": 1}, k=1, draws=999, seed=1)
    >>> c.named.tolist(), c.confirmed.tolist(), round(c.by_luck, 3)
    ([False, False, True], [False, False, True], 0.333)
    """
    if len(years) < 2 or looks < 1:
        raise ValueError(
            f"years must be two or more and looks 1 or more, got {len(years)}, {looks}"
        )
    check_whole(1, k=k)
    if any(len(year) != 2 for year in years if hasattr(year, "__len__")):
        raise ValueError(
            "each year must be (scores, classes of the voters), got another number of parts"
        )
    frames, left_out = _common(years, k)
    labels = [np.asarray(list(label), dtype=str) for _, label in years]  # type: ignore[call-overload]
    observed = np.array(
        [
            _bottom(composite(f, c, weights=weights).estimate, k)
            for f, c in zip(frames, labels, strict=True)
        ]
    )
    stacked, classes, shares = together(frames, labels, weights=weights)
    pooled = bottom_sets(
        stacked,
        classes,
        k=k,
        weights=shares,
        coverage=1 - (1 - coverage) / looks,
        draws=draws,
        seed=seed,
    )
    named, n = np.array(observed.all(axis=0)), len(pooled.unit)
    return Consecutive(
        unit=pooled.unit,
        observed=locked(observed),
        named=locked(named),
        confirmed=locked(np.array(named & pooled.observed) & pooled.verified),
        by_luck=n * (k / n) ** len(years),
        pooled=pooled,
        left_out=left_out,
        looks=looks,
        coverage=coverage,
    )


def together(
    frames: Sequence[pd.DataFrame],
    labels: Sequence[NDArray[np.str_]],
    *,
    weights: Mapping[str, float],
) -> tuple[pd.DataFrame, list[str], dict[str, float]]:
    """Return the ballots of all years as one panel, each class of each year by itself."""
    classes = [f"{i}·{c}" for i, label in enumerate(labels) for c in label.tolist()]
    shares = {f"{i}·{c}": w for i in range(len(frames)) for c, w in weights.items()}
    return pd.concat(frames, ignore_index=True), classes, shares


def _common(years: Sequence[Year], k: int) -> tuple[list[pd.DataFrame], tuple[str, ...]]:
    frames = [pd.DataFrame(scores).rename(columns=str) for scores, _ in years]
    for frame in frames:
        if frame.columns.has_duplicates:
            raise ValueError("each target must be one column, got the same name twice")
    shared = [c for c in frames[0].columns if all(c in f.columns for f in frames)]
    if len(shared) <= k:
        raise ValueError(
            f"more than {k} targets must be in every year, got {len(shared)}: {shared[:5]}; name "
            "the columns by target, in the same way each year"
        )
    every = dict.fromkeys(c for f in frames for c in f.columns)
    return [f[shared] for f in frames], tuple(c for c in every if c not in shared)


def _bottom(estimate: Floats, k: int) -> Flags:
    return estimate <= np.sort(estimate)[k - 1] + tolerance(estimate)
