"""Kernels are few: a cap, a polite page past it, and pages kept ready for the next visitor."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from formserver import Running, new_server, open_page

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
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


def notebook(folder: Path, name: str, *cells: dict[str, Any]) -> None:
    book = new_notebook(cells=list(cells), metadata={"kernelspec": KERNEL})
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.ipynb").write_text(nbformat.writes(book), encoding="utf-8")


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


def test_a_notebook_that_fails_is_a_sentence_without_its_source(small: Running, tmp_path: Path):
    secret = "raise RuntimeError('/the/secret/path')"
    notebook(tmp_path / "books", "BAD", new_code_cell(secret), new_code_cell("'never'"))
    small.start(notebooks=str(tmp_path / "books"), ready=0)
    page = small.ask("GET", "/voila/render/BAD.ipynb").body.decode()
    assert "这个表单现在打不开" in page
    assert "secret" not in page and "Traceback" not in page and "never" not in page


def test_a_notebook_shows_its_words_and_hides_those_for_its_reader(small: Running, tmp_path: Path):
    hidden = new_markdown_cell("只给读笔记本的人", metadata={"tags": ["remove_cell"]})
    shown = new_markdown_cell("请在**五月十日**前填写 <script>alert(1)</script>")
    text = new_code_cell("print('<b>文字</b>')\n'<i>值</i>'")
    widget = new_code_cell("import ipywidgets\nipywidgets.Label('x')")
    notebook(tmp_path / "books", "WORDS", hidden, shown, text, widget)
    small.start(notebooks=str(tmp_path / "books"), ready=0)
    page = small.ask("GET", "/voila/render/WORDS.ipynb").body.decode()
    assert "<strong>五月十日</strong>" in page and "只给读笔记本的人" not in page
    assert "&lt;b&gt;文字" in page and "&lt;i&gt;值" in page
