"""Hypothesis strategies: valid filled forms of any questionnaire, and anything else JSON can hold."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any

from hypothesis import strategies as st

from zuofeng_survey.expression import evaluate, parse, truth
from zuofeng_survey.questionnaire import Group, Item, Questionnaire
from zuofeng_survey.questionnaire.references import relevance_graph

TODAY = "2020-12-20"
LETTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))
WORDS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), include_characters="\n\t")
PATTERN = re.compile(r"regex\(\.,\s*'([^']*)'\)")
NUMBER = re.compile(r"(?<![\w.{])-?\d+(?:\.\d+)?")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def filled(
    draw: st.DrawFn, questionnaire: Questionnaire, targets: Sequence[str] = (), today: str = TODAY
) -> dict[str, Any]:
    """A form that ``answers.check`` accepts: what is asked and only that, with blanks among it.

    ``targets`` are those the ballot may rate; some of them, and some of their items, stay blank.
    """
    order = {name: n for n, name in enumerate(_in_order(questionnaire))}
    form = _Filling(questionnaire, order, today, draw)
    answers: dict[str, Any] = {}
    plain = [g for g in questionnaire.survey if not g.repeat_over]
    pairs = [(group, item) for group in plain for item in group.items]
    for group, item in sorted(pairs, key=lambda pair: order[pair[1].name]):
        if form.is_asked(group.relevant, answers):
            form.answer(item, answers, {})
    for group in questionnaire.survey:
        if not group.repeat_over or not form.is_asked(group.relevant, answers):
            continue
        if group.repeat_over == "rows":
            names = [str(n + 1) for n in range(draw(st.integers(0, min(3, group.max_rows))))]
        else:
            names = draw(st.lists(st.sampled_from(targets), unique=True)) if targets else []
        if names:
            answers[group.name] = {name: form.row(group, answers) for name in names}
    return answers


def _in_order(questionnaire: Questionnaire) -> list[str]:
    graph = relevance_graph(questionnaire)
    return [name for name in TopologicalSorter(graph).static_order() if name in graph]


class _Filling:
    """One form being filled in: draws answers and asks what is relevant."""

    def __init__(self, q: Questionnaire, order: Mapping[str, int], today: str, draw: st.DrawFn):
        self.q, self.order, self.today, self.draw = q, order, today, draw

    def is_asked(self, source: str, values: Mapping[str, Any]) -> bool:
        return not source or truth(evaluate(parse(source).tree, values, today=self.today))

    def row(self, group: Group, answers: Mapping[str, Any]) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for item in sorted(group.items, key=lambda item: self.order[item.name]):
            self.answer(item, row, answers)
        return row

    def answer(self, item: Item, given: dict[str, Any], outside: Mapping[str, Any]) -> None:
        values = {**outside, **given}
        if item.kind == "note" or not self.is_asked(item.relevant, values):
            return
        if not item.required and self.draw(st.integers(0, 4)) == 0:
            return
        value = self.draw(self.value(item, values))
        if value not in ("", [], {}):
            given[item.name] = value
        if item.or_other and "other" in (value if isinstance(value, list) else [value]):
            given[f"{item.name}_other"] = self.draw(_texts(item.max_length))

    def value(self, item: Item, values: Mapping[str, Any]) -> st.SearchStrategy[Any]:
        names = [c.name for c in self.q.choices_of(item)]
        if item.repeat_over:
            return self._texts_for(item, values)
        if item.kind == "select_one":
            return st.sampled_from(names)
        if item.kind == "rank":
            return st.permutations(names)
        if item.kind == "select_multiple":
            return self._some(item)
        if not item.constraint:
            return _free(item, self.today)
        tree = parse(item.constraint).tree
        return _meeting(item, self.today).filter(
            lambda value: truth(evaluate(tree, values, current=value, today=self.today))
        )

    def _some(self, item: Item) -> st.SearchStrategy[list[str]]:
        choices = self.q.choices_of(item)
        free = [c.name for c in choices if not c.exclusive]
        many = st.lists(
            st.sampled_from(free), min_size=1, max_size=item.max_choices or len(free), unique=True
        )
        alone = [[c.name] for c in choices if c.exclusive]
        return (many | st.sampled_from(alone)) if alone else many

    def _texts_for(
        self, item: Item, values: Mapping[str, Any]
    ) -> st.SearchStrategy[dict[str, str]]:
        source = self.q.items[item.repeat_over]
        free = {c.name for c in self.q.choices_of(source) if not c.exclusive}
        picked = [name for name in values.get(source.name, ()) if name in free]
        least = 1 if item.required and picked else 0
        keys = st.sampled_from(picked or [""])
        return st.dictionaries(
            keys, _texts(item.max_length), min_size=least, max_size=len(picked) if picked else 0
        )


def _texts(limit: int) -> st.SearchStrategy[str]:
    return st.text(WORDS, min_size=1, max_size=min(limit, 30)).filter(lambda text: text.strip())


def _days(today: str) -> st.SearchStrategy[str]:
    near = dt.date.fromisoformat(today)
    spread = dt.timedelta(days=700)
    return st.dates(near - spread, near + spread).map(dt.date.isoformat)


def _free(item: Item, today: str) -> st.SearchStrategy[Any]:
    return {
        "text": _texts(item.max_length),
        "integer": st.integers(-(10**15), 10**15),
        "decimal": st.floats(-1e15, 1e15) | st.integers(-(10**9), 10**9),
        "date": _days(today),
    }[item.kind]


def _meeting(item: Item, today: str) -> st.SearchStrategy[Any]:
    """Values near what the constraint speaks of: its pattern, or its numbers."""
    if pattern := PATTERN.search(item.constraint):
        return st.from_regex(pattern[1], fullmatch=True, alphabet=LETTERS)
    numbers = [float(number) for number in NUMBER.findall(item.constraint)]
    if item.kind == "integer" and numbers:
        return st.integers(int(min(numbers)) - 1, int(max(numbers)) + 1)
    if item.kind == "decimal" and numbers:
        return st.floats(min(numbers) - 1, max(numbers) + 1)
    return _free(item, today)
