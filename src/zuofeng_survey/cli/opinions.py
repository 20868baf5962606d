"""``zuofeng opinions …``: what people wrote, coded by two, compared, counted, entered in the register."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import Problem, UsageError, ZuofengError
from .ledger import DayOption, parse_day
from .options import HOME, FormatOption, HomeOption
from .output import (
    FINDINGS,
    Format,
    catalogued,
    dataset_path,
    must_be_workbook,
    rows_out,
    talk,
    written_out,
)
from .usage import Verbs

if TYPE_CHECKING:
    from ..opinions.pairs import Pair

opinions = typer.Typer(name="opinions", cls=Verbs, no_args_is_help=True, help="意见原话 Opinions in people's own words: sheets for two coders, and what they come to.")

FirstArgument = Annotated[Path, typer.Argument(help="sheet of the first coder 第一人的编码表")]
SecondArgument = Annotated[Path, typer.Argument(help="sheet of the second coder 第二人的编码表")]
ThirdOption = Annotated[Path | None, typer.Option("--third", help="sheet of who decides 第三人的编码表")]


@opinions.command()
@catalogued
def sheet(
    dataset: Annotated[str, typer.Argument(help="dataset folder or name")],
    file: Annotated[Path, typer.Argument(help="the .xlsx to write")],
    coder: Annotated[str, typer.Option("--coder", help="who codes, by post 编码人岗位或代号")],
    item: Annotated[str, typer.Option("--item", help="one question only 只要一题, such as MY-O01")] = "",
    taxonomy: Annotated[str, typer.Option("--taxonomy", help="area6, focus8 or ailment5 编码体系")] = "area6",
    suggest: Annotated[bool, typer.Option("--suggest/--no-suggest", help="suggested codes beside the texts 附建议编码")] = True,
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Write a coding sheet, the same for both coders 编码表. Example: zuofeng opinions sheet MY-2020 A.xlsx --item MY-O01 --coder A"""
    from ..dataset import Dataset
    from ..opinions.sheets import write_sheet

    must_be_workbook(file)
    opened = Dataset.open(dataset_path(dataset, home))
    n = write_sheet(opened, file, name=taxonomy, coder=coder, item=item, guess=suggest)
    written_out(file, n, format, of="texts", zh="条")


@opinions.command("compare")
@catalogued
def compare_sheets(
    first: FirstArgument,
    second: SecondArgument,
    third: ThirdOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Say how far two coders agree, and where they do not 比对. Example: zuofeng opinions compare A.xlsx B.xlsx"""
    found = _pair(first, second, third)
    _verdict(found)
    rows = found.different()
    rows_out(_records(rows), format, list(rows.columns))
    if found.coding.open:
        raise typer.Exit(FINDINGS)


@opinions.command()
@catalogued
def count(
    first: FirstArgument,
    second: SecondArgument,
    third: ThirdOption = None,
    register: Annotated[bool, typer.Option("--register", help="enter them in the register of opinions 登入意见登记簿")] = False,
    by: Annotated[str, typer.Option("--by", help="who registers, by post 登记岗位，不写姓名")] = "",
    on: DayOption = "",
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Count settled codes by question, none under five people 汇总. Example: zuofeng opinions count A.xlsx B.xlsx --third C.xlsx"""
    day = parse_day(on)
    if register and not by.strip():
        raise UsageError.of("register-by", "--by")
    found = _pair(first, second, third)
    _verdict(found)
    if register:
        _register(found, home, by, day)
    rows = found.table()
    rows_out(_records(rows), format, list(rows.columns))
    talk.print("不满 5 人的格子和能推出它的格子不显示 cells under five people, and those that would give them away, are not shown")
    if found.coding.open or not found.coding.is_sound:
        raise typer.Exit(FINDINGS)


def _pair(first: Path, second: Path, third: Path | None) -> Pair:
    """Read the sheets, and tell what is wrong with all of them at once."""
    from ..opinions.pairs import pair
    from ..opinions.sheets import read_sheet

    sheets, problems = [], []
    for n, path in enumerate(p for p in (first, second, third) if p):
        try:
            sheets.append(read_sheet(path, partly=n == 2))
        except ZuofengError as error:
            problems += [_of_file(problem, path) for problem in error.problems]
    if problems:
        raise ZuofengError(problems)
    return pair(*sheets)


def _of_file(problem: Problem, path: Path) -> Problem:
    """Return a problem that says in which of the sheets it is."""
    named = problem.place.startswith((path.name, str(path)))
    return problem if named else replace(problem, place=f"{path.name} › {problem.place}")


def _verdict(found: Pair) -> None:
    for lang in ("zh", "en"):
        talk.print(found.coding.verdict(lang), markup=False)


def _records(frame: object) -> list[dict]:
    return [{k: None if v != v else int(v) if k == "n" else v for k, v in row.items()} for row in frame.to_dict("records")]  # type: ignore[attr-defined]


def _register(found: Pair, home: Path, by: str, day: dt.date) -> None:
    from ..ledger import Book
    from ..opinions.register import to_ledger
    from ..opinions.sheets import LEAD

    book = Book.open(home)
    made = book.record("opinions", to_ledger(found, book.entries("opinions"), on=day), by=by, on=day)
    talk.print(f"✓ 意见登记簿新增 {len(made.added)} 条 added，补编码 {len(made.changed)} 条 codes filled in", markup=False)
    if leads := int((found.frame["kind"] == LEAD).sum()):
        talk.print(f"{leads} 条线索没有登记：移送后只登记编号和移送日期 leads are not entered: hand them over, then enter number and day only", markup=False)
