"""YAML in and out. What cannot be read is told with its place: file › item › key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ..errors import DefinitionError
from .explaining import explain
from .lists import read_list, read_text, with_lists_beside
from .model import Questionnaire
from .parsing import parse_yaml
from .references import broken_references

__all__ = ["dumps", "load", "loads", "read_list"]


def load(path: str | Path) -> Questionnaire:
    """Read a questionnaire file, with the shared choice lists and CSV lists that lie beside it.

    Parameters
    ----------
    path : str or Path
        A ``.yaml`` file in the words of XLSForm (see docs/questionnaire.md).

    Raises
    ------
    DefinitionError
        With every problem found, each with its place.
    """
    path = Path(path)
    return loads(read_text(path), place=path.name, folder=path.parent)


def loads(text: str, *, place: str = "questionnaire", folder: Path | None = None) -> Questionnaire:
    """Read a questionnaire from YAML text; lists it does not define come from ``folder``."""
    raw = parse_yaml(text, place)
    if not isinstance(raw, Mapping):
        raise DefinitionError.of("not-a-mapping", place)
    if folder is not None:
        raw = with_lists_beside(dict(raw), folder)
    try:
        questionnaire = Questionnaire.model_validate(raw)
    except ValidationError as error:
        raise DefinitionError(explain(error, raw, place)) from error
    if problems := broken_references(questionnaire, place):
        raise DefinitionError(problems)
    return questionnaire


def dumps(questionnaire: Questionnaire) -> str:
    """Write a questionnaire as YAML that :func:`loads` reads back to the same thing."""
    plain = questionnaire.model_dump(mode="json", exclude_defaults=True)
    tidy = _short_labels(plain)
    return yaml.dump(tidy, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=100)


def _short_labels(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"zh"} and isinstance(value["zh"], str):
            return value["zh"]
        return {k: _short_labels(v) for k, v in value.items()}
    return [_short_labels(v) for v in value] if isinstance(value, list) else value
