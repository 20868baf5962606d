"""Two coding sheets of the same texts, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import Problem, UsageError, WorkbookError
from ..html import table_html
from ..results.crossing import hidden_cells
from .coding import Coding, compare
from .sheets import LEAD, NONE, ORDINARY, Coded
from .taxonomies import Taxonomy

K = 5
TOTAL = "合计"


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """The texts of two sheets side by side.

    Attributes
    ----------
    taxonomy : Taxonomy
    coders : tuple of str
        Who coded first, and second.
    coding : Coding
        Codes, κ and what is settled.
    frame : DataFrame
        ``id``, ``asked``, ``text``, ``first``, ``second``, ``settled``, ``kind``, by number.
    """

    taxonomy: Taxonomy
    coders: tuple[str, str]
    coding: Coding
    frame: pd.DataFrame

    def label(self, code: str) -> str:
        """Return a code in the plan's words; empty where there is none."""
        return dict((*self.taxonomy.labels.items(), NONE, ("", "")))[code]

    def different(self) -> pd.DataFrame:
        """Return what the two coded differently: id, asked, text, first, second, settled, in words."""
        rows = self.frame[self.frame["first"] != self.frame["second"]].drop(columns="kind")
        words = {name: rows[name].map(self.label) for name in ("first", "second", "settled")}
        return rows.assign(**words).reset_index(drop=True)

    def table(self) -> pd.DataFrame:
        """Return the settled codes by question, no cell of fewer than five people.

        One person writes one text to one question, so a cell's texts are people. A code's total
        counts texts, and is shown where one of its cells is of five people or more.

        Returns
        -------
        DataFrame
            ``code``, ``code_label``, ``asked`` (a question, or 合计), ``n`` (missing where not
            shown; nobody is 0).
        """
        settled = self.frame[self.frame["settled"] != ""]
        counts = pd.crosstab(settled["settled"], settled["asked"])
        codes = [c for c in (*self.taxonomy.labels, NONE[0]) if c in counts.index]
        counts = counts.reindex(codes)
        n = counts.to_numpy()
        shown = np.where(hidden_cells(n, k=K), np.nan, n)
        total = np.where(n.max(axis=1, initial=0) >= K, n.sum(axis=1), np.nan)
        rows = [
            (code, self.label(code), asked, value)
            for code, line, of_all in zip(codes, shown, total, strict=True)
            for asked, value in (*zip(counts.columns, line, strict=True), (TOTAL, of_all))
        ]
        return pd.DataFrame(rows, columns=["code", "code_label", "asked", "n"])

    def _repr_html_(self) -> str:
        return table_html(self.table(), caption=self.coding.verdict())


def pair(first: Coded, second: Coded, third: Coded | None = None) -> Pair:
    """Put two coding sheets side by side.

    Parameters
    ----------
    first, second : Coded
        Each coded without sight of the other.
    third : Coded, optional
        Who decides where the two differ.

    Raises
    ------
    WorkbookError
        ``coding-coder``, ``coding-taxonomy``, ``coding-missing``, ``coding-text``: each with its
        file, sheet and cell.
    UsageError
        ``coding-few``: κ needs two texts and two codes.
    """
    others = [second, *([third] if third else [])]
    problems = [p for n, other in enumerate(others) for p in _unlike(first, other, whole=n == 0)]
    if third and third.coder == second.coder:
        problems.append(Problem("coding-coder", third.file, {"coder": third.coder}))
    if problems:
        raise WorkbookError(problems)
    rows = first.by_id
    ids = sorted(rows)
    codes = [[_said(sheet, i, "code") for i in ids] for sheet in (first, *others)]
    if len(ids) < 2 or len({*codes[0], *codes[1]}) < 2:
        raise UsageError.of("coding-few", f"{first.file}, {second.file}", n=len(ids))
    coding = compare(codes[0], codes[1], third=codes[2] if third else ())
    kinds = [_kind([_said(sheet, i, "kind") for sheet in (first, *others)]) for i in ids]
    asked, text = ([rows[i].values[name] for i in ids] for name in ("asked", "text"))
    said = {"first": coding.first, "second": coding.second, "settled": coding.settled}
    frame = pd.DataFrame({"id": ids, "asked": asked, "text": text, **said, "kind": kinds})
    return Pair(first.taxonomy, (first.coder, second.coder), coding, frame)


def _unlike(first: Coded, other: Coded, *, whole: bool) -> list[Problem]:
    """Return why two sheets are not two people's codes of the same texts."""
    if first.coder == other.coder:
        return [Problem("coding-coder", other.file, {"coder": other.coder})]
    if first.taxonomy != other.taxonomy:
        named = {"one": first.taxonomy.zh, "two": other.taxonomy.zh}
        return [Problem("coding-taxonomy", other.file, named)]
    mine, theirs = first.by_id, other.by_id
    found = [Problem("coding-missing", first.place(mine[i], "id"), {"id": i, "file": other.file}) for i in mine if whole and i not in theirs]
    for i, row in theirs.items():
        if i not in mine:
            found.append(Problem("coding-missing", other.place(row, "id"), {"id": i, "file": first.file}))
        elif any(row.values[name] != mine[i].values[name] for name in ("asked", "text")):
            found.append(Problem("coding-text", other.place(row), {"id": i, "there": first.place(mine[i])}))
    return found


def _said(sheet: Coded, number: str, column: str) -> str:
    row = sheet.by_id.get(number)
    return (row.values.get(column) if row else None) or ""


def _kind(said: list[str]) -> str:
    """Return of what kind a text is; whoever sees a lead in it is believed."""
    if LEAD in said:
        return LEAD
    given = list(filter(None, said))
    both = len(given) > 1 and given[0] == given[1]
    return given[0] if given and (both or len(given) == 1) else given[-1] if len(given) == 3 else ORDINARY
