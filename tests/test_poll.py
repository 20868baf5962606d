"""A poll is fixed when it is published: who, on whom, when, with what weight."""

import datetime as dt
import json
from collections import Counter

import pytest
from pydantic import ValidationError

from office import COUNTS, opinion, roster, small
from zuofeng_survey.errors import PollError
from zuofeng_survey.poll import EVERYONE, Poll, Target, new_poll
from zuofeng_survey.questionnaire import find, load
from zuofeng_survey.seal import canonical

DAY = dt.date(2020, 12, 20)


def refusals(*args, **kwargs) -> list[str]:
    with pytest.raises(PollError) as refused:
        new_poll(*args, **kwargs)
    return [p.code for p in refused.value.problems]


def test_there_is_a_code_for_every_voter_and_no_order_in_the_slips():
    poll, _, slips = new_poll(small(), "p", targets=roster(), counts={"A": 50, "B": 50})
    assert Counter(c for _, c in slips) == {"A": 50, "B": 50}
    assert [c for _, c in slips] != sorted(c for _, c in slips)
    assert len({code for code, _ in slips}) == 100
    assert poll.access == "codes"


def test_a_nested_class_has_codes_for_each_target():
    poll, _, slips = new_poll(small(), "p", targets=roster(3), counts={"A": 1, "C": 4})
    assert Counter(c for _, c in slips) == {"A": 1, "C@T1": 4, "C@T2": 4, "C@T3": 4}
    assert poll.targets_of("C@T2") == ("T2",)
    assert poll.targets_of("A") == ("T1", "T2", "T3")
    assert poll.class_named("C@T2").base == "C"


def test_without_counts_a_poll_is_open_to_all():
    poll, _, slips = new_poll(opinion(), "p")
    assert (poll.access, slips) == ("open", [])
    assert [c.name for c in poll.classes] == [EVERYONE]


def test_a_questionnaire_without_classes_takes_any_class_names():
    poll, _, slips = new_poll(opinion(), "p", counts={"村民": 2})
    assert {c for _, c in slips} == {"村民"}
    assert poll.class_named("村民").weight == 1


@pytest.mark.parametrize("name", ["", "-a", "a b", "a/b", "..", "a.b", "a" * 65, "评" * 65, "𠀀" * 64, "a\n", "é́"])
def test_a_name_that_cannot_be_a_folder_and_an_address_is_refused(name):
    assert refusals(opinion(), name) == ["poll-name"]


@pytest.mark.parametrize("name", ["a", "评" * 64, "FZ-丙镇-2020", "_x", "2020"])
def test_chinese_names_of_any_length_are_taken(name):
    assert new_poll(opinion(), name)[0].name == name


@pytest.mark.parametrize(("codes", "arguments"), [
    (["roster-needed"], {"counts": COUNTS}),
    (["codes-needed"], {"targets": roster()}),
    (["class-unknown"], {"targets": roster(), "counts": {"A": 1, "Z": 1}}),
    (["class-count"], {"targets": roster(), "counts": {"A": 0}}),
    (["roster-double"], {"targets": [*roster(), *roster(1)], "counts": COUNTS}),
    (["days-backwards"], {"targets": roster(), "counts": COUNTS, "days": (DAY, dt.date(2020, 1, 1))}),
    (["poll-name", "roster-needed", "class-unknown"], {"name": "a/b", "counts": {"Z": 1}}),
])  # fmt: skip
def test_every_mistake_is_told_at_once(codes, arguments):
    assert refusals(small(), arguments.pop("name", "p"), **arguments) == codes


def test_a_roster_is_refused_where_nobody_is_rated():
    assert refusals(opinion(), "p", targets=roster()) == ["roster-not-needed"]


@pytest.mark.parametrize("name", ["=1+1", "", "a b", "甲/乙"])
def test_a_class_name_that_is_no_name_is_refused(name):
    assert refusals(opinion(), "p", counts={name: 2}) == ["bad-name"]


def test_it_takes_ballots_on_its_days_and_on_no_other():
    poll, _, _ = new_poll(opinion(), "p", days=(DAY, DAY + dt.timedelta(2)))
    found = {n: poll.refusal(DAY + dt.timedelta(n)) for n in range(-1, 4)}
    assert {n: p and p.code for n, p in found.items()} == {
        -1: "poll-not-yet", 0: None, 1: None, 2: None, 3: "poll-closed"
    }  # fmt: skip
    assert new_poll(opinion(), "p")[0].refusal(dt.date.max) is None


def test_it_is_written_and_read_again():
    poll, key, _ = new_poll(small(), "评议", targets=roster(), counts=COUNTS, days=(DAY, None))
    again = Poll.model_validate_json(poll.model_dump_json())
    assert again == poll
    assert again.public_key == key.public
    assert key.secret.hex() not in poll.model_dump_json()


def test_nothing_in_it_can_make_a_ballot_traceable():
    poll, _, _ = new_poll(small(), "p", targets=roster(), counts=COUNTS)
    assert set(json.loads(poll.model_dump_json())) == {
        "name", "questionnaire", "targets", "classes", "access", "opens", "closes", "year", "pool", "public_key", "k"
    }  # fmt: skip
    with pytest.raises(ValidationError):
        poll.access = "open"  # type: ignore[misc]


@pytest.mark.parametrize(("form_id", "n"), [("FZ", 25), ("SJ", 3), ("MY", 0), ("ZC", 0), ("HF", 0)])
def test_the_full_size_is_that_of_a_form_with_everything_marked(form_id, n):
    q = load(find(form_id))
    targets = [Target(name=f"甲镇-{i}", label={"zh": str(i)}) for i in range(n)]
    counts = {c.name: 2 for c in q.voter_classes} or None
    poll, _, _ = new_poll(q, "p", targets=targets, counts=counts)
    for c in poll.classes:
        marks = [q.choices_of(i)[0].name for g, i in q.walk() if i.kind == "select_one" and not g.repeat_over]
        assert len(canonical(marks)) < poll.full_size(c.name) < 20_000
