"""A small office's ledgers: problems, appeals and chains, through the same door as people's."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from zuofeng_survey.ledger import Book, Change

UNITS = ("甲镇", "乙镇", "丙镇", "丁镇")
BY = "作风办-台账员"
TODAY = dt.date(2020, 12, 31)


def small_book(home: Path, *, title: str = "窗口中午没有人值班") -> Book:
    """Return a book with 60 problems, 40 appeals and 8 chains, some late, some closed elsewhere."""
    book = Book.open(home)
    new = [Change(f"WT-2020-甲镇-{n:04d}", _problem(n, title)) for n in range(1, 61)]
    book.record("problems", new, by=BY, on=dt.date(2020, 3, 2))
    closed = [
        Change(f"WT-2020-甲镇-{n:04d}", {"closed_date": "2020-06-20"}, 1, "补录线下销号") for n in range(1, 15)
    ]
    book.record("problems", closed, by=BY, on=dt.date(2020, 6, 20))
    _appeals(book)
    chains = [
        Change(f"{unit}-{n}", {"unit": unit, "item": f"事项{n}", "level1": f"{unit}-书记",
                               "level2": f"{unit}-班子{n}", "level3a": f"{unit}-副职{n}",
                               "level3b": f"{unit}-办公室", **({"level3c": f"{unit}-岗位"} if n else {})})
        for unit in UNITS for n in range(2)
    ]  # fmt: skip
    book.record("chains", chains, by=BY, on=dt.date(2020, 3, 2))
    return book


def _problem(n: int, title: str) -> dict[str, object]:
    unit = UNITS[n % len(UNITS)]
    return {
        "found_date": "2020-03-01", "source": ("自查", "座谈会", "上门走访")[n % 3], "unit": unit,
        "title": f"{title}（{n}）", "detail": "群众中午来办事，窗口没有人。", "area6": f"area.{n % 6 + 1}",
        "focus8": f"focus.{n % 7 + 1}", "ailment5": ["懒", "散"][: n % 3],
        "measures": f"安排轮班，公布值班表和电话，第{n}项", "mend_by": f"2020-{n % 9 + 4:02d}-15",
        "leader": f"{unit}-负责人", "owner": f"{unit}-岗位{n % 7}", "office": f"{unit}-办公室",
    }  # fmt: skip


def _appeals(book: Book) -> None:
    keys = [f"SQ-2020-{n:06d}" for n in range(1, 41)]
    new = [
        Change(k, {"received_at": f"2020-0{n % 5 + 3}-02T09:00", "channel": ("来信", "来访", "电话")[n % 3],
                   "kind": "申诉求决", "summary": f"道路损坏（{n}）", "grid": f"{UNITS[n % 4]}-网格1"})
        for n, k in enumerate(keys)
    ]  # fmt: skip
    book.record("appeals", new, by=BY, on=dt.date(2020, 7, 3))
    steps = (
        ("受理", {"six_mode": "马上办"}),
        ("交办", {}),
        ("办理", {}),
        ("答复", {"result": "支持"}),
    )
    for version, (step, values) in enumerate(steps, start=1):
        moved = []
        for n, key in enumerate(keys[: 40 - 4 * version]):
            own = dict(values)
            if step == "受理":
                own["accept_notice_at"] = f"2020-0{n % 5 + 3}-{10 if n % 4 else 28}"
            if step == "交办":
                own["assigned_to"] = UNITS[n % 4]
            moved.append(Change(key, own, version, step))
        book.record("appeals", moved, by=BY, on=dt.date(2020, 8, 1 + version))
