"""All eight forms, in both hosts, on a phone and at a desk."""

from __future__ import annotations

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from filling import by_keyboard, cast, enter_code, fill_in
from playwright.sync_api import Page, expect

from formserver import FORMS, Running
from zuofeng_survey.seal import Key, Opener
from zuofeng_survey.store import Store

HOSTS = {"plain": "/p/{poll}", "voila": "/voila/render/{form}.ipynb?poll={poll}"}


def address(host: str, form: str) -> str:
    return HOSTS[host].format(form=form, poll=form.lower())


def no_serious(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    bad = [v for v in found if v["impact"] in ("serious", "critical")]
    assert [(v["id"], [n["html"] for n in v["nodes"]][:3]) for v in bad] == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_filled_and_cast(visit, server: Running, form: str, host: str, width: int):
    poll, before = form.lower(), server.count(form.lower())
    page = visit(address(host, form), width=width)
    if server.slips[poll]:
        enter_code(page, server.code(poll))
    fill_in(page)
    receipt = cast(page)
    assert server.count(poll) == before + 1
    assert server.ask("GET", f"/p/{poll}/receipts/{receipt}").json == {"counted": True}
    assert page.evaluate("[sessionStorage.length, localStorage.length]") == [0, 0]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_sealed_is_what_was_clicked(visit, server: Running):
    page = visit(f"/p/fz#{server.code('fz', 'B')}", width=390)
    page.click("[data-act=start]")
    page.get_by_role("radio", name="人员1 政治素质 较好").check()
    page.get_by_role("radio", name="人员1 总体评价 优秀").check()
    page.click("[data-act=next]")
    page.fill("textarea", "写给票箱的话")
    page.click("[data-act=review]")
    cast(page)
    key = Key.loads((server.home.path / "keys" / "fz.key").read_text())
    store = Store.of(server.home, "fz")
    ballots = [Opener(key).open(e.box)["answers"] for e in store.envelopes()]
    store.dispose()
    expected = {"B": {"t1": {"FZ-B01": "3", "FZ-B09": "4"}}, "FZ-R01": "写给票箱的话"}
    assert ballots.count(expected) == 1


def test_a_ballot_can_be_cast_with_the_keyboard_alone(visit, server: Running):
    before = server.count("fz")
    page = visit("/p/fz", width=390)
    by_keyboard(page, server.code("fz"))
    assert server.count("fz") == before + 1


def test_a_voila_form_can_be_cast_with_the_keyboard_alone(visit, server: Running):
    before = server.count("sj")
    page = visit("/voila/render/SJ.ipynb?poll=sj")
    page.wait_for_selector("[name=code]")
    by_keyboard(page, server.code("sj"))
    assert server.count("sj") == before + 1


def test_the_code_behind_the_hash_is_taken_out_of_the_address(visit, server: Running):
    code = server.code("fz")
    page = visit(f"/p/fz#{code}")
    page.wait_for_selector("[data-act=start]")
    assert page.url == f"{server.base}/p/fz"
    fill_in(page)
    cast(page)
    kept = page.evaluate("JSON.stringify([{ ...sessionStorage }, { ...localStorage }])")
    assert json.loads(kept) == [{}, {}]


def test_self_inspection_shows_a_profile_that_only_its_kernel_computed(visit, server: Running):
    page = visit("/voila/render/ZC.ipynb?poll=zc", width=390)
    fill_in(page)
    cast(page)
    profile = page.locator(".zf-profile")
    expect(profile).to_contain_text("四查")
    expect(profile).to_contain_text("六个方面")
    assert profile.locator("li").count() == 10
    no_serious(page)


def test_a_form_finds_its_only_open_poll_by_itself(visit, server: Running):
    page = visit("/voila/render/TL.ipynb")
    expect(page.locator("h1")).to_contain_text("假如我是县委书记")
    assert not page.locator(".zf-preview").count()


@pytest.mark.parametrize("path", ["/", "/p/fz", "/p/my", "/nope", "/voila/render/MY.ipynb"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_accessibility_fault(visit, path: str, scheme: str):
    page = visit(path, width=390, color_scheme=scheme)
    page.wait_for_selector("h1")
    no_serious(page)
