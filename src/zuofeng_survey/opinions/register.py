"""Settled opinions as entries of the register of opinions (L04): proposed here, recorded by a post."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from ..errors import UsageError
from ..ledger import Change
from ..ledger.registering import last_number
from .pairs import Pair
from .sheets import LEAD

FIELDS = ("area6", "focus8")  # the codes that the register keeps
ENCLOSED = ("MY", "FZ", "SJ", "ZC")  # forms on which a text stands beside an assessment


def to_ledger(pair: Pair, entries: pd.DataFrame, *, on: dt.date) -> list[Change]:
    """Propose what the register of opinions should take up.

    A lead (线索) is left out: only its number and the day it was handed over may be kept, and a person
    enters those. A text that is in the register already gets the code that it lacks, and keeps any
    that it has.

    Parameters
    ----------
    pair : Pair
    entries : DataFrame
        The register as it stands, of ``book.entries("opinions")``.
    on : date
        The day it is entered; its year is in the numbers.

    Raises
    ------
    UsageError
        ``register-taxonomy``: the register has no field for these codes.
    """
    field = pair.taxonomy.name
    if field not in FIELDS:
        raise UsageError.of("register-taxonomy", pair.taxonomy.zh)
    return list(_changes(pair, entries, field, on))


def _changes(pair: Pair, entries: pd.DataFrame, field: str, on: dt.date) -> Iterator[Change]:
    there: dict[str, Mapping[Any, Any]] = {e["zt_ref"]: e for e in entries.to_dict("records") if isinstance(e["zt_ref"], str)}
    stem = f"YJ-{on.year}-"
    last = last_number(entries["opinion_id"], stem)
    for row in pair.frame.to_dict("records"):
        if not row["settled"] or row["kind"] == LEAD:
            continue
        known = there.get(row["id"])
        if known is None:
            last += 1
            yield Change(f"{stem}{last:05d}", _entry(pair, row, field), None, "编码")
        elif not isinstance(known[field], str):
            yield Change(known["opinion_id"], {field: row["settled"]}, int(known["version"]))


def _entry(pair: Pair, row: Mapping[Any, Any], field: str) -> dict[str, str]:
    coded = {f"coder{n}": f"{who}：{pair.label(row[place])}" for n, who, place in zip((1, 2), pair.coders, ("first", "second"), strict=True)}
    channel = {"channel": "测评附言"} if row["asked"].startswith(ENCLOSED) else {}
    return {"zt_ref": row["id"], "text": row["text"], "kind": row["kind"], field: row["settled"], **channel, **coded}
