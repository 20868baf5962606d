"""Would another panel name the same bottom k? Simulated from variance components."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.checks import check_k
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.dstudy import DStudy, d_study, variance_parts
from zuofeng_survey.stats.gtheory import Components
from zuofeng_survey.stats.ranksets import check_draws, locked, tolerance

BLOCK_CELLS = 2**20
MOST_VOTERS = 100_000
Truth: TypeAlias = Literal["drawn", "spaced"]


@dataclass(frozen=True, slots=True, eq=False)
class BottomConsistency:
    """How often panels agree on who is in the bottom k.

    Attributes
    ----------
    study : DStudy
        The designs, one row each.
    k, targets : int
        Size of the bottom set, number of targets.
    same : ndarray, shape (rows,)
        Share of pairs of new panels that name the same bottom k.
    right : ndarray, shape (rows,)
        Share of new panels whose bottom k are the k truly lowest.
    overlap : ndarray, shape (rows,)
        Mean share of the bottom k that two new panels have in common.
    as_observed : ndarray, shape (rows,)
        Share of new panels that name the bottom k observed; NaN unless scores were given.
    se : ndarray, shape (rows,)
        Monte Carlo standard error of ``same``.
    draws, seed : int
        What reproduces the shares.
    """

    study: DStudy
    k: int
    targets: int
    same: Floats
    right: Floats
    overlap: Floats
    as_observed: Floats
    se: Floats
    draws: int
    seed: int

    def table(self) -> pd.DataFrame:
        """Return one row a design, unrounded."""
        names = ("same", "right", "overlap", "as_observed", "se")
        return self.study.table().assign(**{name: getattr(self, name) for name in names})

    def _repr_html_(self) -> str:
        return table_html(self.table())


def bottom_consistency(
    study: DStudy,
    *,
    k: int,
    targets: int | None = None,
    truth: Truth | ArrayLike = "drawn",
    draws: int = 9999,
    seed: int,
) -> BottomConsistency:
    """How often another panel would name the same bottom k.

    Parameters
    ----------
    study : DStudy
        From :func:`.dstudy.d_study`; hold the items fixed if the same ones would be asked.
    k : int
        Size of the bottom set, from 1 to targets − 1.
    targets : int, optional
        Number of targets; by default those of the ratings.
    truth : {"drawn", "spaced"} or array_like, shape (targets,)
        True scores of the targets: drawn anew from a normal distribution each time, so that some
        sets of targets have near-ties at the cut; always at that distribution's quantiles, evenly
        spaced; or, given the scores of the present panel, drawn around these (shrunk by the
        present Eρ²), so that the answer is about *these* targets.
    draws, seed : int
        Panels simulated; same seed, same answer, and the same draws for every design.

    Returns
    -------
    BottomConsistency

    Raises
    ------
    ValueError
        k, targets, draws or seed out of range; scores of another length, not finite or tied at
        the cut; no variance between targets.

    Notes
    -----
    With 20 targets, ``spaced``, and Eρ² = .85 two panels name the same bottom 2 in 34 of 100.
    Source: METHODS (f); Brennan (2001), doi 10.1007/978-1-4757-3456-0, on decision consistency.

    Examples
    --------
    >>> from zuofeng_survey.stats.gtheory import ratings_table, variance_components
    >>> c = variance_components(ratings_table([[1, 2, 4], [2, 4, 5], [1, 3, 5], [2, 2, 4]]))
    >>> wide = d_study(c, n={"voter": [4, 400]})
    >>> bottom_consistency(wide, k=1, draws=999, seed=1).same.round(1).tolist()
    [0.9, 1.0]
    """
    check_draws(0.5, draws, seed)
    n = int(targets or study.components.levels[study.components.target])
    check_k(k, n)
    if study.universe.min() <= 0:
        raise ValueError("targets must differ, got no variance between them: no bottom to repeat")
    centred = _truth(study, truth, n, k)
    rng = np.random.default_rng(seed)
    sums, done = np.zeros((4, len(study.design))), 0
    while done < draws:
        size = min(draws - done, max(1, BLOCK_CELLS // n))
        z = rng.standard_normal((3, size, n))
        for row, (spread, noise) in enumerate(zip(study.universe, study.relative, strict=True)):
            true = centred.at + np.sqrt(spread) * (centred.spaced + np.sqrt(centred.share) * z[0])
            sums[:, row] += _agreement(true, np.sqrt(noise) * z[1:], k, centred.bottom)
        done += size
    same, right, overlap, as_observed = sums / draws
    if isinstance(truth, str):
        as_observed = np.full(len(same), np.nan)
    se = np.sqrt(same * (1 - same) / draws)
    return BottomConsistency(
        study=study,
        k=k,
        targets=n,
        same=locked(same.copy()),
        right=locked(right.copy()),
        overlap=locked(overlap.copy()),
        as_observed=locked(as_observed.copy()),
        se=locked(se),
        draws=draws,
        seed=seed,
    )


@dataclass(frozen=True, slots=True, eq=False)
class VotersNeeded:
    """How many voters make the bottom k repeatable.

    Attributes
    ----------
    voters : int or None
        The fewest; None when even 100,000 are too few, since items, not voters, limit it.
    level, k
        Share of pairs of panels that must agree; size of the bottom set.
    tried : DataFrame
        Numbers tried, with the share that agreed and Eρ².
    draws, seed : int
        What reproduces it.
    """

    voters: int | None
    level: float
    k: int
    tried: pd.DataFrame
    draws: int
    seed: int

    def table(self) -> pd.DataFrame:
        """Return one row a number tried, unrounded."""
        return self.tried

    def _repr_html_(self) -> str:
        return table_html(self.tried)


def voters_needed(
    components: Components,
    *,
    k: int,
    level: float = 0.8,
    facet: str = "voter",
    fixed: Iterable[str] = (),
    seed: int,
) -> VotersNeeded:
    """Return how many voters would make two panels name the same bottom k ``level`` of the time.

    Parameters
    ----------
    components : Components
        From :func:`.gtheory.variance_components`.
    k, level : int, float
        Size of the bottom set; share of pairs of panels, between 0 and 1.
    facet, fixed : str, iterable of str
        The facet to enlarge; facets held fixed (other facets keep their numbers).
    seed : int
        Same seed, same answer; 4,999 pairs of panels a number tried.

    Returns
    -------
    VotersNeeded

    Raises
    ------
    ValueError
        As :func:`bottom_consistency`; level outside (0, 1).

    Examples
    --------
    >>> from zuofeng_survey.stats.gtheory import ratings_table, variance_components
    >>> c = variance_components(ratings_table([[1, 2, 4], [2, 4, 5], [1, 3, 5], [2, 2, 4]]))
    >>> voters_needed(c, k=1, level=0.8, seed=1).voters in (2, 3)
    True
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}; 0.8, not 80")
    tried: dict[int, tuple[float, float]] = {}

    def reached(voters: int) -> bool:
        study = d_study(components, n={facet: voters}, fixed=fixed)
        found = bottom_consistency(study, k=k, draws=4999, seed=seed)
        tried[voters] = float(found.same[0]), float(study.generalizability[0])
        return tried[voters][0] >= level

    high = 1
    while not reached(high) and high < MOST_VOTERS:
        high = min(2 * high, MOST_VOTERS)
    low = high // 2
    while high - low > 1 and tried[high][0] >= level:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    rows = [(v, *tried[v]) for v in sorted(tried)]
    frame = pd.DataFrame(rows, columns=["voters", "same", "generalizability"])
    enough = high if tried[high][0] >= level else None
    return VotersNeeded(enough, level, k, frame, 4999, seed)


class _Truth(NamedTuple):
    """True scores: ``at``, plus sd × (``spaced`` + noise with ``share`` of the variance)."""

    at: Floats
    spaced: Floats
    share: float
    bottom: NDArray[np.bool_]


def _truth(study: DStudy, truth: str | ArrayLike, n: int, k: int) -> _Truth:
    none, nowhere = np.zeros(n), np.zeros(n, dtype=bool)
    if isinstance(truth, str):
        if truth not in ("drawn", "spaced"):
            raise ValueError(f"truth must be 'drawn', 'spaced' or scores, got {truth!r}")
        places = special.ndtri((np.arange(n) + 0.5) / n)
        spaced = places / places.std(ddof=1) if truth == "spaced" else none
        return _Truth(none, spaced, float(truth == "drawn"), nowhere)
    x = np.asarray(truth, dtype=float)
    if x.shape != (n,) or not np.isfinite(x).all():
        raise ValueError(f"truth must be {n} finite scores, one a target, got {x.shape}")
    ordered = np.sort(x)
    if ordered[k] - ordered[k - 1] <= tolerance(x):
        raise ValueError(f"scores must not tie at the cut of the bottom {k}; choose another k")
    now = study.components.levels
    universe, relative, _ = variance_parts(study.components, now, fixed=study.fixed)
    g = universe / (universe + relative)
    return _Truth(x.mean() + g * (x - x.mean()), none, 1 - g, x <= ordered[k - 1])


def _agreement(true: Floats, noise: Floats, k: int, bottom: NDArray[np.bool_]) -> Floats:
    """Add up over draws: two panels agree, one is right, their overlap, one is as observed."""
    first, second, truly = (_lowest(x, k) for x in (true + noise[0], true + noise[1], true))
    common = (first & second).sum(axis=1)
    right = (first & truly).sum(axis=1)
    seen = (first & bottom).sum(axis=1)
    return np.array([(common == k).sum(), (right == k).sum(), common.sum() / k, (seen == k).sum()])


def _lowest(x: Floats, k: int) -> NDArray[np.bool_]:
    return x <= np.partition(x, k - 1, axis=1)[:, k - 1 : k]
