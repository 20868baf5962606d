"""Simulating a bottom-k rule before anyone votes: the meetings, and the years in a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from zuofeng_survey.stats.checks import check_whole
from zuofeng_survey.stats.composite import Composite, Floats, composite
from zuofeng_survey.stats.consecutive import together
from zuofeng_survey.stats.fragility import fewest_ballots
from zuofeng_survey.stats.plans import PEOPLE, Plan, PlanDesign, named_by_luck
from zuofeng_survey.stats.ranking import cut_test
from zuofeng_survey.stats.ranksets import locked, tolerance
from zuofeng_survey.stats.raters import Conduct, Rater
from zuofeng_survey.stats.simulate import Panel, panels
from zuofeng_survey.stats.wild import draw_signs

DRAWS = 199
SPREADS = {"none": 0.0, "moderate": 0.35, "strong": 0.7}
Progress = Callable[[int, int], object]


def plan(
    design: PlanDesign,
    *,
    spread: str | float = "moderate",
    drift: float = 0.0,
    rater: Rater | None = None,
    conduct: Conduct | None = None,
    reps: int = 400,
    seed: int,
    progress: Progress | None = None,
) -> Plan:
    """Simulate meetings under the rater model, and count.

    Parameters
    ----------
    design : PlanDesign
    spread : {"none", "moderate", "strong"} or float
        Standard deviation of true merit, latent scale: 0, 0.35 (generalizability about .85 with
        30 voters), 0.7 (about .95).
    drift : float
        Standard deviation of what merit moves from year to year.
    rater, conduct
        As :func:`zuofeng_survey.stats.simulate.panel`.
    reps : int
        Pools simulated over all years, sizes in turn, 20 or more.
    seed : int
        Same seed, same answer.
    progress : callable, optional
        Called with (done, all).

    Returns
    -------
    Plan
        Persons are those of all pools together: the mean of a pool times the number of pools.

    Raises
    ------
    ValueError
        An unknown spread, too few reps; as :func:`zuofeng_survey.stats.simulate.panels`.

    Notes
    -----
    Source: METHODS (b), (d), (e). Tests with 199 sign draws; the years together are tested with
    the error shared among the looks (after two years, after three, …).

    Examples
    --------
    >>> found = plan(PlanDesign({"A": 30}, (6,), 2, years=2), spread="strong", reps=40, seed=1)
    >>> found.if_equal.round(2).tolist(), bool(found.odds[0] > 0.4)
    ([2.0, 0.67], True)
    """
    sd = _spread(spread)
    if reps < 20:
        raise ValueError(f"reps must be 20 or more, got {reps}")
    check_whole(seed=seed)
    check_whole(1, reps=reps)
    rng, pools = np.random.default_rng(seed), len(design.sizes)
    odds, people = [], []
    for rep in range(reps):
        merit = sd * rng.standard_normal(design.sizes[rep % pools])
        drawn = panels(merit, design.voters, years=design.years, drift=drift, items=design.items,
                       rater=rater, conduct=conduct, seed=rng)  # fmt: skip
        is_flat = sd == 0 and drift == 0
        odds.append(_meeting(drawn[0], design, is_flat=is_flat, seed=rep))
        people.append(_running(drawn, design, verified=odds[-1][2], is_flat=is_flat, seed=rep))
        if progress:
            progress(rep + 1, reps)
    share, heads = np.array(odds, dtype=float), np.array(people)
    return Plan(
        design=design,
        spread=sd,
        drift=drift,
        odds=locked(share.mean(axis=0)),
        odds_se=locked(np.sqrt(share.mean(axis=0) * (1 - share.mean(axis=0)) / reps)),
        people=locked(pools * heads.mean(axis=0)),
        people_se=locked(pools * heads.std(axis=0, ddof=1) / np.sqrt(reps)),
        if_equal=locked(named_by_luck(design.sizes, design.k, years=design.years)),
        reps=reps,
        seed=seed,
    )


def _spread(spread: str | float) -> float:
    if isinstance(spread, str):
        if spread not in SPREADS:
            raise ValueError(f"spread must be {', '.join(SPREADS)} or a number, got {spread!r}")
        return SPREADS[spread]
    if not 0 <= spread < np.inf:
        raise ValueError(f"spread must be 0 or more, got {spread}")
    return float(spread)


def _meeting(year: Panel, design: PlanDesign, *, is_flat: bool, seed: int) -> tuple[bool, ...]:
    """Return the answers of ``ODDS`` for one ballot."""
    weights, k = design.shares(), design.k
    panel = composite(year.scores, year.voter_class, weights=weights)
    observed, tied, p_value = _tested(panel, design, seed=seed)
    few = fewest_ballots(year.scores, year.voter_class, k=k, weights=weights)
    right = not is_flat and bool((observed == _lowest(year.merit, k)).all())
    verified = p_value <= 1 - design.coverage
    return right, few.flip1, verified, verified and not right, tied


def _running(
    drawn: Sequence[Panel], design: PlanDesign, *, verified: bool, is_flat: bool, seed: int
) -> Floats:
    """Return the counts of ``PEOPLE`` for one pool after each year; shape (years, 4)."""
    counts, weights = np.zeros((len(drawn), len(PEOPLE))), design.shares()
    named = np.ones(len(drawn[0].merit), dtype=bool)
    for y, year in enumerate(drawn):
        theta = composite(year.scores, year.voter_class, weights=weights).estimate
        named = named & _lowest(theta, design.k)
        if not named.any():
            break
        confirmed = named & (_confirmed(drawn[: y + 1], design, seed=seed) if y else verified)
        merit = np.mean([p.merit for p in drawn[: y + 1]], axis=0)
        wrong = ~_lowest(merit, design.k) | is_flat
        counts[y] = [x.sum() for x in (named, named & wrong, confirmed, confirmed & wrong)]
    return counts


def _confirmed(drawn: Sequence[Panel], design: PlanDesign, *, seed: int) -> NDArray[np.bool_]:
    """Return who is in the verified bottom k of the years together; nobody if it is not."""
    frames, labels = [pd.DataFrame(p.scores) for p in drawn], [p.voter_class for p in drawn]
    scores, classes, weights = together(frames, labels, weights=design.shares())
    panel = composite(scores, classes, weights=weights)
    observed, _, p_value = _tested(panel, design, seed=seed)
    return observed & (p_value <= (1 - design.coverage) / (design.years - 1))


def _tested(
    panel: Composite, design: PlanDesign, *, seed: int
) -> tuple[NDArray[np.bool_], bool, float]:
    signs = draw_signs(panel, DRAWS, seed)
    observed, tied, test = cut_test(panel, signs, k=design.k, coverage=design.coverage)
    return observed, tied, test.p_value


def _lowest(x: ArrayLike, k: int) -> NDArray[np.bool_]:
    x = np.asarray(x, dtype=float)
    return x <= np.sort(x)[k - 1] + tolerance(x)
