"""The public statistics: all there, sorted, and none loads the others."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from zuofeng_survey import stats

FOLDER = Path(stats.__file__).parent


def public() -> dict[str, str]:
    """Return what is public: functions with an example, classes that list their attributes."""
    found = {}
    for path in FOLDER.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                mark = ">>>" if isinstance(node, ast.FunctionDef) else "Attributes\n"
                if mark in (ast.get_docstring(node) or ""):
                    assert node.name not in found, f"{node.name} is in two files"
                    found[node.name] = path.stem
    return found


def test_every_statistic_and_every_result_is_exported_and_nothing_else():
    assert stats.__all__ == sorted(public())
    assert dir(stats) == stats.__all__


@pytest.mark.parametrize(("name", "file"), sorted(public().items()))
def test_a_name_means_the_statistic_of_its_file(name, file):
    thing = getattr(stats, name)
    assert thing.__name__ == name
    assert thing.__module__ == f"zuofeng_survey.stats.{file}"


def test_a_statistic_called_as_its_file_stays_one_whatever_is_imported():
    code = (
        "import zuofeng_survey.stats.icc, zuofeng_survey.stats.omega; "
        "from zuofeng_survey.stats import icc, omega; from zuofeng_survey.stats.icc import Icc; "
        "print(icc.__name__, omega.__name__, Icc.__name__)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["icc", "omega", "Icc"]


def test_importing_statistics_loads_no_room():
    code = "import sys, json, zuofeng_survey.stats; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.check_output([sys.executable, "-c", code]))
    assert not [m for m in loaded if m.startswith(("numpy", "zuofeng_survey.stats."))]


def test_an_unknown_statistic_is_an_attribute_error():
    with pytest.raises(AttributeError, match="astrology"):
        stats.astrology  # noqa: B018
