"""What every filled form of a questionnaire is looked up in, found once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .model import Group, Questionnaire

MOST = 256
_found: dict[int, Lookup] = {}


@dataclass(frozen=True, slots=True)
class Lookup:
    """The names and the plain marks of a questionnaire.

    Attributes
    ----------
    questionnaire : Questionnaire
        Held, so that its id stays its own.
    top : frozenset of str
        What may stand at the top of ``answers``.
    inside : mapping of str to frozenset of str
        Repeat → what may stand in one of its rows.
    marks : mapping of str to frozenset of (item, choice)
        Group → the good answers to selects that ask for nothing else, no condition and no text
        beside them. Most of a ballot is such marks; they need no more than a look. A repeat in which
        something is required has none.
    """

    questionnaire: Questionnaire
    top: frozenset[str]
    inside: Mapping[str, frozenset[str]]
    marks: Mapping[str, frozenset[tuple[str, str]]]


def lookup(q: Questionnaire) -> Lookup:
    """Return the lookup of a questionnaire."""
    found = _found.get(id(q))
    if found is None:
        repeats = [g for g in q.survey if g.repeat_over]
        top = _names(g for g in q.survey if not g.repeat_over) | {g.name for g in repeats}
        inside = {g.name: _names([g]) for g in repeats}
        found = Lookup(q, top, inside, {g.name: frozenset(_marks(q, g)) for g in q.survey})
        if len(_found) >= MOST:
            _found.clear()
        _found[id(q)] = found
    return found


def _names(groups: Iterable[Group]) -> frozenset[str]:
    items = [item for group in groups for item in group.items if item.kind != "note"]
    return frozenset({i.name for i in items} | {f"{i.name}_other" for i in items if i.or_other})


def _marks(q: Questionnaire, group: Group) -> Iterator[tuple[str, str]]:
    if group.repeat_over and any(item.required for item in group.items):
        return
    for item in group.items:
        asks_more = item.relevant or item.constraint or item.or_other or item.repeat_over
        if item.kind == "select_one" and not asks_more:
            yield from ((item.name, choice.name) for choice in q.choices_of(item))
