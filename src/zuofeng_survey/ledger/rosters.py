"""The registry as a workbook, and back: units, offices, posts and grids, a sheet each; all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..errors import LedgerError, Problem, nearest
from ..workbook import Column, Read, Sheet, read, write
from .book import Book
from .exchange import Brought
from .registry import ID, Post

NAMES = ("registry", "名册")
KINDS = {"units": "单位", "offices": "科室", "people": "岗位", "grids": "网格"}
NOTE = "名册：台账里的责任单位、科室、岗位、网格从这里选。岗位写职务（如 甲镇-分管领导），不写姓名。"


def export_registry(book: Book, path: Path) -> int:
    """Write the registry as a workbook; return how many lines it has.

    Raises
    ------
    StorageError
        When the disk does not hold it.
    """
    known = book.registry.table()
    rows = {kind: known[known["kind"] == kind] for kind in KINDS}
    write(path, [Sheet(s.name, s.columns, rows[kind], notes={"": NOTE}) for kind, s in _sheets().items()])
    return len(known)


def import_registry(book: Book, path: Path, *, dry_run: bool = False) -> Brought:
    """Take a workbook back into the registry. A line left out of it stays; entries may refer to it.

    Raises
    ------
    WorkbookError, LedgerError
        Every mistake, with its sheet and cell.
    """
    sheets = _sheets()
    found = read(path, list(sheets.values()))
    known = {(p.kind, p.id): p for p in (Post(*row) for row in book.registry.table().itertuples(index=False))}
    if problems := list(_mistakes(found, sheets, {i for kind, i in known if kind == "units"})):
        raise LedgerError(problems)
    posts, lines, added, rows = [], [], [], 0
    for kind, sheet in sheets.items():
        for row in found[sheet.name]:
            rows += 1
            post = Post(kind, row.values["id"], row.values["label"] or row.values["id"], row.values["unit"] or "")
            if known.get((kind, post.id)) == post:
                continue
            is_new = (kind, post.id) not in known
            added += [post.id] if is_new else []
            posts.append(post)
            what = "新增 added" if is_new else "修改 changed"
            lines.append({"place": found[sheet.name].place(row), "key": post.id, "what": what, "fields": sheet.name})
    if not dry_run:
        book.registry.put(posts)
    changed = tuple(p.id for p in posts if (p.kind, p.id) in known)
    return Brought("registry", tuple(added), changed, rows - len(posts), tuple(lines), dry_run)


def _sheets() -> dict[str, Sheet]:
    return {
        kind: Sheet(
            name,
            (
                Column("id", f"{name}编号", "key", required=True, locked=True),
                Column("label", "名称"),
                Column("unit", "所属单位"),
            ),
        )
        for kind, name in KINDS.items()
    }


def _mistakes(found: Read, sheets: dict[str, Sheet], units: set[str]) -> Iterator[Problem]:
    units = units | {row.values["id"] for row in found[sheets["units"].name]}
    for sheet in sheets.values():
        table = found[sheet.name]
        for row in table:
            if not ID.fullmatch(row.values["id"]):
                yield Problem("registry-id", table.place(row, "id"), {"got": row.values["id"]})
            unit = row.values["unit"]
            if unit and unit not in units:
                near = nearest(unit, units) or "—"
                yield Problem("ledger-reference", table.place(row, "unit"), {"got": unit, "near": near})
