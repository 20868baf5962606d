"""The county as a generator: panels of voters with known truth.

What the intervals are tested on, what ``zuofeng plan`` shows before anyone votes. A voter sees each
target's merit through a leniency and a class's harshness, a halo for the target and an error for
the item, and cuts what is seen into grades; some are coached, belong to a bloc, stay away, or do
not know. Options that are not used draw no random numbers: the same seed keeps its panel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zuofeng_survey.stats.checks import check_whole
from zuofeng_survey.stats.raters import Conduct, Rater, check_conduct, check_design, errors

Floats = NDArray[np.float64]
OWN, COACHED, BLOC = "own", "coached", "bloc"


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Simulated ballots.

    Attributes
    ----------
    scores : ndarray, shape (V, N)
        Each voter's mean grade score over items; NaN where the target was not rated.
    voter_class : ndarray of str, shape (V,)
        Class of each voter who handed in a ballot.
    merit : ndarray, shape (N,)
        The truth, on the latent scale.
    seed : int or None
        The seed given, None if a generator was.
    grades : ndarray of int8, shape (V, N, items)
        The grades behind the scores, 0 for the worst, -1 where the target was not rated.
    role : ndarray of str, shape (V,)
        ``own``, ``coached`` or ``bloc``: the truth about each ballot.
    """

    scores: Floats
    voter_class: NDArray[np.str_]
    merit: Floats
    seed: int | None
    grades: NDArray[np.int8]
    role: NDArray[np.str_]


def panel(
    merit: ArrayLike,
    voters: Mapping[str, int],
    *,
    items: int = 6,
    rater: Rater | None = None,
    unrated: float = 0.0,
    conduct: Conduct | None = None,
    seed: int | np.random.Generator,
) -> Panel:
    """Draw one panel of ballots under the rater model of METHODS.

    Parameters
    ----------
    merit : array_like, shape (N,)
        True merit of each target on the latent scale (voters' total variance is 1).
    voters : mapping
        Class label to number of voters.
    items : int
        Items each target is graded on; the score is their mean.
    rater : Rater, optional
        Variances, cuts and grade scores; by default those of METHODS.
    unrated : float
        Share of cells left blank at random, 0 to below 1.
    conduct : Conduct, optional
        Who stays away, does not know, is coached or belongs to a bloc; by default nobody.
    seed : int or numpy.random.Generator
        Same seed, same panel.

    Returns
    -------
    Panel

    Raises
    ------
    ValueError
        No target or voter, items below 1, cuts not one fewer than grades or not ascending, shares
        outside 0 to 1, a bloc of unknown class, target or grade, or larger than its class.

    Examples
    --------
    >>> p = panel([0.0, 0.0, 1.0], {"A": 2, "B": 3}, seed=1)
    >>> p.scores.shape, p.voter_class.tolist()
    ((5, 3), ['A', 'A', 'B', 'B', 'B'])
    >>> from zuofeng_survey.stats import Bloc
    >>> hostile = Conduct(blocs=[Bloc(voters={"B": 1}, grades={0: 0, 1: 0})])
    >>> panel([0.0, 1.0], {"A": 2, "B": 3}, conduct=hostile, seed=1).scores[2].tolist()
    [40.0, 40.0]
    """
    rater, conduct = rater or Rater(), conduct or Conduct()
    true = np.array(merit, dtype=float)
    check_design(true, voters, items=items, rater=rater, unrated=unrated)
    check_conduct(conduct, voters, n=len(true), n_grades=len(rater.grades))
    check_whole(seed=seed)
    rng = np.random.default_rng(seed)
    label = np.repeat(list(voters), list(voters.values())).astype(str)
    lenient = rng.standard_normal((len(label), 1, 1))
    grade = _graded(true, lenient, label, items=items, rater=rater, rng=rng)
    blank = np.zeros(grade.shape[:2], dtype=bool)
    if unrated:
        blank |= rng.random(blank.shape) < unrated
    role = _agreed(grade, label, conduct=conduct, best=len(rater.cuts), rng=rng)
    came = _handed_in(blank, label, lenient=lenient[:, 0, 0], conduct=conduct, rng=rng)
    grade, blank, label, role = grade[came], blank[came], label[came], role[came]
    scores = np.asarray(rater.grades)[grade].mean(axis=2)
    scores[blank], grade[blank] = np.nan, -1
    for array in (scores, label, true, grade, role):
        array.setflags(write=False)
    return Panel(scores, label, true, seed if isinstance(seed, int) else None, grade, role)


def panels(
    merit: ArrayLike,
    voters: Mapping[str, int],
    *,
    years: int,
    drift: float = 0.0,
    items: int = 6,
    rater: Rater | None = None,
    conduct: Conduct | None = None,
    seed: int | np.random.Generator,
) -> tuple[Panel, ...]:
    """Draw the panels of several years, each with voters of its own.

    Parameters
    ----------
    merit, voters, items, rater, conduct, seed
        As :func:`panel`; ``merit`` is that of the first year.
    years : int
        Number of years.
    drift : float
        Standard deviation of what each target's merit moves from one year to the next, on the
        latent scale; 0 keeps it.

    Returns
    -------
    tuple of Panel
        ``merit`` of each is that year's truth.

    Raises
    ------
    ValueError
        As :func:`panel`; years below 1, drift below 0.

    Examples
    --------
    >>> first, second = panels([0.0, 1.0], {"A": 9}, years=2, drift=0.2, seed=1)
    >>> first.merit.tolist(), bool((second.merit != first.merit).all())
    ([0.0, 1.0], True)
    """
    check_whole(seed=seed)
    check_whole(1, years=years)
    if not 0 <= drift < np.inf:
        raise ValueError(f"years must be 1 or more and drift 0 or more, got {years}, {drift}")
    rng, now, made = np.random.default_rng(seed), np.array(merit, dtype=float), []
    for year in range(years):
        if year and drift:
            now = now + drift * rng.standard_normal(now.shape)
        made.append(panel(now, voters, items=items, rater=rater, conduct=conduct, seed=rng))
    return tuple(made)


def _graded(
    true: Floats,
    lenient: Floats,
    label: NDArray[np.str_],
    *,
    items: int,
    rater: Rater,
    rng: np.random.Generator,
) -> NDArray[np.int8]:
    """Return the grades of voters who say what they see; shape (V, N, items)."""
    v, n = len(label), len(true)
    factor = np.array([rater.noise.get(c, 1.0) for c in label.tolist()])[:, None, None]
    latent = true[:, None] + np.sqrt(rater.leniency) * lenient
    latent = latent + factor * np.sqrt(rater.halo) * errors(rng, (v, n, 1), rater.tails)
    latent = latent + factor * np.sqrt(rater.residual) * errors(rng, (v, n, items), rater.tails)
    if rater.harshness:
        latent -= np.array([rater.harshness.get(c, 0.0) for c in label.tolist()])[:, None, None]
    if rater.camps:
        side = rater.camps * rng.choice((-1.0, 1.0), size=(v, 1, 1))
        latent += side * np.where(np.arange(n) % 2, -1.0, 1.0)[:, None]
    cuts = np.asarray(rater.cuts)
    if not rater.cut_shift:
        return np.searchsorted(cuts, latent).astype(np.int8)
    own = np.sort(cuts + rater.cut_shift * rng.standard_normal((v, len(cuts))), axis=1)
    return (latent[..., None] >= own[:, None, None, :]).sum(axis=-1).astype(np.int8)


def _agreed(
    grade: NDArray[np.int8],
    label: NDArray[np.str_],
    *,
    conduct: Conduct,
    best: int,
    rng: np.random.Generator,
) -> NDArray[np.str_]:
    """Overwrite what blocs and the coached give; return each ballot's role."""
    role = np.full(len(label), OWN, dtype="<U7")
    for bloc in conduct.blocs:
        for c, n in bloc.voters.items():
            rows = np.flatnonzero((label == c) & (role == OWN))[:n]
            role[rows] = BLOC
            for target, given in bloc.grades.items():
                grade[rows, target] = given % (best + 1)
    if any(conduct.coached.values()):
        share = np.array([conduct.coached.get(c, 0.0) for c in label.tolist()])
        told = (rng.random(len(label)) < share) & (role == OWN)
        role[told], grade[told] = COACHED, best
    return role


def _handed_in(
    blank: NDArray[np.bool_],
    label: NDArray[np.str_],
    *,
    lenient: Floats,
    conduct: Conduct,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Mark what voters do not know; return who hands in. Each class keeps at least one ballot."""
    if any(conduct.unknown.values()):
        share = np.array([conduct.unknown.get(c, 0.0) for c in label.tolist()])
        blank |= rng.random(blank.shape) < share[:, None]
    came = np.ones(len(label), dtype=bool)
    if any(r < 1 for r in conduct.returned.values()):
        share = np.array([conduct.returned.get(c, 1.0) for c in label.tolist()])
        with np.errstate(divide="ignore"):
            odds = np.log(share) - np.log1p(-share) + conduct.willing * lenient
        came = rng.random(len(label)) < 1 / (1 + np.exp(-odds))
        for c in np.unique(label):
            if not came[label == c].any():
                came[np.flatnonzero(label == c)[0]] = True
    return came
