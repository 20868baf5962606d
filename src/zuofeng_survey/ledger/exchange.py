"""A ledger as a workbook, and back: rows nobody touched are nothing, changed cells become events.

What a workbook brings is taken whole or not at all. Every mistake is told with its sheet and cell:
those of the workbook (a date that is none), and those of the ledger (a rule, a stale version).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import LedgerError, Problem, WorkbookError
from ..workbook import Column, Limits, Row, Sheet, Table, at_most, canonical, read, write
from .book import Book
from .database import transaction
from .declaration import Declaration, Field
from .reading import declaration
from .recording import Change

ORIGINS = {"seed": "方案原文要求", "law": "法规要求", "our": "我方建议"}
Registered = dict[str, set[str]]


@dataclass(frozen=True, slots=True, eq=False)
class Brought:
    """What a workbook came to.

    Attributes
    ----------
    ledger : str
    added, changed : tuple of str
        Keys of new entries, and of entries of which a cell changed.
    unchanged : int
        Rows that changed nothing.
    lines : tuple of dict
        A line for each row added or changed: ``place``, ``key``, ``what``, ``fields``.
    dry_run : bool
        Whether nothing was written.
    """

    ledger: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int
    lines: tuple[dict[str, str], ...]
    dry_run: bool

    def table(self) -> pd.DataFrame:
        """Return a line for each row that is added or changed."""
        return pd.DataFrame(list(self.lines), columns=["place", "key", "what", "fields"])

    def _repr_html_(self) -> str:
        return self.table().to_html(index=False, escape=True)


def export_ledger(book: Book, name: str, path: Path, *, today: dt.date | None = None) -> int:
    """Write a ledger as a workbook; return how many entries it has.

    Raises
    ------
    LedgerError
        When there is no such ledger.
    WorkbookError, StorageError
        When an entry, or the disk, does not hold it.
    """
    known = declaration(name)
    sheet = _sheet(known, _registered(book))
    with closing(book.parts(name, today=today)) as rows:
        sheet = replace(sheet, rows=rows, version="version", notes=_notes(known), overdue="overdue")
        return write(path, [sheet])[sheet.name]


def import_ledger(
    book: Book, name: str, path: Path, *, by: str, on: dt.date, dry_run: bool = False
) -> Brought:
    """Take a workbook back into its ledger: all of it, or nothing.

    Parameters
    ----------
    book : Book
    name : str
    path : Path
        A workbook of :func:`export_ledger`, edited in Excel, WPS or LibreOffice.
    by : str
        Who does it, by post.
    on : date
        The day it is written down.
    dry_run : bool
        Find out what it comes to, and write nothing.

    Raises
    ------
    WorkbookError
        When it is no workbook of this ledger (columns, formulas, merged cells), or cells cannot be read.
    LedgerError
        With every row that the ledger does not take and every cell that cannot be read, each with its cell.
    """
    known = declaration(name)
    sheet = _sheet(known, {})
    sheet = replace(sheet, columns=tuple(replace(c, required=c.kind == "key") for c in sheet.columns))
    limits = Limits().for_rows(_count(book, known), len(sheet.columns))
    found = read(path, [sheet], limits=limits, lenient=True)
    table = found[sheet.name]
    rows = [row for row in table if row.touched and row.values.get(known.key) and known.key not in row.unread]
    changes = list(_changes(book, known, sheet, rows))
    touched = [(row, change) for row, change in zip(rows, changes, strict=True) if _is_change(change)]
    changed = [change for _, change in touched]
    only_asked = dry_run or not touched or bool(found.problems)
    try:
        done = book.record(name, changed, by=by, on=on, dry_run=only_asked)
    except LedgerError as error:
        problems = (*found.problems, *_placed(error.problems, table, [row for row, _ in touched]))
        raise LedgerError(at_most(problems, path)) from error
    if found.problems:
        raise WorkbookError(at_most(found.problems, path))
    added, left = set(done.added), len(table) - len(done.added) - len(done.changed)
    lines = tuple(_line(known, table, row, change, is_new=change.key in added) for row, change in touched)
    return Brought(known.name, done.added, done.changed, left, lines, dry_run)


def _sheet(known: Declaration, registered: Registered) -> Sheet:
    """Return the ledger's sheet; what refers to a list that has lines is picked from it."""
    by_name = known.by_name
    columns = (_picked(c, by_name.get(c.name), registered) for c in known.columns())
    return Sheet(known.title, tuple(columns))


def _picked(column: Column, field: Field | None, registered: Registered) -> Column:
    ids = registered.get(field.ref) if field and field.ref and column.kind == "text" else None
    if not ids:
        return column
    return replace(column, kind="choice", choices=tuple((name, name) for name in sorted(ids)))


def _registered(book: Book) -> Registered:
    with transaction(book.engine, writes=False) as connection:
        return dict(book.registry.known(connection))


def _count(book: Book, known: Declaration) -> int:
    """Return how many entries there are: how large a workbook of them may be."""
    return len(book.keys(known.name))


def _notes(known: Declaration) -> dict[str, str]:
    notes = {f.name: ORIGINS[f.origin] for f in known.fields}
    return {**notes, "": "　".join(filter(None, (f"{known.title}：{known.basis}", known.note)))}


def _changes(book: Book, known: Declaration, sheet: Sheet, rows: Sequence[Row]) -> Iterator[Change]:
    """Yield a change for each row: the cells that differ from the entry as it stands."""
    now = book.entries(known.name, keys=[row.values[known.key] for row in rows])
    standing_now = {row[known.key]: row for row in now.to_dict("records")}
    columns = [c for c in sheet.edited if c.kind != "key"]
    for row in rows:
        key = row.values[known.key]
        entry: dict[Any, Any] = standing_now.get(key, {})
        values = {
            c.name: row.values[c.name]
            for c in columns
            if c.name not in row.unread and canonical(row.values[c.name], c) != canonical(entry.get(c.name), c)
        }
        if entry or values:
            yield Change(key, values, row.version)
        else:
            yield Change(key, {}, row.version)


def _is_change(change: Change) -> bool:
    """Say whether a change is one: a row that was not written by us always is a new entry."""
    return bool(change.values) or change.version is None


def _placed(problems: Iterable[Problem], table: Table, rows: Sequence[Row]) -> list[Problem]:
    """Return the ledger's problems with the cells they are about; of a cell that cannot be read, once."""
    found = []
    for problem in problems:
        n, _, name = problem.item.partition(":")
        if n.isdecimal() and name in rows[int(n)].unread:
            continue
        place = table.place(rows[int(n)], name) if n.isdecimal() else problem.place
        found.append(replace(problem, place=place, item=name))
    return found


def _line(known: Declaration, table: Table, row: Row, change: Change, *, is_new: bool) -> dict[str, str]:
    labels = [known.by_name[name].label for name in change.values]
    what = "新增 added" if is_new else "修改 changed"
    return {"place": table.place(row), "key": change.key, "what": what, "fields": "、".join(labels)}
