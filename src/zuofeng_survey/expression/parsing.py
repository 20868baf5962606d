"""From an author's text to a tree, by precedence climbing; what cannot be read is told with its place."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import NoReturn

from ..errors import DefinitionError, nearest
from .patterns import PatternError, Tree, parse_pattern

MAX_SOURCE, MAX_DEPTH = 2000, 50
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
                raise PatternError("要直接写在引号里", "it must be a quoted literal")
            tree, cost, _ = parse_pattern(text)
            self.cost += cost
            if self.cost > MAX_COST:
                raise PatternError("要比较的太多", "it asks for too many comparisons")
        except PatternError as why:
            params = dict(zip(("pattern", "why_zh", "why_en"), (text, *why.args), strict=True))
            raise DefinitionError.of("expression-regex", self.place, **params) from None
        return tree
