"""Clocks and the three rates: the edge cases, each worked by hand."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_entries import APPEAL, BY
from zuofeng_survey import rules
from zuofeng_survey.ledger import Book, Change, appeal_rates, declaration, due_days
from zuofeng_survey.ledger.calendar import after, days_between
from zuofeng_survey.ledger.deadlines import with_due
from zuofeng_survey.ledger.frames import frame_of
from zuofeng_survey.ledger.rates import ACCEPT, FINISH, FLOOR, SATISFIED, TAKING_PART, basis_of
from zuofeng_survey.ledger.recording import row_text
from zuofeng_survey.ledger.signs import AGAIN_DAYS, ALIKE, BATCH, TIMES
from zuofeng_survey.ledger.values import parse

ACCEPTED = {"accept_decision": "受理", "accept_notice_at": "2020-03-05"}
LATER = dt.date(2021, 1, 1)


def appeals(*entries: dict[str, Any], state: str = "收到") -> pd.DataFrame:
    """Return entries as the book would, without writing them down."""
    known = declaration("appeals")
    lines = []
    for n, entry in enumerate(entries, start=1):
        row = {"appeal_id": f"SQ-2020-{n:06d}", **APPEAL, **entry}
        row = {k: parse(known.by_name[k], v) for k, v in row.items()}
        whole = {k: v for k, v in row.items() if v is not None}
        lines.append(row_text({**whole, "state": state, "version": 1, "recorded": "2020-03-02"}))
    return frame_of(known, "\n".join(lines).encode())


def rate(name: str, *entries: dict[str, Any], today: dt.date = LATER) -> tuple[int, int]:
    return appeal_rates(appeals(*entries), today=today).one(name)


@pytest.mark.parametrize(
    ("told", "today", "expected"),
    [
        ("2020-03-02", "2020-12-31", (1, 1)),  # 收到日 = 受理日
        ("2020-03-17", "2020-12-31", (1, 1)),  # 到期日当天
        ("2020-03-18", "2020-12-31", (0, 1)),  # 到期次日
        ("", "2020-03-17", (0, 0)),  # 到期日当天还没过完：未到期，不进分母
        ("", "2020-03-18", (0, 1)),  # 到期未办，按未按期计
        ("2020-03-05", "2020-03-10", (0, 0)),  # 办了而未到期，也不进分母
    ],
)
def test_fifteen_days_to_decide_and_tell(told: str, today: str, expected: tuple):
    entry = {"accept_notice_at": told}
    assert rate(ACCEPT, entry, today=dt.date.fromisoformat(today)) == expected


def test_a_term_runs_over_the_end_of_the_year():
    entry = {"received_at": "2020-12-25", "accept_notice_at": "2021-01-09"}
    assert rate(ACCEPT, entry, today=dt.date(2021, 1, 10)) == (1, 1)
    assert rate(ACCEPT, entry, today=dt.date(2021, 1, 9)) == (0, 0)


def test_the_hour_of_arrival_does_not_count():
    assert rate(ACCEPT, {"received_at": "2020-03-02 23:59", "accept_notice_at": "2020-03-17"}) == (1, 1)


def test_unclear_names_are_in_no_denominator_of_the_first_rate():
    assert rate(ACCEPT, {"identity_unclear": True}, {"identity_unclear": False}) == (0, 1)


@pytest.mark.parametrize("kind", ["检举控告", "咨询"])
def test_the_clocks_are_for_petitions_and_suggestions(kind: str):
    assert rate(ACCEPT, {"kind": kind}) == (0, 0)
    assert rate(FINISH, {"kind": kind, **ACCEPTED}) == rate(FINISH, {"kind": "建议意见", **ACCEPTED}) == (0, 0)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"replied_at": "2020-05-04"}, (1, 1)),  # the sixtieth day
        ({"replied_at": "2020-05-05"}, (0, 1)),
        ({}, (0, 1)),  # due and undone
        ({"accept_decision": "不予受理", "replied_at": "2020-03-06"}, (0, 0)),
        ({"accept_decision": "转送"}, (0, 0)),
    ],
)
def test_sixty_days_from_acceptance_to_answer(entry: dict, expected: tuple):
    assert rate(FINISH, {**ACCEPTED, **entry}) == expected


EXTENDED = {
    **ACCEPTED,
    "extend_at": "2020-05-01",
    "extend_by": "甲镇-负责人",
    "extend_days": 30,
    "extend_notice": True,
    "replied_at": "2020-06-03",
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, (1, 1)),  # the ninetieth day
        ({"replied_at": "2020-06-04"}, (0, 1)),
        ({"extend_notice": False}, (0, 1)),  # 延期未告知，不算按期
        ({"extend_notice": ""}, (0, 1)),
        ({"extend_by": ""}, (0, 1)),  # nobody approved it
        ({"extend_at": ""}, (0, 1)),
        ({"extend_at": "2020-05-05"}, (0, 1)),  # approved when the term was over
        ({"extend_at": "2020-05-04"}, (1, 1)),
        ({"extend_days": 10}, (0, 1)),
    ],
)
def test_an_extension_counts_only_if_approved_in_time_and_told(change: dict, expected: tuple):
    assert rate(FINISH, {**EXTENDED, **change}) == expected


def test_an_extended_case_is_not_due_before_its_extension_is_over():
    entry = {**EXTENDED, "replied_at": ""}
    assert rate(FINISH, entry, today=dt.date(2020, 6, 3)) == (0, 0)
    assert rate(FINISH, entry, today=dt.date(2020, 6, 4)) == (0, 1)


def visits(*judged: tuple[int, bool]) -> pd.DataFrame:
    return pd.DataFrame({"appeal_id": [f"SQ-2020-{n:06d}" for n, _ in judged], "satisfied": [s for _, s in judged]})


def test_satisfaction_stands_beside_taking_part_and_the_floor():
    answered = [{**ACCEPTED, "replied_at": "2020-04-01"}] * 10
    frame = appeals(*answered, {**ACCEPTED}, {"kind": "咨询", "replied_at": "2020-04-01"})
    seen = visits((1, True), (2, True), (3, True), (4, False), (11, True), (12, True), (99, True))
    found = appeal_rates(frame, today=LATER, visits=seen)
    assert (found.one(SATISFIED), found.one(TAKING_PART), found.one(FLOOR)) == ((3, 4), (4, 10), (3, 10))
    row = found.table().set_index("rate").loc[SATISFIED]
    assert (row["lower_rate"], row["upper_rate"]) == pytest.approx((0.300642, 0.954413), abs=1e-6)


def test_no_cases_is_a_dash_and_neither_0_nor_100():
    found = appeal_rates(appeals(), today=LATER, visits=visits())
    assert found.table()["value_rate"].isna().all() and (found.table()["n"] == 0).all()
    assert "—" in found._repr_html_() and "100" not in found._repr_html_()


def test_rates_by_unit_add_up_to_all():
    frame = appeals(*({**ACCEPTED, "assigned_to": u, "replied_at": "2020-04-01"} for u in ("甲镇", "乙镇", "甲镇")))
    found = appeal_rates(frame, today=LATER, by="assigned_to")
    assert found.one(FINISH, "甲镇") == (2, 2) and found.one(FINISH, "乙镇") == (1, 1)
    assert found.one(FINISH) == (3, 3)


def test_nobodys_judgement_is_broken_down_by_unit():
    frame = appeals({**ACCEPTED, "assigned_to": "甲镇", "replied_at": "2020-04-01"})
    found = appeal_rates(frame, today=LATER, by="assigned_to", visits=visits((1, True))).table()
    assert set(found.loc[found["rate"].isin([SATISFIED, TAKING_PART, FLOOR]), "group"]) == {"全部"}


@pytest.mark.parametrize(("day", "law"), [("2022-04-30 23:59", "2005"), ("2022-05-01", "2022")])
def test_the_law_is_the_one_in_force_on_the_day_received(day: str, law: str):
    frame = appeals({"received_at": day, "accept_notice_at": "2022-05-05"})
    assert f"（{law}）" in basis_of("受理告知", frame["received_at"]).item()
    assert f"（{law}）" in appeal_rates(frame, today=dt.date(2023, 1, 1)).table()["basis"].iloc[0]


def test_law_constants_are_what_the_regulations_say():
    days = {d.name: d.days for d in declaration("appeals").deadlines if d.origin == "law"}
    assert days == {"受理告知": 15, "办理答复": 60, "申请复查": 30, "复查答复": 30, "申请复核": 30, "复核答复": 30}
    longer = next(d.extend for d in declaration("appeals").deadlines if d.extend)
    within = next(r.within for r in declaration("appeals").rules if r.within)
    assert longer.most == 30 and (within.days[1], within.unit) == (5, "工作日")


def test_a_persons_own_term_makes_nobody_late():
    frame = appeals({**ACCEPTED, "replied_at": "2020-04-01"}, state="已答复")
    told = with_due(declaration("appeals"), frame, LATER)
    assert told["due"].isna().all() and not told["overdue"].any()


def test_a_promise_shorter_than_the_law_runs_out_first():
    frame = appeals({**ACCEPTED, "promise_days": 10}, state="办理中")
    told = with_due(declaration("appeals"), frame, dt.date(2020, 3, 16))
    assert (told["clock"].item(), told["overdue"].item()) == ("承诺办结", True)
    assert rate(FINISH, {**ACCEPTED, "promise_days": 10, "replied_at": "2020-04-30"}) == (1, 1)


def test_the_days_of_the_work_year():
    days = due_days(2020)
    assert [str(d) for d in days.values()] == [
        "2020-04-10", "2020-07-10", "2020-07-31", "2020-10-10", "2021-01-10", "2021-01-15",
    ]  # fmt: skip


def test_working_days_follow_the_notices_and_not_only_the_week():
    spring = pd.Series(pd.to_datetime(["2021-02-10", "2020-09-30"]))  # off: 11–17 Feb, 1–8 Oct; worked: Saturdays 20 Feb, 10 Oct
    found = after(spring, 3, "工作日").dt.strftime("%Y-%m-%d").tolist()
    assert found == ["2021-02-20", "2020-10-12"]


@given(st.dates(dt.date(2018, 1, 1), dt.date(2024, 12, 31)), st.integers(1, 40))
def test_a_term_in_working_days_counts_back_to_itself(start: dt.date, days: int):
    end = after(pd.Series(pd.to_datetime([start])), days, "工作日").dt.date.item()
    assert days_between(start, end, "工作日") == days
    assert end > start and (end - start).days >= days


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=30), st.integers(0, 60))
def test_a_rate_never_counts_a_case_that_is_not_due_and_never_exceeds_one(cases: list, today: int):
    base = dt.date(2020, 3, 2)
    entries = [{"received_at": base, "accept_notice_at": base + dt.timedelta(n) if told else ""} for n, told in cases]
    done, n = rate(ACCEPT, *entries, today=base + dt.timedelta(today))
    assert 0 <= done <= n <= len(cases)
    assert n == (len(cases) if today > 15 else 0)
    assert done == (sum(told and k <= 15 for k, told in cases) if today > 15 else 0)


def test_entries_of_the_book_have_the_same_columns(tmp_path: Path):
    book = Book.open(tmp_path)
    book.record("appeals", [Change("SQ-2020-000001", APPEAL)], by=BY, on=dt.date(2020, 3, 2))
    found = book.entries("appeals", today=dt.date(2020, 3, 18))
    assert found["overdue"].item() and found["due"].item() == pd.Timestamp("2020-03-17")
    assert appeal_rates(found, today=dt.date(2020, 3, 18)).one(ACCEPT) == (0, 1)
    assert np.isnan(appeal_rates(found.iloc[:0], today=LATER).table()["value_rate"]).all()


def test_what_the_ledgers_go_by_is_what_the_settings_say():
    s = rules.settings()
    due, days = s.under("book_cycle.due"), {f.name: f.yearly for f in declaration("tasks").fields if f.yearly}
    assert [days[f"{q}_due"] for q in ("q1", "q2", "q3", "q4")] == due["季度报账"]
    assert (days["h1_due"], days["y_due"]) == (due["半年核账"], due["年终清账"])
    limits, clocks = s.under("appeal_flow.limits"), {d.name: d for d in declaration("appeals").deadlines}
    named = {"受理告知": "accept_days", "办理答复": "handle_days", "申请复查": "review_apply_days", "复查答复": "review_decide_days"}
    named |= {"申请复核": "recheck_apply_days", "复核答复": "recheck_decide_days"}
    assert {n: clocks[n].days for n in named} == {n: limits[k] for n, k in named.items()}
    assert clocks["办理答复"].extend.most == limits["extend_max_days"]
    terms = [r.within for name in ("appeals", "problems") for r in declaration(name).rules if r.within]
    assert [t.days[1] for t in terms if t.field == "objection_at"] == [limits["unit_objection_workdays"]]
    assert [list(t.days) for t in terms if t.field == "lookback_due"] == [s["closeout.lookback_days"]]
    assert tuple(s[f"closeout.{k}"] for k in ("batch_flag", "alike_flag", "extensions_flag", "again_days")) == (BATCH, ALIKE / 100, TIMES, AGAIN_DAYS)
    review, appeal = ({d.name: d.days for d in declaration(n).deadlines} for n in ("advice", "objections"))
    assert (review["申请复核"], appeal["提出申诉"]) == (s["objection.review_days"], s["objection.appeal_days"])
