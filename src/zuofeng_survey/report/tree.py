r"""What a report is made of, before it is known on which paper it will stand.

A document is a title and parts in their order. All its text is text as a reader sees it: numbers
come rounded from :mod:`zuofeng_survey.html`, so that Word, Excel and the page say the same, and no
paper has more digits than another. Parts clean their text when they are made: a control character
is written out (``\x07``), since no paper could hold it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import pandas as pd

from ..html import shown_table

Level = Literal[1, 2, 3, 4]
Tone = Literal["plain", "verdict", "warning", "note"]
DIGITS = "〇一二三四五六七八九"
# control characters, halves of surrogate pairs, direction overrides, what XML forbids
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def visible(text: Any) -> str:
    r"""Return text that can be seen and stored on any paper.

    >>> visible("a\x07b"), visible("甲\r\n乙")
    ('a\\x07b', '甲\n乙')
    """
    lines = str(text).replace("\r\n", "\n").replace("\t", " ")
    return UNSEEN.sub(lambda c: c.group().encode("unicode_escape", "surrogatepass").decode(), lines)


class _Clean:
    """Parts whose text is made visible as they are made."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for one in fields(self):  # type: ignore[arg-type]
            object.__setattr__(self, one.name, _cleaned(getattr(self, one.name)))


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return visible(value)
    return tuple(map(_cleaned, value)) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class Heading(_Clean):
    """A heading; its number is counted, not written: 一、 （一） 1. （1）."""

    text: str
    level: Level = 1


@dataclass(frozen=True, slots=True)
class Paragraph(_Clean):
    """A paragraph; ``verdict`` and ``warning`` stand out, ``note`` stands back."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Table(_Clean):
    """A table as it is read.

    Attributes
    ----------
    caption : str
    columns : tuple of str
    rows : tuple of tuple of str
    numeric : tuple of bool
        Which columns are numbers: set to the right, and numbers in Excel too.
    notes : tuple of str
        What n is, what the denominators are, how it was computed; at least one.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        _Clean.__post_init__(self)
        wide = {len(self.columns), len(self.numeric), *map(len, self.rows)}
        if len(wide) != 1:
            raise ValueError(f"columns, numeric and rows must be as wide as each other, got {wide}")
        if not any(self.notes):
            raise ValueError(f"table {self.caption!r} must say what n is and how it was computed")

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        caption: str,
        *,
        notes: Sequence[str],
        headings: Mapping[str, str] | None = None,
        right: Sequence[str] = (),
    ) -> Table:
        """Make a table of unrounded data; ``right`` are columns of text that read as numbers."""
        said = shown_table(frame, headings=headings)
        numeric = [pd.api.types.is_numeric_dtype(t) for t in frame.dtypes]
        flags = [n or c in right for n, c in zip(numeric, frame.columns, strict=True)]
        rows = tuple(tuple(map(str, row)) for row in said.itertuples(index=False))
        return cls(caption, tuple(map(str, said.columns)), rows, tuple(flags), tuple(notes))


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An Altair chart, with a caption and what it shows for who cannot see it."""

    chart: Any
    caption: str
    alt: str


@dataclass(frozen=True, slots=True)
class Callout(_Clean):
    """A framed notice, such as 如何提出异议."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FillIn(_Clean):
    """Fields that people fill by hand; no program writes into them.

    ``fields`` are (label, lines) with the number of empty lines each is given.
    """

    title: str
    fields: tuple[tuple[str, int], ...]
    note: str = ""


Part = Heading | Paragraph | Table | Picture | Callout | FillIn


@dataclass(frozen=True, slots=True)
class Document:
    """A report: what it is called, who issues it, and its parts in their order.

    Attributes
    ----------
    title : str
    parts : tuple of Part
    number : str
        发文字号; empty leaves the place free for people.
    office : str
        The issuing office.
    date : datetime.date or None
        Day of issue; None leaves the place free.
    to : str
        Whom it is for (主送).
    compact : bool
        A letter that is to fit one page.
    """

    title: str
    parts: tuple[Part, ...]
    number: str = ""
    office: str = ""
    date: dt.date | None = None
    to: str = ""
    compact: bool = False

    def __post_init__(self) -> None:
        for name in ("title", "number", "office", "to"):
            object.__setattr__(self, name, _cleaned(getattr(self, name)))

    @property
    def dated(self) -> str:
        """The date as 公文 write it: 2020年12月20日, or blanks to fill."""
        return f"{self.date.year}年{self.date.month}月{self.date.day}日" if self.date else "　　年　月　日"

    def numbered(self) -> Iterator[tuple[str, Part]]:
        """Yield each part with its number: of a heading, a table (表1) or a picture (图1)."""
        at = [0, 0, 0, 0]
        tables = pictures = 0
        for part in self.parts:
            said = ""
            if isinstance(part, Heading):
                at[part.level - 1] += 1
                at[part.level :] = [0] * (4 - part.level)
                said = number(at[part.level - 1], part.level)
            elif isinstance(part, Table):
                tables += 1
                said = f"表{tables}"
            elif isinstance(part, Picture):
                pictures += 1
                said = f"图{pictures}"
            yield said, part


def number(n: int, level: Level) -> str:
    """Return the number of a heading.

    >>> number(1, 1), number(12, 2), number(3, 3), number(4, 4), number(20, 1)
    ('一、', '（十二）', '3.', '（4）', '二十、')
    """
    return (f"{_chinese(n)}、", f"（{_chinese(n)}）", f"{n}.", f"（{n}）")[level - 1]


def _chinese(n: int) -> str:
    tens, ones = divmod(n, 10)
    if not tens:
        return DIGITS[ones]
    return ("" if tens == 1 else DIGITS[tens]) + "十" + (DIGITS[ones] if ones else "")
