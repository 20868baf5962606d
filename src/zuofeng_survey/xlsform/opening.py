"""A questionnaire by whatever an author has: a form_id, a YAML file, an XLSForm workbook."""

from __future__ import annotations

from pathlib import Path

from ..questionnaire import Questionnaire, find
from ..questionnaire import load as load_yaml
from .reading import read


def load(name: str | Path) -> Questionnaire:
    """Return a questionnaire by its form_id or its file.

    Parameters
    ----------
    name : str or Path
        ``FZ``, ``forms/FZ.yaml`` or ``forms/FZ.xlsx``.

    Raises
    ------
    DefinitionError, WorkbookError
        With every problem found, each with its place.

    Examples
    --------
    >>> load("FZ").form_id
    'FZ'
    """
    path = locate(name)
    return read(path) if _is_workbook(path) else load_yaml(path)


def locate(name: str | Path) -> Path:
    """Return the file of a questionnaire: a workbook is named by its path, a YAML file also by its form_id."""
    return Path(name) if _is_workbook(Path(name)) else find(str(name))


def _is_workbook(path: Path) -> bool:
    return path.suffix.lower() in (".xlsx", ".xlsm", ".xls")
