"""From changes to events: every problem of a batch is found before a word of it is written."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import Problem, nearest
from .declaration import NONE, Declaration, Transition
from .guards import broken, out_of_term
from .values import Wrong, parse

MACHINE = "软件"  # what a program signs with; it may propose, it may not decide
CREATE, CORRECT, ERASE = "登记", "更正", "清除"


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of one entry.

    Attributes
    ----------
    key : str
    values : Mapping
        Field → new value, as typed or as Python has it; None or "" empties a field. Fields that are
        not named stay.
    version : int or None
        The version this was made from; None for a new entry. A stale one is refused.
    transition : str or None
        The step to take, if any.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None
    transition: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log, before it is chained."""

    key: str
    version: int
    step: str
    state: str
    row: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Now:
    """An entry as it stands: what the next change is measured against."""

    version: int = 0
    state: str = NONE
    row: dict[str, Any] = field(default_factory=dict)
    on: str = ""


class Batch:
    """Works through changes one by one, each seeing the ones before it."""

    def __init__(self, declaration: Declaration, now: dict[str, Now], *, by: str, on: dt.date) -> None:
        self.declaration, self.now, self.by, self.on = declaration, now, by, on
        self.events: list[Event] = []
        self.problems: list[Problem] = []
        self.added: dict[str, None] = {}
        self.changed: dict[str, None] = {}
        self.known: Mapping[str, set[str]] = {}

    def take(self, n: int, change: Change) -> None:
        """Turn one change into an event, or into problems."""
        self.n, self.key = n, str(change.key).strip()
        before = len(self.problems)
        now = self.now.get(self.key, Now())
        self._check_version(change, now)
        values = dict(self._values(change, now))
        step = self._step(change, now)
        if len(self.problems) > before:
            return
        kept = {k: v for k, v in now.row.items() if not step or k not in step.clears}
        row = {k: v for k, v in {**kept, **values}.items() if v is not None}
        state = step.target if step else now.state or self.declaration.initial
        row |= self._set_by(step, row)
        row |= {} if now.version else self._yearly(row)
        if now.version and not step and row == now.row:
            return
        for name, code, params in broken(self.declaration, {**row, "state": state}):
            self._wrong(name, code, params)
        if step:
            self._check_needs(step, row)
            if step.clears:  # what goes must have been in order: an objection after its five days is none
                for name, code, params in out_of_term(self.declaration, {**now.row, **values, "state": now.state}):
                    self._wrong(name, code, params)
        if len(self.problems) == before:
            self._keep(now, step, state, row)

    def _keep(self, now: Now, step: Transition | None, state: str, row: dict[str, Any]) -> None:
        name = step.name if step else CORRECT if now.version else CREATE
        self.events.append(Event(self.key, now.version + 1, name, state, row))
        self.now[self.key] = Now(now.version + 1, state, row, self.on.isoformat())
        (self.changed if now.version else self.added).setdefault(self.key)

    def _check_version(self, change: Change, now: Now) -> None:
        if not now.version and change.version:
            self._wrong("", "ledger-no-entry", {})
        elif now.version and change.version is None:
            self._wrong("", "ledger-key-taken", {"version": now.version})
        elif now.version and change.version != now.version:
            self._wrong("", "ledger-stale", {"got": change.version, "version": now.version})
        elif now.on > self.on.isoformat():
            self._wrong("", "ledger-before-last", {"day": self.on, "last": now.on})
        if not now.version and not self.declaration.key_pattern.fullmatch(self.key):
            pattern = self.declaration.key_pattern.pattern
            self._wrong(self.declaration.key, "ledger-pattern", {"got": self.key, "pattern": pattern})

    def _values(self, change: Change, now: Now) -> Iterator[tuple[str, Any]]:
        fields = self.declaration.by_name
        yield self.declaration.key, self.key
        for name, raw in change.values.items():
            if name == self.declaration.key:
                if str(raw).strip() != self.key:
                    self._wrong(name, "ledger-key-changed", {"got": raw})
                continue
            if name not in fields:
                self._wrong(name, "ledger-field", {"near": nearest(name, fields) or "—"})
                continue
            try:
                value = parse(fields[name], raw)
            except Wrong as wrong:
                self._wrong(name, wrong.code, wrong.params)
                continue
            if value != now.row.get(name):
                self._check_hand(name, value)
                yield name, value

    def _check_hand(self, name: str, value: Any) -> None:
        """Refuse what only a person writes to a program, and a post that nobody has."""
        field = self.declaration.by_name[name]
        if field.hand and self.by == MACHINE:
            self._wrong(name, "ledger-by-hand", {})
        known = self.known.get(field.ref)
        if known and value is not None and value not in known:
            self._wrong(name, "ledger-reference", {"got": value, "near": nearest(str(value), known) or "—"})

    def _step(self, change: Change, now: Now) -> Transition | None:
        if not change.transition:
            return None
        step = self.declaration.step(change.transition)
        state = now.state or self.declaration.initial
        if step is None or state not in step.sources:
            may = "、".join(t.name for t in self.declaration.steps_from(state)) or "—"
            self._wrong("", "ledger-step", {"step": change.transition, "state": state, "may": may})
        return step

    def _check_needs(self, step: Transition, row: Mapping[str, Any]) -> None:
        for name in step.needs:
            if row.get(name) is None:
                self._wrong(name, "ledger-required", {"why": f"“{step.name}”这一步要有"})

    def _set_by(self, step: Transition | None, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a step writes by itself, where nobody wrote something else."""
        found = {}
        for name, value in (step.sets if step else {}).items():
            match = re.fullmatch(r"day(?:\+(\d+))?", str(value))
            if match and row.get(name) is None:
                found[name] = (self.on + dt.timedelta(days=int(match[1] or 0))).isoformat()
            elif not match:
                found[name] = value
        for name, n in (step.adds if step else {}).items():
            found[name] = row.get(name, 0) + n
        return found

    def _yearly(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the days of the year that a new entry keeps, where nobody wrote another."""
        if not (year := row.get("year")):
            return {}
        empty = (f for f in self.declaration.fields if f.yearly and row.get(f.name) is None)
        return {f.name: f.day_of(int(year)).isoformat() for f in empty}

    def _wrong(self, name: str, code: str, params: Mapping[str, Any]) -> None:
        known = self.declaration.by_name.get(name)
        parts = (self.declaration.title, self.key, known.label if known else name)
        place = " › ".join(p for p in parts if p)
        self.problems.append(Problem(code, place, dict(params), f"{self.n}:{name}"))


def row_text(row: Mapping[str, Any]) -> str:
    """Return a row as the log keeps it: one line of JSON, fields in order."""
    return json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a batch came to: keys added, changed and left as they were, and the end of the chain."""

    ledger: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    events: int
    head: str

    @classmethod
    def of(cls, batch: Batch, changes: Sequence[Change], head: bytes) -> Recorded:
        """Sum up a batch."""
        moved = batch.added.keys() | batch.changed.keys()
        left = dict.fromkeys(c.key for c in changes if c.key not in moved)
        changed = tuple(k for k in batch.changed if k not in batch.added)
        name = batch.declaration.name
        return cls(name, tuple(batch.added), changed, tuple(left), len(batch.events), head.hex())
