"""Data to stdout in three shapes, talk to stderr."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from ..errors import Problem, UsageError, ZuofengError

P = ParamSpec("P")
R = TypeVar("R")
talk = Console(stderr=True, highlight=False, soft_wrap=True)  # a path is never broken in two

CLEAN, FINDINGS, USAGE = 0, 1, 2


class Format(StrEnum):
    """How data is printed."""

    table = "table"
    csv = "csv"
    json = "json"


def rows_out(rows: Sequence[Mapping[str, Any]], form: Format, columns: Sequence[str]) -> None:
    """Print rows of data; numbers keep all their digits in csv and json."""
    if form is Format.json:
        typer.echo(json.dumps([dict(r) for r in rows], ensure_ascii=False, indent=1, default=_plain))
    elif form is Format.csv:
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows([{c: inert(r.get(c)) for c in columns} for r in rows])
        typer.echo(buffer.getvalue(), nl=False)
    else:
        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for row in rows:
            table.add_row(*[_short(row.get(c)) for c in columns])
        width = None if sys.stdout.isatty() else 200
        Console(highlight=False, markup=False, width=width).print(table)


def inert(value: Any) -> Any:
    """Keep text that a spreadsheet would run as a formula from being one.

    >>> inert("=1+1"), inert("好"), inert(-3)
    ("'=1+1", '好', -3)
    """
    opens = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
    return f"'{value}" if isinstance(value, str) and value.startswith(opens) else value


def _short(value: Any) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return "—"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)


def dataset_path(name: str, home: Path) -> Path:
    """Return the folder of a dataset: one that is given, or the one of that name at home."""
    given = Path(name)
    return given if (given / "manifest.json").exists() else home / "datasets" / name


def must_be_workbook(file: Path) -> None:
    """Refuse another ending before anything is written.

    Raises
    ------
    UsageError
        ``xlsx-file``.
    """
    if file.suffix.lower() != ".xlsx":
        raise UsageError.of("xlsx-file", str(file), got=file.name)


def written_out(file: Path, n: int, form: Format, *, of: str = "rows", zh: str = "行") -> None:
    """Say that a file was written and how much is in it; as data too where data was asked for."""
    talk.print(f"✓ {n} {of} {zh} → {file}", markup=False)
    if form is not Format.table:
        rows_out([{"file": str(file), of: n}], form, ("file", of))


def json_out(value: Any) -> None:
    """Print one JSON object."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1, default=_plain))


def problems_out(problems: Sequence[Problem], form: Format) -> None:
    """Print problems: as data where data was asked for, else to be read."""
    if form is Format.table:
        for problem in problems:
            talk.print(str(problem), markup=False)
        return
    rows = [{"place": p.place, **p.as_json()} for p in problems]
    rows_out(rows, form, ("place", "item", "code", "zh", "en"))


def catalogued(command: Callable[P, R]) -> Callable[P, R]:
    """Turn an error of ours, or of a file, into its sentences on stderr and exit code 2."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ZuofengError as error:
            for problem in error.problems:
                talk.print(str(problem), markup=False)
            raise typer.Exit(USAGE) from error
        except OSError as error:
            place = str(error.filename or "")
            talk.print(str(Problem("file-unusable", place, {"why": error.strerror or error})), markup=False)
            raise typer.Exit(USAGE) from error

    return run
