"""The wheel alone, far from the repository: whatever the package needs to read is in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder

from formserver import FORMS, free_port

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as pip would, without the internet."""
    folder = tmp_path_factory.mktemp("wheel")
    return Path(next(iter(WheelBuilder(str(ROOT)).build(directory=str(folder)))))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def elsewhere(installed: Path, folder: Path) -> dict[str, Any]:
    """Return how to run Python with the unpacked wheel and without this repository."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    home = {"HOME": str(folder), "ZUOFENG_HOME": str(folder / "var")}
    return {"cwd": folder, "env": {**kept, **home, "PYTHONPATH": str(installed)}}


def zuofeng(installed: Path, folder: Path, *args: str) -> str:
    command = [sys.executable, "-m", "zuofeng_survey.cli", *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **elsewhere(installed, folder))
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def serving(installed: Path, folder: Path, *args: str) -> Iterator[str]:
    """Run a server of ours until the block ends; yield its address."""
    port = free_port()
    command = [sys.executable, "-m", "zuofeng_survey.cli", *args, "--port", str(port)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stderr=log, **elsewhere(installed, folder))
        try:
            while not re.search(rb"http://\S+", (folder / "log").read_bytes()):
                assert server.poll() is None, (folder / "log").read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read().decode()


def test_it_holds_every_file_of_the_package_and_nothing_else(wheel: Path):
    names = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "src" / "zuofeng_survey"
    ours = {str(p.relative_to(package.parent)) for p in package.rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    for name, folder in (("questionnaires", "questionnaires"), ("notebooks/forms", "notebooks/forms"),
                         ("notebooks/views", "notebooks/views"), ("notebooks/views/desk", "notebooks/views/desk")):  # fmt: skip
        files = [p for p in (ROOT / folder).iterdir() if p.is_file()]
        ours |= {f"zuofeng_survey/{name}/{p.name}" for p in files}
    assert {n for n in names if ".dist-info/" not in n} == ours
    assert "zuofeng_survey/py.typed" in names
    assert {n.split(".")[-1] for n in ours} >= {"toml", "yaml", "csv", "ipynb", "js", "css", "j2"}
    assert [n for n in names if n.endswith(("licenses/LICENSE", "entry_points.txt"))]


def test_it_is_the_wheel_that_runs(installed: Path, tmp_path: Path):
    code = "import zuofeng_survey as z; print(z.__file__); from zuofeng_survey.demo import county; county.shape()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          **elsewhere(installed, tmp_path))  # fmt: skip
    assert Path(done.stdout.strip()).is_relative_to(installed)
    zuofeng(installed, tmp_path, "check", *FORMS)


def test_a_poll_is_opened_and_its_form_served(installed: Path, tmp_path: Path):
    (tmp_path / "r.csv").write_text("name,label\na,甲\nb,乙\n", encoding="utf-8")
    args = ("--name", "fz", "--roster", "r.csv", "--codes", "A=5,B=5", "--format", "json")
    assert len(json.loads(zuofeng(installed, tmp_path, "open", "FZ", *args))["codes"]) == 10
    with serving(installed, tmp_path, "serve") as site:
        page = read(f"{site}/p/fz")
        assert "甲" in page
        for path in re.findall(r'(?:href|src)="(/zf/[^"]+)"', page):
            assert len(read(site + path)) > 100
        assert '"FZ-B01"' in read(f"{site}/voila/render/FZ.ipynb")


def test_the_evaluators_views_are_there(installed: Path, tmp_path: Path):
    with serving(installed, tmp_path, "results", "--token", "secret") as site:
        page = read(f"{site}/?token=secret")
    assert "ranking.ipynb" in page and "opinion.ipynb" in page
