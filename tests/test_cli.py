"""The command line: data to stdout, talk to stderr, exit codes 0, 1, 2."""

import csv
import io
import json
import secrets
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from zuofeng_survey.cli import app
from zuofeng_survey.store import Home, Store, cast

COMMANDS = [c.name or c.callback.__name__ for c in app.registered_commands]  # type: ignore[union-attr]
VOTES = {"jia-A": "4", "jia-B": "3", "jia-C": "2"}


def run(*args: object):
    return CliRunner().invoke(app, [str(a) for a in args])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    path = tmp_path / "roster.csv"
    path.write_text("name,label\n" + "".join(f"{n},{n}副职\n" for n in VOTES), encoding="utf-8-sig")
    return path


@pytest.fixture
def published(home: Path, roster: Path) -> dict:
    args = ("--name", "fz", "--roster", roster, "--codes", "A=4,B=6", "--home", home)
    found = run("open", "FZ", *args, "--format", "json")
    assert found.exit_code == 0, found.stderr
    return json.loads(found.stdout)


def vote_all(home: Path, slips: list[dict]) -> None:
    store = Store.of(Home.at(home), "fz")
    items = [f"FZ-B0{n}" for n in range(1, 10)]
    for slip in slips:
        marks = {target: dict.fromkeys(items, mark) for target, mark in VOTES.items()}
        cast(store, secrets.token_hex(16), slip["code"], {"B": marks})
    store.dispose()


@pytest.fixture
def frozen(home: Path, published: dict) -> Path:
    vote_all(home, published["codes"])
    found = run("freeze", "fz", "--key", published["key"], "--home", home)
    assert found.exit_code == 0, found.stderr
    return home / "datasets" / "fz"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps_in_one_line_with_an_example(command):
    found = run(command, "--help")
    assert found.exit_code == 0
    assert f"Example: zuofeng {command}" in " ".join(found.stdout.split())


def test_open_gives_as_many_codes_as_asked_for(published):
    classes = [s["voter_class"] for s in published["codes"]]
    assert (classes.count("A"), classes.count("B")) == (4, 6)
    assert len({s["code"] for s in published["codes"]}) == 10


def test_the_key_and_the_slips_are_files(home, published):
    key = Path(published["key"])
    assert key.stat().st_mode & 0o777 == 0o600
    sheet = load_workbook(home / "slips" / "fz.xlsx").worksheets[0]
    assert sheet.max_row == 11
    assert (home / "slips" / "fz.html").read_text(encoding="utf-8").count("<svg") == 10


def test_status_counts_codes_and_never_votes(home, published):
    vote_all(home, published["codes"][:3])
    found = run("status", "--home", home, "--format", "json")
    rows = json.loads(found.stdout)
    assert sum(r["issued"] for r in rows) == 10
    assert sum(r["cast"] for r in rows) == 3
    assert set(rows[0]) == {"poll", "form_id", "open", "voter_class", "issued", "cast"}


def test_from_ballots_to_a_rank_table(frozen, home):
    found = run("rank", frozen, "--format", "json", "--home", home)
    rows = json.loads(found.stdout)
    assert [r["target"] for r in rows] == ["jia-A", "jia-B", "jia-C"]
    assert [r["rank"] for r in rows] == [1, 2, 3]
    assert [r["estimate"] for r in rows] == pytest.approx([100, 80, 60])
    assert "不得仅凭名次作出处理" in found.stderr


def test_rank_prints_the_same_numbers_as_csv_every_time(frozen):
    first, second = (run("rank", frozen, "--format", "csv").stdout for _ in range(2))
    assert first == second
    rows = list(csv.DictReader(io.StringIO(first)))
    assert rows[0]["lower"] == "1"


def test_score_hides_all_classes_when_one_is_small(frozen):
    found = run("score", frozen, "--format", "json")
    rows = json.loads(found.stdout)
    assert {"target", "n", "mean"} == set(rows[0])
    assert "class-small" in found.stderr


def test_verify_is_clean_and_then_finds_one_changed_byte(frozen):
    assert run("verify", frozen).exit_code == 0
    path = frozen / "ratings.parquet"
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    found = run("verify", frozen)
    assert found.exit_code == 1
    assert "dataset-altered" in found.stderr
    assert "ratings.parquet" in found.stderr


def test_after_the_freeze_box_and_key_are_gone(frozen, home, published):
    assert not (home / "polls" / "fz").exists()
    assert not Path(published["key"]).exists()
    assert json.loads(run("status", "--home", home, "--format", "json").stdout) == []


def test_check_says_clean_or_finds(tmp_path):
    assert run("check", "FZ").exit_code == 0
    broken = tmp_path / "broken.yaml"
    broken.write_text("settings: {form_id: X}\nsurvay: []\n", encoding="utf-8")
    found = run("check", broken, "--format", "json")
    assert found.exit_code == 1
    problems = json.loads(found.stdout)
    assert {"unknown-key", "missing-key"} <= {p["code"] for p in problems}


def test_check_of_nothing_known_names_the_nearest():
    found = run("check", "FX")
    assert found.exit_code == 1
    assert "form-unknown" in found.stderr


BAD = [
    (("open", "FZ", "--name", "a b", "--codes", "A=1"), "poll-name"),
    (("open", "FZ", "--name", "x", "--codes", "A=1"), "roster-needed"),
    (("open", "FZ", "--name", "x", "--roster", "ROSTER"), "codes-needed"),
    (("open", "FZ", "--name", "x", "--roster", "ROSTER", "--codes", "Z=1"), "class-unknown"),
    (("open", "FZ", "--name", "x", "--roster", "ROSTER", "--codes", "A=x"), "codes-option"),
    (("open", "FZ", "--name", "x", "--roster", "ROSTER", "--codes", "A=0"), "class-count"),
    (("open", "FZ", "--name", "x", "--roster", "NOWHERE", "--codes", "A=1"), "file-missing"),
    (("open", "MY", "--name", "x", "--roster", "ROSTER"), "roster-not-needed"),
    (("open", "FZ", "--name", "x", "--roster", "ROSTER", "--codes", "A=²"), "codes-option"),
    (("open", "FZ", "--name", "x", "--roster", "ROSTER", "--codes", "A=5,A=6"), "codes-twice"),
    (("open", "FZ", "--name", "x", "--roster", "ROSTER", "--codes", "A=999999999999"), "codes-many"),
    (("open", "FZ", "--name", "x", "--roster", "SPACED", "--codes", "A=5"), "roster-name"),
    (("open", "FZ", "--name", "x", "--roster", "BROKEN", "--codes", "A=5"), "list-row"),
    (("open", "MY", "--name", "x", "--days", "tomorrow"), "days-option"),
    (("open", "MY", "--name", "x", "--days", "2020-12-20"), "days-option"),
    (("open", "MY", "--name", "x", "--days", "2020-12-22..2020-12-20"), "days-backwards"),
    (("open", "NO", "--name", "x"), "form-unknown"),
    (("freeze", "nothing", "--key", "ROSTER"), "poll-unknown"),
    (("freeze", "nothing", "--key", "NOWHERE"), "file-missing"),
    (("verify", "nothing"), "dataset-missing"),
    (("rank", "nothing"), "dataset-missing"),
    (("rank", "nothing", "--coverage", "95"), "coverage"),
    (("rank", "nothing", "--draws", "1"), "draws"),
    (("serve", "--port", "99999"), "port-number"),
    (("results", "--port", "-1"), "port-number"),
    (("import-table", "NOWHERE", "--voter", "s", "--target", "d", "--value", "y", "--dataset", "x"), "file-missing"),
    (("import-table", "ROSTER", "--voter", "s", "--target", "d", "--value", "y", "--dataset", "x"), "table-column"),
    (("import-table", "ROSTER", "--voter", "s", "--target", "d", "--value", "y", "--dataset", "../x"), "poll-name"),
]


@pytest.mark.parametrize(("args", "code"), BAD, ids=[f"{a[0]}-{c}" for a, c in BAD])
def test_a_mistake_is_told_in_both_languages_and_writes_nothing(args, code, home, roster, tmp_path):
    (tmp_path / "spaced.csv").write_text("name,label\na b,甲\nc/d,乙\n", encoding="utf-8")
    (tmp_path / "broken.csv").write_text("name,label\n,甲\nb,\n", encoding="utf-8")
    names = {"NOWHERE": "nowhere", "SPACED": "spaced", "BROKEN": "broken"}
    places = {n: str(tmp_path / f"{file}.csv") for n, file in names.items()} | {"ROSTER": str(roster)}
    found = run(*(places.get(a, a) for a in args), "--home", home)
    assert found.exit_code == 2
    assert f"[{code}]" in found.stderr
    assert found.stdout == ""
    assert not list(home.glob("polls/*")) + list(home.glob("datasets/*")) + list(home.glob("keys/*"))


def test_a_name_is_taken_once(published, home, roster):
    args = ("--name", "fz", "--roster", roster, "--codes", "A=4", "--home", home)
    found = run("open", "FZ", *args)
    assert found.exit_code == 2
    assert "[poll-exists]" in found.stderr
    assert len(list((home / "keys").iterdir())) == 1


def test_every_broken_row_of_a_roster_is_told_at_once(home, tmp_path):
    (tmp_path / "r.csv").write_text("name,label\n,甲\nb,乙\nc,\n", encoding="utf-8")
    found = run("open", "FZ", "--name", "x", "--roster", tmp_path / "r.csv", "--codes", "A=1", "--home", home)
    assert ["r.csv › A2" in found.stderr, "r.csv › A3" in found.stderr, "r.csv › A4" in found.stderr] == [True, False, True]


def test_a_path_is_printed_in_one_piece(home, published, roster):
    long = home / ("很长的目录名" * 12)
    args = ("--name", "x", "--roster", roster, "--codes", "A=4", "--home", long)
    assert str(long.resolve() / "keys" / "x.key") in run("open", "FZ", *args).stderr


def test_status_of_a_home_that_is_not_there_makes_none(home):
    found = run("status", "--home", home, "--format", "json")
    assert (found.exit_code, json.loads(found.stdout)) == (0, [])
    assert not home.exists()


def test_status_calls_a_poll_closed_after_its_last_day(home):
    assert run("open", "MY", "--name", "old", "--days", "..2020-12-22", "--home", home).exit_code == 0
    assert json.loads(run("status", "--home", home, "--format", "json").stdout)[0]["open"] is False


@pytest.mark.parametrize("k", ["-3", "3", "99"])
def test_a_bottom_that_cannot_be_is_told(frozen, k):
    found = run("rank", frozen, "-k", k)
    assert (found.exit_code, found.stdout) == (2, "") and "[bottom-k]" in found.stderr


def test_the_wrong_key_changes_nothing(home, published, roster):
    args = ("--roster", roster, "--codes", "A=4", "--home", home, "--format", "json")
    other = json.loads(run("open", "FZ", "--name", "other", *args).stdout)
    found = run("freeze", "fz", "--key", other["key"], "--home", home)
    assert found.exit_code == 2
    assert "[key-wrong]" in found.stderr
    vote_all(home, published["codes"][:1])


def test_a_long_table_becomes_a_dataset_that_ranks(tmp_path, home):
    table = tmp_path / "ratings.csv"
    rows = "".join(f"s{s},d{d},{d + (s + d) % 2}\n" for s in range(30) for d in range(1, 5))
    table.write_text("s,d,y\n" + rows, encoding="utf-8")
    args = ("--voter", "s", "--target", "d", "--value", "y", "--dataset", "t", "--home", home)
    assert run("import-table", table, *args).exit_code == 0
    ranked = json.loads(run("rank", "t", "--home", home, "--format", "json").stdout)
    assert [r["target"] for r in ranked] == ["d4", "d3", "d2", "d1"]
    assert ranked[0]["estimate"] == pytest.approx(4.5)


@pytest.mark.parametrize(("row", "code"), [("a,b,x", "table-number"), ("s1,d1,2", "table-twice"), ("a,,1", "table-empty")])
def test_a_bad_cell_is_named_and_nothing_is_written(row, code, tmp_path, home):
    table = tmp_path / "ratings.csv"
    table.write_text(f"s,d,y\ns1,d1,3\n{row}\n", encoding="utf-8")
    args = ("--voter", "s", "--target", "d", "--value", "y", "--dataset", "t", "--home", home)
    found = run("import-table", table, *args)
    assert found.exit_code == 2
    assert f"[{code}] ratings.csv › " in found.stderr
    assert not (home / "datasets" / "t").exists()


def test_a_demo_never_wipes_a_folder_it_did_not_make(tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    found = run("demo", "--no-serve", "--home", tmp_path)
    assert "[demo-folder]" in found.stderr
    assert (tmp_path / "thesis.docx").exists()


def test_csv_output_never_begins_a_cell_with_a_formula():
    from zuofeng_survey.cli.output import inert

    for opener in "=+-@＝＋－＠\t":
        assert inert(f"{opener}1")[0] == "'"
