"""XlsxWriter's worksheet, with rows that are poured in: a part of a long table at a time.

XlsxWriter keeps every cell as an object until the file is closed, or (``constant_memory``) writes
each text into its cell, which makes the file larger and slower to read. Here a part is written out as
XML at once, texts by their number in the shared table, and waits in a file: 60,000 rows are never in
memory together. A test compares what is written with XlsxWriter's own, so that a release that changes
its innermost loop is noticed.
"""

from __future__ import annotations

import datetime as dt
import math
import tempfile
from collections.abc import Callable, Sequence
from shutil import copyfileobj
from typing import IO, Any

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

Form = Callable[[int, Any], Format]
Cells = Sequence[Any]


class Tab(Worksheet):
    """A worksheet that writes long tables quickly, and in little memory."""

    str_table: Any  # XlsxWriter's table of shared texts, which it sets when it adds the sheet

    def __init__(self) -> None:
        super().__init__()
        self._first = self._next = 0
        self._rows: IO[str] | None = None

    def pour(self, part: Sequence[Cells], form: Form) -> None:
        """Write rows below those there are: a sequence for each column, all of one length.

        ``form(column, value)`` is the format of a cell; None is no cell. Once rows are poured in,
        nothing else is written from their first row on.
        """
        if self._rows is None:
            self._rows = tempfile.TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115 - until it is copied
            self._first = self._next = (-1 if self.dim_rowmax is None else self.dim_rowmax) + 1
        rows = [f'<row r="{self._next + n + 1}">' for n in range(len(part[0]))]
        for k, cells in enumerate(part):
            letters, made = xl_col_to_name(k), {None: ""}
            for n, value in enumerate(cells):
                if value is None:
                    continue
                if value not in made:
                    made[value] = self._tail(value, form(k, value))
                rows[n] += f'<c r="{letters}{self._next + n + 1}{made[value]}'
            self.str_table.count += sum(isinstance(value, str) for value in cells)
        self._rows.writelines(f"{row}</row>" for row in rows)
        self._next += len(rows)
        self._check_dimensions(self._next - 1, len(part) - 1)

    def drop(self) -> None:
        """Let go of rows that will not be written after all."""
        if self._rows is not None:
            self._rows.close()

    def _tail(self, value: Any, form: Format) -> str:
        """Return a cell from behind its place on, as XlsxWriter writes it."""
        style = form._get_xf_index()
        if isinstance(value, str):
            index = self.str_table._get_shared_string_index(value)
            self.str_table.count -= 1  # each cell is counted by itself
            return f'" s="{style}" t="s"><v>{index}</v></c>'
        number = self._convert_date_time(value) if isinstance(value, dt.date) else value
        if not math.isfinite(number):
            raise ValueError(f"a cell must hold a finite number, got {number}")
        return f'" s="{style}"><v>{number:.16G}</v></c>'

    def _write_rows(self) -> None:
        if self._rows is None:
            super()._write_rows()
            return
        last, self.dim_rowmax = self.dim_rowmax, self._first - 1
        super()._write_rows()
        self.dim_rowmax = last
        with self._rows as rows:
            rows.seek(0)
            copyfileobj(rows, self.fh, 1 << 20)
