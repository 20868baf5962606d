"""What a ledger is: fields, states, transitions, deadlines and rules, declared in YAML and frozen.

No ledger is a module of its own. What all fourteen can say is here; what each says is in
``declarations/``, one file each, with the origin of every field: ``seed`` (the plan's own words),
``law`` or ``our`` (a default of ours).
"""

from __future__ import annotations

import datetime as dt
import re
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic import Field as Given

from ..workbook.columns import Column, Kind

Origin = Literal["seed", "law", "our"]
Scalar = str | int | float | bool
NONE = ""  # the state of an entry that is not there yet


class Frozen(BaseModel):
    """Unknown keys are refused, nothing changes after it is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Field(Frozen):
    """One field of an entry.

    ``ref`` names what it refers to (``units``, ``offices``, ``people`` of the registry, or another
    ledger); ``hand`` marks what only a person writes; ``append`` what is added to, never replaced:
    the row holds the newest, the events hold all. ``yearly`` is the day (04-10, 次年01-15) that a new
    entry's ``year`` gives it, where nobody writes another; ``masked`` text holds no number of a person.
    """

    name: str
    label: str
    kind: Kind = "text"
    origin: Origin = "our"
    required: bool = False
    choices: dict[str, str] = {}
    pattern: str = ""
    ref: str = ""
    least: float | None = None
    most: float | None = None
    hand: bool = False
    append: bool = False
    masked: bool = False
    yearly: str = Given("", pattern=r"^((次年)?\d\d-\d\d)?$")

    @model_validator(mode="before")
    @classmethod
    def _plain_choices(cls, raw: Any) -> Any:
        """Let a list of words stand for words that are their own labels."""
        if isinstance(raw, dict) and isinstance(raw.get("choices"), list):
            return {**raw, "choices": {str(c): str(c) for c in raw["choices"]}}
        return raw

    def day_of(self, year: int) -> dt.date:
        """Return the day that ``yearly`` is in a year.

        >>> Field(name="y_due", label="年终清账期限", yearly="次年01-15").day_of(2020)
        datetime.date(2021, 1, 15)
        """
        later = self.yearly.startswith("次年")
        return dt.date.fromisoformat(f"{year + later}-{self.yearly.removeprefix('次年')}")

    def column(self) -> Column:
        """Return how the field stands in a workbook."""
        return Column(
            self.name,
            self.label,
            self.kind,
            required=self.required,
            choices=tuple(self.choices.items()),
            locked=self.kind == "key",
        )


class Rule(Frozen):
    """One thing that must hold; which keys are given says what sort of rule it is.

    Attributes
    ----------
    when : dict
        Field → value, or values, for which the rule counts; empty for always. ``state`` is a
        field too, so what a closed entry must have cannot be taken from it afterwards.
    needs : tuple of str
        Fields that must be filled.
    together : tuple of str
        Fields of which all are filled, or none.
    differ : tuple of str
        Fields that must not hold the same person.
    least : dict
        Field → smallest number.
    is_true : tuple of str
        Fields that must be 是.
    order : tuple of str
        Days that must not go backwards, where filled.
    within : dict
        Of days: ``field``, ``after`` (a field), ``days`` (least, most).
    only : tuple of str
        The only fields that may be filled.
    empty : tuple of str
        Fields that must not be filled.
    not_state : tuple of str
        States that the entry cannot be in.
    because : str
        What the person reads: the rule in the office's words.
    """

    when: dict[str, Scalar | list[Scalar]] = {}
    needs: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    differ: tuple[str, ...] = ()
    least: dict[str, float] = {}
    is_true: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    within: Within | None = None
    only: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    not_state: tuple[str, ...] = ()
    because: str = ""
    origin: Origin = "our"


class Within(Frozen):
    """A day that lies so many days after another."""

    field: str
    after: str
    days: tuple[int, int]
    unit: Literal["日", "工作日"] = "日"


class Transition(Frozen):
    """A named step from some states to another, with what it needs and what it writes.

    ``sets`` gives a value, or ``day`` (the day of the step), or ``day+120``, where none is given;
    ``clears`` empties what no longer holds (the day of a close-out that is taken back); ``adds``
    counts.
    """

    name: str
    sources: tuple[str, ...] = Given(alias="from")
    target: str = Given(alias="to")
    needs: tuple[str, ...] = ()
    sets: dict[str, Scalar] = {}
    clears: tuple[str, ...] = ()
    adds: dict[str, int] = {}
    origin: Origin = "our"


class Extension(Frozen):
    """Days added to a clock, only if each of ``conditions`` is filled and true, ``most`` at most."""

    days: str
    conditions: tuple[str, ...]
    most: int
    approved: str = ""


class Deadline(Frozen):
    """A clock: from a day in ``start``, ``days`` long, until ``done`` is filled.

    ``days`` may be a field; ``field`` instead of ``start`` takes the last day from the entry. It
    runs in ``states`` (any, if empty) and for the entries that ``when`` picks. A ``right`` is a
    person's term to apply in: it is told, and nobody is late by it. ``basis`` names the law by the
    year of the regulation in force.
    """

    name: str
    start: str = ""
    days: int | str = 0
    field: str = ""
    right: bool = False
    unit: Literal["日", "工作日"] = "日"
    done: str = ""
    states: tuple[str, ...] = ()
    when: dict[str, Scalar | list[Scalar]] = {}
    extend: Extension | None = None
    origin: Origin = "our"
    basis: dict[str, str] = {}


class Declaration(Frozen):
    """A ledger: a typed table with a state machine and clocks."""

    id: str
    name: str
    title: str
    key: str
    basis: str = ""
    note: str = ""
    fields: tuple[Field, ...]
    states: tuple[str, ...]
    initial: str
    final: tuple[str, ...] = ()
    transitions: tuple[Transition, ...] = ()
    rules: tuple[Rule, ...] = ()
    deadlines: tuple[Deadline, ...] = ()

    @cached_property
    def by_name(self) -> dict[str, Field]:
        return {f.name: f for f in self.fields}

    @cached_property
    def key_pattern(self) -> re.Pattern[str]:
        return re.compile(self.by_name[self.key].pattern or r"[^\s=+\-@＝＋－＠]\S{0,63}")

    def step(self, name: str) -> Transition | None:
        """Return the transition of this name."""
        return next((t for t in self.transitions if t.name == name), None)

    def steps_from(self, state: str) -> tuple[Transition, ...]:
        """Return the transitions that an entry in ``state`` may take."""
        return tuple(t for t in self.transitions if state in t.sources)

    def columns(self) -> tuple[Column, ...]:
        """Return the columns of a workbook: the key first, then fields, then what is derived."""
        derived = (
            Column("state", "状态", "choice", choices=tuple((s, s) for s in self.states), locked=True),
            Column("due", "最近期限", "date", locked=True),
            Column("overdue", "超期", "bool", locked=True),
            Column("version", "版本", "integer", locked=True),
        )
        return (*(f.column() for f in self.fields), *derived)

    @model_validator(mode="after")
    def _speaks_of_what_is_there(self) -> Self:
        """Refuse a declaration that names a field or a state it does not have."""
        fields = {f.name for f in self.fields}
        named = {self.key, *(n for rule in self.rules for n in _fields_of(rule))}
        named |= {n for t in self.transitions for n in (*t.needs, *t.sets, *t.clears, *t.adds)}
        named |= {n for d in self.deadlines for n in _fields_of_clock(d)}
        states = {self.initial, *self.final, *(s for t in self.transitions for s in (*t.sources, t.target))}
        states |= {s for d in self.deadlines for s in d.states}
        states |= {s for rule in self.rules for s in rule.not_state}
        missing = sorted((named - fields - {"state"}) | (states - set(self.states)))
        if missing or len(fields) < len(self.fields):
            raise ValueError(f"{self.id} speaks of what it has not, or twice: {missing}")
        taken = fields & {"state", "version", "due", "overdue", "clock"}
        if taken:
            raise ValueError(f"{self.id} has fields with the names of derived columns: {taken}")
        return self


def _fields_of(rule: Rule) -> set[str]:
    within = (rule.within.field, rule.within.after) if rule.within else ()
    listed = (*rule.needs, *rule.together, *rule.differ, *rule.is_true, *rule.order, *rule.only, *rule.empty)
    return {*rule.when, *listed, *rule.least, *within}


def _fields_of_clock(clock: Deadline) -> set[str]:
    extend = clock.extend
    longer = (extend.days, *extend.conditions, extend.approved) if extend else ()
    days = (clock.days,) if isinstance(clock.days, str) else ()
    return {n for n in (*days, clock.start, clock.field, clock.done, *clock.when, *longer) if n}


Rule.model_rebuild()
