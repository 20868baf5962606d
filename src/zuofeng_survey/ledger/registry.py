"""Who is who, by post: units, offices, grids and posts of a home. No person's name anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd
import sqlalchemy as sa

from ..errors import LedgerError, Problem
from .database import registry, transaction

KINDS = ("units", "offices", "people", "grids")
ID = re.compile(r"[^\s=+\-@＝＋－＠][^\s]{0,63}")


@dataclass(frozen=True, slots=True)
class Post:
    """One line: a unit, an office, a grid, or a person by their post (甲镇-副职A)."""

    kind: str
    id: str
    label: str = ""
    unit: str = ""


class Registry:
    """The small table that ledgers refer to. Where a kind has no lines, references are free."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def put(self, posts: Iterable[Post]) -> int:
        """Add lines or replace their labels; return how many.

        Raises
        ------
        LedgerError
            ``registry-kind``, ``registry-id``: every one of them, and nothing is kept.
        """
        rows = [{"kind": p.kind, "id": p.id, "label": p.label or p.id, "unit": p.unit} for p in posts]
        problems = [
            Problem("registry-kind", r["id"], {"got": r["kind"], "known": "、".join(KINDS)})
            for r in rows
            if r["kind"] not in KINDS
        ]
        problems += [Problem("registry-id", r["kind"], {"got": r["id"]}) for r in rows if not ID.fullmatch(r["id"])]
        if problems:
            raise LedgerError(problems)
        with transaction(self.engine, writes=True) as connection:
            if rows:
                connection.execute(sa.insert(registry).prefix_with("OR REPLACE"), rows)
        return len(rows)

    def table(self, kind: str = "") -> pd.DataFrame:
        """Return the lines: ``kind``, ``id``, ``label``, ``unit``."""
        statement = sa.select(registry).order_by(registry.c.kind, registry.c.id)
        if kind:
            statement = statement.where(registry.c.kind == kind)
        with transaction(self.engine, writes=False) as connection:
            rows = connection.execute(statement).all()
        return pd.DataFrame(rows, columns=["kind", "id", "label", "unit"])

    def known(self, connection: sa.Connection) -> Mapping[str, set[str]]:
        """Return kind → ids, within a transaction under way."""
        found: dict[str, set[str]] = {}
        for kind, name in connection.execute(sa.select(registry.c.kind, registry.c.id)):
            found.setdefault(kind, set()).add(name)
        return found
