"""The state of a ledger of 60,000 entries and 400,000 events against a plain scan, as JSON.

``python -m benchmarks`` with ``ONLY=ledgers``: the events go in through ``Book.record``, every guard
on, in batches of 20,000. A plain scan reads every column of every event in SQLite, once; both are the
median of turns taken one after the other. Then the desk is opened on this ledger and its screens are
moved, as a person in Voila does: each filter is what happens until the rows in sight are handed over.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from zuofeng_survey.ledger import Book, Change
from zuofeng_survey.ledger.database import FILE
from zuofeng_survey.store.database import transaction
from zuofeng_survey.web.desk import LedgerDesk

ENTRIES = int(os.environ.get("LEDGER_ENTRIES", "60000"))
EVENTS = ENTRIES * 20 // 3
TURNS = 5
BATCH = 20_000
DAY, LATER = dt.date(2020, 3, 2), dt.date(2020, 6, 15)
STEPS = ("立项", None, None, "申请销号", "组织验收")
UNITS = [f"县直单位{n:02d}" for n in range(1, 35)]


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="zf-") as folder:
        book = Book.open(folder)
        start = time.perf_counter()
        events = sum(_record(book))
        recording = time.perf_counter() - start
        cpu = time.process_time()
        states = _turns(lambda: len(book.entries("problems", today=DAY)))
        cpu = (time.process_time() - cpu) / TURNS
        scans = _turns(lambda: _scan(book))
        some = [f"WT-2020-甲镇-{n:04d}" for n in range(100)]
        hundred = _turns(lambda: len(book.entries("problems", today=DAY, keys=some)))
        start = time.perf_counter()
        problems = book.verify()
        verifying = time.perf_counter() - start
        desk = _desk(folder)
        size = sum(p.stat().st_size for p in Path(folder).glob(f"{FILE}*"))
    state, scan = median(states), median(scans)
    return {
        "entries": ENTRIES,
        "events": events,
        "state_of_all_s": state,
        "state_of_all_worst_s": max(states),
        "state_of_all_cpu_s": cpu,
        "plain_scan_s": scan,
        "ratio_to_plain_scan": state / scan,
        "state_of_100_s": median(hundred),
        "events_recorded_per_s": events / recording,
        "verify_s": verifying,
        "problems": len(problems),
        "database_mb": size / 1e6,
        "desk": desk | {
            "ratio_of_opening_to_state_of_all": desk["open_to_first_table_s"] / state,
            "ratio_of_worst_filter_to_plain_scan": desk["worst_filter_s"] / scan,
        },
    }


def _desk(folder: str) -> dict[str, Any]:
    """Open the desk, filter, clear each filter again, and save one change."""
    start, cpu = time.perf_counter(), time.process_time()
    desk = LedgerDesk(folder, today=lambda: LATER)
    found = {"open_to_first_table_s": time.perf_counter() - start, "open_cpu_s": time.process_time() - cpu}
    screens = {
        "word": (desk.text, f"窗口 {ENTRIES // 2}"), "two_words": (desk.text, "午 轮班"), "state": (desk.state, str(desk.listed.frame["state"].iloc[-1])),
        "unit": (desk.unit, UNITS[5]), "overdue": (desk.due, "overdue"), "week": (desk.due, "week"),
    }  # fmt: skip
    filters = {name: _screened(desk, *asked) for name, asked in screens.items()}
    start = time.perf_counter()
    desk.rows.wanted = [ENTRIES // 2, 60]
    found["scroll_to_the_middle_s"] = time.perf_counter() - start
    found["filters"] = filters
    found["worst_filter_s"] = max(f["s"] for f in filters.values())
    desk.by.value = "作风办-台账员"
    desk.show(str(desk.listed.frame[desk.declaration.key].iloc[0]))
    field = desk.entry.inputs["progress"]
    start = time.perf_counter()
    field.value = "已上墙"
    desk.save("", int(desk.listed.frame["version"].iloc[0]))
    found["save_s"] = time.perf_counter() - start
    return found


def _screened(desk: LedgerDesk, screen: Any, wanted: str) -> dict[str, float]:
    """Move a screen and back, several times; the median of both ways."""
    before, took, rows = screen.value, [], 0
    for _ in range(TURNS):
        for value in (wanted, before):
            start = time.perf_counter()
            screen.value = value
            took.append(time.perf_counter() - start)
            rows = len(desk.found) if value == wanted else rows
    return {"rows": rows, "s": median(took), "worst_s": max(took)}


def _turns(work: Callable[[], int]) -> list[float]:
    found = []
    for _ in range(TURNS):
        start = time.perf_counter()
        if not work():
            raise RuntimeError("nothing was read")
        found.append(time.perf_counter() - start)
    return found


def _scan(book: Book) -> int:
    """Read every byte of every event, and nothing else."""
    sizes = " + ".join(f'length("{c}")' for c in ("ledger", "key", "step", "state", "row", "by", "on", "hash"))
    with transaction(book.engine, writes=False) as connection:
        return connection.exec_driver_sql(f"SELECT sum({sizes}) FROM events").scalar_one()


def _record(book: Book) -> Iterator[int]:
    """Take every entry in, then move and correct it until there are enough events."""
    keys = [f"WT-{2020 + n // 9999}-甲镇-{n % 9999:04d}" for n in range(ENTRIES)]
    new = [Change(key, _problem(n)) for n, key in enumerate(keys)]
    yield from _batches(book, new)
    rest = EVENTS - ENTRIES
    for version in range(1, 7):
        turn, rest = min(rest, ENTRIES), max(rest - ENTRIES, 0)
        yield from _batches(book, [_move(keys[n], n, version) for n in range(turn)])


def _batches(book: Book, changes: list[Change]) -> Iterator[int]:
    for at in range(0, len(changes), BATCH):
        yield book.record("problems", changes[at : at + BATCH], by="作风办-台账员", on=DAY).events


def _move(key: str, n: int, version: int) -> Change:
    step = STEPS[version - 1] if version <= len(STEPS) else None
    said = {"progress": f"第 {version} 次：轮值表已上墙，{n % 17} 人知晓", "evidence": f"照片 {n}-{version}"}
    return Change(key, said, version, step)


def _problem(n: int) -> dict[str, Any]:
    unit = UNITS[n % len(UNITS)]
    return {
        "found_date": "2020-03-01",
        "source": ("自查", "座谈会", "上门走访")[n % 3],
        "unit": unit,
        "title": f"窗口中午没有人值班（{n}）",
        "detail": "群众中午来办事，窗口没有人，要等到下午两点半以后。",
        "area6": "area.5",
        "focus8": f"focus.{n % 8 + 1}",
        "ailment5": ["懒", "散"][: n % 3],
        "measures": f"安排轮班\n公布值班表和电话\n每周抽查 {n % 5} 次",
        "mend_by": f"2020-{n % 9 + 4:02d}-{n % 28 + 1:02d}",
        "leader": f"{unit}-负责人",
        "owner": f"{unit}-岗位{n % 7}",
        "office": f"{unit}-办公室",
    }
