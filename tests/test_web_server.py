"""The form server from outside: every answer of docs/api.md, and what must never be answered."""

from __future__ import annotations

import datetime as dt
import gzip
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from formserver import START, Running, free_port, new_server, publish
from zuofeng_survey.codes import new_code
from zuofeng_survey.dataset import freeze
from zuofeng_survey.errors import UsageError
from zuofeng_survey.seal import Key
from zuofeng_survey.store import Home, Store
from zuofeng_survey.web.server import _load_jupyter_server_extension, serve

TODAY = dt.date.today()
DAY = dt.timedelta(days=1)
GOOD = {"B": {"t1": {"FZ-B01": "4", "FZ-B09": "3"}, "t2": {}}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = new_server(tmp_path_factory.mktemp("web"), ("FZ", "MY", "ZC"))
    publish(running, "FZ", "春季测评")
    publish(running, "MY", "later", days=(TODAY + DAY, None))
    publish(running, "MY", "over", days=(None, TODAY - DAY))
    running.start(ready=0)
    yield running
    running.stop()


# ── what a form needs ─────────────────────────────────────────────────────────────────────────


def test_health_says_ok(server: Running):
    assert server.ask("GET", "/health").json == {"status": "ok"}


def test_the_definition_has_everything_that_the_contract_names(server: Running):
    found = server.ask("GET", "/p/fz/definition.json").json
    assert {"poll", "form_id", "version", "today", "title", "instructions", "thanks", "minutes",
            "anonymity", "anonymity_note", "access", "open", "default_language", "long_form",
            "profile", "targets", "choices", "survey", "messages"} == set(found)  # fmt: skip
    assert (found["access"], found["open"], found["long_form"]) == ("codes", True, False)
    assert found["today"] == TODAY.isoformat()


def test_the_plain_page_carries_the_same_definition(server: Running):
    page = server.ask("GET", "/p/fz").body.decode()
    inside = re.search(r'id="zf-definition">(.*?)</script>', page)
    assert inside
    assert json.loads(inside[1]) == server.ask("GET", "/p/fz/definition.json").json


def test_a_poll_with_a_chinese_name_is_found(server: Running):
    assert server.ask("GET", "/p/%E6%98%A5%E5%AD%A3%E6%B5%8B%E8%AF%84").status == 200


def test_the_front_page_lists_open_polls_only(server: Running):
    page = server.ask("GET", "/").body.decode()
    assert "/p/fz" in page and "/p/my" in page and "/voila/render/FZ.ipynb" in page
    assert "/p/later" not in page and "/p/over" not in page


def test_a_form_finds_its_open_polls(server: Running):
    assert [p["poll"] for p in server.ask("GET", "/forms/MY/polls").json] == ["my"]
    assert server.ask("GET", "/forms/NO/polls").json == []


# ── codes ─────────────────────────────────────────────────────────────────────────────────────


def test_a_code_tells_its_class_and_whom_it_may_rate(server: Running):
    found = server.ask("POST", "/p/fz/code", {"code": server.code("fz", "A")})
    assert found.status == 200
    assert found.json["voter_class"]["name"] == "A"
    assert found.json["targets"] == ["t1", "t2", "t3"]


def test_a_mistyped_code_is_told_as_such(server: Running):
    found = server.ask("POST", "/p/fz/code", {"code": "AAAA-BBBB-CCCC-DDDD-E"})
    assert (found.status, found.codes) == (403, ["code-mistyped"])


def test_used_unknown_and_foreign_codes_are_answered_alike(server: Running):
    used = server.code()
    assert server.cast(GOOD, code=used).status == 201
    other = server.code("春季测评")
    refused = (used, other, new_code())
    answers = {server.ask("POST", "/p/fz/code", {"code": c}).body for c in refused}
    casts = [server.cast(GOOD, code=c) for c in refused]
    assert len(answers) == 1
    assert len({c.body for c in casts}) == 1
    assert {c.status for c in casts} == {403}


@pytest.mark.parametrize("code", ["", None, 7, ["x"], {"a": 1}])
def test_a_poll_with_codes_wants_one(server: Running, code: object):
    body = {"ballot_id": os.urandom(16).hex(), "code": code, "answers": GOOD}
    assert server.ask("POST", "/p/fz/ballots", body).status in (403, 422)


# ── casting ───────────────────────────────────────────────────────────────────────────────────


def test_a_ballot_is_cast_once_and_its_receipt_found(server: Running):
    before = server.count("fz")
    found = server.cast(GOOD)
    assert found.status == 201
    assert re.fullmatch(
        r"(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", found.json["receipt"]
    )
    assert server.count("fz") == before + 1
    receipt = server.ask("GET", f"/p/fz/receipts/{found.json['receipt'].lower()}")
    assert receipt.json == {"counted": True}


def test_the_same_again_gives_the_same_receipt(server: Running):
    code, ballot_id = server.code(), os.urandom(16).hex()
    first = server.cast(GOOD, code=code, ballot_id=ballot_id)
    again = [server.cast(GOOD, code=code, ballot_id=ballot_id) for _ in range(5)]
    assert {a.status for a in again} == {200}
    assert {a.body for a in again} == {first.body}


def test_the_same_id_with_other_content_is_refused(server: Running):
    code, ballot_id = server.code(), os.urandom(16).hex()
    server.cast(GOOD, code=code, ballot_id=ballot_id)
    found = server.cast({"B": {"t1": {"FZ-B01": "1"}}}, code=code, ballot_id=ballot_id)
    assert (found.status, found.codes) == (409, ["ballot-conflict"])


def test_an_invalid_ballot_names_every_item_and_burns_no_code(server: Running):
    code = server.code()
    bad = {"B": {"t1": {"FZ-B01": "7"}, "nobody": {}}, "FZ-X": "1"}
    found = server.cast(bad, code=code)
    assert found.status == 422
    assert set(found.codes) == {"not-a-choice", "unknown-target", "unknown-item"}
    assert all(e["zh"] and e["en"] and e["item"] for e in found.json["errors"])
    assert server.cast(GOOD, code=code).status == 201


def test_an_open_poll_takes_ballots_without_a_code(server: Running):
    assert server.cast({"MY-L00": ["none"]}, poll="my", code="").status == 201


def test_sixty_four_at_once_with_one_code_make_one_ballot(server: Running):
    code, before = server.code(), server.count("fz")
    with ThreadPoolExecutor(16) as crowd:
        found = [r.status for r in crowd.map(lambda _: server.cast(GOOD, code=code), range(64))]
    assert sorted(set(found)) == [201, 403]
    assert found.count(201) == 1
    assert server.count("fz") == before + 1


def test_half_a_surrogate_pair_is_refused_not_a_fault(server: Running):
    body = '{"ballot_id": "%s", "code": "%s", "answers": {"\\ud800": "\\udfff"}}'
    found = server.ask("POST", "/p/fz/ballots", (body % ("0" * 32, server.code())).encode())
    assert (found.status, found.codes) == (422, ["unknown-item"])


def test_what_is_not_open_says_so(server: Running):
    later, over = server.cast({}, poll="later", code=""), server.cast({}, poll="over", code="")
    assert (later.status, later.codes) == (403, ["poll-not-yet"])
    assert (over.status, over.codes) == (410, ["poll-closed"])
    assert server.ask("GET", "/p/over/definition.json").json["open"] is False


@pytest.mark.parametrize("path", ["definition.json", "receipts/0000-0000-0000-0000"])
def test_an_unknown_poll_is_not_found(server: Running, path: str):
    assert server.ask("GET", f"/p/nope/{path}").codes == ["poll-unknown"]
    assert server.cast(GOOD, poll="nope", code="").status == 404


@pytest.mark.parametrize(
    "receipt", ["0000-0000-0000-0000", "short", "U" * 16, "%C3%96" * 16, "%00"]
)
def test_an_unknown_receipt_is_not_found(server: Running, receipt: str):
    assert server.ask("GET", f"/p/fz/receipts/{receipt}").status == 404


# ── bodies that are not ballots ───────────────────────────────────────────────────────────────

BODIES = {
    b"": "body-json",
    b"{": "body-json",
    b"\xff\xfe": "body-json",
    b'{"answers": NaN}': "body-json",
    b'{"answers": {"x": 1e999}}': "body-json",
    b'{"answers": ' + b"9" * 5000 + b"}": "body-json",
    b"[]": "body-shape",
    b'"text"': "body-shape",
    b"null": "body-shape",
    b'{"code": "a", "code": "b"}': "body-duplicate",
    b'{"answers": {"B": {}, "B": {}}}': "body-duplicate",
    b'{"answers": ' + b"[" * 11 + b"]" * 11 + b"}": "body-too-deep",
    b"[" * 100_000: "body-too-deep",
    b'{"a":' * 30_000: "body-too-deep",
}


@pytest.mark.parametrize("body", BODIES, ids=lambda b: b[:24].decode(errors="replace"))
def test_a_body_that_is_not_a_sane_object_is_refused(server: Running, body: bytes):
    found = server.ask("POST", "/p/fz/ballots", body)
    assert (found.status, found.codes) == (400, [BODIES[body]])


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json_is_taken_for_json(server: Running, kind: str):
    assert server.ask("POST", "/p/fz/code", b"{}", {"Content-Type": kind}).status == 400


@pytest.mark.parametrize("size", [256 * 1024 + 1, 3_000_000])
def test_a_large_body_is_refused_with_an_answer(server: Running, size: int):
    body = b'{"answers": "' + b"x" * size + b'"}'
    for path in ("/p/fz/ballots", "/p/fz/code", "/anything"):
        found = server.ask("POST", path, body)
        assert (found.status, found.codes) == (413, ["body-too-large"])


def test_a_large_body_in_chunks_is_refused(server: Running):
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    chunks = (b"x" * 65536 for _ in range(20))
    line.request("POST", "/p/fz/ballots", chunks, {"Content-Type": "application/json"})
    assert line.getresponse().status == 413
    line.close()


def test_another_site_may_not_cast(server: Running):
    body = {"ballot_id": os.urandom(16).hex(), "code": server.code(), "answers": GOOD}
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"},
                    {"Origin": "null"}):  # fmt: skip
        found = server.ask("POST", "/p/fz/ballots", body, headers)
        assert (found.status, found.codes) == (403, ["other-origin"])
    assert server.ask("POST", "/p/fz/ballots", body, {"Origin": server.base}).status == 201


# ── what every answer carries, and what none does ─────────────────────────────────────────────

PAGES = ["/", "/p/fz", "/p/nope", "/nope", "/health", "/p/fz/definition.json", "/forms/FZ/polls",
         "/voila/render/NOPE.ipynb"]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_is_private_and_strict(server: Running, path: str):
    headers = server.ask("GET", path, headers={"Cookie": "a=b"}).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert not {"Set-Cookie", "Server", "Etag"} & set(headers)


def test_scripts_and_styles_are_kept_by_browsers_and_compressed(server: Running):
    page = server.ask("GET", "/p/fz").body.decode()
    urls = set(re.findall(r'"(/zf/[^"]+)"', page))
    assert len(urls) == 3
    for url in urls:
        found = server.ask("GET", url, headers={"Accept-Encoding": "gzip"})
        assert found.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert gzip.decompress(found.body) == server.ask("GET", url).body


def test_the_plain_page_is_light(server: Running):
    ask = {"Accept-Encoding": "gzip"}
    page = server.ask("GET", "/p/fz", headers=ask)
    urls = re.findall(r'"(/zf/[^"]+)"', gzip.decompress(page.body).decode())
    total = len(page.body) + sum(len(server.ask("GET", u, headers=ask).body) for u in set(urls))
    assert total < 60_000


TRAVERSALS = ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/polls/fz/poll.db",
              "....//....//pepper", "..%5c..%5cpepper", "%252e%252e%252fpepper", "fz/../../pepper",
              "/etc/passwd", "%00", "fz%00.json", "FZ.yaml", "home/pepper", ".git/config"]  # fmt: skip
PREFIXES = ["/", "/p/", "/zf/", "/forms/", "/voila/render/", "/voila/files/", "/voila/static/",
            "/voila/templates/lab/static/", "/api/contents/", "/static/", "/files/",
            "/voila/api/themes/", "/voila/labextensions/"]  # fmt: skip


@pytest.mark.parametrize("prefix", PREFIXES)
def test_no_path_leads_to_a_file(server: Running, prefix: str):
    for tail in TRAVERSALS:
        found = server.ask("GET", prefix + tail)
        assert found.status in (400, 404), (prefix + tail, found.status)
        assert b"root:" not in found.body


@pytest.mark.parametrize("path", ["/api/kernels", "/api/contents", "/login", "/metrics", "/tree",
                                  "/voila/tree", "/api/sessions", "/api/terminals"])  # fmt: skip
def test_nothing_of_jupyter_s_own_is_served(server: Running, path: str):
    assert server.ask("GET", path).status == 404
    assert server.ask("POST", path, {}).status == 404
    assert server.ask("DELETE", path).status == 404


def test_the_log_knows_neither_visitors_nor_codes_nor_answers(server: Running):
    canary, code = "CanaryAgent/203.0.113.7", server.code()
    headers = {"User-Agent": canary, "X-Forwarded-For": "203.0.113.7", "X-Real-IP": "203.0.113.7"}
    for path in ("/p/fz", "/nope", "/p/fz/code", "/voila/render/NOPE.ipynb"):
        server.ask("GET", path, headers=headers)
    server.ask("POST", "/p/fz/ballots", {"code": code, "answers": canary}, headers)
    server.ask("POST", "/p/fz/ballots", b"garbage CanaryAgent", headers)
    everything = b"".join(f.read_bytes() for f in server.home.path.parent.rglob("*") if f.is_file())
    for word in (canary, "203.0.113.7", code, "127.0.0.1 ", "CanaryAgent"):
        assert word.encode() not in everything


def test_no_answer_lies_in_the_home_in_the_clear(server: Running):
    words = "暗号—海棠依旧"
    assert server.cast({**GOOD, "FZ-R01": words}).status == 201
    for file in server.home.path.rglob("*"):
        if file.is_file():
            assert words.encode() not in file.read_bytes(), file


# ── the end of a poll, and of a server ────────────────────────────────────────────────────────


def test_a_poll_frozen_while_the_server_runs_is_noticed(server: Running):
    publish(server, "FZ", "short")
    receipt = server.cast(GOOD, poll="short").json["receipt"]
    code = server.code("short")
    store = Store.of(server.home, "short")
    key = Key.loads((server.home.path / "keys" / "short.key").read_text())
    freeze(store, key)
    assert server.ask("GET", "/p/short").status == 410
    assert server.cast(GOOD, poll="short", code=code).codes == ["poll-closed"]
    assert server.ask("GET", f"/p/short/receipts/{receipt}").json == {"counted": True}
    assert server.ask("GET", "/p/short/receipts/0000-0000-0000-0000").status == 404


def test_a_server_killed_and_started_again_knows_what_it_acknowledged(server: Running):
    code, ballot_id = server.code(), os.urandom(16).hex()
    receipt = server.cast(GOOD, code=code, ballot_id=ballot_id).body
    server.stop(signal.SIGKILL)
    server.start()
    again = server.cast(GOOD, code=code, ballot_id=ballot_id)
    assert (again.status, again.body) == (200, receipt)


def test_a_box_that_cannot_be_read_is_told_without_its_path(server: Running):
    publish(server, "FZ", "broken")
    (server.home.folder("broken") / "poll.db").write_bytes(b"no database" * 1000)
    found = server.cast(GOOD, poll="broken", code=server.code("broken"))
    assert found.status == 503
    assert str(server.home.path).encode() not in found.body
    assert server.ask("GET", "/").status == 200


def test_a_taken_port_is_a_sentence(server: Running):
    command = [sys.executable, "-c", START, str(server.home.path), str(server.port), "{}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0
    assert "port-taken" in done.stderr


def test_a_missing_folder_of_notebooks_is_a_sentence(tmp_path):
    with pytest.raises(UsageError) as error:
        serve(Home.at(tmp_path), port=free_port(), notebooks=tmp_path / "none")
    assert error.value.code == "notebooks-missing"


def test_it_refuses_to_run_inside_a_jupyter_server():
    with pytest.raises(UsageError) as error:
        _load_jupyter_server_extension(None)
    assert error.value.code == "not-in-lab"
