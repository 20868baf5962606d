"""Scoring where the answers are: DuckDB and Spark say the same, and sums are enough to rank."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from frozen import IBIS_WARNS, deputies, frozen
from zuofeng_survey import scoring
from zuofeng_survey.cli import app
from zuofeng_survey.dataset import Dataset, import_table
from zuofeng_survey.errors import DatasetError, UsageError
from zuofeng_survey.poll import Target
from zuofeng_survey.stats.composite import composite
from zuofeng_survey.stats.moments import composite_from, moments
from zuofeng_survey.stats.ranking import rank_sets_from

pytestmark = [
    *IBIS_WARNS,
    # pyspark 4.0 still uses what pandas 3 has deprecated, and leaves its sockets to the collector
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
    pytest.mark.filterwarnings("ignore:unclosed <socket.socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
MERIT = {"甲": 0.6, "乙": 0.3, "丙": 0.0, "丁": -1.6, "戊": -0.4}
VIEWS = {
    "item_table": scoring.item_table,
    "class_means": scoring.class_means,
    "dims": lambda d: scoring.class_means(d, base="dims"),
    "cells": scoring.cells,
    "distribution": lambda d: scoring.distribution(d, "FZ-B09"),
    "scale_scores": scoring.scale_scores,
}


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return deputies(tmp_path_factory.mktemp("five") / "FZ-五人", MERIT)


@pytest.fixture(scope="module")
def gaps(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Some 2,300 ratings by 300 voters of three classes, most cells empty; one class of one."""
    rng = np.random.default_rng(7)
    seen = rng.random((300, 20)) < 0.4
    score = 1e6 + rng.normal(size=20) + rng.normal(size=(300, 1)) + rng.normal(size=(300, 20))
    voter, target = np.nonzero(seen)
    cls = np.where(voter == 0, "C", np.where(voter % 3, "A", "B"))
    frame = pd.DataFrame({"v": voter, "t": [f"t{i}" for i in target], "y": score[seen], "c": cls})
    folder = tmp_path_factory.mktemp("gaps")
    frame.to_csv(folder / "gaps.csv", index=False)
    names = {"voter": "v", "target": "t", "value": "y", "voter_class": "c"}
    return import_table(folder / "gaps.csv", folder / "gaps", **names)


@pytest.fixture(scope="module")
def sparked(five: Dataset) -> Dataset:
    return five.on("spark")


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_spark_says_what_duckdb_says(five, sparked, view):
    here, there = view(five).execute(), view(sparked).execute()
    keys = [c for c in here.columns if here[c].dtype.kind not in "f"]
    here, there = (f.sort_values(keys, ignore_index=True) for f in (here, there))
    assert here.columns.tolist() == there.columns.tolist() and len(here)
    pd.testing.assert_frame_equal(here, there, rtol=0, atol=1e-10, check_dtype=False)


def test_spark_sums_up_as_duckdb_does(five, sparked):
    here, there = scoring.sufficient(five), scoring.sufficient(sparked)
    assert (here.unit, here.classes) == (there.unit, there.classes)
    for name in ("size", "counts", "mean", "both", "cross"):
        assert getattr(there, name) == pytest.approx(getattr(here, name), abs=1e-10, nan_ok=True)
    items = (scoring.item_sufficient(d).pooled() for d in (five, sparked))
    pd.testing.assert_frame_equal(*items, rtol=0, atol=1e-10)


def test_score_on_spark_prints_what_duckdb_prints(five, sparked):
    rows = {}
    for engine in ("duckdb", "spark"):
        found = CliRunner().invoke(app, ["score", str(five.path), "--engine", engine, "--format", "json"])
        assert found.exit_code == 0, found.stderr
        rows[engine] = pd.DataFrame(json.loads(found.stdout))
    pd.testing.assert_frame_equal(rows["duckdb"], rows["spark"], rtol=0, atol=1e-10)


def test_a_ranking_from_sums_is_the_ranking_from_the_panel(gaps):
    panel = scoring.panel(gaps)
    frame = pd.DataFrame(panel.scores, columns=list(panel.targets))
    whole = composite(frame, panel.voter_class, weights=panel.weights)
    sums = scoring.sufficient(gaps)
    part = composite_from(sums, weights=sums.weights)
    assert (part.unit, part.classes, part.notes) == (whole.unit, whole.classes, whole.notes)
    assert part.estimate == pytest.approx(whole.estimate, abs=1e-8)
    assert part.covariance == pytest.approx(whole.covariance(), abs=1e-10)
    assert part.se == pytest.approx(whole.se, abs=1e-10)
    drawn = {"draws": 999, "seed": 5}
    one = rank_sets_from(part.series, part.covariance, **drawn)
    two = rank_sets_from(pd.Series(whole.estimate, list(whole.unit)), whole.covariance(), **drawn)
    names = ["unit", "rank", "lower", "upper"]
    pd.testing.assert_frame_equal(one.table()[names], two.table()[names])
    assert one.critical == pytest.approx(two.critical, abs=1e-6)


@pytest.mark.parametrize("base", scoring.BASES)
def test_panels_read_once_for_all_maps_are_the_cells_of_each(five, base):
    for score_map in ("", *five.questionnaire.score_maps):
        cells = scoring.cells(five, base=base, score_map=score_map).execute()
        wide = cells.pivot(index="ballot", columns="target", values="score").sort_index()
        panel = scoring.panels(five, score_map=score_map)[base]
        np.testing.assert_array_equal(panel.scores, wide.reindex(columns=list(panel.targets)).to_numpy(dtype=float))
        with pytest.raises(ValueError, match="read-only"):
            panel.scores[0, 0] = 0.0


def test_a_scoring_map_that_is_none_is_refused_by_panels_too(five):
    for ask in (scoring.panel, scoring.panels):
        with pytest.raises(UsageError) as refused:
            ask(five, score_map="steep")
        assert refused.value.code == "score-map-unknown"


def test_sums_of_complete_ballots_are_enough_too(five):
    panel, sums = scoring.panel(five), scoring.sufficient(five)
    whole = composite(panel.scores, panel.voter_class, weights=panel.weights)
    part = composite_from(sums, weights=sums.weights)
    assert part.estimate == pytest.approx(whole.estimate, abs=1e-10)
    assert part.covariance == pytest.approx(whole.covariance(), abs=1e-10)
    assert part.n_eff == pytest.approx(whole.n_eff)


@pytest.mark.parametrize("missing", [0.0, 0.5, 0.9])
def test_moments_of_a_panel_give_its_composite(missing):
    rng = np.random.default_rng(3)
    y = np.where(rng.random((40, 6)) < missing, np.nan, rng.normal(size=(40, 6)))
    y[:4] = 1.0
    cls, weights = ["A"] * 30 + ["B"] * 9 + ["C"], {"A": 0.5, "B": 0.3, "C": 0.2, "D": 0.0}
    cls = [c if np.isfinite(row).any() else "A" for c, row in zip(cls, y, strict=True)]
    weights = {c: w for c, w in weights.items() if c in cls or not w}
    whole = composite(y, cls, weights=weights)
    part = composite_from(moments(y, cls, weights=weights), weights=weights)
    assert part.notes == whole.notes
    assert part.estimate == pytest.approx(whole.estimate, abs=1e-12)
    assert part.covariance == pytest.approx(whole.covariance(), abs=1e-12)


def test_weights_must_name_the_classes_the_sums_are_of():
    sums = moments([[1, 2], [2, 1]], ["A", "A"], weights={"A": 1})
    with pytest.raises(ValueError, match="weights must name each class"):
        composite_from(sums, weights={"B": 1})


def test_items_go_together_as_in_a_covariance_of_deviations(five):
    found = scoring.item_sufficient(five)
    wide = scoring.item_scores(five).execute().pivot_table(
        index=["target", "voter_class", "ballot"], columns="item", values="score"
    ).dropna()  # fmt: skip
    deviation = wide - wide.groupby(level=["target", "voter_class"]).transform("mean")
    df = len(wide) - deviation.index.droplevel("ballot").nunique()
    complete = found.cross.groupby(["item", "other"])["n"].sum().nunique() == 1
    assert complete
    expected = deviation.T @ deviation / df
    pd.testing.assert_frame_equal(found.pooled(), expected, check_dtype=False, atol=1e-10)


def test_an_unknown_engine_is_refused(five):
    with pytest.raises(UsageError) as caught:
        five.on("sparc")
    assert caught.value.code == "engine-unknown" and "“spark”" in caught.value.problems[0].en


def test_a_memory_limit_that_is_none_is_refused(five, monkeypatch):
    monkeypatch.setenv("ZUOFENG_MEMORY", "plenty")
    with pytest.raises(UsageError) as caught:
        five.on("duckdb")
    assert caught.value.code == "memory-setting"


def score_elsewhere(dataset: Dataset, code: str = "", **env: str) -> subprocess.CompletedProcess:
    """Run ``zuofeng score --engine spark`` in a fresh process."""
    script = f"{code}\nfrom zuofeng_survey.cli import main; main()"
    args = [sys.executable, "-c", script, "score", str(dataset.path), "--engine", "spark"]
    return subprocess.run(args, env=os.environ | env, capture_output=True, text=True)


def test_without_java_it_says_what_to_install(five):
    found = score_elsewhere(five, PATH="/nowhere", JAVA_HOME="")
    assert found.returncode == 2 and "[java-missing]" in found.stderr
    assert "default-jre-headless" in found.stderr and not found.stdout


def test_without_spark_it_names_the_extra(five):
    hide = "import sys; sys.modules['pyspark'] = None"
    found = score_elsewhere(five, hide)
    assert found.returncode == 2 and "[spark-missing]" in found.stderr
    assert "zuofeng-survey[spark]" in found.stderr


def test_a_dataset_without_ratings_has_nothing_to_score(tmp_path):
    target, counts = Target(name="a", label="甲"), {"A": 5, "B": 14}
    none = frozen(tmp_path / "none", "FZ", [], targets=[target], counts=counts)
    with pytest.raises(UsageError) as caught:
        scoring.sufficient(none)
    assert caught.value.code == "no-ratings"
    found = CliRunner().invoke(app, ["score", str(none.path)])
    assert found.exit_code == 2 and "[no-ratings]" in found.stderr


def test_a_table_that_is_gone_is_said_so(tmp_path):
    given = deputies(tmp_path / "gone", MERIT)
    Path(given.path / "ratings.parquet").unlink()
    with pytest.raises(DatasetError) as caught:
        scoring.cells(given)
    assert caught.value.code == "dataset-altered"
