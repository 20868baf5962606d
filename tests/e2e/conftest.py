"""One server for the whole folder, and pages that write down every request they make."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from formserver import Running, new_server

Open = Callable[..., Page]


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("e2e")
    (folder / "nobody").mkdir()
    running = new_server(folder)
    running.env = {"HOME": str(folder / "nobody"), "CANARY": "canary-in-the-environment"}
    running.start(kernels=12)
    yield running
    running.stop()


@pytest.fixture
def visit(browser: Browser, server: Running) -> Iterator[Open]:
    """Open a page of the server; afterwards nothing may have gone anywhere else or been refused."""
    contexts, asked, said = [], [], []

    def _visit(path: str, *, width: int = 1280, **settings: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 844}, **settings)
        contexts.append(context)
        context.on("request", lambda request: asked.append(request.url))
        context.on("console", lambda message: said.append(message.text))
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("websocket", lambda socket: asked.append(socket.url))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(server.base + path)
        return page

    yield _visit
    for context in contexts:
        assert context.cookies() == []
        context.close()
    strange = [u for u in asked if urlsplit(u).scheme not in ("data", "blob")
               and urlsplit(u).netloc != urlsplit(server.base).netloc]  # fmt: skip
    assert strange == []
    assert [s for s in said if re.search("Content Security Policy|Trusted|Error:", s)] == []
