"""Workbooks: what an office sees, text that stays text, and the way back without a change."""

import datetime as dt
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from workbooks import COLUMNS, EMPTY, HOSTILE, row, sheet
from zuofeng_survey.errors import StorageError, WorkbookError
from zuofeng_survey.publishing import read_roster
from zuofeng_survey.workbook import Column, Sheet, canonical, is_workbook, read, write
from zuofeng_survey.workbook.dates import read_date, read_moment
from zuofeng_survey.workbook.dressing import HOW, displayed
from zuofeng_survey.workbook.tab import Tab

BY_NAME = {c.name: c for c in COLUMNS}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    made = tmp_path_factory.mktemp("w") / "a.xlsx"
    rows = [row(1, version=4), *(row(n) for n in range(2, 7))]
    notes = {"": "演示台账", "title": "一句话说清"}
    assert write(made, [sheet(rows, version="version", notes=notes, overdue="late")]) == {"问题台账": 6}
    return made


@pytest.fixture(scope="module")
def tab(path):
    return load_workbook(path)["问题台账"]


def test_the_first_row_is_chinese_and_stays_in_sight(tab):
    assert [c.value for c in tab[1]] == [c.label for c in COLUMNS]
    assert tab.freeze_panes == "B2"
    assert tab.auto_filter.ref == "A1:K7"
    assert tab.print_title_rows == "$1:$1"
    assert tab.sheet_properties.pageSetUpPr.fitToPage


def test_dates_are_dates_and_numbers_numbers(tab):
    assert [tab[f"{c}2"].data_type for c in "DEFG"] == ["d", "d", "n", "n"]
    assert tab["D2"].value == dt.datetime(2020, 1, 2)
    assert tab["D2"].number_format == "yyyy-mm-dd"


def test_ids_and_what_is_computed_are_locked_and_the_rest_is_not(tab):
    assert tab.protection.sheet and not tab.protection.password
    assert not tab.protection.insertRows and not tab.protection.autoFilter  # False: allowed
    locked = {COLUMNS[k].name for k, c in enumerate(tab[2]) if c.protection.locked}
    assert locked == {"id", "late"}
    assert not tab.column_dimensions["A"].protection.locked  # a new row takes a new id
    assert tab.column_dimensions["K"].protection.locked


def test_short_lists_drop_down_from_the_rule_and_long_ones_from_a_hidden_sheet(path, tab):
    lists = {str(r.sqref).split(":")[0]: r.formula1 for r in tab.data_validations.dataValidation if r.type == "list"}
    assert lists["H2"] == '"是,否"'
    assert lists["I2"].startswith("'_选项'!$A$1:$A$40")
    book = load_workbook(path)
    assert {n: book[n].sheet_state for n in ("_选项", "_zuofeng")} == {"_选项": "veryHidden", "_zuofeng": "veryHidden"}
    assert [c.value for c in book["_选项"]["A"]][:1] == ["来源之0，名称很长很长"]


def test_columns_are_as_wide_as_their_chinese_text(tab):
    assert tab.column_dimensions["I"].width > displayed("来源之0，名称很长很长")
    assert all(6 <= d.width <= 49 for d in tab.column_dimensions.values())


def test_overdue_rows_are_red(tab):
    (area,) = tab.conditional_formatting
    assert str(area.sqref).startswith("A2:K")
    assert area.rules[0].formula == ['$K2="是"']


def test_a_note_sheet_says_what_each_column_is(path):
    told = [[c.value for c in r] for r in load_workbook(path)["说明"].iter_rows()]
    assert told[0][0] == "演示台账"
    lines = {r[1]: r for r in told if r[0] == "问题台账"}
    assert set(lines) == {c.label for c in COLUMNS}
    assert lines["问题名称"][3:] == ["是", "一句话说清"]
    assert "可填多项" in lines["顽疾"][2]


def test_what_was_written_is_read_back_untouched(path):
    table = read(path, [EMPTY])["问题台账"]
    assert [r.touched for r in table] == [False] * 6
    assert [r.version for r in table] == [4, None, None, None, None, None]
    assert table.rows[0].values == {k: v for k, v in row(1).items() if k != "late"} | {"share": pytest.approx(1 / 7)}
    assert table.place(table.rows[4], "detail") == "问题台账!C6"


def test_a_frame_is_written_like_rows(tmp_path, path):
    rows = pd.DataFrame([row(n) for n in range(1, 7)]).astype({"found": "datetime64[s]", "n": "Int64"})
    parts = (part.assign(version=4) for part in (rows[:2], rows[2:2], rows[2:]))
    write(tmp_path / "f.xlsx", [sheet(parts, version="version")])
    given, made = (read(p, [EMPTY])["问题台账"].rows for p in (path, tmp_path / "f.xlsx"))
    assert [r.values for r in given] == [r.values for r in made]
    assert {r.version for r in made} == {4}


@pytest.mark.parametrize("text", HOSTILE)
def test_text_that_opens_a_formula_stays_text(text, tmp_path):
    write(tmp_path / "h.xlsx", [sheet([row(1, title=text, detail=text, id=text)], notes={"title": text})])
    book = load_workbook(tmp_path / "h.xlsx")
    cells = [c for t in book.worksheets for line in t.iter_rows() for c in line]
    assert not [c for c in cells if c.data_type == "f"]
    assert book["问题台账"]["B2"].quotePrefix == (text[0] not in "{'")
    assert read(tmp_path / "h.xlsx", [EMPTY])["问题台账"].rows[0].values["title"] == text.strip()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "title": st.text(max_size=40).filter(lambda t: canonical(t, BY_NAME["title"])),
                "detail": st.none() | st.text(st.characters(), max_size=80),
                "found": st.none() | st.dates(dt.date(1949, 10, 1), dt.date(2199, 12, 31)),
                "at": st.none() | st.datetimes(dt.datetime(1949, 10, 1), dt.datetime(2199, 12, 31)),
                "n": st.none() | st.integers(-(10**9), 10**9),
                "share": st.none() | st.floats(-1e9, 1e9),
                "again": st.none() | st.booleans(),
                "source": st.none() | st.sampled_from([v for v, _ in COLUMNS[8].choices]),
                "ailments": st.lists(st.sampled_from("庸懒散浮拖"), unique=True),
            }
        ),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_is_written_comes_back_the_same(rows):
    rows = [{"id": f"K{n}", **r} for n, r in enumerate(rows)]
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "p.xlsx"
        write(made, [sheet(rows)])
        table = read(made, [EMPTY])["问题台账"]
    assert [r.touched for r in table] == [False] * len(rows)
    for given_row, found in zip(rows, table, strict=True):
        for column in EMPTY.edited:
            assert canonical(found.values[column.name], column) == canonical(given_row.get(column.name), column)


def test_what_libreoffice_saves_is_read_back_untouched(tmp_path):
    if not shutil.which("soffice"):
        pytest.fail("libreoffice-calc-nogui is not installed: tools/system-packages test")
    rows = [row(n, title=t, version=7) for n, t in enumerate(HOSTILE, start=1)]
    write(tmp_path / "a.xlsx", [sheet(rows, version="version", overdue="late")])
    out, profile = tmp_path / "out", (tmp_path / "profile").as_uri()
    said = ["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML"]
    subprocess.run([*said, "--outdir", str(out), str(tmp_path / "a.xlsx")], check=True, capture_output=True, timeout=120)
    table = read(out / "a.xlsx", [EMPTY])["问题台账"]
    assert [r.touched for r in table] == [False] * len(rows)
    assert table.rows[1].version == 7
    cells = [c for line in load_workbook(out / "a.xlsx")["问题台账"].iter_rows() for c in line]
    assert not [c for c in cells if c.data_type == "f"]


@pytest.mark.parametrize(
    "text",
    ["2020-3-4", "2020/03/04", "2020.3.4", "2020年3月4日", "20200304", "２０２０－０３－０４", "2020 年 3 月 4 日", "2020年03月04号"],
)
def test_five_styles_of_dates_are_one_day(text):
    assert read_date(text) == dt.date(2020, 3, 4)


@pytest.mark.parametrize(("text", "day"), [("20/12/2020", 20), ("12-20-2020", 20), ("5/5/2020", 5)])
def test_a_year_that_stands_last_is_read_where_one_reading_is_possible(text, day):
    found = read_date(text)
    assert found is not None and (found.day, found.year) == (day, 2020)


@pytest.mark.parametrize("text", ["03/04/2020", "20-12-20", "2020-13-01", "2020-02-30", "2020年3月", "明天", "2020-3/4", "44185", ""])
def test_a_day_that_could_be_another_is_refused(text):
    assert read_date(text) is None


@pytest.mark.parametrize("text", ["2020-12-20 8:30", "2020/12/20 08:30:00", "2020年12月20日8时30分", "2020-12-20T08:30"])
def test_moments_have_a_time_of_day(text):
    assert read_moment(text) == dt.datetime(2020, 12, 20, 8, 30)


def test_rows_poured_in_are_what_xlsxwriter_writes_cell_by_cell(tmp_path, monkeypatch):
    def slowly(tab, part, form):
        first = tab.dim_rowmax + 1
        for k, cells in enumerate(part):
            for n, value in enumerate(cells, start=first):
                if value is not None:
                    form(k, value)._get_xf_index()  # styles are numbered in the order they are asked for
                    tab.write(n, k, value, form(k, value))

    def parts(name):
        rows = [row(n, title=None if n == 2 else "=x", share=-0.0 if n == 3 else n / 7) for n in range(1, 40)]
        write(tmp_path / name, [sheet(rows)])
        with zipfile.ZipFile(tmp_path / name) as archive:
            tab, texts = (archive.read(f"xl/{part}.xml") for part in ("worksheets/sheet1", "sharedStrings"))
        return re.sub(rb' spans="[\d:]+"', b"", tab), texts

    monkeypatch.setattr("zuofeng_survey.workbook.parts.PART", 10_000)
    poured = parts("poured.xlsx")
    monkeypatch.setattr(Tab, "pour", slowly)
    assert parts("slow.xlsx") == poured


def test_a_table_of_many_parts_is_one_table(tmp_path, monkeypatch):
    rows = [row(n, detail=None, version=n) for n in range(1, 40)]
    monkeypatch.setattr("zuofeng_survey.workbook.parts.PART", 7)
    write(tmp_path / "p.xlsx", [sheet(iter(rows), version="version")])
    table = read(tmp_path / "p.xlsx", [EMPTY])["问题台账"]
    assert [(r.number, r.version, r.touched) for r in table] == [(n + 1, n, False) for n in range(1, 40)]


def test_what_a_cell_cannot_hold_is_told_and_nothing_is_written(tmp_path):
    rows = [row(1), row(2, detail="长" * 32_768), row(3, title="字" * 40_000)]
    with pytest.raises(WorkbookError) as refused:
        write(tmp_path / "l.xlsx", [sheet(rows)])
    assert [p.place for p in refused.value.problems] == ["问题台账!B4", "问题台账!C3"]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(StorageError) as refused:
        write(tmp_path / "no" / "l.xlsx", [sheet([row(1)])])
    assert refused.value.code == "home"


def test_a_sheet_of_ones_own_may_have_other_columns_and_another_name(tmp_path):
    own = Sheet("名单", (Column("name", "编号", "key", required=True), Column("label", "姓名", required=True)))
    wide = Sheet("Sheet1", (*own.columns, Column("post", "职务")), [{"name": "a", "label": "甲", "post": "乙"}])
    write(tmp_path / "r.xlsx", [wide])
    with pytest.raises(WorkbookError):
        read(tmp_path / "r.xlsx", [own])
    opened = Sheet("名单", (*own.columns, Column("note", "备注")), open=True)
    assert read(tmp_path / "r.xlsx", [opened])["名单"].rows[0].values == {"name": "a", "label": "甲", "note": None}


def test_a_roster_may_be_a_workbook(tmp_path):
    write(tmp_path / "r.xlsx", [Sheet("Sheet1", (Column("a", "编号"), Column("b", "对象"), Column("c", "职务"), Column("d", "岗位说明")), [
        {"a": "甲-01", "b": "第一人", "c": "副职", "d": "负责拆迁"}, {"a": "甲-02", "b": "=1"},
    ])])  # fmt: skip
    found = read_roster(tmp_path / "r.xlsx")
    assert [(t.name, t.label.zh, t.note.zh) for t in found] == [("甲-01", "第一人", "负责拆迁"), ("甲-02", "=1", "")]


def test_rows_of_a_roster_that_cannot_be_used_are_told_with_their_cells(tmp_path):
    rows = [{"name": "a", "label": "甲"}, {"label": "乙"}, {"name": "a", "label": "丙"}, {"name": "d"}]
    write(tmp_path / "r.csv", [Sheet("名单", (Column("name", "name"), Column("label", "label")), rows)])
    with pytest.raises(WorkbookError) as refused:
        read_roster(tmp_path / "r.csv")  # called a CSV, and understood all the same
    assert [(p.code, p.place) for p in refused.value.problems] == [
        ("cell-required", "名单!A3"), ("workbook-key-twice", "名单!A4"), ("cell-required", "名单!B5"),
    ]  # fmt: skip
    assert not is_workbook(tmp_path / "none.csv")


def test_the_note_sheet_asks_for_a_key_that_may_not_be_left_blank():
    assert "不能留空" in HOW["key"]
