"""``zuofeng demo``: publish, cast, freeze and show, through the same code that people's ballots take."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from ..dataset import freeze
from ..errors import UsageError
from ..poll import Target
from ..publishing import publish
from ..questionnaire import Text, load
from ..questionnaire import find as find_form
from ..seal import Key
from ..store import Home, Store, cast
from ..web.ports import check_free
from . import county

MARK = "this-folder-is-made-by-zuofeng-demo"
DAY = dt.date(2020, 12, 20)
Progress = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]
Say = Callable[..., Any]


def build(folder: Path, *, small: bool, progress: Progress, url: str, say: Say) -> Home:
    """Build the county's polls, cast every ballot, freeze them, and open polls to try.

    The folder is made anew; one that the demo did not make is refused.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise UsageError.of("demo-folder", str(folder))
    shutil.rmtree(folder, ignore_errors=True)
    home = Home.at(folder)
    (folder / MARK).write_text("zuofeng demo removes and rebuilds this folder.\n", encoding="utf-8")
    rounds = list(_rounds(home, small, url))
    total = sum(len(ballots) for _, _, ballots in rounds)
    with progress("投票 casting") as moved:
        done = 0
        for store, _, ballots in rounds:
            for code, answers in ballots:
                cast(store, secrets.token_hex(16), code, answers, today=DAY)
                done += 1
                moved(done, total)
    with progress("封存 freezing") as moved:
        for n, (store, key, _) in enumerate(rounds, start=1):
            freeze(store, key)
            moved(n, len(rounds))
    try_out(home, url=url, say=say)
    say(f"✓ {total} ballots 张票, {len(rounds)} datasets 个数据集: {home.path / 'datasets'}", markup=False)
    return home


Round = tuple[Store, Key, list[tuple[str, Mapping[str, Any]]]]


def _rounds(home: Home, small: bool, url: str) -> Iterator[Round]:
    shape = county.shape()
    people = county.Respondents(np.random.default_rng(shape["seed"]))
    towns = [t for t in shape["towns"] if not small or t["id"] in ("bing", "yi")]
    for form_id, roster in (("FZ", county.deputies), ("SJ", county.secretaries)):
        for town in towns:
            name = f"{form_id}-{town['name']}-{shape['year']}"
            yield _ballots(home, form_id, name, roster(town), people, url)
    for form_id, n in shape["open_forms"].items():
        yield _forms(home, form_id, f"{form_id}-{shape['year']}", n // (10 if small else 1), people, url)


def _ballots(
    home: Home, form_id: str, name: str, targets: list[Target], people: county.Respondents, url: str
) -> Round:
    setting = county.shape()[form_id]
    made = publish(home, form_id, name, targets=targets, counts=setting["codes"], url=url)
    store = Store.of(home, name)
    q, merits = made.poll.questionnaire, people.merits(form_id, targets)
    ballots = []
    for code, voter_class in sorted(made.slips, key=lambda slip: slip[1]):
        if people.rng.random() < setting["attend"]:
            dk = setting["dk"][made.poll.class_named(voter_class).base]
            own = made.poll.targets_of(voter_class)
            ballots.append((code, people.ballot(q, merits, own, dk=dk)))
    return store, _key(made.key), ballots


def _forms(home: Home, form_id: str, name: str, n: int, people: county.Respondents, url: str) -> Round:
    made = publish(home, form_id, name, url=url, targets=_proposals(form_id))
    q = made.poll.questionnaire
    forms = []
    for i in range(n):
        fixed = {"HF-A01": f"SQ-2020-{i + 1:06d}", "HF-A05": 1, "ZT-A02": "2020-12-10"}
        fixed["XH-A01"] = f"WT-2020-甲镇-{i % 30 + 1:04d}"
        forms.append(("", people.form(q, fixed, targets=made.poll.targets)))
    return Store.of(home, name), _key(made.key), forms


def _proposals(form_id: str) -> list[Target]:
    if form_id != "TL" or not load(find_form("TL")).rates_targets:
        return []
    said = ("窗口中午轮流值班", "报表一张表报到底", "每月下村住一晚")
    return [Target(name=f"P{n}", label=Text(zh=f"建议{n}：{t}")) for n, t in enumerate(said, 1)]


def _key(path: Path) -> Key:
    return Key.loads(path.read_text(encoding="utf-8"))


def try_out(home: Home, *, url: str, say: Say) -> None:
    """Open one poll of every form for visitors, and say where they are and with which codes."""
    town = county.shape()["towns"][0]
    rosters = {"FZ": county.deputies(town), "SJ": county.secretaries(town)[:5]}
    for form_id in ("FZ", "SJ", *county.shape()["open_forms"]):
        roster = rosters.get(form_id, _proposals(form_id))
        counts = {"A": 5, "B": 5, "C": 5, "D": 5} if form_id in rosters else None
        made = publish(home, form_id, f"try-{form_id}", targets=roster, counts=counts, url=url)
        said = f"  {made.address}"
        if made.slips:
            from ..codes import pretty

            said += f"   codes 评议码: {'  '.join(pretty(c) for c, _ in made.slips[:2])}"
        say(said, markup=False, soft_wrap=True)


def run_servers(home: Home, port: int, results_port: int, *, check: bool, say: Say) -> int:
    """Start both servers; with ``check`` fetch each page once and stop. Return the exit code."""
    check_free(port)
    check_free(results_port)
    token = secrets.token_hex(16)
    me = [sys.executable, "-m", "zuofeng_survey.cli"]
    place = ["--home", str(home.path)]
    env = {**os.environ, "ZUOFENG_TOKEN": token}
    forms = subprocess.Popen([*me, "serve", "--port", str(port), *place], env=env)
    views = subprocess.Popen([*me, "results", "--port", str(results_port), *place], env=env)
    pages = {
        "forms 填写": f"http://127.0.0.1:{port}/",
        "form 表单": f"http://127.0.0.1:{port}/p/try-FZ",
        "form in Voila": f"http://127.0.0.1:{port}/voila/render/ZC.ipynb",
        "results 结果": f"http://127.0.0.1:{results_port}/voila/render/ranking.ipynb?token={token}",
    }
    try:
        _wait(f"http://127.0.0.1:{port}/health", forms)
        _wait(f"http://127.0.0.1:{results_port}/voila/render/ranking.ipynb?token={token}", views)
        for title, page in pages.items():
            say(f"{title}: {page}", markup=False, soft_wrap=True)
        if not check:
            say("Ctrl-C 结束 stops both.")
            return forms.wait() or views.wait()
        return _check_all(pages, say)
    except KeyboardInterrupt:
        return 0
    finally:
        for server in (forms, views):
            server.terminate()
        for server in (forms, views):
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
