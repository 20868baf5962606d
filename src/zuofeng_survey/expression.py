"""What decides whether an item is shown (``relevant``) or its answer accepted (``constraint``).

The part of XPath that XLSForm authors write, parsed once into plain lists which this module and
``web/static/expression.js`` interpret alike; nothing is ever ``eval``-ed. From XPath 1.0, the ODK
XForms specification, and JavaRosa where those are silent. The contract with ``expression.js``::

    ["lit", 3 | "text"]  ["ref", name]  ["current"]  ["neg", t]  ["or" | "and" | "+" | "*", t, t, …]
    ["=" | "!=" | "<" | "<=" | ">" | ">=" | "-" | "div" | "mod", t, t]  ["regex", t, pattern]
    [any other function of FUNCTIONS, t, …]
    pattern: ["cat", p, …]  ["alt", p, …]  ["rep", p, least, most or -1]
             ["set", from, before, from, before, …] of code points, rising

    value   boolean, number (IEEE double), string, list of names (select_multiple, rank, repeats);
            unanswered, null, an object or an absent name is ''
    string  list → its names joined by a space; 1.0 → '1', never an exponent; true → 'true'
    number  '' and other text → NaN; '-1.5' → -1.5 (no '+', no exponent); 'YYYY-MM-DD' → days since
            1970-01-01, so dates compare and ``today() - 7`` is a week ago; true → 1
    truth   '', an empty list, 0 and NaN are false, all else is true
    = !=    as truths if a side is boolean, else as numbers if a side is a number or both look like
            one, else as strings; ``<`` and its kin, and arithmetic, always as numbers
"""

from __future__ import annotations

import math
import operator
import re
from bisect import bisect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import reduce
from graphlib import CycleError, TopologicalSorter
from typing import Any, NoReturn

from .errors import DefinitionError, nearest

Tree = list[Any]
MAX_SOURCE, MAX_DEPTH, MAX_PATTERN, MAX_TESTED = 2000, 50, 200, 2000
MAX_COST = 600  # of all patterns of an expression: about 0.1 s against the worst 2000 characters
FUNCTIONS: dict[str, tuple[int, float]] = {  # name → fewest and most arguments
    "coalesce": (2, 2), "concat": (1, math.inf), "contains": (2, 2), "count-selected": (1, 1),
    "date": (1, 1), "false": (0, 0), "if": (3, 3), "int": (1, 1), "not": (1, 1), "number": (1, 1),
    "regex": (2, 2), "round": (1, 2), "selected": (2, 2), "starts-with": (2, 2), "string": (1, 1),
    "string-length": (1, 1), "today": (0, 0), "true": (0, 0),
}  # fmt: skip
_BINDS = {"or": 1, "and": 2, "=": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "+": 5, "-": 5,
          "*": 6, "div": 6, "mod": 6}  # fmt: skip
_TOKEN = re.compile(
    r"[ \t\r\n]*(?:(?P<ref>\$\{[\w.-]+\})|(?P<num>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
    r"|(?P<str>'[^']*'|\"[^\"]*\")|(?P<word>[A-Za-z][\w-]*)|(?P<op>[<>!]=|[-+*=<>(),.])|\Z)"
)
# What a Chinese keyboard types where the expression needs the plain twin.
_WIDE = dict(zip("（），．＝＜＞！＋－＊‘’“”｛｝＄", "(),.=<>!+-*''\"\"{}$", strict=True))


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression: its source, its tree, the names it asks for, whether it uses ``.``."""

    source: str
    tree: Tree = field(compare=False, repr=False)
    names: frozenset[str] = field(compare=False)
    uses_current: bool = field(compare=False)


def parse(source: str, *, place: str = "") -> Expression:
    """Read an expression.

    Parameters
    ----------
    source : str
        At most 2000 characters, nested at most 50 deep.
    place : str
        Where it stands (``FZ.yaml › FZ-B01 › relevant``), for the message.

    Raises
    ------
    DefinitionError
        With the code ``expression-syntax``, ``-wide``, ``-function``, ``-arity``, ``-too-deep``
        or ``-regex``.

    Examples
    --------
    >>> parse("${FZ-B01} = 'good' and . > 2").tree
    ['and', ['=', ['ref', 'FZ-B01'], ['lit', 'good']], ['>', ['current'], ['lit', 2]]]
    """
    if len(source) > MAX_SOURCE:
        raise _too_deep(place)
    parser = _Parser(source, place)
    tree = parser.binary(1, 0)
    if parser.kind:
        parser.fail()
    level = [tree]
    for _ in range(MAX_DEPTH):
        level = [part for node in level for part in node[1:] if isinstance(part, list)]
    if level:
        raise _too_deep(place)
    return Expression(source, tree, frozenset(parser.names), parser.uses_current)


def _too_deep(place: str) -> DefinitionError:
    return DefinitionError.of("expression-too-deep", place, length=MAX_SOURCE, depth=MAX_DEPTH)


class _Parser:
    """Precedence climbing with one token of lookahead."""

    def __init__(self, source: str, place: str) -> None:
        self.source, self.place = source, place
        self.names: set[str] = set()
        self.uses_current, self.cost = False, 0
        self.start, self.end, self.kind, self.text = 0, 0, "", ""
        self.step()

    def fail(self) -> NoReturn:
        found = self.source[self.start : self.start + 12] or "⟨结尾 end⟩"
        params = {"source": self.source, "column": self.start + 1, "found": found}
        if plain := _WIDE.get(found[0]):
            raise DefinitionError.of("expression-wide", self.place, **params, plain=plain)
        raise DefinitionError.of("expression-syntax", self.place, **params)

    def step(self) -> str:
        """Move to the next token and return the text of the one left behind."""
        left, match = self.text, _TOKEN.match(self.source, self.end)
        if match is None:
            self.start = len(self.source) - len(self.source[self.end :].lstrip(" \t\r\n"))
            self.fail()
        self.kind = match.lastgroup or ""
        self.text = match[self.kind] if self.kind else ""
        self.start, self.end = match.end() - len(self.text), match.end()
        return left

    def take(self, op: str) -> bool:
        found = self.kind == "op" and self.text == op
        if found:
            self.step()
        return found

    def binary(self, binds: int, depth: int) -> Tree:
        tree = self.unary(depth)
        while self.kind in ("op", "word") and _BINDS.get(self.text, 0) >= binds:
            op = self.step()
            right = self.binary(_BINDS[op] + 1, depth + 1)
            if op in ("or", "and", "+", "*") and tree[0] == op:
                tree.append(right)  # sixty "or" are wide, not deep
            else:
                tree = [op, tree, right]
        return tree

    def unary(self, depth: int) -> Tree:
        if depth > MAX_DEPTH:
            raise _too_deep(self.place)
        if self.take("-"):
            return ["neg", self.unary(depth + 1)]
        if self.take("("):
            tree = self.binary(1, depth + 1)
            return tree if self.take(")") else self.fail()
        if self.take("."):
            self.uses_current = True
            return ["current"]
        if self.kind == "ref":
            self.names.add(self.text[2:-1])
            return ["ref", self.step()[2:-1]]
        if self.kind == "str":
            return ["lit", self.step()[1:-1]]
        if self.kind == "num" and math.isfinite(number := float(self.text)):
            self.step()
            return ["lit", int(number) if number.is_integer() and number < 2**53 else number]
        return self.call(depth) if self.kind == "word" else self.fail()

    def call(self, depth: int) -> Tree:
        start, name, args = self.start, self.step(), []
        if not self.take("("):
            self.start = start
            self.fail()
        if name not in FUNCTIONS:
            known = nearest(name, FUNCTIONS) or ", ".join(FUNCTIONS)
            raise DefinitionError.of("expression-function", self.place, function=name, known=known)
        if not self.take(")"):
            args.append(self.binary(1, depth + 1))
            while self.take(","):
                args.append(self.binary(1, depth + 1))
            if not self.take(")"):
                self.fail()
        low, high = FUNCTIONS[name]
        if not low <= len(args) <= high:
            expected = f"{low}" if low == high else f"≥ {low}" if high > 9 else f"{low}–{high}"
            params = {"function": name, "expected": expected, "got": len(args)}
            raise DefinitionError.of("expression-arity", self.place, **params)
        return ["regex", args[0], self.pattern(args[1])] if name == "regex" else [name, *args]

    def pattern(self, literal: Tree) -> Tree:
        text = literal[-1]
        try:
            if literal[0] != "lit" or not isinstance(text, str):
                text = "…"
                raise _PatternError("要直接写在引号里", "it must be a quoted literal")
            tree, cost, _ = _pattern(text)
            self.cost += cost
            if self.cost > MAX_COST:
                raise _PatternError("要比较的太多", "it asks for too many comparisons")
        except _PatternError as why:
            params = dict(zip(("pattern", "why_zh", "why_en"), (text, *why.args), strict=True))
            raise DefinitionError.of("expression-regex", self.place, **params) from None
        return tree


# ── patterns: the regular ones, which mean the same everywhere; matched by sets of positions, so
# never exponentially. Nested repeats would be harmless here, but a questionnaire exported to ODK
# is matched by engines that backtrack: they are refused. A part is (tree, cost, whether it varies).
class _PatternError(Exception):
    """Why a pattern cannot be used, in Chinese and in English."""


_ESCAPE = r"\\u[0-9A-Fa-f]{4}|\\[dwsDWStnr!-/:-@\[-`{-~]"
_PIECE = re.compile(
    rf"(?P<mark>\((?:\?:)?|[|^$])|(?:(?P<close>\))|(?P<leaf>{_ESCAPE}|[^\\\[\](){{}}*+?|^$]"
    rf"|\[\^?(?:{_ESCAPE}|[^\\\[\]])+\]))(?:(?P<times>[*+?]|\{{[0-9]{{1,4}}(?:,[0-9]{{0,4}})?\}})\??)?"
)
_MEMBER = re.compile(rf"({_ESCAPE}|[^\\])(?:-({_ESCAPE}|[^\\]))?", re.DOTALL)
_TOP = 0x110000
_CLASSES = {"\\d": [48, 58], "\\w": [48, 58, 65, 91, 95, 96, 97, 123], "\\s": [9, 14, 32, 33],
            "\\t": [9, 10], "\\n": [10, 11], "\\r": [13, 14]}  # fmt: skip
_TIMES = {"*": "0,", "+": "1,", "?": "0,1"}
Part = tuple[Tree, int, bool]


def _pattern(text: str) -> Part:
    if len(text) > MAX_PATTERN:
        raise _PatternError(
            f"超过 {MAX_PATTERN} 个字符", f"it is longer than {MAX_PATTERN} characters"
        )
    groups: list[list[list[Part]]] = [[[]]]
    at = 0
    while at < len(text):
        match = _PIECE.match(text, at)
        outer = len(groups) == 1
        if not match or (match["close"] and outer):
            raise _PatternError(f"第 {at + 1} 个字符处读不懂", f"unreadable at character {at + 1}")
        at, mark = match.end(), match["mark"] or ""
        if mark.startswith("("):
            groups.append([[]])
        elif mark == "|":
            groups[-1].append([])
        elif mark:  # the whole value is matched, so anchors add nothing where they make sense
            edge = not groups[-1][-1] if mark == "^" else text[at : at + 1] in ("", "|")
            if not (outer and edge):
                raise _PatternError(f"{mark} 只能在两端", f"{mark} may stand at the ends only")
        else:
            part = _either(groups.pop()) if match["close"] else _leaf(match["leaf"])
            groups[-1][-1].append(_repeated(part, match["times"]))
    if len(groups) > 1:
        raise _PatternError("少了 )", "a ) is missing")
    return _either(groups[0])


def _either(branches: list[list[Part]]) -> Part:
    rows = [row[0][0] if len(row) == 1 else ["cat", *(part[0] for part in row)] for row in branches]
    parts = [part for row in branches for part in row]
    tree = rows[0] if len(rows) == 1 else ["alt", *rows]
    return tree, sum(part[1] for part in parts) + 1, any(part[2] for part in parts)


def _outside(flips: Iterable[int]) -> list[int]:
    return sorted({0, _TOP} ^ set(flips))


def _flips(char: str) -> list[int]:
    """Return the code points at which membership begins, ends, begins again, and so on."""
    if char.lower() in _CLASSES:
        return _CLASSES.get(char) or _outside(_CLASSES[char.lower()])
    code = int(char[2:], 16) if len(char) > 2 else ord(char[-1])
    return [code, code + 1]


def _leaf(text: str) -> Part:
    text = "[^\n\r\u2028\u2029]" if text == "." else text
    negated, spans = text.startswith("[^"), []
    for first, last in _MEMBER.findall(text[1 + negated : -1] if text[0] == "[" else text):
        low, high = _flips(first), _flips(last or first)
        if last and (low[-1] - low[0] > 1 or high[-1] - high[0] > 1 or low > high):
            raise _PatternError(f"{text} 的范围要从小到大", f"the range in {text} must run upwards")
        spans += [(low[0], high[1])] if last else zip(low[::2], low[1::2], strict=True)
    flips: list[int] = []
    for low, high in sorted(spans):
        if flips and low <= flips[-1]:
            flips[-1] = max(flips[-1], high)
        else:
            flips += [low, high]
    if not flips:
        raise _PatternError("[^] 里没有字符", "[^] is empty")
    return ["set", *(_outside(flips) if negated else flips)], 1, False


def _repeated(part: Part, times: str | None) -> Part:
    if not times:
        return part
    least, comma, most = _TIMES.get(times, times.strip("{}")).partition(",")
    low = int(least)
    high = int(most) if most else -1 if comma else low
    if part[2] and high not in (0, 1):
        raise _PatternError("重复里套了重复", "a repeat stands inside a repeat")
    if -1 < high < low or max(low, high) > MAX_TESTED:
        raise _PatternError(f"次数 {times} 不对", f"{times} is not a count")
    reach = 40 if high < 0 else min(40, high - low)  # measured: a long repeat of one character
    return ["rep", part[0], low, high], part[1] * max(1, low + reach), part[2] or low != high


def _ends(node: Tree, codes: list[int], starts: set[int]) -> set[int]:
    """Every position where ``node`` may end, having begun at one of ``starts``."""
    if node[0] == "set":
        flips = node[1:]
        return {i + 1 for i in starts if bisect(flips, codes[i]) % 2}
    if node[0] == "cat":
        return reduce(lambda at, part: _ends(part, codes, at), node[1:], starts)
    if node[0] == "alt":
        return set().union(*(_ends(part, codes, starts) for part in node[1:]))
    _, inner, least, most = node
    for _ in range(least):
        starts = _ends(inner, codes, starts)
    found = fresh = starts
    while fresh and most != least:  # from a place reached before, more repeats were left: skip it
        fresh, most = _ends(inner, codes, fresh) - found, most - 1
        found = found | fresh
    return found


def _matches(pattern: Tree, text: str) -> bool:
    codes = [*map(ord, text), -1]  # -1 is in no set
    return len(text) <= MAX_TESTED and len(text) in _ends(pattern, codes, {0})


# ── values ────────────────────────────────────────────────────────────────────────────────────
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
                return _matches(pattern, _text(run(part)))
            case [act, *parts]:
                return _ACTS[act](*map(run, parts))

    return run(tree)


def find_cycle(graph: Mapping[str, Iterable[str]]) -> list[str] | None:
    """Return one circle of names, first and last alike, or None when there is none.

    Parameters
    ----------
    graph : mapping
        Name → the names its expression asks for.

    Examples
    --------
    >>> find_cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    ['a', 'b', 'c', 'a']
    """
    ordered = {name: sorted(graph[name]) for name in sorted(graph)}
    try:
        TopologicalSorter(ordered).prepare()
    except CycleError as circle:
        path = circle.args[1][:0:-1]  # each asks for the next; start at the smallest name
        first = path.index(min(path))
        return [*path[first:], *path[:first], path[first]]
    return None
