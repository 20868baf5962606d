"""A filled form against its questionnaire, without a screen: what is asked, what is valid, complete or not.

The browser makes the same checks out of courtesy (``web/static/answers.js``); these decide. The shape
of ``answers`` is in docs/api.md.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import AnswersInvalid, Problem
from .expression import Expression, evaluate, parse, truth
from .questionnaire import Group, Item, Questionnaire
from .questionnaire.lookup import Lookup, lookup

Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One answer in long form: ``target`` is empty outside repeats, a list gives a row each."""

    item: str
    target: str
    value: str
    is_text: bool


@dataclass(slots=True)
class _Form:
    """One pass over a filled form: what it is checked against and what was found."""

    questionnaire: Questionnaire
    answers: Answers
    targets: Collection[str]
    today: str
    lookup: Lookup
    problems: list[Problem] = field(default_factory=list)

    def say(self, code: str, where: str, **params: Any) -> None:
        self.problems.append(Problem(code, where, params, where))

    def holds(self, source: str, values: Answers, current: Any = "") -> bool:
        tree = _tree(source).tree
        return truth(evaluate(tree, values, current=current, today=self.today))


_parsed: dict[str, Expression] = {}


def _tree(source: str) -> Expression:
    """Parse once: the same few expressions come back with every ballot."""
    if source not in _parsed:
        _parsed[source] = parse(source)
    return _parsed[source]


def check(
    questionnaire: Questionnaire, answers: Any, *, targets: Collection[str] = (), today: str = ""
) -> None:
    """Check one filled form; silence means it may be cast.

    Parameters
    ----------
    questionnaire : Questionnaire
    answers : Mapping
        Item → answer, as in docs/api.md.
    targets : collection of str
        The targets that this ballot may rate.
    today : str
        ``YYYY-MM-DD`` for ``today()`` in expressions; the machine's own date by default.

    Raises
    ------
    AnswersInvalid
        With every problem found, each with its item.
    """
    if not isinstance(answers, Mapping):
        raise AnswersInvalid.of("answers-shape")
    day = today or dt.date.today().isoformat()
    form = _Form(questionnaire, answers, targets, day, lookup(questionnaire))
    _refuse_unknown(form)
    for group in questionnaire.survey:
        shown = not group.relevant or form.holds(group.relevant, answers)
        if group.repeat_over:
            _check_repeat(form, group, shown)
            continue
        marks = form.lookup.marks[group.name] if shown else ()
        for item in group.items:
            value = answers.get(item.name)
            if not (isinstance(value, str) and (item.name, value) in marks):
                _check_item(form, item, answers, item.name, shown)
    if form.problems:
        raise AnswersInvalid(form.problems)


def rows(questionnaire: Questionnaire, answers: Answers) -> Iterator[Row]:
    """Yield the answers of a valid form in long form, in the order of the questionnaire."""
    for group in questionnaire.survey:
        if group.repeat_over:
            for target, given in sorted(answers.get(group.name, {}).items()):
                for item in group.items:
                    yield from _rows(item, given, target)
        else:
            for item in group.items:
                yield from _rows(item, answers, "")


def _rows(item: Item, values: Answers, target: str) -> Iterator[Row]:
    value: Any = values.get(item.name)
    is_text = item.kind == "text" and not item.ledger
    if _is_blank(value):
        return
    if item.repeat_over:
        for choice, text in sorted(value.items()):
            if not _is_blank(text):
                yield Row(item.name, choice, text, is_text)
    elif item.kind == "rank":
        for place, choice in enumerate(value, start=1):
            yield Row(item.name, choice, str(place), False)
    elif isinstance(value, list):
        for choice in sorted(value):
            yield Row(item.name, target, choice, False)
    else:
        whole = item.kind == "integer"  # JSON knows no difference between 3 and 3.0
        yield Row(item.name, target, str(int(value) if whole else value), is_text)
    other: Any = values.get(f"{item.name}_other") if item.or_other else None
    if not _is_blank(other):
        yield Row(f"{item.name}_other", target, other, True)


def _is_blank(value: Any) -> bool:
    """Return whether nothing was answered; spaces alone are nothing, as in the browser."""
    if isinstance(value, Mapping):
        return all(v is None or (isinstance(v, str) and not v.strip()) for v in value.values())
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _shown(value: Any) -> str:
    """Return what was sent, cut short; what is nested is not opened."""
    if isinstance(value, str):
        return value[:40]
    is_small = isinstance(value, (int, float)) and abs(value) < 1e15
    return str(value) if is_small else "…"


def _refuse_unknown(form: _Form) -> None:
    for name in form.answers:
        if name not in form.lookup.top:
            form.say("unknown-item", str(name)[:80], name=str(name)[:80])


def _check_repeat(form: _Form, group: Group, shown: bool) -> None:
    given = form.answers.get(group.name, {})
    if not isinstance(given, Mapping):
        form.say("answers-shape", group.name)
        return
    if given and not shown:
        form.say("not-asked", group.name)
        return
    if group.repeat_over == "rows":
        allowed: Collection[str] = {str(n) for n in range(1, group.max_rows + 1)}
        if len(given) > group.max_rows:
            form.say("too-many-rows", group.name, limit=group.max_rows)
    else:
        allowed = form.targets
    names, marks = form.lookup.inside[group.name], form.lookup.marks[group.name]
    for target, row in given.items():
        if target in allowed and _all_in(marks, row):
            continue
        where = f"{group.name}/{str(target)[:80]}"
        if target not in allowed:
            form.say("unknown-target", where, name=str(target)[:80])
        elif not isinstance(row, Mapping):
            form.say("answers-shape", where)
        else:
            for name in set(row) - names:
                form.say("unknown-item", f"{where}/{str(name)[:80]}", name=str(name)[:80])
            values = {**form.answers, **row}
            for item in group.items:
                _check_item(form, item, values, f"{where}/{item.name}", True, row)


def _all_in(marks: frozenset[tuple[str, str]], row: Any) -> bool:
    """Return whether a row has good marks and nothing else."""
    try:
        return bool(marks) and isinstance(row, dict) and row.items() <= marks
    except TypeError:  # a list or an object: looked at closely instead
        return False


def _check_item(
    form: _Form, item: Item, values: Answers, where: str, shown: bool, row: Answers | None = None
) -> None:
    given = values if row is None else row
    value = given.get(item.name)
    other = given.get(f"{item.name}_other") if item.or_other else None
    if item.kind == "note":
        return
    if not shown or (item.relevant and not form.holds(item.relevant, values)):
        if not (_is_blank(value) and _is_blank(other)):
            form.say("not-asked", where)
        return
    if _is_blank(value):
        if item.required:
            form.say("required", where)
        if not _is_blank(other):
            form.say("not-asked", f"{where}_other")
        return
    before = len(form.problems)
    if item.repeat_over:
        _check_texts(form, item, value, where, values)
    else:
        CHECKS[item.kind](form, item, value, where)
    if not _is_blank(other):
        _check_other(form, item, other, value, where)
    if item.constraint and len(form.problems) == before:
        current = value if not isinstance(value, Mapping) else ""
        if not form.holds(item.constraint, values, current):
            form.say("constraint", where)


def _check_one(form: _Form, item: Item, value: Any, where: str) -> None:
    names = {c.name for c in form.questionnaire.choices_of(item)}
    if not isinstance(value, str) or value not in names:
        form.say("not-a-choice", where, got=_shown(value))


def _check_many(form: _Form, item: Item, value: Any, where: str) -> None:
    choices = {c.name: c for c in form.questionnaire.choices_of(item)}
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        form.say("not-a-choice", where, got=_shown(value))
        return
    for name in value:
        if name not in choices:
            form.say("not-a-choice", where, got=_shown(name))
            return
    if len(set(value)) < len(value):
        form.say("not-a-choice", where, got=_shown(" ".join(value)))
    if item.max_choices and len(value) > item.max_choices:
        form.say("too-many-choices", where, limit=item.max_choices)
    alone = [choices[n] for n in value if choices[n].exclusive]
    if alone and len(value) > 1:
        form.say("exclusive-choice", where, choice=alone[0].label.zh)


def _check_rank(form: _Form, item: Item, value: Any, where: str) -> None:
    names = sorted(c.name for c in form.questionnaire.choices_of(item))
    unknown = [v for v in value if v not in names] if isinstance(value, list) else [value]
    if unknown:
        form.say("not-a-choice", where, got=_shown(unknown[0]))
    elif sorted(value) != names:
        form.say("rank-incomplete", where)


def _check_text(form: _Form, item: Item, value: Any, where: str) -> None:
    _text(form, value, where, item.max_length)


def _text(form: _Form, value: Any, where: str, limit: int) -> None:
    if not isinstance(value, str) or any(
        unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\r\t" for c in value
    ):
        form.say("not-text", where)
    elif len(value) > limit:
        form.say("too-long", where, limit=limit, length=len(value))


def _check_texts(form: _Form, item: Item, value: Any, where: str, values: Answers) -> None:
    """Check a text for each picked choice; 没有发现 and 不了解 (exclusive) are asked nothing more."""
    source = form.questionnaire.items[item.repeat_over]
    picked = values.get(item.repeat_over)
    asked = {c.name for c in form.questionnaire.choices_of(source) if not c.exclusive}
    allowed = asked.intersection(_strings(picked))
    if not isinstance(value, Mapping):
        form.say("answers-shape", where)
        return
    for choice, text in value.items():
        if choice not in allowed:
            if not _is_blank(text):
                form.say("not-asked", f"{where}/{str(choice)[:40]}")
        else:
            _text(form, text, f"{where}/{choice}", item.max_length)


def _strings(value: Any) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _check_number(form: _Form, item: Item, value: Any, where: str) -> None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or value != value or abs(value) > 1e15:
        form.say("not-a-number", where)
    elif item.kind == "integer" and value != int(value):
        form.say("not-an-integer", where)


def _check_date(form: _Form, item: Item, value: Any, where: str) -> None:
    try:
        good = isinstance(value, str) and dt.date.fromisoformat(value).isoformat() == value
    except ValueError:
        good = False
    if not good:
        form.say("not-a-date", where)


def _check_other(form: _Form, item: Item, text: Any, value: Any, where: str) -> None:
    picked = value if isinstance(value, list) else [value]
    if "other" not in picked:
        form.say("not-asked", f"{where}_other")
    else:
        _text(form, text, f"{where}_other", item.max_length)


CHECKS: dict[str, Callable[[_Form, Item, Any, str], None]] = {
    "select_one": _check_one,
    "select_multiple": _check_many,
    "rank": _check_rank,
    "text": _check_text,
    "integer": _check_number,
    "decimal": _check_number,
    "date": _check_date,
}
