"""Panels of voters with known truth: what the intervals are tested on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


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
    cut_shift : float
        Standard deviation of each voter's own displacement of each cut: what one calls good
        another calls fair.
    tails : float
        Degrees of freedom (above 2) of a Student t, at the same variances, for halo and residual;
        infinite for normal.
    camps : float
        Half the distance between two camps of voters, to which each belongs by a coin toss: one
        sees every second target this much better and the others this much worse, the other the
        reverse. Targets of equal merit stay equal on average.
    """

    leniency: float = 0.25
    halo: float = 0.25
    residual: float = 0.5
    cuts: tuple[float, ...] = (-1.5, -0.7, 0.5)
    grades: tuple[float, ...] = (40.0, 65.0, 80.0, 95.0)
    noise: Mapping[str, float] = field(default_factory=dict)
    cut_shift: float = 0.0
    tails: float = np.inf
    camps: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Simulated ballots.

    Attributes
    ----------
    scores : ndarray, shape (V, N)
        Each voter's mean grade score over items; NaN where the target was not rated.
    voter_class : ndarray of str, shape (V,)
        Class of each voter.
    merit : ndarray, shape (N,)
        The truth, on the latent scale.
    seed : int or None
        The seed given, None if a generator was.
    """

    scores: Floats
    voter_class: NDArray[np.str_]
    merit: Floats
    seed: int | None


def panel(
    merit: ArrayLike,
    voters: Mapping[str, int],
    *,
    items: int = 6,
    rater: Rater | None = None,
    unrated: float = 0.0,
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
    seed : int or numpy.random.Generator
        Same seed, same panel.

    Returns
    -------
    Panel

    Raises
    ------
    ValueError
        No target or voter, items below 1, cuts not one fewer than grades or not ascending.

    Examples
    --------
    >>> p = panel([0.0, 0.0, 1.0], {"A": 2, "B": 3}, seed=1)
    >>> p.scores.shape, p.voter_class.tolist()
    ((5, 3), ['A', 'A', 'B', 'B', 'B'])
    """
    rater = rater or Rater()
    true, cuts = np.array(merit, dtype=float), np.asarray(rater.cuts)
    _check(true, voters, items=items, rater=rater, unrated=unrated)
    rng = np.random.default_rng(seed)
    label = np.repeat(list(voters), list(voters.values())).astype(str)
    v, n = len(label), len(true)
    factor = np.array([rater.noise.get(c, 1.0) for c in label.tolist()])[:, None, None]
    latent = true[:, None] + np.sqrt(rater.leniency) * rng.standard_normal((v, 1, 1))
    latent = latent + factor * np.sqrt(rater.halo) * _errors(rng, (v, n, 1), rater.tails)
    latent = latent + factor * np.sqrt(rater.residual) * _errors(rng, (v, n, items), rater.tails)
    if rater.camps:
        side = rater.camps * rng.choice((-1.0, 1.0), size=(v, 1, 1))
        latent += side * np.where(np.arange(n) % 2, -1.0, 1.0)[:, None]
    if rater.cut_shift:
        own = np.sort(cuts + rater.cut_shift * rng.standard_normal((v, len(cuts))), axis=1)
        grade = (latent[..., None] >= own[:, None, None, :]).sum(axis=-1)
    else:
        grade = np.searchsorted(cuts, latent)
    scores = np.asarray(rater.grades)[grade].mean(axis=2)
    if unrated:
        scores[rng.random((v, n)) < unrated] = np.nan
    for array in (scores, label, true):
        array.setflags(write=False)
    return Panel(scores, label, true, seed if isinstance(seed, int) else None)


def _errors(rng: np.random.Generator, shape: tuple[int, ...], tails: float) -> Floats:
    """Errors of variance 1: normal, or Student t."""
    if np.isinf(tails):
        return rng.standard_normal(shape)
    return rng.standard_t(tails, shape) * np.sqrt((tails - 2) / tails)


def _check(
    true: Floats, voters: Mapping[str, int], *, items: int, rater: Rater, unrated: float
) -> None:
    if true.ndim != 1 or not true.size or not np.isfinite(true).all():
        raise ValueError(f"merit must be finite numbers, one a target, got shape {true.shape}")
    if not voters or min(voters.values()) < 1:
        raise ValueError(f"voters must give 1 or more voters a class, got {dict(voters)}")
    if items < 1 or not 0 <= unrated < 1:
        raise ValueError(f"items must be 1 or more and unrated in [0, 1), got {items}, {unrated}")
    if not rater.tails > 2 or rater.cut_shift < 0:
        raise ValueError(
            "tails must be above 2 (a variance exists) and cut_shift 0 or more, "
            f"got {rater.tails} and {rater.cut_shift}"
        )
    if len(rater.grades) != len(rater.cuts) + 1 or (np.diff(rater.cuts) <= 0).any():
        raise ValueError(
            f"cuts must ascend and be one fewer than grades, got {rater.cuts} and {rater.grades}"
        )
