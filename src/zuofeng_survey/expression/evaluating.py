"""Values and what operators do with them; ``web/static/expression.js`` does the same."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Any

from .patterns import Tree, matches

_NUMBER = re.compile(r"[ \t\r\n]*(-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))[ \t\r\n]*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EPOCH = date(1970, 1, 1).toordinal()


def _value(raw: Any) -> Any:
    if isinstance(raw, (bool, str)):
        return raw
    if isinstance(raw, (int, float)):
        try:
            return float(raw)
        except OverflowError:
            return math.inf if raw > 0 else -math.inf
    if isinstance(raw, (list, tuple)):
        return _names([_text(_value(x)) for x in raw if not isinstance(x, (list, tuple))])
    return ""


def _names(value: Any) -> list[str]:
    names = value if isinstance(value, list) else re.split(r"[ \t\r\n]+", _text(value))
    return [name for name in names if name]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(value)
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return format(Decimal(repr(value or 0.0)), "f").removesuffix(".0")


def _number(value: Any) -> float:
    if isinstance(value, (bool, float)):
        return float(value)
    text = _text(value)
    if match := _NUMBER.fullmatch(text):
        return float(match[1])
    if not _DAY.fullmatch(text):
        return math.nan
    try:
        return float(date.fromisoformat(text).toordinal() - _EPOCH)
    except ValueError:  # no such day
        return math.nan


def truth(value: Any) -> bool:
    """Return whether a value counts as yes, by XPath's rules.

    >>> truth("0"), truth(0), truth(""), truth([])
    (True, False, False, False)
    """
    value = _value(value)
    return value == value and bool(value)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, bool) or isinstance(b, bool):
        return truth(a) == truth(b)
    if isinstance(a, float) or isinstance(b, float):
        return _number(a) == _number(b)
    a, b = _text(a), _text(b)
    return _number(a) == _number(b) if _NUMBER.fullmatch(a) and _NUMBER.fullmatch(b) else a == b


def _divided(x: float, y: float) -> float:
    if y:
        return x / y
    return math.copysign(math.inf, x) * math.copysign(1, y) if x and x == x else math.nan


def _rounded(value: Any, places: Any = 0.0) -> float:
    """Half goes up, judged on the decimal digits as JavaRosa does: 1.005 → 1.01, -2.5 → -2."""
    x, n = _number(value), _number(places)
    if not (math.isfinite(x) and abs(n) <= 30):
        return x if abs(n) <= 30 else math.nan
    shifted = float(f"{_text(x)}e{int(n)}")
    if math.isinf(shifted):
        return x
    floor = float(math.floor(shifted))
    return float(f"{_text(floor + (shifted - floor >= 0.5))}e{-int(n)}")


def _date(value: Any) -> str:
    days = _number(value)
    if not 1 - _EPOCH <= days < date.max.toordinal() - _EPOCH + 1:
        return ""
    return date.fromordinal(math.floor(days) + _EPOCH).isoformat()


def _numeric(act: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *sides: reduce(act, map(_number, sides))


_ACTS: dict[str, Callable[..., Any]] = {
    "=": _same, "!=": lambda a, b: not _same(a, b), "<": _numeric(operator.lt),
    "<=": _numeric(operator.le), ">": _numeric(operator.gt), ">=": _numeric(operator.ge),
    "+": _numeric(operator.add), "-": _numeric(operator.sub), "*": _numeric(operator.mul),
    "div": _numeric(_divided), "neg": lambda a: -_number(a),
    "mod": _numeric(lambda x, y: math.fmod(x, y) if y and math.isfinite(x) else math.nan),
    "coalesce": lambda a, b: a if _text(a) else b, "concat": lambda *a: "".join(map(_text, a)),
    "contains": lambda a, b: _text(b) in _text(a), "date": _date, "false": lambda: False,
    "count-selected": lambda a: float(len(_names(a))), "not": lambda a: not truth(a),
    "int": lambda a: float(math.trunc(x)) if math.isfinite(x := _number(a)) else x,
    "round": _rounded, "selected": lambda a, b: " ".join(_names(b)) in _names(a),
    "starts-with": lambda a, b: _text(a).startswith(_text(b)), "string": _text, "number": _number,
    "string-length": lambda a: float(len(_text(a))), "true": lambda: True,
}  # fmt: skip


def evaluate(
    tree: Tree, values: Mapping[str, Any], *, current: Any = "", today: str = ""
) -> bool | float | str | list[str]:
    """Return what a parsed expression comes to; it never raises, whatever the answers hold.

    Parameters
    ----------
    tree : list
        ``parse(source).tree``.
    values : mapping
        Item name → answer as JSON has it; an absent name is unanswered.
    current : any
        What ``.`` stands for.
    today : str
        What ``today()`` returns, ``YYYY-MM-DD``.

    Examples
    --------
    >>> from zuofeng_survey.expression import parse
    >>> evaluate(parse("${age} >= 18 and selected(${jobs}, 'a')").tree, {"age": 20, "jobs": ["a"]})
    True
    """

    def run(node: Tree) -> Any:
        match node:
            case ["lit", value]:
                return _value(value)
            case ["ref", name]:
                return _value(values.get(name))
            case ["current"]:
                return _value(current)
            case ["today"]:
                return _value(today)
            case ["and", *parts]:
                return all(truth(run(part)) for part in parts)
            case ["or", *parts]:
                return any(truth(run(part)) for part in parts)
            case ["if", condition, yes, no]:
                return run(yes if truth(run(condition)) else no)
            case ["regex", part, pattern]:
                return matches(pattern, _text(run(part)))
            case [act, *parts]:
                return _ACTS[act](*map(run, parts))

    return run(tree)
