"""Before anyone votes: what a bottom-k rule would do with these voters and these targets.

"How often would the bottom 2 be right, how often would one ballot change it, how often would it be
verified, and how many would be named by luck over one, two, three years?"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from zuofeng_survey.html import note, table_html
from zuofeng_survey.stats.checks import check_whole
from zuofeng_survey.stats.composite import Floats

ODDS = {
    "right": "后{k}位完全评对",
    "flip1": "去掉一张票，末位就会变",
    "verified": "末位经得起检验",
    "verified_wrong": "经得起检验却仍有人评错",
    "tied": "末位并列，分不出后{k}位",
}
PEOPLE = {
    "named": "{run}被点名",
    "wrong": "{run}被点名，其实不是最后",
    "confirmed": "{run}被点名，而且经得起检验",
    "confirmed_wrong": "{run}被点名、经得起检验，其实不是最后",
}
RUN = {1: "一年", 2: "连续两年", 3: "连续三年"}


@dataclass(frozen=True, slots=True)
class PlanDesign:
    """What is being planned.

    Attributes
    ----------
    voters : mapping
        Class label to number of voters in each pool and year.
    sizes : tuple of int
        Targets in each pool (a township); one number a pool.
    k : int
        How many last places a rule names in each pool.
    weights : mapping
        Class label to weight; by default every voter counts the same.
    years, items : int
        Years the rule runs; items each target is graded on.
    coverage : float
        Of the tests; 0.95 is one wrong verdict in twenty.
    """

    voters: Mapping[str, int]
    sizes: tuple[int, ...]
    k: int
    weights: Mapping[str, float] = field(default_factory=dict)
    years: int = 3
    items: int = 6
    coverage: float = 0.95

    def __post_init__(self) -> None:
        if not self.sizes or not 1 <= self.k < min(self.sizes):
            raise ValueError(
                f"k must be 1 or more and below every pool's size, got k {self.k} of {self.sizes}"
            )
        if not 1 <= self.years <= 9:
            raise ValueError(f"years must be from 1 to 9, got {self.years}")
        if self.weights and set(self.weights) != set(self.voters):
            raise ValueError(
                f"weights must name the classes of voters, got {sorted(self.weights)} for "
                f"{sorted(self.voters)}"
            )

    def shares(self) -> Mapping[str, float]:
        """Return the class weights used."""
        return self.weights or {c: float(n) for c, n in self.voters.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a bottom-k rule would do.

    Attributes
    ----------
    design : PlanDesign
    spread : float
        Standard deviation of true merit, latent scale (voters' variance is 1); 0: all equal.
    drift : float
        Standard deviation of its change from year to year.
    odds : ndarray, shape (5,)
        Shares of meetings, in the order of ``ODDS``: the bottom k is exactly the truly last;
        one ballot's removal changes it; it is verified; it is verified and someone in it is not
        truly last; it ties at the cut. When all are equal nobody is truly last.
    odds_se : ndarray, shape (5,)
        Monte Carlo standard errors.
    people : ndarray, shape (years, 4)
        Expected persons of all pools, in the order of ``PEOPLE``: named in each of the first 1,
        2, … years (ties at the cut included); of them not truly last by mean merit of these
        years; named, and the years together verified; of them not truly last.
    people_se : ndarray, shape (years, 4)
        Monte Carlo standard errors.
    if_equal : ndarray, shape (years,)
        Persons named when all are equal, exactly (:func:`named_by_luck`).
    reps, seed : int
        What reproduces it.
    """

    design: PlanDesign
    spread: float
    drift: float
    odds: Floats
    odds_se: Floats
    people: Floats
    people_se: Floats
    if_equal: Floats
    reps: int
    seed: int

    def table(self) -> pd.DataFrame:
        """Return one row a question: label, unit (share or persons), estimate, se, if_equal."""
        k = self.design.k
        rows = [
            (name, label.format(k=k), "share", self.odds[i], self.odds_se[i], np.nan)
            for i, (name, label) in enumerate(ODDS.items())
        ]
        for y in range(self.design.years):
            for i, (name, label) in enumerate(PEOPLE.items()):
                equal = self.if_equal[y] if i < 2 else np.nan
                cell = self.people[y, i], self.people_se[y, i], equal
                rows.append((f"{name}_{y + 1}", label.format(run=run(y + 1)), "persons", *cell))
        names = ["question", "label", "unit", "estimate", "se", "if_equal"]
        return pd.DataFrame(rows, columns=names)

    def years(self) -> pd.DataFrame:
        """Return one row a year: how many are named, and how many by luck."""
        frame = pd.DataFrame(self.people, columns=list(PEOPLE))
        frame.insert(0, "years", np.arange(1, self.design.years + 1))
        return frame.assign(if_equal=self.if_equal)

    def verdict(self, lang: str = "zh") -> str:
        """Return in plain sentences what to expect of such a rule."""
        d, last = self.design, self.people[-1]
        v, n, k = sum(d.voters.values()), _range(d.sizes), d.k
        right, flip, sure = (f"{100 * x:.0f}%" for x in self.odds[:3])
        luck = [f"{x:.1f}".removesuffix(".0") for x in self.if_equal]
        if lang == "en":
            runs = ", ".join(f"{x} over {y} year(s)" for y, x in enumerate(luck, start=1))
            return (
                f"With {v} voters and {n} targets the bottom {k} would be exactly right in {right} "
                f"of meetings; without one ballot it would be another in {flip}; it would be "
                f"verified in {sure}. In {len(d.sizes)} pool(s), if all were equal, luck alone "
                f"would name {runs}. Here {last[0]:.1f} would be named {d.years} year(s) running, "
                f"{last[1]:.1f} of them not truly last."
            )
        wrong = f"其中约 {last[1]:.1f} 人并不是真正的最后" if last[1] >= 0.05 else "其中几乎没有点错的人"
        streak = f"{run(d.years)}都" if d.years > 1 else "一年里"
        runs = "、".join(f"{run(y)} {x} 人" for y, x in enumerate(luck, start=1))
        return (
            f"{v} 名评议人评 {n} 名对象：后{k}位完全评对的会议约占 {right}；去掉一张票，末位就会变的占 "
            f"{flip}；末位经得起检验的占 {sure}。全部 {len(d.sizes)} 个排名范围里，就算大家水平完全一样，"
            f"仅凭运气也会点到：{runs}。按所设的差距，{streak}被点名的约 {last[0]:.1f} 人，"
            f"{wrong}。"
        )

    def _repr_html_(self) -> str:
        return note(self.verdict(), kind="verdict") + table_html(self.table())


def named_by_luck(sizes: Sequence[int], k: int, *, years: int) -> Floats:
    """Return how many are named by luck alone in 1, 2, … years running, when all are equal.

    Parameters
    ----------
    sizes : sequence of int
        Targets in each pool.
    k, years : int
        Last places named in each pool; years.

    Returns
    -------
    ndarray, shape (years,)
        Expected persons, ``Σ N (k/N)^y``: exact where nobody ties at the cut.

    Raises
    ------
    ValueError
        k out of range for a pool; years below 1.

    Notes
    -----
    All equal, each year's bottom k is k of N drawn at random, independently of other years.

    Examples
    --------
    >>> named_by_luck([6] * 12, 2, years=3).round(2).tolist()
    [24.0, 8.0, 2.67]
    """
    check_whole(k=k, years=years)
    n = np.asarray(sizes, dtype=float)
    if n.ndim != 1 or not n.size or not 1 <= k <= n.min() or years < 1:
        raise ValueError(f"k must be from 1 to the smallest pool, years 1 or more; got {k}, {sizes}")
    return np.array([(n * (k / n) ** y).sum() for y in range(1, years + 1)])


def run(years: int) -> str:
    """Return 一年, 连续两年, …."""
    return RUN.get(years, f"连续{years}年")


def _range(sizes: Sequence[int]) -> str:
    low, high = min(sizes), max(sizes)
    return str(low) if low == high else f"{low}—{high}"
