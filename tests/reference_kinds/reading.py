"""What a case says about its data: columns, options and formulas, in ``params`` or the R call."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from reference_kinds import Case

# names of a first column that says whose row it is
RATERS = {"rater", "voter", "judge", "coder", "observer"}
WHOSE = RATERS | {
    "subject", "object", "patient", "unit", "target", "case", "id", "name", "item", "person",
    "respondent", "consumer", "participant", "row", "x1_id", "jurisdiction",
}  # fmt: skip
BESIDE = {"class", "pw", "fpc", "weight", "weights"}
CHOICES = ("columns", "cols", "items", "vars", "variables", "raters", "products", "units")


def plain(name: str) -> str:
    """Return a name by its letters and digits only: ``sch.wide`` is ``schwide``."""
    return "".join(c for c in str(name).lower() if c.isalnum())


def column(d: pd.DataFrame, name: str) -> str:
    """Return the column of this name, whatever its dots and case."""
    found = {plain(c): c for c in d.columns}
    if plain(name) not in found:
        raise LookupError(f"no column {name!r} among {list(d.columns)}")
    return found[plain(name)]


def option(
    case: Case, *names: str, told: Mapping[str, Any] | None = None, default: Any = None
) -> Any:
    """Return what a block, ``params``, the expectations or the call say of an option."""
    for said in (told or {}, case.params):
        for name in (n for n in names if n in said):
            if not isinstance(said[name], Mapping):
                return said[name]
    for name in (n for n in names if isinstance(dict.get(case.expected, n), str | int | float)):
        return case.expected[name]
    for name in names:
        if found := re.search(
            rf"(?<![\w.]){re.escape(name)}\s*=\s*(c\([^)]*\)|rep\([^)]*\)|[^,;)\s]+)", case.call
        ):
            return literal(found[1])
    return default


def literal(text: str) -> Any:
    """Return an R constant, ``c(…)`` or ``rep(x, n)`` as Python's."""
    if made := re.fullmatch(r"(c|rep)\((.*)\)", text.strip(), re.S):
        inner = [literal(t) for t in made[2].split(",")]
        return inner if made[1] == "c" else [inner[0]] * int(inner[1])
    if span := re.fullmatch(r"(\d+):(\d+)", text.strip()):
        return list(range(int(span[1]), int(span[2]) + 1))
    word = {"TRUE": True, "T": True, "FALSE": False, "F": False, "NULL": None}
    try:
        return word[text.strip()] if text.strip() in word else ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        return text.strip().lstrip("~")


def coverage_of(case: Case, told: Mapping[str, Any] | None = None) -> float:
    """Return the coverage of the intervals: 0.95 unless the case says otherwise."""
    level = option(case, "coverage", "conf.level", "conf_level", "level", "ci", told=told)
    if level is None and (alpha := option(case, "alpha", told=told)) is not None:
        level = 1 - alpha
    return float(level) / (100 if level > 1 else 1) if isinstance(level, int | float) else 0.95


def without_names(d: pd.DataFrame) -> pd.DataFrame:
    """Return a table without a first column that only says whose row it is."""
    first = d.columns[0]
    name, values = plain(first), d[first]
    is_name = name in {plain(w) for w in WHOSE} or name.startswith("unnamed")
    if d.shape[1] > 2 and not is_name and not pd.api.types.is_numeric_dtype(values):
        is_name = values.is_unique
    d = d.drop(columns=first) if is_name else d
    return d.drop(columns=[c for c in d.columns if str(c) in BESIDE])


def chosen(
    case: Case,
    d: pd.DataFrame,
    *,
    told: Mapping[str, Any] | None = None,
    named: Iterable[str] = (),
    part: str = "",
) -> pd.DataFrame:
    """Return the columns a case is about: said in it, else those its figures are named after.

    Numbers are R's: from 1. ``d[, 2:4]`` and ``video[, c("A", "B")]`` in the call are read too.
    """
    rest = without_names(d)
    said = option(case, *CHOICES, told=told)
    cuts = re.findall(r"([\w.]+)\[\s*,\s*(c\([^)]*\)|\d+:\d+)\s*\]", case.call)
    for name, cut in cuts if said is None else ():
        if name in ("d", "x", "df", "dat", "data") or name in (part or case.files[0].name):
            said = literal(cut)
    if isinstance(said, list) and said:
        if all(isinstance(c, int) for c in said):
            return rest.iloc[:, [c - 1 for c in said]]
        return d[[column(d, c) for c in said]]
    own = [c for c in (str(n).rstrip("-") for n in named) if c in d.columns]
    return d[own] if own else rest


def by_rater(case: Case, part: str = "", told: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Ratings as one row a rater; the name of the first column says which way they stand."""
    d = case.frame(part)
    are_rows = plain(d.columns[0]) in RATERS or option(case, "raters_are", told=told) == "rows"
    name = next((f.name for f in case.files if part.lower() in f.name.lower()), "")
    y = chosen(case, d, told=told, part=name)
    if y.shape[1] < d.shape[1] and plain(d.columns[0]) in {plain(w) for w in WHOSE}:
        y = y.set_axis(d[d.columns[0]], axis=0)
    return y if are_rows else y.T


def keyed(case: Case, d: pd.DataFrame, named: Iterable[str] = ()) -> pd.DataFrame:
    """Turn reversed items round: those said, or those psych marks with a minus."""
    said = option(case, "reverse", "reversed", "reverse_keyed", "keys", default=[])
    said = [said] if isinstance(said, str) else list(said or [])
    if said and all(isinstance(k, int | float) for k in said) and set(said) <= {1, -1}:
        said = [c for c, k in zip(d.columns, said, strict=True) if k < 0]
    said = [str(c) for c in said if not str(c).lstrip("+").isdigit()]
    minus = [
        s.strip("-") for s in [*said, *map(str, named)] if s.startswith("-") or s.endswith("-")
    ]
    turned = dict.fromkeys([*minus, *(s for s in said if "-" not in s)])
    low, high = np.nanmin(d.to_numpy(float)), np.nanmax(d.to_numpy(float))
    scale = option(case, "scale", "range", default=[low, high])
    return d.assign(**{c: sum(scale) - d[c] for c in turned if c in d})


@dataclass(frozen=True)
class Formula:
    """``response ~ fixed + (slope | group)``."""

    response: str
    fixed: tuple[str, ...]
    groups: tuple[tuple[str, str], ...]

    @property
    def names(self) -> set[str]:
        return {self.response, *self.fixed, *(g for _, g in self.groups)}


def formulas(text: str) -> list[Formula]:
    """Return the model formulas of an R call, in their order."""
    return [
        formula(m[0])
        for m in re.finditer(r"[\w.]+\s*~\s*(?:[\w.:*+\-\s]|\([^()]*\|[^()]*\))+", text)
    ]


def formula(text: str) -> Formula:
    response, right = text.split("~")
    bars = re.findall(r"\(([^()|]*)\|+([^()]*)\)", right)
    rest = re.sub(r"\([^()]*\)", "", right)
    terms = [t.strip() for t in rest.split("+")]
    fixed = tuple(t for t in terms if t not in ("", "0", "1", "-1"))
    groups = tuple((slope.strip(), g.strip()) for slope, g in bars)
    return Formula(response.strip(), fixed, groups)
