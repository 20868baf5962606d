"""Entries to put into ledgers, for the tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

from zuofeng_survey.errors import LedgerError
from zuofeng_survey.ledger import Book, Change

BY = "作风办-台账员"
DAY = dt.date(2020, 3, 2)
KEY = "WT-2020-甲镇-0001"
PROBLEM: dict[str, Any] = {
    "found_date": "2020-03-01",
    "source": "自查",
    "unit": "甲镇",
    "title": "窗口中午没有人值班",
    "detail": "群众中午办不了事。",
    "area6": "area.5",
    "focus8": "none",
    "measures": "安排轮班\n公布值班表",
    "mend_by": "2020-06-01",
    "leader": "甲镇-分管领导",
    "owner": "甲镇-岗位1",
    "office": "甲镇-办公室",
}
APPEAL: dict[str, Any] = {
    "received_at": "2020-03-02 09:30",
    "channel": "来访",
    "kind": "申诉求决",
    "summary": "低保申请没有回音",
}
TASK: dict[str, Any] = {
    "year": 2020,
    "category": "重点工作",
    "title": "危房改造",
    "target": "改造 40 户",
    "quarter_plan": "10\n20\n30\n40",
    "owner": "甲镇-岗位1",
}
CLOSED = {
    "acceptance": "XH-2020@abc",
    "witnesses": 2,
    "published": True,
    "approver": "甲镇-负责人",
}
UNTIL_CLOSED = (
    ("立项", {}),
    ("申请销号", {"evidence": "照片", "measures_done": True}),
    ("组织验收", {}),
)


def take(book: Book, name: str, key: str, *steps: tuple[str | None, dict[str, Any]], on: dt.date = DAY) -> None:
    """Take steps one after another, from the version that is there."""
    found = book.entries(name, keys=[key])
    version = int(found["version"].iloc[0]) if len(found) else 0
    changes = [Change(key, values, (version + n) or None, step) for n, (step, values) in enumerate(steps)]
    book.record(name, changes, by=BY, on=on)


def codes(error: LedgerError) -> dict[str, str]:
    """Return field → code of what was refused."""
    return {p.item.partition(":")[2]: p.code for p in error.problems}
