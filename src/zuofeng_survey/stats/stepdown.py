"""From redrawn contrasts to decisions: the critical value, the stepdown, and single pairs' p.

Source: Romano & Wolf (2005), doi 10.1198/016214504000000539; Mogstad, Romano, Shaikh & Wilhelm
(2024), doi 10.1093/restud/rdad006. The two-sided stepdown works on ordered pairs: rejecting
"i is not above j" leaves "j is not above i" in the family.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zuofeng_survey.stats.complete import CompleteRow
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.contrasts import Row, Rows

# Contrasts kept in memory for the stepdown (4 bytes each); beyond, a single step.
KEPT = 2**26
MOST_WORKERS = 4
# Draws that later steps look at first: so many times those beyond the first critical value.
HIGH = 4


class Decision(NamedTuple):
    """``above[i, j]``: i is significantly above j; the critical values of the first and last step."""

    above: NDArray[np.bool_]
    critical: float
    critical_last: float
    stepped: bool


def decide(rows: Rows, t: Floats, *, draws: int, coverage: float, exact: bool) -> Decision:
    """Compare each ordered pair's statistic with the redrawn maximum.

    Parameters
    ----------
    rows : function
        Redrawn contrasts, a block of draws each (:mod:`zuofeng_survey.stats.wild`), of all draws
        or of those a mask picks.
    t : ndarray, shape (N, N)
        Studentised differences; ``t[i, j] > 0`` when i is above j.
    draws : int
        Number of draws in all blocks together.
    coverage : float
        Probability that no true order is contradicted.
    exact : bool
        Whether the draws are all that exist (the observed one among them).

    Notes
    -----
    A maximum over fewer pairs is no larger, so that draws below a step's critical value stay
    below it: later steps need the largest draws only, and all if the critical value falls lower.
    """
    n, largest = len(t), _maxima(rows(None), len(t))
    critical = quantile(largest, coverage, exact=exact)
    above = t > critical
    if not above.any():
        return Decision(above, critical, critical, stepped=True)
    high = largest >= np.quantile(largest, max(0.0, 1 - HIGH * (1 - coverage)))
    for chosen in (high, np.ones(draws, dtype=bool)):
        if int(chosen.sum()) * n * (n - 1) // 2 > KEPT:
            break
        kept = _keep(rows(chosen), n, int(chosen.sum()))
        least = 0.0 if chosen.all() else float(largest[~chosen].max())
        last = _step_down(kept, t, above, largest, chosen, coverage=coverage, exact=exact)
        if last > least:
            return Decision(above, critical, last, stepped=True)
        above = t > critical
    return Decision(above, critical, critical, stepped=False)


def _step_down(
    kept: NDArray[np.float32],
    t: Floats,
    above: NDArray[np.bool_],
    largest: NDArray,
    chosen: NDArray[np.bool_],
    *,
    coverage: float,
    exact: bool,
) -> float:
    """Add to ``above`` step by step and return the last critical value."""
    first, second = np.triu_indices(len(t), 1)
    now = largest.copy()
    while True:
        now[chosen] = open_maxima(kept, above[first, second], above[second, first])
        last = quantile(now, coverage, exact=exact)
        new = (t > last) & ~above
        if not new.any():
            return last
        above |= new


def quantile(largest: NDArray, coverage: float, *, exact: bool) -> float:
    """Return the smallest draw that ``coverage`` of draws (and the observed one) stay within."""
    rank = int(np.ceil(coverage * (len(largest) + (not exact)) - 1e-9))
    if rank > len(largest):
        return float("inf")
    return float(np.partition(largest, rank - 1)[rank - 1])


def _maxima(rows: Iterable[Row], n: int) -> NDArray:
    """Return each draw's largest contrast; a maximum is the same whichever core finds it."""
    workers = min(MOST_WORKERS, os.cpu_count() or 1, n - 1)
    shares = [range(w, n - 1, workers) for w in range(workers)]

    def largest(row: Row) -> NDArray:
        found = row.largest() if isinstance(row, CompleteRow) else None
        if found is not None:
            return found
        return np.maximum.reduce(list(cores.map(partial(_largest, row, n=n), shares)))

    with ThreadPoolExecutor(workers) as cores:
        return np.concatenate([largest(row) for row in rows])


def _largest(row: Row, mine: range, *, n: int) -> NDArray:
    """Return each draw's largest contrast of these rows, of which there must be one."""
    found = []
    for i in mine:
        t = row(i, slice(i + 1, n))
        found.append(np.abs(t, out=t).max(axis=0))
    return np.maximum.reduce(found)


def _keep(rows: Iterable[Row], n: int, draws: int) -> NDArray[np.float32]:
    kept = np.empty((n * (n - 1) // 2, draws), dtype=np.float32)
    column = 0
    for row in rows:
        at = 0
        for i in range(n - 1):
            t = row(i, slice(i + 1, n))
            kept[at : at + len(t), column : column + t.shape[1]] = t
            at += len(t)
        column += t.shape[1]
    return kept


def open_maxima(
    kept: NDArray[np.float32], up: NDArray[np.bool_], down: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Each draw's maximum over the ordered pairs not yet decided (never both of a pair are)."""
    largest = np.zeros(kept.shape[1], dtype=np.float32)
    for pair, t in enumerate(kept):
        if up[pair]:
            np.maximum(largest, -t, out=largest)
        elif down[pair]:
            np.maximum(largest, t, out=largest)
        else:
            np.maximum(largest, np.abs(t), out=largest)
    return largest
