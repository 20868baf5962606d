"""What the reports ask of the ledgers: where problems pile up, prescribed actions, days kept, ledgers kept."""

import datetime as dt
from pathlib import Path

import pytest

from zuofeng_survey.demo.kept import kept_ledgers
from zuofeng_survey.errors import LedgerError
from zuofeng_survey.ledger import closing_signs, four_marks, lateness, prescribed, risks

KEPT = Path(__file__).parents[1] / "data" / "ledgers" / "ledgers.db.gz"
TODAY = dt.date(2022, 12, 31)


@pytest.fixture(scope="module")
def book():
    return kept_ledgers(KEPT)


@pytest.fixture(scope="module")
def problems(book):
    return book.entries("problems", today=TODAY)


@pytest.fixture(scope="module")
def tasks(book):
    return book.entries("tasks", today=TODAY)


def test_the_kept_ledgers_are_whole(book):
    assert book.verify() == []
    assert book.head == kept_ledgers(KEPT).head


def test_risks_are_of_units_and_matters_and_never_of_persons(book, problems):
    signs = closing_signs(problems, book.events("problems"))
    found = risks(problems, signs, by="unit").set_index("unit")
    assert found["count"].sum() == len(problems)
    assert found.loc["县直单位07", "signs"] == 14 and found.index[0] == "县直单位07"
    for who in ("owner", "leader", "approver"):
        with pytest.raises(LedgerError) as caught:
            risks(problems, signs, by=who)
        assert [p.code for p in caught.value.problems] == ["risks-by"]


def test_a_unit_in_no_ledger_has_done_nothing_and_one_without_tasks_has_none_to_report(book, problems, tasks):
    given = {"problems": problems, "tasks": tasks, "learning": book.entries("learning", today=TODAY)}
    found = prescribed(["丑街道", "没有的单位"], year=2020, **given).set_index("unit")
    assert found.loc["没有的单位", "done"] == 0 and found.loc["没有的单位", "of"] == 3
    assert found["done_rate"].between(0, 1).all()


def test_reward_is_the_mark_that_no_task_has_yet(tasks):
    found = four_marks(tasks)
    assert found["有部署"].all() and not found["有奖惩"].any()
    assert found["missing"].str.contains("有奖惩").all()


def test_what_is_not_due_is_not_counted_and_the_last_day_is_on_time(tasks):
    one = tasks[tasks["year"] == 2020].head(1).copy()
    one["q1_date"] = one["q1_due"]
    due = one["q1_due"].iloc[0].date()
    first = lateness(one, today=due).iloc[0]
    after = lateness(one, today=due + dt.timedelta(days=1)).iloc[0]
    assert first["n"] == 0 and (after["n"], after["on_time"]) == (1, 1)
