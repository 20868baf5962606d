"""Workbooks to test with: one of every kind of column, and files that no office program writes."""

import datetime as dt
import zipfile
from pathlib import Path

from zuofeng_survey.workbook import Column, Sheet

SOURCES = tuple((f"s{n}", f"来源之{n}，名称很长很长") for n in range(40))
COLUMNS = (
    Column("id", "问题编号", "key", required=True, locked=True),
    Column("title", "问题名称", required=True),
    Column("detail", "具体表现", "long"),
    Column("found", "发现日期", "date"),
    Column("at", "收到时间", "datetime"),
    Column("n", "天数", "integer"),
    Column("share", "比率", "number"),
    Column("again", "是否反弹", "bool"),
    Column("source", "来源", "choice", choices=SOURCES),
    Column("ailments", "顽疾", "choices", choices=tuple((c, c) for c in "庸懒散浮拖")),
    Column("late", "超期", "bool", locked=True),
)
EMPTY = Sheet("问题台账", COLUMNS)
HOSTILE = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1", "＋1", "－1", "＠A1", '=HYPERLINK("http://x")', "​=1+1",
    "{=1}", "'=1", "=cmd|' /C calc'!A0",
]  # fmt: skip


def row(n: int, **more) -> dict:
    return {
        "id": f"WT-{n:04}", "title": f"问题{n}", "detail": "一\n二", "found": dt.date(2020, 1, 1) + dt.timedelta(n),
        "at": dt.datetime(2020, 1, 1, 8, 30, n % 60), "n": n, "share": n / 7, "again": n % 2 == 0, "source": f"s{n % 40}",
        "ailments": ("庸", "拖"), "late": n == 3, **more,
    }  # fmt: skip


def sheet(rows: list[dict], **more) -> Sheet:
    return Sheet("问题台账", COLUMNS, rows, **more)


def rezipped(source: Path, target: Path, parts: dict[str, bytes | None]) -> Path:
    """Copy a workbook with some parts replaced, added or (None) left out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        kept = {n: old.read(n) for n in old.namelist()} | parts
        for name, content in kept.items():
            if content is not None:
                new.writestr(name, content)
    return target


def part(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)
