"""Flags for people: hollow close-outs, broken chains, too much on one desk, reports above what is found."""


import pandas as pd
import pytest

from zuofeng_survey.errors import LedgerError
from zuofeng_survey.ledger import closing_signs, differences, responsibility
from zuofeng_survey.ledger.chains import LEVELS

DAY = pd.Timestamp("2021-11-26")
EVENTS = pd.DataFrame(columns=["key", "field", "old", "new"])


def problems(n: int, **changed) -> pd.DataFrame:
    rows = {
        "issue_id": [f"WT-2021-甲镇-{i:04d}" for i in range(1, n + 1)],
        "unit": "甲镇",
        "title": [f"第{i}村的水渠没有人清" for i in range(1, n + 1)],
        "measures": [chr(0x4E00 + 97 * i) * 14 for i in range(1, n + 1)],
        "evidence": "照片",
        "witnesses": pd.array([2] * n, dtype="Int64"),
        "closed_date": [DAY + pd.Timedelta(days=i) for i in range(n)],
    }
    return pd.DataFrame({**rows, **changed})


def found(frame: pd.DataFrame, events: pd.DataFrame = EVENTS, appeals: pd.DataFrame | None = None) -> dict:
    return closing_signs(frame, events, appeals).rows.groupby("sign").size().to_dict()


def test_a_proper_close_out_shows_no_sign():
    assert found(problems(9)) == {}


@pytest.mark.parametrize(("n", "signs"), [(9, {}), (10, {"same_day": 10})])
def test_ten_on_one_day_by_one_unit(n: int, signs: dict):
    assert found(problems(n, closed_date=DAY)) == signs
    assert found(problems(10, closed_date=DAY, unit=["甲镇"] * 5 + ["乙镇"] * 5)) == {}


@pytest.mark.parametrize("evidence", [None, "", " 略 ", "见附件", "后补"])
def test_no_evidence_or_none_to_speak_of(evidence: str | None):
    assert found(problems(1, evidence=[evidence])) == {"evidence": 1}


def test_nobody_who_saw_it():
    assert found(problems(2, witnesses=pd.array([1, None], dtype="Int64"))) == {"unseen": 2}


def test_measures_that_stand_word_for_word_elsewhere():
    same = "高度重视，加强领导，压实责任，立行立改，举一反三，确保第{}处整改到位。"
    assert found(problems(2, measures=[same.format(1), same.format(2)])) == {"alike": 2}
    assert found(problems(2, measures=["安排轮班", "安排轮班"])) == {}  # too short to mean anything
    assert found(problems(2, measures=same, unit=["甲镇", "乙镇"])) == {}
    assert found(problems(1, measures=[None])) == {}


@pytest.mark.parametrize(("days", "hit"), [(0, False), (1, True), (180, True), (181, False)])
def test_the_same_thing_appealed_about_again(days: int, hit: bool):
    appeals = pd.DataFrame(
        {
            "appeal_id": ["SQ-2021-000001", "SQ-2021-000002"],
            "assigned_to": ["甲镇", "乙镇"],
            "summary": ["第1村的水渠没有人清，还是堵"] * 2,
            "received_at": [DAY + pd.Timedelta(days=days, hours=9)] * 2,
        }
    )
    assert found(problems(1), appeals=appeals) == ({"again": 1} if hit else {})


def test_a_deadline_put_off_three_times():
    key = "WT-2021-甲镇-0001"
    moves = [("2021-03-01", "2021-04-01"), ("2021-04-01", "2021-05-01"), ("2021-05-01", "2021-06-01")]
    events = pd.DataFrame([{"key": key, "field": "mend_by", "old": a, "new": b} for a, b in moves])
    assert found(problems(1), events) == {"put_off": 1}
    assert found(problems(1), events.iloc[:2]) == {}
    back = events.assign(old=events["new"], new=events["old"])
    assert found(problems(1), back) == {}


def test_signs_are_flags_and_say_so():
    signs = closing_signs(problems(1, evidence=[None]), EVENTS)
    assert "由人核实" in signs._repr_html_() and signs.table()["sign"].tolist() == ["无佐证即销号"]
    assert signs.units().to_dict() == {"无佐证即销号": {"甲镇": 1}}


def chains(*rows: dict) -> pd.DataFrame:
    whole = {level: f"岗位-{level}" for level in LEVELS}
    base = [{"chain_id": f"甲镇-{n}", "unit": "甲镇", "item": f"{n}", "state": "在责"} for n in range(len(rows))]
    return pd.DataFrame([b | whole | r for b, r in zip(base, rows, strict=True)])


def test_any_empty_link_is_a_gap_and_says_which():
    told = responsibility(chains({}, {"level3b": None}, {"level1": None, "level3c": None}, {"level2": None, "state": "已解除"}))
    assert told.n == 3 and told.gaps["gaps"].tolist() == ["责任科室（分项）", "第一责任人（分级）、责任人（分项）"]


def test_overload_counts_items_once_and_leaves_out_the_first_in_charge():
    rows = [{"level2": "甲", "level3a": "甲", "level1": "书记"}] * 8
    told = responsibility(chains(*rows))
    assert told.overloaded()["person"].tolist() == ["岗位-level3c", "甲"]
    assert told.overloaded()["items"].tolist() == [8, 8]
    assert responsibility(chains(*rows), overload=9).overloaded().empty
    with pytest.raises(LedgerError):
        responsibility(chains(*rows), overload=0)


def test_reported_minus_checked_is_shown():
    tasks = pd.DataFrame(
        {"task_id": ["a", "b"], "unit": "甲镇", "q2_pct": [60.0, 50.0], "h1_pct": [45.0, 52.0],
         "q4_pct": [100.0, None], "y_pct": [95.0, None]}
    )  # fmt: skip
    told = differences(tasks).table()
    assert told[["task_id", "stage", "difference", "far"]].to_numpy().tolist() == [
        ["a", "半年核账", 15.0, True], ["a", "年终清账", 5.0, False], ["b", "半年核账", -2.0, False],
    ]  # fmt: skip
