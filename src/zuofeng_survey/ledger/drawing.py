"""Whom an inspection visits, drawn so that anybody can draw the same again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from ..errors import UsageError


def draw(units: Iterable[str], n: int, *, seed: int) -> tuple[str, ...]:
    """Return ``n`` units in the order in which they were drawn.

    Units are ordered by the SHA-256 of ``seed:unit``: a list and a seed, written down before, give
    the same draw on any machine and leave nobody a say in it.

    Parameters
    ----------
    units : iterable of str
    n : int
        How many, at most all.
    seed : int
        To be chosen before the list is looked at, such as the day's date.

    Raises
    ------
    UsageError
        ``draw-size``.

    Examples
    --------
    >>> draw(["甲镇", "乙镇", "丙镇"], 2, seed=20220301)
    ('丙镇', '甲镇')
    """
    known = sorted(set(units))
    if not 1 <= n <= len(known):
        raise UsageError.of("draw-size", "-n", got=n, most=len(known))
    return tuple(sorted(known, key=lambda u: hashlib.sha256(f"{seed}:{u}".encode()).digest())[:n])
