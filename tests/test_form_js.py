"""The form module in a real Chromium, with a host that lives in the page instead of a server."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import zuofeng_survey
from zuofeng_survey import answers, codes
from zuofeng_survey.errors import AnswersInvalid
from zuofeng_survey.questionnaire import loads
from zuofeng_survey.web import module
from zuofeng_survey.web.definition import preview_definition

STATIC = Path(zuofeng_survey.__file__).parent / "web" / "static"
DEFINITIONS = Path(__file__).parent / "fixtures" / "definitions"
RECEIPT = "7K2M-9QXA-33PD-V0TE"
PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>form</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/form.css"></head><body><div id="form"></div>
<script type="module">
import * as module from "/form.js";
import * as checks from "/answers.js";
Object.assign(window, { module, checks, sent: [], ...SETTINGS });
const host = {
  storageKey: "zf:test", ownsPage: true, ping: async () => !window.down, ...window.host,
  submit: async (ballot) => {
    window.sent.push(ballot);
    return window.down ? { status: 0, body: null } : window.reply ?? { status: 201, body: { receipt: "RECEIPT" } };
  },
  checkCode: async () => window.codeReply,
};
window.form = module.mount(document.getElementById("form"), window.definition, host);
</script></body></html>"""

Open = Callable[..., Page]


class _Static(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="session")
def static() -> Iterator[str]:
    handler = functools.partial(_Static, directory=str(STATIC))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def definition_of(name: str, **changes: Any) -> dict[str, Any]:
    return json.loads((DEFINITIONS / f"{name}.json").read_text(encoding="utf-8")) | changes


def open_ballot(**changes: Any) -> dict[str, Any]:
    return definition_of("ballot", access="open", **changes)


@pytest.fixture
def show(browser: Browser, static: str) -> Iterator[Open]:
    """Open the form of a definition; keyword arguments become globals of the page."""
    contexts = []

    def _show(definition: Any, *, width: int = 1280, at: str = "/form", **settings: Any) -> Page:
        whole = definition if isinstance(definition, dict) else definition_of(definition)
        scheme = settings.pop("scheme", "light")
        context = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=scheme, locale="zh-CN"
        )
        contexts.append(context)
        context.set_default_timeout(4000)
        page = context.new_page()
        page.errors = []  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: page.errors.append(str(error)))  # type: ignore[attr-defined]
        globals_ = json.dumps(settings | {"definition": whole}).replace("<", "\\u003c")
        body = PAGE.replace("SETTINGS", globals_).replace("RECEIPT", RECEIPT)
        page.route("**/form", lambda route: route.fulfill(body=body, content_type="text/html"))
        page.goto(static + at)
        return page

    yield _show
    thrown = [error for c in contexts for page in c.pages for error in page.errors]
    for context in contexts:
        context.close()
    assert thrown == []


def act(page: Page, *names: str) -> None:
    for name in names:
        page.click(f"[data-act={name}]")


def mark(page: Page, **answers_of: str) -> None:
    for name, value in answers_of.items():
        page.click(f"input[name='{name.replace('_', '-')}'][value='{value}']")


def rate(page: Page, target: str, item: str, value: str) -> None:
    page.click(f"input[name='B/{target}/{item}'][value='{value}']")


def sent(page: Page) -> list[dict[str, Any]]:
    return page.evaluate("sent")


def stores(page: Page) -> list[int]:
    return page.evaluate("[sessionStorage.length, localStorage.length]")


def finish(page: Page) -> dict[str, Any]:
    act(page, "cast")
    expect(page.locator(".zf-receipt")).to_have_text(RECEIPT)
    return sent(page)[-1]["answers"]


# The whole way


@pytest.mark.parametrize("width", [1280, 390])
def test_a_ballot_is_filled_in_reviewed_and_cast(show: Open, width: int) -> None:
    page = show(open_ballot(), width=width)
    act(page, "start")
    rate(page, "jia-A", "FZ-B01", "4")
    rate(page, "jia-A", "FZ-B09", "9")
    act(page, "next")
    page.fill("[name=FZ-R01]", "事实")
    act(page, "review")
    expect(page.locator(".zf-review section").first).to_contain_text("政治素质")
    expect(page.locator(".zf-review section").nth(1)).to_contain_text("弃权")
    expected = {"B": {"jia-A": {"FZ-B01": "4", "FZ-B09": "9"}}, "FZ-R01": "事实"}
    assert finish(page) == expected
    assert page.inner_text(".zf-page").endswith("打印")
    assert stores(page) == [0, 0]
    assert len(sent(page)[0]["ballot_id"]) == 32


def test_every_type_is_sent_in_the_shape_of_the_interface(show: Open) -> None:
    page = show("every_type")
    act(page, "start")
    mark(page, KT_A1="5", KT_A2="other", KT_A4="a")
    page.fill("[name=KT-A2_other]", "务工人员")
    page.fill("[name='KT-A5/a']", "等了两个月")
    act(page, "next")
    page.fill("[name=KT-C1]", "１２")
    page.fill("[name=KT-C2]", "3.5")
    page.fill("[name=KT-C3]", "2020-12-31")
    for name in "yzx":
        page.click(f"button[name=KT-C4][value={name}]")
    act(page, "next")
    page.fill("[name='O/1/KT-O1']", "修路")
    act(page, "review")
    assert finish(page) == {
        "KT-A1": "5", "KT-A2": "other", "KT-A2_other": "务工人员", "KT-A4": ["a"],
        "KT-A5": {"a": "等了两个月"}, "KT-C1": 12, "KT-C2": 3.5, "KT-C3": "2020-12-31",
        "KT-C4": ["y", "z", "x"], "O": {"1": {"KT-O1": "修路"}},
    }  # fmt: skip


def test_groups_and_items_appear_while_their_condition_holds(show: Open) -> None:
    page = show("every_type")
    act(page, "start")
    expect(page.locator("[data-q=KT-A3]")).to_be_hidden()
    mark(page, KT_A1="1")
    page.fill("[name=KT-A3]", "太慢")
    assert "group/H" in page.evaluate("form.pages()")
    mark(page, KT_A1="5")
    expect(page.locator("[data-q=KT-A3]")).to_be_hidden()
    assert "group/H" not in page.evaluate("form.pages()")
    act(page, "next", "next", "review")
    assert finish(page) == {"KT-A1": "5"}


# Questions


def test_an_exclusive_choice_stands_alone(show: Open) -> None:
    page = show("every_type")
    act(page, "start")
    mark(page, KT_A4="a")
    mark(page, KT_A4="none")
    assert page.evaluate("form.state.answers['KT-A4']") == ["none"]
    expect(page.locator("[name=KT-A4][value=a]")).not_to_be_checked()
    expect(page.locator(".zf-live")).to_contain_text("调整")
    mark(page, KT_A4="b")
    assert page.evaluate("form.state.answers['KT-A4']") == ["b"]
    expect(page.locator("[name=KT-A4][value=none]")).not_to_be_checked()


def test_more_than_the_most_choices_is_said_at_once_and_at_the_question(show: Open) -> None:
    page = show("every_type")
    act(page, "start")
    for value in ("load", "role", "staff"):
        mark(page, KT_A6=value)
    expect(page.locator("[data-q=KT-A6] .zf-error")).to_contain_text("最多选 2 项")
    mark(page, KT_A6="role")
    expect(page.locator("[data-q=KT-A6] .zf-error")).to_be_empty()


def test_ranks_are_clicked_in_order_and_taken_back(show: Open) -> None:
    page = show("every_type")
    act(page, "start")
    mark(page, KT_A1="5")
    act(page, "next")
    place = page.locator("button[name=KT-C4]")
    for index in (2, 0, 1):
        place.nth(index).click()
    assert place.locator("b").all_inner_texts() == ["2", "3", "1"]
    place.nth(2).click()
    assert place.locator("b").all_inner_texts() == ["1", "2", ""]
    expect(page.locator(".zf-live")).to_have_text("公开办：未排")
    act(page, "next")
    expect(page.locator("[data-q=KT-C4] .zf-error")).to_contain_text("次序")


def test_a_repeated_text_follows_the_picked_choices(show: Open) -> None:
    page = show("every_type")
    act(page, "start")
    mark(page, KT_A4="a")
    page.fill("[name='KT-A5/a']", "慢")
    mark(page, KT_A4="c")
    assert page.locator("[data-q=KT-A5] textarea").count() == 2
    expect(page.locator("[name='KT-A5/a']")).to_have_value("慢")
    mark(page, KT_A4="none")
    assert page.locator("[data-q=KT-A5] textarea").count() == 0


def test_rows_are_added_removed_and_put_back(show: Open) -> None:
    page = show("every_type")
    act(page, "start")
    mark(page, KT_A1="5")
    act(page, "next", "next")
    page.fill("[name='O/1/KT-O1']", "一")
    act(page, "add-row")
    page.fill("[name='O/2/KT-O1']", "二")
    act(page, "add-row")
    expect(page.locator("[data-act=add-row]")).to_be_disabled()
    page.click("[data-act=remove-row][value='O/1']")
    assert page.locator("[data-row]").count() == 2
    act(page, "undo-row")
    expect(page.locator("textarea").first).to_have_value("一")
    page.click("[data-act=remove-row][value='O/1']")
    act(page, "review")
    assert finish(page)["O"] == {"1": {"KT-O1": "二"}}


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("KT-C1", "十二", "请填数字"),
        ("KT-C1", "1.5", "请填整数"),
        ("KT-C1", "201", "人数应在 1 到 200 之间"),
        ("KT-C2", "1,5", "请填数字"),
        ("KT-C5", "字" * 21, "最多 20 个字，现在 21 个"),
    ],
)
def test_what_is_wrong_is_said_at_the_question_and_focused(
    show: Open, name: str, typed: str, says: str
) -> None:
    page = show("every_type")
    act(page, "start")
    mark(page, KT_A1="5")
    act(page, "next")
    page.fill(f"[name={name}]", typed)
    act(page, "next")
    expect(page.locator(f"[data-q={name}] .zf-error")).to_contain_text(says)
    field = page.locator(f"[name={name}]")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    assert f"{name}-error" in (field.get_attribute("aria-describedby") or "")


def test_a_required_question_holds_the_page_and_lists_every_problem(show: Open) -> None:
    page = show("every_type")
    act(page, "start")
    for value in ("load", "role", "staff"):
        mark(page, KT_A6=value)
    act(page, "next")
    expect(page.locator(".zf-summary li")).to_have_count(2)
    expect(page.locator("[name=KT-A1]").first).to_be_focused()
    mark(page, KT_A1="5")
    expect(page.locator("[data-q=KT-A1] .zf-error")).to_be_empty()


# The ballot


def test_the_ballot_is_a_table_at_a_desk_and_a_card_on_a_phone(show: Open) -> None:
    page = show(open_ballot())
    act(page, "start")
    assert page.locator("table.zf-ballot input[type=radio]").count() == 4 * 9 * 5
    assert page.locator("input:checked").count() == 0
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".zf-card")).to_be_visible()
    assert page.locator("input[type=radio]").count() == 9 * 5
    assert page.evaluate("document.body.scrollHeight") < 1700


@pytest.mark.parametrize("width", [1280, 390])
def test_every_radio_is_named_by_person_item_and_choice(show: Open, width: int) -> None:
    page = show(open_ballot(), width=width)
    act(page, "start")
    page.get_by_role("radio", name="赵远 政治素质 不了解", exact=True).check()
    assert page.evaluate("form.state.answers.B") == {"jia-A": {"FZ-B01": "9"}}
    names = page.locator("input[type=radio]").evaluate_all("all => all.map(r => r.ariaLabel)")
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("width", [1280, 390])
def test_next_unrated_goes_on_from_the_last_mark_and_round(show: Open, width: int) -> None:
    page = show(open_ballot(), width=width)
    act(page, "start")
    rate(page, "jia-A", "FZ-B02", "4")
    expect(page.locator(".zf-count")).to_have_text("已评 1 / 总 36")
    focused = "document.activeElement.name"
    act(page, "next-unrated")
    assert page.evaluate(focused) == "B/jia-A/FZ-B03"
    page.evaluate("form.last = 'B/jia-A/FZ-B09'")
    act(page, "next-unrated")
    assert page.evaluate(focused) == "B/jia-B/FZ-B01"
    page.evaluate("form.last = 'B/jia-D/FZ-B09'")
    act(page, "next-unrated")
    assert page.evaluate(focused) == "B/jia-A/FZ-B01"


def test_a_mark_is_taken_back_by_a_later_click_not_by_a_double_click(show: Open) -> None:
    page = show(open_ballot())
    act(page, "start")
    radio = page.locator("input[name='B/jia-A/FZ-B01'][value='4']")
    radio.dblclick()
    expect(radio).to_be_checked()
    page.wait_for_timeout(650)
    radio.click()
    expect(radio).not_to_be_checked()
    expect(page.locator(".zf-count")).to_have_attribute("data-rated", "0")
    radio.check()
    radio.press("Delete")
    expect(radio).not_to_be_checked()


def test_cards_are_turned_and_show_how_far_each_person_is(show: Open) -> None:
    page = show(open_ballot(), width=390)
    act(page, "start", "next-target")
    expect(page.locator(".zf-card h3")).to_have_text("钱一鸣")
    rate(page, "jia-B", "FZ-B01", "3")
    expect(page.locator(".zf-where option:checked")).to_have_text("钱一鸣 1/9")
    page.select_option(".zf-where select", "jia-D")
    expect(page.locator("[data-act=next-target]")).to_be_disabled()
    act(page, "prev-target", "prev-target")
    expect(page.locator("input:checked")).to_have_value("3")
    act(page, "clear")
    assert page.locator("input:checked").count() == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_the_whole_ballot_works_by_keyboard(show: Open, width: int) -> None:
    page = show(open_ballot(targets=definition_of("ballot")["targets"][:1]), width=width)
    tab_to(page, "document.activeElement.dataset.act === 'start'")
    page.keyboard.press("Enter")
    tab_to(page, "document.activeElement.name === 'B/jia-A/FZ-B01'")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    tab_to(page, "document.activeElement.dataset.act === 'next'")
    page.keyboard.press("Enter")
    for name in ("review", "cast"):
        tab_to(page, f"document.activeElement.dataset.act === '{name}'")
        page.keyboard.press("Enter")
    expect(page.locator(".zf-receipt")).to_be_visible()
    assert sent(page)[0]["answers"] == {"B": {"jia-A": {"FZ-B01": "3"}}}


def tab_to(page: Page, condition: str) -> None:
    for _ in range(40):
        if page.evaluate(condition):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"not reached by Tab: {condition}")


def test_a_mark_changes_only_what_hangs_on_it(show: Open) -> None:
    """A card that is drawn anew at each mark makes a phone wait; how long it does: benchmarks/pages.py."""
    people = [{"name": f"t-{n}", "label": {"zh": f"某同志{n}"}, "note": None} for n in range(25)]
    page = show(open_ballot(targets=people), width=390)
    act(page, "start")
    page.evaluate("""() => { window.changed = []; new MutationObserver((all) => all.forEach((each) =>
      changed.push(...each.addedNodes))).observe(document.body, { subtree: true, childList: true }); }""")
    for item in ("FZ-B01", "FZ-B05", "FZ-B09"):
        rate(page, "t-0", item, "3")
    page.wait_for_timeout(300)
    added = page.evaluate("changed.map((node) => node.nodeName)")
    assert set(added) <= {"#text"} and len(added) <= 12


def test_the_form_costs_less_than_60_kb_over_the_wire() -> None:
    files = module.assets()
    assert sum(len(files[name].gzipped) for name in ("page.js", "form.js", "form.css")) < 60_000


# The draft


def test_a_draft_survives_reloading_and_can_be_cleared(show: Open) -> None:
    page = show("every_type")
    act(page, "start")
    mark(page, KT_A1="5")
    act(page, "next")
    page.fill("[name=KT-C5]", "还在")
    ballot = page.evaluate("form.state.ballot_id")
    page.reload()
    expect(page.locator(".zf-restored")).to_contain_text("已恢复")
    expect(page.locator("[name=KT-C5]")).to_have_value("还在")
    assert page.evaluate("form.state.ballot_id") == ballot
    page.on("dialog", lambda dialog: dialog.accept())
    act(page, "clear-draft")
    assert page.evaluate("[form.page, form.state.answers]") == ["start", {}]
    assert page.evaluate("form.state.ballot_id") != ballot


def test_a_long_form_is_kept_on_the_device_only_if_ticked(show: Open) -> None:
    page = show("every_type")
    act(page, "start")
    mark(page, KT_A1="5")
    act(page, "back")
    assert page.evaluate("localStorage.length") == 0
    page.check("[name=keep]")
    act(page, "start")
    kept = page.evaluate("JSON.parse(localStorage['zf:test'])")
    assert kept["answers"] == {"KT-A1": "5"} and "code" not in kept
    act(page, "next", "next", "review")
    finish(page)
    assert stores(page) == [0, 0]


def test_another_voters_code_on_the_same_phone_begins_another_ballot(show: Open) -> None:
    first, second = codes.new_code(), codes.new_code()
    page = show("ballot", at=f"/form#c={first}", codeReply=code_reply("jia-A", "jia-B"))
    act(page, "start")
    rate(page, "jia-A", "FZ-B01", "4")
    ballot = page.evaluate("form.state.ballot_id")
    page.reload()
    assert page.evaluate("[form.state.code, form.state.ballot_id]") == [first, ballot]
    page.goto(page.url + f"#c={second}")
    page.reload()
    expect(page.locator("[data-act=start]")).to_be_visible()
    assert page.evaluate("form.state.answers") == {}
    assert page.evaluate("form.state.ballot_id") != ballot


# Codes


def code_reply(*targets: str) -> dict[str, Any]:
    voter_class = {"name": "C", "label": {"zh": "机关干部", "en": "Staff"}}
    return {"status": 200, "body": {"voter_class": voter_class, "targets": targets}}


def wrong_codes(code: str) -> list[str]:
    other = {c: codes.ALPHABET[(i + 7) % 32] for i, c in enumerate(codes.ALPHABET)}
    substituted = [code[:i] + other[c] + code[i + 1 :] for i, c in enumerate(code)]
    swaps = [(i, j) for i in range(17) for j in range(i + 1, 17) if code[i] != code[j]]
    swapped = [code[:i] + code[j] + code[i + 1 : j] + code[i] + code[j + 1 :] for i, j in swaps]
    return [*substituted, *swapped, code[:-1], code + "0", "", "U" * 17]


def test_code_checks_agree_with_python(show: Open) -> None:
    page = show(open_ballot())
    good = [codes.new_code() for _ in range(50)] + ["0000000000000001J"]
    bad = [wrong for code in good[:5] for wrong in wrong_codes(code)]
    judge = "(all) => all.map(checks.codeOk)"
    assert page.evaluate(judge, good) == [True] * len(good)
    assert page.evaluate(judge, bad) == [False] * len(bad)


@pytest.mark.parametrize(
    "typed",
    [
        "0000-0000-0000-0001-J",
        "oooo-oooo 0000 0ool-j",
        "００００－００００－００００－０００１－Ｊ",
        "0000–0000—0000·000I·j",
    ],
)
def test_codes_are_read_as_people_type_them(show: Open, typed: str) -> None:
    page = show(open_ballot())
    assert page.evaluate("checks.codeOk", typed) is True
    assert page.evaluate("checks.normaliseCode", typed) == codes.normalise(typed)


def test_a_mistyped_code_is_caught_before_it_is_sent(show: Open) -> None:
    page = show("ballot", codeReply=code_reply("jia-C"))
    page.fill("[name=code]", "0000-0000-0000-0001-K")
    act(page, "check-code")
    said = definition_of("ballot")["messages"]["code-mistyped"]["zh"]
    expect(page.locator(".zf-error")).to_have_text(said)
    page.fill("[name=code]", "0000-0000-0000-0001-j")
    page.press("[name=code]", "Enter")
    expect(page.locator(".zf-class")).to_contain_text("机关干部")
    act(page, "start")
    assert page.locator("tbody tr").count() == 1
    act(page, "next", "review")
    finish(page)
    assert sent(page)[0]["code"] == "0000000000000001J"


def test_a_refused_code_shows_the_servers_sentence(show: Open) -> None:
    error = {"item": "", "code": "code-refused", "zh": "代码无效或已使用。", "en": "refused"}
    reply = {"status": 403, "body": {"errors": [error]}}
    page = show("ballot", at="/form#c=0000-0000-0000-0001-J", codeReply=reply)
    expect(page.locator(".zf-error")).to_have_text("代码无效或已使用。")
    assert "#" not in page.url
    assert stores(page) == [0, 0]


# Sending


def review_page(show: Open, **settings: Any) -> Page:
    page = show(open_ballot(), **settings)
    act(page, "start", "next", "review")
    return page


def test_a_cast_without_a_server_shows_a_banner_and_is_sent_again(show: Open) -> None:
    page = review_page(show, down=True)
    act(page, "cast")
    expect(page.locator(".zf-banner")).to_contain_text("还没有提交成功", timeout=5000)
    expect(page.locator("[data-act=cast]")).to_be_disabled()
    assert "已提交" not in page.inner_text("body")
    page.reload()
    expect(page.locator(".zf-banner")).to_be_visible()
    page.evaluate("down = false")
    expect(page.locator(".zf-receipt")).to_have_text(RECEIPT, timeout=6000)
    expect(page.locator(".zf-banner")).to_be_hidden()
    assert len({ballot["ballot_id"] for ballot in sent(page)}) == 1


@pytest.mark.parametrize(
    "reply",
    [{"status": 503, "body": {"errors": [{"item": "", "code": "x", "zh": "磁盘已满", "en": ""}]}},
     {"status": 200, "body": None}, {"status": 502, "body": None}],
)  # fmt: skip
def test_nothing_counts_as_cast_without_a_receipt(show: Open, reply: dict[str, Any]) -> None:
    page = review_page(show, reply=reply)
    act(page, "cast")
    expect(page.locator(".zf-banner")).to_be_visible()
    assert "已提交" not in page.inner_text("body")
    page.evaluate("reply = { status: 200, body: { receipt: 'AGAIN' } }")
    expect(page.locator(".zf-receipt")).to_have_text("AGAIN", timeout=6000)


def test_a_server_that_went_away_is_told_before_casting(show: Open) -> None:
    page = show(open_ballot())
    act(page, "start")
    page.evaluate("down = true; dispatchEvent(new Event('offline'))")
    expect(page.locator(".zf-banner")).to_contain_text("没有丢失")
    page.evaluate("down = false; form.ping()")
    expect(page.locator(".zf-banner")).to_be_hidden()


def test_a_double_click_and_the_back_button_cast_one_ballot(show: Open) -> None:
    page = review_page(show)
    page.locator("[data-act=cast]").dblclick()
    expect(page.locator(".zf-receipt")).to_be_visible()
    page.go_back()
    expect(page.locator(".zf-receipt")).to_be_visible()
    assert len(sent(page)) == 1


def test_the_back_button_turns_the_page_back(show: Open) -> None:
    page = review_page(show)
    page.go_back()
    expect(page.locator("h2")).to_have_text("说明（可不填）")
    page.go_back()
    expect(page.locator(".zf-ballot")).to_be_visible()


@pytest.mark.parametrize("status", [403, 409, 410, 413])
def test_a_refusal_shows_the_servers_sentence_and_keeps_answers(show: Open, status: int) -> None:
    error = {"item": "", "code": "x", "zh": "服务器的话。", "en": "…"}
    page = review_page(show, reply={"status": status, "body": {"errors": [error]}})
    act(page, "cast")
    expect(page.locator(".zf-summary")).to_have_text("服务器的话。")
    expect(page.locator("[data-act=cast]")).to_be_enabled()
    assert page.locator("[data-act=other-code]").count() == (status == 403)
    assert page.evaluate("sessionStorage.length") == 1


@pytest.mark.parametrize("width", [1280, 390])
def test_an_invalid_ballot_leads_to_its_first_problem(show: Open, width: int) -> None:
    error = {"item": "B/jia-C/FZ-B02", "code": "not-a-choice", "zh": "不是选项", "en": "no"}
    page = review_page(show, width=width, reply={"status": 422, "body": {"errors": [error]}})
    act(page, "cast")
    expect(page.locator("[name='B/jia-C/FZ-B02']").first).to_be_focused()
    expect(page.locator(".zf-page")).to_contain_text("不是选项")


def test_a_problem_the_page_cannot_show_is_said_on_the_review(show: Open) -> None:
    error = {"item": "Q-99", "code": "unknown-item", "zh": "没有这一题。", "en": "no"}
    page = review_page(show, reply={"status": 422, "body": {"errors": [error]}})
    act(page, "cast")
    expect(page.locator(".zf-summary")).to_have_text("没有这一题。")


# For everyone


def test_hostile_text_is_shown_literally(show: Open) -> None:
    evil = "<img src=x onerror='window.xss=1'><script>window.xss=1</script>{zh}"
    definition = definition_of("every_type", title={"zh": evil}, instructions={"zh": evil})
    definition["survey"][0]["items"][1]["label"]["zh"] = evil
    definition["choices"]["sat5"][0]["label"]["zh"] = evil
    page = show(definition)
    expect(page.locator("h1")).to_have_text(evil)
    act(page, "start")
    mark(page, KT_A1="5", KT_A2="other")
    page.fill("[name=KT-A2_other]", evil)
    act(page, "next", "next", "review")
    expect(page.locator(".zf-review")).to_contain_text(f"其他（{evil}）")
    assert page.evaluate("window.xss ?? document.querySelectorAll('#form img').length") == 0
    assert finish(page)["KT-A2_other"] == evil


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious(show: Open, width: int, scheme: str) -> None:
    found = []
    page = show(open_ballot(), width=width, scheme=scheme)
    for step in ("start", "next", "review", "cast"):
        found += serious(page)
        act(page, step)
    found += serious(page)
    page = show("every_type", width=width, scheme=scheme)
    act(page, "start", "next")
    found += serious(page)
    mark(page, KT_A1="1", KT_A4="a")
    page.fill("[name=KT-A3]", "慢")
    act(page, "next")
    found += serious(page)
    act(page, "next")
    found += serious(page)
    assert found == []


def serious(page: Page) -> list[Any]:
    page.evaluate("document.body.style.background = getComputedStyle(form.root).backgroundColor")
    found = Axe().run(page).response["violations"]
    grave = [v for v in found if v["impact"] in ("serious", "critical")]
    return [(v["id"], [node["html"] for node in v["nodes"]][:3]) for v in grave]


@pytest.mark.parametrize("definition", ["ballot", "every_type"])
def test_text_at_200_percent_does_not_spill(show: Open, definition: str) -> None:
    page = show(definition_of(definition, access="open"), width=390)
    page.add_style_tag(content="html { font-size: 200%; }")
    act(page, "start")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_language_button_keeps_what_was_filled_in(show: Open) -> None:
    page = show(open_ballot())
    act(page, "start")
    rate(page, "jia-A", "FZ-B01", "4")
    act(page, "lang")
    expect(page.locator("h2")).to_have_text("Items")
    expect(page.get_by_role("radio", name="Zhao Yuan Political quality Good")).to_be_checked()
    assert page.get_attribute(".zf", "lang") == "en"


def test_paper_has_every_group_and_empty_boxes(show: Open) -> None:
    page = show(open_ballot())
    act(page, "start")
    rate(page, "jia-A", "FZ-B01", "4")
    page.emulate_media(media="print")
    paper = page.locator(".zf-paper")
    expect(paper.locator("tbody tr")).to_have_count(4)
    expect(paper).to_contain_text("□ 不了解")
    expect(paper.locator(".zf-lines")).to_have_count(1)
    expect(page.locator(".zf-page")).to_be_hidden()
    page.emulate_media(media="screen")
    expect(paper).to_be_hidden()


def test_a_closed_poll_cannot_be_filled_in(show: Open) -> None:
    page = show(open_ballot(open=False))
    expect(page.locator("h1 + p")).to_contain_text("现在不能填写")
    assert page.locator("[data-act=start]").count() == 0


# Hosts


def test_a_preview_shows_what_would_be_cast_and_stores_nothing(show: Open) -> None:
    page = show(definition_of("ballot"), host={"preview": True})
    expect(page.locator(".zf-preview")).to_have_text("预览：不会保存任何内容")
    act(page, "start")
    rate(page, "jia-A", "FZ-B01", "4")
    act(page, "next", "review", "cast")
    expect(page.locator(".zf-cast")).to_contain_text('"FZ-B01": "4"')
    assert sent(page) == [] and stores(page) == [0, 0]


WIDGET = """async ({ polls, state }) => {
  const el = document.createElement("div");
  document.body.replaceChildren(el);
  const listeners = {};
  window.saved = [];
  window.model = {
    get: (name) => state[name], set: (name, value) => { state[name] = value; },
    save_changes: () => saved.push(state.answers_for_profile),
    on: (name, act) => { listeners[name] = act; }, listeners,
  };
  window.form?.stop();
  window.rendering = module.default.render({ model, el });
}"""


def widget_state(**changes: Any) -> dict[str, Any]:
    traits = {"form_id": "KT", "poll": "", "lang": "", "base_url": "/"}
    return traits | {"definition": definition_of("every_type", profile=True)} | changes


def test_a_widget_without_a_form_server_is_a_preview_with_a_profile(show: Open) -> None:
    page = show(open_ballot())
    page.evaluate(WIDGET, {"state": widget_state()})
    act(page, "start")
    mark(page, KT_A1="5")
    act(page, "next", "next", "review", "cast")
    assert page.evaluate("saved") == [{"KT-A1": "5"}]
    scales = [{"label": {"zh": "有激情"}, "score": 75, "n": 4}]
    bars = {"groups": [{"label": {"zh": "四查"}, "scales": scales}]}
    tell = "(bars) => { model.get = () => bars; model.listeners['change:profile'](); }"
    page.evaluate(tell, bars)
    assert page.inner_text(".zf-profile li").split("\n")[:2] == ["有激情", "75 分（4 题）"]


def test_a_widget_lets_the_person_choose_among_open_polls(show: Open) -> None:
    page = show(open_ballot())
    polls = [{"poll": name, "title": {"zh": f"测评{name}"}} for name in ("one", "two")]
    page.route("**/forms/KT/polls", lambda route: route.fulfill(json=polls))
    live = definition_of("every_type", poll="two")
    page.route("**/p/two/definition.json", lambda route: route.fulfill(json=live))
    page.route("**/p/two/ballots", lambda route: route.fulfill(json={"receipt": RECEIPT}))
    page.evaluate(WIDGET, {"state": widget_state()})
    page.click("[data-act=choose-poll][value=two]")
    act(page, "start")
    mark(page, KT_A1="5")
    act(page, "next", "next", "review", "cast")
    expect(page.locator(".zf-receipt")).to_have_text(RECEIPT)
    assert page.locator(".zf-preview").count() == 0


# The same rules as Python

RULES = """
settings: {form_id: T, version: 1, title: 试, purpose: summary, minutes: 1}
choices:
  abc: [{name: a, label: 甲}, {name: b, label: 乙}, {name: n, label: 无, exclusive: true}]
survey:
- type: group
  name: G
  label: 组
  items:
  - {type: select_one abc, name: T-1, label: 一, required: true}
  - {type: select_multiple abc or_other, name: T-2, label: 二, max_choices: 2}
  - {type: rank abc, name: T-3, label: 三}
  - {type: text, name: T-4, label: 四, max_length: 3, relevant: "${T-1} = 'a'"}
  - {type: integer, name: T-5, label: 五, constraint: ". >= 1 and . <= ${T-6}"}
  - {type: decimal, name: T-6, label: 六}
  - {type: date, name: T-7, label: 七, constraint: ". <= today()"}
  - {type: text, name: T-8, label: 八, repeat_over: T-2, max_length: 2}
- type: repeat
  name: R
  label: 行
  repeat_over: rows
  items:
  - {type: text, name: R-1, label: 话, required: true}
  - {type: text, name: R-2, label: 因, relevant: "${R-1} != '' and ${T-1} = 'a'", required: true}
"""
FILLED = [
    {},
    {"T-1": "z"},
    {"T-1": "b", "T-4": "不该问"},
    {"T-1": "a", "T-4": "四个字啊"},
    {"T-1": "a", "T-4": "𠮷𠮷𠮷"},
    {"T-1": "a", "T-2": ["a", "n"]},
    {"T-1": "a", "T-2": ["a", "b", "other"]},
    {"T-1": "a", "T-2": ["q"]},
    {"T-1": "a", "T-2": ["a"], "T-8": {"a": "三个字", "b": "没有选"}},
    {"T-1": "a", "T-2": ["other"], "T-2_other": "字" * 501},
    {"T-1": "a", "T-2": ["a"], "T-2_other": "没有选"},
    {"T-1": "a", "T-3": ["a", "b"]},
    {"T-1": "a", "T-3": ["n", "b", "a"]},
    {"T-1": "a", "T-5": 1.5, "T-6": 2},
    {"T-1": "a", "T-5": 3, "T-6": 2},
    {"T-1": "a", "T-5": 2, "T-6": 2.5},
    {"T-1": "a", "T-5": "x"},
    {"T-1": "a", "T-6": 2e15},
    {"T-1": "a", "T-7": "2020-02-30"},
    {"T-1": "a", "T-7": "2020-12-21"},
    {"T-1": "a", "T-7": "2020-12-20"},
    {"T-1": "a", "R": {"1": {"R-1": "话"}, "2": {}}},
    {"T-1": "a", "R": {"1": {"R-2": "因"}}},
    {"T-1": "b", "R": {"1": {"R-1": "话", "R-2": "不该问"}, "3": {"R-1": "话"}}},
]


def problems_in_python(cast: dict[str, Any]) -> set[tuple[str, str]]:
    try:
        answers.check(loads(RULES), cast, today="2020-12-20")
    except AnswersInvalid as refused:
        return {(problem.item, problem.code) for problem in refused.problems}
    return set()


def test_browser_and_server_find_the_same_problems_in_what_is_cast(show: Open) -> None:
    page = show(open_ballot())
    definition = preview_definition(loads(RULES)) | {"today": "2020-12-20"}
    judge = """([definition, all]) => all.map((filled) => [
      checks.collectAnswers(definition, filled, []),
      checks.problemsOf(definition, filled, []).map(({ item, code }) => [item, code])])"""
    for cast, found in page.evaluate(judge, [definition, FILLED]):
        expected = problems_in_python(cast)
        places = {(item.replace("T-2_other", "T-2").replace("T-8/a", "T-8"), c) for item, c in expected}
        assert (cast, {tuple(problem) for problem in found}) == (cast, places)
