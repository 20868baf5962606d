"""``zuofeng ledger export`` and ``import``: a ledger as a workbook, and back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError, ZuofengError
from .output import USAGE, Format, catalogued, json_out, problems_out, rows_out, talk

app = typer.Typer(no_args_is_help=True, help="台账导出与导入。Ledgers as workbooks, both ways.")
HomeOption = Annotated[Path, typer.Option("--home", envvar="ZUOFENG_HOME", help="state folder 状态目录")]
NameArgument = Annotated[str, typer.Argument(help="ledger, such as problems or 问题台账")]
FormatOption = Annotated[Format, typer.Option("--format", help="table, csv or json")]
HOME = Path("var")


@app.command("export")
@catalogued
def export_verb(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="the .xlsx to write")],
    today: Annotated[str, typer.Option(help="day on which overdue is told; today 今天")] = "",
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Write a ledger as a workbook 导出台账. Example: zuofeng ledger export problems problems.xlsx"""
    from ..ledger import Book
    from ..ledger.exchange import export_ledger

    n = export_ledger(Book.open(home), name, file, today=day_of(today) if today else None)
    talk.print(f"✓ {n} rows 行 → {file}", markup=False)
    if format is not Format.table:
        rows_out([{"file": str(file), "rows": n}], format, ("file", "rows"))


@app.command("import")
@catalogued
def import_verb(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="the workbook, edited")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what it comes to, write nothing 只看不写")] = False,
    by: Annotated[str, typer.Option(help="who does it, by post 经办岗位")] = "台账员",
    on: Annotated[str, typer.Option(help="day it is written down; today 登记日期")] = "",
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Take a workbook back, all or nothing 导入台账. Example: zuofeng ledger import problems problems.xlsx --dry-run"""
    from ..ledger import Book
    from ..ledger.exchange import import_ledger

    try:
        day = day_of(on) if on else dt.date.today()
        found = import_ledger(Book.open(home), name, file, by=by, on=day, dry_run=dry_run)
    except ZuofengError as error:
        if format is not Format.json:
            problems_out(error.problems, format)
            talk.print(f"✗ {len(error.problems)} 处有误，什么都没有写入 mistakes; nothing was written", markup=False)
        else:
            errors = [{"place": p.place, **p.as_json()} for p in error.problems]
            json_out({"added": 0, "changed": 0, "errors": errors})
        raise typer.Exit(USAGE) from error
    said = "将" if dry_run else "已"
    talk.print(
        f"✓ {said}新增 {len(found.added)} added，{said}修改 {len(found.changed)} changed，未变 {found.unchanged} unchanged",
        markup=False,
    )
    if format is Format.json:
        json_out({"added": len(found.added), "changed": len(found.changed), "errors": []})
    else:
        rows_out(found.lines, format, ("place", "key", "what", "fields"))


def day_of(text: str) -> dt.date:
    """Return the day that an option names."""
    from ..workbook.dates import read_date

    day = read_date(text)
    if day is None:
        raise UsageError.of("cell-date", "--on", got=text)
    return day
