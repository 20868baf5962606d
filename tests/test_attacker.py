"""An attacker with all the time in the world: whatever is sent, the box holds valid ballots, one a code."""

from __future__ import annotations

import asyncio
import datetime as dt
import http.client
import json
import os
import re
import sys
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tornado.websocket import websocket_connect

import strategies
from formserver import NO_PAUSE, Running, new_server, open_page, publish
from zuofeng_survey.answers import check
from zuofeng_survey.codes import new_code
from zuofeng_survey.poll import Poll
from zuofeng_survey.seal import Key, Opener, canonical, envelope_id, receipt
from zuofeng_survey.store import Store

T = TypeVar("T")
# ZUOFENG_STEPS=10000 is the figure of docs/figures.md; fewer steps in the suite
STEPS = int(os.environ.get("ZUOFENG_STEPS", "900"))
RUN = 60
POLLS = {"fz": "FZ", "sj": "SJ", "zc": "ZC", "hf": "HF", "xh": "XH"}
TODAY = dt.date.today().isoformat()
LEAKS = re.compile(r"Traceback|File \\?\"|site-packages|\.py\b|/home/|/tmp/|/root/|sqlite|pydantic|0x[0-9a-f]{8}")
HOSTILE = strategies.json_values | st.sampled_from([
    10**400, -1, 1e308, "x" * 20_000, "=1+1", "<script>", "\x00", "\ud800", "__class__", ["4", "4"], [[]],
    {"__proto__": {}}, "４", "4 ", True, "9999-99-99", "2020-02-30", ["none", "gift"], [None], {"": ""},
])  # fmt: skip
EXTRA = ["", "", "zzz", "T9", "FZ-B01", "constructor", "B", "t2"]


class Wire:
    """One kept connection to the server, and one websocket to a form kernel."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.kernel, self.model = open_page(server, "ZC")
        self.loop = asyncio.new_event_loop()
        self.thread = ThreadPoolExecutor(1)  # a loop of its own: the browser tests' loop may be running
        self.socket: Any = self.run(self._connect())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.thread.submit(self.loop.run_until_complete, work).result()

    async def _connect(self) -> Any:
        url = f"ws://127.0.0.1:{self.server.port}/api/kernels/{self.kernel}/channels?session_id=a"
        return await websocket_connect(url)

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, str]:
        self.line.request(method, path, body, {"Content-Type": "application/json"} if body is not None else {})
        answer = self.line.getresponse()
        said = answer.read().decode()
        assert not LEAKS.search(said), said
        assert answer.status < 500 or answer.status == 503, said
        return answer.status, said

    def post(self, poll: str, what: str, value: Any) -> tuple[int, dict[str, Any]]:
        status, said = self.ask("POST", f"/p/{poll}/{what}", json.dumps(value).encode())
        return status, json.loads(said)

    def tell(self, data: Any) -> str:
        """Send data to the form's widget, then ask for its state; return all that was heard until it came."""
        return self.run(self._tell(data))

    async def _tell(self, data: Any) -> str:
        for each in (data, {"method": "request_state"}):
            content = {"comm_id": self.model, "data": each}
            header = {"msg_type": "comm_msg", "msg_id": "1", "session": "a"}
            await self.socket.write_message(json.dumps({"channel": "shell", "header": header, "content": content}))
        heard = ""
        while '"definition"' not in heard:
            heard += await asyncio.wait_for(self.socket.read_message(), 60)
        return heard

    def close(self) -> None:
        self.socket.close()
        self.run(asyncio.sleep(0.05))
        self.thread.shutdown()
        self.loop.close()


class Office:
    """What lies in the boxes, in the attacker's own books."""

    def __init__(self, server: Running, wire: Wire) -> None:
        self.server, self.wire = server, wire
        self.polls: dict[str, Poll] = {}
        for name in POLLS:
            with Store.of(server.home, name) as store:
                self.polls[name] = store.poll
        self.cast: dict[str, dict[str, Any]] = {name: {} for name in POLLS}
        self.unused = {name: list(server.slips[name]) for name in POLLS}
        self.used: dict[str, list[str]] = {name: [] for name in POLLS}
        self.steps = 0
        self.trouble: list[Exception] = []

    def filled(self, name: str) -> st.SearchStrategy[dict[str, Any]]:
        targets = [t.name for t in self.polls[name].targets]
        return strategies.filled(self.polls[name].questionnaire, targets, TODAY)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


def put(answers: Any, at: int, extra: str, value: Any) -> Any:
    """Return answers with another value in one of their places, or in a place beside it."""
    copy = json.loads(json.dumps({"": answers}))
    found = [path for path in places(copy) if path]
    *path, last = found[at % len(found)]
    into = copy
    for key in path:
        into = into[key]
    if extra and isinstance(into[last], dict):
        into, last = into[last], extra
    into[last] = value
    return copy[""]


def of_own(answers: dict[str, Any], own: tuple[str, ...]) -> dict[str, Any]:
    """Leave out those whom this code may not rate."""
    rated = {t: row for t, row in answers.get("B", {}).items() if t in own}
    rest = {name: value for name, value in answers.items() if name != "B"}
    return rest | ({"B": rated} if rated else {})


def attacker(office: Office) -> type[RuleBasedStateMachine]:
    """Return the machine that attacks this office's server."""
    wire, polls, ballots = office.wire, st.sampled_from(sorted(POLLS)), st.sampled_from(["fz", "sj"])
    picks = st.integers(0, 999)
    filled = polls.flatmap(lambda name: st.tuples(st.just(name), office.filled(name)))

    class Attacker(RuleBasedStateMachine):
        # What is drawn never hangs on what lies in the boxes: `at` picks from there.

        def take(self, name: str, at: int) -> tuple[str, tuple[str, ...]]:
            """Return a code that is still good, and whom it may rate."""
            if office.polls[name].access == "open":
                return "", ()
            code, voter_class = office.unused[name][at % len(office.unused[name])]
            return code, office.polls[name].targets_of(voter_class)

        def send(self, name: str, ballot_id: Any, code: Any, answers: Any) -> tuple[int, dict[str, Any]]:
            status, said = wire.post(name, "ballots", {"ballot_id": ballot_id, "code": code, "answers": answers})
            if status == 201:
                assert ballot_id not in office.cast[name] and code not in office.used[name]
                assert said == {"receipt": receipt(envelope_id(ballot_id))}
                office.cast[name][ballot_id] = (code, answers)
                if code:
                    office.used[name].append(code)
                    office.unused[name] = [slip for slip in office.unused[name] if slip[0] != code]
            return status, said

        @rule(drawn=filled, at=picks)
        def an_honest_ballot_is_taken_once(self, drawn, at):
            name, answers = drawn
            code, own = self.take(name, at)
            ballot_id, answers = os.urandom(16).hex(), of_own(answers, own)
            assert self.send(name, ballot_id, code, answers)[0] == 201
            assert self.send(name, ballot_id, code, answers)[0] == 200

        @rule(drawn=filled, at=picks, place=picks, extra=st.sampled_from(EXTRA), value=HOSTILE)
        def one_place_is_altered(self, drawn, at, place, extra, value):
            name, answers = drawn
            code, own = self.take(name, at)
            altered = put(of_own(answers, own), place, extra, value)
            status, said = self.send(name, os.urandom(16).hex(), code, altered)
            assert status in (201, 400, 413, 422), said

        @rule(name=polls, at=picks, answers=filled.map(lambda drawn: drawn[1]) | HOSTILE)
        def answers_of_another_form_or_of_nobody_s(self, name, at, answers):
            code, _ = self.take(name, at)
            assert self.send(name, os.urandom(16).hex(), code, answers)[0] in (201, 400, 413, 422)

        @rule(name=ballots, other=ballots, kind=st.sampled_from(["new", "foreign", "used"]), at=picks)
        def a_code_that_is_not_good(self, name, other, kind, at):
            foreign = office.unused[other][0][0] if other != name else new_code()
            used = office.used[name] or [new_code()]
            code = {"new": new_code(), "foreign": foreign, "used": used[at % len(used)]}[kind]
            status, said = self.send(name, os.urandom(16).hex(), code, {"B": {}})
            assert (status, [e["code"] for e in said["errors"]]) == (403, ["code-refused"])

        @rule(name=ballots, code=HOSTILE)
        def a_code_that_is_none(self, name, code):
            assert self.send(name, os.urandom(16).hex(), code, {"B": {}})[0] in (400, 403)

        @rule(name=polls, kind=st.sampled_from(["same", "other content", "other code", "other id"]), at=picks)
        def a_ballot_comes_again(self, name, kind, at):
            if not office.cast[name]:
                return
            ids = list(office.cast[name])
            ballot_id = ids[at % len(ids)]
            code, answers = office.cast[name][ballot_id]
            if kind == "same":
                assert self.send(name, ballot_id, code, answers)[0] == 200
            elif kind == "other content":
                other = {**answers, "x": 1} if isinstance(answers, dict) else 1
                assert self.send(name, ballot_id, code, other)[0] == 409
            elif kind == "other code" and code:
                assert self.send(name, ballot_id, self.take(name, at)[0], answers)[0] == 200
            elif kind == "other id" and code:
                assert self.send(name, os.urandom(16).hex(), code, answers)[0] == 403

        @rule(name=polls, ballot_id=HOSTILE, answers=HOSTILE)
        def nonsense_for_an_id(self, name, ballot_id, answers):
            assert self.send(name, ballot_id, "", answers)[0] in (400, 403, 413, 422)

        @rule(name=polls, body=st.binary(max_size=60) | HOSTILE.map(lambda v: json.dumps(v).encode()),
              what=st.sampled_from(["ballots", "code", "receipts/x", "definition.json", "nope"]))  # fmt: skip
        def any_bytes(self, name, body, what):
            status, said = wire.ask("POST", f"/p/{name}/{what}", body)
            asks = what == "code" and office.polls[name].access == "open"  # nothing to guess there
            assert status in (400, 403, 404, 405, 413, 422) or (asks and status == 200), said

        @rule(state=HOSTILE, name=st.sampled_from(["answers_for_profile", "profile", "definition", "_esm", "poll"]),
              method=st.sampled_from(["update", "custom", "request_state", "echo_update", ""]))  # fmt: skip
        def the_widget_is_told_anything(self, state, name, method):
            heard = wire.tell({"method": method, "state": {name: state}, "buffer_paths": []})
            assert not LEAKS.search(heard), heard

        @rule(answers=strategies.filled(office.polls["zc"].questionnaire), place=picks, value=HOSTILE)
        def the_widget_is_told_answers(self, answers, place, value):
            state = {"answers_for_profile": put(answers, place, "", value)}
            heard = wire.tell({"method": "update", "state": state})
            assert not LEAKS.search(heard), heard

        def teardown(self):
            trouble = sys.exc_info()[1]
            if isinstance(trouble, Exception) and not type(trouble).__module__.startswith("hypothesis"):
                office.trouble.append(trouble)  # a box keeps what it has: no second run is like the first

        @invariant()
        def every_box_has_what_was_acknowledged_and_no_more(self):
            office.steps += 1
            for name in POLLS:
                assert office.server.count(name) == len(office.cast[name])

    return Attacker


def unfit(poll: Poll, answers: Any, own: tuple[str, ...]) -> list[tuple[str, Any]]:
    """Judge a stored ballot without the code that let it in, as far as its values go."""
    q, found = poll.questionnaire, []
    for key, value in answers.items():
        group = q.groups.get(key)
        if group is None or not group.repeat_over:
            found.append((key, value))
            continue
        rows = own if group.repeat_over == "targets" else [str(n) for n in range(1, group.max_rows + 1)]
        names = {item.name for item in group.items}
        assert set(value) <= set(rows) and all(set(row) <= names for row in value.values())
        found += [pair for row in value.values() for pair in row.items()]
    return [(name, value) for name, value in found if not fits(q, name, value)]


def is_blank(value: Any) -> bool:
    """A blank, however it is spelt: it is in no table of the dataset."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value is None or (isinstance(value, str) and not value.strip()) or (
        isinstance(value, dict | list) and all(map(is_blank, inner)))


def fits(q: Any, name: str, value: Any) -> bool:
    item = q.items.get(name) or q.items[name.removesuffix("_other")]
    if name not in q.items:
        return item.or_other and isinstance(value, str) and len(value) <= item.max_length
    known = {c.name for c in q.choices_of(item)}
    if is_blank(value):
        return True
    if item.kind == "select_one":
        return isinstance(value, str) and value in known
    if item.kind in ("select_multiple", "rank"):
        alone = {c.name for c in q.choices_of(item) if c.exclusive}
        most = item.max_choices or len(known)
        is_list = isinstance(value, list) and len(set(value)) == len(value) <= most and set(value) <= known
        return is_list and (len(value) < 2 or not alone & set(value))
    if item.kind == "text":
        texts = value.values() if item.repeat_over else [value]
        return all(isinstance(t, str) and len(t) <= item.max_length for t in texts)
    if item.kind == "date":
        return dt.date.fromisoformat(value).isoformat() == value
    return type(value) in ((int,) if item.kind == "integer" else (int, float))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    server = new_server(tmp_path, ())
    server.first = NO_PAUSE
    for name, form in POLLS.items():
        publish(server, form, name, codes=max(60, STEPS // 20))
        server.slips.setdefault(name, [])
    server.start(kernels=3, ready=0)
    wire = Wire(server)
    yield Office(server, wire)
    wire.close()
    server.stop()


@pytest.mark.slow
def test_no_ballot_breaks_its_definition_whatever_is_sent(office: Office):
    calm = settings(max_examples=max(1, STEPS // RUN), stateful_step_count=RUN, deadline=None, derandomize=True,
                    suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate])  # fmt: skip
    try:
        run_state_machine_as_test(attacker(office), settings=calm)
    except Exception as error:
        raise (*office.trouble, error)[0] from None
    assert office.steps >= STEPS / 2
    assert office.wire.kernel in office.server.kernels()
    for name, poll in office.polls.items():
        key = Key.loads((office.server.home.path / "keys" / f"{name}.key").read_text())
        opener = Opener(key)
        with Store.of(office.server.home, name) as store:
            found = [(e.voter_class, opener.open(e.box)["answers"]) for e in store.envelopes()]
        booked = sorted(canonical(answers) for _, answers in office.cast[name].values())
        assert sorted(canonical(answers) for _, answers in found) == booked
        for voter_class, answers in found:
            own = poll.targets_of(voter_class)
            check(poll.questionnaire, answers, targets=own, today=TODAY)
            assert unfit(poll, answers, own) == []
    assert "Traceback" not in office.server.log.read_text()
