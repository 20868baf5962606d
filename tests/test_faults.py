"""What goes wrong in an office: killed processes, full disks, pulled plugs, everybody at once."""

import itertools
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

import workers
from office import new_id, open_poll, said
from zuofeng_survey import seal
from zuofeng_survey.dataset import Dataset, freeze, verify
from zuofeng_survey.store import Home, Store, cast

CASTS, KILLS = 2000, 20


def used(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "poll.db")) as box:
        return box.execute("SELECT sum(used) FROM codes").fetchone()[0]


def acknowledged(answer) -> dict[str, str]:
    """Read what a process said before it died."""
    found = {}
    try:
        while True:
            ballot_id, receipt = answer.recv_bytes().decode().split()
            found[ballot_id] = receipt
    except EOFError:
        return found


# ── killed while casting ─────────────────────────────────────────────────────────────────────────
def test_a_caster_killed_twenty_times_loses_and_doubles_nothing(tmp_path):
    rng = random.Random(20)
    office = open_poll(Home.at(tmp_path), counts={"A": CASTS // 4, "B": CASTS - CASTS // 4})
    jobs = [(new_id(), code, said(n % 125)) for n, (code, _) in enumerate(office.slips)]
    acked: dict[str, str] = {}
    stored_unacked = 0
    for kill in range(KILLS + 1):
        left = [job for job in jobs if job[0] not in acked]
        again = rng.sample([job for job in jobs if job[0] in acked], min(3, len(acked)))
        process, answer = workers.start(workers.cast_all, str(tmp_path), "", office.poll.name, again + left)
        if kill < KILLS:
            for _ in range(rng.randrange(10, CASTS // KILLS)):
                answer.recv_bytes()  # said again below, on a retry
            time.sleep(rng.random() * 0.004)
            os.kill(process.pid, signal.SIGKILL)
        acked |= acknowledged(answer)
        process.join()
        stored_unacked += sum(office.store.status().cast.values()) - len(acked)
    assert acked == {job[0]: seal.receipt(seal.envelope_id(job[0])) for job in jobs}
    assert sum(office.store.status().cast.values()) == used(office.home.folder(office.poll.name)) == CASTS
    assert all(office.store.counted(receipt) for receipt in rng.sample(sorted(acked.values()), 200))
    assert freeze(office.store, office.key).manifest["totals"]["valid"] == CASTS


# ── everybody at once ────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("database", "rounds"), [("sqlite", 100), ("postgresql", 10)])
def test_of_64_processes_with_one_code_exactly_one_gets_in(tmp_path, request, database, rounds):
    url = request.getfixturevalue("postgresql").url if database == "postgresql" else ""
    office = open_poll(Home.at(tmp_path, database=url), counts={"A": 1, "B": rounds})
    started = [workers.start(workers.race, str(tmp_path), url, office.poll.name, n) for n in range(64)]
    answers = [answer for _, answer in started]
    assert all(answer.recv() for answer in answers)
    for code in office.codes("B"):
        for answer in answers:
            answer.send(code)
        assert Counter(answer.recv() for answer in answers) == {True: 1, False: 63}
    for process, answer in started:
        answer.send("")
        process.join()
    assert office.store.status().cast == {"A": 0, "B": rounds}
    assert len(list(office.store.envelopes())) == rounds
    office.store.dispose()


def test_fifty_writers_a_long_reader_and_a_lock_make_nobody_fail(tmp_path):
    office = open_poll(Home.at(tmp_path), counts={"A": 50, "B": 150})
    stores = [Store.of(office.home, office.poll.name) for _ in range(10)]
    path = office.home.folder(office.poll.name) / "poll.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("SELECT count(*) FROM envelopes").fetchall()
        threading.Timer(1.5, other.rollback).start()
        with ThreadPoolExecutor(50) as threads:
            votes = zip(itertools.cycle(stores), office.slips, strict=False)
            done = [threads.submit(cast, s, new_id(), code, said(1)) for s, (code, _) in votes]
            assert all(d.result().fresh for d in done)
    assert sum(office.store.status().cast.values()) == 200
    for store in (*stores, office.store):
        store.dispose()


# ── the plug is pulled ───────────────────────────────────────────────────────────────────────────
def test_a_log_cut_anywhere_after_the_last_commit_keeps_every_ballot(tmp_path):
    rng = random.Random(3)
    office = open_poll(Home.at(tmp_path / "home"), counts={"A": 30, "B": 30})
    folder = office.home.folder(office.poll.name)
    shutil.copy(folder / "poll.db", tmp_path / "start.db")
    lengths = []
    for code, _ in office.slips:
        office.cast(code, said(1))
        lengths.append((folder / "poll.db-wal").stat().st_size)
    log = (folder / "poll.db-wal").read_bytes()
    assert lengths == sorted(set(lengths))
    for cut in (*lengths, *(rng.randrange(lengths[0], len(log)) for _ in range(100))):
        torn = log[:cut] + (rng.randbytes(3000) if rng.random() < 0.5 else b"")
        shutil.copy(tmp_path / "start.db", tmp_path / "after.db")
        (tmp_path / "after.db-wal").write_bytes(torn)
        with closing(sqlite3.connect(tmp_path / "after.db")) as box:
            counts = 'SELECT (SELECT count(*) FROM envelopes), (SELECT sum(used) FROM codes), "cast" FROM state'
            committed = sum(length <= cut for length in lengths)
            assert box.execute(counts).fetchone() == (committed,) * 3
            assert box.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    office.store.dispose()


# ── the disk is full, or can only be read ────────────────────────────────────────────────────────
def on_small_disk(act: str, folder: Path, size: str = "40m") -> dict:
    """Run a worker on a disk of its own."""
    private = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    mount = f"mount -t tmpfs -o size={size} tmpfs '{folder}' && "
    if subprocess.run([*private, "sh", "-c", mount + "true"], capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here; the test without growing files stands in for it")
    python = f"{sys.executable} {workers.__file__}"
    first = f"{python} prepare '{folder}' && " if act == "read_only" else ""
    script = f"{mount}{first}{python} {act} '{folder}'"
    done = subprocess.run([*private, "sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_full_disk_is_told_burns_no_code_and_is_forgotten_when_there_is_room(tmp_path):
    found = on_small_disk("full_disk", tmp_path)
    assert found["told"] == ["disk-full"] * 5
    assert found["receipts"] == found["found"] == found["valid"] >= 5
    assert set(found["refused"]) <= {"home", "disk-full"} and all(found["refused"])
    assert found["left"] == ["小测评-2020"]
    assert found["acts"] == 0


def test_files_that_cannot_grow_are_told_and_forgotten_when_they_can(tmp_path):
    command = [sys.executable, workers.__file__, "short_files", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["told"] == ["database"] * 5
    assert found["receipts"] == found["found"] == found["valid"] >= 6
    assert all(found["refused"])
    assert found["acts"] == 0


def test_a_disk_that_can_only_be_read_is_told(tmp_path):
    found = on_small_disk("read_only", tmp_path)
    assert set(found["told"]) <= {"home", "database"} and all(found["told"])
    assert found["polls"] == ["小测评-2020"]


# ── killed while freezing ────────────────────────────────────────────────────────────────────────
MOMENTS = [
    "dataset.writing._tables",
    "dataset.writing._json",
    "dataset.writing._seal",
    "dataset.writing.write",
    "dataset.freezing.write",
    "dataset.freezing.verify",
    "store.home.record",
    "store.burial.sync_folder",
    "store.burial.erase",
    "store.burial.record",
    "store.ballots.bury",
]


def interrupted(tmp_path: Path, moment: str, delay: float = 0) -> Path:
    """Freeze in another process that dies; make sure of what is left; return the home."""
    office = open_poll(Home.at(tmp_path))
    office.cast_all()
    office.store.dispose()
    process, answer = workers.start(workers.freeze_it, str(tmp_path), office.poll.name, office.key, moment)
    answer.recv()
    if not moment:
        time.sleep(delay)
        with suppress(ProcessLookupError):  # it was quicker
            os.kill(process.pid, signal.SIGKILL)
    process.join()
    folder = office.home.dataset(office.poll.name)
    assert not folder.exists() or verify(folder) == []
    again = Home.at(tmp_path)
    if again.polls():
        with Store.of(again, office.poll.name) as store:
            assert len(list(store.envelopes())) == 25
            freeze(store, office.key)
    return folder


def is_finished(folder: Path) -> bool:
    home = folder.parents[1]
    whole = verify(folder) == [] and Dataset.open(folder).manifest["totals"]["valid"] == 25
    rest = [p for f in ("polls", "keys") for p in (home / f).iterdir()]
    return whole and rest == [] and Home.at(home).broken_act() == 0 and len(list(folder.parent.iterdir())) == 1


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_freeze_that_dies_is_run_again(tmp_path, moment):
    assert is_finished(interrupted(tmp_path, moment))


def test_a_freeze_killed_at_any_moment_is_run_again(tmp_path):
    rng = random.Random(7)
    for n in range(8):
        home = tmp_path / str(n)
        assert is_finished(interrupted(home, "", rng.random() * 0.1))
