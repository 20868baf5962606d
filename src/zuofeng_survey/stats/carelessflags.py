"""Signs of carelessness put together: graded, and results with and without those who show them.

No single sign is proof: honest people agree with everything, or are simply unlike the rest. Signs
are counted by family, because a straight line is long, average-long and without variation at once.
Nobody is removed; the sensitivity table says whether it would matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.careless import (
    checked_items,
    contradiction,
    even_odd,
    irv,
    longstring,
    synonyms,
)
from zuofeng_survey.stats.checks import check_whole
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.outliers import mahalanobis
from zuofeng_survey.stats.ranksets import locked

FAMILY = {
    "longest": "uniform",
    "average": "uniform",
    "irv": "uniform",
    "even_odd": "inconsistent",
    "synonyms": "inconsistent",
    "contradiction": "inconsistent",
    "mahalanobis": "far",
    "speed": "fast",
}
LOW = ("irv", "synonyms", "speed")  # small values are the sign
SHUFFLES = 20
MANY = 0.25  # an index that marks more tells nobody apart
GRADES = ("none", "one", "several")


@dataclass(frozen=True, slots=True)
class Layout:
    """What the items are.

    Attributes
    ----------
    low, high : float
        Ends of the answer scale.
    sizes : tuple of int
        Items of each scale, in order, all items; empty: no even–odd index.
    reverse : tuple of int
        Columns, from 0, of reverse-worded items.
    pairs : tuple of (int, int)
        Columns of a statement and its opposite; empty: no contradiction index.
    """

    low: float
    high: float
    sizes: tuple[int, ...] = ()
    reverse: tuple[int, ...] = ()
    pairs: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Careless:
    """Indices, cuts and grades of n persons.

    Attributes
    ----------
    index : DataFrame, shape (n, indices)
        Value of each index; NaN where it cannot be had.
    cut : dict
        Index to the value beyond which it is a sign.
    sign : DataFrame of bool, shape (n, indices)
        Which indices are beyond their cut.
    families : ndarray of int, shape (n,)
        How many families of signs a person shows: uniform, inconsistent, far, fast.
    grade : ndarray of str, shape (n,)
        ``"none"``, ``"one"`` or ``"several"`` families.
    straight : ndarray of bool, shape (n,)
        The same answer throughout.
    notes : tuple of str
        Codes of indices that could not be had (``no-mahalanobis``) or are not counted because
        they mark too many (``weak-irv``).
    seed : int
        Of the shuffles behind the cuts.
    """

    index: pd.DataFrame
    cut: dict[str, float]
    sign: pd.DataFrame
    families: NDArray[np.int64]
    grade: NDArray[np.str_]
    straight: NDArray[np.bool_]
    notes: tuple[str, ...]
    seed: int

    def table(self) -> pd.DataFrame:
        """Return one row a person: every index, families, grade."""
        return self.index.assign(families=self.families, grade=self.grade)

    def summary(self) -> pd.DataFrame:
        """Return one row an index: index, family, cut, persons beyond it."""
        names = [str(name) for name in self.index]
        return pd.DataFrame(
            {
                "index": names,
                "family": [FAMILY[n] for n in names],
                "cut": [self.cut[n] for n in names],
                "persons": self.sign.sum().to_numpy(),
            }
        )

    def _repr_html_(self) -> str:
        return table_html(self.summary())


def careless(
    x: ArrayLike, layout: Layout, *, speed: ArrayLike | None = None, seed: int
) -> Careless:
    """Look for carelessness by every index the layout allows.

    Parameters
    ----------
    x : array_like, shape (n, items)
        Answers as they were given, in the order asked; NaN where there is none.
    layout : Layout
        Scale, reverse-worded items, opposites.
    speed : array_like of int, shape (n,), optional
        Band of the time taken, 0 the fastest, which is a sign; −1 not recorded.
    seed : int
        Of the shuffles: same seed, same cuts.

    Returns
    -------
    Careless
        Cuts of runs and variation are the 99th (1st) percentile of the same answers shuffled
        within items: beyond what people of no habit would give. Even–odd and synonyms are signs
        when no better than the median of shuffled answers, contradiction beyond their third
        quartile, distance beyond 99.9 % of chi-squared from a robust centre. An index that marks
        more than a quarter of all does not tell anyone apart here: it is shown, noted
        ``weak-…`` and not counted.

    Raises
    ------
    ValueError
        Answers off the scale, columns that are not there, sizes that do not add up.

    Notes
    -----
    Source: METHODS (g); Meade & Craig (2012), doi 10.1037/a0028085; Curran (2016), doi
    10.1016/j.jesp.2015.07.006. Not for ballots: all "excellent" cannot move a rank; see
    ``ballot_checks``.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> trait = rng.normal(size=(60, 1)) + rng.normal(size=(60, 8)) * 0.7
    >>> x = np.clip(np.round(3 + trait), 1, 5)
    >>> x[:, 1::2] = 6 - x[:, 1::2]
    >>> x[0] = 4  # a straight line, through reverse-worded items too
    >>> layout = Layout(1, 5, reverse=(1, 3, 5, 7), pairs=((0, 1), (2, 3)))
    >>> found = careless(x, layout, seed=1)
    >>> str(found.grade[0]), bool(found.straight[0])
    ('several', True)
    """
    y = checked_items(x)
    given = y[~np.isnan(y)]
    if not given.size or given.min() < layout.low or given.max() > layout.high:
        raise ValueError(
            f"answers must lie from {layout.low:g} to {layout.high:g}, got "
            f"{(given.min(), given.max()) if given.size else 'none'}"
        )
    found, notes = _indices(y, layout)
    check_whole(seed=seed)
    rng = np.random.default_rng(seed)
    shuffled = [_indices(_shuffled(y, rng), layout, cheap=True)[0] for _ in range(SHUFFLES)]
    cut = _cuts(found, shuffled, y.shape[1])
    if speed is not None:
        band = np.asarray(speed)
        if band.shape != (len(y),) or band.dtype.kind not in "iu":
            raise ValueError(f"speed must hold {len(y)} whole numbers, 0 the fastest, got {band}")
        found["speed"], cut["speed"] = np.where(band < 0, np.nan, band), 0.5
    sign = pd.DataFrame({k: v < cut[k] if k in LOW else v > cut[k] for k, v in found.items()})
    weak = [k for k in found if sign[k].mean() > MANY and k != "speed"]
    sign[weak] = False
    families = _families(sign)
    return Careless(
        index=pd.DataFrame(found),
        cut=cut,
        sign=sign,
        families=locked(families),
        grade=locked(np.array(GRADES)[np.minimum(families, 2)]),
        straight=longstring(y).straight,
        notes=notes + tuple(f"weak-{k}" for k in weak),
        seed=seed,
    )


def _families(sign: pd.DataFrame) -> NDArray[np.int64]:
    """Count the families of which each person shows a sign."""
    kinds = np.array([FAMILY[str(name)] for name in sign])
    table = sign.to_numpy(dtype=bool)
    shown = [table[:, kinds == family].any(axis=1) for family in sorted(set(FAMILY.values()))]
    return np.array(shown).sum(axis=0).astype(np.int64)


def _indices(
    y: Floats, layout: Layout, *, cheap: bool = False
) -> tuple[dict[str, Floats], tuple[str, ...]]:
    """Return the indices that can be had, and codes of those that cannot."""
    recoded = y.copy()
    at = list(layout.reverse)
    if at and not 0 <= min(at) <= max(at) < y.shape[1]:
        raise ValueError(f"reverse must be columns from 0 to {y.shape[1] - 1}, got {at}")
    recoded[:, at] = layout.low + layout.high - recoded[:, at]
    runs = longstring(y)
    found = {"longest": runs.longest.astype(float), "average": runs.average, "irv": irv(y)}
    if layout.sizes:
        found["even_odd"] = even_odd(recoded, layout.sizes)
    if layout.pairs:
        found["contradiction"] = contradiction(y, layout.pairs, low=layout.low, high=layout.high)
    notes = []
    for name, make in (
        ("synonyms", lambda: synonyms(recoded)),
        ("mahalanobis", lambda: mahalanobis(y, robust=True)),
    ):
        if not cheap:
            try:
                found[name] = make()
            except ValueError:  # too few people or too loose items: said in the notes
                notes.append(f"no-{name}")
    return found, tuple(notes)


def _shuffled(y: Floats, rng: np.random.Generator) -> Floats:
    """Shuffle the answers within each item; gaps move with them."""
    return np.take_along_axis(y, rng.random(y.shape).argsort(axis=0), axis=0)


def _cuts(
    found: dict[str, Floats], shuffled: list[dict[str, Floats]], items: int
) -> dict[str, float]:
    at = {"longest": 0.99, "average": 0.99, "irv": 0.01, "even_odd": 0.5, "contradiction": 0.75}
    cut = {}
    for name in found:
        if name in at:
            values = np.concatenate([s[name] for s in shuffled])
            values = values[~np.isnan(values)]
            cut[name] = float(np.quantile(values, at[name])) if values.size else float("inf")
    if "synonyms" in found:
        cut["synonyms"] = 0.0  # shuffled answers agree with each other as often as not
    if "mahalanobis" in found:
        cut["mahalanobis"] = float(stats.chi2.ppf(0.999, items))
    return cut


def careless_sensitivity(
    statistic: Callable[[NDArray[np.intp]], ArrayLike], found: Careless
) -> pd.DataFrame:
    """Compute a result with everyone, without those of several signs, and without any sign.

    Parameters
    ----------
    statistic : callable
        Row numbers of the persons to use, to a number or a list of numbers.
    found : Careless
        As made by :func:`careless`.

    Returns
    -------
    DataFrame
        ``persons, n`` and one column ``estimate`` (``estimate_1`` … for a list); the first row is
        the result, the others say how far it hangs on doubtful answers.

    Raises
    ------
    ValueError
        Nobody left.

    Notes
    -----
    Source: METHODS (g): show, never silently delete.

    Examples
    --------
    >>> y = np.arange(1, 41).reshape(10, 4) % 5 + 1
    >>> found = careless(y, Layout(1, 5), seed=1)
    >>> careless_sensitivity(lambda rows: y[rows].mean(), found)["n"].tolist()[0]
    10
    """
    rows = []
    for name, most in (("everyone", 9), ("without several signs", 1), ("without any sign", 0)):
        at = np.flatnonzero(found.families <= most)
        if not at.size:
            raise ValueError(f"somebody must be left {name}, got nobody; the cuts do not suit here")
        value = np.atleast_1d(np.asarray(statistic(at), dtype=float))
        names = (
            ["estimate"] if value.size == 1 else [f"estimate_{i + 1}" for i in range(len(value))]
        )
        rows.append({"persons": name, "n": len(at)} | dict(zip(names, value.tolist(), strict=True)))
    return pd.DataFrame(rows)
