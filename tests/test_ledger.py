"""The engine: declared tables over one append-only log, all of a batch or none of it."""

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from ledger_entries import BY, CLOSED, DAY, KEY, PROBLEM, UNTIL_CLOSED, codes, take
from zuofeng_survey.errors import LedgerError
from zuofeng_survey.ledger import (
    MACHINE,
    Book,
    Change,
    Declaration,
    Post,
    declaration,
    declarations,
)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book.open(tmp_path)


def refused(book: Book, *changes: Change, name: str = "problems", by: str = BY, on: dt.date = DAY) -> dict[str, str]:
    with pytest.raises(LedgerError) as caught:
        book.record(name, changes, by=by, on=on)
    return codes(caught.value)


def test_fourteen_ledgers_are_declared_with_origins_and_chinese_labels():
    assert [d.id for d in declarations().values()] == [f"L{n:02d}" for n in range(1, 15)]
    fields = [f for d in declarations().values() for f in d.fields]
    assert {f.origin for f in fields} == {"seed", "law", "our"}
    assert all(any("一" <= c <= "龥" for c in f.label) for f in fields)
    assert all(d.fields[0].kind == "key" and d.fields[0].name == d.key for d in declarations().values())


def test_a_ledger_is_found_by_its_name_id_or_title_and_a_near_miss_is_told():
    assert declaration("L03") is declaration("appeals") is declaration("诉求台账")
    with pytest.raises(LedgerError) as caught:
        declaration("problem")
    assert caught.value.code == "ledger-unknown" and "“problems”" in str(caught.value)


def test_a_declaration_cannot_speak_of_a_field_or_state_it_has_not():
    plain = {"id": "L99", "name": "x", "title": "x", "key": "k", "fields": [{"name": "k", "label": "k", "kind": "key"}]}
    Declaration.model_validate({**plain, "states": ["a"], "initial": "a"})
    for wrong in ({"initial": "b"}, {"rules": [{"needs": ["z"]}]}, {"transitions": [{"name": "t", "from": ["a"], "to": "c"}]}):
        with pytest.raises(ValidationError):
            Declaration.model_validate({**plain, "states": ["a"], "initial": "a", **wrong})


def test_a_new_entry_is_one_row_with_types_and_what_is_derived(book: Book):
    made = book.record("problems", [Change(KEY, {**PROBLEM, "ailment5": "懒、拖"})], by=BY, on=DAY)
    assert made.added == (KEY,) and made.events == 1
    row = book.entries("problems", today=dt.date(2020, 6, 2)).iloc[0]
    assert row["mend_by"] == pd.Timestamp("2020-06-01") and row["ailment5"] == ("懒", "拖")
    assert (row["state"], row["version"], row["clock"], row["overdue"]) == ("待立项", 1, "整改时限", True)
    assert not book.entries("problems", today=dt.date(2020, 6, 1))["overdue"].any()


def test_an_empty_ledger_has_its_columns(book: Book):
    frame = book.entries("appeals")
    assert frame.empty and {"appeal_id", "state", "due", "overdue", "version"} <= set(frame.columns)
    assert frame["received_at"].dtype.kind == "M"


def test_a_correction_keeps_the_old_value_with_who_and_when(book: Book):
    take(book, "problems", KEY, (None, PROBLEM))
    book.record("problems", [Change(KEY, {"mend_by": "2020-07-01"}, 1)], by="甲镇-办公室", on=DAY + dt.timedelta(9))
    last = book.events("problems", KEY).iloc[-1]
    assert (last["step"], last["by"], last["on"]) == ("更正", "甲镇-办公室", "2020-03-11")
    assert (last["label"], last["old"], last["new"]) == ("整改时限", "2020-06-01", "2020-07-01")


def test_what_was_known_on_a_day_can_be_read_later(book: Book):
    take(book, "problems", KEY, (None, PROBLEM))
    take(book, "problems", KEY, ("立项", {}), on=DAY + dt.timedelta(7))
    assert book.entries("problems", as_of=DAY)["state"].tolist() == ["待立项"]
    assert book.entries("problems")["state"].tolist() == ["整改中"]


def test_a_change_that_changes_nothing_leaves_no_event(book: Book):
    take(book, "problems", KEY, (None, PROBLEM))
    made = book.record("problems", [Change(KEY, {**PROBLEM, "cause": ""}, 1)], by=BY, on=DAY)
    assert made.events == 0 and made.unchanged == (KEY,)
    assert len(book.events("problems", KEY)["seq"].unique()) == 1


def test_a_stale_version_and_a_taken_number_are_refused(book: Book):
    take(book, "problems", KEY, (None, PROBLEM), (None, {"cause": "人手少"}))
    assert refused(book, Change(KEY, {"cause": "制度缺"}, 1)) == {"": "ledger-stale"}
    assert refused(book, Change(KEY, PROBLEM)) == {"": "ledger-key-taken"}
    assert refused(book, Change("WT-2020-甲镇-0002", PROBLEM, 3)) == {"": "ledger-no-entry"}


def test_all_problems_of_a_batch_are_told_and_nothing_of_it_is_kept(book: Book):
    good = Change(KEY, PROBLEM)
    bad = Change("WT-2020-甲镇-0002", {**PROBLEM, "source": "梦见", "mend_by": "明天", "colour": "红"})
    with pytest.raises(LedgerError) as caught:
        book.record("problems", [good, bad], by=BY, on=DAY)
    assert {p.item: p.code for p in caught.value.problems} == {
        "1:source": "ledger-choice",
        "1:mend_by": "ledger-date",
        "1:colour": "ledger-field",
    }
    assert book.entries("problems").empty and book.head == "00" * 32


def test_batches_of_several_ledgers_are_kept_together_or_not_at_all(book: Book):
    opinion = Change("YJ-2020-00001", {"zt_ref": "ZT-1", "text": "中午没人", "kind": "意见"})
    with pytest.raises(LedgerError):
        book.record_all([("opinions", [opinion], BY, DAY), ("problems", [Change(KEY, {})], BY, DAY)])
    assert book.entries("opinions").empty
    book.record_all([("opinions", [opinion], BY, DAY), ("problems", [Change(KEY, PROBLEM)], BY, DAY)])
    assert len(book.entries("opinions")) == len(book.entries("problems")) == 1


def test_what_is_only_asked_about_is_told_alike_and_not_written(book: Book):
    book.record("problems", [Change(KEY, PROBLEM)], by=BY, on=DAY)
    before, batch = book.head, [Change(KEY, {"cause": "人手不足"}, 1), Change("WT-2020-甲镇-0002", PROBLEM)]
    asked = book.record("problems", batch, by=BY, on=DAY, dry_run=True)
    assert book.head == before == asked.head
    done = book.record("problems", batch, by=BY, on=DAY)
    assert (asked.added, asked.changed, asked.events) == (done.added, done.changed, done.events)
    with pytest.raises(LedgerError):
        book.record("problems", batch, by=BY, on=DAY, dry_run=True)


def test_a_ledger_in_parts_is_the_ledger(book: Book):
    keys = [f"WT-2020-甲镇-{n:04}" for n in (3, 1, 5, 2, 4)]
    book.record("problems", [Change(key, PROBLEM) for key in keys], by=BY, on=DAY)
    parts = list(book.parts("problems", today=DAY, size=2))
    assert [len(p) for p in parts] == [2, 2, 1] and book.keys("problems") == sorted(keys)
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), book.entries("problems", today=DAY))
    assert list(book.parts("tasks")) == []


def test_an_entry_is_not_written_down_before_its_last_event(book: Book):
    take(book, "problems", KEY, (None, PROBLEM))
    assert refused(book, Change(KEY, {"cause": "x"}, 1), on=DAY - dt.timedelta(1)) == {"": "ledger-before-last"}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("witnesses", -1, "ledger-range"),
        ("witnesses", "2.5", "ledger-integer"),
        ("witnesses", "两", "ledger-number"),
        ("witnesses", True, "ledger-number"),
        ("published", "也许", "ledger-bool"),
        ("mend_by", "2020-02-30", "ledger-date"),
        ("title", "a\x00b", "ledger-control-character"),
        ("title", "长" * 501, "ledger-too-long"),
        ("ailment5", "懒、贪", "ledger-choice"),
        ("measures", "", "ledger-required"),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_its_field(book: Book, field: str, value: object, code: str):
    assert refused(book, Change(KEY, {**PROBLEM, field: value}))[field] == code


@pytest.mark.parametrize("day", ["2020-3-1", "2020/03/01", "2020.3.1", "2020年3月1日", dt.date(2020, 3, 1), pd.Timestamp("2020-03-01 00:00")])
def test_a_day_may_be_written_in_five_styles(book: Book, day: object):
    take(book, "problems", KEY, (None, {**PROBLEM, "found_date": day}))
    assert book.entry("problems", KEY)["found_date"] == pd.Timestamp("2020-03-01")


def test_text_that_looks_like_a_formula_stays_text(book: Book):
    take(book, "problems", KEY, (None, {**PROBLEM, "cause": "=1+1"}))
    assert book.entry("problems", KEY)["cause"] == "=1+1"
    assert refused(book, Change("=cmd", {"date": "2020-03-01"}), name="learning")["learn_id"] == "ledger-pattern"


def test_posts_are_checked_where_the_registry_knows_any(book: Book):
    book.registry.put([Post("people", "甲镇-岗位1"), Post("people", "甲镇-分管领导")])
    take(book, "problems", KEY, (None, PROBLEM))
    assert refused(book, Change(KEY, {"owner": "甲镇-岗位9"}, 1)) == {"owner": "ledger-reference"}
    with pytest.raises(LedgerError) as caught:
        book.registry.put([Post("cats", "a"), Post("people", "=x")])
    assert [p.code for p in caught.value.problems] == ["registry-kind", "registry-id"]
    assert len(book.registry.table("people")) == 2


def test_what_only_people_write_is_refused_to_a_program(book: Book):
    take(book, "problems", KEY, (None, PROBLEM))
    assert refused(book, Change(KEY, {"fake3": "敷衍整改"}, 1), by=MACHINE) == {"fake3": "ledger-by-hand"}
    book.record("problems", [Change(KEY, {"fake3": "敷衍整改"}, 1)], by="督查组", on=DAY)
    assert refused(book, Change(KEY, {"cause": "x"}, 2), by=" ") == {"": "ledger-by"}


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE events SET row = replace(row, '没有人', '有人') WHERE seq = 1",
        "UPDATE events SET \"by\" = '别人' WHERE seq = 2",
        "UPDATE events SET state = '已销号' WHERE seq = 3",
        "DELETE FROM events WHERE seq = 2",
        "DELETE FROM events WHERE seq = 5",
        "UPDATE events SET row = '', salt = x'' WHERE seq = 2",
        "UPDATE head SET n = 4",
    ],
)
def test_an_altered_log_is_noticed(book: Book, tmp_path: Path, harm: str):
    take(book, "problems", KEY, (None, PROBLEM), *UNTIL_CLOSED, ("销号", CLOSED))
    assert book.verify() == []
    with closing(sqlite3.connect(tmp_path / "ledgers.db")) as raw:
        raw.execute(harm)
        raw.commit()
    assert {p.code for p in book.verify()} <= {"ledger-altered", "ledger-erased"} and book.verify()


def test_an_entry_can_be_erased_and_the_erasing_is_seen(book: Book, tmp_path: Path):
    take(book, "problems", KEY, (None, {**PROBLEM, "detail": "某某检举某某"}))
    with pytest.raises(LedgerError):
        book.erase("problems", KEY, by=MACHINE, on=DAY)
    book.erase("problems", KEY, by="作风办-负责人", on=DAY)
    assert book.verify() == [] and book.entry("problems", KEY)["state"] == "待立项"
    assert "检举" not in str(book.events("problems", KEY)) and book.events("problems", KEY)["step"].iloc[-1] == "清除"
    left = b"".join(p.read_bytes() for p in tmp_path.glob("ledgers.db*"))
    assert "某某检举".encode() not in left


def test_the_file_is_its_owners_alone(book: Book, tmp_path: Path):
    assert (tmp_path / "ledgers.db").stat().st_mode & 0o077 == 0
    assert repr(book).startswith("<Book ")
