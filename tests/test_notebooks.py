"""Notebooks tell and the package does: the house style, and reports that come out the same again."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
ALL = sorted(p for p in NOTEBOOKS.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
REPORTS = [p for p in ALL if p.parent.name == "reports"]
SCREENS = [p for p in ALL if p.parent.name in ("forms", "views", "desk")]
FORBIDDEN = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.For,
    ast.While,
    ast.Lambda,
    ast.comprehension,
)
LONGEST = 12


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [c for c in notebook["cells"] if c["cell_type"] == kind]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def outputs(path: Path) -> list[dict[str, Any]]:
    return [o for c in cells(path, "code") for o in c["outputs"]]


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def test_there_are_views_and_reports():
    numbers = sorted(p.stem.partition("_")[0] for p in REPORTS if p.stem != "methods")
    assert numbers == [f"nb{n:02d}" for n in range(1, 14)]
    assert {p.stem for p in SCREENS} >= {"ranking", "opinion", "plan"}


@pytest.mark.parametrize("path", ALL, ids=named)
def test_it_begins_with_a_title_and_why(path):
    first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]
    title, _, why = source(first).partition("\n")
    assert first["cell_type"] == "markdown" and title.startswith("# ") and len(why.strip()) > 20
    assert any("一" <= letter <= "鿿" for letter in title)


@pytest.mark.parametrize("path", ALL, ids=named)
def test_cells_are_short_and_only_tell(path):
    for cell in cells(path, "code"):
        assert len(source(cell).splitlines()) <= LONGEST
        assert not [n for n in ast.walk(ast.parse(source(cell))) if isinstance(n, FORBIDDEN)]


@pytest.mark.parametrize("path", SCREENS, ids=named)
def test_a_form_or_view_is_import_build_show(path):
    bodies = [ast.parse(source(c)).body for c in cells(path, "code")]
    assert len(bodies) == 3
    assert all(isinstance(line, (ast.Import, ast.ImportFrom)) for line in bodies[0])
    assert isinstance(bodies[2][-1], ast.Expr)
    assert all(c["outputs"] == [] for c in cells(path, "code"))


@pytest.mark.parametrize("path", REPORTS, ids=named)
def test_a_report_keeps_its_outputs_and_starts_with_the_hash(path):
    code = cells(path, "code")
    assert all(c["outputs"] for c in code)
    printed = "".join("".join(o.get("text", "")) for o in code[0]["outputs"])
    assert "数据指纹" in printed and "一致" in printed


@pytest.mark.parametrize("path", REPORTS, ids=named)
def test_a_report_holds_text_tables_and_drawings_and_nothing_that_passes(path):
    kinds = {k for o in outputs(path) for k in o.get("data", {})}
    assert kinds <= {"text/plain", "text/html", "image/svg+xml"}
    pages = ["".join(o["data"]["text/html"]) for o in outputs(path) if "text/html" in o.get("data", {})]
    assert all(page.startswith("<div class='zf-scroll'") and "<script" not in page for page in pages)
    assert not [
        o for o in outputs(path) if o["output_type"] == "error" or o.get("name") == "stderr"
    ]
    assert all(c["metadata"] in ({}, {"tags": []}) for c in cells(path, "code"))
    assert path.stat().st_size < 200_000


def test_reports_come_out_the_same_when_run_again():
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "--nbval-current-env",
        "-q",
        "-o",
        "addopts=",
    ]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", *map(str, REPORTS)],
        capture_output=True, text=True, timeout=600, cwd=NOTEBOOKS.parent, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
