"""Publishing: from a questionnaire and a roster to a poll, its key and its slips."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from . import codes, slips
from .errors import PollError
from .poll import Poll, Target, new_poll
from .questionnaire import Text, find, load, read_list
from .store import Home, Store, write_private


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
    url: str,
) -> Published:
    """Publish a poll; the key and the slips are written for the officers and nowhere else."""
    questionnaire = load(find(form_id))
    poll, key, made = new_poll(questionnaire, name, targets=targets, counts=counts, days=days)
    pepper = home.pepper
    hashes = [(codes.hash_code(c, pepper=pepper, poll=name), v) for c, v in made]
    key_path = home.key(name)
    if key_path.exists() and not home.folder(name).exists():
        raise PollError.of("file-exists", str(key_path))
    Store.publish(home, poll, hashes).dispose()
    write_private(key_path, key.dumps().encode())
    workbook, page = (home.path / "slips" / f"{name}{end}" for end in (".xlsx", ".html"))
    if made:
        slips.write_workbook(workbook, poll, made, url=url)
        page.write_text(slips.page(poll, made, url=url), encoding="utf-8")
    address = f"{url.rstrip('/')}/p/{quote(name)}"
    return Published(poll, key_path, made, workbook, page, address)


def read_roster(path: Path) -> tuple[Target, ...]:
    """Read a roster: a CSV with name, label and, if wanted, label::en and note."""
    rows = read_list(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        notes = {r["name"].strip(): r.get("note") or "" for r in csv.DictReader(file)}
    return tuple(
        Target(name=r["name"], label=r["label"], note=Text(zh=notes[r["name"]])) for r in rows
    )

