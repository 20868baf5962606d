"""The ledger desk in a real browser: by keyboard, on a phone, with hostile text, behind its own token."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from formserver import free_port
from zuofeng_survey.ledger import Book, Change

HOSTILE = "<img src=x onerror=window.__xss=1>"
TOKEN = "a-token-for-the-desk"
PROBLEM = {
    "found_date": "2020-05-01", "source": "自查", "unit": "甲镇", "detail": HOSTILE, "area6": "area.2",
    "focus8": "none", "measures": "轮班", "mend_by": "2020-09-05", "leader": "镇长", "owner": "所长", "office": "党政办",
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("desk") / "home"
    changes = [Change(f"WT-2020-甲镇-{n:04d}", PROBLEM | {"title": f"路灯{n}{HOSTILE}"}) for n in range(1000)]
    Book.open(path).record("problems", changes, by="督查室", on=dt.date(2020, 6, 1))
    return path


@pytest.fixture(scope="module")
def base(home: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "zuofeng_survey.cli", "desk", "--port", str(port), "--home", str(home)]
    env = {**os.environ, "ZUOFENG_DESK_TOKEN": TOKEN, "HOME": str(home.parent)}
    with (home.parent / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=env, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(1200):
            try:
                urllib.request.urlopen(f"{address}/login", timeout=30).read()
                break
            except OSError:
                assert process.poll() is None, (home.parent / "log").read_text()
                time.sleep(0.05)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def page(browser: Browser, base: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    asked, said = [], []
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda message: said.append(message.text))
    opened = context.new_page()
    opened.on("pageerror", lambda error: said.append(f"Error: {error}"))
    opened.goto(f"{base}/voila/render/ledgers.ipynb?token={TOKEN}", timeout=120_000)
    opened.wait_for_selector(".zf-desk-rows td", timeout=120_000)
    yield opened
    assert opened.evaluate("window.__xss") is None
    context.close()
    assert {urlsplit(u).netloc for u in asked if urlsplit(u).scheme in ("http", "ws")} == {urlsplit(base).netloc}
    assert [s for s in said if "Content Security Policy" in s or "Error:" in s] == []


def selected(page: Page) -> str:
    return page.locator(".zf-desk-rows tr[aria-selected] td").first.inner_text()


def test_only_the_rows_in_sight_are_in_the_page_and_keys_move_through_all(page: Page):
    page.focus(".zf-desk-rows")
    assert page.locator(".zf-desk-rows tbody tr").count() < 100
    assert page.locator(".zf-desk-rows th").first.is_visible()
    page.keyboard.press("ArrowDown")
    assert selected(page).endswith("0001")
    page.keyboard.press("End")
    page.get_by_role("gridcell", name="0999").or_(page.locator(".zf-desk-rows td", has_text="0999")).first.wait_for()
    assert selected(page).endswith("0999")
    page.keyboard.press("Home")
    page.locator(".zf-desk-rows td", has_text="-0000").first.wait_for()


def test_text_from_people_is_text(page: Page):
    assert page.locator(".zf-desk-rows td", has_text="<img src").count() > 5
    assert page.locator("img[src=x]").count() == 0


def test_a_word_finds_its_entry_and_enter_opens_it(page: Page):
    page.get_by_label("查找", exact=True).fill("路灯77<")
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("1 条").wait_for()
    page.focus(".zf-desk-rows")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="WT-2020-甲镇-0077").wait_for()
    assert page.get_by_label("具体表现").input_value() == HOSTILE


def test_a_step_is_taken_by_somebody_and_shown_in_the_past(page: Page, home: Path):
    page.get_by_label("经办岗位").fill("督查室科员")
    page.get_by_role("button", name="立项").click()
    page.get_by_text("已记账").wait_for()
    page.get_by_role("heading", name="整改中").wait_for()
    assert page.get_by_role("cell", name="督查室科员").count() >= 1
    assert Book.open(home).entry("problems", "WT-2020-甲镇-0077")["state"] == "整改中"


def test_no_serious_hindrance_for_people_who_cannot_see_or_point(page: Page):
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]}).response["violations"]
    serious = [v for v in found if v["impact"] in ("serious", "critical")]
    assert [(v["id"], [n["html"][:160] for n in v["nodes"]][:3]) for v in serious] == []


def test_on_a_phone_only_the_list_scrolls_sideways(page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(300)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    for field in page.locator(".zf-entry select, .zf-entry input[type=text]").all()[:8]:
        box = field.bounding_box()
        assert box["x"] + box["width"] <= 390 and box["height"] < 60


def test_without_the_token_there_is_nothing(base: str):
    shown = urllib.request.urlopen(f"{base}/voila/render/ledgers.ipynb", timeout=30)
    assert "/login" in shown.url and "zf-desk" not in shown.read().decode()
