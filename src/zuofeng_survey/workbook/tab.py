"""XlsxWriter's worksheet with a shorter way through its innermost loop.

For a shared text or a number with a format of its own, :meth:`Worksheet._write_cell` looks up
formats, builds a list of attributes and escapes each; what comes out is one line, and 60,000 rows
have a million of them. The line is written here. Anything else takes XlsxWriter's own way, and a
test compares the two, so that a release that changes the loop is noticed.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

_letters = cache(xl_col_to_name)


class Tab(Worksheet):
    """A worksheet that writes the cells of long tables quickly."""

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        kind, form = type(cell).__name__, cell.format
        if form is None or kind not in ("String", "Number", "Datetime") or self.constant_memory:
            super()._write_cell(row, col, cell)
            return
        style = form.xf_index if form.xf_index is not None else form._get_xf_index()
        at = f'<c r="{_letters(col)}{row + 1}" s="{style}"'
        if kind == "String":
            self.fh.write(f'{at} t="s"><v>{cell.string}</v></c>')
        else:
            self.fh.write(f"{at}><v>{cell.number:.16G}</v></c>")

    def _calculate_spans(self) -> None:
        """Leave out which columns each sixteen rows reach to: optional, and 60,000 rows to go through."""
