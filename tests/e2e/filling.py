"""A visitor who answers whatever is asked, knowing nothing but what the page shows."""

from __future__ import annotations

from playwright.sync_api import Page

WORDS = {
    "HF-A01": "SQ-2020-000001",
    "XH-A01": "WT-2020-甲镇-0001",
}
RECEIPT = ".zf-receipt"

# Clicks and types in the page, so that a form of sixty items takes a second, not a minute.
_FILL = """(words) => {
  const shown = (node) => !node.closest("[data-off], [hidden]") && node.getClientRects().length > 0;
  const type = (input, text) => {
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  let done = 0;
  for (const place of document.querySelectorAll("[data-q]")) {
    if (!shown(place)) continue;
    const first = (kind) => {
      const inputs = [...place.querySelectorAll(`input[type=${kind}]`)];
      const same = inputs.length && document.getElementsByName(inputs[0].name);
      if (!inputs.length || [...same].some((each) => each.checked)) return;
      inputs[0].click();
      done += 1;
    };
    first("radio");
    first("checkbox");
    place.querySelectorAll("[data-act=rank][aria-pressed=false]").forEach((each) => { each.click(); done += 1; });
    const fields = place.querySelectorAll("textarea, input:not([type=radio]):not([type=checkbox])");
    for (const field of [...fields].filter((each) => shown(each) && !each.value)) {
      const number = field.inputMode === "numeric" || field.inputMode === "decimal" ? "2" : "";
      type(field, words[place.dataset.q] ?? (field.type === "date" ? words.today : number || "测试内容"));
      done += 1;
    }
  }
  return done;
}"""


def enter_code(page: Page, code: str) -> None:
    page.fill("[name=code]", code)
    page.click("[data-act=check-code]")


def fill_group(page: Page) -> None:
    """Answer all that is shown, and what is shown because of it, for each person on the cards."""
    words = {**WORDS, "today": page.evaluate("new Date().toISOString().slice(0, 10)")}
    while True:
        while page.evaluate(_FILL, words):
            pass
        onward = page.locator("[data-act=next-target]:not([disabled])")
        if not onward.count():
            return
        onward.click()


def fill_in(page: Page) -> None:
    """Go from the start page to the review."""
    page.click("[data-act=start]")
    for _ in range(30):
        page.wait_for_selector("[data-act=next], [data-act=review], [data-act=cast]")
        if page.locator("[data-act=cast]").count():
            return
        before = page.locator(".zf-page h2").first.text_content()
        fill_group(page)
        page.click("[data-act=next], [data-act=review]")
        assert page.locator(".zf-page h2").first.text_content() != before, page.locator(
            ".zf-error"
        ).all_text_contents()


def cast(page: Page) -> str:
    """Cast and return the receipt."""
    page.click("[data-act=cast]")
    return page.wait_for_selector(RECEIPT).inner_text()


def by_keyboard(page: Page, code: str, *, most: int = 600) -> str:
    """Do it all with Tab, Space, Enter and letters; return the receipt."""
    for _ in range(most):
        if page.locator(RECEIPT).count():
            return page.locator(RECEIPT).inner_text()
        page.keyboard.press("Tab")
        at = page.evaluate(
            "(({ tagName, type, name, value, checked, dataset }) =>"
            " ({ tagName, type, name, value, checked, act: dataset.act }))(document.activeElement)"
        )
        if at["name"] == "code":
            page.keyboard.type(code)
        elif at["type"] == "radio" and not at["checked"]:
            page.keyboard.press("Space")
        elif at["tagName"] == "TEXTAREA" and not at["value"]:
            page.keyboard.type("ok")
        elif at["act"] in ("check-code", "start", "next-target", "next", "review", "cast"):
            page.keyboard.press("Enter")
            page.wait_for_timeout(60)
    raise AssertionError("the keyboard did not get through")
