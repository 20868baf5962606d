"""Harsh voters and lenient ones: scores adjusted for who happened to rate whom.

On complete ballots a voter's harshness enters every target alike and cancels in every difference:
nothing is adjusted, and the result says so. Where voters rated different targets, a two-way model
``y = α_class + a_voter + b_target + e`` takes it out, either by differences within voters alone
(``fixed``) or also drawing on what voters' averages tell (``random``, variances by REML).

Class weights stay what they are on complete ballots: a rating of target i by a voter of class c
counts ``W_c / n_ci``, brought to the same total for a target as ``W_c / n_c`` would give. So the
adjusted score is the composite of ratings less each voter's harshness; with one class all ratings
count alike, and the result is that of ``lm`` and ``lmer``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats, ballots, composite
from zuofeng_survey.stats.connected import Connectedness, graph_parts
from zuofeng_survey.stats.ranksets import locked
from zuofeng_survey.stats.twoway import Ratings, by_differences, by_reml

Method = Literal["fixed", "random"]
Variance = Literal["pooled", "voters"]


@dataclass(frozen=True, slots=True, eq=False)
class Adjusted:
    """Scores of N targets, free of the harshness of those who rated them.

    Attributes
    ----------
    unit : tuple of str
        Names of the targets.
    estimate, se : ndarray, shape (N,)
        Score that a panel of average leniency would have given, and its standard error.
    covariance : ndarray, shape (N, N)
        Of the estimates; differences between targets need all of it.
    raw : ndarray, shape (N,)
        Composite as it comes, not adjusted; on long ratings their weighted mean.
    leniency : ndarray, shape (V,)
        How much above the average voter each voter rates (NaN: empty ballot or class without
        weight); drawn towards zero if ``random``.
    method : str
        ``"none"`` (complete ballots), ``"fixed"`` or ``"random"``.
    components : dict
        Variances ``voter`` (if ``random``) and ``residual``; empty where none was needed.
    df : int
        Ballots that carry differences less classes: degrees of freedom to use with ``covariance``.
    parts : Connectedness
        Which targets can be compared.
    notes : tuple of str
        Codes: ``class-of-one``, ``complete-ballots``, ``disconnected``, ``no-harshness`` (random
        voters' variance is zero), ``no-replication`` (too few ratings for standard errors, which
        are NaN), ``one-target-voters``.
    """

    unit: tuple[str, ...]
    estimate: Floats
    se: Floats
    covariance: Floats
    raw: Floats
    leniency: Floats
    method: str
    components: dict[str, float]
    df: int
    parts: Connectedness
    notes: tuple[str, ...]

    @property
    def effects(self) -> Floats:
        """Estimates less their mean over targets; shape (N,)."""
        return self.estimate - self.estimate.mean()

    @property
    def statement(self) -> str:
        """What was done, in one or two sentences."""
        if self.method == "none":
            return (
                "Every voter rated every target: harshness cancels in every difference, "
                "so the scores are left as they are."
            )
        how = {
            "fixed": "Scores rest on differences within each voter's own ballot.",
            "random": "Scores combine differences within ballots with the voters' averages.",
        }[self.method]
        return f"{how} {self.parts.statement}"

    def table(self) -> pd.DataFrame:
        """Return one row a target: unit, estimate, se, raw, shift (estimate − raw), part."""
        shown = {name: getattr(self, name) for name in ("unit", "estimate", "se", "raw")}
        return pd.DataFrame(shown | {"shift": self.estimate - self.raw, "part": self.parts.part})

    def _repr_html_(self) -> str:
        return table_html(self.table(), caption=self.statement)


def adjust(
    scores: ArrayLike,
    voter_class: Sequence[object] | ArrayLike,
    *,
    weights: Mapping[str, float],
    units: Sequence[str] | None = None,
    method: Method = "fixed",
    variance: Variance = "pooled",
) -> Adjusted:
    """Adjust composite scores for the harshness of voters.

    Parameters
    ----------
    scores, voter_class, weights, units
        As :func:`zuofeng_survey.stats.composite.composite`.
    method : {"fixed", "random"}
        Differences within ballots alone, or REML with random voters, which gains where ballots
        are short and assumes that harsh and lenient voters fell to all targets alike.
    variance : {"pooled", "voters"}
        For ``fixed``: standard errors from one residual variance, or from the spread of voters
        within class, which needs classes of ten or more (see Notes).

    Returns
    -------
    Adjusted
        On complete ballots estimate and covariance are those of ``composite``, method ``"none"``.

    Raises
    ------
    ValueError
        As ``composite``; ``fixed`` when some targets share no voter with others (the message
        lists the parts); no voter with two targets.

    Notes
    -----
    Source: METHODS (c); R ``lm(y ~ target + voter)`` and ``lmer(y ~ 0 + target + (1 | voter))``.
    Coverage of 95 % intervals for a difference, 15 to 60 voters in three classes, 15 and 40 % of
    cells blank: pooled .95 to .97; voters .90 to .94, and .84 with a class of two. With a class of
    weight .4 whose noise is 1.5 times that of the others pooled covers .92. Where harsh voters
    skip some targets, ``random`` is biased (.83 in one such design), ``fixed`` is not (.955).

    Examples
    --------
    >>> nan = float("nan")  # the second and third voters are harsh, and only they rated c
    >>> ballots = [[90, 80, nan], [80, 70, 85], [nan, 72, 87], [91, 80, nan]]
    >>> a = adjust(ballots, list("AAAA"), weights={"A": 1}, units=list("abc"))
    >>> a.raw.round(1).tolist(), a.estimate.round(1).tolist()
    ([87.0, 75.5, 86.0], [85.8, 75.5, 90.6])
    """
    votes = ballots(scores, voter_class, weights=weights, units=units)
    seen = ~np.isnan(votes.y)
    v, t = np.nonzero(seen)
    rated = Ratings(votes.y[seen], v, t, votes.member, votes.share, len(votes.unit))
    plain = composite(
        votes.y, np.array(votes.classes)[votes.member], weights=weights, units=votes.unit
    )
    found = _adjusted(rated, votes.unit, plain.estimate, method=method, variance=variance)
    label = np.asarray(list(voter_class), dtype=str)  # type: ignore[call-overload]
    voted = ~np.isnan(np.asarray(scores, dtype=float)).all(axis=1)
    return _placed(found, np.isin(label, votes.classes) & voted)


def adjust_ratings(
    y: ArrayLike,
    *,
    voter: ArrayLike,
    target: ArrayLike,
    method: Method = "fixed",
    variance: Variance = "pooled",
) -> Adjusted:
    """Adjust ratings given one by one, for many voters of one class who rated few targets each.

    Parameters
    ----------
    y, voter, target : array_like, shape (n,)
        Value of each rating, who gave it, to whom. Nothing of size voters × targets is made.
    method, variance
        As :func:`adjust`.

    Returns
    -------
    Adjusted
        Targets and voters in sorted order; ``raw`` is the mean rating of each target.

    Raises
    ------
    ValueError
        As :func:`adjust`; shapes that do not match, values that are not finite.

    Notes
    -----
    As :func:`adjust`. For shrunken scores see :func:`zuofeng_survey.stats.mixed.mixed_model`.

    Examples
    --------
    >>> who, what = list("uuvvww"), list("abbcca")
    >>> a = adjust_ratings([5, 3, 4, 2, 3, 4], voter=who, target=what)
    >>> a.unit, a.estimate.round(2).tolist()
    (('a', 'b', 'c'), [4.5, 3.5, 2.5])
    """
    value = np.asarray(y, dtype=float)
    if value.ndim != 1 or not np.isfinite(value).all():
        raise ValueError("y must be finite numbers, one a rating; leave missing ratings out")
    who, what = np.asarray(voter), np.asarray(target)
    if not who.shape == what.shape == value.shape:
        raise ValueError(
            f"y, voter and target must be of one length, got {value.shape}, {who.shape}, {what.shape}"
        )
    voters, v = np.unique(who, return_inverse=True)
    names, t = np.unique(what, return_inverse=True)
    member = np.zeros(len(voters), dtype=np.int64)
    rated = Ratings(value, v, t, member, np.ones(1), len(names))
    raw = np.bincount(t, value) / np.bincount(t)
    return _adjusted(rated, tuple(map(str, names.tolist())), raw, method=method, variance=variance)


def _adjusted(
    r: Ratings, unit: tuple[str, ...], raw: Floats, *, method: Method, variance: Variance
) -> Adjusted:
    _check(method, variance)
    if r.targets < 2:
        raise ValueError("targets must be two or more to be compared, got one; add the others")
    parts = graph_parts(r.voter, r.target, unit)
    each = np.bincount(r.voter, minlength=len(r.member))
    pairs = len(np.unique(r.voter * r.targets + r.target))
    complete = pairs == len(r.y) == len(r.member) * r.targets
    if not complete and not parts.bridges.any():
        raise ValueError(
            "some voter must have rated two targets, got one a voter; harsh voters and poor "
            "targets cannot be told apart, so compare the scores as they are"
        )
    if method == "fixed" and not parts.connected:
        raise ValueError(
            f"targets must be linked by shared voters. {parts.statement} "
            "Adjust each part by itself, or use method='random' and say what it assumes"
        )
    if method == "random" and not complete:
        found = by_reml(r)
    else:
        found = by_differences(r, pooled=variance == "pooled" and not complete)
    codes = {
        "class-of-one": bool((r.turnout == 1).any()),
        "complete-ballots": complete,
        "disconnected": not parts.connected,
        "no-replication": bool(np.isnan(found.covariance).any()),
        "one-target-voters": not complete and bool((each == 1).any()),
    }
    return Adjusted(
        unit=unit,
        estimate=locked(found.estimate),
        se=locked(np.sqrt(np.maximum(np.diag(found.covariance), 0.0))),
        covariance=locked(found.covariance),
        raw=locked(np.array(raw)),
        leniency=locked(found.leniency),
        method="none" if complete else method,
        components=found.components,
        df=int((each > 1).sum()) - len(np.unique(r.member[each > 1])),
        parts=parts,
        notes=tuple(code for code, is_so in codes.items() if is_so) + found.notes,
    )


def _check(method: str, variance: str) -> None:
    if method not in ("fixed", "random"):
        raise ValueError(f"method must be 'fixed' or 'random', got {method!r}")
    if variance not in ("pooled", "voters"):
        raise ValueError(f"variance must be 'pooled' or 'voters', got {variance!r}")


def _placed(found: Adjusted, kept: NDArray[np.bool_]) -> Adjusted:
    """Put the leniency of the ballots used back among all ballots."""
    leniency = np.full(len(kept), np.nan)
    leniency[kept] = found.leniency
    return replace(found, leniency=locked(leniency))
