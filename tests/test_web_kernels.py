"""Kernels: how many, for how long, and what may be said to them."""

from __future__ import annotations

import json

import pytest

from formserver import alone
from zuofeng_survey.web.kernels import FormKernels, KernelsFull, bare_environment, widget_message


class Counting(FormKernels):
    """Starts nothing, remembers what it was told."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.closed = []
        self.up = set()

    def __len__(self):
        return len(self.up)

    def __contains__(self, kernel_id):
        return kernel_id in self.up

    async def shutdown_kernel(self, kernel_id, now=False, restart=False):
        self.up.discard(kernel_id)
        self.closed.append(kernel_id)


def test_past_the_cap_nothing_is_started():
    kernels = Counting(cap=2)
    kernels.up, kernels.starting = {"a"}, 1
    with pytest.raises(KernelsFull) as error:
        alone(kernels.start_kernel())
    assert error.value.code == "kernels-full"
    assert kernels.starting == 1


def test_a_kernel_whose_page_never_comes_is_given_back():
    kernels = Counting(unclaimed_seconds=60)
    kernels.up = {"a", "b"}
    kernels.clock = iter([0.0, 0.0, 59.0, 61.0]).__next__
    kernels.serve_page("a")
    kernels.serve_page("b")
    kernels.notify_connect("b")
    alone(kernels.reap())
    assert kernels.closed == []
    alone(kernels.reap())
    assert kernels.closed == ["a"]


def test_a_kernel_whose_page_went_away_is_given_back():
    kernels = Counting(abandoned_seconds=300)
    kernels.up, kernels._kernel_connections = {"a"}, {"a": 1}
    kernels.clock = iter([0.0, 299.0, 301.0]).__next__
    kernels.notify_disconnect("a")
    alone(kernels.reap())
    assert kernels.closed == []
    alone(kernels.reap())
    assert kernels.closed == ["a"]


def test_the_environment_is_reduced_to_what_python_needs():
    env = {"PATH": "/bin", "LANG": "C", "ZUOFENG_DATABASE": "postgresql://u:p@h", "TOKEN": "x"}
    assert bare_environment(env) == {"PATH": "/bin", "LANG": "C"}


GOOD = {"channel": "shell", "header": {"msg_type": "comm_msg", "msg_id": "evil"},
        "content": {"comm_id": "c", "data": {"method": "update"}, "more": 1}}  # fmt: skip


def test_a_widget_message_is_reduced_to_what_it_says():
    assert widget_message(json.dumps(GOOD)) == {"comm_id": "c", "data": {"method": "update"}}


@pytest.mark.parametrize("change", [
    {"channel": "control"}, {"channel": None}, {"header": {"msg_type": "execute_request"}},
    {"header": {"msg_type": ["comm_msg"]}}, {"header": None}, {"content": []},
    {"content": {"comm_id": 7, "data": {}}}, {"content": {"comm_id": "c", "data": []}},
    {"content": {"comm_id": "c", "data": {"half a pair": "\ud800"}}},
    {"content": {"comm_id": "c", "data": {"number": float("nan")}}},
])  # fmt: skip
def test_anything_else_is_nothing(change: dict):
    assert widget_message(json.dumps(GOOD | change)) is None


@pytest.mark.parametrize("raw", ["", "{", "[]", "7", b"{}", "[" * 100_000, '"' + "x" * 300_000])
def test_noise_is_nothing(raw: str):
    assert widget_message(raw) is None
