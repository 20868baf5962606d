"""Every reference case of a folder: tests/reference, or the one ZUOFENG_CASES names.

``ZUOFENG_CASES=folder pytest tests/test_reference.py`` runs ``folder/cases/*.json`` with
``folder/data``. A case of a known kind needs no code; an unknown kind fails.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from reference_kinds import DEFAULT, Check, Told, checker, checks, kind_of, paths, read

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


@pytest.mark.parametrize(
    ("name", "where"),
    [("alpha_attitude", ()), ("icc_anxiety", ("psych", "ICC1")), ("kendall_w", ("video", "ties")),
     ("kappa", ("fleiss",)), ("gtheory", ("gleser_pxixj", "ems")), ("proportion_ci", ()),
     ("rank_tests", ("kruskal_airquality",)), ("csranks_carrots_paired", ("tauworst_1",)),
     ("severity_adjust_unbalanced", ()), ("survey_means", ("srs_fpc",)), ("survey_trim", ())],
)  # fmt: skip
def test_an_expected_figure_that_nothing_computes_fails(name, where):
    path = DEFAULT / "cases" / f"{name}.json"
    told = json.loads(path.read_text(encoding="utf-8"))["expected"]
    block = told
    for key in where:
        block = block[key]
    block["surprise"] = 1.0
    wrong = [c.what for c in checks(replace(read(path), expected=Told(told))) if not c.holds]
    assert [w.split(",")[0].split()[-1] for w in wrong] == ["surprise"]


def test_a_folder_without_cases_fails(tmp_path, monkeypatch):
    monkeypatch.setenv("ZUOFENG_CASES", str(tmp_path))
    with pytest.raises(LookupError, match="no case"):
        paths()


VARIED = {
    "alpha_of_two_scales": (
        ["bfi_25_raw_complete.csv", {"columns": ["A1", "A2", "A3", "A4", "A5"], "reverse": ["A1"]}],
        {"n": 2436, "k": 5, "raw_alpha": 0.7158485},
    ),
    "kappa_of_raters_said": (
        ["irr_video.csv", {"raters": [3, 4]}],
        {"cohen_squared": {"kappa": 0.0416667, "n": 20}},
    ),
    "lmer_from_the_names_of_its_figures": (
        ["sleepstudy.csv", {}],
        {
            "fixef": {"(Intercept)": 251.4051, "Days": 10.4673},
            "varcomp": {"Subject": 1378.1785, "Residual": 960.4566},
        },
    ),
    "survey_mean_of_groups": (
        ["apiclus1.csv", {}],
        {
            "cluster1_nofpc_enroll": {"mean": 549.7158},
            "cluster1_ratio_api00_api99": {"ratio": 1.0612},
        },
    ),
}


@pytest.mark.parametrize("name", VARIED)
def test_a_case_says_what_it_is_about_and_needs_no_code(name, tmp_path):
    (data, params), expected = VARIED[name]
    told = {
        "case": name,
        "data": data,
        "params": params,
        "expected": expected,
        "tolerance": {"rel": 1e-4},
    }
    told["call"] = "lmer(Reaction ~ Days + (1 | Subject))" if name.startswith("lmer") else ""
    (tmp_path / "cases").mkdir()
    (tmp_path / "data").symlink_to(DEFAULT / "data")
    path = tmp_path / "cases" / f"{name}.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    assert [(c.what, c.got) for c in checks(read(path)) if not c.holds] == []


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
