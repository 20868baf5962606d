"""One year of one ranking scope: a township by itself, or all townships of the county together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import linalg

from .. import results
from ..errors import Problem, UsageError
from ..results import Ranking, Recount, Usable
from ..stats.bottomfrom import bottom_sets_from
from ..stats.composite import composite
from ..stats.ranking import BottomSets
from ..stats.ranksets import tolerance
from .ladder import Mark
from .rounds import Kind, Round
from .settings import Settings

COUNTY = "全县"
FEWEST_DRAWS = 99


@dataclass(frozen=True, eq=False)
class Standing:
    """Who stood where in one year.

    Attributes
    ----------
    kind, year, scope, pool
        ``pool`` is the township, or 全县 at county scope.
    rounds : tuple of Round
        The valid polls that were ranked together; more than one at county scope.
    rankings : tuple of Ranking
        Each of them by itself.
    bottom : BottomSets or None
        Of the scope; None where nobody can be last (k or fewer persons, no valid poll).
    k : int
        Last places named.
    problems : tuple of Problem
    """

    kind: Kind
    year: int
    scope: str
    pool: str
    rounds: tuple[Round, ...]
    rankings: tuple[Ranking, ...]
    bottom: BottomSets | None
    k: int
    problems: tuple[Problem, ...]

    @cached_property
    def panels(self) -> tuple[Usable, ...]:
        """Voters × targets of each poll, as it was published."""
        return tuple(results.usable_panel(r.dataset) for r in self.rounds)

    @cached_property
    def recounts(self) -> tuple[tuple[Recount, ...], ...]:
        """The other ways of counting, one list a poll; only those that all polls allow."""
        each = [list(results.recounts(r.dataset, p)) for r, p in zip(self.rounds, self.panels, strict=True)]
        shared = set.intersection(*({v.name for v in one} for one in each))
        return tuple(tuple(v for v in one if v.name in shared) for one in each)

    @cached_property
    def others(self) -> tuple[tuple[str, str, frozenset[str]], ...]:
        """Return (kind, name, bottom k) of every other way of counting."""
        together = zip(*self.recounts, strict=True)
        return tuple((v[0].kind, v[0].name, lowest([r.panel for r in v], self.k)) for v in together)

    def index(self, target: str) -> int:
        return self.bottom.unit.index(target)  # type: ignore[union-attr]

    def home(self, target: str) -> int:
        """Return which of the rounds rated a target."""
        return next(n for n, r in enumerate(self.rankings) if target in r.bottom.unit)

    def label(self, target: str) -> str:
        ranking = self.rankings[self.home(target)]
        return ranking.labels[ranking.bottom.unit.index(target)]

    def marks(self) -> dict[str, Mark]:
        """Return target → mark of everyone on the rosters of the valid polls."""
        found = {t: Mark("absent", r.pool) for r in self.rounds for t in r.targets}
        if self.bottom is None:
            return found
        pool = {t: r.pool for r in self.rounds for t in r.targets}
        for target, low in zip(self.bottom.unit, self.bottom.observed, strict=True):
            at_cut = bool(low) and self.bottom.tied_at_cut and self._at_cut(target)
            found[target] = Mark("named" if low else "clear", pool[target], at_cut)
        return found

    def _at_cut(self, target: str) -> bool:
        theta = self.bottom.sets.estimate  # type: ignore[union-attr]
        cut = np.sort(theta)[self.k - 1]
        return bool(abs(theta[self.index(target)] - cut) <= tolerance(theta))


def lowest(panels: Sequence[Usable], k: int) -> frozenset[str]:
    """Return the bottom k of panels taken together, with all that tie at the cut."""
    theta = estimates(panels)
    cut = np.sort(theta.to_numpy())[min(k, len(theta)) - 1] + tolerance(theta.to_numpy())
    return frozenset(theta.index[theta <= cut])


def estimates(panels: Sequence[Usable]) -> pd.Series:
    """Return target → composite."""
    return pd.concat(
        [
            pd.Series(composite(p.scores, p.voter_class, weights=p.weights).estimate, index=list(p.targets))
            for p in panels
        ]
    )


def places(kind: str, size: int, settings: Settings) -> int:
    """Return how many last places a pool of ``size`` has; 0 where a share gives less than one."""
    share = settings[f"bottom_rule.{kind}.share"]
    return settings[f"bottom_rule.{kind}.n"] if share is None else int(size * share + 1e-9)


def stand(kind: Kind, year: int, scope: str, given: Sequence[Round], settings: Settings) -> Standing:
    """Rank one scope in one year.

    Notes
    -----
    At county scope each township was rated by other voters: estimates are independent between
    townships, so their covariance is block-diagonal, and a harsh electorate cannot be told from
    weak targets.
    """
    apart = given[0].pool in settings["bottom_rule.separate_pools"]
    pool = given[0].pool if scope == "township" or apart else COUNTY
    problems = [*(p for r in given for p in (*r.notes, *_weights(r, settings)))]
    valid, rankings = [], []
    for r in given:
        if problem := r.invalid(settings):
            problems.append(problem)
            continue
        try:
            rankings.append(_ranking(r, settings, draws=0 if pool == r.pool else FEWEST_DRAWS))
        except UsageError as error:
            problems += error.problems
            continue
        valid.append(r)
    n = sum(len(r.bottom.unit) for r in rankings)
    k = places(kind, n, settings)
    bottom = None
    if n and not 0 < k < n:
        problems.append(Problem("pool-small", pool, {"year": year, "n": n, "k": k}))
    elif n:
        bottom = rankings[0].bottom if pool != COUNTY else _together(valid, rankings, k)
    if pool == COUNTY and bottom is not None:
        problems.append(Problem("county-scope", pool, {"year": year, "n": len(valid)}))
    problems += [p for r in rankings for p in r.problems]
    return Standing(kind, year, scope, pool, tuple(valid), tuple(rankings), bottom, k, tuple(problems))


def _ranking(r: Round, settings: Settings, *, draws: int) -> Ranking:
    """Rank one poll by itself; of a part of the county only the observed places are needed."""
    n = len(results.usable_panel(r.dataset).targets)
    k = settings[f"bottom_rule.{r.kind}.n"]
    if settings[f"bottom_rule.{r.kind}.share"] is not None:
        k = max(places(r.kind, n, settings), 1)
    k = max(min(k, n - 1), 1)  # where too few are ranked, nobody is named (pool-small)
    return results.rank(r.dataset, k=k, coverage=settings["scoring.coverage"], draws=draws)


def _together(valid: Sequence[Round], rankings: Sequence[Ranking], k: int) -> BottomSets:
    panels = [results.usable_panel(r.dataset) for r in valid]
    made = [composite(p.scores, p.voter_class, weights=p.weights) for p in panels]
    theta = pd.concat([pd.Series(c.estimate, index=list(p.targets)) for c, p in zip(made, panels, strict=True)])
    cov = np.asarray(linalg.block_diag(*(c.covariance() for c in made)))
    df = max(min(int(c.df.min()) for c in made), 1)
    seed = int(rankings[0].hash[:8], 16)
    return bottom_sets_from(theta, cov, k=k, df=df, seed=seed, coverage=rankings[0].bottom.coverage)


def _weights(r: Round, settings: Settings) -> list[Problem]:
    """Say where the weights published with a poll are not those that the settings promise."""
    said = settings.under(f"class_weights.{r.dataset.manifest['form_id']}")
    used = {c: w for c, w in r.dataset.weights.items() if c in said}
    if all(abs(w - said[c]) < 1e-9 for c, w in used.items()):
        return []
    shown = "，".join(f"{c}={w:g}" for c, w in used.items())
    return [Problem("weights-differ", r.dataset.name, {"used": shown})]
