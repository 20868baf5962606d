"""The rooms stand in an order, and a room imports only from rooms before it."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import zuofeng_survey

PACKAGE = Path(zuofeng_survey.__file__).parent
ORDER = [
    "errors",
    "html",
    "expression",
    "questionnaire",
    "answers",
    "workbook",
    "xlsform",
    "codes",
    "seal",
    "poll",
    "store",
    "dataset",
    "scoring",
    "stats",
    "results",
    "rules",
    "ledger",
    "opinions",
    "charts",
    "slips",
    "report",
    "publishing",
    "web",
    "demo",
    "cli",
]
PURE = {"numpy", "scipy", "pandas", "threadpoolctl"}  # the last: how many cores NumPy's products take


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules() -> list[Path]:
    return [p for p in sorted(PACKAGE.rglob("*.py")) if p != PACKAGE / "__init__.py"]


def imported(path: Path) -> set[str]:
    """Return dotted names that a module imports, relative ones resolved."""
    here = ["zuofeng_survey", *path.relative_to(PACKAGE).with_suffix("").parts]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = here[: len(here) - node.level] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            found |= {base} if node.module else {f"{base}.{a.name}" for a in node.names}
            if base == "zuofeng_survey":
                found |= {f"{base}.{a.name}" for a in node.names}
    return found


def rooms_imported(path: Path) -> set[str]:
    parts = [name.split(".") for name in imported(path)]
    return {p[1] for p in parts if p[0] == "zuofeng_survey" and len(p) > 1}


def test_every_room_has_its_place_in_the_order():
    assert {room_of(p) for p in modules()} <= {*ORDER, "__init__", "messages", "questionnaires", "notebooks"}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_only_from_rooms_before_it(path):
    room = room_of(path)
    allowed = set(ORDER[: ORDER.index(room) + 1])
    assert rooms_imported(path) - allowed == set()


@pytest.mark.parametrize("path", sorted((PACKAGE / "stats").glob("*.py")), ids=lambda p: p.name)
def test_statistics_are_pure(path):
    roots = {name.split(".")[0] for name in imported(path)} - {"zuofeng_survey"}
    assert {r for r in roots if r not in sys.stdlib_module_names} <= PURE
    assert rooms_imported(path) <= {"stats", "html"}


def test_importing_the_package_loads_nothing_heavy():
    heavy = ["pandas", "numpy", "scipy", "ibis", "sqlalchemy", "voila", "ipywidgets", "openpyxl", "altair"]
    code = "import sys, json, zuofeng_survey; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.check_output([sys.executable, "-c", code]))
    assert not {m.split(".")[0] for m in loaded} & set(heavy)


def test_a_form_kernel_loads_no_statistics_and_no_store():
    heavy = {"pandas", "numpy", "scipy", "ibis", "sqlalchemy", "openpyxl", "altair", "duckdb"}
    code = "import sys, json; from zuofeng_survey import SurveyForm; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.check_output([sys.executable, "-c", code]))
    assert not {m.split(".")[0] for m in loaded} & heavy


def test_public_names_are_few_sorted_and_there():
    names = zuofeng_survey.__all__
    assert names == sorted(names)
    assert len(names) <= 40
    for name in names:
        thing = getattr(zuofeng_survey, name)
        assert thing.__module__.startswith("zuofeng_survey")


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError):
        zuofeng_survey.nothing_of_this_name  # noqa: B018


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_that_runs_text_as_code(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    assert not called & {"eval", "exec", "compile", "__import__"}
    assert not {name.split(".")[0] for name in imported(path)} & {"pickle", "marshal", "shelve"}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_can_be_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350
