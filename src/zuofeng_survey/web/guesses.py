"""Codes that were refused, counted without saying whose: an alarm for the office, a pause for guessers.

Eighty random bits cannot be guessed; this makes trying visible and slow. The pause is the same for
everybody and ends by itself, so that nobody can lock voters out.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

ALARM_PER_HOUR = 1000
FREE_PER_MINUTE = 30
LONGEST_PAUSE = 1.0

log = logging.getLogger(__name__)


class Guesses:
    """Two leaky counters of refused codes: one for the pause, one for the alarm."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self._minute = 0.0
        self._hour = 0.0
        self._silent_until = -math.inf

    def _leak(self) -> None:
        now = self._clock()
        passed = max(0.0, now - self._last)
        self._last = now
        self._minute *= math.exp(-passed / 60)
        self._hour *= math.exp(-passed / 3600)

    def refused(self) -> None:
        """Count one refusal; once an hour at most, raise the alarm in the log."""
        self._leak()
        self._minute += 1
        self._hour += 1
        if self._hour >= ALARM_PER_HOUR and self._clock() >= self._silent_until:
            self._silent_until = self._clock() + 3600
            log.warning("评议码被拒次数异常：约 %d 次/小时。 refused codes: about %d an hour",
                        self._hour, self._hour)  # fmt: skip

    def pause(self) -> float:
        """Return how many seconds the next look at a code should wait."""
        self._leak()
        beyond = self._minute - FREE_PER_MINUTE
        return min(LONGEST_PAUSE, max(0.0, beyond / (10 * FREE_PER_MINUTE)))
