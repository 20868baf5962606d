"""Whether a tiny class of voters spreads its grades more than the others do."""

from __future__ import annotations

import numpy as np

from zuofeng_survey.stats.composite import Composite, Floats

# Classes of up to so many voters cannot speak for their own variance, target by target.
TINY_CLASS = 3
FEWEST_TARGETS = 5


def class_spread(panel: Composite) -> Floats:
    """Variance of each class's ratings relative to the pooled one, at least 1; shape (C,).

    A class of two says little about the variance of one difference but, over all N targets, much
    about how coarsely it grades; so does a single voter, compared with the mean of all others
    (where targets divide the classes in truth, that counts as spread too: on the safe side).
    Larger classes, whom the wild test hears, and classes that rated under 5 targets have 1.
    """
    row = _row_variance(np.where(panel.seen, panel.inflated(), np.nan))
    size = np.bincount(panel.member, minlength=len(panel.classes))
    usable = ~np.isnan(row) & (size[panel.member] > 1)
    factor = np.ones(len(size))
    if not usable.any() or not row[usable].any():
        return factor
    weight = 1 - 1 / size[panel.member[usable]]
    pooled = float(np.average(row[usable], weights=weight))
    for c in np.flatnonzero(size <= TINY_CLASS):
        own = row[usable & (panel.member == c)] if size[c] > 1 else _alone(panel, int(c), pooled)
        if own.size:
            factor[c] = max(1.0, float(own.mean()) / pooled)
    return factor


def _alone(panel: Composite, c: int, pooled: float) -> Floats:
    """Row variance of a single voter around the mean of all others, less that mean's own."""
    others = np.arange(len(panel.classes)) != c
    n = panel.counts[others].sum(axis=0)
    both = (panel.counts[c] > 0) & (n > 0)
    if both.sum() < FEWEST_TARGETS:
        return np.empty(0)
    mean = (panel.counts * panel.mean)[others].sum(axis=0)[both] / n[both]
    variance = np.var(panel.mean[c, both] - mean, ddof=1)
    return np.array([max(0.0, variance - pooled * float((1 / n[both]).mean()))])


def _row_variance(e: Floats) -> Floats:
    """Variance of each row over its known cells; NaN under ``FEWEST_TARGETS`` of them."""
    known = ~np.isnan(e)
    n = known.sum(axis=1)
    mean = np.nansum(e, axis=1) / np.maximum(n, 1)
    squares = np.where(known, (e - mean[:, None]) ** 2, 0.0).sum(axis=1)
    return np.where(n >= FEWEST_TARGETS, squares / np.maximum(n - 1, 1), np.nan)
