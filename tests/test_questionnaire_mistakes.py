"""Mistakes in a questionnaire: each is told with a code, its place and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from small_forms import HEAD, form
from strategies import json_values
from zuofeng_survey.errors import DefinitionError, Problem
from zuofeng_survey.questionnaire import check, dumps, find, load, loads, read_list

FOLDER = find("FZ").parent
GOOD = "{type: text, name: T-1, label: 甲}"
LIST = "choices: {l: [{name: a, label: 好, score: 100}, {name: b, label: 差, score: 0}]}\n"
RANKING = HEAD.replace("summary", "ranking")
BALLOT = "survey: [{type: repeat, name: B, label: 评, repeat_over: targets, items: [%s]}]"
BROKEN: dict[str, tuple[str, str, str]] = {
    # YAML itself
    "an open bracket": (HEAD + "survey: [", "yaml", "T.yaml"),
    "an open quote": (HEAD + "a: 'x", "yaml", "T.yaml"),
    "a tab": (HEAD + "\tsurvey: 1", "yaml", "T.yaml"),
    "a colon in a label": (form("type: text\n        name: T-1\n        label: 甲: 乙"), "yaml", "T.yaml"),
    "two documents": (HEAD + "---\na: 1", "yaml", "T.yaml"),
    "a key twice": (HEAD + "settings: 1\n", "yaml", "T.yaml"),
    "a list for a key": (HEAD + "? [a]\n: b\n", "yaml", "T.yaml"),
    "nothing for a key": (HEAD + "? \n: b\n", "yaml", "T.yaml"),
    "a python object": (HEAD + "a: !!python/object/apply:os.system ['true']", "yaml-tag", "T.yaml"),
    "a broken date tag": (HEAD + "a: !!timestamp x", "yaml-tag", "T.yaml"),
    "a bare tag": (HEAD + "a: ! x", "yaml-tag", "T.yaml"),
    "an alias": ("a: &x [1]\nb: *x", "yaml-alias", "T.yaml"),
    "a bomb of aliases": ("\n".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9 if n else ['lol'])}]" for n in range(9)),
                          "yaml-alias", "T.yaml"),
    "ten thousand deep": ("[" * 10_000, "yaml-too-big", "T.yaml"),
    "ten thousand deep maps": ("{a: " * 10_000, "yaml-too-big", "T.yaml"),
    "sixty thousand wide": ("[" + "1," * 60_000 + "]", "yaml-too-big", "T.yaml"),
    "two megabytes": ("a: " + "x" * 2_000_000, "file-too-large", "T.yaml"),
    "a control character": (HEAD + "a: \x07", "yaml-character", "T.yaml"),
    "half a surrogate": (HEAD + "a: \ud800", "yaml-character", "T.yaml"),
    "nothing": ("", "not-a-mapping", "T.yaml"),
    "a comment": ("# x", "not-a-mapping", "T.yaml"),
    "a list": ("- settings", "not-a-mapping", "T.yaml"),
    "a word": ("settings", "not-a-mapping", "T.yaml"),
    "full-width colons": ("settings：1\nsurvey：2", "not-a-mapping", "T.yaml"),
    # keys and values
    "no settings": (form(head=""), "missing-key", "T.yaml"),
    "no survey": (HEAD, "missing-key", "T.yaml"),
    "no pages": (HEAD + "survey: []", "bad-value", "T.yaml › survey"),
    "empty survey": (HEAD + "survey:", "bad-value", "T.yaml › survey"),
    "survey is a number": (HEAD + "survey: 3", "bad-value", "T.yaml › survey"),
    "survey is a map": (HEAD + "survey: {a: 1}", "bad-value", "T.yaml › survey"),
    "a page is a word": (HEAD + "survey: [a]", "bad-value", "T.yaml › 1"),
    "items is a word": (HEAD + "survey: [{type: group, name: A, label: 甲, items: a}]", "bad-value", "T.yaml › A › items"),
    "an item is a word": (form("a"), "bad-value", "T.yaml › A › 1"),
    "a page without items": (HEAD + "survey: [{type: group, name: A, label: 甲, items: []}]", "bad-value", "T.yaml › A › items"),
    "choices is a list": (form(more="choices: [a]\n"), "bad-value", "T.yaml › choices"),
    "choices is a word": (form(more="choices: a\n"), "bad-value", "T.yaml › choices"),
    "a list of choices is a word": (form(more="choices: {l: a}\n"), "bad-value", "T.yaml › choices › l"),
    "a choice is a word": (form(more="choices: {l: [a]}\n"), "bad-value", "T.yaml › choices › l › 1"),
    "an unknown key of an item": (form("{type: text, name: T-1, lable: 甲, label: 甲}"), "unknown-key", "T.yaml › T-1"),
    "an unknown key of a choice": (form(more="choices: {l: [{name: a, label: 好, scor: 1}]}\n"), "unknown-key", "T.yaml › choices › l › a"),
    "an unknown key of a label": (form("{type: text, name: T-1, label: {zh: 甲, eng: A}}"), "unknown-key", "T.yaml › T-1 › label"),
    "an unknown key of the settings": (form(head=HEAD.replace("minutes", "minute")), "missing-key", "T.yaml › settings"),
    "an unknown key on top": (form(more="setings: 1\n"), "unknown-key", "T.yaml"),
    "an item without a name": (form("{type: text, label: 甲}"), "missing-key", "T.yaml › A › 1"),
    "an item without a label": (form("{type: text, name: T-1}"), "missing-key", "T.yaml › T-1"),
    "an empty label": (form("{type: text, name: T-1, label: }"), "bad-value", "T.yaml › T-1 › label"),
    "a label in a list": (form("{type: text, name: T-1, label: [甲]}"), "bad-value", "T.yaml › T-1 › label"),
    "a name in a list": (form("{type: text, name: [a], label: 甲}"), "bad-value", "T.yaml › A › 1 › name"),
    "an invisible character": (form('{type: text, name: T-1, label: "甲\\a"}'), "control-character", "T.yaml › T-1 › label › zh"),
    "minutes in words": (form(head=HEAD.replace("minutes: 1", "minutes: 五")), "bad-value", "T.yaml › settings › minutes"),
    "minutes beyond": (form(head=HEAD.replace("minutes: 1", "minutes: 90")), "bad-value", "T.yaml › settings › minutes"),
    "no such purpose": (form(head=HEAD.replace("summary", "rank")), "bad-value", "T.yaml › settings › purpose"),
    "required perhaps": (form("{type: text, name: T-1, label: 甲, required: 也许}"), "bad-value", "T.yaml › T-1 › required"),
    "a form_id with a slash": (form(head=HEAD.replace("form_id: T", "form_id: ../T")), "form-id", "T.yaml › settings › form_id"),
    "an unknown type": (form("{type: selectone l, name: T-1, label: 甲}"), "item-type", "T.yaml › T-1 › type"),
    "an empty type": (form("{type: '', name: T-1, label: 甲}"), "item-type", "T.yaml › T-1 › type"),
    "a select without a list": (form("{type: select_one, name: T-1, label: 甲}"), "item-list", "T.yaml › T-1 › type"),
    "something after the list": (form("{type: select_one l other, name: T-1, label: 甲}", more=LIST), "item-list", "T.yaml › T-1 › type"),
    "a file elsewhere": (form("{type: select_one_from_file ../../etc/passwd, name: T-1, label: 甲}"), "item-file", "T.yaml › T-1 › type"),
    "a repeat over nothing": (HEAD + "survey: [{type: repeat, name: A, label: 甲, items: [{type: text, name: T-1, label: 甲}]}]", "repeat-says-over", "T.yaml › A"),
    "a choice name with a space": (form(more="choices: {l: [{name: a b, label: 好}]}\n"), "choice-name", "T.yaml › choices › l › a b › name"),
    "a choice without a name": (form(more="choices: {l: [{name: '', label: 好}]}\n"), "choice-name", "T.yaml › choices › l › 1 › name"),
    "an endless choice name": (form(more="choices: {l: [{name: " + "a" * 65 + ", label: 好}]}\n"), "choice-name", "T.yaml › choices › l › " + "a" * 40 + " › name"),
    "an endless name": (form("{type: text, name: " + "a" * 65 + ", label: 甲}"), "bad-name", "T.yaml › " + "a" * 65),
    "missing and scored": (form(more="choices: {l: [{name: a, label: 好, missing: dk, score: 1}]}\n"), "choice-score", "T.yaml › choices › l › a"),
    "a score beyond": (form(more="choices: {l: [{name: a, label: 好, score: 101}]}\n"), "bad-value", "T.yaml › choices › l › a › score"),
    "a score of no number": (form(more="choices: {l: [{name: a, label: 好, score: nan}]}\n"), "bad-value", "T.yaml › choices › l › a › score"),
    "a weight of nothing": (form(more="voter_classes: [{name: A, label: 甲, weight: 0}]\n"), "bad-value", "T.yaml › voter_classes › A › weight"),
    # names that lead nowhere
    "an unknown list": (form("{type: select_one m, name: T-1, label: 甲}", more=LIST), "unknown-list", "T.yaml › T-1"),
    "an unknown list with other": (form("{type: select_one m or_other, name: T-1, label: 甲}", more=LIST), "unknown-list", "T.yaml › T-1"),
    "an empty list": (form("{type: select_one l, name: T-1, label: 甲}", more="choices: {l: []}\n"), "unknown-list", "T.yaml › T-1"),
    "an unknown scale": (form("{type: select_one l, name: T-1, label: 甲, scale: x}", more=LIST), "unknown-scale", "T.yaml › T-1"),
    "a name twice": (form(GOOD, GOOD), "duplicate-name", "T.yaml › T-1"),
    "a group and an item alike": (form("{type: text, name: A, label: 甲}"), "duplicate-name", "T.yaml › A"),
    "an item where other is written": (form("{type: select_one l or_other, name: T, label: 甲}", "{type: text, name: T_other, label: 乙}", more=LIST), "duplicate-name", "T.yaml › T_other"),
    "a name with a space": (form("{type: text, name: T 1, label: 甲}"), "bad-name", "T.yaml › T 1"),
    "a choice twice": (form(more="choices: {l: [{name: a, label: 好}, {name: a, label: 差}]}\n"), "duplicate-choice", "T.yaml › choices › l"),
    "a class twice": (form(more="voter_classes: [{name: A, label: 甲, weight: 1}, {name: A, label: 乙, weight: 1}]\n"), "duplicate-name", "T.yaml › voter_classes › A"),
    "a class with a sign": (form(more="voter_classes: [{name: A@x, label: 甲, weight: 1}]\n"), "bad-name", "T.yaml › voter_classes › A@x"),
    "an unknown item": (form(GOOD, "{type: text, name: T-2, label: 乙, relevant: '${T-l} = 1'}"), "unknown-name", "T.yaml › T-2 › relevant"),
    "an unknown item in a constraint": (form("{type: text, name: T-2, label: 乙, constraint: '. = ${X}'}"), "unknown-name", "T.yaml › T-2 › constraint"),
    "relevance that cannot be read": (form("{type: text, name: T-2, label: 乙, relevant: '1 +'}"), "expression-syntax", "T.yaml › T-2 › relevant"),
    "full-width brackets": (form("{type: text, name: T-2, label: 乙, relevant: 'not（1）'}"), "expression-wide", "T.yaml › T-2 › relevant"),
    "an unknown function": (form("{type: text, name: T-2, label: 乙, constraint: 'eval(1)'}"), "expression-function", "T.yaml › T-2 › constraint"),
    "a pattern that never ends": (form("{type: text, name: T-2, label: 乙, constraint: \"regex(., '(a+)+$')\"}"), "expression-regex", "T.yaml › T-2 › constraint"),
    "shown by itself": (form("{type: text, name: T-1, label: 甲, relevant: \"${T-1} = 'a'\"}"), "circular", "T.yaml › T-1 › relevant"),
    "shown by each other": (form("{type: text, name: T-1, label: 甲, relevant: \"${T-2} = 'a'\"}", "{type: text, name: T-2, label: 乙, relevant: \"${T-1} = 'a'\"}"), "circular", "T.yaml › T-1 › relevant"),
    "a page shown by its own item": (HEAD + "survey: [{type: group, name: A, label: 甲, relevant: \"${T-1} = 'a'\", items: [{type: text, name: T-1, label: 甲}]}]", "circular", "T.yaml › T-1 › relevant"),
    "text over no choices": (form(GOOD, "{type: text, name: T-2, label: 乙, repeat_over: T-1}"), "repeat-over", "T.yaml › T-2"),
    "a ballot of numbers": (HEAD + BALLOT % "{type: integer, name: T-1, label: 甲}", "ballot-type", "T.yaml › T-1"),
    "a ranking in rows": (HEAD + LIST + (BALLOT % "{type: rank l, name: T-1, label: 甲}").replace("targets", "rows"), "ballot-type", "T.yaml › T-1"),
    "another repeat's item": (HEAD + (BALLOT % GOOD)[:-1] + ", {type: group, name: A, label: 甲, items: [{type: text, name: T-2, label: 乙, relevant: \"${T-1} = 'a'\"}]}]", "name-in-repeat", "T.yaml › T-2 › relevant"),
    # rankings
    "a ranking without a composite": (RANKING + "voter_classes: [{name: A, label: 甲, weight: 1}]\n" + BALLOT % GOOD, "ranking-needs-composite", "T.yaml"),
    "a ranking without classes": (RANKING + LIST + "composite: {overall: T-1, dims: [T-1]}\n" + BALLOT % "{type: select_one l, name: T-1, label: 甲}", "ranking-needs-classes", "T.yaml"),
    "a composite of a text": (form(GOOD, more="composite: {overall: T-1, dims: [T-1]}\n"), "composite-item", "T.yaml › composite"),
    "a map of other choices": (form("{type: select_one l, name: T-1, label: 甲}", more=LIST + "score_maps: {m: {l: {z: 1}}}\n"), "score-map-choice", "T.yaml › score_maps › m › l"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "code", "place"), BROKEN.values(), ids=BROKEN.keys())
def test_a_mistake_is_told_with_its_code_and_place(text: str, code: str, place: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        loads(text, place="T.yaml")
    first = refused.value.problems[0]
    assert (first.code, first.place) == (code, place)
    for problem in refused.value.problems:
        assert problem.zh
        assert problem.en
        assert not re.search(r"(?<!\$)\{\w+\}", problem.zh + problem.en)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: 1\nb: [1", 2, 4),
        ("a: 1\n\tb: 2", 2, 1),
        ("a: 1\nb: c: d", 2, 5),
        ("a: 1\n甲乙：1\nb: 2", 3, 1),
        ("a: 1\na: 2", 2, 1),
    ],
)
def test_broken_yaml_is_told_by_line_and_column(text: str, line: int, column: int) -> None:
    with pytest.raises(DefinitionError) as refused:
        loads(text)
    problem = refused.value.problems[0]
    assert (problem.params["line"], problem.params["column"]) == (line, column)
    assert re.search(r"[一-龥]", problem.params["why_zh"])


@pytest.mark.parametrize(
    ("item", "near"),
    [
        ("{type: text, name: T-1, label: 甲, requird: true}", "required"),
        ("{type: text, name: T-1, label: 甲, constrain: . > 1}", "constraint"),
        ("{type: text, name: T-1, label: {zh: 甲, zn: A}}", "zh"),
        ("{type: text, name: T-1, label: 甲, qqqqqqqq: 1}", ""),
    ],
)
def test_the_nearest_known_key_is_named(item: str, near: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        loads(form(item))
    problem = refused.value.problems[0]
    assert problem.code == "unknown-key"
    assert problem.params["hint_en"] == (f"Did you mean “{near}”?" if near else "")


def test_all_mistakes_of_a_file_come_together() -> None:
    with pytest.raises(DefinitionError) as refused:
        loads(form("{type: txt, name: T-1, label: 甲}", "{type: text, nam: T-2, label: 乙}"))
    assert [p.code for p in refused.value.problems] == ["item-type", "missing-key", "unknown-key"]


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "gbk.yaml").write_bytes("标题: 试".encode("gbk"))
    (tmp_path / "big.yaml").write_text("#" * 1_000_001)
    cases = {"none.yaml": "file-missing", ".": "file-missing", "gbk.yaml": "not-utf8", "big.yaml": "file-too-large"}
    cases |= {"x" * 300: "file-unreadable", "a\0b": "file-unreadable", "gbk.yaml/x": "file-missing"}
    for name, code in cases.items():
        with pytest.raises(DefinitionError) as refused:
            load(tmp_path / name)
        assert (name, refused.value.code) == (name, code)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("", "list-columns", "l.csv"),
        ("编号,名称\n1,甲\n", "list-columns", "l.csv"),
        ("name,label\na,甲\n,乙\n", "list-row", "l.csv › A3"),
        ("name,label\na\n", "list-row", "l.csv › A2"),
        ('name,label\na,"' + "甲" * 200_000 + '"\n', "file-unreadable", "l.csv"),
    ],
)
def test_a_broken_list_file_is_told_by_its_cell(tmp_path: Path, text: str, code: str, place: str) -> None:
    path = tmp_path / "l.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as refused:
        read_list(path)
    assert (refused.value.code, refused.value.problems[0].place) == (code, place)


@pytest.mark.parametrize("shared", ["- a", "choices: 3", "choices: {l: 3}", "score_maps: [1]", "choices:", ""])
def test_a_broken_library_of_scales_is_no_crash(tmp_path: Path, shared: str) -> None:
    (tmp_path / "_scales.yaml").write_text(shared, encoding="utf-8")
    text = form("{type: select_one l, name: T-1, label: 甲}", more="composite: {overall: T-1, dims: [T-1]}\n")
    with pytest.raises(DefinitionError):
        loads(text, folder=tmp_path)


# ── whatever is typed ─────────────────────────────────────────────────────────────────────────
steady = settings(
    deadline=None, derandomize=True, max_examples=150, suppress_health_check=[HealthCheck.too_slow]
)
WRITTEN = {name: dumps(load(find(name))) for name in ("FZ", "HF", "MY", "SJ", "TL", "XH", "ZC", "ZT")}
WORDS = [
    "settings", "survey", "choices", "scales", "voter_classes", "composite", "score_maps", "type",
    "name", "label", "items", "group", "repeat", "repeat_over", "targets", "relevant", "text", "zh",
]  # fmt: skip


def refuses_or_reads(text: str) -> None:
    problems: Sequence[Problem] = ()
    try:
        q = loads(text, place="T.yaml", folder=FOLDER)
    except DefinitionError as error:
        problems = error.problems
    else:
        assert loads(dumps(q)) == q
        problems = check(q)
    assert all(p.zh and p.en for p in problems)


@given(text=st.text() | st.text("{}[]:-'\"&*!?|>%@` \n\taA1，：", max_size=60))
@steady
def test_any_text_is_read_or_refused(text: str) -> None:
    refuses_or_reads(text)


anything = st.recursive(
    st.sampled_from(WORDS) | json_values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=20,
)


@given(raw=anything)
@steady
def test_any_structure_is_read_or_refused(raw: Any) -> None:
    refuses_or_reads(yaml.dump(raw, Dumper=yaml.CSafeDumper, allow_unicode=True))


@given(data=st.data())
@settings(steady, max_examples=80)
def test_a_shipped_form_with_one_thing_changed_is_read_or_refused(data: st.DataObject) -> None:
    raw = yaml.load(WRITTEN[data.draw(st.sampled_from(sorted(WRITTEN)))], Loader=yaml.CSafeLoader)
    place: Any = raw
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not (isinstance(place[key], (dict, list)) and place[key]) or data.draw(st.integers(0, 4)) == 0:
            break
        place = place[key]
    place[key] = data.draw(json_values | st.sampled_from(WORDS))
    refuses_or_reads(yaml.dump(raw, Dumper=yaml.CSafeDumper, allow_unicode=True))


@given(source=st.text("${}'\"()<>=!+-*., aA1selectedregex（＝", max_size=40))
@steady
def test_any_expression_is_read_or_refused(source: str) -> None:
    item = {"type": "text", "name": "T-1", "label": "甲", "constraint": source}
    group = {"type": "group", "name": "A", "label": "甲", "items": [item]}
    refuses_or_reads(yaml.safe_dump({**yaml.safe_load(HEAD), "survey": [group]}))
