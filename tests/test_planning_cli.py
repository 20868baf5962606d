"""``zuofeng plan``: the honest page, and its mistakes."""

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from zuofeng_survey.cli import app

ASKED = ["plan", "--voters", "A=5,B=14,C=20,D=10", "--targets", "6", "-k", "2", "--reps", "20"]


def run(*args: object):
    return CliRunner().invoke(app, [str(a) for a in args])


def test_a_plan_says_what_luck_would_do_in_the_county():
    found = run(*ASKED, "--pools", 12, "--spread", "none", "--format", "json")
    assert found.exit_code == 0, found.stderr
    rows = {r["question"]: r for r in json.loads(found.stdout)}
    luck = [round(rows[f"named_{y}"]["if_equal"], 2) for y in (1, 2, 3)]
    assert luck == [24.0, 8.0, 2.67]
    assert rows["named_1"]["estimate"] == 24 and rows["right"]["estimate"] == 0
    said = "".join(found.stderr.split())
    assert "仅凭运气也会点到：一年24人、连续两年8人、连续三年2.7人" in said


def test_the_same_seed_prints_the_same_csv():
    one, two = (run(*ASKED, "--years", 2, "--format", "csv").stdout for _ in range(2))
    assert one == two
    assert len(list(csv.DictReader(io.StringIO(one)))) == 5 + 2 * 4


@pytest.mark.parametrize("name", ["plan.svg", "plan.png"])
def test_a_chart_is_drawn(tmp_path, name):
    found = run(*ASKED, "--targets", "7,6", "--weights", "A=.3,B=.3,C=.25,D=.15", "--chart", tmp_path / name)
    assert found.exit_code == 0, found.stderr
    drawn = (tmp_path / name).read_bytes()
    assert drawn.startswith(b"<svg" if name.endswith("svg") else b"\x89PNG")
    assert not name.endswith("svg") or "连续三年" in drawn.decode()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (["--voters", "A=x"], "codes-option"),
        (["--voters", "A=1,B=1"], "plan-voters"),
        (["--voters", ""], "plan-voters"),
        (["--targets", "six"], "sizes-option"),
        (["--targets", "7,6", "--pools", "2"], "sizes-option"),
        (["-k", "6"], "plan-k"),
        (["-k", "0"], "plan-k"),
        (["--years", "0"], "plan-number"),
        (["--reps", "3"], "plan-number"),
        (["--pools", "0"], "plan-number"),
        (["--targets", "99999999"], "plan-number"),
        (["--weights", "A=1"], "plan-weights"),
        (["--weights", "A=-1"], "shares-option"),
        (["--weights", "A="], "shares-option"),
        (["--chart", "plan.pdf"], "chart-file"),
        (["--chart", "/nowhere/plan.svg"], "chart-folder"),
    ],
)
def test_a_mistake_is_told_and_nothing_simulated(change, code):
    found = run(*ASKED, *change)
    assert found.exit_code == 2 and found.stdout == ""
    assert f"[{code}]" in found.stderr
