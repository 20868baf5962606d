"""What is computed is entered, and what people decide stays empty; who is who goes out as a workbook and back."""

import datetime as dt

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from frozen import IBIS_WARNS, deputies
from zuofeng_survey.cli import app
from zuofeng_survey.errors import LedgerError
from zuofeng_survey.ledger import Book, Post, declaration
from zuofeng_survey.ledger.rosters import export_registry, import_registry
from zuofeng_survey.publishing import read_roster

pytestmark = IBIS_WARNS
MERIT = {"甲": 0.6, "乙": 0.5, "丙": 0.4, "丁": 0.3, "戊": -0.1, "己": -1.6}


def run(*args: object):
    return CliRunner().invoke(app, [str(a) for a in args])


@pytest.fixture
def book(tmp_path):
    made = Book.open(tmp_path / "home")
    made.registry.put([Post("units", "甲镇"), Post("people", "甲镇-岗位1", "岗位1", "甲镇")])
    return made


def test_findings_are_entered_once_and_nothing_that_people_write_is_filled(book, tmp_path):
    years = [deputies(tmp_path / f"FZ-甲镇-{y}", MERIT, seed=y).path for y in (2021, 2022)]
    args = ["rules", "--year", 2022, "--scope", "township", *years, "--home", tmp_path / "home", "--register"]
    assert "[register-by]" in run(*args).stderr and book.entries("advice").empty
    for _ in range(2):
        made = run(*args, "--by", "作风办-台账员", "--on", "2022-12-31")
        assert made.exit_code == 0, made.stderr
    advice, scores = book.entries("advice"), book.entries("scores")
    assert "t5" in set(advice["target_id"]) and set(advice["state"]) == {"拟提请研究"}
    assert set(scores["target_id"]) == {f"t{n}" for n in range(6)} and set(scores["version"]) == {1}
    assert (scores["ci_low"] < scores["score"]).all() and (scores["score"] < scores["ci_high"]).all()
    for name in ("advice", "scores"):
        by_hand = [f.name for f in declaration(name).fields if f.hand]
        assert book.entries(name)[by_hand].isna().all(axis=None)


def test_the_registry_goes_out_and_comes_back_with_every_mistake_told(book, tmp_path):
    path = tmp_path / "名册.xlsx"
    assert export_registry(book, path) == 2
    assert import_registry(book, path).unchanged == 2
    whole = load_workbook(path)
    whole["岗位"].append(["甲镇-岗位2", "岗位2", "乙镇"])
    whole["科室"].append(["＝甲镇", None, None])
    whole.save(path)
    with pytest.raises(LedgerError) as caught:
        import_registry(book, path)
    assert {(p.code, p.place) for p in caught.value.problems} == {("ledger-reference", "岗位!C3"), ("registry-id", "科室!A2")}
    whole["单位"].append(["乙镇", None, None])
    whole["科室"]["A2"] = "甲镇-办公室"
    whole.save(path)
    done = run("ledger", "import", "名册", path, "--home", tmp_path / "home", "--format", "json")
    assert '"added": 3' in done.stdout and len(book.registry.table()) == 5


def test_a_roster_for_next_year_keeps_the_ids(tmp_path):
    dataset = deputies(tmp_path / "FZ-甲镇-2022", MERIT, seed=1)
    assert run("roster", dataset.path, tmp_path / "r.xlsx").exit_code == 0
    assert read_roster(tmp_path / "r.xlsx") == dataset.targets


def test_what_must_not_be_here_is_erased_only_by_who_is_sure(book, tmp_path):
    args = ["learning", "XX-2020-0001", "--by", "作风办", "--home", tmp_path / "home", "--on", "2020-03-02"]
    values = {"date": "2020-03-01", "form": "主题党日", "unit": "甲镇", "due_n": 3, "n": 3, "topic": "误登的内容"}
    run("ledger", "add", *args, *(a for k, v in values.items() for a in ("--set", f"{k}={v}")))
    assert "[erase-sure]" in run("ledger", "erase", *args).stderr
    assert run("ledger", "erase", *args, "--sure").exit_code == 0
    assert book.events("learning").to_csv().find("误登的内容") == -1 and book.verify() == []
    assert book.entry("learning", "XX-2020-0001", today=dt.date(2020, 3, 2))["version"] == 2


def test_whom_an_inspection_visits_is_drawn_the_same_by_anybody_who_knows_the_seed(book, tmp_path):
    book.registry.put([Post("units", f"单位{n}") for n in range(20)])
    args = ["ledger", "draw", "-n", 5, "--home", tmp_path / "home", "--format", "csv", "--seed"]
    assert run(*args, 20220301).stdout == run(*args, 20220301).stdout != run(*args, 20220302).stdout
    assert "[draw-size]" in run("ledger", "draw", "-n", 99, "--seed", 1, "--home", tmp_path / "home").stderr
