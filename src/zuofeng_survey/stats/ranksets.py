"""Sets of ranks that cannot be ruled out, for all targets at once.

Higher scores are better, rank 1 is best, tied targets share the better rank. With probability
``coverage`` every true rank lies in its set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Composite, Floats, composite
from zuofeng_survey.stats.cores import on_one_core
from zuofeng_survey.stats.shrinkage import shrinkage
from zuofeng_survey.stats.stepdown import Decision, decide
from zuofeng_survey.stats.wild import Signs, draw_signs, normal_rows, pair_variance, wild_rows

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RankSets:
    """Simultaneous sets of ranks for N targets.

    Attributes
    ----------
    unit : tuple of str
        Names of the targets.
    estimate, se : ndarray, shape (N,)
        Composite and its standard error, in the unit of the scores.
    rank, lower, upper : ndarray of int, shape (N,)
        Observed rank (ties share the better one) and the ranks that cannot be ruled out.
    critical, critical_last : float
        Critical value of a studentised difference in the first and the last step; infinite when
        nothing can be told apart, 0 when there is no pair.
    coverage, draws, seed, method
        What reproduces the sets; ``draws`` are those used.
    n_eff : ndarray, shape (N,)
        Effective voters ``1 / Σ_c (W_ci² / n_ci)``; NaN from given estimates.
    counts : ndarray of int, shape (N, C)
        Ratings used from each class of ``classes``.
    notes : tuple of str
        Codes of what weakens the result.
    """

    unit: tuple[str, ...]
    estimate: Floats
    se: Floats
    rank: Ints
    lower: Ints
    upper: Ints
    critical: float
    critical_last: float
    coverage: float
    draws: int
    seed: int
    method: str
    n_eff: Floats
    counts: Ints
    classes: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def renormalised(self) -> Flags:
        """Targets whose class weights were renormalised; shape (N,)."""
        return (self.counts == 0).any(axis=1)

    def table(self) -> pd.DataFrame:
        """Return one row a target, in the order given, unrounded."""
        names = ("unit", "estimate", "se", "rank", "lower", "upper", "n_eff")
        frame = {name: getattr(self, name) for name in names}
        frame |= {f"n_{c}": self.counts[:, k] for k, c in enumerate(self.classes)}
        return pd.DataFrame(frame)

    def _repr_html_(self) -> str:
        return table_html(self.table())


def rank_sets(
    scores: ArrayLike,
    voter_class: Sequence[object] | ArrayLike,
    *,
    weights: Mapping[str, float],
    coverage: float = 0.95,
    draws: int = 9999,
    seed: int,
    units: Sequence[str] | None = None,
) -> RankSets:
    """Simultaneous sets for the ranks of targets rated by weighted classes of voters.

    Differences of composites are studentised by a variance pooled over classes and shrunk half
    way to one common value (less where they truly differ, see :mod:`.shrinkage`); their
    largest redrawn value (one random sign a voter, variances
    redrawn too) is the yardstick; the stepdown repeats it over pairs not yet decided, with the
    same draws. ``lower = 1 + #`` targets significantly above, ``upper = N − #`` below.

    Parameters
    ----------
    scores : array_like or DataFrame, shape (V, N)
        One row a voter, one column a target, higher is better; NaN where there is no rating.
    voter_class : array_like, shape (V,)
        Class label of each voter.
    weights : mapping
        Class label to weight, brought to sum 1.
    coverage : float
        Probability that all sets hold at once.
    draws : int
        Sign patterns drawn; all of them are taken once when there are no more than this.
    seed : int
        Same seed, same answer.
    units : sequence of str, optional
        Names of the targets; by default the columns of a DataFrame, else "1" to "N".

    Returns
    -------
    RankSets
        ``notes``: ``class-of-one`` (its single ballot takes the variance pooled over the other
        classes), ``few-voters`` (under 8 residual degrees of freedom), ``heavy-small-class``,
        ``weights-renormalised``, ``thin-target``, ``no-replication`` and ``zero-variance``.

    Raises
    ------
    ValueError
        As :func:`zuofeng_survey.stats.composite.composite`; coverage, draws or seed out of range.

    Notes
    -----
    Voters are a sample of the judgements that could have been cast: no finite-population
    correction. Gaps in ballots: each difference's variance is built from the ratings present
    (``A_ii G_ii + A_jj G_jj − 2 A_ij G_ij``, see :func:`.wild.pair_variance`), which on complete
    ballots is the formula above; a voter who rates one target only is the extreme case. If all
    differences have zero variance, a unanimous order counts only where a sign test over the
    voters, corrected for all pairs, would reject.
    Source: METHODS (b); Mogstad, Romano, Shaikh & Wilhelm (2024), doi 10.1093/restud/rdad006.

    Examples
    --------
    >>> ballots = [[95, 80, 40]] * 5 + [[80, 95, 40]] * 5 + [[80, 80, 65]] * 5
    >>> sets = rank_sets(ballots, ["A"] * 15, weights={"A": 1}, draws=999, seed=1)
    >>> sets.rank.tolist(), sets.lower.tolist(), sets.upper.tolist()
    ([1, 1, 3], [1, 1, 3], [2, 2, 3])
    """
    check_draws(coverage, draws, seed)
    panel = composite(scores, voter_class, weights=weights, units=units)
    return ranked(panel, draw_signs(panel, draws, seed), coverage=coverage)


@on_one_core
def rank_sets_from(
    estimate: ArrayLike,
    cov: ArrayLike,
    *,
    coverage: float = 0.95,
    draws: int = 9999,
    seed: int,
    df: float | None = None,
) -> RankSets:
    """Simultaneous rank sets from estimates and their covariance: townships, indices.

    Parameters
    ----------
    estimate : array_like or Series, shape (N,)
        Estimates, higher is better; the index of a Series names the targets.
    cov : array_like, shape (N, N) or (N,)
        Their covariance; a vector means independent estimates with these variances.
    coverage, draws, seed
        As :func:`rank_sets`.
    df : float, optional
        Degrees of freedom the covariance rests on (multivariate t); None for known.

    Returns
    -------
    RankSets
        ``n_eff`` is NaN and ``counts`` has no columns.

    Raises
    ------
    ValueError
        Shapes that do not match, values not finite, variances not positive.

    Notes
    -----
    Source: Mogstad et al. (2024), doi 10.1093/restud/rdad006; R ``csranks::csranks(x, Sigma)``.

    Examples
    --------
    >>> sets = rank_sets_from([3.0, 2.9, 0.0], [0.01, 0.01, 0.01], draws=999, seed=1)
    >>> sets.lower.tolist(), sets.upper.tolist()
    ([1, 1, 3], [2, 2, 3])
    """
    check_draws(coverage, draws, seed)
    if df is not None and not df > 0:
        raise ValueError(f"df must be above 0, or None for a known covariance, got {df}")
    unit = estimate.index if isinstance(estimate, pd.Series) else range(1, np.size(estimate) + 1)
    theta, sigma = estimates(estimate, cov)
    var = np.diag(sigma)[:, None] + np.diag(sigma) - 2 * sigma
    t = standardised(theta, np.maximum(var, 0.0))
    if len(theta) == 1:
        decision = Decision(t > 0, 0.0, 0.0, stepped=False)
    else:
        rows = lambda only: normal_rows(sigma, draws, df=df, seed=seed, only=only)  # noqa: E731
        decision = decide(rows, t, draws=draws, coverage=coverage, exact=False)
    law = "normal" if df is None else f"t with {df:g} df"
    return RankSets(
        unit=tuple(str(u) for u in unit),
        estimate=locked(theta),
        se=locked(np.sqrt(np.diag(sigma))),
        **_bounds(theta, decision),
        coverage=coverage,
        draws=draws,
        seed=seed,
        method=f"max-T, {law}, {_steps(decision)}",
        n_eff=locked(np.full(len(theta), np.nan)),
        counts=locked(np.zeros((len(theta), 0), dtype=np.int64)),
        classes=(),
        notes=(),
    )


@on_one_core
def ranked(panel: Composite, signs: Signs, *, coverage: float) -> RankSets:
    """Return the rank sets of composites already made, from signs already drawn."""
    theta, n = panel.estimate, len(panel.unit)
    draws = signs.matrix.shape[1]
    shrink = shrinkage(panel)
    s2 = pair_variance(panel, shrink=shrink)
    notes, method = panel.notes, "wild-t over voters' signs, pooled and half shrunk"
    if n == 1 or panel.df.max() == 0:
        critical = 0.0 if n == 1 else np.inf
        decision = Decision(np.zeros((n, n), dtype=bool), critical, critical, stepped=False)
        method = "none: nothing to compare" if n == 1 else "none: nothing repeats"
    elif s2.max() <= tolerance(theta) ** 2:
        decision, notes = _unanimous(panel, coverage), (*notes, "zero-variance")
        method = "sign test over voters, all pairs (no variance at all)"
    else:
        how = {"shrink": shrink, "dtype": np.float32}
        rows = lambda only: wild_rows(panel, signs, **how, only=only)  # noqa: E731
        t = standardised(theta, s2)
        decision = decide(rows, t, draws=draws, coverage=coverage, exact=signs.exact)
        method += f", {'all' if signs.exact else 'drawn'} sign patterns, {_steps(decision)}"
    return RankSets(
        unit=panel.unit,
        estimate=panel.estimate,
        se=panel.se,
        **_bounds(theta, decision),
        coverage=coverage,
        draws=draws,
        seed=signs.seed,
        method=method,
        n_eff=locked(panel.n_eff),
        counts=locked(panel.counts.T.copy()),
        classes=panel.classes,
        notes=notes,
    )


def tolerance(theta: Floats) -> float:
    """Return the difference below which two composites are tied (rounding error only)."""
    return 1e-9 * max(1.0, float(np.abs(theta).max()))


def check_draws(coverage: float, draws: int, seed: int) -> None:
    """Refuse a coverage, a number of draws or a seed that cannot be used."""
    if not 0 < coverage < 1:
        raise ValueError(f"coverage must be between 0 and 1, got {coverage}; 0.95, not 95")
    if not isinstance(draws, int | np.integer) or draws < 99:
        raise ValueError(f"draws must be a whole number of 99 or more, got {draws!r}")
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed must be a whole number of 0 or more, got {seed!r}")


def locked(array: NDArray) -> NDArray:
    """Return the array, read-only."""
    array.setflags(write=False)
    return array


def standardised(theta: Floats, s2: Floats) -> Floats:
    """Return ``t[i, j]``, positive where i is above j; infinite for a gap without variance."""
    gap = theta[:, None] - theta
    gap[np.abs(gap) <= tolerance(theta)] = 0.0
    return np.divide(
        gap, np.sqrt(s2), out=np.where(gap, np.copysign(np.inf, gap), 0.0), where=s2 > 0
    )


def _bounds(theta: Floats, decision: Decision) -> dict[str, Any]:
    better = theta[None, :] > theta[:, None] + tolerance(theta)
    return {
        "rank": locked(1 + better.sum(axis=1)),
        "lower": locked(1 + decision.above.sum(axis=0)),
        "upper": locked(len(theta) - decision.above.sum(axis=1)),
        "critical": decision.critical,
        "critical_last": decision.critical_last,
    }


def _unanimous(panel: Composite, coverage: float) -> Decision:
    """Without any variance: a sign test over voters, Bonferroni over all pairs."""
    n = len(panel.unit)
    p = 2.0 ** (1 - panel.counts.sum(axis=0)) * n * (n - 1) / 2
    sure = np.maximum.outer(p, p) <= 1 - coverage
    above = (panel.estimate[:, None] > panel.estimate + tolerance(panel.estimate)) & sure
    critical = 0.0 if sure.all() else np.inf
    return Decision(above, critical, critical, stepped=False)


def estimates(estimate: ArrayLike, cov: ArrayLike) -> tuple[Floats, Floats]:
    """Check estimates and their covariance; a vector of variances becomes a matrix."""
    theta = np.array(estimate, dtype=float)
    sigma = np.asarray(cov, dtype=float)
    sigma = np.diag(sigma) if sigma.ndim == 1 else sigma
    if theta.ndim != 1 or theta.size == 0 or sigma.shape != (len(theta),) * 2:
        raise ValueError(
            f"cov must be (N, N) or (N,) for N estimates, got {np.shape(cov)} for {theta.shape}"
        )
    if not (np.isfinite(theta).all() and np.isfinite(sigma).all()):
        raise ValueError("estimate and cov must be finite, got NaN or infinity; leave such out")
    if (np.diag(sigma) <= 0).any() or not np.allclose(sigma, sigma.T):
        raise ValueError("cov must be symmetric with positive variances, got one that is not")
    return theta, sigma


def _steps(decision: Decision) -> str:
    return "stepdown" if decision.stepped else "single step"
