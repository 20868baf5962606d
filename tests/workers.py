"""What other processes do in the fault tests: they cast, freeze, fill disks, and die."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import resource
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from office import new_id, open_poll, said
from zuofeng_survey.dataset import freeze
from zuofeng_survey.errors import CodeRefused, StorageError, ZuofengError
from zuofeng_survey.seal import Key
from zuofeng_survey.store import Home, Store, cast

Job = tuple[str, str, dict[str, Any]]
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["zuofeng_survey.store", "zuofeng_survey.dataset", "psycopg"])


def start(act: Callable[..., None], *arguments: Any) -> tuple[Any, Connection]:
    """Start a process that does ``act(connection, *arguments)``."""
    ours, theirs = _processes.Pipe()
    process = _processes.Process(target=act, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def cast_all(answer: Connection, path: str, url: str, poll: str, jobs: Sequence[Job]) -> None:
    """Cast one ballot after another, each acknowledged by its receipt."""
    with Store.of(Home.at(path, database=url), poll) as store:
        for ballot_id, code, answers in jobs:
            receipt = cast(store, ballot_id, code, answers)
            answer.send_bytes(f"{ballot_id} {receipt.text}".encode())


def race(answer: Connection, path: str, url: str, poll: str, n: int) -> None:
    """Cast with every code that is sent, at once, until an empty one comes."""
    with Store.of(Home.at(path, database=url), poll) as store:
        answer.send(True)
        while code := answer.recv():
            try:
                answer.send(cast(store, new_id(), code, said(n)).fresh)
            except CodeRefused:
                answer.send(False)
            except ZuofengError as error:
                answer.send(error.code)


def freeze_it(answer: Connection, path: str, poll: str, key: Key, die_after: str) -> None:
    """Freeze, and die where told: when the function of that name has returned."""
    room, _, name = die_after.rpartition(".")
    if name:
        module = importlib.import_module(f"zuofeng_survey.{room}")
        original = getattr(module, name)

        def fatal(*args: Any, **kwargs: Any) -> Any:
            original(*args, **kwargs)
            os._exit(9)

        setattr(module, name, fatal)
    with Store.of(Home.at(path), poll) as store:
        answer.send(True)
        freeze(store, key)
    answer.send(True)


def full_disk(folder: str) -> None:
    """Fill a small disk, cast until that is told, make room, go on; print what happened."""
    office = open_poll(Home.at(f"{folder}/home"), counts={"A": 200, "B": 200})
    filler, told_of, receipts = Path(folder) / "filler", [], []
    votes = iter([(new_id(), code) for code, _ in office.slips])
    for _ in range(5):
        fill(filler)
        for ballot_id, code in votes:
            try:
                receipts.append(office.cast(code, said(1), ballot_id).text)
            except StorageError as error:
                told_of.append(error.code)
                filler.unlink()
                receipts.append(office.cast(code, said(1), ballot_id).text)
                break
    found = len(list(office.store.envelopes()))
    fill(filler)
    refused = [told(open_poll, office.home, "另一轮"), told(freeze, office.store, office.key)]
    left = sorted(p.name for f in ("polls", "datasets") for p in (office.home.path / f).iterdir())
    filler.unlink()
    dataset = freeze(office.store, office.key)
    say({"receipts": len(set(receipts)), "found": found, "told": told_of, "refused": refused,
         "left": left, "valid": dataset.manifest["totals"]["valid"], "acts": office.home.broken_act()})  # fmt: skip


def short_files(folder: str) -> None:
    """Let no file grow, cast until that is told, let them grow, go on; print what happened."""
    office = open_poll(Home.at(f"{folder}/home"), counts={"A": 100, "B": 100})
    log = office.home.folder(office.poll.name) / "poll.db-wal"
    receipts, told_of = [office.cast(office.slips[0][0], said(1)).text], []
    votes = iter([(new_id(), code) for code, _ in office.slips[1:]])
    for room in (0, 1, 5000, 20_000, 70_000):
        limit_files(log.stat().st_size + room)
        for ballot_id, code in votes:
            try:
                receipts.append(office.cast(code, said(1), ballot_id).text)
            except StorageError as error:
                told_of.append(error.code)
                limit_files(-1)
                receipts.append(office.cast(code, said(1), ballot_id).text)
                break
    found = len(list(office.store.envelopes()))
    limit_files(0)
    refused = [told(open_poll, office.home, "另一轮"), told(freeze, office.store, office.key)]
    limit_files(-1)
    valid = freeze(office.store, office.key).manifest["totals"]["valid"]
    say({"receipts": len(set(receipts)), "found": found, "told": told_of, "refused": refused,
         "valid": valid, "acts": office.home.broken_act()})  # fmt: skip


def limit_files(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, -1))


def fill(path: Path) -> None:
    """Write until nothing more can be written."""
    with path.open("ab", buffering=0) as file, suppress(OSError):
        for size in (65536, 4096, 512, 1):
            with suppress(OSError):
                while file.write(bytes(size)):
                    pass


def say(found: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(found) + "\n")


def told(act: Callable[..., Any], *arguments: Any) -> str:
    try:
        act(*arguments)
    except StorageError as error:
        return error.code
    return ""


def read_only(folder: str) -> None:
    """Try everything on a disk that can only be read; print what was said."""
    os.system(f"mount -o remount,ro '{folder}'")
    home = Home.at(f"{folder}/home")
    told_by = [told(open_poll, home, "另一轮"), told(lambda: home.record("view", "x"))]
    with suppress(StorageError), Store.of(home, "小测评-2020") as store:
        code = Path(folder, "code").read_text(encoding="ascii")
        told_by.append(told(cast, store, new_id(), code, said(1)))
    say({"told": told_by, "polls": home.polls()})


def prepare(folder: str) -> None:
    """Publish a poll for ``read_only``."""
    office = open_poll(Home.at(f"{folder}/home"))
    Path(folder, "code").write_text(office.slips[0][0], encoding="ascii")
    office.store.dispose()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
