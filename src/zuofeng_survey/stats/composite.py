"""From ballots to composite scores: class means, fixed weights, and what every voter did to them.

A ballot is a row, a target is a column, NaN is a cell the voter left or did not know. The composite
of target i is ``Σ_c W_ci · ȳ_ci``: the mean of each voter class, weighted by the class's fixed
weight. Everything the rank sets need later is here: how many voters stand behind each class mean,
each voter's residual, and the variance and covariance of residuals pooled over classes.

Source: METHODS (a); the covariance is what R's ``survey::svymean`` gives for voters stratified by
class with weights ``W_c / n_c`` and no finite-population correction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.checks import LARGEST
from zuofeng_survey.stats.products import gram

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """What composites of class means are, with the ballots at hand or without."""

    unit: tuple[str, ...]
    classes: tuple[str, ...]
    estimate: Floats
    se: Floats
    counts: NDArray[np.int64]
    weight: Floats

    @property
    def n_eff(self) -> Floats:
        """Effective voters of each target, ``1 / Σ_c (W_ci² / n_ci)``; shape (N,)."""
        return 1.0 / divide(self.weight**2, self.counts).sum(axis=0)

    def table(self) -> pd.DataFrame:
        """Return one row a target: estimate, se, n_eff and the ratings of each class."""
        frame = {"unit": self.unit, "estimate": self.estimate, "se": self.se, "n_eff": self.n_eff}
        frame |= {f"n_{c}": n for c, n in zip(self.classes, self.counts, strict=True)}
        return pd.DataFrame(frame)

    def _repr_html_(self) -> str:
        return table_html(self.table())


@dataclass(frozen=True, slots=True, eq=False)
class Composite(Weighed):
    """Composite scores of N targets from V voters in C classes.

    Attributes
    ----------
    unit, classes
        Names of the N targets and the C classes.
    estimate, se : ndarray, shape (N,)
        Composite in the unit of the scores, and its standard error; NaN where nothing repeats.
    counts : ndarray of int, shape (C, N)
        Ratings used for each class mean; cells with too few are 0.
    weight : ndarray, shape (C, N)
        Class weights as used for each target; each column sums to 1.
    mean : ndarray, shape (C, N)
        Class means; 0 where the class is not used for the target.
    residual : ndarray, shape (V, N)
        Rating minus its class mean; 0 where there is no rating.
    seen : ndarray of bool, shape (V, N)
        Which ratings are used.
    member : ndarray of int, shape (V,)
        Class of each voter, as an index into ``classes``.
    notes : tuple of str
        Codes: ``class-of-one``, ``few-voters``, ``heavy-small-class``, ``no-replication``,
        ``thin-target``, ``weights-renormalised``.
    """

    mean: Floats
    residual: Floats
    seen: NDArray[np.bool_]
    member: NDArray[np.int64]
    notes: tuple[str, ...]

    @property
    def df(self) -> NDArray[np.int64]:
        """Residual degrees of freedom of each target, ``Σ_c (n_ci − 1)``; shape (N,)."""
        return np.maximum(self.counts - 1, 0).sum(axis=0)

    @property
    def complete(self) -> bool:
        """Whether every voter rated every target."""
        return bool(self.seen.all())

    def leverage(self) -> Floats:
        """Return what one point more in a cell adds to its composite; shape (V, N)."""
        return divide(self.weight, self.counts)[self.member] * self.seen

    def inflated(self) -> Floats:
        """Return the residuals times ``√(n_ci / (n_ci − 1))``; shape (V, N)."""
        return self.residual * np.sqrt(divide(self.counts, self.counts - 1.0))[self.member]

    def covariance(self) -> Floats:
        """Return the covariance of the composites, each class by itself; shape (N, N).

        A cell with a single rating has no variance of its own: it takes the variance pooled over
        the other classes, never zero.
        """
        influence = self.leverage() * self.inflated()
        own = gram(influence)
        if (self.counts != 1).all():
            return own
        alone = self.leverage() * (self.counts == 1)[self.member]
        return own + gram(alone) * pool(self).within


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """Second moments of the residuals, pooled over classes.

    ``within`` (N, N) estimates the covariance of one voter's ratings of i and j; ``pairs`` (N, N)
    are its denominators (for i = j the degrees of freedom); ``variance`` and ``shared`` are the
    two numbers of the exchangeable model: the mean of the diagonal and of the rest.
    """

    within: Floats
    pairs: Floats
    variance: float
    shared: float


def composite(
    scores: ArrayLike,
    voter_class: Sequence[object] | ArrayLike,
    *,
    weights: Mapping[str, float],
    units: Sequence[str] | None = None,
) -> Composite:
    """Weighted composite of class means, with the ratings behind each.

    Parameters
    ----------
    scores : array_like or DataFrame, shape (V, N)
        Ratings, higher is better; NaN where the voter gave none.
    voter_class : array_like, shape (V,)
        Class label of each voter.
    weights : mapping
        Class label to weight; brought to sum 1. Classes of weight 0 are left out.
    units : sequence of str, optional
        Names of the targets; by default the columns of a DataFrame, else "1" to "N".

    Returns
    -------
    Composite
        A class mean needs two ratings (one, if the class has but one voter). Where a class has
        fewer for a target, that target's weights are brought to sum 1 over the other classes; a
        target that no class rated twice is kept on what it has (note ``thin-target``).

    Raises
    ------
    ValueError
        Shapes that do not match, infinite ratings, bad weights, classes without voters or
        weight, or a target nobody rated.

    Examples
    --------
    >>> c = composite([[90, 80], [80, 70], [70, 90]], list("AAB"), weights={"A": 0.4, "B": 0.6})
    >>> c.estimate.tolist(), c.notes
    ([76.0, 84.0], ('class-of-one', 'few-voters', 'heavy-small-class'))
    """
    votes = ballots(scores, voter_class, weights=weights, units=units)
    y, member, share = votes.y, votes.member, votes.share
    rated = ~np.isnan(y)
    counts, sums, size = votes.cells()
    if (lost := np.flatnonzero(counts.sum(axis=0) == 0)).size:
        names = ", ".join(votes.unit[i] for i in lost[:5])
        raise ValueError(
            f"each target must have a rating, got none for {names}; "
            "leave such targets out and report them as not rated"
        )
    used = usable(counts, size)
    thin = bool((used & (counts < np.minimum(size, 2)[:, None])).any())
    counts, seen = counts * used, rated & used[member]
    weight = share[:, None] * used
    weight /= weight.sum(axis=0)
    mean = divide(sums * used, counts)
    draft = Composite(
        unit=votes.unit,
        classes=votes.classes,
        estimate=(weight * mean).sum(axis=0),
        se=np.full(len(votes.unit), np.nan),
        counts=counts,
        weight=weight,
        mean=mean,
        residual=np.where(seen, y - mean[member], 0.0),
        seen=seen,
        member=member,
        notes=weaknesses(counts, share, size, thin),
    )
    return _with_se(draft)


class Ballots(NamedTuple):
    """Checked ballots: scores (V, N), classes of positive weight, each voter's class."""

    unit: tuple[str, ...]
    classes: tuple[str, ...]
    share: Floats
    y: Floats
    member: NDArray[np.int64]

    def cells(self) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
        """Return ratings and their sums by class and target (C, N), and voters by class (C,)."""
        rows = [self.y[self.member == c] for c in range(len(self.classes))]
        counts = np.stack([(~np.isnan(r)).sum(axis=0) for r in rows])
        return counts, np.stack([np.nansum(r, axis=0) for r in rows]), np.array([*map(len, rows)])


def ballots(
    scores: ArrayLike,
    voter_class: Sequence[object] | ArrayLike,
    *,
    weights: Mapping[str, float],
    units: Sequence[str] | None = None,
) -> Ballots:
    """Check the arguments of :func:`composite`; drop empty ballots and classes of weight 0."""
    unit = _units(scores, units)
    y, label = _table(scores, voter_class)
    classes, share = shares(weights, label)
    keep = np.isin(label, classes)
    member = np.searchsorted(classes, label[keep])
    return Ballots(unit, tuple(classes.tolist()), share, y[keep], member)


def usable(counts: NDArray[np.number], size: NDArray[np.number]) -> NDArray[np.bool_]:
    """Return which class means count; shape (…, C, N), as the counts.

    Those of two ratings or more (one, in a class of one); if a target has none, those it has.
    """
    enough = counts >= np.clip(size, 1, 2)[..., None]
    return enough | (~enough.any(axis=-2, keepdims=True) & (counts > 0))


def pool(panel: Composite) -> Pooled:
    """Pool the residuals' variances and covariances over classes.

    Each estimate is unbiased when classes share it: ``Σ e_vi e_vj`` over voters who rated both,
    divided by ``Σ_c n_cij (1 − 1/n_ci − 1/n_cj + n_cij / (n_ci n_cj))``, which is ``V − C`` on
    complete ballots. Where that is not estimable, the exchangeable value stands in.
    """
    rows = (panel.seen[panel.member == c] for c in range(len(panel.classes)))
    return pool_sums(gram(panel.residual), panel.counts, (gram(r.astype(float)) for r in rows))


def pool_sums(cross: Floats, counts: NDArray[np.int64], overlaps: Iterable[Floats]) -> Pooled:
    """As :func:`pool`, from sums: cross-products (N, N), counts (C, N), overlaps (N, N) by class."""
    pairs = np.zeros_like(cross)
    for n, both in zip(counts, overlaps, strict=True):
        part = divide(1.0, n)
        loss = part[:, None] + part - both * np.outer(part, part)
        pairs += both * (1.0 - loss)
    off = ~np.eye(len(cross), dtype=bool)
    variance = float(divide(np.trace(cross), np.trace(pairs)))
    shared = float(divide(cross[off].sum(), pairs[off].sum()))
    known = pairs > 1e-9
    within = np.where(known, divide(cross, pairs), np.where(off, shared, variance))
    return Pooled(within, np.where(known, pairs, 0.0), variance, shared)


def _units(scores: ArrayLike, units: Sequence[object] | None) -> tuple[str, ...]:
    n = np.shape(scores)[1] if np.ndim(scores) == 2 else 0
    if units is None:
        units = list(scores.columns) if isinstance(scores, pd.DataFrame) else range(1, n + 1)
    names = tuple(str(u) for u in units)
    if n and len(names) != n:
        raise ValueError(f"units must name the {n} columns of scores, got {len(names)} names")
    return names


def _table(scores: ArrayLike, voter_class: object) -> tuple[Floats, NDArray[np.str_]]:
    y = np.asarray(scores, dtype=float)
    label = np.asarray(list(voter_class), dtype=str)  # type: ignore[call-overload]
    if y.ndim != 2 or y.size == 0:
        raise ValueError(f"scores must be a filled (voters, targets) table, got shape {y.shape}")
    if label.shape != (len(y),):
        turned = "; pass scores.T: voters are rows" if label.shape == y.shape[1:] else ""
        raise ValueError(f"voter_class must hold {len(y)} labels, got shape {label.shape}{turned}")
    if (np.abs(y) > LARGEST).any():
        raise ValueError("scores must be finite or NaN, got infinity; use NaN for no rating")
    voted = ~np.isnan(y).all(axis=1)
    return y[voted], label[voted]


def shares(weights: Mapping[str, float], label: NDArray) -> tuple[NDArray[np.str_], Floats]:
    """Return the classes of positive weight, sorted, and their weights brought to sum 1."""
    share = {str(c): float(w) for c, w in weights.items()}
    if not share or not all(0 <= w < np.inf for w in share.values()) or not sum(share.values()):
        raise ValueError(f"weights must be zero or more and not all zero, got {dict(weights)}")
    if strange := sorted(set(label.tolist()) - set(share)):
        raise ValueError(f"weights must name each class of voter_class, got none for {strange}")
    classes = np.array(sorted(c for c, w in share.items() if w > 0))
    if empty := [c for c in classes.tolist() if c not in set(label.tolist())]:
        raise ValueError(
            f"each weighted class must have a ballot, got none from {empty}; leave the class out "
            "of weights to rank without it, and say so"
        )
    total = np.array([share[c] for c in classes.tolist()])
    return classes, total / total.sum()


def weaknesses(
    counts: NDArray[np.int64], share: Floats, size: NDArray[np.int64], thin: bool
) -> tuple[str, ...]:
    """Return the codes of what weakens composites of these cells (C, N) and classes (C,)."""
    df = np.maximum(counts - 1, 0).sum(axis=0)
    found = {
        "class-of-one": bool((size == 1).any()),
        "few-voters": bool(df.min() < 8),
        "heavy-small-class": bool(((size <= 2) & (share > 0.2)).any()),
        "no-replication": bool(df.max() == 0),
        "thin-target": thin,
        "weights-renormalised": bool((counts == 0).any()),
    }
    return tuple(code for code, is_so in found.items() if is_so)


def _with_se(draft: Composite) -> Composite:
    if draft.df.max() > 0:
        np.sqrt(np.diag(draft.covariance()), out=draft.se)
    for name in ("estimate", "se", "counts", "weight", "mean", "residual", "seen", "member"):
        getattr(draft, name).setflags(write=False)
    return draft


def divide(a: ArrayLike, b: ArrayLike) -> Floats:
    """Return a / b, and 0 where b is not positive."""
    b = np.asarray(b, dtype=float)
    safe = np.where(b > 0, b, 1.0)
    return np.where(b > 0, np.asarray(a) / safe, 0.0)
