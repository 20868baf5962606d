"""Verifying the log: no event altered, moved, left out or cut off; no step that nobody could take."""

from __future__ import annotations

import sqlalchemy as sa

from ..errors import Problem
from .database import CHAINED, START, chained, events, head
from .declaration import NONE
from .reading import declarations
from .recording import CORRECT, CREATE


def broken_chain(connection: sa.Connection) -> list[Problem]:
    """Return the first event that is not what was written, and each whose step could not be."""
    before, n = START, 0
    stands: dict[tuple[str, str], tuple[int, str]] = {}
    problems: list[Problem] = []
    columns = [events.c.seq, *(events.c[name] for name in CHAINED), events.c.hash]
    for seq, *said, found in connection.execute(sa.select(*columns).order_by(events.c.seq)):
        before, n = chained(before, said), n + 1
        if (seq, found) != (n, before):
            return [*problems, Problem("ledger-altered", f"ledgers.db › {n}", {})]
        ledger, key, version, step, state = said[:5]
        last = stands.get((ledger, key), (0, NONE))
        if version != last[0] + 1 or not _could_be(ledger, step, last[1], state):
            problems.append(Problem("ledger-impossible", f"{ledger} › {key} › {n}", {"step": step}))
        stands[ledger, key] = (version, state)
    if (n, before) != tuple(connection.execute(sa.select(head.c.n, head.c.hash)).one()):
        problems.append(Problem("ledger-altered", f"ledgers.db › {n + 1}", {}))
    return problems


def _could_be(ledger: str, step: str, before: str, state: str) -> bool:
    known = declarations().get(ledger)
    if known is None:
        return True
    if step == CREATE:
        return (before, state) == (NONE, known.initial)
    if step == CORRECT:
        return before == state
    taken = known.step(step)
    return taken is not None and (before or known.initial) in taken.sources and state == taken.target
