"""Patterns of ``regex()``: the regular ones, which mean the same everywhere.

They are matched by sets of positions, so never exponentially. Nested repeats would be harmless here,
but a questionnaire exported to ODK is matched by engines that backtrack: they are refused. A part is
(tree, cost, whether it varies).
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable
from functools import reduce
from typing import Any

Tree = list[Any]
MAX_PATTERN, MAX_TESTED = 200, 2000


class PatternError(Exception):
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


def parse_pattern(text: str) -> Part:
    """Read a pattern into (tree, cost, whether it varies); PatternError says why it cannot be used."""
    if len(text) > MAX_PATTERN:
        raise PatternError(
            f"超过 {MAX_PATTERN} 个字符", f"it is longer than {MAX_PATTERN} characters"
        )
    groups: list[list[list[Part]]] = [[[]]]
    at = 0
    while at < len(text):
        match = _PIECE.match(text, at)
        outer = len(groups) == 1
        if not match or (match["close"] and outer):
            raise PatternError(f"第 {at + 1} 个字符处读不懂", f"unreadable at character {at + 1}")
        at, mark = match.end(), match["mark"] or ""
        if mark.startswith("("):
            groups.append([[]])
        elif mark == "|":
            groups[-1].append([])
        elif mark:  # the whole value is matched, so anchors add nothing where they make sense
            edge = not groups[-1][-1] if mark == "^" else text[at : at + 1] in ("", "|")
            if not (outer and edge):
                raise PatternError(f"{mark} 只能在两端", f"{mark} may stand at the ends only")
        else:
            part = _either(groups.pop()) if match["close"] else _leaf(match["leaf"])
            groups[-1][-1].append(_repeated(part, match["times"]))
    if len(groups) > 1:
        raise PatternError("少了 )", "a ) is missing")
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
            raise PatternError(f"{text} 的范围要从小到大", f"the range in {text} must run upwards")
        spans += [(low[0], high[1])] if last else zip(low[::2], low[1::2], strict=True)
    flips: list[int] = []
    for low, high in sorted(spans):
        if flips and low <= flips[-1]:
            flips[-1] = max(flips[-1], high)
        else:
            flips += [low, high]
    if not flips:
        raise PatternError("[^] 里没有字符", "[^] is empty")
    return ["set", *(_outside(flips) if negated else flips)], 1, False


def _repeated(part: Part, times: str | None) -> Part:
    if not times:
        return part
    least, comma, most = _TIMES.get(times, times.strip("{}")).partition(",")
    low = int(least)
    high = int(most) if most else -1 if comma else low
    if part[2] and high not in (0, 1):
        raise PatternError("重复里套了重复", "a repeat stands inside a repeat")
    if -1 < high < low or max(low, high) > MAX_TESTED:
        raise PatternError(f"次数 {times} 不对", f"{times} is not a count")
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


def matches(pattern: Tree, text: str) -> bool:
    """Tell whether a parsed pattern matches the whole of ``text``."""
    codes = [*map(ord, text), -1]  # -1 is in no set
    return len(text) <= MAX_TESTED and len(text) in _ends(pattern, codes, {0})
