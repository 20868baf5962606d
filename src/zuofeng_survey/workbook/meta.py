"""The hidden sheet: what was written, so that it can be read back and a stale row recognised.

It holds, for each sheet, its columns by name, and for each row its key, its version and a mark:
a short digest of what stood in the row's editable cells. A row whose mark still fits was not
touched, whatever has become of the entry since.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

META, LISTS, NOTES = "_zuofeng", "_选项", "说明"
OURS = frozenset({META, LISTS, NOTES})
FORMAT = "zuofeng-workbook/1"
MARK_BYTES = 8
CELL = 30_000


@dataclass(frozen=True, slots=True)
class Meta:
    """What the hidden sheet says of one sheet: column names, and (version, mark) by key."""

    columns: tuple[str, ...] = ()
    rows: dict[str, tuple[int | None, str]] = field(default_factory=dict)


def mark(texts: Iterable[str]) -> str:
    """Return the mark of a row from the canonical texts of its cells.

    >>> mark(["甲", ""]) == mark(["甲", ""]), mark(["甲", ""]) == mark(["", "甲"])
    (True, False)
    """
    return blake2b("\x00".join(texts).encode(), digest_size=MARK_BYTES).hexdigest()


def packed(rows: Iterable[tuple[str, int | None, str]]) -> Iterator[str]:
    """Yield (key, version, mark) of many rows as a few JSON texts, each short enough for a cell."""
    held, size = [], 0
    for row in rows:
        text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        if held and size + len(text) > CELL:
            yield f"[{','.join(held)}]"
            held, size = [], 0
        held.append(text)
        size += len(text) + 1
    if held:
        yield f"[{','.join(held)}]"


def understood(rows: Iterable[Sequence[object]]) -> dict[str, Meta]:
    """Return what the hidden sheet says, by sheet name; lines it does not know are left out."""
    found: dict[str, Meta] = {}
    for row in rows:
        match ["" if v is None else str(v) for v in row]:
            case ["sheet", name, *columns]:
                found[name] = Meta(tuple(filter(None, columns)))
            case ["rows", name, text, *_] if name in found:
                found[name].rows.update(_unpacked(text))
            case _:
                continue
    return found


def _unpacked(text: str) -> Iterator[tuple[str, tuple[int | None, str]]]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        return
    for row in rows if isinstance(rows, list) else ():
        match row:
            case [str(key), int() | None as version, str(digest)]:
                yield key, (version, digest)
