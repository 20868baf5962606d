"""Where questionnaires lie: the office's own folder first, then those that ship with the package."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import DefinitionError, nearest

PACKAGE = Path(__file__).resolve().parents[1]


def folders() -> list[Path]:
    """Return the folders that are searched, first wins."""
    own = os.environ.get("ZUOFENG_QUESTIONNAIRES", "")
    shipped = [PACKAGE / "questionnaires", PACKAGE.parents[1] / "questionnaires"]
    wanted = [Path(own)] if own else []
    return [f for f in [*wanted, Path("questionnaires"), *shipped] if f.is_dir()]


def find(form_id: str) -> Path:
    """Return the file of a questionnaire by its form_id, or the file itself where a path is given.

    Raises
    ------
    DefinitionError
        ``form-unknown`` with the nearest known one.
    """
    if form_id.endswith((".yaml", ".yml")):
        return Path(form_id)
    for folder in folders():
        path = folder / f"{form_id}.yaml"
        if path.is_file():
            return path
    known = shipped_forms()
    near = nearest(form_id, known) or "—"
    raise DefinitionError.of("form-unknown", form_id, known=", ".join(known), near=near)


def shipped_forms() -> list[str]:
    """Return the form_ids that can be found."""
    found = {p.stem for f in folders() for p in f.glob("*.yaml") if not p.stem.startswith("_")}
    return sorted(found)
