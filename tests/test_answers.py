"""Filled forms: what is accepted, what is refused and where, and what reaches a dataset."""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strategies import TODAY, filled, json_values
from zuofeng_survey.answers import Row, check, rows
from zuofeng_survey.errors import AnswersInvalid, Problem
from zuofeng_survey.questionnaire import Questionnaire, find, load, loads, shipped_forms

FORMS = {
    form_id: load(find(form_id)) for form_id in ("FZ", "SJ", "MY", "ZC", "TL", "HF", "XH", "ZT")
}
ROSTER = ("jia-A", "jia-B", "yi-A")
ALL = loads(
    """
settings: {form_id: T, version: 1, title: 试, purpose: summary, minutes: 1}
choices:
  yn: [{name: 'y', label: 是}, {name: 'n', label: 否}]
  why:
    - {name: a, label: 甲}
    - {name: b, label: 乙}
    - {name: c, label: 丙}
    - {name: none, label: 都没有, exclusive: true}
survey:
  - type: group
    name: G
    label: 甲组
    items:
      - {type: select_one yn, name: one, label: 一, required: true}
      - {type: select_one why or_other, name: oth, label: 其他}
      - {type: select_multiple why or_other, name: many, label: 多, max_choices: 2}
      - {type: text, name: each, label: 逐项, repeat_over: many, max_length: 5}
      - {type: rank yn, name: order, label: 排}
      - {type: text, name: words, label: 文, max_length: 5, relevant: "${one} = 'y'"}
      - {type: integer, name: whole, label: 整, constraint: . >= 1 and . <= 3}
      - {type: decimal, name: part, label: 小数}
      - {type: date, name: day, label: 日, constraint: . <= today()}
      - {type: note, name: read, label: 请读}
  - type: group
    name: H
    label: 乙组
    relevant: ${one} = 'y'
    items:
      - {type: text, name: must, label: 必, required: true}
  - type: repeat
    name: B
    label: 评
    repeat_over: targets
    items:
      - {type: select_one yn, name: good, label: 好}
      - {type: text, name: said, label: 说, max_length: 5, relevant: "${good} = 'n'"}
  - type: repeat
    name: R
    label: 行
    repeat_over: rows
    max_rows: 2
    items:
      - {type: text, name: what, label: 事, required: true}
      - {type: select_multiple why, name: how, label: 因}
      - {type: integer, name: n, label: 数, relevant: "${one} = 'n' and ${what} != 'x'"}
"""
)
BASE = {"one": "n"}


def found(
    answers: Any, q: Questionnaire = ALL, targets: Any = ("t1", "t2")
) -> list[tuple[str, str]]:
    """Return (code, item path) of everything that is wrong."""
    problems: Sequence[Problem] = ()
    try:
        check(q, answers, targets=targets, today=TODAY)
    except AnswersInvalid as error:
        problems = error.problems
    assert all(p.zh and p.en for p in problems)
    return [(p.code, p.item) for p in problems]


ACCEPTED = {
    "only what is required": {},
    "one of two": {"oth": "a"},
    "other without saying what": {"oth": "other"},
    "other with what": {"oth": "other", "oth_other": "丁"},
    "two of three": {"many": ["c", "a"]},
    "exclusive alone": {"many": ["none"]},
    "a text for a picked choice": {"many": ["a"], "each": {"a": "五个字以内"}},
    "a blank text for one not picked": {"many": ["a"], "each": {"b": " "}},
    "ranked": {"order": ["n", "y"]},
    "whole number": {"whole": 3},
    "whole number as JSON may write it": {"whole": 3.0},
    "decimal": {"part": -0.5},
    "a day": {"day": TODAY},
    "explicit blanks": {"oth": "", "many": [], "each": {}, "words": None, "whole": None, "day": ""},
    "spaces are blank": {"words": "  \n"},
    "no target rated": {"B": {}},
    "a blank target": {"B": {"t1": {}}},
    "a rated target": {"B": {"t2": {"good": "n", "said": "理由"}}},
    "two rows": {"R": {"1": {"what": "甲"}, "2": {"what": "乙", "n": 3, "how": ["a", "b"]}}},
    "relevance sees its own row": {"R": {"1": {"what": "x"}}},
    "the other branch": {"one": "y", "words": "一二三四五", "must": "有"},
}


@pytest.mark.parametrize("answers", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_valid_form_passes_in_silence(answers: dict[str, Any]) -> None:
    assert found({**BASE, **answers}) == []


REFUSED: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("nothing", {"one": None}, [("required", "one")]),
    ("spaces for a required text", {"one": "y", "must": "  "}, [("required", "must")]),
    ("off the list", {"one": "z"}, [("not-a-choice", "one")]),
    ("a list where one is asked", {"one": ["y"]}, [("not-a-choice", "one"), ("required", "must")]),
    ("a number for a name", {"oth": 1}, [("not-a-choice", "oth")]),
    ("true for a name", {"oth": True}, [("not-a-choice", "oth")]),
    ("nested", {"oth": {"a": {"b": [1]}}}, [("not-a-choice", "oth")]),
    ("other where there is none", {"one": "other"}, [("not-a-choice", "one")]),
    ("other said, not picked", {"oth": "a", "oth_other": "丁"}, [("not-asked", "oth_other")]),
    ("other said, nothing picked", {"oth_other": "丁"}, [("not-asked", "oth_other")]),
    ("other is not text", {"oth": "other", "oth_other": {"x": 1}}, [("not-text", "oth_other")]),
    ("other too long", {"oth": "other", "oth_other": "丁" * 501}, [("too-long", "oth_other")]),
    ("three of two", {"many": ["a", "b", "c"]}, [("too-many-choices", "many")]),
    ("one off the list among many", {"many": ["a", "z"]}, [("not-a-choice", "many")]),
    ("the same twice", {"many": ["a", "a"]}, [("not-a-choice", "many")]),
    ("a string for a list", {"many": "a"}, [("not-a-choice", "many")]),
    ("a list of lists", {"many": [["a"]]}, [("not-a-choice", "many")]),
    ("exclusive with another", {"many": ["a", "none"]}, [("exclusive-choice", "many")]),
    ("a text for one not picked", {"many": ["a"], "each": {"b": "字"}}, [("not-asked", "each/b")]),
    ("a text for the exclusive", {"many": ["none"], "each": {"none": "字"}}, [("not-asked", "each/none")]),
    ("a long text for a picked one", {"many": ["a"], "each": {"a": "六个字太长了"}}, [("too-long", "each/a")]),
    ("texts in a list", {"many": ["a"], "each": ["字"]}, [("answers-shape", "each")]),
    ("texts, but many is broken", {"many": [["a"]], "each": {"a": "字"}},
     [("not-a-choice", "many"), ("not-asked", "each/a")]),
    ("half a ranking", {"order": ["y"]}, [("rank-incomplete", "order")]),
    ("one ranked twice", {"order": ["y", "y"]}, [("rank-incomplete", "order")]),
    ("ranked off the list", {"order": ["y", "z"]}, [("not-a-choice", "order")]),
    ("a word for a ranking", {"order": "y"}, [("not-a-choice", "order")]),
    ("hidden and answered", {"words": "字"}, [("not-asked", "words")]),
    ("in a hidden group", {"must": "有"}, [("not-asked", "must")]),
    ("six of five characters", {"one": "y", "must": "有", "words": "六个字太长了"}, [("too-long", "words")]),
    ("a control character", {"one": "y", "must": "\x07"}, [("not-text", "must")]),
    ("half a surrogate", {"one": "y", "must": "a\ud800"}, [("not-text", "must")]),
    ("a number for a text", {"one": "y", "must": 1}, [("not-text", "must")]),
    ("half a number", {"whole": 1.5}, [("not-an-integer", "whole")]),
    ("a word for a number", {"whole": "2"}, [("not-a-number", "whole")]),
    ("true for a number", {"whole": True}, [("not-a-number", "whole")]),
    ("not a number", {"part": float("nan")}, [("not-a-number", "part")]),
    ("endless", {"part": float("inf")}, [("not-a-number", "part")]),
    ("400 digits", {"whole": 10**400}, [("not-a-number", "whole")]),
    ("beyond the constraint", {"whole": 4}, [("constraint", "whole")]),
    ("no such day", {"day": "2020-02-30"}, [("not-a-date", "day")]),
    ("a day in other words", {"day": "20201220"}, [("not-a-date", "day")]),
    ("tomorrow", {"day": "2020-12-21"}, [("constraint", "day")]),
    ("a note is not asked", {"read": "看了"}, [("unknown-item", "read")]),
    ("no such item", {"two": "y"}, [("unknown-item", "two")]),
    ("a group by its name", {"G": {"one": "y"}}, [("unknown-item", "G")]),
    ("an item of a repeat, outside", {"good": "y"}, [("unknown-item", "good")]),
    ("a stranger rated", {"B": {"t3": {"good": "y"}}}, [("unknown-target", "B/t3")]),
    ("a stranger left blank", {"B": {"t3": {}}}, [("unknown-target", "B/t3")]),
    ("targets in a list", {"B": ["t1"]}, [("answers-shape", "B")]),
    ("a target is no object", {"B": {"t1": "y"}}, [("answers-shape", "B/t1")]),
    ("off the list for a target", {"B": {"t1": {"good": "z"}}}, [("not-a-choice", "B/t1/good")]),
    ("hidden for a target", {"B": {"t1": {"good": "y", "said": "字"}}}, [("not-asked", "B/t1/said")]),
    ("no such item for a target", {"B": {"t1": {"one": "y"}}}, [("unknown-item", "B/t1/one")]),
    ("three of two rows", {"R": {str(n): {"what": "甲"} for n in (1, 2, 3)}},
     [("too-many-rows", "R"), ("unknown-target", "R/3")]),
    ("a row by name", {"R": {"x": {"what": "甲"}}}, [("unknown-target", "R/x")]),
    ("a row without its text", {"R": {"1": {"n": 1}}}, [("required", "R/1/what")]),
    ("hidden by its own row", {"R": {"1": {"what": "x", "n": 1}}}, [("not-asked", "R/1/n")]),
    ("two wrong in two places", {"whole": 9, "B": {"t1": {"good": "z"}}},
     [("constraint", "whole"), ("not-a-choice", "B/t1/good")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "wrong"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_an_invalid_form_is_told_what_and_where(answers: Any, wrong: list[tuple[str, str]]) -> None:
    assert found({**BASE, **answers}) == wrong


@pytest.mark.parametrize("answers", [None, [], "x", 3, [["one", "y"]]])
def test_a_form_that_is_no_object_is_refused(answers: Any) -> None:
    assert found(answers) == [("answers-shape", "")]


def test_rows_are_in_the_order_of_the_questionnaire() -> None:
    answers = {
        "R": {"2": {"what": "乙"}, "1": {"what": "甲", "how": ["b", "a"]}},
        "B": {"t2": {"good": "n", "said": "理由"}, "t1": {}},
        "each": {"c": "丙", "a": " "},
        "many": ["other", "c", "a"],
        "many_other": "丁",
        "order": ["n", "y"],
        "whole": 2.0,
        "one": "n",
    }
    assert [(r.item, r.target, r.value, r.is_text) for r in rows(ALL, answers)] == [
        ("one", "", "n", False),
        ("many", "", "a", False),
        ("many", "", "c", False),
        ("many", "", "other", False),
        ("many_other", "", "丁", True),
        ("each", "c", "丙", True),
        ("order", "n", "1", False),
        ("order", "y", "2", False),
        ("whole", "", "2", False),
        ("good", "t2", "n", False),
        ("said", "t2", "理由", True),
        ("what", "1", "甲", True),
        ("how", "1", "a", False),
        ("how", "1", "b", False),
        ("what", "2", "乙", True),
    ]


def test_a_blank_of_any_shape_leaves_no_row() -> None:
    blanks = {"oth": {}, "many": [], "words": "", "whole": None, "each": {"a": ""}, "B": {"t1": {}}}
    assert [r.item for r in rows(ALL, {**BASE, **blanks})] == ["one"]


def test_the_two_hurdles_of_an_appeal_follow_up() -> None:
    hf = FORMS["HF"]
    assert found({"HF-A01": "SQ-2020-000001", "HF-A04": "no-answer"}, hf) == []
    assert found({"HF-A01": "SQ-20-1", "HF-A04": "no-answer"}, hf) == [("constraint", "HF-A01")]
    talked = {"HF-A01": "SQ-2020-000001", "HF-A04": "no-answer", "HF-C05": "1"}
    assert found(talked, hf) == [("not-asked", "HF-C05")]


def test_a_lead_on_a_breach_keeps_no_words() -> None:
    row = {"ZT-B02": "clue", "ZT-B01": "原话"}
    assert found({"B": {"1": row}}, FORMS["ZT"]) == [("not-asked", "B/1/ZT-B01")]
    assert found({"B": {"1": {"ZT-B02": "clue"}}}, FORMS["ZT"]) == []


def test_a_discussion_form_is_valid_with_and_without_a_roster() -> None:
    tl = FORMS["TL"]
    assert found({"TL-A01": "public"}, tl, targets=()) == []
    assert found({"C": {"p1": {"TL-C01": "5"}}}, tl, targets=("p1",)) == []
    assert found({"C": {"p1": {"TL-C01": "5"}}}, tl, targets=()) == [("unknown-target", "C/p1")]


# ── properties ────────────────────────────────────────────────────────────────────────────────
steady = settings(
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
every_form = pytest.mark.parametrize("form_id", [*FORMS, "T"])


def of(form_id: str) -> Questionnaire:
    return FORMS.get(form_id, ALL)


def test_every_shipped_form_is_tried() -> None:
    assert set(shipped_forms()) == set(FORMS)


@every_form
@given(data=st.data())
@steady
def test_what_obeys_the_questionnaire_passes(form_id: str, data: st.DataObject) -> None:
    answers = data.draw(filled(of(form_id), ROSTER))
    assert found(answers, of(form_id), ROSTER) == []
    crossed = json.loads(json.dumps(answers, ensure_ascii=False))
    assert found(crossed, of(form_id), ROSTER) == []


def counted(answers: dict[str, Any], q: Questionnaire) -> int:
    """Count the answers given, from their shape alone."""
    n = 0
    for name, value in answers.items():
        if isinstance(value, dict) and name not in q.items:
            n += sum(counted(row, q) for row in value.values())
        elif isinstance(value, (list, dict)):
            n += len(value)
        else:
            n += 1
    return n


@every_form
@given(data=st.data())
@steady
def test_every_answer_becomes_one_row(form_id: str, data: st.DataObject) -> None:
    q = of(form_id)
    answers = data.draw(filled(q, ROSTER))
    made = list(rows(q, answers))
    assert len(made) == counted(answers, q)
    assert len({(r.item, r.target, r.value) for r in made}) == len(made)
    assert list(broken_rules(q, made)) == []


def broken_rules(
    q: Questionnaire, made: list[Row], targets: tuple[str, ...] = ROSTER
) -> Iterator[Row]:
    """Yield rows that no form may leave, judged without ``check``."""
    for row in made:
        group = next(g for g, i in q.walk() if i.name == row.item.removesuffix("_other"))
        item = q.items[row.item.removesuffix("_other")]
        names = {c.name for c in q.choices_of(item)}
        text = row.item.endswith("_other") or item.kind == "text"
        good = row.value in names if item.is_select and not text else isinstance(row.value, str)
        if item.kind == "rank":
            good = row.target in names and 1 <= int(row.value) <= len(names)
        elif item.repeat_over:
            good = row.target in {c.name for c in q.choices_of(q.items[item.repeat_over])}
        elif group.repeat_over == "targets":
            good = good and row.target in targets
        if text:
            good = good and 0 < len(row.value) <= item.max_length
        elif item.kind in ("integer", "decimal"):
            good = abs(float(row.value)) <= 1e15
        elif item.kind == "date":
            good = dt.date.fromisoformat(row.value) is not None
        if not good:
            yield row


@st.composite
def harmed(draw: st.DrawFn, q: Questionnaire) -> Any:
    """A valid form with one thing in it replaced, removed or added."""
    answers = copy.deepcopy(draw(filled(q, ROSTER)))
    place: Any = answers
    while place and draw(st.booleans()):
        inner = [v for v in place.values() if isinstance(v, dict)]
        if not inner:
            break
        place = draw(st.sampled_from(inner))
    known = [*q.items, *(f"{n}_other" for n in q.items), *q.groups, *ROSTER, "1", "99"]
    key = draw(
        st.sampled_from(sorted(place) or known) | st.sampled_from(known) | st.text(max_size=5)
    )
    choices = [c.name for c in q.choices_of(q.items[key])] if key in q.items else []
    likely = st.sampled_from(choices) if choices else st.just("1")
    if draw(st.integers(0, 5)) == 0:
        place.pop(key, None)
    else:
        place[key] = draw(json_values | likely | st.lists(likely, max_size=4))
    return answers


@every_form
@given(data=st.data())
@settings(steady, max_examples=80)
def test_a_harmed_form_is_refused_or_still_keeps_the_rules(
    form_id: str, data: st.DataObject
) -> None:
    q = of(form_id)
    answers = data.draw(harmed(q))
    if not found(answers, q, ROSTER):
        assert list(broken_rules(q, list(rows(q, answers)))) == []
        given_items = {r.item for r in rows(q, answers)}
        always = {
            i.name
            for g, i in q.walk()
            if i.required and not (g.repeat_over or g.relevant or i.relevant)
        }
        assert always <= given_items


@every_form
@given(answers=json_values)
@steady
def test_anything_json_can_hold_is_judged_without_a_crash(form_id: str, answers: Any) -> None:
    found(answers, of(form_id), ROSTER)
