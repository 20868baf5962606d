"""What a wrong-footed office sees of each verb: a place, a remedy, both languages, exit code 2 and no traceback."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from zuofeng_survey.cli import app

DATA = Path(__file__).parents[1] / "data" / "datasets"
FZ = next(path for path in sorted(DATA.iterdir()) if path.name.startswith("FZ"))


def run(*args: object):
    return CliRunner().invoke(app, [str(a) for a in args])


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("rank", FZ, "-k", -1), "bottom-k"),
        (("rank", FZ, "-k", 99), "bottom-k"),
        (("rank", FZ, "--draws", -5), "draws"),
        (("rank", FZ, "--draws", 3), "draws"),
        (("rank", FZ, "--draws", 10**12), "draws"),
        (("rank", FZ, "--coverage", "nan"), "coverage"),
        (("rules", FZ, "--year", 2020, "--scope", "town"), "scope-unknown"),
        (("plan", "--voters", "A=5,A=14", "--targets", 6), "codes-twice"),
        (("plan", "--voters", "A=9", "--targets", 3, "--reps", 20, "--chart", "/proc/x.svg"), "file-unusable"),
        (("report", "deputy", FZ, "--out", "r"), "report-kind"),
        (("report", "deputies", FZ, "--out", "r", "--as", ""), "report-paper"),
        (("ledger", "list", "problems", "--state", "已销"), "state-option"),
        (("ledger", "export", "problems", "problems.csv"), "xlsx-file"),
        (("ledger", "export", "problems", "nowhere/problems.xlsx"), "home"),
        (("opinions", "sheet", DATA / "MY-2020", "A.csv", "--coder", "A"), "xlsx-file"),
    ],
)
def test_a_mistake_has_a_place_and_a_remedy_in_both_languages(tmp_path, monkeypatch, args, code):
    monkeypatch.chdir(tmp_path)
    found = run(*args)
    assert found.exit_code == 2 and isinstance(found.exception, SystemExit)
    assert found.stdout == "" and not Path("r").exists()
    zh, en = re.search(rf"\[{code}\] (\S.*：.*)\n    (\S.*: .*)\n", found.stderr).groups()
    assert re.search("[一-龥]", zh) and re.search("[a-z]", en)


def test_a_sentence_in_a_log_stays_a_line():
    found = run("rank", "nowhere-in-this-county-at-all-not-even-in-the-archive-of-the-year-before-last")
    assert len(found.stderr.splitlines()) == 2


def test_the_table_of_chances_is_talk_where_the_range_is_not_chosen():
    found = run("rules", FZ, "--year", 2020, "--format", "json")
    assert found.exit_code == 2 and found.stdout == ""
    assert "[scope-unset]" in found.stderr and "luck_1" in found.stderr


@pytest.mark.parametrize("form", ["json", "csv"])
@pytest.mark.parametrize("args", [("ledger", "list"), ("ledger", "due"), ("status",), ("ledger", "list", "problems")])
def test_an_empty_home_is_no_mistake(tmp_path, args, form):
    found = run(*args, "--home", tmp_path / "home", "--format", form)
    assert found.exit_code == 0, found.stderr
    assert form == "csv" or isinstance(json.loads(found.stdout), list)
    assert "Traceback" not in found.stderr


def test_days_before_today_and_impossible_ports_are_refused():
    assert run("ledger", "due", "--days", -5).exit_code == 2
    assert run("desk", "--port", 99999).exit_code == 2


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("rules", "--scope", "township", "x"), "usage-missing", "zuofeng rules：没有写 --year"),
        (("rules", "--year", "twenty", "x"), "usage-value", "--year 的值不合适：应是整数"),
        (("ledger", "due", "--days", "-4"), "usage-value", "不能小于 0"),
        (("ledger", "list", "--format", "xml"), "usage-value", "应是 'table', 'csv', 'json' 中的一个"),
        (("ledger", "show", "problems"), "usage-missing", "没有写 KEY"),
        (("ledger", "list", "problems", "b"), "usage-other", "多出了“b”"),
        (("rules", "--year"), "usage-other", "--year 后面要写一个值"),
        (("ledger", "list", "--overdu"), "usage-option", "最接近的是 --overdue"),
        (("ledger", "lst"), "usage-verb", "最接近的是“list”"),
        (("ruls",), "usage-verb", "最接近的是“rules”"),
        (("ledger", "add", "learning", "K", "--by", "x", "--set", "n=1", "--set", "n=2"), "set-twice", "（1、2）"),
        (("rules", FZ, "--year", 2020, "--years", "a=2020,a=2021"), "years-twice", "（2020、2021）"),
    ],
)
def test_what_the_parser_refuses_is_said_in_both_languages_too(args, code, said):
    found = run(*args)
    assert found.exit_code == 2 and found.stdout == "" and isinstance(found.exception, SystemExit)
    zh, en = found.stderr.splitlines()
    assert zh.startswith(f"[{code}] ") and said in zh
    assert not re.search("[一-龥]", en)


def test_a_group_by_itself_still_helps():
    assert "Usage" in run("ledger").output and run("--help").exit_code == 0
