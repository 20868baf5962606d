"""The routes of docs/api.md that speak JSON."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import tornado.web

from .. import store as boxes_of
from ..errors import AnswersInvalid, CodeRefused, PollError
from ..store import Store
from .answering import Answer, check_origin
from .bodies import read_json
from .boxes import Boxes
from .definition import definition
from .guesses import Guesses
from .module import Asset, asset
from .pages import form_page

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a poll on one day, worked out once."""

    store: Store
    day: dt.date
    definition: dict[str, Any]
    page: Asset


@dataclass(slots=True)
class Office:
    """What the handlers share: the boxes, the threads that write to them, the count of guesses."""

    boxes: Boxes
    threads: Executor
    guesses: Guesses = field(default_factory=Guesses)
    today: Callable[[], dt.date] = dt.date.today
    _told: dict[str, Told] = field(default_factory=dict)

    def told(self, poll: str) -> Told:
        """Return what the form of a poll shows today."""
        store, today = self.boxes.store(poll), self.today()
        known = self._told.get(poll)
        if known is None or known.store is not store or known.day != today:
            found = definition(store.poll, today=today)
            page = asset("page.html", "text/html", form_page(found))
            known = self._told[poll] = Told(store, today, found, page)
        return known

    async def use(self, poll: str, act: Callable[[Store], T]) -> T:
        """Do something with a poll's box in a thread: a commit waits for the disk, others do not."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, self.boxes.use, poll, act)


class OfficeAnswer(Answer):
    """A handler that knows the office."""

    def initialize(self, office: Office) -> None:
        self.office = office

    def read_body(self) -> dict[str, Any]:
        """Return the posted object, or refuse it."""
        check_origin(self)
        kind = self.request.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if kind != "application/json":
            raise AnswersInvalid.of("body-json")
        return read_json(self.request.body)


class Definition(OfficeAnswer):
    """``definition.json``: what the form shows."""

    def get(self, poll: str) -> None:
        self.say(self.office.told(poll).definition)


class CodeCheck(OfficeAnswer):
    """``code``: whose class a code is, and whom it may rate. Nothing is burnt."""

    async def post(self, poll: str) -> None:
        code = str(self.read_body().get("code") or "")
        await asyncio.sleep(self.office.guesses.pause())
        try:
            self.say(await self.office.use(poll, lambda store: self._holder(store, code)))
        except CodeRefused as error:
            self._count(error)
            raise

    def _holder(self, store: Store, code: str) -> dict[str, Any]:
        if problem := store.poll.refusal(self.office.today()):
            raise PollError(problem)
        _, voter_class = boxes_of.admit(store, code)
        label = store.poll.class_named(voter_class).label
        holder = {"name": voter_class, "label": {"zh": label.zh, "en": label.en}}
        return {"voter_class": holder, "targets": list(store.poll.targets_of(voter_class))}

    def _count(self, error: CodeRefused) -> None:
        if error.code == "code-refused":
            self.office.guesses.refused()


class Ballots(CodeCheck):
    """``ballots``: cast one."""

    async def post(self, poll: str) -> None:
        body = self.read_body()
        ballot_id: Any = body.get("ballot_id")
        code: Any = body.get("code") or ""
        answers, today = body.get("answers"), self.office.today()
        await asyncio.sleep(self.office.guesses.pause())
        try:
            receipt = await self.office.use(
                poll, lambda store: boxes_of.cast(store, ballot_id, code, answers, today=today)
            )
        except CodeRefused as error:
            self._count(error)
            raise
        self.say({"receipt": receipt.text}, 201 if receipt.fresh else 200)


class Receipts(OfficeAnswer):
    """``receipts/RECEIPT``: whether it is counted."""

    async def get(self, poll: str, receipt: str) -> None:
        loop = asyncio.get_running_loop()
        counted = self.office.boxes.counted
        if not await loop.run_in_executor(self.office.threads, counted, poll, receipt):
            raise tornado.web.HTTPError(404)
        self.say({"counted": True})


class Polls(OfficeAnswer):
    """``/forms/FORM_ID/polls``: the open polls of one questionnaire."""

    def get(self, form_id: str) -> None:
        polls = self.office.boxes.polls(self.office.today())
        self.say([
            {"poll": p.name, "title": {"zh": p.title.zh, "en": p.title.en}}
            for p in polls
            if p.questionnaire.form_id == form_id
        ])  # fmt: skip


class Health(Answer):
    """``/health``: whether anybody is there."""

    def get(self) -> None:
        self.say({"status": "ok"})


def routes(office: Office) -> list[tuple[str, type[Answer], dict[str, Any]]]:
    """Return the JSON routes."""
    shared = {"office": office}
    return [
        (r"/p/([^/]+)/definition\.json", Definition, shared),
        (r"/p/([^/]+)/code", CodeCheck, shared),
        (r"/p/([^/]+)/ballots", Ballots, shared),
        (r"/p/([^/]+)/receipts/([^/]+)", Receipts, shared),
        (r"/forms/([^/]+)/polls", Polls, shared),
        (r"/health", Health, {}),
    ]
