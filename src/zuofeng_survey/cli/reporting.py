"""``zuofeng report``: the documents that leave the office."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .options import HOME, FormatOption, HomeOption, listed
from .output import Format, catalogued, dataset_path, rows_out, talk
from .progress import bar


@catalogued
def report(
    kind: Annotated[str, typer.Argument(help="deputies, secretaries, opinion, self-inspection, letters, appeals, problems, focus, trend, annual")],
    datasets: Annotated[list[str] | None, typer.Argument(help="dataset folders or names 数据集")] = None,
    *,
    out: Annotated[Path, typer.Option("--out", help="folder for the files 输出文件夹")],
    papers: Annotated[str, typer.Option("--as", help="word,excel,html")] = "word",
    office: Annotated[str, typer.Option(help="issuing office 发文机关")] = "",
    date: Annotated[str, typer.Option(help="day of issue, 2020-12-31 成文日期")] = "",
    number: Annotated[str, typer.Option(help="发文字号")] = "",
    year: Annotated[int | None, typer.Option(help="of the annual report 年度")] = None,
    scope: Annotated[str, typer.Option(help="township or county, chosen in writing 排名范围")] = "",
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Write reports as Word, Excel, a page 生成报告. Example: zuofeng report deputies fz-2020 --out reports --as word,excel,html"""
    from ..dataset import Dataset
    from ..ledger import Book
    from ..ledger.database import FILE
    from ..report.fonts import missing
    from ..report.making import Issue, make

    book = Book.open(home) if (home / FILE).is_file() else None
    issue = Issue(office, _day(date), number, year, scope, book)
    chosen = listed(papers)
    opened = [Dataset.open(dataset_path(name, home)) for name in datasets or ()]
    with bar("report 报告") as progress:
        files = make(kind, opened, out, papers=chosen, issue=issue, progress=progress)
    for problem in missing().problems():
        talk.print(str(problem), markup=False)
    rows_out([{"file": str(f)} for f in files], format, ("file",))


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UsageError.of("report-date", "--date", got=text) from error
