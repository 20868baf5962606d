"""How many cores a product of two small tables takes: one.

The library under NumPy (OpenBLAS) hands every product to all cores and lets those that have nothing
to do spin. Tables of a poll are small, thousands of them are multiplied, and several are at once:
the cores then wait for each other, and a ranking took up to twenty times the processor time. It is
also one thing less that could differ between machines.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

P = ParamSpec("P")
T = TypeVar("T")


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()  # looks at every library that is loaded: once is enough


def on_one_core(work: Callable[P, T]) -> Callable[P, T]:
    """Return a function whose products are each computed on one core; its own threads go on."""

    @wraps(work)
    def calm(*args: P.args, **kwargs: P.kwargs) -> T:
        with _libraries().limit(limits=1, user_api="blas"):
            return work(*args, **kwargs)

    return calm
