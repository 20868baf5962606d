"""Verifying the log: no event altered, moved, left out or cut off; no step that nobody could take."""

from __future__ import annotations

import sqlalchemy as sa

from ..errors import Problem
from .database import CHAINED, START, chained, digest_of, events, head
from .declaration import NONE
from .reading import declarations
from .recording import CORRECT, CREATE, ERASE


def broken_chain(connection: sa.Connection) -> list[Problem]:
    """Return the first event that is not what was written, and each whose step could not be."""
    before, n = START, 0
    stands: dict[tuple[str, str], tuple[int, str]] = {}
    bare: dict[tuple[str, str], int] = {}
    problems: list[Problem] = []
    for event in connection.execute(sa.select(events).order_by(events.c.seq)).mappings():
        before, n = chained(before, [event[name] for name in CHAINED]), n + 1
        whole = not event["row"] or digest_of(event["salt"], event["row"]) == event["digest"]
        if (event["seq"], event["hash"]) != (n, before) or not whole:
            return [*problems, Problem("ledger-altered", f"ledgers.db › {n}", {})]
        ledger, step, state = event["ledger"], event["step"], event["state"]
        entry = (ledger, event["key"])
        last = stands.get(entry, (0, NONE))
        if event["version"] != last[0] + 1 or not _could_be(ledger, step, last[1], state):
            place = f"{ledger} › {event['key']} › {n}"
            problems.append(Problem("ledger-impossible", place, {"step": step}))
        stands[entry] = (event["version"], state)
        if step == ERASE:
            bare.pop(entry, None)
        elif not event["row"]:
            bare.setdefault(entry, n)
    problems += [Problem("ledger-erased", " › ".join((*e, str(n))), {}) for e, n in bare.items()]
    end = connection.execute(sa.select(head.c.n, head.c.hash)).one()
    if (n, before) != tuple(end):
        problems.append(Problem("ledger-altered", f"ledgers.db › {n + 1}", {}))
    return problems


def _could_be(ledger: str, step: str, before: str, state: str) -> bool:
    known = declarations().get(ledger)
    if known is None:
        return True
    if step == CREATE:
        return (before, state) == (NONE, known.initial)
    if step in (CORRECT, ERASE):
        return before == state
    taken = known.step(step)
    return taken is not None and (before or known.initial) in taken.sources and state == taken.target
