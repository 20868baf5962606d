"""What is filled in survives the kernel, the server and the network."""

from __future__ import annotations

import os
import signal
import time

from filling import RECEIPT, enter_code, fill_in
from playwright.sync_api import Page, expect

from formserver import Running

GONE = "#zf-gone"


def kernel_of(page: Page) -> str:
    page.wait_for_selector(".zf h1")
    return page.get_attribute("#zf-kernel", "data-kernel") or ""


def kill_kernel(server: Running, page: Page) -> None:
    os.kill(server.kernels()[kernel_of(page)], signal.SIGKILL)


def test_a_page_whose_kernel_dies_says_so_within_five_seconds(visit, server: Running):
    page = visit("/voila/render/FZ.ipynb?poll=fz")
    kill_kernel(server, page)
    expect(page.locator(GONE)).to_be_visible(timeout=5000)
    expect(page.locator(GONE)).to_contain_text("连接已断开")


def test_kernel_then_server_die_and_the_ballot_arrives_once(visit, server: Running):
    before = server.count("fz")
    page = visit("/voila/render/FZ.ipynb?poll=fz", width=390)
    kernel_of(page)
    enter_code(page, server.code("fz"))
    page.wait_for_selector("[data-act=start]")
    kill_kernel(server, page)
    expect(page.locator(GONE)).to_be_visible(timeout=5000)
    fill_in(page)
    server.stop(signal.SIGKILL)
    page.click("[data-act=cast]")
    expect(page.locator(".zf-banner")).to_contain_text("还没有提交成功", timeout=5000)
    assert not page.locator(RECEIPT).count()
    server.start()
    page.wait_for_selector(RECEIPT, timeout=20_000)
    assert server.count("fz") == before + 1


def test_a_server_that_dies_is_told_within_five_seconds_in_voila(visit, server: Running):
    page = visit("/voila/render/MY.ipynb?poll=my")
    kernel_of(page)
    page.wait_for_timeout(500)
    server.stop(signal.SIGKILL)
    try:
        expect(page.locator(f"{GONE}[data-state=away]")).to_be_visible(timeout=5000)
    finally:
        server.start()
    expect(page.locator(f"{GONE}[data-state=gone]")).to_be_visible(timeout=10_000)


SOCKETS = """window.sockets = [];
const Plain = WebSocket;
window.WebSocket = class extends Plain {
  constructor(...way) { super(...way); sockets.push(this); }
};"""


def wait_until_open(page: Page, n: int) -> None:
    """Poll from here: the page's policy lets nobody evaluate text in it."""
    until = time.monotonic() + 5
    while page.evaluate(f"window.sockets[{n}]?.readyState") != 1 and time.monotonic() < until:
        page.wait_for_timeout(50)


def test_a_line_that_breaks_is_mended_without_a_word(visit, server: Running):
    page = visit("/")
    page.add_init_script(SOCKETS)
    page.goto(f"{server.base}/voila/render/ZC.ipynb?poll=zc")
    wait_until_open(page, 0)
    page.evaluate("sockets[0].close()")
    wait_until_open(page, 1)
    fill_in(page)
    page.click("[data-act=cast]")
    expect(page.locator(".zf-profile")).to_contain_text("四查")
    expect(page.locator(GONE)).to_be_hidden()


def test_a_reload_brings_back_what_was_filled_in(visit, server: Running):
    page = visit("/voila/render/ZC.ipynb?poll=zc")
    fill_in(page)
    page.reload()
    expect(page.locator("[data-act=cast]")).to_be_visible()
    expect(page.locator(".zf-review")).to_contain_text("测试内容")


def test_a_page_that_is_left_gives_its_kernel_back(visit, server: Running):
    page = visit("/voila/render/XH.ipynb?poll=xh")
    kernel = kernel_of(page)
    assert kernel in server.kernels()
    page.goto(f"{server.base}/")
    until = time.monotonic() + 5
    while kernel in server.kernels() and time.monotonic() < until:
        time.sleep(0.1)
    assert kernel not in server.kernels()
