"""``zuofeng rules``: the plan's ladder over years, with its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .output import Format, catalogued, dataset_path, json_out, rows_out, talk
from .progress import bar

SCOPES = ("township", "county")


@catalogued
def rules(
    datasets: Annotated[list[str], typer.Argument(help="dataset folders or names 数据集")],
    year: Annotated[int, typer.Option(help="the year asked about 哪一年")],
    scope: Annotated[str, typer.Option(help="township or county 排名范围，须书面选定")] = "",
    settings: Annotated[Path | None, typer.Option(help="the office's own settings 本单位设定")] = None,
    years: Annotated[str, typer.Option(help="NAME=YEAR,… for datasets that do not say")] = "",
    home: Annotated[Path, typer.Option("--home", envvar="ZUOFENG_HOME", help="state folder 状态目录")] = Path("var"),
    format: Annotated[Format, typer.Option("--format", help="table, csv or json")] = Format.table,
) -> None:
    """Whom the plan's ladder names, and what that rests on 末位规则. Example: zuofeng rules --year 2022 --scope township FZ-2021 FZ-2022"""
    from .. import rules as room
    from ..dataset import Dataset
    from ..results import NOTE

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
    if format is Format.json:
        json_out(found.as_json())
        return
    talk.print(found.chance.to_string(index=False), markup=False)
    frame = found.table()
    rows = frame.to_dict("records")
    short = ("label", "years", "measure", "status", "level", "p_bottom", "lower", "upper", "good_rate", "flip1", "remark")
    rows_out(rows, format, short if format is Format.table else list(frame.columns))  # type: ignore[arg-type]


def parse_years(text: str) -> dict[str, int]:
    """Read ``fz-a=2020,fz-b=2021``.

    Raises
    ------
    UsageError
        ``rules-years``.
    """
    found = {}
    for part in filter(None, (p.strip() for p in text.replace("，", ",").split(","))):
        name, _, year = part.rpartition("=")
        if not name.strip() or not year.strip().isdigit():
            raise UsageError.of("rules-years", "--years", got=part)
        found[name.strip()] = int(year)
    return found
