"""What a setting's text means, and whether one value fits in the place of another."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

NUMBER = re.compile(r"-?\d+(\.\d+|/[1-9]\d*)?")


def typed(value: Any) -> Any:
    """Turn text into the number or truth it stands for; thirds may be written ``2/3``.

    >>> typed("2"), typed("0.8"), typed("1/2"), typed("true"), typed("01-31"), typed(["1", "2"])
    (2, 0.8, 0.5, True, '01-31', [1, 2])
    """
    if isinstance(value, list):
        return [typed(v) for v in value]
    if isinstance(value, dict):
        return {str(k): typed(v) for k, v in value.items()}
    if not isinstance(value, str):
        return value
    if value in ("true", "false"):
        return value == "true"
    if not NUMBER.fullmatch(value):
        return value
    return int(value) if value.lstrip("-").isdigit() else float(Fraction(value))


def fits(value: Any, old: Any) -> bool:
    """Return whether a value may stand where ``old`` stood.

    >>> fits(3, 2), fits(0.5, 1), fits("3", 2), fits(0.1, None), fits(True, 1), fits(1, 0.8)
    (True, False, False, True, False, True)
    """
    if isinstance(old, bool) or isinstance(value, bool):
        return isinstance(old, bool) and isinstance(value, bool)
    if old is None or value is None:
        return old is None and (value is None or isinstance(value, int | float))
    if isinstance(old, float):
        return isinstance(value, int | float)
    return isinstance(value, type(old))
