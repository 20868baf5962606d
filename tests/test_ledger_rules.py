"""What each ledger will not let pass, worked by hand."""

import datetime as dt
from pathlib import Path

import pytest

from ledger_entries import APPEAL, BY, CLOSED, DAY, KEY, PROBLEM, TASK, UNTIL_CLOSED, codes, take
from zuofeng_survey.errors import LedgerError
from zuofeng_survey.ledger import MACHINE, Book, Change

SQ = "SQ-2020-000001"


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book.open(tmp_path)


def refused(book: Book, name: str, key: str, *steps, on: dt.date = DAY, by: str = BY) -> dict[str, str]:
    with pytest.raises(LedgerError) as caught:
        take(book, name, key, *steps, on=on)
    return codes(caught.value)


@pytest.mark.parametrize("field", ["measures", "mend_by", "owner"])
def test_no_problem_enters_without_measure_deadline_and_owner(book: Book, field: str):
    assert refused(book, "problems", KEY, (None, {**PROBLEM, field: ""})) == {field: "ledger-required"}


@pytest.mark.parametrize(
    ("missing", "wrong"),
    [
        ({"witnesses": 1}, {"witnesses": "ledger-least"}),
        ({"witnesses": None}, {"witnesses": "ledger-least"}),
        ({"acceptance": ""}, {"acceptance": "ledger-required"}),
        ({"published": False}, {"published": "ledger-not-yet"}),
        ({"measures_done": False}, {"measures_done": "ledger-not-yet"}),
        ({"evidence": ""}, {"evidence": "ledger-required"}),
        ({"approver": ""}, {"approver": "ledger-required"}),
        ({"approver": "甲镇-岗位1"}, {"approver": "ledger-same-person"}),
        ({"lookback_due": "2020-04-01"}, {"lookback_due": "ledger-within"}),
        ({"relapsed": True}, {"relapse_review": "ledger-required"}),
    ],
)
def test_a_problem_is_not_closed_without(book: Book, missing: dict, wrong: dict):
    take(book, "problems", KEY, (None, PROBLEM), *UNTIL_CLOSED)
    assert refused(book, "problems", KEY, ("销号", {**CLOSED, **missing})) == wrong


def test_what_closed_a_problem_cannot_be_taken_away_afterwards(book: Book):
    take(book, "problems", KEY, (None, PROBLEM), *UNTIL_CLOSED, ("销号", CLOSED))
    assert refused(book, "problems", KEY, (None, {"evidence": ""})) == {"evidence": "ledger-required"}
    assert refused(book, "problems", KEY, (None, {"owner": "甲镇-负责人"})) == {"approver": "ledger-same-person"}


@pytest.mark.parametrize(("days", "passes"), [(89, False), (90, True), (180, True), (181, False)])
def test_the_look_back_lies_90_to_180_days_after_the_close_out(book: Book, days: int, passes: bool):
    take(book, "problems", KEY, (None, PROBLEM), *UNTIL_CLOSED)
    look = {"closed_date": DAY, "lookback_due": DAY + dt.timedelta(days)}
    if passes:
        take(book, "problems", KEY, ("销号", {**CLOSED, **look}))
    else:
        assert refused(book, "problems", KEY, ("销号", {**CLOSED, **look})) == {"lookback_due": "ledger-within"}


def test_a_look_back_can_reopen_and_a_second_close_out_needs_everything_again(book: Book):
    take(book, "problems", KEY, (None, PROBLEM), *UNTIL_CLOSED, ("销号", CLOSED))
    assert book.entry("problems", KEY)["lookback_due"].date() == DAY + dt.timedelta(120)
    later = DAY + dt.timedelta(120)
    take(book, "problems", KEY, ("开始回头看", {}), ("反弹重开", {"mend_by": "2020-09-30"}), ("重新整改", {}), on=later)
    entry = book.entry("problems", KEY)
    assert entry["reopened"] and not {"closed_date", "evidence", "witnesses", "approver"} & set(entry)
    assert refused(book, "problems", KEY, ("申请销号", {}), on=later) == {"evidence": "ledger-required"}
    again = {"evidence": "新照片", "measures_done": True}
    take(book, "problems", KEY, ("申请销号", again), ("组织验收", {}), ("销号", CLOSED), on=later)
    assert book.entry("problems", KEY)["closed_date"].date() == later


def test_what_was_closed_elsewhere_is_never_called_closed(book: Book):
    take(book, "problems", KEY, (None, PROBLEM), ("补录线下销号", {"closed_date": "2020-03-02"}))
    assert book.entry("problems", KEY)["state"] == "线下销号"
    assert refused(book, "problems", KEY, ("归档", {})) == {"": "ledger-step"}


def test_a_tasks_checker_and_approver_are_not_its_owner(book: Book):
    steps = [("一季报账", {"q1_pct": 20, "q1_text": "好"}), ("二季报账", {"q2_pct": 50, "q2_text": "好"})]
    take(book, "tasks", "GZ-2020-001", (None, TASK), *steps)
    own = {"h1_pct": 50, "h1_checker": "甲镇-岗位1"}
    assert refused(book, "tasks", "GZ-2020-001", ("半年核账", own)) == {"h1_checker": "ledger-same-person"}
    assert refused(book, "tasks", "GZ-2020-001", ("年终清账", {})) == {"": "ledger-step"}
    take(book, "tasks", "GZ-2020-001", ("半年核账", {**own, "h1_checker": "作风办-核账员"}))


def test_a_task_not_done_says_why(book: Book):
    take(book, "tasks", "GZ-2020-001", (None, TASK))
    wrong = refused(book, "tasks", "GZ-2020-001", ("撤销", {"y_approver": "甲镇-岗位1"}))
    assert wrong == {"y_approver": "ledger-same-person", "y_reason": "ledger-required"}


ACCUSATION = {"kind": "检举控告", "transfer_at": "2020-03-03"}


def test_an_accusation_is_a_number_and_a_day(book: Book):
    take(book, "appeals", SQ, (None, ACCUSATION), ("移送", {}))
    assert set(book.entry("appeals", SQ)) == {
        "appeal_id", "kind", "transfer_at", "state", "version", "recorded", "overdue",
    }  # fmt: skip


@pytest.mark.parametrize("field", ["received_at", "channel", "summary", "contact_ref", "grid", "assigned_to", "first_asker", "score"])
def test_any_content_of_an_accusation_is_refused(book: Book, field: str):
    value = {"received_at": "2020-03-02", "channel": "来信"}.get(field, "内容")
    assert refused(book, "appeals", SQ, (None, {**ACCUSATION, field: value})) == {field: "ledger-kept-out"}


def test_an_appeal_does_not_become_an_accusation_with_its_content(book: Book):
    take(book, "appeals", SQ, (None, APPEAL))
    assert set(refused(book, "appeals", SQ, (None, ACCUSATION)).values()) == {"ledger-kept-out"}
    book.erase("appeals", SQ, by="作风办-负责人", on=DAY)
    take(book, "appeals", SQ, (None, ACCUSATION), ("移送", {}))
    assert "低保" not in book.events("appeals", SQ).to_csv()


def test_an_appeal_is_not_passed_on_like_an_accusation(book: Book):
    assert refused(book, "appeals", SQ, (None, {**APPEAL, "transfer_at": "2020-03-03"})) == {"transfer_at": "ledger-kept-out"}
    take(book, "appeals", SQ, (None, APPEAL))
    assert refused(book, "appeals", SQ, ("受理", {"six_mode": "马上办"})) == {"accept_notice_at": "ledger-required"}


ACCEPTED = ("受理", {"accept_notice_at": "2020-03-05", "six_mode": "马上办"})


@pytest.mark.parametrize(("day", "passes"), [("2020-04-30", True), ("2020-05-06", True), ("2020-05-08", True), ("2020-05-11", False)])
def test_a_unit_objects_within_five_working_days(book: Book, day: str, passes: bool):
    """Given on Wednesday 29 April 2020; 1–5 May are holidays, Saturday 9 May is worked."""
    given = ("交办", {"assigned_to": "甲镇", "assigned_at": "2020-04-29"})
    take(book, "appeals", SQ, (None, APPEAL), ACCEPTED, given)
    if passes:
        take(book, "appeals", SQ, (None, {"objection_at": day}))
    else:
        assert refused(book, "appeals", SQ, (None, {"objection_at": day})) == {"objection_at": "ledger-within"}


def test_who_handled_an_appeal_does_not_visit_its_maker(book: Book):
    take(book, "appeals", SQ, (None, APPEAL), ACCEPTED, ("交办", {"assigned_to": "甲镇"}), ("办理", {}),
         ("答复", {"result": "支持", "replied_at": "2020-03-09"}))  # fmt: skip
    assert refused(book, "appeals", SQ, ("回访", {"visitor": "甲镇"})) == {"visitor": "ledger-same-person"}
    take(book, "appeals", SQ, ("回访", {"visitor": "作风办"}), ("退回重办", {}))
    entry = book.entry("appeals", SQ)
    assert entry["rework"] == 1 and "replied_at" not in entry and entry["state"] == "办理中"


CLEARING = {"matter_ref": "HC-1", "finding": "失实"}


def test_unfounded_is_not_called_a_false_accusation(book: Book):
    take(book, "clearings", "CQ-2020-001", (None, CLEARING))
    label = dict(next(c for c in _columns("clearings") if c.name == "finding").choices)["失实"]
    assert label == "失实（不等于诬告）"
    wrong = refused(book, "clearings", "CQ-2020-001", (None, {"finding": "诬告陷害"}))
    assert wrong == {
        "found_by": "ledger-required",
        "found_ref": "ledger-required",
        "fabricated": "ledger-not-yet",
        "intent": "ledger-not-yet",
    }
    assert refused(book, "clearings", "CQ-2020-001", (None, {"intent": True})) == {"intent": "ledger-kept-out"}


def _columns(name: str):
    from zuofeng_survey.ledger import declaration

    return declaration(name).columns()


ADVICE = {"target_id": "甲镇-副职A", "years_bottom": 1, "seed_measure": "诫勉谈话", "evidence_level": "弱"}
DECIDED = {"authority": "县委", "decision": "不予诫勉", "decided_at": "2021-02-01", "minutes_ref": "纪要1"}


def test_a_program_may_propose_and_never_decide(book: Book):
    book.record("advice", [Change("CZ-2020-001", ADVICE)], by=MACHINE, on=DAY)
    for field in ("notice_at", "statement", *DECIDED):
        value = DECIDED.get(field, "2021-01-20")
        with pytest.raises(LedgerError) as caught:
            book.record("advice", [Change("CZ-2020-001", {field: value}, 1)], by=MACHINE, on=DAY)
        assert codes(caught.value)[field] == "ledger-by-hand"


def test_a_decision_comes_after_notice_and_statement_and_names_who_took_it(book: Book):
    take(book, "advice", "CZ-2020-001", (None, ADVICE))
    assert refused(book, "advice", "CZ-2020-001", (None, DECIDED)) == {"decision": "ledger-kept-out"}
    assert refused(book, "advice", "CZ-2020-001", ("告知本人", {"notice_at": "2021-01-20"})) == {"explanation": "ledger-required"}
    take(book, "advice", "CZ-2020-001", ("告知本人", {"notice_at": "2021-01-20", "explanation": "另有核查结论"}), ("听取陈述", {"statement": "分管拆迁"}))
    half = {**DECIDED, "minutes_ref": ""}
    assert refused(book, "advice", "CZ-2020-001", ("集体研究", half)) == {"minutes_ref": "ledger-required"}
    take(book, "advice", "CZ-2020-001", ("集体研究", DECIDED))
    assert book.entry("advice", "CZ-2020-001")["state"] == "已研究"


def test_no_code_of_the_package_writes_what_only_people_write():
    """Nothing but the declarations and the engine knows these fields; nobody fills them in."""
    import re

    import zuofeng_survey

    source = Path(zuofeng_survey.__file__).parent
    writes = re.compile(r"""["'](decision|decided_at|minutes_ref|fake3)["']\s*:""")
    labels = source / "rules" / "blanks.py"  # what the blank fields are called; tests/test_rules.py looks at it
    others = (p for p in source.rglob("*.py") if p != labels)
    assert [p.name for p in others if writes.search(p.read_text(encoding="utf-8"))] == []


def test_a_check_of_a_chosen_unit_does_not_come_from_a_report(book: Book):
    entry = {"date": DAY, "kind": "暗访", "unit": "甲镇", "scope": "服务窗口", "sampling": "定向", "reason": "连续逾期"}
    assert refused(book, "checks", "DC-2020-001", (None, entry)) == {"not_from_report": "ledger-not-yet"}
    assert refused(book, "checks", "DC-2020-001", (None, {**entry, "sampling": "随机"})) == {"seed": "ledger-required"}


def test_an_objection_is_answered_in_thirty_days_and_never_for_the_worse(book: Book):
    filed = {"target_id": "甲镇-副职A", "about": "计票差错", "filed_at": "2021-01-04"}
    take(book, "objections", "YY-2021-001", (None, filed))
    assert book.entry("objections", "YY-2021-001")["due"].date() == dt.date(2021, 2, 3)
    answer = ("复核决定", {"result": "更正", "decided_at": "2021-02-01"})
    assert refused(book, "objections", "YY-2021-001", answer) == {"no_worse": "ledger-not-yet"}


def test_an_objection_after_five_working_days_is_refused_although_the_step_clears_the_handing_over(tmp_path):
    book = Book.open(tmp_path)
    accepted = {"accept_notice_at": "2020-04-27", "six_mode": "马上办"}
    day = dt.date(2020, 4, 27)  # a Monday; 1–5 May are off and 26 April and 9 May are worked
    received = {**APPEAL, "received_at": "2020-04-26 09:00"}
    steps = ((None, received), ("受理", accepted), ("交办", {"assigned_to": "甲镇"}))
    take(book, "appeals", "SQ-2020-000001", *steps, on=day)
    with pytest.raises(LedgerError) as caught:
        take(book, "appeals", "SQ-2020-000001", ("异议退回", {"objection_at": "2020-05-08"}), on=dt.date(2020, 5, 8))
    assert codes(caught.value) == {"objection_at": "ledger-within"}
    take(book, "appeals", "SQ-2020-000001", ("异议退回", {"objection_at": "2020-05-07"}), on=dt.date(2020, 5, 8))


def test_a_new_task_keeps_the_days_of_its_year_and_another_day_may_be_written(tmp_path):
    book = Book.open(tmp_path)
    take(book, "tasks", "GZ-2020-001", (None, {**TASK, "q1_due": "2020-04-20"}))
    entry = book.entry("tasks", "GZ-2020-001", today=DAY)
    assert str(entry["q1_due"].date()) == "2020-04-20" and str(entry["y_due"].date()) == "2021-01-15"


def test_what_is_missing_is_told_once(tmp_path):
    with pytest.raises(LedgerError) as caught:
        take(Book.open(tmp_path), "problems", KEY, (None, {**PROBLEM, "measures": ""}))
    assert [p.item.partition(":")[2] for p in caught.value.problems] == ["measures"]


@pytest.mark.parametrize("number", ["13800000000", "138 0000 0000", "１３８－００００－００００", "（0999）1234567", "99000119900101123X"])
def test_a_telephone_or_identity_number_does_not_enter_a_ledger(book: Book, number: str):
    said = {**APPEAL, "summary": f"低保申请没有回音，请回 {number}"}
    assert refused(book, "appeals", SQ, (None, said)) == {"summary": "ledger-personal"}
