"""What follow-up visits and acceptance forms may say, to whom, and what nobody else is shown."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from frozen import IBIS_WARNS, frozen
from ledger_entries import KEY, PROBLEM, UNTIL_CLOSED, take
from zuofeng_survey import scoring
from zuofeng_survey.answers import rows
from zuofeng_survey.cli import app
from zuofeng_survey.errors import LedgerError, UsageError
from zuofeng_survey.ledger import PROTECTED_ROLE, Book, acceptances, judgements, protected_list
from zuofeng_survey.questionnaire import find, load
from zuofeng_survey.results.counting import areas_of, groupings
from zuofeng_survey.results.opinion import mass_opinion
from zuofeng_survey.store import Home

pytestmark = IBIS_WARNS


def visit(n: int, *, outcome: str = "3", suffered: str = "0", attempt: int = 1, result: str = "done", unit: str = "unit-01"):
    said = {"HF-A01": f"SQ-2020-{n:06d}", "HF-A03": unit, "HF-A04": result, "HF-A05": str(attempt)}
    said |= {"HF-C05": outcome, "HF-E02": suffered, "HF-B04": "4", "HF-C01": "4"} if result == "done" else {}
    return ("all", [(item, "", value) for item, value in said.items()])


@pytest.fixture
def dataset(tmp_path: Path):
    ballots = [visit(n, unit=f"unit-{n % 3 + 1:02d}") for n in range(1, 40)]
    ballots += [visit(40 + n, suffered="1", outcome="1") for n in range(3)]
    return frozen(tmp_path / "HF-2020", "HF", ballots)


def test_the_protected_list_is_the_numbers_and_nothing_else(dataset, tmp_path: Path):
    found = protected_list(dataset, role=PROTECTED_ROLE)
    assert found.numbers == ("SQ-2020-000040", "SQ-2020-000041", "SQ-2020-000042")
    assert list(found.table()) == ["appeal_id"] and "SQ-" not in repr(found)


@pytest.mark.parametrize("role", ["", "作风办", "甲镇-负责人", "保护"])
def test_nobody_else_is_given_the_protected_list(dataset, role: str):
    with pytest.raises(LedgerError) as caught:
        protected_list(dataset, role=role)
    assert caught.value.code == "protected-role"


def test_looking_at_the_protected_list_is_written_down(dataset, tmp_path: Path):
    home = Home.at(tmp_path / "home")
    protected_list(dataset, role=PROTECTED_ROLE, home=home)
    act = json.loads((home.path / "acts.jsonl").read_text(encoding="utf-8"))
    assert (act["act"], act["poll"]) == ("view-protected", "HF-2020")


def test_the_command_line_lists_it_for_its_post_only(dataset, tmp_path: Path):
    args = ["ledger", "protected", str(dataset.path), "--home", str(tmp_path / "home"), "--format", "csv", "--by"]
    assert "[protected-role]" in CliRunner().invoke(app, [*args, "作风办"]).stderr
    found = CliRunner().invoke(app, [*args, PROTECTED_ROLE])
    assert found.stdout.split() == ["appeal_id", "SQ-2020-000040", "SQ-2020-000041", "SQ-2020-000042"]
    assert "view-protected" in (tmp_path / "home" / "acts.jsonl").read_text(encoding="utf-8")


def test_no_other_result_speaks_of_it(dataset):
    """Not by unit and not at all: no area, no group, no level, no score, no rate."""
    q = dataset.questionnaire
    protected = {i.name for i in q.items.values() if i.alert == "protected"}
    assert protected == {"HF-E02"}
    assert not protected & {i.name for items in areas_of(q).values() for i in items}
    assert not protected & set(groupings(q))
    with pytest.raises(UsageError):
        mass_opinion(dataset, "HF-E02")
    for by in ("", *groupings(q)):
        found = mass_opinion(dataset, by)
        said = found.table().to_csv() + found.levels.to_csv() + found._repr_html_() + found.remarks()
        assert "HF-E02" not in said and "为难" not in said
    assert "HF-E02" not in scoring.item_scores(dataset).execute()["item"].tolist()
    with pytest.raises(UsageError):
        scoring.distribution(dataset, "HF-E02")
    assert "HF-E02" not in scoring.item_table(dataset).execute().to_csv()
    assert set(judgements(dataset)) == {"appeal_id", "satisfied"}


def test_a_units_numbers_are_the_same_whatever_people_suffered(tmp_path: Path):
    """Two datasets that differ in this answer only have the same results."""
    seen = []
    for name, suffered in (("a", "0"), ("b", "1")):
        ballots = [visit(n, suffered=suffered, unit=f"unit-{n % 2 + 1:02d}") for n in range(1, 41)]
        one = frozen(tmp_path / name, "HF", ballots)
        found = mass_opinion(one, "HF-A03")
        seen.append(found.table().drop(columns=["rank", "rank_lower", "rank_upper"]))
    pd.testing.assert_frame_equal(*seen)


def test_no_ledger_has_a_field_for_it():
    from zuofeng_survey.ledger import declarations

    assert not [f for d in declarations().values() for f in d.fields if "为难" in f.label or "retal" in f.name]


def test_the_number_of_an_entry_stays_with_its_form_and_other_texts_do_not():
    for form, item, value in (("HF", "HF-A01", "SQ-2020-000001"), ("XH", "XH-A01", KEY)):
        (row,) = rows(load(find(form)), {item: value})
        assert (row.item, row.is_text) == (item, False)
    (row,) = rows(load(find("HF")), {"HF-D02": "说过的话"})
    assert row.is_text


def test_the_last_completed_attempt_is_the_judgement(tmp_path: Path):
    ballots = [
        visit(1, outcome="1", attempt=1), visit(1, outcome="2", attempt=2),
        visit(2, result="no-answer", attempt=1), visit(3, outcome="9"), visit(4, outcome="1"),
    ]  # fmt: skip
    found = judgements(frozen(tmp_path / "HF", "HF", ballots))
    assert found.to_dict("records") == [
        {"appeal_id": "SQ-2020-000001", "satisfied": True},
        {"appeal_id": "SQ-2020-000004", "satisfied": False},
    ]


def form(issue: str, *basis: str, close: str = "agree", state: str = "solved"):
    said = [("XH-A01", "", issue), ("XH-B02", "", state), ("XH-B06", "", close)]
    return ("all", [*said, *(("XH-B05", "", b) for b in basis)])


def test_two_who_saw_for_themselves_and_agree_are_enough(tmp_path: Path):
    other = "WT-2020-甲镇-0002"
    ballots = [form(KEY, "seen"), form(KEY, "lived", "hearsay"), form(KEY, "notice")]
    ballots += [form(other, "seen"), form(other, "seen", close="disagree"), form(other, "hearsay", state="relapsed")]
    found = acceptances(frozen(tmp_path / "XH", "XH", ballots))
    assert found.table().set_index("issue_id")["enough"].to_dict() == {KEY: True, other: False}
    assert found.values(KEY) | {"acceptance": ""} == {"acceptance": "", "witnesses": 2, "relapsed": False}
    assert found.values(other)["witnesses"] == 1 and found.values(other)["relapsed"]


def test_a_count_of_witnesses_says_no_more_than_enough(tmp_path: Path):
    found = acceptances(frozen(tmp_path / "XH", "XH", [form(KEY, "seen")] * 9))
    assert found.values(KEY)["witnesses"] == 2
    with pytest.raises(LedgerError) as caught:
        acceptances(frozen(tmp_path / "few", "XH", [form(KEY, "seen")] * 2)).values(KEY)
    assert caught.value.code == "acceptance-few"


def test_acceptance_forms_close_a_problem(tmp_path: Path):
    found = acceptances(frozen(tmp_path / "XH", "XH", [form(KEY, "seen")] * 3))
    book = Book.open(tmp_path / "home")
    take(book, "problems", KEY, (None, PROBLEM), *UNTIL_CLOSED)
    args = ["ledger", "advance", "problems", KEY, "--step", "销号", "--forms", str(tmp_path / "XH"), "--set", "approver=甲镇-负责人"]
    closed = CliRunner().invoke(app, [*args, "--set", "published=是", "--by", "作风办", "--home", str(tmp_path / "home")])
    assert closed.exit_code == 0, closed.stderr
    entry = book.entry("problems", KEY)
    assert entry["state"] == "已销号" and entry["acceptance"] == f"XH@{found.hash[:12]}"


@pytest.mark.parametrize(("read", "code"), [(judgements, "not-visits"), (acceptances, "not-acceptance")])
def test_another_form_is_refused(tmp_path: Path, read, code: str):
    other = frozen(tmp_path / "MY", "MY", [("all", [("MY-G01", "", "4")])])
    with pytest.raises(LedgerError) as caught:
        read(other)
    assert caught.value.code == code
