"""The two-way model behind :mod:`severity`: weighted, on sparse ratings, voters eliminated.

For voter v with weights w (one a rating) the normal equations keep ``Q_v = diag(w) − w w' / (Σw + π)``
with ``π = 0`` for fixed voters and ``π = mean(w) / λ`` for random ones of variance ratio λ. What is
solved has the size of the targets, never of voters × targets.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.mixed import mixed_model

Ints = NDArray[np.int64]


class Ratings(NamedTuple):
    """Ratings one by one: value, voter and target of each; class of each voter, class weights."""

    y: Floats
    voter: Ints
    target: Ints
    member: Ints
    share: Floats
    targets: int

    @property
    def turnout(self) -> Ints:
        """Voters of each class; shape (C,)."""
        return np.bincount(self.member, minlength=len(self.share))

    def weight(self) -> Floats:
        """Return the weight of each rating; see :mod:`severity`."""
        cell = self.member[self.voter], self.target
        counts = np.zeros((len(self.share), self.targets))
        np.add.at(counts, cell, 1.0)
        part = self.share[:, None] / np.maximum(counts, 1.0)
        total = (self.share / self.turnout) @ counts / (self.share @ (counts > 0))
        return (part * total)[cell]

    def voters(self) -> Floats:
        """Return the weight of each voter, ``W_c / n_c``; they sum to 1."""
        return (self.share / self.turnout)[self.member]


class TwoWay(NamedTuple):
    """Scores, their covariance, leniency of each voter, components and codes."""

    estimate: Floats
    covariance: Floats
    leniency: Floats
    components: dict[str, float]
    notes: tuple[str, ...]


class _System(NamedTuple):
    x: sparse.csr_array  # columns: targets, then classes but the last
    z: sparse.csr_array  # voters × ratings
    w: Floats
    by_voter: sparse.csr_array  # Z W X
    pull: Floats  # 1 / (Σw + π) of each voter
    left: Floats  # X' Q X


def _system(r: Ratings, x: sparse.csr_array, ratio: float) -> _System:
    n = len(r.y)
    z = sparse.csr_array((np.ones(n), (r.voter, np.arange(n))), (len(r.member), n))
    w = r.weight()
    total = z @ w
    penalty = total / (z @ np.ones(n)) / ratio
    by_voter = sparse.csr_array(z @ (x * w[:, None]))
    pull = 1.0 / (total + penalty)
    left = (x.T @ (x * w[:, None])).toarray() - _crossed(by_voter, pull, by_voter)
    return _System(x, z, w, by_voter, pull, left)


def _crossed(a: sparse.csr_array, weight: Floats, b: sparse.csr_array) -> Floats:
    return (a.T @ (b * weight[:, None])).toarray()


def _targets(r: Ratings) -> sparse.csr_array:
    n = len(r.y)
    return sparse.csr_array((np.ones(n), (np.arange(n), r.target)), (n, r.targets))


def _solve(s: _System, y: Floats, solver: NDArray) -> tuple[Floats, Floats, Floats]:
    """Return coefficients, leniency of each voter, residuals."""
    taken = s.pull * (s.z @ (s.w * y))
    b = solver @ (s.x.T @ (s.w * y) - s.by_voter.T @ taken)
    gone = y - s.x @ b
    leniency = s.pull * (s.z @ (s.w * gone))
    return b, leniency, gone - s.z.T @ leniency


def by_differences(r: Ratings, *, pooled: bool) -> TwoWay:
    """Fit fixed voters and targets; all targets must be linked.

    ``pooled``: covariance from one residual variance; else from the spread of the voters'
    contributions to the estimating equations within class.
    """
    s = _system(r, _targets(r), np.inf)
    solver = np.linalg.inv(s.left + np.mean(np.diag(s.left)) / r.targets)
    solver -= solver.mean(axis=0)  # effects are centred
    y = r.y - r.y.mean()
    b, leniency, residual = _solve(s, y, solver)
    share = r.voters()
    level = float(share @ leniency)
    scores = sparse.csr_array(s.z @ (s.x * (s.w * residual)[:, None]))
    lone = (r.turnout == 1)[r.member]
    middle = np.zeros((r.targets + 1, r.targets + 1))
    components = {}
    if not pooled:
        middle += _spread(r, scores, share * leniency)
    if pooled or lone.any():
        components["residual"] = _residual_variance(r, s)
        which = np.full(len(lone), True) if pooled else lone
        middle += _expected(r, s, leniency, which=which, variance=components["residual"])
    mean_of = (s.by_voter.T @ (share * s.pull)) @ solver  # the level falls as this b rises
    turn = np.hstack([solver - mean_of, np.ones((r.targets, 1))])
    return TwoWay(b + level + r.y.mean(), turn @ middle @ turn.T, leniency - level, components, ())


def _spread(r: Ratings, scores: sparse.csr_array, level: Floats) -> Floats:
    """Squares of the voters' contributions about their class mean; nothing from classes of one."""
    lifted = sparse.csr_array(sparse.hstack([scores, level[:, None]]))
    total = np.zeros((r.targets + 1, r.targets + 1))
    for c, n in enumerate(r.turnout):
        if n > 1:
            rows = lifted[np.flatnonzero(r.member == c)]
            mean = np.asarray(rows.sum(axis=0)) / n
            total += n / (n - 1) * ((rows.T @ rows).toarray() - n * np.outer(mean, mean))
    return total


def _residual_variance(r: Ratings, s: _System) -> float:
    """Return the variance of ratings about voter and target, pooled over classes."""
    plain = r._replace(share=np.ones(1), member=np.zeros_like(r.member))
    even = _system(plain, s.x, np.inf)
    even_solver = np.linalg.inv(even.left + np.mean(np.diag(even.left)) / r.targets)
    residual = _solve(even, r.y - r.y.mean(), even_solver)[2]
    free = len(r.y) - len(r.member) - r.targets + 1
    return float(residual @ residual) / free if free > 0 else np.nan


def _expected(
    r: Ratings, s: _System, leniency: Floats, *, which: NDArray[np.bool_], variance: float
) -> Floats:
    """Contributions of some voters as the model expects them."""
    total = np.zeros((r.targets + 1, r.targets + 1))
    total[:-1, :-1] = variance * _squared(s, s.x, which.astype(float))
    mean = np.bincount(r.member, leniency) / r.turnout
    spare = len(r.member) - len(r.turnout)
    between = float(((leniency - mean[r.member]) ** 2).sum()) / spare if spare else np.nan
    total[-1, -1] = between * (r.voters()[which] ** 2).sum()
    return total


def _squared(s: _System, x: sparse.csr_array, which: Floats) -> Floats:
    """Sum of ``X_v' Q_v Q_v X_v`` over voters, times ``which``."""
    weight = s.w**2 * (s.z.T @ which)
    squared = sparse.csr_array(s.z @ (x * (s.w**2)[:, None]))
    mixed = _crossed(squared, which * s.pull, s.by_voter)
    both = _crossed(s.by_voter, which * s.pull**2 * (s.z @ s.w**2), s.by_voter)
    return (x.T @ (x * weight[:, None])).toarray() - mixed - mixed.T + both


def by_reml(r: Ratings) -> TwoWay:
    """Fit fixed targets and random voters, variances by REML (unweighted), scores weighted."""
    classes = len(r.share)
    contrast = np.vstack([np.eye(classes - 1), -r.share[:-1] / r.share[-1]])
    of_class = sparse.csr_array(contrast[r.member[r.voter]])
    x = sparse.csr_array(sparse.hstack([_targets(r), of_class])) if classes > 1 else _targets(r)
    y = r.y - r.y.mean()
    model = mixed_model(y, {"voter": r.voter}, fixed=x)
    variance = model.components["residual"]
    ratio = max(model.components["voter"] / variance, 1e-10)
    s = _system(r, x, ratio)
    solver = np.linalg.inv(s.left)
    b, leniency, _ = _solve(s, y, solver)
    rest = 1.0 - s.pull * (s.z @ s.w)
    middle = _squared(s, x, np.ones(len(rest)))
    middle += _crossed(s.by_voter, ratio * rest**2, s.by_voter)
    covariance = (variance * solver @ middle @ solver)[: r.targets, : r.targets]
    if classes > 1:
        leniency = leniency + (contrast @ b[r.targets :])[r.member]
    notes = ("no-harshness",) if model.at_zero else ()
    return TwoWay(b[: r.targets] + r.y.mean(), covariance, leniency, dict(model.components), notes)
