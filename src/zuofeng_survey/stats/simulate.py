"""The county as a generator: panels of voters with known truth.

What the intervals are tested on, what ``zuofeng plan`` shows before anyone votes. A voter sees each
target's merit through a leniency and a class's harshness, a halo for the target and an error for
the item, and cuts what is seen into grades; some are coached, belong to a bloc, stay away, or do
not know. Options that are not used draw no random numbers: the same seed keeps its panel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
OWN, COACHED, BLOC = "own", "coached", "bloc"


@dataclass(frozen=True, slots=True)
class Rater:
    """How a voter turns a target's merit into grades.

    Attributes
    ----------
    leniency, halo, residual : float
        Variances on the latent scale: of a voter over all targets, of a voter for one target
        over all items, and of each single rating.
    cuts : tuple of float
        Latent values between the grades, ascending.
    grades : tuple of float
        Score of each grade, worst first; one more than ``cuts``.
    noise : mapping
        Class label to a factor on the standard deviations of halo and residual; 1 if absent.
    harshness : mapping
        Class label to what the class takes off every target, on the latent scale; 0 if absent.
    """

    leniency: float = 0.25
    halo: float = 0.25
    residual: float = 0.5
    cuts: tuple[float, ...] = (-1.5, -0.7, 0.5)
    grades: tuple[float, ...] = (40.0, 65.0, 80.0, 95.0)
    noise: Mapping[str, float] = field(default_factory=dict)
    harshness: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bloc:
    """Voters who agreed on grades for some targets; the others they grade as they see them.

    Attributes
    ----------
    voters : mapping
        Class label to the number of its voters in the bloc.
    grades : mapping
        Index of a target to the grade agreed on, 0 for the worst; negative from the best.
    """

    voters: Mapping[str, int]
    grades: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Conduct:
    """How an electorate falls short of everybody saying what they see.

    Attributes
    ----------
    returned : mapping
        Class label to the share of ballots handed in; 1 if absent.
    willing : float
        How much the log-odds of handing in rise with one standard deviation of leniency: above
        0, the harsh stay away.
    unknown : mapping
        Class label to the share of targets answered 不了解 (a gap in ``scores``); 0 if absent.
    coached : mapping
        Class label to the share whose ballot gives everybody the best grade; 0 if absent.
    blocs : sequence of Bloc
        Voters who agreed beforehand, taken from each class in order and never coached.
    """

    returned: Mapping[str, float] = field(default_factory=dict)
    willing: float = 0.0
    unknown: Mapping[str, float] = field(default_factory=dict)
    coached: Mapping[str, float] = field(default_factory=dict)
    blocs: Sequence[Bloc] = ()


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
    >>> hostile = Conduct(blocs=[Bloc(voters={"B": 1}, grades={0: 0, 1: 0})])
    >>> panel([0.0, 1.0], {"A": 2, "B": 3}, conduct=hostile, seed=1).scores[2].tolist()
    [40.0, 40.0]
    """
    rater, conduct = rater or Rater(), conduct or Conduct()
    true = np.array(merit, dtype=float)
    _check(true, voters, items=items, rater=rater, unrated=unrated)
    _check_conduct(conduct, voters, n=len(true), n_grades=len(rater.grades))
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
    if years < 1 or not 0 <= drift < np.inf:
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
    latent = latent + factor * np.sqrt(rater.halo) * rng.standard_normal((v, n, 1))
    latent = latent + factor * np.sqrt(rater.residual) * rng.standard_normal((v, n, items))
    if rater.harshness:
        latent -= np.array([rater.harshness.get(c, 0.0) for c in label.tolist()])[:, None, None]
    return np.searchsorted(np.asarray(rater.cuts), latent).astype(np.int8)


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


def _check(
    true: Floats, voters: Mapping[str, int], *, items: int, rater: Rater, unrated: float
) -> None:
    if true.ndim != 1 or not true.size or not np.isfinite(true).all():
        raise ValueError(f"merit must be finite numbers, one a target, got shape {true.shape}")
    if not voters or min(voters.values()) < 1:
        raise ValueError(f"voters must give 1 or more voters a class, got {dict(voters)}")
    if items < 1 or not 0 <= unrated < 1:
        raise ValueError(f"items must be 1 or more and unrated in [0, 1), got {items}, {unrated}")
    if len(rater.grades) != len(rater.cuts) + 1 or (np.diff(rater.cuts) <= 0).any():
        raise ValueError(
            f"cuts must ascend and be one fewer than grades, got {rater.cuts} and {rater.grades}"
        )


def _check_conduct(conduct: Conduct, voters: Mapping[str, int], *, n: int, n_grades: int) -> None:
    for name in ("returned", "unknown", "coached"):
        shares = getattr(conduct, name)
        if not all(0 <= s <= 1 for s in shares.values()) or not set(shares) <= set(voters):
            raise ValueError(
                f"{name} must give a share from 0 to 1 for classes of voters, got {dict(shares)}"
            )
    if not np.isfinite(conduct.willing) or 0.0 in conduct.returned.values():
        raise ValueError("returned must be above 0 and willing finite; leave out absent classes")
    for bloc in conduct.blocs:
        if not all(0 <= m <= voters.get(c, 0) for c, m in bloc.voters.items()):
            raise ValueError(
                f"a bloc must be no larger than its classes, got {dict(bloc.voters)} of "
                f"{dict(voters)}"
            )
        if not all(0 <= t < n and -n_grades <= g < n_grades for t, g in bloc.grades.items()):
            raise ValueError(
                f"a bloc must name targets 0 to {n - 1} and grades below {n_grades}, "
                f"got {dict(bloc.grades)}"
            )
