"""Slips to print: the right codes, text that stays text, a page that needs nothing from anywhere."""

import re
from urllib.parse import unquote

import pytest
import segno
from openpyxl import load_workbook

from office import opinion, roster, small
from zuofeng_survey.codes import normalise, pretty
from zuofeng_survey.errors import StorageError
from zuofeng_survey.poll import Target, new_poll
from zuofeng_survey.slips import HEADINGS, MASK, address, page, write_workbook

URL = "http://10.0.0.5:8866/"
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠A1", "\t=1", '=HYPERLINK("http://x")',
           "<script>alert(1)</script>", "{title}", "'=1"]  # fmt: skip


def cells(path) -> list[tuple]:
    return list(load_workbook(path).worksheets[0].iter_rows(min_row=2))


@pytest.fixture(scope="module")
def opened():
    return new_poll(small(), "小测评-2020", targets=roster(), counts={"A": 3, "C": 2})


def test_the_workbook_has_every_slip_once(opened, tmp_path):
    poll, _, slips = opened
    write_workbook(tmp_path / "s.xlsx", poll, slips, url=URL)
    rows = [[c.value for c in row] for row in cells(tmp_path / "s.xlsx")]
    assert [normalise(row[2]) for row in rows] == [code for code, _ in slips]
    assert [row[1].split()[0] for row in rows] == [voter_class for _, voter_class in slips]
    assert [row[3].split("#")[1] for row in rows] == [row[2] for row in rows]
    assert [c.value for c in load_workbook(tmp_path / "s.xlsx").worksheets[0][1]] == list(HEADINGS)


@pytest.mark.parametrize("label", HOSTILE)
def test_no_cell_becomes_a_formula(label, tmp_path):
    targets = [Target(name="T1", label={"zh": label})]
    poll, _, slips = new_poll(small(), "p", targets=targets, counts={"C": 2})
    hostile = poll.model_copy(update={
        "classes": tuple(c.model_copy(update={"name": label, "label": c.label}) for c in poll.classes)
    })  # fmt: skip
    write_workbook(tmp_path / "s.xlsx", hostile, [(c, label) for c, _ in slips], url=URL)
    for row in cells(tmp_path / "s.xlsx"):
        assert {c.data_type for c in row[1:]} == {"s"}
        assert {c.number_format for c in row[1:]} == {"@"}
        assert row[1].quotePrefix == (label[0] not in "<{'")
        assert row[1].value.startswith(label.strip())


def test_a_folder_that_cannot_be_written_is_told(opened, tmp_path):
    poll, _, slips = opened
    with pytest.raises(StorageError) as refused:
        write_workbook(tmp_path / "missing" / "s.xlsx", poll, slips, url=URL)
    assert refused.value.code == "home"


def test_the_page_has_one_code_and_its_qr_a_slip(opened):
    poll, _, slips = opened
    made = page(poll, slips, url=URL)
    drawn = re.findall(r"<svg.*?</svg>", made)
    shown = re.findall(r'class="code">([^<]+)<', made)
    assert shown == [pretty(code) for code, _ in slips]
    for code, svg in zip(shown, drawn, strict=True):
        qr = segno.make(address(poll.name, normalise(code), url=URL), error="m", micro=False, mask=MASK)
        assert svg == qr.svg_inline(scale=1, border=1, omitsize=True)


def test_an_address_keeps_the_code_behind_the_hash(opened):
    poll, _, slips = opened
    link = address(poll.name, slips[0][0], url=URL)
    before, after = link.split("#")
    assert unquote(before) == "http://10.0.0.5:8866/p/小测评-2020"
    assert before.isascii()
    assert normalise(after) == slips[0][0]


def test_the_page_asks_nothing_of_any_other_host(opened):
    poll, _, slips = opened
    made = page(poll, slips, url=URL)
    assert not re.search(r"<(script|link|img|iframe|object)|@import|url\(|\bsrc=|\bhref=", made)
    assert set(re.findall(r"https?://[^\s<\"/]+", made)) == {"http://10.0.0.5:8866"}


@pytest.mark.parametrize("label", HOSTILE)
def test_what_was_typed_is_shown_and_never_run(label):
    settings = {"form_id": "OPEN", "version": "1", "title": label, "purpose": "summary", "minutes": 1}
    q = opinion().model_copy(update={"settings": opinion().settings.model_validate(settings)})
    poll, _, slips = new_poll(q, "p", counts={"A": 1})
    made = page(poll, slips, url=URL)
    assert "<script" not in made
    assert made.count("<svg") == 1


def test_a_page_is_drawn_by_a_browser_with_a_slip_for_each(browser, opened, tmp_path):
    poll, _, slips = opened
    (tmp_path / "slips.html").write_text(page(poll, slips, url=URL), encoding="utf-8")
    tab = browser.new_page()
    asked = []
    tab.on("request", lambda r: asked.append(r.url))
    tab.goto((tmp_path / "slips.html").as_uri())
    assert tab.locator(".slip").count() == len(slips)
    assert all(b["width"] > 80 for b in (s.bounding_box() for s in tab.locator("svg").all()))
    assert [u for u in asked if not u.startswith("file:")] == []
    assert tab.pdf(format="A4").startswith(b"%PDF")
    tab.close()
