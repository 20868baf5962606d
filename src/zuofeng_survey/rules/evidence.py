"""What one year's place in the bottom k rests on, for one person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import results
from ..errors import Problem
from ..results import Usable
from ..stats.leaving import ballots_to_leave
from ..stats.ranking import BottomSets
from .settings import Settings
from .standing import COUNTY, Standing, lowest

GUARDS = "bottom_rule.guards"


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """One person's place in one year.

    Attributes
    ----------
    year, dataset, hash, pool
        Where the ballots are.
    persons, k : int
        Persons ranked together, last places.
    estimate, se : float
        Score (0–100) and its standard error.
    rank, lower, upper : int
        Observed rank and the ranks that cannot be ruled out, all persons at once.
    p_bottom : float
        How often panels drawn again put the person in the bottom k.
    certain, verified, tied : bool
        The rank set lies wholly in the bottom k; the observed bottom k passes the gap test as a
        set; the place is a tie at the cut.
    gap, gap_needed, gap_p : float
        Of that test.
    flip1 : bool
        One ballot taken out is enough to leave the bottom k.
    leave, leave_tried : int or None, int
        So many ballots are enough; None where so many as were tried are not.
    set_ballots : int or None
        Fewest ballots that change the bottom k as a set (township scope).
    maps, bases, others : (int, int)
        Of so many scoring maps (the published one among them), bases and all other ways of
        counting, how many name this person.
    named_without : dict
        Voter class → whether the person is in the bottom k without that class.
    own_pool : bool
        In the bottom k of the own township.
    n, n_least_class : int
        Valid ballots for this person; valid ballots of the smallest voter class.
    good_rate, dk_rate, return_rate : float or None
        Share of the two upper overall grades; of 不了解; ballots cast over issued.
    grades : dict
        Overall grade → share; empty where too few.
    remark : str
        What makes the job a hard one, shown beside the rank.
    guards : tuple of Problem
        What caps the evidence level.
    problems : tuple of Problem
        What weakens the ranking of that year.
    """

    year: int
    dataset: str
    hash: str
    pool: str
    persons: int
    k: int
    estimate: float
    se: float
    rank: int
    lower: int
    upper: int
    p_bottom: float
    certain: bool
    verified: bool
    tied: bool
    gap: float
    gap_needed: float
    gap_p: float
    flip1: bool
    leave: int | None
    leave_tried: int
    set_ballots: int | None
    maps: tuple[int, int]
    bases: tuple[int, int]
    others: tuple[int, int]
    named_without: dict[str, bool]
    own_pool: bool
    n: int
    n_least_class: int
    good_rate: float | None
    dk_rate: float | None
    return_rate: float | None
    grades: dict[str, float]
    remark: str
    guards: tuple[Problem, ...]
    problems: tuple[Problem, ...]


def evidence(standing: Standing, target: str, settings: Settings) -> Evidence:
    """Gather what one person's place in one year rests on."""
    if standing.bottom is None:
        raise ValueError(f"{target!r} must stand in a ranking, got none for {standing.pool}")
    home = standing.home(target)
    r, ranking = standing.rounds[home], standing.rankings[home]
    i = ranking.bottom.unit.index(target)
    fragility = ranking.fragility if standing.pool != COUNTY else None
    found = Evidence(
        year=standing.year,
        dataset=r.dataset.name,
        hash=r.dataset.hash,
        pool=r.pool,
        k=standing.k,
        **_place(standing.bottom, standing.index(target)),
        **_leaving(standing, target),
        **_agreement(standing, target),
        tied=standing.marks()[target].tied,
        set_ballots=fragility.ballots if fragility else None,
        named_without=_without(standing, target),
        own_pool=bool(ranking.bottom.observed[i]),
        n=int(ranking.n[i]),
        n_least_class=min(row["valid"] for row in r.dataset.manifest["counts"].values()),
        good_rate=_known(ranking.good_rate[i]),
        dk_rate=_known(ranking.dk_rate[i]),
        return_rate=r.return_rate,
        grades=_grades(r.dataset, target),
        remark=next((t.note.zh for t in r.dataset.targets if t.name == target), ""),
        guards=(),
        problems=ranking.problems,
    )
    return replace(found, guards=tuple(_guards(found, standing, settings)))


def _place(bottom: BottomSets, at: int) -> dict[str, Any]:
    return {
        "persons": len(bottom.unit),
        "estimate": float(bottom.sets.estimate[at]),
        "se": float(bottom.sets.se[at]),
        "rank": int(bottom.sets.rank[at]),
        "lower": int(bottom.sets.lower[at]),
        "upper": int(bottom.sets.upper[at]),
        "p_bottom": float(bottom.p_bottom[at]),
        "certain": bool(bottom.certain[at]),
        "verified": bottom.verified,
        "gap": bottom.gap,
        "gap_needed": bottom.gap_needed,
        "gap_p": bottom.p_value,
    }


def _leaving(standing: Standing, target: str) -> dict[str, Any]:
    blocks = [(p.scores, p.voter_class, p.weights) for p in standing.panels]
    leave = ballots_to_leave(blocks, _column(standing, target), k=standing.k)
    return {"flip1": leave.flip1, "leave": leave.ballots, "leave_tried": leave.most}


def _column(standing: Standing, target: str) -> int:
    return [t for p in standing.panels for t in p.targets].index(target)


def _known(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)


def _grades(dataset: Any, target: str) -> dict[str, float]:
    shares = results.grades(dataset).drop(columns="n").T[target].to_dict()
    return {} if any(np.isnan(v) for v in shares.values()) else {str(k): v for k, v in shares.items()}


def _agreement(standing: Standing, target: str) -> dict[str, Any]:
    """Count the scoring maps, bases and all other ways that name the person."""
    agree = [(kind, target in low) for kind, _, low in standing.others]

    def of(kind: str) -> tuple[int, int]:
        said = [yes for k, yes in agree if k == kind]
        return 1 + sum(said), 1 + len(said)

    return {
        "maps": of("map"),
        "bases": of("base"),
        "others": (sum(yes for _, yes in agree), len(agree)),
    }


def _without(standing: Standing, target: str) -> dict[str, bool]:
    """Return for each voter class whether the person is in the bottom k without it."""
    classes = dict.fromkeys(c for p in standing.panels for c in p.weights)
    found = {}
    for name in classes if len(classes) > 1 else ():
        panels = [_drop(p, name) for p in standing.panels]
        if all(p is not None for p in panels):
            found[name] = target in lowest([p for p in panels if p is not None], standing.k)
    return found


def _drop(panel: Usable, name: str) -> Usable | None:
    weights = {c: w for c, w in panel.weights.items() if c != name}
    rows = panel.voter_class != name
    rated = np.isfinite(panel.scores[rows]).any(axis=0).all() if rows.any() else False
    return panel.with_weights({**weights, name: 0.0}) if weights and rated else None


def _guards(e: Evidence, standing: Standing, settings: Settings) -> list[Problem]:
    least = settings[f"{GUARDS}.min_pool.{standing.kind}"]
    found = []
    if e.persons < least:
        found.append(Problem("guard-pool", "", {"year": e.year, "n": e.persons, "least": least}))
    if e.n < settings[f"{GUARDS}.min_ballots"]:
        params = {"year": e.year, "n": e.n, "least": settings[f"{GUARDS}.min_ballots"]}
        found.append(Problem("guard-ballots", "", params))
    if e.n_least_class < settings[f"{GUARDS}.min_ballots_per_class"]:
        params = {"year": e.year, "least": settings[f"{GUARDS}.min_ballots_per_class"]}
        found.append(Problem("guard-class", "", params))
    if e.dk_rate is not None and e.dk_rate > settings[f"{GUARDS}.dk_rate_max"] + 1e-9:
        found.append(Problem("guard-dk", "", {"year": e.year, "rate": f"{100 * e.dk_rate:.0f}%"}))
    if is_above_floor(e, settings):
        params = {"year": e.year, "rate": f"{100 * settings[f'{GUARDS}.abs_floor']:.0f}%"}
        found.append(Problem("guard-floor", "", params))
    if standing.pool == COUNTY and settings[f"{GUARDS}.own_pool"] and not e.own_pool:
        found.append(Problem("guard-own-pool", "", {"year": e.year, "pool": e.pool}))
    return found


def is_above_floor(e: Evidence, settings: Settings) -> bool:
    """Return whether the grades by themselves are good enough that a rank means little."""
    return e.good_rate is not None and e.good_rate >= settings[f"{GUARDS}.abs_floor"] - 1e-9
