"""Questionnaires: what ships, and what a file may hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from small_forms import HEAD, form
from zuofeng_survey.errors import PollError
from zuofeng_survey.poll import Target, new_poll
from zuofeng_survey.questionnaire import (
    Text,
    check,
    dumps,
    find,
    load,
    loads,
    shipped_forms,
)

FORMS = {
    form_id: load(find(form_id)) for form_id in ("FZ", "SJ", "MY", "ZC", "TL", "HF", "XH", "ZT")
}
every_form = pytest.mark.parametrize("form_id", FORMS)


# ── what ships ────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("form_id", "items", "scored", "reversed_", "purpose", "anonymity"),
    [
        ("ZC", 46, 34, 13, "summary", "anonymous"),
        ("MY", 36, 21, 0, "summary", "anonymous"),
        ("SJ", 10, 9, 0, "ranking", "sealed"),
        ("FZ", 10, 9, 0, "ranking", "sealed"),
        ("TL", 12, 2, 0, "summary", "confidential"),
        ("HF", 20, 6, 0, "summary", "confidential"),
        ("XH", 9, 1, 0, "acceptance", "anonymous"),
        ("ZT", 10, 0, 0, "register", "anonymous"),
    ],
)
def test_a_shipped_form_has_the_items_of_its_draft(
    form_id: str, items: int, scored: int, reversed_: int, purpose: str, anonymity: str
) -> None:
    q = FORMS[form_id]
    lists = [q.choices_of(i) for i in q.items.values()]
    assert len(q.items) == items
    assert sum(any(c.score is not None for c in choices) for choices in lists) == scored
    assert sum(i.reverse for i in q.items.values()) == reversed_
    assert (q.settings.purpose, q.settings.anonymity) == (purpose, anonymity)


def test_every_shipped_form_is_tested() -> None:
    assert set(shipped_forms()) == set(FORMS)


@every_form
def test_a_shipped_form_breaks_no_item_writing_rule(form_id: str) -> None:
    assert [str(p) for p in check(FORMS[form_id])] == []


@every_form
def test_a_shipped_form_is_written_and_read_back_the_same(form_id: str) -> None:
    assert loads(dumps(FORMS[form_id])) == FORMS[form_id]


@every_form
def test_every_sentence_of_a_shipped_form_has_its_english(form_id: str) -> None:
    q = FORMS[form_id]
    said = [t for t in vars(q.settings).values() if isinstance(t, Text) and t]
    said += [
        t
        for g, i in q.walk()
        for t in (g.label, g.hint, i.label, i.hint, i.constraint_message)
        if t
    ]
    said += [c.label for i in q.items.values() for c in q.choices_of(i)]
    said += [row.label for row in (*q.scales.values(), *q.voter_classes)]
    assert [t.zh for t in said if not t.en] == []


@every_form
def test_choice_names_of_a_shipped_form_are_plain_ascii(form_id: str) -> None:
    names = {c.name for choices in FORMS[form_id].choices.values() for c in choices}
    assert [n for n in names if not re.fullmatch(r"[A-Za-z0-9.\-]+", n)] == []


def test_item_names_differ_between_the_shipped_forms() -> None:
    names = [name for q in FORMS.values() for name in q.items]
    assert len(names) == len(set(names))


def test_the_self_inspection_keeps_its_second_part_apart() -> None:
    q = FORMS["ZC"]
    assert [g.name for g in q.survey if g.apart] == ["G"]
    assert q.settings.profile
    checks = {name: s.min_valid for name, s in q.scales.items() if name.startswith("check.")}
    assert set(checks.values()) == {3}
    assert {s.min_valid for name, s in q.scales.items() if name not in checks} == {1}


def test_only_the_retaliation_question_goes_to_the_protected_channel() -> None:
    alert = [i.name for q in FORMS.values() for i in q.items.values() if i.alert]
    sensitive = [i.name for q in FORMS.values() for i in q.items.values() if i.sensitive]
    assert alert == ["HF-E02"]
    assert sensitive == ["MY-E01", "MY-G05", "HF-E01", "HF-E02"]


def test_branch_members_and_residents_rate_their_own_secretary_only() -> None:
    designs = {c.name: (c.design, c.weight) for c in FORMS["SJ"].voter_classes}
    assert designs == {
        "A": ("crossed", 0.3), "B": ("crossed", 0.2), "C": ("nested", 0.3), "D": ("nested", 0.2)
    }  # fmt: skip


def test_a_ranking_needs_a_roster_and_a_discussion_may_have_one() -> None:
    suggestion = [Target(name="p1", label=Text(zh="建议一"))]
    assert FORMS["FZ"].is_ballot
    assert not FORMS["TL"].is_ballot
    assert new_poll(FORMS["TL"], "t")[0].targets == ()
    assert new_poll(FORMS["TL"], "t", targets=suggestion)[0].targets_of("all") == ("p1",)
    for form_id, targets, code in (
        ("SJ", [], "roster-needed"),
        ("MY", suggestion, "roster-not-needed"),
    ):
        with pytest.raises(PollError) as refused:
            new_poll(FORMS[form_id], "t", targets=targets)
        assert refused.value.code == code


# ── what a file may hold ──────────────────────────────────────────────────────────────────────
def test_text_stays_as_it_was_typed() -> None:
    item = "{type: select_one l, name: T-1, label: 12:30}"
    lists = "choices: {l: [{name: 01, label: yes}, {name: no, label: {zh: 1.50, en: Off}}]}\n"
    head = HEAD.replace("version: 1", "version: 2020.10")
    q = loads(form(item, more=lists, head=head))
    assert (q.settings.version, q.items["T-1"].label.zh) == ("2020.10", "12:30")
    assert [(c.name, c.label.zh, c.label.en) for c in q.choices["l"]] == [
        ("01", "yes", ""),
        ("no", "1.50", "Off"),
    ]
    assert loads(dumps(q)) == q


def test_numbers_and_truths_are_read_where_they_are_wanted() -> None:
    item = "{type: select_one l, name: T-1, label: 甲, required: true, max_length: 8}"
    q = loads(form(item, more="choices: {l: [{name: a, label: 好, score: 62.5}]}\n"))
    assert (q.items["T-1"].required, q.items["T-1"].max_length) == (True, 8)
    assert q.choices["l"][0].score == 62.5


def test_a_list_called_zh_is_not_taken_for_a_sentence() -> None:
    q = loads(
        form(
            "{type: select_one zh, name: T-1, label: 甲}",
            more="choices: {zh: [{name: a, label: 好}]}\n",
        )
    )
    assert loads(dumps(q)) == q


def test_other_is_a_choice_where_the_author_wrote_or_other() -> None:
    lists = "choices: {l: [{name: a, label: 好}]}\n"
    q = loads(form("{type: select_one l or_other, name: T-1, label: 甲}", more=lists))
    assert [c.name for c in q.choices_of(q.items["T-1"])] == ["a", "other"]
    assert "T-1" in repr(q.items) and "1 items" in repr(q)


def test_lists_come_from_the_file_then_the_shared_scales_then_a_csv(tmp_path: Path) -> None:
    items = [
        f"{{type: {t}, name: T-{n}, label: 甲}}"
        for n, t in enumerate(
            (
                "select_one own",
                "select_one both",
                "select_one shared",
                "select_one_from_file towns.csv",
            )
        )
    ]
    lists = "choices: {own: [{name: f, label: 文}], both: [{name: f, label: 文}]}\n"
    (tmp_path / "_scales.yaml").write_text(
        "choices: {both: [{name: s, label: 享}], shared: [{name: s, label: 享}]}", encoding="utf-8"
    )
    (tmp_path / "towns.csv").write_bytes(
        "\ufeffname,label,missing\r\nt,甲镇,\r\nno,不说,refused\r\n".encode()
    )
    (tmp_path / "T.yaml").write_text("\ufeff" + form(*items, more=lists), encoding="utf-8")
    q = load(tmp_path / "T.yaml")
    assert {name: [c.name for c in choices] for name, choices in q.choices.items()} == {
        "own": ["f"],
        "both": ["f"],
        "shared": ["s"],
        "towns": ["t", "no"],
    }
    assert q.choices["towns"][1].missing == "refused"
    assert loads(dumps(q)) == q
