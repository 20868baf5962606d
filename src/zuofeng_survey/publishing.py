"""Publishing: from a questionnaire and a roster to a poll, its key and its slips."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from . import codes, slips, workbook, xlsform
from .errors import PollError
from .poll import Poll, Target, new_poll
from .questionnaire import Text, read_list
from .store import Home, Store, write_private

ROSTER = workbook.Sheet(
    "名单",
    (
        workbook.Column("name", "编号", "key", required=True),
        workbook.Column("label", "对象", required=True),
        workbook.Column("label::en", "英文"),
        workbook.Column("note", "岗位说明", "long"),
    ),
    open=True,
)


@dataclass(frozen=True, slots=True)
class Published:
    """A published poll and the files that leave the machine with people."""

    poll: Poll
    key: Path
    slips: list[tuple[str, str]]
    workbook: Path
    page: Path
    address: str


def publish(
    home: Home,
    form_id: str,
    name: str,
    *,
    targets: Sequence[Target] = (),
    counts: Mapping[str, int] | None = None,
    days: tuple[dt.date | None, dt.date | None] = (None, None),
    of: tuple[int | None, str] = (None, ""),
    url: str = "",
) -> Published:
    """Publish a poll; the key and the slips are written for the officers and nowhere else.

    ``of`` is the year that is judged and the pool its targets are ranked in. Without the ``url``
    of a form server no slips are drawn: there is nowhere to go with them.
    """
    questionnaire = xlsform.load(form_id)
    poll, key, made = new_poll(questionnaire, name, targets=targets, counts=counts, days=days, of=of)
    pepper = home.pepper
    hashes = [(codes.hash_code(c, pepper=pepper, poll=name), v) for c, v in made]
    key_path = home.key(name)
    if key_path.exists() and not home.folder(name).exists():
        raise PollError.of("file-exists", str(key_path))
    Store.publish(home, poll, hashes).dispose()
    write_private(key_path, key.dumps().encode())
    book, page = (home.path / "slips" / f"{name}{end}" for end in (".xlsx", ".html"))
    if made and url:
        slips.write_workbook(book, poll, made, url=url)
        page.write_text(slips.page(poll, made, url=url), encoding="utf-8")
    address = f"{url.rstrip('/')}/p/{quote(name)}"
    return Published(poll, key_path, made, book, page, address)


def read_roster(path: Path) -> tuple[Target, ...]:
    """Read a roster: a CSV or a workbook with name, label and, if wanted, label::en and note.

    Raises
    ------
    DefinitionError, WorkbookError
        With every row that cannot be used.
    """
    if workbook.is_workbook(path):
        return tuple(_target(row.values) for row in workbook.read(path, [ROSTER])[ROSTER.name])
    rows = read_list(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        notes = {r["name"].strip(): r.get("note") or "" for r in csv.DictReader(file)}
    return tuple(
        Target(name=r["name"], label=r["label"], note=Text(zh=notes[r["name"]])) for r in rows
    )


def write_roster(targets: Sequence[Target], path: Path) -> int:
    """Write a roster as a workbook, to be edited and read again; return how many rows it has.

    Ids are locked: who is rated over years is linked by them.

    Raises
    ------
    StorageError
        When the disk does not hold it.
    """
    rows = [{"name": t.name, "label": t.label.zh, "label::en": t.label.en, "note": t.note.zh} for t in targets]
    columns = tuple(replace(c, locked=c.kind == "key") for c in ROSTER.columns)
    said = "名单：编号跨年不变，连续计数靠它接续；新来的人在下面加行。岗位说明与名次并列展示。"
    workbook.write(path, [replace(ROSTER, columns=columns, rows=rows, notes={"": said})])
    return len(rows)


def _target(given: Mapping[str, Any]) -> Target:
    label = Text(zh=given["label"], en=given["label::en"] or "")
    return Target(name=given["name"], label=label, note=Text(zh=given["note"] or ""))
