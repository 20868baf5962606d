"""From the rows of a workbook to a questionnaire, or to every mistake with its sheet and cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..errors import DefinitionError, Problem
from ..questionnaire import Questionnaire
from ..questionnaire.explaining import explain
from ..questionnaire.lists import with_lists_beside
from ..questionnaire.references import broken_references
from .columns import GROUP, ITEM
from .sheets import Form, Line, open_form
from .survey import Survey

Raw = dict[str, Any]
Places = dict[tuple[str, ...], str]
TRUE = frozenset({"yes", "true", "true()", "1", "是", "√"})
FALSE = frozenset({"no", "false", "false()", "0", "否", "×"})
# Where a mistake stands that is told of an item as a whole.
AT = {"unknown-list": "type", "ballot-type": "type", "unknown-scale": "scale", "repeat-over": "repeat_over"}
# What an XLSForm of another house does not say: a form to sum up, in ten minutes.
DEFAULTS = {"version": "1", "purpose": "summary", "minutes": 10}


def read(path: str | Path) -> Questionnaire:
    """Read an XLSForm workbook, ours or another's, with the CSV lists that lie beside it.

    Rows outside of groups become pages of their own; a repeat without ``zf--repeat_over`` is one of
    rows. White space at the ends of texts is trimmed.

    Parameters
    ----------
    path : str or Path
        An .xlsx with a ``survey`` sheet, saved by Excel, WPS or LibreOffice.

    Raises
    ------
    WorkbookError
        When the file is no workbook that would be read.
    DefinitionError
        With every problem found, each with its sheet and cell.

    Notes
    -----
    Source: https://xlsform.org/en/. What would change the meaning and is not ours (``calculation``,
    ``choice_filter``, times and devices recorded) is refused, never passed over.
    """
    path = Path(path)
    form = open_form(path)
    survey = Survey(form.lines["survey"], path.name)
    raw, places = _raw(form, survey, path)
    problems = [*form.problems, *survey.problems, *_unnamed(form, path)]
    if problems:
        raise DefinitionError(problems)
    raw = with_lists_beside(raw, path.parent)
    try:
        questionnaire = Questionnaire.model_validate(raw)
    except ValidationError as error:
        raise DefinitionError(_located(explain(error, raw, path.name), places)) from error
    if broken := broken_references(questionnaire, path.name):
        raise DefinitionError(_located(broken, places))
    return questionnaire


def _located(problems: Iterable[Problem], places: Places) -> Iterator[Problem]:
    """Yield problems with the cell they are in instead of the key they are at."""
    for problem in problems:
        file, *steps = problem.place.split(" › ")
        steps.append(AT.get(problem.code) or str(problem.params.get("key", "")))
        ends = (tuple(steps[:n]) for n in range(len(steps), 0, -1))
        cell = next((places[end] for end in ends if end in places), "")
        yield replace(problem, place=f"{file} › {cell}") if cell else problem


def _unnamed(form: Form, path: Path) -> Iterator[Problem]:
    """Yield the rows that lack what tells them apart."""
    wanted = {"choices": ("list_name", "name"), "zf--scales": ("name",), "zf--voter_classes": ("name",)}
    wanted["zf--score_maps"] = ("map", "list_name", "name", "score")
    for sheet, keys in wanted.items():
        for line in form.lines.get(sheet, ()):
            for key in (k for k in keys if not line.text(k)):
                yield Problem("cell-required", f"{path.name} › {line.place(key)}", {"label": key})


def _raw(form: Form, survey: Survey, path: Path) -> tuple[Raw, Places]:
    """Return what a YAML file of the same questionnaire would hold, and the cell of each part."""
    places: Places = {}
    read_row = _Row(form, places)
    pages = []
    for page in survey.pages:
        items = [read_row(line, (line.text("name"),), {c.key for c in ITEM}) for line in page.items]
        group = read_row(page.line, (page.name,), {c.key for c in GROUP}) if page.line else {}
        group |= {"name": page.name, "type": page.type, "items": items}
        group.setdefault("label", page.label)
        if page.type == "repeat":
            group.setdefault("repeat_over", "rows")
        pages.append(group)
    raw: Raw = {"survey": pages, "choices": {}, "settings": _settings(form, places, path)}
    for line in form.lines.get("choices", ()):
        list_name, name = line.text("list_name"), line.text("name")
        choice = read_row(line, ("choices", list_name, name))
        choice.pop("list_name", None)
        raw["choices"].setdefault(list_name, []).append(choice)
    for line in form.lines.get("zf--scales", ()):
        scale = read_row(line, ("scales", line.text("name")))
        raw.setdefault("scales", {})[scale.pop("name", "")] = scale
    classes = form.lines.get("zf--voter_classes", ())
    raw["voter_classes"] = [read_row(x, ("voter_classes", x.text("name"))) for x in classes]
    for line in form.lines.get("zf--score_maps", ()):
        of, list_name, name = (line.text(key) for key in ("map", "list_name", "name"))
        places["score_maps", of, list_name] = line.place("name")
        scores = raw.setdefault("score_maps", {}).setdefault(of, {}).setdefault(list_name, {})
        scores[name] = line.cells.get(("score", ""))
    if composite := raw["settings"].pop("composite", None):
        raw["composite"] = composite
    return raw, places


def _settings(form: Form, places: Places, path: Path) -> Raw:
    lines = form.lines.get("settings", ())
    found = _Row(form, places)(lines[0], ("settings",)) if lines else {}
    language = str(found.get("default_language", "zh")).lower()
    found["default_language"] = "en" if re.search(r"\ben\b|english", language) else "zh"
    composite = {k.partition(".")[2]: found.pop(k) for k in list(found) if k.startswith("composite.")}
    stem = re.sub(r"[^\w\-]", "_", path.stem)
    settings = DEFAULTS | {"form_id": stem, "title": {"zh": path.stem}} | found
    if composite:
        settings["composite"] = composite
        places["composite",] = lines[0].place("composite.dims")
    return settings


class _Row:
    """Reads a row into the keys of a model, and keeps where each stands."""

    def __init__(self, form: Form, places: Places) -> None:
        self.form, self.places = form, places

    def __call__(self, line: Line, at: tuple[str, ...], keys: set[str] | None = None) -> Raw:
        """Return the row's keys; a key that is not of these but has a content is left for the model to refuse."""
        at = tuple(step[:40] for step in at)
        self.places[at] = line.place("name") if line.sheet != "settings" else line.place()
        found: Raw = {}
        kinds = self.form.kinds[line.sheet]
        for (key, language), value in line.cells.items():
            self.places.setdefault((*at, key), line.place(key, language))
            if key == "appearance" and keys is not None and key not in keys:
                continue  # of a group: every group of ours is a page
            if language:
                found.setdefault(key, {})[language] = str(value)
            else:
                found[key] = _value(line, key, kinds[key, language], value)
        return {k: _label(v) if isinstance(v, Mapping) else v for k, v in found.items()}


def _label(said: Mapping[str, str]) -> dict[str, str]:
    """Return a label; one that is there in English only is shown to everybody."""
    return {"zh": said["zh"], "en": said.get("en", "")} if "zh" in said else {"zh": said["en"]}


def _value(line: Line, key: str, kind: str, value: Any) -> Any:
    """Return what a cell holds; what does not fit is handed on for the model to refuse."""
    if kind == "bool":
        text = line.text(key).lower()
        return True if text in TRUE else False if text in FALSE else value
    if kind in ("lines", "words"):
        return line.text(key).split("\n" if kind == "lines" else None)
    if kind in ("whole", "number"):
        return value
    return line.text(key)
