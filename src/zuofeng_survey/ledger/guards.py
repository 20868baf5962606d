"""What must hold of an entry, whoever changed it and however: the declared rules, applied to a row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from .calendar import days_between
from .declaration import Declaration, Rule

Row = Mapping[str, Any]
Broken = tuple[str, str, dict[str, Any]]  # field, code, parameters


def applies(when: Mapping[str, Any], row: Row) -> bool:
    """Return whether a row is one of those that ``when`` picks.

    >>> applies({"kind": ["a", "b"]}, {"kind": "b"}), applies({"kind": "a"}, {})
    (True, False)
    """
    return all(
        row.get(name) in wanted if isinstance(wanted, list) else row.get(name) == wanted
        for name, wanted in when.items()
    )


def broken(declaration: Declaration, row: Row) -> Iterator[Broken]:
    """Yield what is wrong with a row: field, code, parameters. ``row`` has its ``state`` too."""
    told = set()
    for field in declaration.fields:
        if field.required and row.get(field.name) is None and not _shut_out(declaration, row, field.name):
            told.add(field.name)
            yield field.name, "ledger-required", {"why": "登记时必填"}
    for rule in declaration.rules:
        if applies(rule.when, row):
            for check in CHECKS:
                yield from (b for b in check(rule, row) if b[1] != "ledger-required" or b[0] not in told)


def out_of_term(declaration: Declaration, row: Row) -> Iterator[Broken]:
    """Yield the days of a row that lie outside their term, before a step clears them."""
    for rule in declaration.rules:
        if applies(rule.when, row):
            yield from _within(rule, row)


def _shut_out(declaration: Declaration, row: Row, name: str) -> bool:
    """Return whether a rule forbids this field to this row, so that it cannot be asked for."""
    return any(r.only and name not in r.only and applies(r.when, row) for r in declaration.rules)


def _needs(rule: Rule, row: Row) -> Iterator[Broken]:
    for name in rule.needs:
        if row.get(name) is None:
            yield name, "ledger-required", {"why": rule.because}


def _together(rule: Rule, row: Row) -> Iterator[Broken]:
    filled = [name for name in rule.together if row.get(name) is not None]
    if filled:
        for name in rule.together:
            if name not in filled:
                yield name, "ledger-required", {"why": rule.because}


def _differ(rule: Rule, row: Row) -> Iterator[Broken]:
    seen: dict[Any, str] = {}
    for name in rule.differ:
        person = row.get(name)
        if person is not None and person in seen:
            yield name, "ledger-same-person", {"who": person, "why": rule.because}
        seen[person] = name


def _least(rule: Rule, row: Row) -> Iterator[Broken]:
    for name, least in rule.least.items():
        got = row.get(name)
        if got is None or got < least:
            yield name, "ledger-least", {"got": got or 0, "least": f"{least:g}", "why": rule.because}


def _is_true(rule: Rule, row: Row) -> Iterator[Broken]:
    for name in rule.is_true:
        if row.get(name) is not True:
            yield name, "ledger-not-yet", {"why": rule.because}


def _order(rule: Rule, row: Row) -> Iterator[Broken]:
    days = [(name, str(row[name])[:10]) for name in rule.order if row.get(name) is not None]
    for (_, before), (name, day) in pairwise(days):
        if day < before:
            yield name, "ledger-days-backwards", {"day": day, "before": before, "why": rule.because}


def _within(rule: Rule, row: Row) -> Iterator[Broken]:
    if (span := rule.within) is None or row.get(span.field) is None or row.get(span.after) is None:
        return
    day, after = (dt.date.fromisoformat(str(row[n])[:10]) for n in (span.field, span.after))
    n = days_between(after, day, span.unit)
    if not span.days[0] <= n <= span.days[1]:
        unit = "日" if span.unit == "日" else "个工作日"
        got = {"day": day, "n": n, "least": span.days[0], "most": span.days[1], "unit": unit}
        yield span.field, "ledger-within", {**got, "why": rule.because}


def _only(rule: Rule, row: Row) -> Iterator[Broken]:
    if rule.only:
        for name, value in row.items():
            if value is not None and name not in rule.only and name != "state":
                yield name, "ledger-kept-out", {"why": rule.because}


def _empty(rule: Rule, row: Row) -> Iterator[Broken]:
    for name in rule.empty:
        if row.get(name) is not None:
            yield name, "ledger-kept-out", {"why": rule.because}


def _not_state(rule: Rule, row: Row) -> Iterator[Broken]:
    if row.get("state") in rule.not_state:
        yield "", "ledger-no-such-state", {"state": row["state"], "why": rule.because}


CHECKS: tuple[Callable[[Rule, Row], Iterator[Broken]], ...] = (
    _needs, _together, _differ, _least, _is_true, _order, _within, _only,
    _empty, _not_state,
)  # fmt: skip
