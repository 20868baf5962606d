"""Ballots that stand out: against all others, one target only, or two ballots as one.

A flag is a reason to look, not a reason to strike out: honest voters disagree. The result gives
the ranking with all ballots and without those flagged, side by side, and removes nothing. Flat
ballots (one grade for all) cannot move a difference; they are counted apart and not blamed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.ballotsigns import (
    Residuals,
    agreement,
    bloc_signs,
    lone_lows,
    two_way_residuals,
    without_slope,
)
from zuofeng_survey.stats.checks import check_k, check_whole
from zuofeng_survey.stats.comparisons import benjamini_hochberg
from zuofeng_survey.stats.composite import Ballots, Floats, ballots, composite
from zuofeng_survey.stats.ranksets import locked, tolerance

Flags = NDArray[np.bool_]
FEW = 5  # a list of fewer ballots can point at people


@dataclass(frozen=True, slots=True, eq=False)
class BallotChecks:
    """What stands out among V ballots, and what it does to the bottom k.

    Ballots are numbered as given; empty ones and classes without weight have NaN and no flag.

    Attributes
    ----------
    unit : tuple of str
        Names of the N targets.
    agreement : ndarray, shape (V,)
        Correlation with the mean of all other ballots.
    outfit : ndarray, shape (V,)
        Mean squared residual over what is expected: 1 is ordinary, 3 erratic.
    contrary : ndarray of bool, shape (V,)
        Agreement below what shuffled ballots give, Benjamini–Hochberg over voters.
    lone_low : ndarray, shape (V,)
        Name of the target a ballot strikes alone, "" if none.
    bloc : ndarray of int, shape (V,)
        Number of the bloc of near-identical ballots, from 1; 0 for none.
    bloc_p, shared_p : float
        p of the pair most alike, and of the largest eigenvalue of likeness (parallel analysis).
    flat : ndarray of bool, shape (V,)
        One grade for all.
    everyone, without : DataFrame
        ``unit, estimate, se, rank, bottom`` with all ballots, and without those flagged.
    left : int
        Ballots not flagged.
    k, fdr, draws, seed
        What reproduces it.
    notes : tuple of str
        Codes: ``bottom-changes``, ``few-flagged``, ``without-not-possible``.
    """

    unit: tuple[str, ...]
    agreement: Floats
    outfit: Floats
    contrary: Flags
    lone_low: NDArray[np.str_]
    bloc: NDArray[np.int64]
    bloc_p: float
    shared_p: float
    flat: Flags
    everyone: pd.DataFrame
    without: pd.DataFrame
    left: int
    k: int
    fdr: float
    draws: int
    seed: int
    notes: tuple[str, ...]

    @property
    def flagged(self) -> Flags:
        """Ballots with any flag; shape (V,)."""
        return self.contrary | (self.lone_low != "") | (self.bloc > 0)

    def ballots(self) -> pd.DataFrame:
        """Return one row a ballot, for those who may see ballots; do not publish."""
        names = ("agreement", "outfit", "contrary", "lone_low", "bloc", "flat")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def table(self) -> pd.DataFrame:
        """Return one row a target: both estimates, ranks and places at the bottom."""
        names = ["estimate", "rank", "bottom"]
        other = self.without[["unit", *names]].rename(columns={n: f"{n}_without" for n in names})
        return self.everyone[["unit", *names]].merge(other, on="unit", how="left")

    def _repr_html_(self) -> str:
        return table_html(self.table())


def ballot_checks(
    scores: ArrayLike,
    voter_class: Sequence[object] | ArrayLike,
    *,
    weights: Mapping[str, float],
    k: int,
    fdr: float = 0.05,
    draws: int = 999,
    seed: int,
) -> BallotChecks:
    """Look for contrary ballots, lone low grades and blocs, and rank with and without them.

    Parameters
    ----------
    scores, voter_class, weights
        As :func:`zuofeng_survey.stats.composite.composite`; three targets and voters or more.
    k : int
        Size of the bottom set.
    fdr : float
        Share of false flags tolerated among contrary ballots, and level of the tests for lone low
        grades (over all cells) and blocs (over all pairs).
    draws : int
        Shuffles, 99 or more.
    seed : int
        Same seed, same flags.

    Returns
    -------
    BallotChecks

    Raises
    ------
    ValueError
        As ``composite``; fewer than three voters or targets, k out of range, all ballots flat.

    Notes
    -----
    Source: METHODS (c). Residuals are of ``y = voter + slope of the voter × target``. Lone low
    grades are judged by an exponential tail fitted to the residuals, not by a sign-flip limit:
    flips keep the largest residual and show it on the low side half of the time, so no single cell
    could ever be beyond it; a normal tail flags honest ballots in 20 to 80 % of panels of four
    grades. Blocs: likeness of residuals against shuffles within target and class. ``shared_p``:
    Horn (1965), doi 10.1007/BF02289447. Panels of 15 to 60 honest voters with a flag of one kind:
    contrary .00, lone low .00 to .06, bloc .05 to .10 (``benchmarks/weighting.py``).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> y = np.linspace(60, 90, 10) + rng.normal(0, 4, (20, 10))
    >>> y[3] = y[3, ::-1]  # one ballot upside down
    >>> c = ballot_checks(y, ["A"] * 20, weights={"A": 1}, k=2, draws=199, seed=1)
    >>> np.flatnonzero(c.contrary).tolist(), c.left
    ([3], 19)
    """
    votes = ballots(scores, voter_class, weights=weights)
    _check(votes, k=k, fdr=fdr, draws=draws)
    check_whole(draws=draws, seed=seed)
    rng = np.random.default_rng(seed)
    residual, variance, leverage = two_way_residuals(votes.y)
    rated = leverage > 0
    flat = np.nanmax(votes.y, axis=1) - np.nanmin(votes.y, axis=1) <= tolerance(votes.y)
    r, p = agreement(votes.y, flat)
    contrary = _fewer_false(p, fdr)
    effect = np.nanmean(votes.y - np.nanmean(votes.y, axis=1, keepdims=True), axis=0)
    compared = Residuals(
        without_slope(residual, rated & ~flat[:, None], effect), rated & ~flat[:, None], effect
    )
    low = lone_lows(compared.e, compared.rated, level=fdr)
    bloc, bloc_p, shared_p = bloc_signs(compared, votes.member, level=fdr, draws=draws, rng=rng)
    fit = residual**2 / (variance * np.maximum(1 - leverage, 1e-9))
    place = _kept(scores, voter_class, votes)
    spread = _Spread(place, len(np.asarray(scores)))
    names = np.array(["", *votes.unit])
    flagged = contrary | (low >= 0) | (bloc > 0)
    everyone, without, notes = _both(votes, flagged, weights=weights, k=k)
    return BallotChecks(
        unit=votes.unit,
        agreement=spread(r, np.nan),
        outfit=spread(np.nanmean(np.where(np.isnan(votes.y), np.nan, fit), axis=1), np.nan),
        contrary=spread(contrary, False),
        lone_low=spread(names[low + 1], ""),
        bloc=spread(bloc, 0),
        bloc_p=bloc_p,
        shared_p=shared_p,
        flat=spread(flat, False),
        everyone=everyone,
        without=without,
        left=int((~flagged).sum()),
        k=k,
        fdr=fdr,
        draws=draws,
        seed=seed,
        notes=notes,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Spread:
    """Puts what was found for the ballots used back among all ballots."""

    place: NDArray[np.intp]
    n: int

    def __call__(self, found: NDArray, empty: object) -> NDArray:
        out = np.full(self.n, empty, dtype=found.dtype)
        out[self.place] = found
        return locked(out)


def _fewer_false(p: Floats, fdr: float) -> Flags:
    """Return which p values stand after Benjamini and Hochberg; those that are missing do not."""
    found, known = np.zeros(len(p), dtype=bool), ~np.isnan(p)
    if known.any():
        found[known] = benjamini_hochberg(p[known]) <= fdr
    return found


def _check(votes: Ballots, *, k: int, fdr: float, draws: int) -> None:
    v, n = votes.y.shape
    if v < 3 or n < 3:
        raise ValueError(f"ballots must be three or more of three or more targets, got {v} × {n}")
    if (lost := np.isnan(votes.y).all(axis=0)).any():
        names = ", ".join(np.array(votes.unit)[lost][:5])
        raise ValueError(f"each target must have a rating, got none for {names}; leave them out")
    check_k(k, n)
    if not 0 < fdr < 1 or draws < 99:
        raise ValueError(f"fdr must be between 0 and 1 and draws 99 or more, got {fdr}, {draws}")


def _kept(scores: ArrayLike, voter_class: object, votes: Ballots) -> NDArray[np.intp]:
    label = np.asarray(list(voter_class), dtype=str)  # type: ignore[call-overload]
    voted = ~np.isnan(np.asarray(scores, dtype=float)).all(axis=1)
    return np.flatnonzero(np.isin(label, votes.classes) & voted)


def _both(
    votes: Ballots, flagged: Flags, *, weights: Mapping[str, float], k: int
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    """Rank with all ballots and without those flagged."""
    everyone = _ranked(votes, np.ones(len(flagged), dtype=bool), weights=weights, k=k)
    notes = ("few-flagged",) if 0 < flagged.sum() < FEW else ()
    try:
        without = _ranked(votes, ~flagged, weights=weights, k=k)
    except ValueError:  # a class or a target is left without a ballot: no such ranking
        empty = everyone.assign(estimate=np.nan, se=np.nan, rank=0, bottom=False)
        return everyone, empty, (*notes, "without-not-possible")
    changes = bool((everyone["bottom"] != without["bottom"]).any())
    return everyone, without, notes + ("bottom-changes",) * changes


def _ranked(votes: Ballots, rows: Flags, *, weights: Mapping[str, float], k: int) -> pd.DataFrame:
    label = np.array(votes.classes)[votes.member[rows]]
    made = composite(votes.y[rows], label, weights=weights, units=votes.unit)
    theta = made.estimate
    return pd.DataFrame(
        {
            "unit": made.unit,
            "estimate": theta,
            "se": made.se,
            "rank": stats.rankdata(-theta.round(9), method="min").astype(int),
            "bottom": theta <= np.sort(theta)[k - 1] + tolerance(theta),
        }
    )
