"""The counted years tested together: whether the bottom k of their mean is below everyone else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg

from ..stats.bottomfrom import bottom_sets_from
from ..stats.composite import composite
from ..stats.consecutive import consecutive_bottom
from ..stats.ranking import BottomSets
from .settings import Settings
from .standing import COUNTY, Standing


@dataclass(frozen=True, slots=True)
class Pooled:
    """The test of several years together, for one person.

    Attributes
    ----------
    years : tuple of int
    persons : int
        Seen in all of these years.
    by_luck : float
        How many the rule would name by luck alone, ``N (k / N)^years``.
    confirmed : bool
        In the bottom k of the years together, and either that set is verified or the person's
        rank set lies wholly in it. Its error is shared among the looks at two and three years.
    certain, verified : bool
        Which of the two.
    rank, lower, upper : int
        Of the years together.
    p_bottom, gap, gap_needed, gap_p : float
        As in a single year.
    """

    years: tuple[int, ...]
    persons: int
    by_luck: float
    confirmed: bool
    certain: bool
    verified: bool
    rank: int
    lower: int
    upper: int
    p_bottom: float
    gap: float
    gap_needed: float
    gap_p: float


def pooled(standings: Sequence[Standing], target: str, settings: Settings) -> Pooled | None:
    """Test the years together; None where the pool changed or too few were in it every year."""
    together = years_together(standings, settings)
    if together is None or target not in together.unit:
        return None
    i, sets = together.unit.index(target), together.sets
    n, k = len(together.unit), together.k
    certain = bool(together.certain[i])
    return Pooled(
        years=tuple(s.year for s in standings),
        persons=n,
        by_luck=n * (k / n) ** len(standings),
        confirmed=certain or bool(together.observed[i] and together.verified),
        certain=certain,
        verified=together.verified,
        rank=int(sets.rank[i]),
        lower=int(sets.lower[i]),
        upper=int(sets.upper[i]),
        p_bottom=float(together.p_bottom[i]),
        gap=together.gap,
        gap_needed=together.gap_needed,
        gap_p=together.p_value,
    )


def years_together(standings: Sequence[Standing], settings: Settings) -> BottomSets | None:
    """Return the bottom k of the mean of several years of one scope."""
    units = [set(s.bottom.unit) for s in standings if s.bottom is not None]
    k = max(s.k for s in standings)
    if len(units) < len(standings) or len(set.intersection(*units)) <= k:
        return None
    looks = settings["bottom_rule.evidence.looks"]
    coverage = settings["scoring.coverage"]
    seed = int(standings[-1].rankings[0].hash[:8], 16)
    if standings[0].pool == COUNTY:
        return _county(standings, k, coverage=1 - (1 - coverage) / looks, seed=seed)
    shared = set.intersection(*(set(s.panels[0].weights) for s in standings))
    weights = {c: w for c, w in standings[-1].panels[0].weights.items() if c in shared}
    if not weights:
        return None
    years = []
    for panel in (s.panels[0] for s in standings):
        rows = np.isin(panel.voter_class, list(shared))
        years.append((pd.DataFrame(panel.scores[rows], columns=list(panel.targets)), panel.voter_class[rows]))
    try:
        found = consecutive_bottom(years, weights=weights, k=k, looks=looks, coverage=coverage, seed=seed)
    except ValueError:  # a class or a person without a ballot in one of the years
        return None
    return found.pooled


def _county(standings: Sequence[Standing], k: int, *, coverage: float, seed: int) -> BottomSets:
    """Average the years; voters of different years and townships are different people."""
    made = [_estimates(s) for s in standings]
    shared = [t for t in made[0][0].index if all(t in theta.index for theta, _, _ in made)]
    theta = sum(theta[shared] for theta, _, _ in made) / len(made)
    cov = sum(cov.loc[shared, shared].to_numpy() for _, cov, _ in made) / len(made) ** 2
    df = max(sum(df for _, _, df in made), 1)
    return bottom_sets_from(theta, cov, k=k, df=df, coverage=coverage, seed=seed)


def _estimates(standing: Standing) -> tuple[pd.Series, pd.DataFrame, int]:
    made = [composite(p.scores, p.voter_class, weights=p.weights) for p in standing.panels]
    names = [t for p in standing.panels for t in p.targets]
    cov = np.asarray(linalg.block_diag(*(c.covariance() for c in made)))
    theta = pd.Series(np.concatenate([c.estimate for c in made]), index=names)
    return theta, pd.DataFrame(cov, index=names, columns=names), min(int(c.df.min()) for c in made)
