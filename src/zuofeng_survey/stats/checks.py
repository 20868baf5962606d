"""What several statistics refuse: a bottom that is no bottom, numbers that are not whole."""

from __future__ import annotations

from typing import Any

import numpy as np

LARGEST = 1e100  # beyond it squares are infinite


def check_k(k: int, n: int) -> None:
    """Refuse a bottom set that is not some of the targets, but not all."""
    if not isinstance(k, int | np.integer) or not 1 <= k < n:
        raise ValueError(f"k must be from 1 to {n - 1} for {n} targets, a whole number, got {k!r}")


def check_whole(least: int = 0, **numbers: Any) -> None:
    """Refuse numbers that are not whole or below ``least``; a generator of randomness passes."""
    for name, value in numbers.items():
        if isinstance(value, np.random.Generator):
            continue
        if not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"{name} must be a whole number of {least} or more, got {value!r}")
