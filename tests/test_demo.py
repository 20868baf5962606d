"""The demo county is built through the code that people's ballots take, and finds what was planted."""

import socket

import pytest
from typer.testing import CliRunner

from demo_builds import build_demo
from formserver import free_port
from zuofeng_survey import results, scoring
from zuofeng_survey.cli import app
from zuofeng_survey.dataset import Dataset, verify
from zuofeng_survey.demo import county
from zuofeng_survey.demo.run import run_servers


@pytest.fixture(scope="module")
def home(demo_home):
    return demo_home


@pytest.fixture(scope="module")
def datasets(home):
    return {p.name: Dataset.open(p) for p in sorted((home.path / "datasets").iterdir())}


def test_every_form_left_a_dataset_that_verifies(datasets):
    assert {d.manifest["form_id"] for d in datasets.values()} == {
        "FZ", "SJ", "MY", "ZC", "HF", "TL", "XH", "ZT",
    }  # fmt: skip
    assert [verify(d.path) for d in datasets.values()] == [[]] * len(datasets)


def test_no_ballot_was_void_and_counts_reconcile(datasets):
    for dataset in datasets.values():
        for row in dataset.manifest["counts"].values():
            assert row["cast"] == row["valid"] + row["void"]
            assert row["void"] == 0
            assert row["asked"] == row["answered"] + row["blank"]
            assert row["cast"] <= row["issued"] or dataset.manifest["access"] == "open"


def test_the_truly_worst_is_certainly_in_the_bottom(datasets):
    ranking = results.rank(datasets["FZ-丙镇-2020"], k=1)
    worst = ranking.bottom.unit.index("bing-B")
    assert ranking.bottom.certain[worst]
    assert ranking.bottom.verified


def test_where_nobody_is_worst_the_bottom_two_are_not_verified(datasets):
    assert not results.rank(datasets["FZ-乙镇-2020"], k=2).bottom.verified


def test_nested_voters_rate_their_own_secretary_only(datasets):
    panel = scoring.panel(datasets["SJ-乙镇-2020"])
    rated = (panel.scores == panel.scores).sum(axis=1)
    assert set(rated[panel.voter_class == "C"]) == {1}
    assert rated[panel.voter_class == "A"].min() > 10


def test_the_county_is_the_same_every_time_and_at_every_size(datasets, tmp_path):
    again = build_demo(tmp_path / "again").dataset("FZ-丙镇-2021")
    first = scoring.class_means(datasets["FZ-丙镇-2021"]).execute()
    second = scoring.class_means(Dataset.open(again)).execute()
    order = ["target", "voter_class"]
    one, two = (found.sort_values(order) for found in (first, second))
    assert one["n"].tolist() == two["n"].tolist()
    assert one["mean"].tolist() == pytest.approx(two["mean"].tolist())


def test_three_years_are_in_the_manifests(datasets):
    years = {d.manifest["year"] for d in datasets.values()}
    assert years == {2020, 2021, 2022}
    assert datasets["FZ-丙镇-2021"].manifest["pool"] == "丙镇"


def test_polls_to_try_are_open_and_only_they(home):
    assert home.polls() == sorted(f"try-{f}" for f in ("FZ", "SJ", *county.shape()["open_forms"]))


def test_a_second_build_replaces_the_first(tmp_path):
    before = build_demo(tmp_path / "d").pepper
    assert build_demo(tmp_path / "d").pepper != before


def test_the_servers_come_up_answer_every_page_once_and_go(home):
    said: list[str] = []
    ports = free_port(), free_port(), free_port()
    assert run_servers(home, *ports, check=True, say=lambda text, **_: said.append(text)) == 0
    assert sum(line.startswith("✓") for line in said) == 6
    for port in ports:
        with socket.socket() as knock:
            assert knock.connect_ex(("127.0.0.1", port)) != 0


def test_a_taken_port_is_told_before_anything_is_built(tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        found = CliRunner().invoke(app, ["demo", "--port", port, "--home", str(tmp_path / "demo")])
    assert found.exit_code == 2 and "[port-taken]" in found.stderr
    assert not (tmp_path / "demo").exists()
