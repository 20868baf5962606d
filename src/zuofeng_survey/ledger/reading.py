"""The fourteen declarations that ship with the package."""

from __future__ import annotations

from functools import cache
from importlib import resources

import yaml

from ..errors import LedgerError, nearest
from .declaration import Declaration

SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same in C: half a second less at every start


@cache
def declarations() -> dict[str, Declaration]:
    """Return name → declaration, in the order of their ids.

    >>> list(declarations())[:3]
    ['problems', 'tasks', 'appeals']
    """
    folder = resources.files("zuofeng_survey.ledger").joinpath("declarations")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    read = (yaml.load(f.read_text(encoding="utf-8"), Loader=SAFE) for f in files)  # noqa: S506 - both are safe
    return {d.name: d for d in map(Declaration.model_validate, read)}


def declaration(name: str) -> Declaration:
    """Return one declaration by its name (``problems``), id (``L01``) or title (问题台账).

    Raises
    ------
    LedgerError
        ``ledger-unknown``.
    """
    known = declarations()
    for found in known.values():
        if name in (found.name, found.id, found.title):
            return found
    listed = "、".join(f"{d.name}（{d.title}）" for d in known.values())
    near = nearest(name, known) or "—"
    raise LedgerError.of("ledger-unknown", name, known=listed, near=near)
