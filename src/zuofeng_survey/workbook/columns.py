"""What stands in a column of a workbook: its name, its heading, its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "key",
    "text",
    "long",
    "date",
    "datetime",
    "integer",
    "number",
    "bool",
    "choice",
    "choices",
]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a typed table.

    Attributes
    ----------
    name : str
        The field's name, kept in the hidden sheet so that a renamed heading is still recognised.
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
