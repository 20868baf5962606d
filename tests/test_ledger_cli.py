"""``zuofeng ledger …``: data to stdout, talk to stderr, exit codes 0, 1, 2."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledger_entries import BY, KEY, PROBLEM
from zuofeng_survey.cli import app

SETTINGS = [part for name, value in PROBLEM.items() for part in ("--set", f"{name}={value}")]


def run(home: Path, *args: str):
    return CliRunner().invoke(app, ["ledger", *args, "--home", str(home)])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = run(tmp_path, "add", "problems", KEY, "--by", BY, "--on", "2020-03-02", *SETTINGS, "--format", "json")
    assert made.exit_code == 0, made.stderr
    assert json.loads(made.stdout) == [{"key": KEY, "what": "added"}]
    return tmp_path


def test_all_ledgers_are_listed_with_how_many_are_late(home: Path):
    told = run(home, "list", "--today", "2020-06-02", "--format", "json")
    rows = json.loads(told.stdout)
    assert len(rows) == 14 and rows[0] | {"id": ""} == {"id": "", "name": "problems", "title": "问题台账", "entries": 1, "overdue": 1}


def test_one_ledger_is_listed_by_state_and_by_lateness(home: Path):
    args = ("list", "问题台账", "--today", "2020-06-02", "--overdue", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(run(home, *args).stdout))
    assert (row["issue_id"], row["mend_by"], row["overdue"]) == (KEY, "2020-06-01", "True")
    assert run(home, "list", "problems", "--state", "归档", "--format", "json").stdout.strip() == "[]"


def test_an_entry_is_shown_with_what_happened_and_what_may(home: Path):
    told = json.loads(run(home, "show", "problems", KEY, "--format", "json").stdout)
    assert told["entry"]["state"] == "待立项" and told["steps"] == ["立项", "补录线下销号"]
    assert {e["by"] for e in told["events"]} == {BY}
    plain = run(home, "show", "problems", KEY)
    assert "窗口中午没有人值班" in plain.stdout and "立项" in plain.stderr


def test_a_step_moves_an_entry_and_a_stale_version_does_not(home: Path):
    step = ("advance", "problems", KEY, "--step", "立项", "--by", BY, "--on", "2020-03-03")
    assert run(home, *step).exit_code == 0
    assert json.loads(run(home, "show", "problems", KEY, "--format", "json").stdout)["entry"]["state"] == "整改中"
    late = run(home, "advance", "problems", KEY, "--version", "1", "--set", "cause=x", "--by", BY)
    assert late.exit_code == 2 and "ledger-stale" in late.stderr


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("list", "problms"), "ledger-unknown"),
        (("list", "--today", "昨天"), "day-option"),
        (("show", "problems", "WT-2020-甲镇-9999"), "ledger-no-entry"),
        (("add", "problems", "WT-2020-甲镇-0002", "--by", BY, "--set", "title"), "set-option"),
        (("advance", "problems", KEY, "--by", BY, "--step", "销号"), "ledger-step"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_exit_code_2(home: Path, args: tuple, code: str):
    told = run(home, *args)
    assert told.exit_code == 2 and f"[{code}]" in told.stderr and not told.stdout


def test_what_is_due_this_week(home: Path):
    def due(day: str) -> list:
        return json.loads(run(home, "due", "--today", day, "--format", "json").stdout)

    assert due("2020-05-24") == []
    assert [(r["key"], r["clock"], r["days"], r["overdue"]) for r in due("2020-05-25")] == [(KEY, "整改时限", 7, False)]
    assert due("2020-06-03")[0]["days"] == -2


def test_an_altered_log_is_exit_code_1(home: Path):
    assert run(home, "verify").exit_code == 0
    with closing(sqlite3.connect(home / "ledgers.db")) as raw:
        raw.execute("UPDATE events SET state = '归档'")
        raw.commit()
    told = run(home, "verify", "--format", "json")
    assert told.exit_code == 1 and json.loads(told.stdout)[0]["code"] == "ledger-altered"


@pytest.mark.parametrize("verb", ["list", "show", "add", "advance", "due", "verify"])
def test_every_verb_has_help_in_both_languages_and_an_example(verb: str):
    told = CliRunner().invoke(app, ["ledger", verb, "--help"]).stdout
    assert "Example: zuofeng ledger" in " ".join(told.split()) and any("一" <= c <= "龥" for c in told)
