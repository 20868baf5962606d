"""The evaluators' pages in a real browser: drawn without internet, shown literally, behind a token."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1
from playwright.sync_api import Browser, Page

from formserver import Reply, free_port
from frozen import deputies, opinions
from zuofeng_survey.web.passing import is_widget_message

HOSTILE = "<img src=x onerror=window.__xss=1>"
SCRIPT = "</script><script>window.__xss=1</script>"
TOKEN = "a-token-for-tests"
START = "import sys; from zuofeng_survey.web.results_server import serve_results; " \
        "serve_results(sys.argv[1], port=int(sys.argv[2]), token=sys.argv[3])"  # fmt: skip
Look = Callable[..., Page]


@dataclass
class Results:
    port: int
    log: Path
    nobody: Path

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str) -> Reply:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("GET", path)
            reply = connection.getresponse()
            return Reply(reply.status, reply.headers, reply.read())


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    folder = tmp_path_factory.mktemp("views")
    datasets = folder / "datasets"
    deputies(datasets / "FZ-一", {"甲": 0.6, HOSTILE: 0.2, SCRIPT: -0.2, "丁": -1.6})
    deputies(datasets / "FZ-二", {"戊": 0.6, "己": 0.2, "庚": -1.6})
    towns = {"jia": ["5", "4", "3", "2"] * 8, "yi": ["4", "2"] * 10, "bing": ["5", "1", "3"]}
    opinions(datasets / "MY-一", towns)
    for year, merit in {2021: -1.2, 2022: -1.6}.items():
        deputies(datasets / f"FZ-辛乡-{year}", {"甲": 0.6, HOSTILE: 0.2, SCRIPT: -0.2, "丁": merit, "戊": 0.4})
    (datasets / "broken").mkdir()
    (datasets / "broken" / "manifest.json").write_text("{", encoding="utf-8")
    running = Results(free_port(), folder / "log", folder / "nobody")
    running.nobody.mkdir()
    command = [sys.executable, "-c", START, str(datasets), str(running.port), TOKEN]
    env = {**os.environ, "HOME": str(running.nobody)}
    with running.log.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=env, start_new_session=True)
    try:
        _wait(running, process)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _wait(running: Results, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        if process.poll() is not None:
            raise AssertionError(running.log.read_text())
        try:
            running.ask("/login")
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not come up")


@pytest.fixture
def look(browser: Browser, results: Results) -> Iterator[Look]:
    """Open a view; afterwards nothing may have run, been refused, or gone to another host."""
    contexts, asked, said = [], [], []

    def _look(view: str, *, width: int = 1280, scope: str = "乡镇") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 1000})
        contexts.append(context)
        context.on("request", lambda request: asked.append(request.url))
        context.on("console", lambda message: said.append(message.text))
        page = context.new_page()
        page.on("websocket", lambda ws: asked.append(ws.url))
        page.on("dialog", lambda dialog: said.append(f"Error: dialog {dialog.message}"))
        page.on("pageerror", lambda error: said.append(f"Error: {error}"))
        page.goto(f"{results.base}/voila/render/{view}.ipynb?token={TOKEN}", timeout=120_000)
        if view == "rules":
            page.get_by_text("排名范围还没有选定").wait_for(timeout=60_000)
            if not scope:
                return page
            pick(page, "排名范围", scope)
        page.wait_for_selector(".zf-chart svg .mark-rect path", timeout=60_000)
        return page

    yield _look
    for context in contexts:
        assert [c["expires"] for c in context.cookies()] == [-1]
        assert all(p.evaluate("window.__xss") is None for p in context.pages)
        context.close()
    strange = [u for u in asked if urlsplit(u).scheme not in ("data", "blob")
               and urlsplit(u).netloc != urlsplit(results.base).netloc]  # fmt: skip
    assert strange == []
    assert [s for s in said if "Content Security Policy" in s or "Error:" in s] == []


def pick(page: Page, label: str, option: str) -> None:
    box = page.get_by_label(label, exact=True)
    box.select_option(label=next(t for t in box.locator("option").all_inner_texts() if option in t))


# ── the ranking ───────────────────────────────────────────────────────────────────────────────


def test_the_ranking_is_drawn_and_said(look):
    page = look("ranking")
    charts = page.locator(".zf-chart svg")
    assert charts.count() == 2
    assert min(charts.nth(i).bounding_box()["width"] for i in range(2)) > 300
    text = page.locator(".zf-view").inner_text()
    places = [
        text.index(w)
        for w in (
            "如何提出异议",
            "数据指纹",
            "收回情况",
            "后2位",
            "名次范围",
            "总体评价等次分布",
            "换一种算法",
        )
    ]
    assert places == sorted(places)
    assert page.evaluate("location.search") == ""


def test_names_are_shown_literally(look):
    page = look("ranking")
    assert page.get_by_role("cell", name=HOSTILE).count() >= 2
    assert page.locator(".zf-chart svg text", has_text=HOSTILE[:14]).count() >= 2
    assert page.locator("img[src=x]").count() == 0
    page.locator(".zf-chart svg .mark-symbol path").nth(1).hover()
    page.wait_for_selector("#vg-tooltip-element.visible")
    assert page.locator("#vg-tooltip-element img").count() == 0


def test_another_dataset_is_shown_on_request(look):
    page = look("ranking")
    pick(page, "数据集", "FZ-二")
    page.get_by_role("cell", name="戊").first.wait_for()
    assert page.get_by_role("cell", name="甲").count() == 0
    page.locator(".zf-chart svg text", has_text="戊").first.wait_for()


@pytest.mark.parametrize("view", ["ranking", "opinion", "plan", "rules"])
def test_a_phone_scrolls_down_only(look, view):
    page = look(view, width=390)
    page.wait_for_timeout(500)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    for chart in page.locator(".zf-chart svg").all():
        box = chart.bounding_box()
        assert 250 < box["width"] <= 390 and box["x"] + box["width"] <= 392


@pytest.mark.parametrize("view", ["ranking", "opinion", "plan", "rules"])
def test_no_serious_violation_of_accessibility(look, view):
    found = Axe().run(look(view)).response["violations"]
    assert [
        (v["id"], v["nodes"][0]["html"][:200])
        for v in found
        if v["impact"] in ("serious", "critical")
    ] == []


# ── the rules over years ──────────────────────────────────────────────────────────────────────


def test_nobody_is_named_before_the_scope_is_chosen(look):
    page = look("rules", scope="")
    text = page.locator(".zf-view").inner_text()
    assert text.index("如何提出异议") < text.index("还没有选定") < text.index("凭运气")
    assert "丁" not in text and page.locator(".zf-chart svg").count() == 0
    assert {"乡镇（街道）内", "全县"} <= set(page.get_by_role("cell").all_inner_texts())


def test_the_list_carries_its_evidence_and_there_is_nothing_to_decide_with(look):
    page = look("rules")
    assert page.locator(".zf-chart svg").count() == 2
    text = page.locator(".zf-view").inner_text()
    said = ("如何提出异议", "年拟提请研究名单", "每个人的证据", "改变末位名单", "等次分布（绝对", "会议纪要号", "所用常量及来源")
    assert [text.index(w) for w in said] == sorted(text.index(w) for w in said)
    assert page.get_by_role("button").count() == 0 and page.get_by_role("textbox").count() == 0
    assert page.get_by_role("cell", name="丁", exact=True).count() == 1
    page.get_by_label("逐人查看").select_option(index=1)
    page.wait_for_timeout(500)
    assert page.get_by_role("cell", name=HOSTILE).count() + page.get_by_role("cell", name=SCRIPT).count() >= 1
    assert page.locator("img[src=x]").count() == 0


# ── the survey ────────────────────────────────────────────────────────────────────────────────


def test_groups_that_are_small_stay_hidden(look):
    page = look("opinion")
    pick(page, "分组", "乡（镇、街道）")
    pick(page, "方面", "总体满意")
    rows = page.locator("table", has_text="分组汇总").locator("tr")
    rows.get_by_role("cell", name="甲镇").wait_for()
    said = {r.split("\t")[0]: r.split("\t")[1] for r in rows.all_inner_texts()[1:]}
    assert said == {"甲镇": "32", "乙镇": "—", "丙镇": "—"}
    assert page.locator(".zf-chart svg text", has_text="丙镇").count() == 0


# ── before anyone votes ───────────────────────────────────────────────────────────────────────


def test_a_plan_is_computed_again_on_request_and_the_same_inputs_give_the_same_numbers(look):
    page = look("plan")
    said = page.locator(".zf-verdict").inner_text()
    assert "一年 24 人、连续两年 8 人、连续三年 2.7 人" in said
    assert page.locator(".zf-chart svg").count() == 2
    page.get_by_label("每个范围的对象", exact=True).fill("8")
    pick(page, "真实差距", "水平完全一样")
    page.get_by_role("button", name="重新计算").click()
    page.get_by_text("评 8 名对象").wait_for(timeout=60_000)
    assert "完全评对的会议约占 0%" in page.locator(".zf-verdict").inner_text()
    page.get_by_label("每个范围的对象", exact=True).fill("6")
    pick(page, "真实差距", "差距一般")
    page.get_by_role("button", name="重新计算").click()
    page.get_by_text("评 6 名对象").wait_for(timeout=60_000)
    assert page.locator(".zf-verdict").inner_text() == said


def test_an_impossible_plan_is_said(look):
    page = look("plan")
    page.get_by_label("后几位", exact=True).fill("6")
    page.get_by_role("button", name="重新计算").click()
    page.get_by_text("要小于每个范围的对象数").wait_for()


# ── the door ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path",
    ["/", *(f"/voila/render/{view}.ipynb" for view in ("ranking", "opinion", "plan", "rules"))],
)
def test_without_the_token_there_is_only_the_door(results, path):
    reply = results.ask(path)
    assert reply.status == 302 and reply.headers["Location"].startswith("/login")
    assert results.ask(f"{path}?token=wrong").status == 302


def test_the_door_opens_to_the_token_typed_in_and_speaks_chinese(browser: Browser, results):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{results.base}/")
    for token, sentence in (("wrong", "令牌不对"), (TOKEN, "名次不是结论")):
        page.get_by_label("令牌").fill(token)
        page.get_by_role("button", name="进入").click()
        page.get_by_text(sentence).wait_for()
    assert urlsplit(page.url).path == "/" and "Strict" in {c["sameSite"] for c in page.context.cookies()}
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto(f"{results.base}/nothing")
    page.get_by_text("没有这个页面").wait_for()
    page.context.close()


@pytest.mark.parametrize("path", ["/api/kernels/0-0-0-0-0", "/api/kernels/0-0-0-0-0/channels"])
def test_without_the_token_there_is_no_kernel(results, path):
    assert results.ask(path).status == 403


@pytest.mark.parametrize(
    "path",
    ["/voila/files/ranking.ipynb", "/voila/tree", "/voila/api/contents", "/api/contents", "/files/x", "/api/kernels",
     "/voila/render/../../pyproject.toml", "/voila/render/nothing.ipynb", "/voila/render/desk/ledgers.ipynb",
     "/voila/render/desk%2Fledgers.ipynb"],
)  # fmt: skip
def test_nothing_else_is_served(results, path):
    mark = "&" if "?" in path else "?"
    assert results.ask(f"{path}{mark}token={TOKEN}").status in (404, 405)


def test_the_front_page_names_the_views(results):
    reply = results.ask(f"/?token={TOKEN}")
    body = reply.body.decode()
    assert reply.status == 200 and "/voila/render/ranking.ipynb" in body and "测评结果" in body
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]


def test_nothing_is_kept_of_who_looked(look, results):
    look("ranking")
    assert "127.0.0.1 " not in results.log.read_text() and TOKEN not in results.log.read_text()
    assert list(results.nobody.rglob("history.sqlite")) == []


def message(kind: str, channel: str = "shell", **content: str) -> bytes:
    parts = [json.dumps(p).encode() for p in ({"msg_type": kind}, {}, {}, content)]
    return serialize_msg_to_ws_v1(parts, channel)


@pytest.mark.parametrize(
    ("raw", "passes"),
    [
        (message("comm_msg", comm_id="1"), True),
        (message("kernel_info_request"), True),
        (message("comm_open", target_name="jupyter.widget.control"), True),
        (message("comm_open", target_name="jupyter.widget"), False),
        (message("execute_request", code="1"), False),
        (message("shutdown_request"), False),
        (message("comm_msg", "control"), False),
        (message("comm_msg", pad="x" * 300_000), False),
        (b"", False),
        (b"\x00" * 64, False),
        (b"\xff" * 64, False),
    ],
)
def test_pages_send_widget_messages_only(raw, passes):
    assert is_widget_message(raw) == passes


def test_a_taken_port_is_said(results, tmp_path):
    command = [sys.executable, "-c", START, str(tmp_path), str(results.port), TOKEN]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and "[port-taken]" in done.stderr


def test_where_no_token_is_given_one_is_made_and_said(tmp_path):
    port = free_port()
    code = f"from zuofeng_survey.web.results_server import serve_results as s; s({str(tmp_path)!r}, port={port})"
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    try:
        said = process.stderr.readline()
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert len(said.partition("?token=")[2].strip()) >= 32
