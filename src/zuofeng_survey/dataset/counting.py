"""What a count counts: how many marks a ballot asks for, how many were made, how many say 不了解."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..questionnaire import Questionnaire
from .tables import Answer

COUNTS = ("issued", "cast", "valid", "void", "asked", "answered", "blank", "dk")


@dataclass(frozen=True, slots=True)
class Marks:
    """The single choices that carry a score: only these can be left blank or answered 不了解.

    Attributes
    ----------
    items : frozenset of str
    dk : frozenset of (item, choice)
        Answers that say 不了解.
    once, each : int
        Items asked once a ballot, and once for each target.
    """

    items: frozenset[str]
    dk: frozenset[tuple[str, str]]
    once: int
    each: int

    def count(self, answers: Iterable[Answer]) -> tuple[int, int]:
        """Return how many of some answers are marks, and how many of these say 不了解."""
        marks = [(item, value) for item, _, value in answers if item in self.items]
        return len(marks), sum(mark in self.dk for mark in marks)


def marks_of(q: Questionnaire) -> Marks:
    """Return what can be marked in a questionnaire."""
    found = [
        (group, item)
        for group, item in q.walk()
        if item.kind == "select_one"
        and group.repeat_over != "rows"
        and any(c.score is not None for c in q.choices_of(item))
    ]
    dk = {(i.name, c.name) for _, i in found for c in q.choices_of(i) if c.missing == "dk"}
    each = sum(bool(group.repeat_over) for group, _ in found)
    return Marks(frozenset(i.name for _, i in found), frozenset(dk), len(found) - each, each)


def plain(counts: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """Return counts with all their keys, as the manifest holds them."""
    return {name: {key: row.get(key, 0) for key in COUNTS} for name, row in counts.items()}


def totals(counts: Mapping[str, Mapping[str, int]], keys: Sequence[str] = COUNTS) -> dict[str, int]:
    """Add the counts of all classes up."""
    return {key: sum(row[key] for row in counts.values()) for key in keys}
