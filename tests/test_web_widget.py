"""The widget without a browser: its state, what it takes from one, and what it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from zuofeng_survey.errors import DefinitionError
from zuofeng_survey.questionnaire import find, load
from zuofeng_survey.web.module import assets, form_css, form_module
from zuofeng_survey.web.profile import profile
from zuofeng_survey.web.widget import HOSTED, MIME, SurveyForm

HEAVY = "pandas scipy ibis sqlalchemy numpy altair openpyxl tornado voila"


def test_it_can_be_made_from_a_name_or_a_questionnaire():
    for form in ("FZ", load(find("FZ"))):
        widget = SurveyForm(form, poll="fz-2020", lang="en")
        assert (widget.form_id, widget.poll, widget.lang) == ("FZ", "fz-2020", "en")
        assert widget.definition["title"]["zh"] == "乡（镇、街道）副职干部民主测评票"
        widget.close()


def test_a_form_that_is_not_there_names_the_nearest():
    with pytest.raises(DefinitionError) as error:
        SurveyForm("FX")
    assert error.value.code == "form-unknown"
    assert "FZ" in str(error.value)


def test_importing_it_stays_light():
    code = (
        "import sys; from zuofeng_survey.web import SurveyForm; SurveyForm('ZC');"
        f"print(*[m for m in '{HEAVY}'.split() if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("", "tornado")


def test_a_browser_can_set_the_answers_for_the_profile_only():
    widget = SurveyForm("ZC")
    widget.set_state({"form_id": "X", "definition": {}, "answers_for_profile": {"ZC-J01": "5"}})
    assert (widget.form_id, widget.answers_for_profile) == ("ZC", {"ZC-J01": "5"})
    assert widget.profile["groups"]
    widget.close()


def test_a_form_without_a_profile_computes_none():
    widget = SurveyForm("FZ")
    widget.set_state({"answers_for_profile": {"ZC-J01": "5"}})
    assert widget.profile == {}
    widget.close()


def test_under_the_form_server_the_page_has_the_script_already(monkeypatch):
    monkeypatch.setenv(HOSTED, "1")
    widget = SurveyForm("FZ")
    bundle, _ = widget._repr_mimebundle_()
    assert (widget._esm, widget._css) == ("", "")
    assert bundle[MIME]["state"]["form_id"] == "FZ"
    widget.close()


def test_elsewhere_it_brings_its_script_and_nothing_else():
    widget = SurveyForm("FZ")
    bundle, _ = widget._repr_mimebundle_()
    assert (widget._esm, widget._css) == (form_module(), form_css())
    assert MIME not in bundle
    widget.close()


def test_the_module_is_one_file_that_exports_what_a_host_needs():
    lines = form_module().splitlines()
    assert [line for line in lines if line.startswith("import ")] == []
    assert [line for line in lines if line.startswith("export ")] == [
        "export { mount, pageHost };", "export default { render };",
    ]  # fmt: skip


def test_a_file_is_named_by_its_content():
    names = [a.name for a in assets().values()]
    assert len(set(names)) == 4
    assert all(len(name.split(".")[1]) == 16 for name in names)


# ── the profile, by hand ──────────────────────────────────────────────────────────────────────


def drive(answers: dict[str, object]) -> dict[str, object]:
    """Return the first of the four checks: ZC-J01 … J04, the last one reversed."""
    return profile(load(find("ZC")), answers)["groups"][0]["scales"][0]


def test_a_score_is_the_mean_of_valid_items_with_reversed_ones_turned_round():
    found = drive({"ZC-J01": "5", "ZC-J02": "4", "ZC-J03": "3", "ZC-J04": "1"})
    assert (found["score"], found["n"]) == ((100 + 75 + 50 + 100) / 4, 4)


def test_not_applicable_and_blank_stay_outside():
    found = drive({"ZC-J01": "5", "ZC-J02": "5", "ZC-J03": "9", "ZC-J04": "5"})
    assert (found["score"], found["n"]) == ((100 + 100 + 0) / 3, 3)


def test_too_few_valid_items_give_no_score():
    assert drive({"ZC-J01": "5", "ZC-J02": "5", "ZC-J03": "9"})["score"] is None


@pytest.mark.parametrize("strange", [None, 5, [], {}, "77", "x" * 1000, ["5"]])
def test_answers_that_fit_nothing_are_left_out(strange: object):
    assert drive({"ZC-J01": strange})["n"] == 0


def test_it_speaks_of_the_person_only():
    groups = profile(load(find("ZC")), {"ZC-U01": "5"})["groups"]
    assert [g["label"]["zh"] for g in groups] == ["四查", "六个方面"]
    assert [len(g["scales"]) for g in groups] == [4, 6]
    assert all(s["n"] == 0 for g in groups for s in g["scales"])
