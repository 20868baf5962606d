"""What other numbers of voters and items would give: generalizability and dependability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats, composite
from zuofeng_survey.stats.gtheory import Components
from zuofeng_survey.stats.ranksets import locked
from zuofeng_survey.stats.wild import pair_variance


@dataclass(frozen=True, slots=True, eq=False)
class DStudy:
    """Coefficients for a grid of designs.

    Attributes
    ----------
    components : Components
        What they are computed from.
    design : tuple of dict
        For each row the number of levels of each facet.
    fixed : tuple of str
        Facets held fixed: the same items would be asked again.
    universe, relative, absolute : ndarray, shape (rows,)
        Variance of the targets' universe scores, and of the error of differences between targets
        and of scores as such; squared units of the score.
    generalizability, dependability : ndarray, shape (rows,)
        Eρ² = universe / (universe + relative), for ranking; Φ with the absolute error, for
        comparing with a fixed mark. NaN when there is neither variance nor error.
    """

    components: Components
    design: tuple[dict[str, float], ...]
    fixed: tuple[str, ...]
    universe: Floats
    relative: Floats
    absolute: Floats
    generalizability: Floats
    dependability: Floats

    def table(self) -> pd.DataFrame:
        """Return one row a design, unrounded."""
        names = ("universe", "relative", "absolute", "generalizability", "dependability")
        frame = {f: [d[f] for d in self.design] for f in self.components.facets}
        return pd.DataFrame({**frame, **{name: getattr(self, name) for name in names}})

    def _repr_html_(self) -> str:
        return table_html(self.table())


def d_study(
    components: Components,
    *,
    n: Mapping[str, int | Sequence[int]] | None = None,
    fixed: Iterable[str] = (),
) -> DStudy:
    """Generalizability Eρ² and dependability Φ for other numbers of voters and items.

    Parameters
    ----------
    components : Components
        From :func:`.gtheory.variance_components`.
    n : mapping, optional
        Facet to one or more numbers of levels; every combination makes a row. Facets left out
        keep their present number; for a nested facet it is the number in each parent.
    fixed : iterable of str
        Facets whose levels are all there is, such as the six dimensions of an ordinance: they
        keep their number, and what targets do differently on them counts as true.

    Returns
    -------
    DStudy

    Raises
    ------
    ValueError
        Names that are no facets, numbers below 1, another number for a fixed facet.

    Notes
    -----
    A high Eρ² does not make a bottom place repeatable: at .85 two panels name the same bottom 2
    of 20 about once in three times; see :func:`.decisions.bottom_consistency`.
    Source: Brennan (2001), doi 10.1007/978-1-4757-3456-0; Shavelson & Webb (1991).

    Examples
    --------
    >>> from zuofeng_survey.stats.gtheory import ratings_table, variance_components
    >>> c = variance_components(ratings_table([[1, 2, 4], [2, 4, 5], [1, 3, 5], [2, 2, 4]]))
    >>> d_study(c, n={"voter": [4, 8]}).generalizability.round(3).tolist()
    [0.966, 0.983]
    """
    fixed = tuple(fixed)
    n = dict(n or {})
    strange = [f for f in (*n, *fixed) if f not in components.facets]
    if strange:
        raise ValueError(f"facets must be among {components.facets}, got {strange}")
    grids = [
        _numbers(components, facet, n.get(facet), facet in fixed) for facet in components.facets
    ]
    design = tuple(dict(zip(components.facets, row, strict=True)) for row in product(*grids))
    parts = np.array([variance_parts(components, row, fixed=fixed) for row in design])
    universe, relative, absolute = parts.T
    with np.errstate(invalid="ignore"):
        generalizability = universe / (universe + relative)
        dependability = universe / (universe + absolute)
    arrays = (universe, relative, absolute, generalizability, dependability)
    return DStudy(components, design, fixed, *(locked(a.copy()) for a in arrays))


def variance_parts(
    components: Components, design: Mapping[str, float], *, fixed: Sequence[str]
) -> tuple[float, float, float]:
    """Return universe, relative and absolute variance of means over a design."""
    universe = relative = absolute = 0.0
    for factors, variance in zip(components.factors, components.estimate, strict=True):
        facets = [f for f in factors if f != components.target]
        share = float(variance) / float(np.prod([design[f] for f in facets]))
        random = any(f not in fixed for f in facets)
        if components.target in factors and not random:
            universe += share
        elif components.target in factors:
            relative += share
        if random:
            absolute += share
    return universe, relative, absolute


def composite_generalizability(
    scores: ArrayLike, voter_class: Sequence[object] | ArrayLike, *, weights: Mapping[str, float]
) -> float:
    """Return Eρ² of a weighted composite of voter classes, from the variances of differences.

    Parameters
    ----------
    scores, voter_class, weights
        As :func:`.ranksets.rank_sets`; two targets or more.

    Returns
    -------
    float
        ``1 − mean(s²_ij) / 2 / var(θ̂)``; not below 0.

    Raises
    ------
    ValueError
        As :func:`.composite.composite`; fewer than two targets; composites all equal.

    Notes
    -----
    Source: METHODS (f); voters are nested in classes with weights of their own, so no single
    voter component exists.

    >>> ballots = [[95, 80, 40]] * 5 + [[80, 95, 40]] * 5 + [[80, 80, 65]] * 5
    >>> round(composite_generalizability(ballots, ["A"] * 15, weights={"A": 1}), 4)
    0.9816
    """
    panel = composite(scores, voter_class, weights=weights)
    if len(panel.unit) < 2 or np.ptp(panel.estimate) <= 1e-12 * np.abs(panel.estimate).max():
        raise ValueError("scores must have 2 targets or more that differ, got none to tell apart")
    pairs = pair_variance(panel, shrink=0.0)[np.triu_indices(len(panel.unit), 1)]
    return max(0.0, float(1 - pairs.mean() / 2 / panel.estimate.var(ddof=1)))


def _numbers(
    components: Components, facet: str, asked: int | Sequence[int] | None, fixed: bool
) -> list[float]:
    present = components.levels[facet]
    if asked is None:
        return [present]
    numbers = [float(x) for x in np.atleast_1d(asked)]
    if not numbers or min(numbers) < 1 or not np.isfinite(numbers).all():
        raise ValueError(f"n[{facet!r}] must be numbers of 1 or more, got {asked}")
    if fixed and numbers != [present]:
        raise ValueError(f"a fixed facet must keep its {present:g} levels, got {asked}")
    return numbers
