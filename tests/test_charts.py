"""Charts: what is drawn, in which order, and that a mark says what its colour says."""

import json
from pathlib import Path

import pytest

from frozen import IBIS_WARNS, deputies, frozen, opinions
from zuofeng_survey import charts, results
from zuofeng_survey.charts.ballots import STANDING
from zuofeng_survey.dataset import Dataset
from zuofeng_survey.poll import Target

pytestmark = IBIS_WARNS
HOSTILE = '<img src=x onerror="window.__xss=1">'


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    merit = {"甲": 0.6, "乙": 0.3, HOSTILE: 0.0, "丁": -1.6}
    return deputies(tmp_path_factory.mktemp("four") / "d", merit)


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    towns = {
        "jia": ["5", "4", "3", "2", "1"] * 8,
        "yi": ["4", "2"] * 10,
        "bing": ["5", "1", "3"],
        "": ["9"] * 4,
    }
    return opinions(tmp_path_factory.mktemp("survey") / "d", towns)


def rows(chart, *columns):
    """Return the rows of the data sets of a chart that have these columns."""
    found = [d for d in chart.to_dict()["datasets"].values() if set(columns) <= set(d[0])]
    return found[0]


def drawn(chart, tmp_path: Path) -> str:
    charts.save(chart, str(tmp_path / "c.svg"))
    return (tmp_path / "c.svg").read_text(encoding="utf-8")


def test_ranks_are_drawn_best_first_with_their_sets(four):
    found = results.rank(four)
    table = found.table()
    data = rows(charts.rank_plot(found), "rank", "set")
    assert [d["label"] for d in data] == table["label"].tolist()
    assert [d["rank"] for d in data] == table["rank"].tolist()
    assert data[-1]["standing"] == STANDING["certain"]
    assert [round(d["to"] - d["from"], 6) for d in data] == [
        pytest.approx(u - low + 0.6) for low, u in zip(table["lower"], table["upper"], strict=True)
    ]


def test_the_bottom_is_shaded(four):
    found = results.rank(four, k=1)
    assert [
        d
        for d in charts.rank_plot(found).to_dict()["datasets"].values()
        if d == [{"from": 3.5, "to": 4.5}]
    ]


def test_each_standing_has_a_shape_of_its_own(four):
    layers = charts.rank_plot(results.rank(four)).to_dict()["layer"]
    shapes = next(
        x["encoding"]["shape"]["scale"]["range"] for x in layers if "shape" in x["encoding"]
    )
    assert len(set(shapes)) == 3


def test_no_number_in_a_chart_is_sharper_than_in_the_table(four):
    found = results.rank(four)
    for row in rows(charts.rank_plot(found), "score"):
        assert len(row["score"].partition(".")[2]) <= 1
    for row in rows(charts.grade_plot(four), "grade"):
        assert row["from"] == round(row["from"], 2)


def test_labels_are_drawn_as_text(four, tmp_path):
    svg = drawn(charts.rank_plot(results.rank(four)), tmp_path)
    assert "<img" not in svg and "&lt;img" in svg


def test_grades_fill_the_whole_bar_in_order(four):
    order = tuple(results.rank(four).table()["target"])
    data = rows(charts.grade_plot(four, order=order), "grade", "from", "to")
    for label in {d["label"] for d in data}:
        parts = [d for d in data if d["label"] == label]
        assert parts[0]["from"] == 0 and parts[-1]["to"] == 1
        assert [d["at"] for d in parts] == sorted(d["at"] for d in parts)


def test_a_unanimous_grade_is_drawn_as_most_of_them(tmp_path):
    two = [Target(name="a", label="甲"), Target(name="b", label="乙")]
    ballots = [("A", [("FZ-B09", "a", "4"), ("FZ-B09", "b", str(1 + n % 4))]) for n in range(8)]
    given = frozen(tmp_path / "d", "FZ", ballots, targets=two, counts={"A": 8})
    parts = [d for d in rows(charts.grade_plot(given), "grade") if d["label"] == "甲"]
    assert [(d["grade"], d["said"], d["to"]) for d in parts] == [
        ("优秀", "≥90%", 0.9),
        ("不细分", "≤10%", 1.0),
    ]


def test_the_neutral_level_straddles_the_middle(survey):
    data = rows(charts.satisfaction_plot(results.mass_opinion(survey)), "level", "from")
    middle = [d for d in data if d["level"] == 50]
    assert middle and all(d["from"] == pytest.approx(-d["to"], abs=2e-3) for d in middle)
    assert all("人" in d["area_label"] for d in data)


def test_hidden_groups_are_not_in_the_chart(survey):
    found = results.mass_opinion(survey, by="MY-S03")
    spec = json.dumps(charts.group_plot(found, "overall").to_dict(), ensure_ascii=False)
    assert "甲镇" in spec and "丙镇" not in spec and "乙镇" not in spec


def test_many_targets_leave_the_last_ones(four):
    found = results.rank(four)
    data = rows(charts.rank_plot(found, most=2), "rank", "set")
    assert [d["label"] for d in data] == found.table()["label"].tolist()[-2:]


def test_labels_twice_are_two_rows(tmp_path):
    two = [Target(name=t, label="张某") for t in "ab"]
    ballots = [
        ("A", [("FZ-B09", t, str(1 + (n + i) % 4)) for i, t in enumerate("ab")]) for n in range(8)
    ]
    given = frozen(tmp_path / "d", "FZ", ballots, targets=two, counts={"A": 8})
    data = rows(charts.rank_plot(results.rank(given)), "rank", "set")
    assert sorted(d["label"] for d in data) == ["张某", "张某（2）"]


@pytest.mark.parametrize("name", ["c.svg", "c.png"])
def test_charts_are_saved_without_a_browser(four, tmp_path, name):
    charts.save(charts.rank_plot(results.rank(four)), str(tmp_path / name))
    assert (tmp_path / name).stat().st_size > 5_000


def test_a_shown_chart_brings_its_script_along(four):
    widget = charts.show(charts.rank_plot(results.rank(four)))
    assert "https://esm.sh" not in widget._esm and len(widget._esm) > 100_000
