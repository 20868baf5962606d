"""Kernels are few: a cap, a polite page past it, and pages kept ready for the next visitor."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from formserver import Running, new_server, open_page

PAGE = "/voila/render/FZ.ipynb"


def leave(server: Running, kernel: str) -> None:
    server.ask("POST", f"/voila/api/shutdown/{kernel}", b"")


def wait_for(server: Running, count: int) -> set[str]:
    """Wait until the server has so many kernels."""
    until = time.monotonic() + 15
    while len(server.kernels()) != count and time.monotonic() < until:
        time.sleep(0.1)
    assert len(server.kernels()) == count
    return set(server.kernels())


@pytest.fixture
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = new_server(tmp_path_factory.mktemp("small"), ("FZ", "MY"))
    yield running
    running.stop()


def test_past_the_cap_comes_a_polite_page_that_leads_to_the_plain_one(small: Running):
    small.start(kernels=2, ready=0)
    with ThreadPoolExecutor(12) as crowd:
        found = list(crowd.map(lambda _: small.ask("GET", PAGE), range(12)))
    full = [reply for reply in found if reply.status == 503]
    assert (len(full), len(small.kernels())) == (10, 2)
    assert int(full[0].headers["Retry-After"]) > 0
    assert "同时打开的页面太多" in full[0].body.decode() and "/p/fz" in full[0].body.decode()
    assert small.cast({"B": {"t1": {"FZ-B01": "4"}}}).status == 201
    leave(small, next(iter(small.kernels())))
    assert open_page(small, "FZ")[0] in small.kernels()


def open_ready(server: Running, form: str) -> str:
    """Visit until the page comes from a kernel that was there before."""
    for _ in range(10):
        before = set(server.kernels())
        kernel, _ = open_page(server, form)
        if kernel in before:
            return kernel
        leave(server, kernel)
        time.sleep(1)
    raise AssertionError("no page was kept ready")


def test_a_form_somebody_visits_is_kept_ready_for_the_next(small: Running):
    small.start(kernels=5, ready=1)
    leave(small, open_ready(small, "FZ"))
    leave(small, open_ready(small, "FZ"))
    wait_for(small, 1)


def test_a_visitor_comes_before_a_page_kept_ready_for_another_form(small: Running):
    small.start(kernels=3, ready=1)
    first, _ = open_page(small, "FZ")
    (ready,) = wait_for(small, 2) - {first}
    mine = open_page(small, "MY")[0]
    until = time.monotonic() + 15
    while small.ask("GET", "/voila/render/MY.ipynb").status == 503 and time.monotonic() < until:
        time.sleep(0.3)  # the page for FZ is not ready yet
    assert len(small.kernels()) == 3
    assert {first, mine} < set(small.kernels())
    assert ready not in small.kernels()
