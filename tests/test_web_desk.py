"""The desk without a browser: what is listed, what is due, what a form changes."""

import datetime as dt

import pandas as pd
import pytest

from zuofeng_survey.ledger import Book, Change
from zuofeng_survey.ledger.reading import declaration
from zuofeng_survey.web.desk import LedgerDesk
from zuofeng_survey.web.desk.rows import Rows
from zuofeng_survey.web.desk.screening import Listed, Wanted, board

TODAY = dt.date(2020, 9, 1)
PROBLEM = {
    "found_date": "2020-05-01", "source": "自查", "unit": "甲镇", "title": "窗口中午无人", "detail": "<b>中午</b>",
    "area6": "area.2", "focus8": "none", "measures": "轮班", "leader": "镇长", "owner": "所长", "office": "党政办",
}  # fmt: skip


def problem(n: int, **other) -> Change:
    return Change(f"WT-2020-甲镇-{n:04d}", PROBLEM | {"mend_by": "2020-09-05"} | other)


@pytest.fixture
def desk(tmp_path):
    book = Book.open(tmp_path)
    changes = [
        problem(1, mend_by="2020-08-01"),
        problem(2),
        problem(3, unit="乙镇", title="路灯损坏", mend_by="2020-12-01"),
    ]
    book.record("problems", changes, by="督查室", on=dt.date(2020, 6, 1))
    return LedgerDesk(tmp_path, today=lambda: TODAY)


def keys(desk) -> list[str]:
    return [row[0][-4:] for row in desk.rows.rows]


def press(desk, label: str) -> None:
    next(b for b in desk.entry.children[-1].children if b.description == label).click()


def said_at(desk) -> dict[str, str]:
    return {name: box.value for name, box in desk.entry.said.items() if box.value}


def test_what_runs_out_first_is_listed_first(desk):
    assert keys(desk) == ["0001", "0002", "0003"]
    assert desk.rows.marked == [True, False, False]


@pytest.mark.parametrize(
    ("screen", "value", "left"),
    [
        ("text", "路灯", ["0003"]),
        ("text", "甲镇 0002", ["0002"]),
        ("text", "(", []),
        ("unit", "乙镇", ["0003"]),
        ("due", "overdue", ["0001"]),
        ("due", "week", ["0001", "0002"]),
        ("state", "已销号", []),
    ],
)
def test_the_list_shows_what_is_wanted(desk, screen, value, left):
    getattr(desk, screen).value = value
    assert keys(desk) == left


def test_the_week_counts_what_is_overdue_and_what_runs_out(desk):
    assert "整改时限" in desk.week.value
    found = board(declaration("problems"), desk.listed.frame, TODAY)
    assert found[["overdue", "week"]].to_numpy().tolist() == [[1, 1]]


def test_a_changed_field_becomes_an_event_and_the_old_value_stays(desk, tmp_path):
    desk.by.value = "督查室"
    desk.rows.opened = [1, 1]
    desk.entry.inputs["owner"].value = "站长"
    press(desk, "保存更正")
    events = Book.open(tmp_path).events("problems", "WT-2020-甲镇-0002").iloc[-1]
    assert (events["label"], events["old"], events["new"]) == ("责任人", "所长", "站长")
    assert "站长" in desk.opened.children[-1].value and "所长" in desk.opened.children[-1].value


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_recorded(desk, tmp_path):
    desk.by.value = "督查室"
    desk.rows.opened = [0, 1]
    desk.entry.inputs["owner"].value = ""
    head = Book.open(tmp_path).head
    press(desk, "保存更正")
    assert set(said_at(desk)) == {"owner"}
    assert Book.open(tmp_path).head == head
    press(desk, "撤销未保存的修改")
    assert desk.entry.inputs["owner"].value == "所长" and said_at(desk) == {}


def test_an_entry_advances_by_the_steps_its_state_allows(desk):
    desk.by.value = "督查室"
    desk.rows.opened = [0, 1]
    press(desk, "立项")
    assert desk.listed.frame["state"].tolist().count("整改中") == 1
    with pytest.raises(StopIteration):
        press(desk, "立项")


def test_a_new_entry_needs_what_the_ledger_asks(desk):
    desk.by.value = "督查室"
    desk.new.click()
    desk.entry.inputs["issue_id"].value = "WT-2020-甲镇-0009"
    press(desk, "登记入账")
    assert {"measures", "owner", "mend_by"} <= set(said_at(desk))
    for name, value in (PROBLEM | {"mend_by": dt.date(2020, 9, 9), "found_date": dt.date(2020, 5, 1)}).items():
        desk.entry.inputs[name].value = value
    press(desk, "登记入账")
    assert "0009" in [k[-4:] for k in desk.listed.frame["issue_id"]]


def test_nobody_records_without_a_post(desk, tmp_path):
    desk.rows.opened = [0, 1]
    head = Book.open(tmp_path).head
    press(desk, "立项")
    assert Book.open(tmp_path).head == head and "zf-warning" in desk.told.value


def test_someone_elses_change_is_not_overwritten(desk, tmp_path):
    desk.by.value = "督查室"
    desk.rows.opened = [0, 1]
    other = Change("WT-2020-甲镇-0001", {"owner": "主任"}, 1)
    Book.open(tmp_path).record("problems", [other], by="党政办", on=TODAY)
    desk.entry.inputs["owner"].value = "站长"
    press(desk, "保存更正")
    assert "zf-warning" in desk.entry.general.value
    assert Book.open(tmp_path).entry("problems", "WT-2020-甲镇-0001")["owner"] == "主任"


def test_ledgers_without_entries_are_shown_empty(desk):
    for _, name in desk.ledger.options:
        desk.ledger.value = name
        assert desk.rows.total == len(desk.listed.frame)


@pytest.mark.parametrize("asked", [None, "x", [1], [0, 10**9], ["a", "b"], [-5, 20], {"a": 1}])
def test_whatever_a_browser_asks_for_is_answered_within_bounds(asked):
    rows = Rows("x", ["a"], lambda at: None)
    rows.list_rows(3, lambda a, b: ([[str(n)] for n in range(a, b)], [False] * (b - a)))
    rows.set_state({"wanted": asked, "rows": [["forged"]], "opened": asked})
    assert [r[0] for r in rows.rows] in (["0", "1", "2"], ["1", "2"])


def test_one_filter_over_many_entries_reads_no_row_one_by_one():
    n = 60_000
    frame = pd.DataFrame({f.name: pd.Series([None] * n, dtype=object) for f in declaration("problems").fields})
    frame["issue_id"] = [f"WT-2020-甲镇-{i}" for i in range(n)]
    frame["title"] = ["路灯" if i % 3 else "窗口" for i in range(n)]
    frame = frame.assign(state="整改中", due=pd.Timestamp("2020-09-01"), overdue=False, version=1)
    listed = Listed(declaration("problems"), frame, TODAY)
    assert len(listed.screen(Wanted("窗口", "整改中"))) == n // 3


def test_a_picture_is_drawn_of_what_is_listed_only_when_asked(desk):
    assert desk.pictures.button.description == "画燃尽图" and desk.pictures.body.children == ()
    desk.unit.value = "乙镇"
    desk.pictures.turn()
    spec = desk.pictures.body.children[0].children[0].spec
    assert "问题燃尽图" in str(spec) and max(r["count"] for d in spec["datasets"].values() for r in d) == 1
    desk.pictures.turn()
    assert desk.pictures.body.children == ()
    desk.ledger.value = "proposals"
    assert desk.pictures.layout.display == "none"
    desk.ledger.value = "chains"
    assert desk.pictures.button.description == "画责任链条图"
