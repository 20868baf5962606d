"""How strong the evidence is: 强, 中, 弱 or 不足. A guard caps it; nothing raises it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import Problem
from ..html import p_said, shown
from .evidence import Evidence
from .pooling import Pooled
from .settings import Settings

LEVELS = ("不足", "弱", "中", "强")
EN = {"不足": "insufficient", "弱": "weak", "中": "medium", "强": "strong"}
RULE = "bottom_rule.evidence"


@dataclass(frozen=True, slots=True)
class Graded:
    """A level, what it would be without guards, and why."""

    level: str
    unguarded: str
    reasons: tuple[Problem, ...]
    guards: tuple[Problem, ...]


def grade(
    years: Sequence[Evidence], pooled: Pooled | None, settings: Settings, *, facts: str = ""
) -> Graded:
    """Grade a finding.

    The years in a row are as strong as the weakest of them: strong = P(bottom k) of .90 and more,
    not gone with one ballot, all scoring maps agree, and the grades or a fact speak the same
    language. One year by itself also needs its rank set in the bottom k; two and three years need
    the test of the years together.
    """
    each = [_year(e, settings, facts, alone=len(years) == 1) for e in years]
    level = min((one for one, _ in each), key=LEVELS.index)
    reasons = [p for _, said in each for p in said]
    if len(years) > 1 and settings[f"{RULE}.tested"]:
        level, said = _together(level, years, pooled)
        reasons.append(said)
    guards = tuple(p for e in years for p in e.guards)
    capped = min(level, "弱", key=LEVELS.index) if guards else level
    return Graded(capped, level, tuple(reasons), guards)


def _year(
    e: Evidence, settings: Settings, facts: str, *, alone: bool
) -> tuple[str, list[Problem]]:
    strong, medium, weak = (settings[f"{RULE}.{name}_p"] for name in ("strong", "medium", "weak"))
    params = {"year": e.year, "p": shown(e.p_bottom, "p_bottom", e.n), "k": e.k}
    said = [Problem("level-p", "", params)]
    if e.tied:
        return "不足", [*said, Problem("level-tied", "", {"year": e.year})]
    if e.flip1:
        return "不足", [*said, Problem("level-flip", "", {"year": e.year})]
    if e.p_bottom < medium:
        return ("弱" if e.p_bottom >= weak else "不足"), said
    wanting = _wanting(e, settings, facts, alone=alone)
    if e.p_bottom < strong or wanting:
        return "中", [*said, *wanting]
    return "强", [*said, Problem("level-strong", "", {"year": e.year})]


def _wanting(e: Evidence, settings: Settings, facts: str, *, alone: bool) -> list[Problem]:
    """Return what keeps a year from being strong evidence."""
    found, year = [], {"year": e.year}
    agreed, of = e.maps
    if agreed < min(settings[f"{RULE}.maps"], of) or of < settings[f"{RULE}.maps"]:
        found.append(Problem("level-maps", "", year | {"agreed": agreed, "of": of}))
    if alone and settings[f"{RULE}.tested"] and not (e.certain or e.verified):
        found.append(Problem("level-untested", "", year | {"lower": e.lower, "upper": e.upper}))
    below = settings[f"{RULE}.grade_below"]
    has_grade = e.good_rate is not None and e.good_rate < below
    if not has_grade and not facts.strip():
        found.append(Problem("level-alone", "", year | {"rate": f"{100 * below:.0f}%"}))
    return found


def _together(
    level: str, years: Sequence[Evidence], pooled: Pooled | None
) -> tuple[str, Problem]:
    span = {"first": years[0].year, "last": years[-1].year}
    if pooled is None:
        return min(level, "中", key=LEVELS.index), Problem("pooled-none", "", span)
    params = span | {"p": p_said(pooled.gap_p), "lower": pooled.lower, "upper": pooled.upper}
    if pooled.confirmed:
        return level, Problem("pooled-confirmed", "", params)
    return min(level, "弱", key=LEVELS.index), Problem("pooled-open", "", params)
