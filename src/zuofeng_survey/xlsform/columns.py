"""Which column of which sheet carries which key: one table for reading and for writing.

Headings are those of the XLSForm specification (https://xlsform.org/en/), ours begin with ``zf--``:
pyxform leaves columns and sheets alone that it does not know.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

ZH, EN = "中文 (zh)", "English (en)"
Kind = Literal["text", "label", "bool", "whole", "number", "lines", "words"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading in a workbook, its key in the model, and what stands in it.

    A ``label`` has two columns, one a language; ``lines`` are texts parted by line breaks, ``words`` names parted
    by spaces.
    """

    heading: str
    key: str
    kind: Kind = "text"

    @property
    def headings(self) -> tuple[str, ...]:
        return (f"{self.heading}::{ZH}", f"{self.heading}::{EN}") if self.kind == "label" else (self.heading,)


def _ours(*keys: str, kind: Kind = "text") -> tuple[Column, ...]:
    return tuple(Column(f"zf--{key}", key, kind) for key in keys)


def _plain(*keys: str, kind: Kind = "text") -> tuple[Column, ...]:
    return tuple(Column(key, key, kind) for key in keys)


LABELS = ("label", "hint")
ITEM = (
    *_plain("type", "name"),
    *_plain(*LABELS, kind="label"),
    *_plain("required", kind="bool"),
    *_plain("relevant", "constraint"),
    *_plain("constraint_message", kind="label"),
    *_plain("appearance"),
    *_ours("scale"),
    *_ours("reverse", kind="bool"),
    *_ours("max_choices", "max_length", kind="whole"),
    *_ours("repeat_over", "by"),
    *_ours("sensitive", kind="bool"),
    *_ours("alert", "ledger"),
)
GROUP = (
    *_plain("type", "name"),
    *_plain(*LABELS, kind="label"),
    *_plain("relevant"),
    *_ours("repeat_over"),
    *_ours("max_rows", kind="whole"),
    *_ours("apart", kind="bool"),
)
CHOICE = (
    *_plain("list_name", "name"),
    *_plain("label", kind="label"),
    *_ours("score", kind="number"),
    *_ours("missing"),
    *_ours("exclusive", kind="bool"),
)
SETTINGS = (
    Column("form_id", "form_id"),
    Column("version", "version"),
    Column("default_language", "default_language"),
    *_ours("purpose", "anonymity"),
    *_ours("minutes", kind="whole"),
    *_ours("profile", kind="bool"),
    *_ours("seed", kind="lines"),
)
# The settings sheet has one row, so a label is two columns of our own; XLSForm has one title.
SETTINGS_TEXTS = {
    "title": ("form_title", "zf--title--en"),
    **{
        key: (f"zf--{key}", f"zf--{key}--en")
        for key in ("instructions", "thanks", "respondent", "anonymity_note", "period")
    },
}
COMPOSITE = (
    Column("zf--composite_overall", "overall"),
    Column("zf--composite_dims", "dims", "words"),
    Column("zf--composite_base", "base"),
)
SCALE = (*_plain("name"), *_plain("label", kind="label"), *_plain("min_valid", kind="whole"))
VOTER_CLASS = (
    *_plain("name"),
    *_plain("label", kind="label"),
    *_plain("weight", kind="number"),
    *_plain("design"),
)
SCORE_MAP = (*_plain("map", "list_name", "name"), *_plain("score", kind="number"))

SURVEY = tuple(dict.fromkeys((*ITEM, *(c for c in GROUP if c not in ITEM))))
SHEETS: dict[str, tuple[Column, ...]] = {
    "survey": SURVEY,
    "choices": CHOICE,
    "settings": (*SETTINGS, *COMPOSITE),
    "zf--scales": SCALE,
    "zf--voter_classes": VOTER_CLASS,
    "zf--score_maps": SCORE_MAP,
}
REQUIRED = {
    "survey": ("type", "name"),
    "choices": ("list_name", "name"),
    "zf--scales": ("name",),
    "zf--voter_classes": ("name", "weight"),
    "zf--score_maps": ("map", "list_name", "name", "score"),
}

# What authors write instead, after spaces have become underscores.
ALIASES = {"relevance": "relevant", "constraining_message": "constraint_message", "caption": "label"}
LANGUAGES = {"zh": ("zh", "中文", "chinese", "汉语", "简体", "普通话"), "en": ("en", "english", "英文", "英语")}
# Columns that change nothing of what is asked.
HARMLESS = frozenset({"style"})


def headings(columns: Iterable[Column]) -> list[str]:
    """Return the headings of columns in order, two for a label."""
    return [heading for column in columns for heading in column.headings]


def folded(heading: str) -> str:
    """Return a heading as it is looked up: small letters, underscores, one ``::`` before a language.

    >>> folded("Label:English (en)"), folded("list name"), folded("zf--Scale")
    ('label::en', 'list_name', 'zf--scale')
    """
    text = unicodedata.normalize("NFKC", heading).strip().lower()
    base, mark, language = text.partition(":")
    base = re.sub(r"\s+", "_", base.strip())
    base = ALIASES.get(base, base)
    language = language.strip(": ")
    return f"{base}::{_language(language)}" if mark and language else base


def _language(said: str) -> str:
    """Return ``zh`` or ``en`` where a language is one of ours, else what was said."""
    code = re.search(r"\(([a-z]{2})[\w\-]*\)\s*$", said)
    words = (code.group(1),) if code else re.split(r"[\s_\-]+", said)
    for ours, names in LANGUAGES.items():
        if any(word == name or (len(name) > 2 and word.startswith(name)) for word in words for name in names):
            return ours
        if any(name in said for name in names if not name.isascii()):
            return ours
    return said


def lookup(sheet: str) -> dict[str, tuple[str, str, Kind]]:
    """Return folded heading → (key, language or nothing, kind) of a sheet; a bare label is Chinese."""
    return dict(_entries(sheet))


def _entries(sheet: str) -> Iterator[tuple[str, tuple[str, str, Kind]]]:
    for column in SHEETS[sheet]:
        if column.kind == "label":
            for at, language in (("", "zh"), ("::zh", "zh"), ("::en", "en")):
                yield f"{column.heading}{at}", (column.key, language, column.kind)
        else:
            yield column.heading, (column.key, "", column.kind)
    if sheet == "settings":
        for key, (zh, en) in SETTINGS_TEXTS.items():
            yield zh, (key, "zh", "label")
            yield en, (key, "en", "label")
        for column in COMPOSITE:
            yield column.heading, (f"composite.{column.key}", "", column.kind)
