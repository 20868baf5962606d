"""A ledger of 60,000 entries as a workbook and back, against a bare write of the same cells, as JSON.

``python -m benchmarks`` with ``ONLY=workbooks``: the export has everything (the state of all entries, drop-downs,
locks, colours, notes, the hidden sheet); the bare write is XlsxWriter's ``write_string``,
``write_number`` and ``write_datetime`` of the very cells, without a format but that of dates. Both
run in processes of their own, so that the memory is theirs, and seconds are also told as processor
time, which other work on the machine does not change.
"""

from __future__ import annotations

import datetime as dt
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

ENTRIES = int(os.environ.get("WORKBOOK_ENTRIES", "60000"))
DAY = dt.date(2020, 9, 1)
BATCH = 20_000
SOURCES = ("自查", "座谈会", "上门走访", "公开投诉电话", "举报箱", "网络", "来信来访")


def _issue(n: int) -> dict[str, Any]:
    found = dt.date(2020, 1, 1) + dt.timedelta(n % 200)
    town = f"乡镇{n % 12:02}"
    return {
        "found_date": found, "source": SOURCES[n % 7], "unit": town, "title": f"办事窗口排队时间长（第{n}次反映）",
        "detail": f"群众反映第{n % 900}号窗口午间无人，往返多次仍未办结，工作人员解释不清。",
        "area6": f"area.{n % 6 + 1}", "focus8": f"focus.{n % 8 + 1}", "ailment5": ["懒", "拖"][: n % 3],
        "cause": "人手不足，职责不清", "measures": f"增开窗口\n公布流程\n设第{n % 40}号引导员",
        "mend_by": found + dt.timedelta(90), "leader": f"{town}-正职", "owner": f"{town}-副职{n % 5}",
        "office": f"{town}-办公室", "progress": f"已落实第{n % 3 + 1}项" if n % 2 else None,
    }  # fmt: skip


def _changes(start: int, stop: int) -> Iterator[Any]:
    from zuofeng_survey.ledger import Change

    for n in range(start, stop):
        yield Change(f"WT-{2020 + n // 9999 // 12}-乡镇{n // 9999 % 12:02}-{n % 9999 + 1:04}", _issue(n))


def fill(home: Path, _: Path) -> dict[str, Any]:
    from zuofeng_survey.ledger import Book

    book = Book.open(home)
    for start in range(0, ENTRIES, BATCH):
        changes = list(_changes(start, min(start + BATCH, ENTRIES)))
        book.record("problems", changes, by="台账员", on=DAY)
    return {}


def export(home: Path, path: Path) -> dict[str, Any]:
    from zuofeng_survey.ledger import Book
    from zuofeng_survey.ledger.exchange import export_ledger

    return {"rows": export_ledger(Book.open(home), "problems", path, today=DAY)}


def bring(home: Path, path: Path) -> dict[str, Any]:
    from zuofeng_survey.ledger import Book
    from zuofeng_survey.ledger.exchange import import_ledger

    found = import_ledger(Book.open(home), "problems", path, by="台账员", on=DAY, dry_run=True)
    return {"added": len(found.added), "changed": len(found.changed), "unchanged": found.unchanged}


def prepare(home: Path, _: Path) -> dict[str, Any]:
    """Keep the cells of the export for the bare write, outside of what is measured."""
    import pickle

    from zuofeng_survey.ledger import Book, declaration
    from zuofeng_survey.workbook.columns import Sheet
    from zuofeng_survey.workbook.parts import parts

    entries = Book.open(home).entries("problems", today=DAY)
    made = parts(Sheet("问题台账", declaration("problems").columns(), entries))
    cells = [list(chain.from_iterable(column)) for column in zip(*(table for table, _ in made), strict=True)]
    (home / "cells").write_bytes(pickle.dumps(cells))
    return {"cells": sum(v is not None for column in cells for v in column)}


def bare(home: Path, path: Path) -> dict[str, Any]:
    import pickle

    import xlsxwriter

    cells = pickle.loads((home / "cells").read_bytes())
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"})
    tab = book.add_worksheet("问题台账")
    for k, column in enumerate(cells):
        for n, value in enumerate(column, start=1):
            if isinstance(value, str):
                tab.write_string(n, k, value)
            elif isinstance(value, dt.date):
                tab.write_datetime(n, k, value)
            elif value is not None:
                tab.write_number(n, k, value)
    book.close()
    return {}


def _apart(what: str, home: Path, path: Path) -> dict[str, Any]:
    """Run one of these in a process of its own."""
    code = f"import benchmarks.workbooks as w; w.main({what!r}, {str(home)!r}, {str(path)!r})"
    return json.loads(subprocess.check_output([sys.executable, "-c", code], text=True))


def main(what: str, home: str, path: str) -> None:
    if what != "bare":  # loading pandas and pyarrow is no part of an export
        importlib.import_module("zuofeng_survey.ledger.exchange")
    begun, busy = time.perf_counter(), time.process_time()
    found = globals()[what](Path(home), Path(path))
    found |= {"s": time.perf_counter() - begun, "cpu_s": time.process_time() - busy}
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found))


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="zf-") as folder:
        home, path = Path(folder) / "home", Path(folder) / "a.xlsx"
        _apart("fill", home, path)
        cells = _apart("prepare", home, path)["cells"]
        exported, plain = _apart("export", home, path), _apart("bare", home, Path(folder) / "b.xlsx")
        imported = _apart("bring", home, path)
        size = path.stat().st_size / 1e6
    return {
        "entries": ENTRIES,
        "cells": cells,
        "export": exported,
        "bare_write": plain,
        "ratio_to_bare_write": exported["cpu_s"] / plain["cpu_s"],
        "import_unchanged": imported,
        "file_mb": size,
    }
