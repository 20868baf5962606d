"""``zuofeng ledger export`` and ``import``: a ledger as a workbook, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import ZuofengError
from .ledger import (
    ByOption,
    DayOption,
    NameArgument,
    ledger,
    parse_day,
)
from .options import HOME, FormatOption, HomeOption
from .output import (
    USAGE,
    Format,
    catalogued,
    dataset_path,
    json_out,
    must_be_workbook,
    problems_out,
    rows_out,
    talk,
    written_out,
)

__all__ = ["ledger", "roster"]


@ledger.command("export")
@catalogued
def export_verb(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="the .xlsx to write")],
    on: DayOption = "",
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Write a ledger, or the registry 名册, as a workbook 导出台账. Example: zuofeng ledger export problems problems.xlsx"""
    from ..ledger import Book
    from ..ledger.exchange import export_ledger
    from ..ledger.rosters import NAMES, export_registry

    must_be_workbook(file)
    book, day = Book.open(home), parse_day(on)
    n = export_registry(book, file) if name in NAMES else export_ledger(book, name, file, today=day)
    written_out(file, n, format)


@ledger.command("import")
@catalogued
def import_verb(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="the workbook, edited")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what it comes to, write nothing 只看不写")] = False,
    by: ByOption = "台账员",
    on: DayOption = "",
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Take a workbook back, all or nothing 导入台账. Example: zuofeng ledger import problems problems.xlsx --dry-run"""
    from ..ledger import Book
    from ..ledger.exchange import import_ledger
    from ..ledger.rosters import NAMES, import_registry

    try:
        book, day = Book.open(home), parse_day(on)
        if name in NAMES:
            found = import_registry(book, file, dry_run=dry_run)
        else:
            found = import_ledger(book, name, file, by=by, on=day, dry_run=dry_run)
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


@catalogued
def roster(
    dataset: Annotated[str, typer.Argument(help="dataset folder or name, such as last year's")],
    file: Annotated[Path, typer.Argument(help="the .xlsx to write")],
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Write who was rated as a roster for the next poll, ids kept 导出名单. Example: zuofeng roster FZ-2020 r.xlsx"""
    from ..dataset import Dataset
    from ..publishing import write_roster

    must_be_workbook(file)
    n = write_roster(Dataset.open(dataset_path(dataset, home)).targets, file)
    written_out(file, n, format)
