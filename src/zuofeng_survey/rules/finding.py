"""One finding: a person whom the ladder names, and all that this rests on."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import Problem
from .blanks import Blanks
from .evidence import Evidence
from .pooling import Pooled
from .rounds import Kind


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """One person whom the plan's ladder names in the year asked about.

    Attributes
    ----------
    target, label, kind, pool
    years : tuple of int
        The years that count, oldest first.
    step : int
        Rung of the ladder: 1, 2 or 3.
    measure, measure_origin : str
        What the plan lists for that rung, and where that stands. It is not proposed, let alone
        decided: 拟提请研究 is the only thing proposed.
    level, unguarded : {"强", "中", "弱", "不足"}
        Strength of the evidence, with and without the guards.
    evidence : tuple of Evidence
        One a year.
    pooled : Pooled or None
        The test of the years together; None for one year, or where it cannot be made.
    reasons, guards, confirm : tuple of Problem
        Why this level; what caps it; what people have to confirm.
    remark, facts : str
        The hard job note; the corroborating fact that people entered.
    blanks : Blanks
        What only people fill.
    """

    target: str
    label: str
    kind: Kind
    pool: str
    years: tuple[int, ...]
    step: int
    measure: str
    measure_origin: str
    level: str
    unguarded: str
    evidence: tuple[Evidence, ...]
    pooled: Pooled | None
    reasons: tuple[Problem, ...]
    guards: tuple[Problem, ...]
    confirm: tuple[Problem, ...]
    remark: str
    facts: str
    blanks: Blanks = field(default_factory=Blanks, init=False)

    @property
    def last(self) -> Evidence:
        """Return the evidence of the year asked about."""
        return self.evidence[-1]
