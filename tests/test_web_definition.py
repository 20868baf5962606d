"""What a browser is told of a questionnaire."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from formserver import FORMS
from zuofeng_survey.errors import messages
from zuofeng_survey.poll import new_poll
from zuofeng_survey.questionnaire import find, load, loads
from zuofeng_survey.web.definition import SAID_IN_BROWSER, definition, preview_definition

ITEM = {"kind", "list_name", "name", "label", "hint", "required", "relevant", "constraint",
        "constraint_message", "appearance", "max_choices", "max_length", "or_other",
        "repeat_over", "by", "sensitive"}  # fmt: skip
GROUP = {"type", "name", "label", "hint", "relevant", "repeat_over", "max_rows", "items"}
CHOICE = {"name", "label", "score", "missing", "exclusive"}
DAY = dt.date(2020, 12, 20)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_the_keys_of_the_contract(form: str):
    found = preview_definition(load(find(form)), today=DAY)
    assert all(set(g) == GROUP for g in found["survey"])
    assert all(set(i) == ITEM for g in found["survey"] for i in g["items"])
    assert all(set(c) == CHOICE for choices in found["choices"].values() for c in choices)
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("form", FORMS)
def test_every_list_an_item_names_is_there_and_no_other(form: str):
    found = preview_definition(load(find(form)), today=DAY)
    items = [i for g in found["survey"] for i in g["items"] if i["list_name"]]
    assert {i["list_name"] for i in items} == set(found["choices"])


def test_conditions_come_as_trees():
    found = preview_definition(load(find("HF")), today=DAY)
    relevant = [g["relevant"] for g in found["survey"] if g["relevant"]]
    assert relevant[0] == ["=", ["ref", "HF-A04"], ["lit", "done"]]


def test_a_preview_of_a_ballot_has_three_stand_ins():
    names = [t["label"]["zh"] for t in preview_definition(load(find("FZ")))["targets"]]
    assert names == ["示例甲", "示例乙", "示例丙"]
    assert preview_definition(load(find("MY")))["targets"] == []


def test_the_day_decides_whether_a_poll_is_open():
    poll, _, _ = new_poll(load(find("MY")), "my", days=(DAY, DAY))
    days = [DAY - dt.timedelta(1), DAY, DAY + dt.timedelta(1)]
    assert [definition(poll, today=d)["open"] for d in days] == [False, True, False]


def test_only_what_is_not_a_ballot_may_be_kept_on_the_device():
    assert preview_definition(load(find("ZC")))["long_form"] is True
    assert preview_definition(load(find("FZ")))["long_form"] is False


def test_the_sentences_are_those_of_the_catalogue():
    found = preview_definition(load(find("TL")))["messages"]
    assert found == {code: messages()[code] for code in SAID_IN_BROWSER}


def test_what_the_browser_needs_not_know_stays_here():
    source = """
    settings: {form_id: T, version: 1, title: 试, purpose: summary, minutes: 1, seed: [内部依据]}
    choices: {s: [{name: 1, label: 好, score: 100}, {name: 9, label: 不了解, missing: dk}]}
    scales: {k: {label: 内部量表}}
    survey: [{type: group, name: A, label: 甲, items: [
      {type: select_one s, name: T-1, label: 题, scale: k, reverse: true}]}]
    """
    told = json.dumps(preview_definition(loads(source)), ensure_ascii=False)
    assert "内部" not in told
    assert "reverse" not in told
