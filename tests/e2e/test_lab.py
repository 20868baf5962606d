"""In JupyterLab, without a form server, a form is a preview that stores nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from filling import fill_in
from playwright.sync_api import Browser, Page, expect

from formserver import free_port
from zuofeng_survey.answers import check
from zuofeng_survey.questionnaire import find, load
from zuofeng_survey.web.hardening import form_notebooks


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    tmp_path = tmp_path_factory.mktemp("lab")
    for form in ("ZC", "HF"):
        shutil.copy(form_notebooks() / f"{form}.ipynb", tmp_path)
    port = free_port()
    command = [sys.executable, "-m", "jupyterlab", "--allow-root", "--no-browser", f"--port={port}",
               "--IdentityProvider.token=", "--ServerApp.password="]  # fmt: skip
    env = {**os.environ, "HOME": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    process = subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{base}/api", timeout=2).close()
            break
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    yield base
    process.terminate()
    process.wait(20)


def open_form(browser: Browser, lab: str, form: str) -> Page:
    """Open a form notebook and run it."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{lab}/lab/tree/{form}.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    page.get_by_text("(ipykernel) | Idle").wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect(page.locator(".zf-preview").first).to_contain_text("不会保存", timeout=60_000)
    return page


def test_a_form_in_jupyterlab_is_filled_in_shown_and_not_stored(browser: Browser, lab: str):
    page = open_form(browser, lab, "ZC")
    posted = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    fill_in(page)
    page.click("[data-act=cast]")
    cast = json.loads(page.locator(".zf-cast").inner_text())
    check(load(find("ZC")), cast)
    assert len(cast) > 30
    expect(page.locator(".zf-page")).to_contain_text("提交时会送出以下内容")
    expect(page.locator(".zf-preview")).to_contain_text("不会保存")
    expect(page.locator(".zf-profile li")).to_have_count(10)  # worked out by the notebook's own kernel
    assert not page.locator(".zf-receipt").count()
    assert [url for url in posted if "/p/" in url or "ballots" in url] == []
    kept = page.evaluate("[...Object.keys(sessionStorage), ...Object.keys(localStorage)]")
    assert [key for key in kept if key.startswith("zf")] == []
    page.close()


def test_a_form_in_jupyterlab_says_what_is_wrong_with_it(browser: Browser, lab: str):
    page = open_form(browser, lab, "HF")
    page.click("[data-act=start]")
    page.locator("[data-q=HF-A01] :is(input, textarea)").fill("not a number of a case")
    page.click("[data-act=next], [data-act=review]")
    expect(page.locator("[data-q=HF-A01] .zf-error")).not_to_be_empty()
    assert page.evaluate("document.activeElement.closest('[data-q]')?.dataset.q") == "HF-A01"
    page.close()
