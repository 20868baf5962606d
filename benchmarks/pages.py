"""Time to a usable form, in Debian's Chromium: the plain page, the form in Voila, stock Voila with one label.

And how long an input waits on a ballot of 25 targets × 9 items at 390 px, also with a processor four times slower.

``slowed`` is a first visit on a phone: processor four times slower, slow 4G (150 ms, 1.6 Mbit/s).
"""

import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, sync_playwright

from zuofeng_survey.poll import Target
from zuofeng_survey.publishing import publish
from zuofeng_survey.questionnaire import Text
from zuofeng_survey.store import Home

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def running(command: list[str], url: str, **extra) -> Iterator[None]:
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **extra)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(url, timeout=30).read()
                break
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait(timeout=30)


def visit(browser: Browser, url: str, usable: str, *, slowed: bool) -> dict[str, float]:
    """Open a page as a first visitor; return seconds until it is usable and bytes over the wire."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    received = []
    session.on("Network.loadingFinished", lambda e: received.append(e["encodedDataLength"]))
    session.on(
        "Network.webSocketFrameReceived",
        lambda e: received.append(len(e["response"]["payloadData"])),
    )
    if slowed:
        session.send("Network.emulateNetworkConditions", SLOW_4G)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    start = time.perf_counter()
    page.goto(url, wait_until="commit", timeout=120_000)
    page.wait_for_selector(usable, timeout=120_000)
    seconds = time.perf_counter() - start
    page.wait_for_timeout(500)
    context.close()
    return {"seconds": seconds, "kilobytes": sum(received) / 1000}


def several(browser: Browser, url: str, usable: str, *, slowed: bool = False, n: int = 5) -> dict:
    found = []
    for _ in range(n):
        found.append(visit(browser, url, usable, slowed=slowed))
        time.sleep(2.0)
    return {key: round(statistics.median(f[key] for f in found), 3) for key in found[0]}


WATCH = """() => { window.delays = [];
  new PerformanceObserver((list) => list.getEntries().forEach((e) => delays.push([
    e.processingStart - e.startTime, e.processingEnd - e.processingStart])))
    .observe({ type: "event", durationThreshold: 16 }); }"""


def input_delays(browser: Browser, url: str, *, slower: int) -> dict[str, float]:
    """Mark every item of five cards with the mouse; return the longest wait and handler in milliseconds."""
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.goto(url)
    page.click("[data-act=start]")
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.evaluate(WATCH)
    for n in range(1, 6):
        for item in range(1, 10):
            page.click(f"input[name='B/t{n}/FZ-B0{item}'][value='3']")
        page.click("[data-act=next-target]")
    page.wait_for_timeout(500)
    waits, work = zip(*(page.evaluate("delays") or [(0, 0)]), strict=True)
    page.context.close()
    return {"longest_wait_ms": round(max(waits), 1), "longest_handler_ms": round(max(work), 1), "slow_events": len(waits)}


def publish_large(home: Home) -> str:
    """Open a ballot of 25 targets; return a code."""
    people = [Target(name=f"t{n}", label=Text(zh=f"某同志{n}")) for n in range(1, 26)]
    return publish(home, "FZ", "large", targets=people, counts={"A": 2}, url="http://127.0.0.1").slips[0][0]


def stock_notebook(folder: Path) -> Path:
    code = "import ipywidgets\nipywidgets.Label('ready for use')"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "label.ipynb"
    nbformat.write(book, path)
    return path


def run() -> dict:
    found = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Home.at(Path(folder) / "home")
        publish(home, "MY", "my", url="http://127.0.0.1")
        code = publish_large(home)
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        port, start = free_port(), "[data-act=start]"
        forms = [sys.executable, "-m", "zuofeng_survey.cli", "serve", "--port", str(port), "--home", str(home.path)]
        site = f"http://127.0.0.1:{port}"
        with running(forms, f"{site}/health"):
            large = f"{site}/p/large#{code}"
            found["ballot_25x9_390px"] = input_delays(browser, large, slower=1)
            found["ballot_25x9_390px_slowed"] = input_delays(browser, large, slower=4)
            found["plain"] = several(browser, f"{site}/p/my", start)
            found["plain_slowed"] = several(browser, f"{site}/p/my", start, slowed=True)
            visit(browser, f"{site}/voila/render/MY.ipynb", start, slowed=False)
            time.sleep(5)
            found["voila"] = several(browser, f"{site}/voila/render/MY.ipynb", start)
            found["voila_slowed"] = several(browser, f"{site}/voila/render/MY.ipynb", start, slowed=True, n=3)
        book, port = stock_notebook(Path(folder)), free_port()
        stock = [sys.executable, "-m", "voila", str(book), f"--port={port}", "--no-browser", "--preheat_kernel=True", "--pool_size=2"]
        label = "text=ready for use"
        with running(stock, f"http://127.0.0.1:{port}/", cwd=folder):
            time.sleep(8)
            found["stock_voila_one_label"] = several(browser, f"http://127.0.0.1:{port}/", label)
            found["stock_voila_one_label_slowed"] = several(browser, f"http://127.0.0.1:{port}/", label, slowed=True, n=1)
        browser.close()
    found["voila_to_stock_ratio"] = found["voila"]["seconds"] / found["stock_voila_one_label"]["seconds"]
    return found
