"""Casts a second against the raw rate of SQLite commits, and a freeze, as JSON.

``python benchmarks/casting.py``: a raw commit is one row of an envelope's size into a table like the
envelopes', with the same pragmas, on the same disk. Both are measured in turns of 20 and the median
turn counts, so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import gc
import json
import os
import random
import secrets
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

from zuofeng_survey.codes import hash_code
from zuofeng_survey.dataset import freeze, verify
from zuofeng_survey.poll import Target, new_poll
from zuofeng_survey.questionnaire import Text, find, load
from zuofeng_survey.seal import Key
from zuofeng_survey.store import Home, Store, cast
from zuofeng_survey.store.database import PRAGMAS

TURN = 20
ROW = 96  # id, fingerprint and what SQLite adds
WARM = 500  # by then both logs have stopped growing, and are written over
THREADS = 4  # as many as the form server has for writing


class Poll:
    """An FZ poll and a filled ballot for each of its slips."""

    def __init__(self, folder: Path, *, targets: int, ballots: int) -> None:
        rng, q = random.Random(1), load(find("FZ"))
        names = [f"甲镇-{n:02}" for n in range(1, targets + 1)]
        roster = [Target(name=n, label=Text(zh=n)) for n in names]
        home = Home.at(folder)
        poll, self.key, slips = new_poll(q, "bench", targets=roster, counts={"A": ballots})
        hashes = [(hash_code(c, pepper=home.pepper, poll="bench"), v) for c, v in slips]
        self.store = Store.publish(home, poll, hashes)
        marks = {i.name: [c.name for c in q.choices_of(i)] for i in q.groups["B"].items}
        self.votes = [
            (
                secrets.token_hex(16),
                code,
                {"B": {n: {i: rng.choice(of) for i, of in marks.items()} for n in names}},
            )
            for code, _ in slips
        ]

    def cast(self, vote: tuple[str, str, Any]) -> None:
        cast(self.store, *vote)


class Raw:
    """The least that can be done: one row, one commit."""

    def __init__(self, path: Path, size: int) -> None:
        self.size = size
        self.connection = sqlite3.connect(path, isolation_level=None)
        for pragma in PRAGMAS:
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.execute("CREATE TABLE raw (id BLOB PRIMARY KEY, box BLOB) WITHOUT ROWID")

    def commit(self, row: tuple[bytes, bytes]) -> None:
        self.connection.execute("INSERT INTO raw VALUES (?, ?)", row)

    def rows(self, n: int) -> list[tuple[bytes, bytes]]:
        return [(os.urandom(32), os.urandom(self.size)) for _ in range(n)]


def seconds(act: Callable[[Any], None], things: Sequence[Any]) -> float:
    begun = time.perf_counter()
    for thing in things:
        act(thing)
    return time.perf_counter() - begun


def seconds_together(
    threads: Executor, act: Callable[[Any], None], things: Sequence[Any]
) -> float:
    begun = time.perf_counter()
    list(threads.map(act, things))
    return time.perf_counter() - begun


def rates(folder: Path, *, targets: int, casts: int) -> dict[str, float]:
    """Measure raw commits, casts by one caller and casts by several, in turns."""
    poll = Poll(folder / "home", targets=targets, ballots=5 * casts + WARM)
    votes = iter(poll.votes)
    take = lambda n: [next(votes) for _ in range(n)]  # noqa: E731
    seconds(poll.cast, take(WARM))
    size = len(next(poll.store.envelopes()).box) + ROW
    raw = Raw(folder / "raw.db", size)
    seconds(raw.commit, raw.rows(WARM))
    gc.collect()
    gc.freeze()  # the ballots that wait here are no garbage of the box
    turns: dict[str, list[float]] = {"raw": [], "one": [], "several": []}
    with closing(raw.connection), ThreadPoolExecutor(THREADS) as threads:
        for _ in range(casts // TURN):
            turns["raw"].append(seconds(raw.commit, raw.rows(TURN)))
            turns["one"].append(seconds(poll.cast, take(TURN)))
            several = take(4 * TURN)
            turns["several"].append(seconds_together(threads, poll.cast, several) / 4)
    gc.unfreeze()
    poll.store.dispose()
    found = {name: TURN / median(spent) for name, spent in turns.items()}
    return {
        "marks_a_ballot": targets * 9,
        "envelope_bytes": size - ROW,
        "raw_commits_per_second": round(found["raw"]),
        "casts_per_second": round(found["one"]),
        "casts_per_second_four_threads": round(found["several"]),
        "ratio": round(found["one"] / found["raw"], 3),
        "ratio_four_threads": round(found["several"] / found["raw"], 3),
    }


def freezing(folder: Path, *, targets: int, envelopes: int) -> dict[str, float]:
    """Measure the freeze of a full box, its own verification included, and verifying once more."""
    poll = Poll(folder, targets=targets, ballots=envelopes)
    seconds(poll.cast, poll.votes)
    key: Key = poll.key
    begun = time.perf_counter()
    dataset = freeze(poll.store, key)
    done = time.perf_counter()
    problems = verify(dataset.path)
    return {
        "envelopes": envelopes,
        "marks_a_ballot": targets * 9,
        "freeze_seconds": round(done - begun, 2),
        "verify_seconds": round(time.perf_counter() - done, 2),
        "problems": len(problems),
    }


def run(*, casts: int = 600, envelopes: int = 10_000) -> dict[str, Any]:
    """Return all figures of this page."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = {part: folder / part for part in ("town", "large", "freeze")}
        for part in parts.values():
            part.mkdir()
        return {
            "casting": rates(parts["town"], targets=7, casts=casts),
            "casting_large": rates(parts["large"], targets=25, casts=casts),
            "freezing": freezing(parts["freeze"], targets=7, envelopes=envelopes),
        }


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=1)
    sys.stdout.write("\n")
