"""XLSForm workbooks: ours come back the same and are read by pyxform; others' are understood or refused by cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyxform.xls2xform import convert
from typer.testing import CliRunner

from zuofeng_survey.cli import app
from zuofeng_survey.errors import ZuofengError
from zuofeng_survey.questionnaire import Questionnaire, find, load, shipped_forms
from zuofeng_survey.xlsform import read, write
from zuofeng_survey.xlsform.columns import SHEETS, folded

Table = list[list[Any]]
HEAD = ["type", "name", "label"]
YN: Table = [["list_name", "name", "label"], ["yn", "yes", "是"], ["yn", "no", "否"]]


def book(path: Path, survey: Table, **sheets: Table) -> Path:
    """Make a workbook as an author would, with nothing of ours."""
    made = openpyxl.Workbook()
    made.active.title = "survey"  # pyright: ignore[reportOptionalMemberAccess]
    for name, rows in {"survey": survey, **sheets}.items():
        tab = made[name] if name in made.sheetnames else made.create_sheet(name.replace("zf_", "zf--", 1))
        for row in rows:
            tab.append(row)
    made.save(path)
    return path


def trimmed(value: Any) -> Any:
    """Return a questionnaire's content as a workbook keeps it: no white space at the ends, lists inside."""
    if isinstance(value, dict):
        return {k: trimmed(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [trimmed(v) for v in value]
    if isinstance(value, str):
        return value.strip().replace("select_one_from_file ", "select_one ").removesuffix(".csv")
    return value


def same(a: Questionnaire, b: Questionnaire) -> bool:
    return trimmed(a.model_dump()) == trimmed(b.model_dump())


def mistakes(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(ZuofengError) as caught:
        read(path)
    return [(p.code, p.place.rpartition(" › ")[2]) for p in caught.value.problems]


@pytest.mark.parametrize("form_id", shipped_forms())
def test_a_questionnaire_comes_back_from_a_workbook_the_same(form_id: str, tmp_path: Path) -> None:
    q = load(find(form_id))
    write(q, tmp_path / "a.xlsx")
    assert same(read(tmp_path / "a.xlsx"), q)


@pytest.mark.parametrize("form_id", ["FZ", "ZC"])
def test_pyxform_and_odk_validate_take_what_is_written(form_id: str, tmp_path: Path) -> None:
    q = load(find(form_id))
    write(q, tmp_path / "a.xlsx")
    made = convert(tmp_path / "a.xlsx", validate=True).xform
    assert all(f"/{name}" in made for name in q.items)
    assert q.settings.title.zh in made


def test_a_workbook_saved_again_by_another_program_reads_the_same(tmp_path: Path) -> None:
    q = load(find("HF"))
    write(q, tmp_path / "a.xlsx")
    openpyxl.load_workbook(tmp_path / "a.xlsx").save(tmp_path / "b.xlsx")
    assert same(read(tmp_path / "b.xlsx"), q)


def test_a_form_of_another_house_is_read_without_any_column_of_ours(tmp_path: Path) -> None:
    survey = [
        ["Type", "Name", "label::English (en)", "Label:中文", "Relevance", "_note to self", "calculation"],
        ["select one yn", "met", "Were you met?", "有人接待吗？", None, "ask the office", None],
        ["begin group", "g", "More", "更多", "${met} = 'yes'"],
        ["string", "who", "Who?", None, None],
        ["end group", None],
        ["int", "times", "How often?", "几次？", None],
    ]
    q = read(book(tmp_path / "visit form.xlsx", survey, choices=YN))
    assert [(g.name, [i.type for i in g.items]) for g in q.survey] == [
        ("page_1", ["select_one yn"]),
        ("g", ["text"]),
        ("page_3", ["integer"]),
    ]
    assert (q.form_id, q.settings.purpose, q.items["who"].label.zh) == ("visit_form", "summary", "Who?")
    assert q.groups["g"].relevant == "${met} = 'yes'"


def test_numbers_that_excel_makes_of_names_are_names_again(tmp_path: Path) -> None:
    choices = [["list_name", "name", "label", "zf--score"], ["g", 4, "好", 100], ["g", 1.0, "差", "0"]]
    q = read(book(tmp_path / "a.xlsx", [HEAD, ["select_one g", "q", "几分？"]], choices=choices))
    assert [(c.name, c.score) for c in q.choices["g"]] == [("4", 100), ("1", 0)]


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([["text", None, "谁？"]], ("cell-required", "survey!B2")),
        ([[None, "a", "谁？"]], ("cell-required", "survey!A2")),
        ([["deviceid", "d", ""]], ("xlsform-recorded", "survey!A2")),
        ([["geopoint", "where", "哪里？"]], ("item-type", "survey!A2")),
        ([["select_one nn", "a", "好吗？"]], ("unknown-list", "survey!A2")),
        ([["text", "a", None]], ("missing-key", "survey!B2")),
        ([["text", "a", "谁？"], ["text", "a", "谁？"]], ("duplicate-name", "survey!B3")),
        ([["begin_group", "g", "组"], ["text", "a", "谁？"]], ("xlsform-open", "survey!A2")),
        ([["text", "a", "谁？"], ["end_group", None, None]], ("xlsform-end", "survey!A3")),
        ([["begin_group", "g", "组"], ["end_group", None, None]], ("xlsform-empty", "survey!A3")),
        ([["begin_group", "g", "组"], ["begin_group", "h", "组"]], ("xlsform-nested", "survey!A3")),
        ([["text", "1 a", "谁？"]], ("bad-name", "survey!B2")),
        ([["text", "a", "=1+1"]], ("workbook-formula", "survey!C2")),
    ],
)
def test_a_mistake_is_told_with_its_cell(rows: Table, wanted: tuple[str, str], tmp_path: Path) -> None:
    assert wanted in mistakes(book(tmp_path / "a.xlsx", [HEAD, *rows], choices=YN))


@pytest.mark.parametrize(
    ("heading", "cell", "code"),
    [
        ("relevant", "${nobody} = 'x'", "unknown-name"),
        ("relevant", "__import__('os')", "expression-syntax"),
        ("required", "maybe", "bad-value"),
        ("zf--max_length", "long", "bad-value"),
        ("zf--scael", "s", "xlsform-column"),
        ("calculation", "1 + 1", "xlsform-column"),
        ("zf--scale", "s", "unknown-scale"),
        ("name", "b", "workbook-heading-twice"),
        ("zf--apart", "yes", "unknown-key"),
    ],
)
def test_a_column_that_does_not_fit_is_told_with_its_cell(
    heading: str, cell: str, code: str, tmp_path: Path
) -> None:
    survey = [[*HEAD, heading], ["text", "a", "谁？", cell]]
    found = mistakes(book(tmp_path / "a.xlsx", survey))
    assert [c for c, _ in found] == [code]
    assert found[0][1] in ("survey!D1", "survey!D2")


def test_everything_is_told_at_once_and_of_every_sheet(tmp_path: Path) -> None:
    survey = [[*HEAD, "choice_filter"], ["start", "s", ""], ["text", None, "谁？", "x"]]
    choices = [["list_name", "name", "label"], ["yn", None, "是"]]
    found = mistakes(book(tmp_path / "a.xlsx", survey, choices=choices))
    assert {place for _, place in found} == {"survey!A2", "survey!B3", "survey!D1", "choices!B2"}


def test_settings_and_sheets_of_ours_are_told_with_their_cells(tmp_path: Path) -> None:
    sheets = {
        "settings": [["form_id", "zf--purpose", "zf--minutes"], ["1x", "fun", "ten"]],
        "zf_scales": [["name", "label", "min_valid"], ["s", "尺", 0]],
    }
    found = mistakes(book(tmp_path / "a.xlsx", [HEAD, ["text", "a", "谁？"]], **sheets))
    assert {p for _, p in found} == {"settings!A2", "settings!B2", "settings!C2", "zf--scales!C2"}


def test_a_workbook_without_a_survey_sheet_and_a_file_that_is_none_are_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [HEAD])
    made = openpyxl.load_workbook(path)
    made["survey"].title = "surveys"
    made.save(path)
    assert mistakes(path) == [("workbook-sheet", "a.xlsx")]
    (tmp_path / "b.xlsx").write_text("type,name\n")
    assert mistakes(tmp_path / "b.xlsx") == [("workbook-other", "b.xlsx")]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.one_of(st.none(), st.text(max_size=12), st.integers(), st.booleans()), max_size=5), max_size=6))
def test_whatever_stands_in_the_cells_it_is_read_or_refused(tmp_path: Path, rows: Table) -> None:
    made = openpyxl.Workbook()
    tab = made.active
    tab.title = "survey"  # pyright: ignore[reportOptionalMemberAccess]
    clean = lambda v: "".join(c for c in v if c.isprintable()) if isinstance(v, str) else v  # noqa: E731
    tab.append([*HEAD, "relevant", "required"])  # pyright: ignore[reportOptionalMemberAccess]
    for row in rows:
        tab.append([clean(v) for v in row])  # pyright: ignore[reportOptionalMemberAccess]
    made.save(tmp_path / "a.xlsx")
    try:
        places = [read(tmp_path / "a.xlsx").form_id]
    except ZuofengError as error:
        places = [p.place for p in error.problems]
    assert all(place.startswith("a") for place in places)


def test_every_heading_written_is_one_that_is_read() -> None:
    for sheet, columns in SHEETS.items():
        for column in columns:
            for heading in column.headings:
                assert folded(heading).partition("::")[0] == column.heading.lower(), (sheet, heading)


def test_an_author_converts_there_and_back_and_opens_from_the_workbook(tmp_path: Path) -> None:
    run = lambda *args: CliRunner().invoke(app, [str(a) for a in args])  # noqa: E731
    sheet, text = tmp_path / "MY.xlsx", tmp_path / "MY.yaml"
    assert run("convert", "MY", sheet).exit_code == 0
    assert run("convert", sheet, text).exit_code == 0
    assert same(load(text), load(find("MY")))
    assert run("convert", sheet, text).exit_code == 2
    assert run("check", sheet).exit_code == 0
    assert run("open", sheet, "--name", "my-1", "--home", tmp_path / "home").exit_code == 0
