"""In JupyterLab, without a form server, a form is a preview that stores nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from formserver import free_port
from zuofeng_survey.web.hardening import form_notebooks


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    shutil.copy(form_notebooks() / "ZC.ipynb", tmp_path)
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


def test_a_form_in_jupyterlab_is_a_preview(browser: Browser, lab: str):
    page = browser.new_page()
    page.goto(f"{lab}/lab/tree/ZC.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.get_by_text("(ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect(page.locator(".zf-preview").first).to_contain_text("不会保存", timeout=30_000)
    page.close()
