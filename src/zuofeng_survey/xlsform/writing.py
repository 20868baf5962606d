"""A questionnaire as a workbook: one row an item, in the words of XLSForm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from ..questionnaire import Questionnaire
from ..workbook.writing import whole
from .columns import COMPOSITE, EN, SETTINGS_TEXTS, SHEETS, ZH, Column, headings

Row = Mapping[str, Any]
WIDTHS = {"label": 44, "hint": 36, "constraint_message": 36, "relevant": 24, "constraint": 24}
NARROW, TEXT = 12, "@"
LAST = 2_000  # rows below the last one that find drop-downs
PICKS = {
    "required": ("yes", "no"),
    "zf--reverse": ("yes", "no"),
    "zf--sensitive": ("yes", "no"),
    "zf--apart": ("yes", "no"),
    "zf--exclusive": ("yes", "no"),
    "zf--by": ("respondent", "collector"),
    "zf--alert": ("protected",),
    "zf--missing": ("dk", "na", "refused"),
    "zf--purpose": ("ranking", "summary", "acceptance", "register"),
    "zf--anonymity": ("named", "confidential", "anonymous", "sealed"),
}


def write(questionnaire: Questionnaire, path: str | Path) -> None:
    """Write a questionnaire as an XLSForm workbook that :func:`read` reads back to the same thing.

    A list that came from a CSV file stands in ``choices`` like any other, so that the workbook is whole by itself.

    Parameters
    ----------
    questionnaire : Questionnaire
    path : str or Path
        The .xlsx to make; it appears whole or not at all.

    Raises
    ------
    StorageError
        When the file cannot be written.

    Notes
    -----
    Source: https://xlsform.org/en/ and https://docs.getodk.org/xlsform/; tested against pyxform.
    """
    with whole(Path(path)) as book:
        looks = _looks(book)
        for sheet, rows in _tables(questionnaire).items():
            if rows or not sheet.startswith("zf--"):
                _write(book.add_worksheet(sheet), _headings(sheet), rows, looks)


def _tables(q: Questionnaire) -> dict[str, list[Row]]:
    return {
        "survey": list(_survey(q)),
        "choices": [{"list_name": n, **_row(c, "choices")} for n, cs in q.choices.items() for c in cs],
        "settings": [_settings(q)],
        "zf--scales": [{"name": n, **_row(s, "zf--scales")} for n, s in q.scales.items()],
        "zf--voter_classes": [_row(c, "zf--voter_classes") for c in q.voter_classes],
        "zf--score_maps": [
            {"map": m, "list_name": n, "name": c, "score": s}
            for m, lists in q.score_maps.items()
            for n, scores in lists.items()
            for c, s in scores.items()
        ],
    }


def _survey(q: Questionnaire) -> Iterator[Row]:
    for group in q.survey:
        # A group of ours is a page: ODK shows it as one if asked to. A repeat has one page a row.
        row = {**_row(group, "survey"), "type": f"begin_{group.type}", "appearance": "field-list"}
        yield row
        for item in group.items:
            listed = item.type.startswith("select_one_from_file") and item.list_name in q.choices
            yield _row(item, "survey") | ({"type": f"select_one {item.list_name}"} if listed else {})
        yield {"type": f"end_{group.type}"}


def _settings(q: Questionnaire) -> Row:
    given = q.settings.model_dump(exclude_defaults=True)
    row = {h: v for c in SHEETS["settings"] for h, v in _cells(c, given.get(c.key)) if c not in COMPOSITE}
    for key, (zh, en) in SETTINGS_TEXTS.items():
        text = getattr(q.settings, key)
        row |= {zh: text.zh, en: text.en}
    if q.composite:
        plain = q.composite.model_dump()
        row |= {h: v for c in COMPOSITE for h, v in _cells(c, plain[c.key])}
    return row | {"default_language": EN if q.settings.default_language == "en" else ZH}


def _row(thing: Any, sheet: str) -> dict[str, Any]:
    given = thing.model_dump(exclude_defaults=True)
    return {h: v for c in SHEETS[sheet] for h, v in _cells(c, given.get(c.key)) if v is not None}


def _cells(column: Column, value: Any) -> Iterable[tuple[str, Any]]:
    """Return the cells of a value, by heading."""
    if value is None:
        return ()
    if column.kind == "label":
        zh, en = column.headings
        return (zh, value["zh"]), (en, value.get("en") or None)
    shown = {"bool": lambda: "yes" if value else "no", "lines": lambda: "\n".join(value), "words": lambda: " ".join(value)}
    return ((column.heading, shown[column.kind]() if column.kind in shown else value),)


def _headings(sheet: str) -> list[str]:
    if sheet != "settings":
        return headings(SHEETS[sheet])
    first = ["form_title", "form_id", "version", "default_language"]
    ours = [h for pair in SETTINGS_TEXTS.values() for h in pair] + headings(SHEETS["settings"])
    return [*first, *dict.fromkeys(h for h in ours if h not in first)]


def _looks(book: xlsxwriter.Workbook) -> dict[str, Any]:
    cell = {"font_name": "宋体", "font_size": 11, "valign": "top"}
    head = cell | {"bold": True, "font_name": "黑体", "text_wrap": True, "bottom": 1}
    return {
        "text": book.add_format(cell | {"num_format": TEXT, "text_wrap": True}),
        "number": book.add_format(cell),
        "page": book.add_format(cell | {"num_format": TEXT, "text_wrap": True, "bg_color": "#EDF2F8"}),
        "head": book.add_format(head | {"bg_color": "#DDE6F0"}),
        "ours": book.add_format(head | {"bg_color": "#F3E9D2"}),
    }


def _write(tab: Worksheet, columns: list[str], rows: list[Row], looks: dict[str, Any]) -> None:
    for k, heading in enumerate(columns):
        tab.write_string(0, k, heading, looks["ours" if heading.startswith("zf--") else "head"])
        wide = WIDTHS.get(heading.partition("::")[0], max(NARROW, len(heading) + 2))
        tab.set_column(k, k, wide, looks["text"])
        if heading in PICKS:
            tab.data_validation(1, k, LAST, k, {"validate": "list", "source": list(PICKS[heading])})
    for n, row in enumerate(rows, start=1):
        page = str(row.get("type", "")).startswith(("begin_", "end_"))
        for k, heading in enumerate(columns):
            value = row.get(heading)
            if isinstance(value, int | float):
                tab.write_number(n, k, value, looks["number"])
            elif value:
                tab.write_string(n, k, value, looks["page" if page else "text"])
    tab.freeze_panes(1, 2)
    tab.set_landscape()
    tab.fit_to_pages(1, 0)
