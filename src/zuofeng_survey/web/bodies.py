"""What a browser posts, read with distrust: JSON objects of a sane size and depth, nothing else."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from ..errors import AnswersInvalid

LIMIT_BYTES = 256 * 1024
LIMIT_DEPTH = 10
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|([\[{])|([\]}])', re.DOTALL)


def read_json(body: bytes) -> dict[str, Any]:
    """Return the object in ``body``.

    Raises
    ------
    AnswersInvalid
        ``body-json``, ``body-too-large``, ``body-too-deep``, ``body-duplicate`` or ``body-shape``.
    """
    if len(body) > LIMIT_BYTES:
        raise AnswersInvalid.of("body-too-large", limit=LIMIT_BYTES // 1024)
    if _depth(body) > LIMIT_DEPTH:
        raise AnswersInvalid.of("body-too-deep", limit=LIMIT_DEPTH)
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_once,
            parse_constant=_refuse,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        raise AnswersInvalid.of("body-json") from error
    if not isinstance(value, dict):
        raise AnswersInvalid.of("body-shape")
    return value


def _depth(body: bytes) -> int:
    """Return the deepest nesting; a string that is never closed counts as brackets, which is safe."""
    depth = deepest = 0
    for match in _BRACKETS.finditer(body):
        depth += (match[1] is not None) - (match[2] is not None)
        deepest = max(deepest, depth)
    return deepest


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise AnswersInvalid.of("body-duplicate", name=twice[:80])
    return made


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
