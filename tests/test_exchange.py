"""A ledger as a workbook and back: nothing changes by itself, everything wrong is told at once."""

import datetime as dt
import json

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from zuofeng_survey.cli import app
from zuofeng_survey.errors import LedgerError, WorkbookError
from zuofeng_survey.ledger import Book, Change, Post
from zuofeng_survey.ledger.exchange import export_ledger, import_ledger

DAY = dt.date(2020, 9, 1)
ISSUE = {
    "found_date": "2020-03-01", "source": "座谈会", "unit": "甲镇", "title": "=1+1 排队时间长", "detail": "窗口少\n人多",
    "area6": "area.5", "focus8": "none", "ailment5": ["懒", "拖"], "measures": "增开窗口", "mend_by": "2020-06-30",
    "leader": "甲镇-正职", "owner": "甲镇-副职A", "office": "甲镇-办公室",
}  # fmt: skip


@pytest.fixture
def book(tmp_path):
    made = Book.open(tmp_path / "home")
    changes = [Change(f"WT-2020-甲镇-{n:04}", ISSUE) for n in range(1, 6)]
    made.record("problems", changes, by="台账员", on=dt.date(2020, 3, 2))
    return made


@pytest.fixture
def file(book, tmp_path):
    path = tmp_path / "问题台账.xlsx"
    assert export_ledger(book, "problems", path, today=DAY) == 5
    return path


def edited(path, cells: dict[str, object]):
    """Save the workbook anew, as another program would, with some cells changed."""
    book = load_workbook(path)
    for place, value in cells.items():
        book["问题台账"][place] = value
    book.save(path)
    return path


def column(path, heading: str) -> str:
    row = next(load_workbook(path)["问题台账"].iter_rows(max_row=1))
    return next(c.column_letter for c in row if c.value == heading)


def bring(book, path, **more):
    return import_ledger(book, "problems", path, by="台账员", on=DAY, **more)


def test_what_nobody_touched_changes_nothing(book, file):
    before = book.head
    found = bring(book, edited(file, {}))
    assert (found.added, found.changed, found.unchanged) == ((), (), 5)
    assert book.head == before


def test_a_changed_cell_is_an_event_and_a_new_row_an_entry(book, file):
    row = [c.value for c in load_workbook(file)["问题台账"][3]]
    new = {f"{c.column_letter}7": v for c, v in zip(load_workbook(file)["问题台账"][3], row, strict=True)}
    title = column(file, "问题名称")
    changes = {f"{title}4": "排队久", **new, f"{title}7": "又一个", "A7": "WT-2020-甲镇-0009", f"{column(file, '整改时限')}3": "2020年7月1日"}
    found = bring(book, edited(file, changes))
    assert found.added == ("WT-2020-甲镇-0009",)
    assert found.changed == ("WT-2020-甲镇-0002", "WT-2020-甲镇-0003")
    events = book.events("problems", "WT-2020-甲镇-0003")
    assert events.iloc[-1][["field", "old", "new"]].tolist() == ["title", "=1+1 排队时间长", "排队久"]
    assert [line["place"] for line in found.lines] == ["问题台账!A3", "问题台账!A4", "问题台账!A7"]


def test_a_dry_run_writes_nothing(book, file):
    before = book.head
    found = bring(book, edited(file, {f"{column(file, '问题名称')}2": "改"}), dry_run=True)
    assert found.changed == ("WT-2020-甲镇-0001",)
    assert found.dry_run and book.head == before


def test_who_was_slower_is_told_and_who_touched_nothing_is_not(book, file):
    for n in (1, 2):
        change = Change(f"WT-2020-甲镇-{n:04}", {"title": "别人改的"}, version=1)
        book.record("problems", [change], by="督查室", on=DAY)
    before = book.head
    with pytest.raises(LedgerError) as refused:
        bring(book, edited(file, {f"{column(file, '具体表现')}2": "我改的"}))
    assert [(p.code, p.place) for p in refused.value.problems] == [("ledger-stale", "问题台账!A2")]
    assert book.head == before


def test_mistakes_of_the_ledger_stand_at_their_cells_and_nothing_is_kept(book, file):
    mend, title = column(file, "整改时限"), column(file, "问题名称")
    before = book.head
    changes = {f"{mend}2": dt.date(2019, 1, 1), f"{title}3": None, f"{title}4": "好的", "A7": "没有样子"}
    with pytest.raises(LedgerError) as refused:
        bring(book, edited(file, changes))
    found = {(p.code, p.place) for p in refused.value.problems}
    assert {("ledger-days-backwards", f"问题台账!{mend}2"), ("ledger-required", f"问题台账!{title}3")} <= found
    assert ("ledger-pattern", "问题台账!A7") in found
    assert book.head == before


def test_mistakes_of_the_workbook_come_first_and_all_together(book, file):
    mend, found_date = column(file, "整改时限"), column(file, "发现日期")
    with pytest.raises(WorkbookError) as refused:
        bring(book, edited(file, {f"{mend}2": "03/04/2020", f"{found_date}3": "明天", "A5": "WT-2020-甲镇-0001"}))
    assert {(p.code, p.place) for p in refused.value.problems} == {
        ("cell-date", f"问题台账!{mend}2"), ("cell-date", f"问题台账!{found_date}3"), ("workbook-key-twice", "问题台账!A5"),
    }  # fmt: skip


def test_without_the_hidden_sheet_no_entry_is_overwritten(book, file):
    whole = load_workbook(file)
    del whole["_zuofeng"]
    whole.save(file)
    with pytest.raises(LedgerError) as refused:
        bring(book, file)
    assert {p.code for p in refused.value.problems} == {"ledger-key-taken"}


def test_what_refers_to_the_registry_is_picked_from_it(book, tmp_path):
    book.registry.put([Post("units", f"单位{n}") for n in range(80)] + [Post("units", "甲镇")])
    export_ledger(book, "problems", tmp_path / "a.xlsx", today=DAY)
    rules = load_workbook(tmp_path / "a.xlsx")["问题台账"].data_validations.dataValidation
    assert any(r.formula1.startswith("'_选项'!") for r in rules if r.type == "list")
    assert bring(book, tmp_path / "a.xlsx").unchanged == 5


def test_overdue_rows_are_coloured(file):
    sheet = load_workbook(file)["问题台账"]
    late = column(file, "超期")
    assert [sheet[f"{late}{n}"].value for n in range(2, 7)] == ["是"] * 5
    rule = next(iter(sheet.conditional_formatting)).rules[0]
    assert rule.formula == [f'${late}2="是"']


@pytest.mark.parametrize("form", ["json", "table"])
def test_the_command_line_exports_and_imports(book, file, tmp_path, form):
    run, home = CliRunner(), ["--home", str(tmp_path / "home")]
    out = tmp_path / "out.xlsx"
    assert run.invoke(app, ["ledger", "export", "problems", str(out), *home]).exit_code == 0
    done = run.invoke(app, ["ledger", "import", "problems", str(out), "--format", form, *home])
    assert done.exit_code == 0
    if form == "json":
        assert json.loads(done.stdout) == {"added": 0, "changed": 0, "errors": []}


def test_the_command_line_tells_mistakes_as_data(book, file, tmp_path):
    mend = column(file, "整改时限")
    edited(file, {f"{mend}2": "明天"})
    done = CliRunner().invoke(app, ["ledger", "import", "problems", str(file), "--format", "json", "--home", str(tmp_path / "home")])
    told = json.loads(done.stdout)
    assert done.exit_code == 2
    assert told["added"] == told["changed"] == 0
    assert [(e["code"], e["place"]) for e in told["errors"]] == [("cell-date", f"问题台账!{mend}2")]


def test_a_cell_that_is_no_date_does_not_hide_what_the_ledger_would_refuse(book, file):
    at = {name: column(file, name) for name in ("发现日期", "整改时限", "责任单位", "问题来源")}
    before = book.head
    cells = {f"{at['发现日期']}2": "三月", f"{at['整改时限']}3": "2020-01-01", f"{at['问题来源']}2": "天上", f"{at['责任单位']}4": None}
    with pytest.raises(LedgerError) as caught:
        bring(book, edited(file, cells))
    found = {p.place.partition("!")[2]: p.code for p in caught.value.problems}
    assert found == {
        f"{at['发现日期']}2": "cell-date", f"{at['问题来源']}2": "cell-choice",
        f"{at['整改时限']}3": "ledger-days-backwards", f"{at['责任单位']}4": "ledger-required",
    }  # fmt: skip
    assert book.head == before
