"""``zuofeng demo``: publish, cast, freeze and show, through the same code that people's ballots take."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from ..dataset import freeze
from ..errors import UsageError
from ..publishing import publish
from ..store import Home, cast
from ..web.ports import check_free
from . import county, ledgers, people
from .casting import count_rounds, proposals, rounds

MARK = "this-folder-is-made-by-zuofeng-demo"
DAY = dt.date(2020, 12, 20)
ROOM = 500_000_000  # bytes
Progress = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]
Say = Callable[..., Any]


def build(folder: Path, *, size: str = "", progress: Progress, url: str, say: Say) -> Home:
    """Build the county's polls, cast every ballot, freeze them, and open polls to try.

    The folder is made anew; one that the demo did not make is refused. ``size`` is one of those in
    county.yaml, or empty for the whole county.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise UsageError.of("demo-folder", str(folder))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).write_text("zuofeng demo removes and rebuilds this folder.\n", encoding="utf-8")
    with _workplace(folder) as place:
        total = _vote(Home.at(place), size=size, progress=progress)
        if place != folder:
            shutil.copytree(place, folder, dirs_exist_ok=True)
    home = Home.at(folder)
    ledgers.fill(home, small=bool(size))
    made = len(list((folder / "datasets").iterdir()))
    try_out(home, url=url, say=say)
    say(f"✓ {total} ballots 张票, {made} datasets 个数据集: {home.path / 'datasets'}", markup=False)
    return home


@contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    """Lend a folder in memory where there is one: thousands of ballots wait for no disk."""
    memory = Path("/dev/shm")  # noqa: S108 - a place, not a predictable name in it
    if not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < ROOM:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="zuofeng-demo-", dir=memory) as place:
        yield Path(place)


def _vote(home: Home, *, size: str, progress: Progress) -> int:
    """Publish, cast and freeze one poll after the other."""
    total, n = 0, 0
    with progress("投票封存 casting, freezing") as moved:
        for n, made in enumerate(rounds(home, size=size), start=1):
            day = dt.date(int(made.store.poll.year or DAY.year), DAY.month, DAY.day)
            for code, answers in made.ballots:
                cast(made.store, secrets.token_hex(16), code, answers, today=day)
            freeze(made.store, made.key)
            total += len(made.ballots)
            moved(n, count_rounds(size=size))
    return total


def try_out(home: Home, *, url: str, say: Say) -> None:
    """Open one poll of every form for visitors, and say where they are and with which codes."""
    town = county.shape()["towns"][0]
    rosters = {"FZ": people.deputies(town, county.shape()["years"][-1]), "SJ": people.secretaries(town)[:5]}
    for form_id in ("FZ", "SJ", *county.shape()["open_forms"]):
        roster = rosters.get(form_id, proposals(form_id))
        counts = {"A": 5, "B": 5, "C": 5, "D": 5} if form_id in rosters else None
        made = publish(home, form_id, f"try-{form_id}", targets=roster, counts=counts, url=url)
        said = f"  {made.address}"
        if made.slips:
            from ..codes import pretty

            said += f"   codes 评议码: {'  '.join(pretty(c) for c, _ in made.slips[:2])}"
        say(said, markup=False, soft_wrap=True)


def run_servers(home: Home, port: int, results_port: int, desk_port: int, *, check: bool, say: Say) -> int:
    """Start the three servers; with ``check`` fetch each page once and stop. Return the exit code."""
    for one in (port, results_port, desk_port):
        check_free(one)
    token = secrets.token_hex(16)
    me = [sys.executable, "-m", "zuofeng_survey.cli"]
    place = ["--home", str(home.path)]
    env = {**os.environ, "ZUOFENG_TOKEN": token, "ZUOFENG_DESK_TOKEN": token}
    forms = subprocess.Popen([*me, "serve", "--port", str(port), *place], env=env)
    views = subprocess.Popen([*me, "results", "--port", str(results_port), *place], env=env)
    desk = subprocess.Popen([*me, "desk", "--port", str(desk_port), *place], env=env)
    pages = {
        "forms 填写": f"http://127.0.0.1:{port}/",
        "form 表单": f"http://127.0.0.1:{port}/p/try-FZ",
        "form in Voila": f"http://127.0.0.1:{port}/voila/render/ZC.ipynb",
        "results 结果": f"http://127.0.0.1:{results_port}/voila/render/ranking.ipynb?token={token}",
        "rules 末位规则": f"http://127.0.0.1:{results_port}/voila/render/rules.ipynb?token={token}",
        "desk 台账": f"http://127.0.0.1:{desk_port}/voila/render/ledgers.ipynb?token={token}",
    }
    try:
        _wait(f"http://127.0.0.1:{port}/health", forms)
        _wait(f"http://127.0.0.1:{results_port}/voila/render/ranking.ipynb?token={token}", views)
        _wait(f"http://127.0.0.1:{desk_port}/login", desk)
        for title, page in pages.items():
            say(f"{title}: {page}", markup=False, soft_wrap=True)
        if not check:
            say("Ctrl-C 结束 stops all three.")
            return forms.wait() or views.wait() or desk.wait()
        return _check_all(pages, say)
    except KeyboardInterrupt:
        return 0
    finally:
        for server in (forms, views, desk):
            server.terminate()
        for server in (forms, views, desk):
            server.wait(timeout=20)


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise UsageError.of("server-stopped", url)
        try:
            with urllib.request.urlopen(url, timeout=60):  # noqa: S310 - our own loopback address
                return
        except OSError:
            time.sleep(0.1)
    raise UsageError.of("server-stopped", url)


def _check_all(pages: Mapping[str, str], say: Say) -> int:
    for title, page in pages.items():
        with urllib.request.urlopen(page, timeout=120) as answer:  # noqa: S310 - loopback
            body = answer.read()
        if answer.status != 200 or len(body) < 500:
            say(json.dumps({"page": title, "status": answer.status, "bytes": len(body)}))
            return 1
        say(f"✓ {title}: {answer.status}, {len(body)} bytes", markup=False)
    return 0
