"""What a visitor with a websocket of their own can do: next to nothing."""

from __future__ import annotations

import asyncio
import json
import stat
import tempfile
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from tornado.websocket import websocket_connect

from formserver import Opened, Running, alone, open_page

TYPES = [
    "execute_request",
    "inspect_request",
    "complete_request",
    "history_request",
    "is_complete_request",
    "connect_request",
    "comm_info_request",
    "kernel_info_request",
    "shutdown_request",
    "interrupt_request",
    "debug_request",
    "input_reply",
    "create_subshell_request",
    "delete_subshell_request",
    "list_subshell_request",
    "comm_open",
    "comm_close",
    "execute_reply",
    "error",
    "stream",
    "display_data",
    "update_display_data",
    "execute_input",
    "execute_result",
    "clear_output",
    "status",
    "debug_event",
    "usage_request",
    "apply_request",
    "abort_request",
    "clear_request",
    "COMM_MSG",
    "comm_msg\x00",
]


@pytest.fixture
def opened(server: Running) -> Iterator[Opened]:
    kernel, model = open_page(server, "ZC")
    yield kernel, model
    server.ask("POST", f"/voila/api/shutdown/{kernel}", b"")


async def _talk(server: Running, kernel: str, sent: Sequence[str | bytes]) -> list[dict[str, Any]]:
    url = f"ws://127.0.0.1:{server.port}/api/kernels/{kernel}/channels?session_id=abc"
    socket = await websocket_connect(url, subprotocols=["v1.kernel.websocket.jupyter.org"])
    assert socket.selected_subprotocol is None  # the binary protocol is not spoken
    for raw in sent:
        await socket.write_message(raw, binary=isinstance(raw, bytes))
    found = []
    while True:
        try:
            raw = await asyncio.wait_for(socket.read_message(), 0.7)
        except TimeoutError:
            break
        if raw is None:
            break
        found.append(json.loads(raw))
    socket.close()
    await asyncio.sleep(0.05)
    return found


def talk(server: Running, opened: Opened, *sent: str | bytes) -> list[dict[str, Any]]:
    """Send messages to a kernel, and return what comes back until it is quiet."""
    return alone(_talk(server, opened[0], sent))


def message(kind: str, content: dict[str, Any], channel: str | None = "shell") -> str:
    header = {"msg_id": "1", "msg_type": kind, "session": "abc", "username": "", "version": "5.3"}
    whole = {"header": header, "parent_header": {}, "metadata": {}, "buffers": []}
    return json.dumps({**whole, "channel": channel, "content": content})


def update(model: str, **state: Any) -> str:
    return message("comm_msg", {"comm_id": model, "data": {"method": "update", "state": state}})


def test_no_message_makes_a_kernel_run_code(server: Running, opened: Opened, tmp_path: Path):
    canary = tmp_path / "canary"
    code = f"open({str(canary)!r}, 'w').close()"
    content = {"code": code, "silent": False, "user_expressions": {"x": code}, "allow_stdin": True,
               "target_name": "jupyter.widget", "comm_id": "c", "data": {}, "value": code}  # fmt: skip
    pairs = product(TYPES, ("shell", "control", "stdin", "iopub", "", None))
    plain = [message(kind, content, channel) for kind, channel in pairs]
    twice = '{"msg_type": "comm_msg", "msg_type": "execute_request"}'
    doubled = f'{{"channel": "shell", "header": {twice}, "content": {json.dumps(content)}}}'
    broken = ["[]", "{", "null", "[" * 5000, '{"channel": {}}', "\u0000", doubled]
    heard = talk(server, opened, *plain, *(p.encode() for p in plain), *broken)
    assert not canary.exists()
    assert {m["header"]["msg_type"] for m in heard} <= {"status"}


def test_a_widget_computes_the_profile_of_the_answers_it_is_sent(server: Running, opened: Opened):
    answers = {f"ZC-J0{n}": "5" for n in (1, 2, 3)}
    heard = talk(server, opened, update(opened[1], answers_for_profile=answers))
    states = [m["content"]["data"]["state"] for m in heard if m["header"]["msg_type"] == "comm_msg"]
    first = next(s["profile"] for s in states if "profile" in s)["groups"][0]["scales"][0]
    assert first == {"label": {"zh": "有激情", "en": "Drive"}, "score": 100.0, "n": 3}


def test_a_widget_takes_nothing_else(server: Running, opened: Opened):
    ask = {"comm_id": opened[1], "data": {"method": "request_state"}}
    evil = {"form_id": "EVIL", "definition": {}, "_esm": "evil", "profile": 1, "base_url": "evil"}
    heard = talk(server, opened, update(opened[1], **evil), message("comm_msg", ask))
    state = [m for m in heard if m["header"]["msg_type"] == "comm_msg"][-1]["content"]["data"][
        "state"
    ]
    assert (state["form_id"], state["_esm"], state["base_url"]) == ("ZC", "", "/")


STATES = [{"answers_for_profile": 1}, {"answers_for_profile": [[]]}, {"layout": 7}, {"keys": []},
          {"answers_for_profile": {"ZC-J01": {}}}, {"answers_for_profile": {"ZC-J01": ["5"]}},
          {"answers_for_profile": "x" * 200_000}, {"comm": None}, {"_view_name": None}]  # fmt: skip
DATA = [{"method": "update"}, {"method": "nonsense"}, {}, {"method": "custom"}, {"method": 7},
        {"method": "update", "state": 7}, {"method": "echo_update", "state": {"profile": {}}},
        {"method": "update", "state": {}, "buffer_paths": [["a"]]}]  # fmt: skip


def test_no_traceback_comes_back(server: Running, opened: Opened):
    sent = [update(opened[1], **state) for state in STATES]
    sent += [message("comm_msg", {"comm_id": opened[1], "data": data}) for data in DATA]
    heard = talk(server, opened, *sent, message("comm_msg", {"comm_id": "nobody", "data": {}}))
    assert {m["header"]["msg_type"] for m in heard} <= {"status", "comm_msg"}
    assert "Traceback" not in json.dumps(heard)
    assert opened[0] in server.kernels()


def test_a_page_of_another_site_cannot_reach_a_kernel(server: Running, opened: Opened):
    evil = {"Origin": "http://evil.example"}
    found = server.ask("GET", f"/api/kernels/{opened[0]}/channels", headers={
        **evil, "Upgrade": "websocket", "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "x" * 16,
    })  # fmt: skip
    assert found.status == 403
    assert server.ask("POST", f"/voila/api/shutdown/{opened[0]}", b"", evil).status == 403
    assert opened[0] in server.kernels()


def test_a_kernel_holds_nothing_of_the_server_s(server: Running, opened: Opened):
    environ = Path(f"/proc/{server.kernels()[opened[0]]}/environ").read_text()
    assert "canary" not in environ
    assert str(server.home.path / "polls") not in environ


def test_sockets_and_histories_are_nobody_else_s(server: Running, opened: Opened):
    runtime = server.home.path / "runtime"
    folders = [
        runtime,
        *runtime.glob("k*_*"),
        *Path(tempfile.gettempdir()).glob(f"k{server.process.pid}_*"),
    ]
    assert len(folders) > 1
    assert all(stat.S_IMODE(f.stat().st_mode) & 0o077 == 0 for f in folders)
    assert not list(server.home.path.rglob("history.sqlite*"))
    nobody = server.home.path.parent / "nobody"
    assert [str(p) for p in nobody.rglob("*") if p.is_file()] == []
