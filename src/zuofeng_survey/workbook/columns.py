"""What stands in a workbook: sheets of columns, each with its name, its heading and its kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal[
    "key", "text", "long", "date", "datetime", "integer", "number", "bool", "choice", "choices"
]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a typed table.

    Attributes
    ----------
    name : str
        The field's name, kept in the hidden sheet beside the heading.
    label : str
        The heading in row 1, Chinese.
    kind : Kind
        How a value is written and read back; see :mod:`zuofeng_survey.workbook.values`.
    required : bool
        Whether a row without it is refused.
    choices : tuple of (value, label)
        What a ``choice`` or ``choices`` column takes; the label is what people see and pick.
    locked : bool
        Shown, not edited: ids and what is computed.
    """

    name: str
    label: str
    kind: Kind = "text"
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    locked: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One typed table of a workbook; without rows it says what to read.

    Attributes
    ----------
    name : str
        The tab, at most 31 characters, Chinese.
    columns : sequence of Column
    rows : DataFrame, or iterable of DataFrames or of mappings
        Values by column name, one row an entry. Nothing (None, NaN, an empty text) is an empty cell.
        Of an iterable no more than a part is held: a long table comes as many frames.
    notes : mapping of str to str
        What to say of a column on the note sheet, by its name; ``""`` is said of the whole sheet.
    version : str
        What in ``rows`` says which version a row is, so that a stale one is recognised.
    overdue : str
        The ``bool`` column whose rows are coloured.
    open : bool
        Whether other columns may stand beside these, and those not required be missing: a roster
        that an office keeps for itself, rather than a ledger written by us.
    """

    name: str
    columns: tuple[Column, ...]
    rows: pd.DataFrame | Iterable[pd.DataFrame] | Iterable[Mapping[str, Any]] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    overdue: str = ""
    open: bool = False

    @property
    def key(self) -> Column | None:
        """The column that tells rows apart, if there is one."""
        return next((c for c in self.columns if c.kind == "key"), None)

    @property
    def edited(self) -> tuple[Column, ...]:
        """The key and the columns that people fill in: what is read back."""
        return tuple(c for c in self.columns if c.kind == "key" or not c.locked)
