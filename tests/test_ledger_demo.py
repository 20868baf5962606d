"""The demo county's ledgers: the right numbers, and the planted truths T7 and T12 found where they should be."""

import datetime as dt
from pathlib import Path

import pytest

from frozen import IBIS_WARNS, frozen
from zuofeng_survey.demo import ledgers
from zuofeng_survey.demo.appeals import BY_YEAR as APPEALS
from zuofeng_survey.demo.appeals import visited
from zuofeng_survey.demo.problems import BY_YEAR, PAPER_UNIT, TASKS
from zuofeng_survey.ledger import (
    PROTECTED_ROLE,
    Book,
    appeal_rates,
    closing_signs,
    differences,
    judgements,
    protected_list,
    responsibility,
)
from zuofeng_survey.ledger.rates import ACCEPT, FINISH, TAKING_PART
from zuofeng_survey.store import Home

pytestmark = IBIS_WARNS
END = dt.date(2022, 12, 31)


@pytest.fixture(scope="module")
def book(memory: Path) -> Book:
    return ledgers.fill(Home.at(memory / "county"))


def test_as_many_entries_as_the_county_has(book: Book):
    for name, by_year, at in (("problems", BY_YEAR, 3), ("appeals", APPEALS, 3), ("tasks", TASKS, 3)):
        frame = book.entries(name, today=END)
        years = frame.iloc[:, 0].str[at : at + 4].astype(int).value_counts().to_dict()
        short = {y: by_year[y] - years[y] for y in by_year}
        assert all(0 <= n <= 12 for n in short.values()), short  # what came in the last days is not yet written down
    assert len(book.entries("proposals")) == 180
    assert book.verify() == []


def test_t7_the_paper_close_outs_are_flagged_and_only_they(book: Book):
    problems = book.entries("problems", today=END)
    signs = closing_signs(problems, book.events("problems"), book.entries("appeals", today=END)).rows
    paper = signs[signs["unit"] == PAPER_UNIT].groupby("sign").size().to_dict()
    assert paper | {"put_off": 0} == {
        "evidence": 14, "same_day": 14, "alike": 14, "unseen": 14, "again": 5, "put_off": 0,
    }  # fmt: skip
    assert set(signs.loc[signs["unit"] != PAPER_UNIT, "sign"]) <= {"put_off"}
    assert problems["fake3"].map(len).sum() == 0  # a program does not say what is false


def test_t12_three_answers_reach_the_protected_list_only(tmp_path: Path, book: Book):
    appeals = ledgers.county_appeals()
    forms = [f for year in APPEALS for f in visited(appeals, year)]
    ballots = [("all", [(i, "", str(v)) for i, v in {**f, "HF-C05": "3"}.items()]) for f in forms]
    dataset = frozen(tmp_path / "HF", "HF", ballots)
    numbers = protected_list(dataset, role=PROTECTED_ROLE).numbers
    assert len(numbers) == 3
    entries = book.entries("appeals", today=END)
    assert set(numbers) <= set(entries["appeal_id"])
    rates = appeal_rates(entries, today=END, by="assigned_to", visits=judgements(dataset))
    assert not any(n in rates.table().to_csv() + rates._repr_html_() for n in numbers)
    done, n = rates.one(TAKING_PART)
    assert 0.5 < done / n < 0.75


def test_the_rates_are_what_the_county_was_made_with(book: Book):
    rates = appeal_rates(book.entries("appeals", today=END), today=END).table().set_index("rate")
    assert rates.loc[ACCEPT, "value_rate"] == pytest.approx(0.93, abs=0.03)
    assert rates.loc[FINISH, "value_rate"] == pytest.approx(0.88, abs=0.04)


def test_accusations_are_numbers_and_days(book: Book):
    frame = book.entries("appeals", today=END)
    accusations = frame[frame["kind"] == "检举控告"].drop(columns=["state", "version", "recorded", "overdue"])
    assert len(accusations) > 30
    assert set(accusations.dropna(axis=1, how="all")) == {"appeal_id", "kind", "transfer_at"}


def test_gaps_overload_and_boasts_are_there_to_be_found(book: Book):
    told = responsibility(book.entries("chains"))
    assert len(told.gaps) and "县直单位03-分管领导" in told.overloaded()["person"].tolist()
    assert differences(book.entries("tasks")).rows["far"].any()


def test_the_same_county_each_time(memory: Path):
    heads = [ledgers.fill(Home.at(memory / name), small=True).entries("problems", today=END) for name in ("a", "b")]
    assert heads[0].equals(heads[1])
    assert ledgers.fixed("HF", 3) == ledgers.fixed("HF", 3) and ledgers.fixed("MY", 3) == {}
