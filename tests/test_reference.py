"""Every reference case of a folder: tests/reference, or the one ZUOFENG_CASES names.

``ZUOFENG_CASES=folder pytest tests/test_reference.py`` runs ``folder/cases/*.json`` with
``folder/data``. A case of a known kind needs no code; an unknown kind fails.
"""

from pathlib import Path

import pytest

from reference_kinds import DEFAULT, Check, checker, checks, kind_of, paths, read

DOC = Path(__file__).parents[1] / "docs" / "reference-cases.md"


@pytest.mark.parametrize("path", paths(), ids=lambda p: p.stem)
def test_case_holds_within_its_tolerance(path):
    found = checks(read(path))
    assert found, "a case must check something"
    wrong = [c for c in found if not c.holds]
    assert not wrong, "\n".join(f"{c.what}: {c.got} instead of {c.expected}" for c in wrong)


def test_an_unknown_kind_fails():
    with pytest.raises(LookupError, match="no kind known"):
        checker("astrology_1999")


def test_a_kind_is_the_longest_that_fits():
    assert checker("csranks_multinom_exact") is not checker("csranks_pisa2018_math")


@pytest.mark.parametrize("got", [1.1, float("nan"), [1.0, 1.0]])
def test_a_wrong_figure_does_not_hold(got):
    assert not Check("x", got, 1.0, abs=0.01).holds
    assert Check("x", 1.005, 1.0, abs=0.01).holds


def test_the_kept_table_has_the_cases_there_are():
    kept = DOC.read_text(encoding="utf-8").splitlines()
    rows = [line.split(" | ") for line in kept if line.startswith("| `")]
    told = [read(p) for p in sorted((DEFAULT / "cases").glob("*.json"))]
    assert [r[0] for r in rows] == [f"| `{case.name}`" for case in told]
    assert [r[1] for r in rows] == [kind_of(case.name) for case in told]
    for line, case in zip((k for k in kept if k.startswith("| `")), told, strict=True):
        assert case.call.replace("|", "\\|") in line
        assert all(f.name in line for f in case.files)


def test_the_farthest_figure_is_that_of_the_largest_relative_deviation():
    check = Check("x", [1.0, 2.2, 0.1], [1.0, 2.0, 0.0], abs=0.5)
    assert check.is_figure and not Check("x", [1, 2], [1, 2]).is_figure
    assert check.farthest == (2.0, 2.2, pytest.approx(0.1))
