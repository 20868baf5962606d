"""How raters see and how an electorate behaves: the models that :mod:`simulate` draws from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

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
    harshness : mapping
        Class label to what the class takes off every target, on the latent scale; 0 if absent.
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
    harshness: Mapping[str, float] = field(default_factory=dict)
    cut_shift: float = 0.0
    tails: float = np.inf
    camps: float = 0.0

    def lenience(self, rng: np.random.Generator) -> float:
        """Draw one voter's leniency, over all targets."""
        return float(rng.normal(0, np.sqrt(self.leniency)))

    def impression(self, merit: float, leniency: float, *, rng: np.random.Generator) -> float:
        """Draw what such a voter sees in one target, over all items."""
        return float(merit + leniency + rng.normal(0, np.sqrt(self.halo)))

    def grade(
        self, impression: float, *, rng: np.random.Generator, cuts: Sequence[float] | Floats | None = None
    ) -> int:
        """Draw the grade given on one item, 0 for the worst; ``cuts`` of an item with its own."""
        seen = impression + rng.normal(0, np.sqrt(self.residual))
        return int(np.searchsorted(self.cuts if cuts is None else cuts, seen))


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


def errors(rng: np.random.Generator, shape: tuple[int, ...], tails: float) -> Floats:
    """Errors of variance 1: normal, or Student t."""
    if np.isinf(tails):
        return rng.standard_normal(shape)
    return rng.standard_t(tails, shape) * np.sqrt((tails - 2) / tails)


def check_design(
    true: Floats, voters: Mapping[str, int], *, items: int, rater: Rater, unrated: float
) -> None:
    """Refuse merits, voters and raters that no panel can be drawn from."""
    if true.ndim != 1 or not true.size or not np.isfinite(true).all():
        raise ValueError(f"merit must be finite numbers, one a target, got shape {true.shape}")
    whole = all(isinstance(n, int | np.integer) and n >= 1 for n in voters.values())
    if not voters or not whole:
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


def check_conduct(conduct: Conduct, voters: Mapping[str, int], *, n: int, n_grades: int) -> None:
    """Refuse shares and blocs that do not fit the voters and targets."""
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
