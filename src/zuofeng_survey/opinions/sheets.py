"""A coding sheet: masked texts in a workbook, an empty column of codes, the same for both coders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..dataset import Dataset
from ..errors import UsageError, WorkbookError, nearest
from ..workbook import Column, Row, Sheet, Table, canonical, tabs, write
from ..workbook import read as read_workbook
from .alike import alike
from .reading import PROTECTED, read
from .suggesting import suggest
from .taxonomies import Taxonomy, taxonomies, taxonomy

NONE = ("none", "无")  # what belongs to no code; the ledger of opinions calls it so too
LEAD, ORDINARY = "线索", "意见"
KINDS = (ORDINARY, "建议", "求助", "表扬", LEAD)  # those of the ledger of opinions
BETWEEN = " › "
NOTES = {
    "": "每人各编各的，交出之前不要看对方的表；建议编码只是机器的猜测，先读原话，再定编码。",
    "text": "电话、证件号、姓名已遮盖；如果还能认出是谁，请立刻交回。",
    "alike": "同一个号码的几条说法相近",
    "because": "机器因为这些词才这样建议",
    "kind": "可不填，不填按“意见”；反映违纪违法的选“线索”，不在这里汇总，按规定移送",
}


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A coding sheet as it came back.

    Attributes
    ----------
    file, coder : str
        Name of the file, and who coded, by post.
    taxonomy : Taxonomy
    table : Table
        Rows with ``id``, ``asked``, ``text``, ``code`` and ``kind``, and the place of each.
    """

    file: str
    coder: str
    taxonomy: Taxonomy
    table: Table

    @property
    def by_id(self) -> dict[str, Row]:
        """Return the rows by number."""
        return {row.values["id"]: row for row in self.table}

    def place(self, row: Row, column: str = "text") -> str:
        """Return the place of a cell: file, sheet and cell."""
        return f"{self.file}{BETWEEN}{self.table.place(row, column)}"


def write_sheet(
    dataset: Dataset, path: Path, *, name: str = "area6", coder: str, item: str = "", guess: bool = True
) -> int:
    """Write a coding sheet; return how many texts it has.

    Parameters
    ----------
    dataset : Dataset
    path : Path
        The .xlsx to make.
    name : {"area6", "focus8", "ailment5"}
        The taxonomy.
    coder : str
        Who codes, by post: 1 to 12 letters.
    item : str
        One item only.
    guess : bool
        Whether suggestions stand beside the texts; they draw both coders the same way.

    Raises
    ------
    UsageError
        ``coder-name``, ``texts-none``, ``texts-item``, ``texts-protected``, ``texts-few``,
        ``taxonomy-unknown``.
    """
    known = taxonomy(name)
    if not re.fullmatch(r"[^\s\[\]:*?/\\'·]{1,12}", coder):
        raise UsageError.of("coder-name", "--coder", got=coder)
    found = _texts(dataset, item)
    group = alike(found["text"].tolist()).group
    rows = pd.DataFrame(
        {
            "id": [f"{dataset.name}-{n:05d}" for n in found.index + 1],
            "asked": [BETWEEN.join(filter(None, pair)) for pair in zip(found["item"], found["target"], strict=True)],
            "text": found["text"].to_numpy(),
            "alike": [g + 1 if g >= 0 else None for g in group.tolist()],
        }
    )
    if guess:
        rows[["guess", "because"]] = suggest(found["text"].tolist(), name).table()[["code_label", "because"]].to_numpy()
    seed = int(dataset.hash.split(":")[-1][:12], 16)
    rows = rows.iloc[np.random.default_rng(seed).permutation(len(rows))]
    write(path, [Sheet(f"{known.zh}·{coder}", _columns(known, guess=guess), rows, notes=NOTES)])
    return len(rows)


def _texts(dataset: Dataset, item: str) -> pd.DataFrame:
    """Return texts that may be handed to coders, with something written in them."""
    if item.startswith(PROTECTED):
        raise UsageError.of("texts-protected", f"{dataset.name}{BETWEEN}{item}")
    found = read(dataset)
    items = sorted(set(found["item"]))
    if item and item not in items:
        near = nearest(item, items) or "—"
        raise UsageError.of("texts-item", dataset.name, item=item, near=near, known="、".join(items) or "—")
    long = Column("text", "", "long")
    told = found["text"].map(lambda text: canonical(text, long) != "")
    found = found[told & (found["item"].eq(item) if item else True)]
    if found.empty:
        raise UsageError.of("texts-none", dataset.name)
    return found


def read_sheet(path: Path, *, partly: bool = False) -> Coded:
    """Read a coding sheet back.

    Parameters
    ----------
    path : Path
    partly : bool
        Whether codes may be missing: the sheet of a third person, who decides what is open.

    Raises
    ------
    WorkbookError
        With every cell that cannot be read; ``coding-tab`` where the sheet is none of ours.
    """
    path = Path(path)
    tab = next(iter(tabs(path)), "")
    zh, _, coder = tab.partition("·")
    known = next((t for t in taxonomies().values() if t.zh == zh), None)
    if known is None or not coder:
        raise WorkbookError.of("coding-tab", f"{path.name}{BETWEEN}{tab}", known="、".join(t.zh for t in taxonomies().values()))
    sheet = Sheet(tab, _columns(known, to_read=True, required=not partly))
    return Coded(path.name, coder, known, read_workbook(path, [sheet])[tab])


def _columns(
    known: Taxonomy, *, guess: bool = True, to_read: bool = False, required: bool = True
) -> tuple[Column, ...]:
    """Return the columns; what is locked in the sheet is still read back, to be compared."""
    locked = not to_read
    codes = (*known.labels.items(), NONE)
    guesses = (Column("guess", "建议编码", locked=True), Column("because", "建议的依据", locked=True))
    return (
        Column("id", "编号", "key", required=True, locked=True),
        Column("asked", "题目", required=True, locked=locked),
        Column("text", "原话（已遮盖）", "long", required=True, locked=locked),
        Column("alike", "相近组", "integer", locked=True),
        *(guesses if guess else ()),
        Column("code", "编码", "choice", required=required, choices=codes),
        Column("kind", "性质", "choice", choices=tuple((k, k) for k in KINDS)),
    )
