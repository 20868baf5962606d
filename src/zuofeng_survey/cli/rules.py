"""``zuofeng rules``: the plan's ladder over years, with its evidence."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .ledger import parse_day
from .options import HOME, FormatOption, HomeOption, listed
from .output import Format, catalogued, dataset_path, json_out, rows_out, talk
from .progress import bar

if TYPE_CHECKING:
    from ..dataset import Dataset
    from ..rules import Findings

SCOPES = ("township", "county")


@catalogued
def rules(
    datasets: Annotated[list[str], typer.Argument(help="dataset folders or names 数据集")],
    year: Annotated[int, typer.Option(help="the year asked about 哪一年")],
    scope: Annotated[str, typer.Option(help="township or county 排名范围，须书面选定")] = "",
    settings: Annotated[Path | None, typer.Option(help="the office's own settings 本单位设定")] = None,
    years: Annotated[str, typer.Option(help="NAME=YEAR,… for datasets that do not say")] = "",
    register: Annotated[bool, typer.Option("--register", help="enter them in the ledgers of results and of advice 登入台账，不含任何决定")] = False,
    by: Annotated[str, typer.Option("--by", help="who registers, by post 登记岗位，不写姓名")] = "",
    on: Annotated[str, typer.Option("--on", help="day, such as 2022-12-31; today if left out 登记日期")] = "",
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Whom the plan's ladder names, and what that rests on 末位规则. Example: zuofeng rules --year 2022 --scope township FZ-2021 FZ-2022"""
    from .. import rules as room
    from ..dataset import Dataset
    from ..results import NOTE
    from ..rules.showing import constants_said

    day = parse_day(on)
    if register and not by.strip():
        raise UsageError.of("register-by", "--by")
    known, of = room.settings(settings), parse_years(years)
    opened = [Dataset.open(dataset_path(name, home)) for name in datasets]
    if scope not in ("", *SCOPES):
        raise UsageError.of("scope-unknown", "--scope", got=scope)
    if not scope and known["bottom_rule.scope"] == "UNSET":
        talk.print(room.chances(opened, known, years=of).to_string(index=False), markup=False)
    with bar("rules 末位规则") as progress:
        found = room.findings(opened, year=year, scope=scope, settings=known, years=of, progress=progress)
    for said in (room.objection(found), NOTE["zh"], *(p.zh for p in found.problems)):
        talk.print(said, markup=False)
    if register:
        _register(opened, found, home, by=by, day=day)
    if format is Format.json:
        json_out(found.as_json())
        return
    talk.print(found.chance.to_string(index=False), markup=False)
    for line in constants_said(found.settings):
        talk.print(line, markup=False)
    frame = found.table()
    rows = frame.to_dict("records")
    short = ("label", "years", "measure", "status", "level", "p_bottom", "lower", "upper", "good_rate", "flip1", "remark")
    rows_out(rows, format, short if format is Format.table else list(frame.columns))  # type: ignore[arg-type]


def _register(opened: list[Dataset], found: Findings, home: Path, *, by: str, day: dt.date) -> None:
    from ..ledger import Book, advice_of, scores_of

    book = Book.open(home)
    scores = scores_of(opened, found, book.entries("scores"))
    advice = advice_of(found, book.entries("advice"))
    made = book.record_all([("scores", scores, by, day), ("advice", advice, by, day)])
    for title, one in zip(("评议测评结果", "处置建议登记"), made, strict=True):
        talk.print(f"✓ {title}：新增 {len(one.added)} added，更正 {len(one.changed)} changed", markup=False)
    talk.print("只登记了“拟提请研究”和证据；告知、陈述、机关、决定、纪要号由人填写 proposals and evidence only; what is decided is for people to write", markup=False)


def parse_years(text: str) -> dict[str, int]:
    """Read ``fz-a=2020,fz-b=2021``.

    Raises
    ------
    UsageError
        ``rules-years``, ``years-twice``.
    """
    found = {}
    for part in listed(text):
        name, _, year = part.rpartition("=")
        if not name.strip() or not year.strip().isdigit():
            raise UsageError.of("rules-years", "--years", got=part)
        if (name := name.strip()) in found:
            raise UsageError.of("years-twice", "--years", name=name, one=found[name], two=year.strip())
        found[name] = int(year)
    return found
