"""TRUST.md F2: server and kernels killed under many live pages; nothing acknowledged is lost, everybody is told.

ZUOFENG_PAGES=30 ZUOFENG_ROUNDS=20 is the figure of docs/figures.md; fewer in the suite.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from filling import RECEIPT
from playwright.sync_api import Browser, Page

from formserver import Running, new_server, publish

PAGES = int(os.environ.get("ZUOFENG_PAGES", "6"))
ROUNDS = int(os.environ.get("ZUOFENG_ROUNDS", "2"))
IN_VOILA = 3  # every third page has a kernel, up to as many as the server may have
TOLD = """[...document.querySelectorAll(".zf-banner, #zf-gone")].some((each) => !each.hidden)"""


def ready_to_cast(browser: Browser, server: Running, at: int) -> Page:
    """Open a page, mark one person, and stop before casting."""
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.set_default_timeout(60_000)
    path = "/voila/render/FZ.ipynb?poll=fz" if at % IN_VOILA == 0 and at < 10 * IN_VOILA else "/p/fz"
    page.goto(f"{server.base}{path}#{server.code('fz')}")
    page.click("[data-act=start]")
    page.click("input[name='B/t1/FZ-B01'][value='3']")
    page.click("[data-act=next]")
    page.click("[data-act=review]")
    page.wait_for_selector("[data-act=cast]")
    return page


def kill_everything(server: Running) -> None:
    kernels = server.kernels().values()
    server.stop(signal.SIGKILL)
    for kernel in kernels:
        os.kill(kernel, signal.SIGKILL)


def seconds_until_told(pages: list[Page]) -> list[float]:
    """Look at every page in turn until each says that the line is down or has its receipt."""
    begun, waiting, spent = time.monotonic(), list(pages), []
    while waiting and time.monotonic() - begun < 60:
        for page in list(waiting):
            if page.locator(RECEIPT).count() or page.evaluate(TOLD):
                waiting.remove(page)
                spent.append(time.monotonic() - begun)
        time.sleep(0.05)
    assert waiting == []
    return spent


@pytest.mark.slow
def test_a_server_killed_under_many_pages_loses_nothing_and_tells_everybody(browser: Browser, tmp_path: Path):
    server = new_server(tmp_path, ())
    publish(server, "FZ", "fz", codes=max(60, PAGES * ROUNDS // 4 + 1))
    server.start(kernels=12, ready=0)
    receipts, told = set(), []
    for _ in range(ROUNDS):
        pages = [ready_to_cast(browser, server, at) for at in range(PAGES)]
        for page in pages[0::3]:  # on their way while the server dies
            page.evaluate("document.querySelector('[data-act=cast]').click()")
        kill_everything(server)
        for page in pages[1::3]:  # pressed when there is nobody
            page.evaluate("document.querySelector('[data-act=cast]').click()")
        told += seconds_until_told(pages)
        server.start()
        for page in pages[2::3]:  # pressed when it is back
            page.click("[data-act=cast]")
        receipts |= {page.wait_for_selector(RECEIPT).inner_text() for page in pages}
        for page in pages:
            page.context.close()
    assert len(receipts) == server.count("fz") == PAGES * ROUNDS
    counted = [server.ask("GET", f"/p/fz/receipts/{receipt}").json for receipt in receipts]
    assert counted == [{"counted": True}] * len(receipts)
    server.stop()
    sys.stdout.write(f"\n{PAGES} pages × {ROUNDS} rounds: told after {max(told):.1f} s at most\n")
