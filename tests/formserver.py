"""A form server in a process of its own, with an open poll of every questionnaire."""

from __future__ import annotations

import asyncio
import datetime as dt
import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from zuofeng_survey.codes import hash_code
from zuofeng_survey.poll import Target, new_poll
from zuofeng_survey.questionnaire import find, load
from zuofeng_survey.store import Home, Store

T = TypeVar("T")
Opened = tuple[str, str]
FORMS = ("FZ", "SJ", "MY", "ZC", "TL", "HF", "XH", "ZT")
CODES = 60
START = """
import json, os, sys
from zuofeng_survey.store import Home
from zuofeng_survey.web.server import serve
settings = json.loads(sys.argv[3])
serve(Home.at(sys.argv[1]), port=int(sys.argv[2]), **settings)
"""
NO_PAUSE = "from zuofeng_survey.web import guesses; guesses.FREE_PER_MINUTE = 10**9"


@dataclass
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def codes(self) -> list[str]:
        return [e["code"] for e in self.json["errors"]]


@dataclass
class Running:
    """Start it, ask it, kill it."""

    home: Home
    log: Path
    settings: dict[str, Any] = field(default_factory=dict)
    slips: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    first: str = ""
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, **settings: Any) -> Running:
        self.settings = settings or self.settings
        self.port = self.port or free_port()
        command = [sys.executable, "-c", self.first + START, str(self.home.path), str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, json.dumps(self.settings)],
                stdout=log, stderr=log, start_new_session=True, env={**os.environ, **self.env},
            )  # fmt: skip
        for _ in range(300):
            if self.process.poll() is not None:
                raise AssertionError(self.log.read_text())
            try:
                if self.ask("GET", "/health").status == 200:
                    return self
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the server did not come up")

    def stop(self, sign: int = signal.SIGTERM) -> None:
        assert self.process
        os.kill(self.process.pid, sign)
        self.process.wait(20)

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send one request; a body that is not bytes goes as JSON."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        try:
            line.request(method, path, body, sent)
            answer = line.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            line.close()

    def code(self, poll: str = "fz", voter_class: str = "") -> str:
        """Take one unused code of a poll."""
        slips = self.slips[poll]
        at = next(i for i, (_, c) in enumerate(slips) if c.startswith(voter_class))
        return slips.pop(at)[0]

    def cast(self, answers: Any, *, poll: str = "fz", code: str | None = None, ballot_id: str = "",
             ) -> Reply:  # fmt: skip
        body = {"ballot_id": ballot_id or os.urandom(16).hex(), "answers": answers}
        taken = self.code(poll) if code is None and self.slips.get(poll) else code
        return self.ask("POST", f"/p/{poll}/ballots", {**body, "code": taken or ""})

    def count(self, poll: str) -> int:
        """Return how many ballots lie in the box, read from the outside."""
        with closing(sqlite3.connect(self.home.folder(poll) / "poll.db")) as box:
            return box.execute("SELECT count(*) FROM envelopes").fetchone()[0]

    def kernels(self) -> dict[str, int]:
        """Return kernel id → process of the kernels this server has started."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                line = (folder / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if "kernel-" in line and f"k{self.process.pid}_" in line:  # type: ignore[union-attr]
                found[line.split("kernel-")[-1].split(".json")[0]] = int(folder.name)
        return found


def alone(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own: Playwright's loop has this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def open_page(server: Running, form: str) -> Opened:
    """Return the kernel and the widget of a freshly opened Voila page."""
    page = server.ask("GET", f"/voila/render/{form}.ipynb").body.decode()
    kernel = re.search(r'data-kernel="([\w-]+)"', page)
    model = re.search(r'"model": ?"(\w+)"', page)
    assert kernel and model
    return kernel[1], model[1]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def publish(
    running: Running,
    form: str,
    name: str,
    *,
    people: int = 3,
    codes: int = CODES,
    days: tuple[dt.date | None, dt.date | None] = (None, None),
) -> None:
    """Open a poll of a shipped questionnaire in the server's home."""
    questionnaire = load(find(form))
    targets = [
        Target(name=f"t{n}", label={"zh": f"人员{n}", "en": f"Person {n}"})  # type: ignore[arg-type]
        for n in range(1, people + 1)
    ]
    counts = {c.name: codes for c in questionnaire.voter_classes}
    roster = targets if questionnaire.is_ballot else []
    poll, key, slips = new_poll(questionnaire, name, targets=roster, counts=counts, days=days)
    pepper = running.home.pepper
    hashed = [(hash_code(c, pepper=pepper, poll=name), v) for c, v in slips]
    Store.publish(running.home, poll, hashed).dispose()
    (running.home.path / "keys" / f"{name}.key").write_text(key.dumps())
    running.slips[name] = slips


def new_server(folder: Path, forms: tuple[str, ...] = FORMS) -> Running:
    """Return a server that is not started yet, with a poll named after each form."""
    running = Running(Home.at(folder / "home"), folder / "server.log")
    for form in forms:
        publish(running, form, form.lower())
    return running
