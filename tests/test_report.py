"""Reports: one tree, three papers; the page of GB/T 9704; hostile text; what a cell may hold."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import shutil
import subprocess
import zipfile
from itertools import islice
from pathlib import Path

import docx
import numpy as np
import pandas as pd
import pytest
from docx.oxml.ns import qn
from openpyxl import load_workbook
from typer.testing import CliRunner

from books import small_book
from frozen import IBIS_WARNS, deputies, frozen, opinions
from populations import attack, random_people, release
from zuofeng_survey import charts, report, results
from zuofeng_survey.cli import app
from zuofeng_survey.dataset import Dataset
from zuofeng_survey.errors import StorageError, UsageError
from zuofeng_survey.ledger.rates import EVERYONE, Rates
from zuofeng_survey.report import Callout, Document, FillIn, Heading, Paragraph, Picture, Table
from zuofeng_survey.report.appeals import appeal_parts, shown_rates
from zuofeng_survey.report.dress import CHARACTERS, LINES, STYLES
from zuofeng_survey.report.evaluated import Evaluated
from zuofeng_survey.report.evaluation import evaluation_report
from zuofeng_survey.report.fonts import BODY, PAPER, Fonts
from zuofeng_survey.report.letters import letters
from zuofeng_survey.report.making import KINDS, PAPERS, Issue, make
from zuofeng_survey.report.opinion import town_table
from zuofeng_survey.report.tree import visible
from zuofeng_survey.results.disclosure import Shown, cell_bounds

pytestmark = IBIS_WARNS
DAY = dt.date(2020, 12, 31)
HOSTILE = ["<script>alert(1)</script>", "=1+1", "＝1+1", "@SUM(A1)", "a\x07b\x00c", "{{ 7*7 }}", "a\u202eb", "&amp;"]
MERIT = {"甲": 0.6, "乙": 0.3, "丙": 0.1, "丁": 0.0, "戊": -0.1, "己": -1.6}
TOWNS = {
    "jia": ["5", "4", "3", "2", "1"] * 8,
    "yi": ["4", "2"] * 20,
    "bing": ["5", "1", "3"],
    "ding": ["5", "4", "4", "3"] * 10,
    "": ["9"] * 4,
}  # fmt: skip


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return deputies(tmp_path_factory.mktemp("pool") / "FZ-甲镇", MERIT)


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return opinions(tmp_path_factory.mktemp("survey") / "MY", TOWNS, told={"ding": 4})


@pytest.fixture(scope="module")
def one(pool: Dataset) -> Evaluated:
    return Evaluated.of(pool)


@pytest.fixture(scope="module")
def evaluation(one: Evaluated) -> Document:
    return evaluation_report("FZ", [one], office="演示办公室", date=DAY, number="演〔2020〕1号")


@pytest.fixture(scope="module")
def word(evaluation: Document, tmp_path_factory: pytest.TempPathFactory) -> docx.document.Document:
    return docx.Document(str(report.write_word(evaluation, tmp_path_factory.mktemp("w") / "e.docx")))


def hostile() -> Document:
    said = tuple(HOSTILE)
    table = Table(said[0], said, (said, said), (False,) * len(said), said)
    parts = (Heading(said[0]), *map(Paragraph, said), table, Callout(said[1], said), FillIn(said[0], ((said[1], 1),), said[4]))  # fmt: skip
    return Document(said[0], parts, number=said[1], office=said[4], to=said[1], date=DAY)


def tables(document: Document) -> list[Table]:
    return [p for p in document.parts if isinstance(p, Table)]


# the tree


def test_headings_tables_and_pictures_are_counted():
    table = Table("x", ("a",), (("1",),), (True,), ("n",))
    levels = (Heading("a"), Heading("b", 2), Heading("c", 3), Heading("d", 3), table, Heading("e"), Heading("f", 2))
    said = [number for number, _ in Document("t", levels).numbered()]
    assert said == ["一、", "（一）", "1.", "2.", "表1", "二、", "（一）"]


def test_a_table_says_what_its_n_is():
    with pytest.raises(ValueError, match="what n is"):
        Table("x", ("a",), (("1",),), (True,), ())


def test_a_table_of_ragged_rows_is_refused():
    with pytest.raises(ValueError, match="as wide as"):
        Table("x", ("a", "b"), (("1",),), (True, True), ("n",))


def test_no_control_character_reaches_a_paper():
    for text in HOSTILE:
        assert visible(visible(text)) == visible(text)
        assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", visible(text))


# Word


def test_the_page_is_that_of_the_standard(word):
    section = word.sections[0]
    sides = (section.page_width, section.page_height, section.top_margin, section.left_margin)
    assert [round(x.mm) for x in sides] == [210, 297, 37, 28]
    wide = section.page_width - section.left_margin - section.right_margin
    high = section.page_height - section.top_margin - section.bottom_margin
    assert (round(wide / 36000), round(high / 36000)) == (156, 225)


def test_the_grid_is_22_lines_of_28_characters(word):
    grid = word.sections[0]._sectPr.find(qn("w:docGrid"))
    assert grid.get(qn("w:type")) == "linesAndChars"
    pitch, shrink = int(grid.get(qn("w:linePitch"))), int(grid.get(qn("w:charSpace")))
    assert 225 - 0.5 <= LINES * pitch / 20 / 72 * 25.4 <= 225
    assert CHARACTERS * (16 + shrink / 4096) / 72 * 25.4 == pytest.approx(156, abs=0.05)


@pytest.mark.parametrize(
    ("style", "font", "size"),
    [("公文标题", "方正小标宋简体", 22), ("公文正文", "仿宋_GB2312", 16), ("Heading 1", "黑体", 16),
     ("Heading 2", "楷体_GB2312", 16), ("Heading 3", "仿宋_GB2312", 16), ("公文表格", "宋体", 10.5)],
)  # fmt: skip
def test_fonts_are_named_for_chinese_too(word, style, font, size):
    found = word.styles[style]
    fonts = found.element.rPr.rFonts
    assert fonts.get(qn("w:eastAsia")) == font and found.font.size.pt == size
    assert not [k for k in fonts.attrib if k.endswith("Theme")]


def test_no_run_chooses_a_font_of_its_own(word, evaluation):
    used = {p.style.name for p in word.paragraphs}
    assert used <= {*STYLES, "Heading 1", "Heading 2", "Heading 3", "Heading 4"}
    assert not [r for p in word.paragraphs for r in p.runs if r._r.rPr is not None and r._r.rPr.rFonts is not None]


def test_how_to_object_comes_first(word, evaluation):
    assert isinstance(evaluation.parts[0], Callout) and evaluation.parts[0].title == "如何提出异议"
    body = [c.tag for c in word.element.body if c.tag in (qn("w:tbl"), qn("w:p"))]
    assert body.index(qn("w:tbl")) <= 3


def test_headings_of_tables_are_repeated_and_numbers_stand_at_the_right(word, evaluation):
    made = [t for t in word.tables if len(t.columns) > 2]
    assert len(made) >= 3
    for table, meant in zip(made, [t for t in tables(evaluation) if len(t.columns) > 2], strict=True):
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        sides = [c.paragraphs[0].alignment == docx.enum.text.WD_ALIGN_PARAGRAPH.RIGHT for c in table.rows[1].cells]
        assert sides == list(meant.numeric)


def test_pages_are_numbered_on_the_outside(word):
    section = word.sections[0]
    for footer, side in ((section.footer, "RIGHT"), (section.even_page_footer, "LEFT")):
        line = footer.paragraphs[0]
        assert line.alignment.name == side and "PAGE" in line._p.xml and line.text.startswith("—")
    assert word.settings.odd_and_even_pages_header_footer


def test_pictures_say_what_they_show(word):
    drawn = [s._inline.docPr.get("descr") for s in word.inline_shapes]
    assert drawn and all(len(d) > 10 for d in drawn)


# all three


def test_hostile_text_is_text_in_word(tmp_path):
    path = report.write_word(hostile(), tmp_path / "h.docx")
    found = docx.Document(str(path))
    cells = [c.text for t in found.tables for r in t.rows for c in r.cells]
    for text in map(visible, HOSTILE):
        assert text in [p.text for p in found.paragraphs] and text in cells
    assert "fldSimple" not in zipfile.ZipFile(path).read("word/document.xml").decode()


def test_hostile_text_is_text_in_excel(tmp_path):
    book = load_workbook(report.write_excel(hostile(), tmp_path / "h.xlsx"))
    cells = [c for s in book for row in s.iter_rows() for c in row if c.value is not None]
    assert not [c for c in cells if c.data_type == "f"]
    for text in map(visible, HOSTILE):
        here = [c for c in cells if c.value == text]
        assert here and all(c.quotePrefix for c in here if text[0] in "=＝@")


def test_hostile_text_is_text_on_a_page(tmp_path):
    page = report.write_html(hostile(), tmp_path / "h.html").read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page and "&amp;amp;" in page
    assert "=1+1" in page and "default-src 'none'" in page


def test_a_page_asks_nobody_for_anything(evaluation, tmp_path):
    page = report.write_html(evaluation, tmp_path / "e.html").read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)=['"](?!data:)|url\(|@import""", page)
    assert "prefers-color-scheme: dark" in page and "@media print" in page


def test_excel_has_the_digits_that_are_shown_and_no_more(evaluation, tmp_path):
    book = load_workbook(report.write_excel(evaluation, tmp_path / "e.xlsx"))
    assert book.sheetnames == ["说明", *(f"表{n}" for n in range(1, len(tables(evaluation)) + 1))]
    for n, table in enumerate(tables(evaluation), start=1):
        sheet = book[f"表{n}"]
        for row, texts in zip(sheet.iter_rows(min_row=3, max_col=len(table.columns)), table.rows, strict=False):
            for cell, text in zip(row, texts, strict=True):
                assert _printed(cell) == text


def _printed(cell) -> str:
    if isinstance(cell.value, str):
        return cell.value
    digits = len(cell.number_format.rstrip("%").partition(".")[2])
    share = cell.number_format.endswith("%")
    assert round(cell.value, digits + 2 * share) == cell.value
    return f"{cell.value * (100 if share else 1):.{digits}f}" + "%" * share


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(StorageError) as error:
        report.write_html(Document("t", ()), tmp_path / "x" / "y.html")
    assert error.value.code == "report-write"


def test_missing_fonts_are_named():
    assert [p.code for p in Fonts((BODY,), True).problems()] == ["fonts-charts", "fonts-paper"]
    assert not Fonts((), False).problems()


# what stands in them


def test_grades_and_sets_stand_beside_every_rank(evaluation):
    headings = [t.columns for t in tables(evaluation) if "名次" in t.columns]
    assert headings
    for columns in headings:
        assert {"名次范围", "票数", "称职（较好）以上率", "不了解"} <= set(columns)


def test_a_poll_of_which_too_little_came_back_has_no_ranks(tmp_path):
    counts = {"A": 5, "B": 30, "C": 40, "D": 10}
    given = deputies(tmp_path / "d", MERIT, counts=counts)
    manifest = given.manifest | {"totals": given.manifest["totals"] | {"issued": 200}}
    low = Evaluated.of(Dataset(given.path, manifest, given.codebook, given.hash))
    made = evaluation_report("FZ", [low])
    assert not low.is_ranked
    assert not [t for t in tables(made) if "名次" in t.columns]
    assert not [p for p in made.parts if isinstance(p, Picture)]


def test_a_letter_holds_no_colleague(one, pool):
    made = dict(letters(one, results.profiles(pool)))
    assert set(made) == {t.name for t in pool.targets}
    labels = dict(zip(one.ranking.bottom.unit, one.ranking.labels, strict=True))
    for target, letter in made.items():
        text = "".join(str(p) for p in letter.parts) + letter.to
        assert labels[target] in letter.to
        assert not [x for t, x in labels.items() if t != target and x in text.replace("甲镇", "")]


def test_a_letter_to_whom_every_side_is_rated_low_calls_none_of_it_average(one, pool):
    text = str(dict(letters(one, results.profiles(pool)))["t5"].parts)
    assert "各方面中相对好一些的是" in text and "还在误差以内" not in text


def test_accusations_that_nobody_has_passed_on_are_told():
    cases = pd.DataFrame({"kind": ["检举控告"] * 6, "transfer_at": [DAY] * 5 + [None], "state": "收到", "six_mode": None, "channel": None})
    rates = Rates(DAY, pd.DataFrame(columns=["rate", "group", "done", "n", "value_rate", "lower_rate", "upper_rate", "basis"]))
    assert "还有1件没有登记移送日期" in str(next(p for p in appeal_parts(cases, rates) if isinstance(p, Paragraph)))


def test_a_profile_is_a_contrast_with_the_pool(pool):
    found = results.profiles(pool)
    for _, rows in found.table().groupby("dim"):
        assert rows["difference"].sum() == pytest.approx(0, abs=1e-9)
        assert (rows["estimate"] - rows["middle"] - rows["difference"]).abs().max() < 1e-9
    worst = found.of("t5")
    assert (worst["standing"] == "below").all() and (worst["upper"] < 0).all()


def test_there_are_no_letters_where_the_mean_would_tell(tmp_path):
    few = deputies(tmp_path / "d", {"甲": 0.1, "乙": 0.0, "丙": -0.1})
    with pytest.raises(UsageError) as error:
        results.profiles(few)
    assert error.value.code == "profile-pool"


def test_of_one_mind_is_not_told_in_a_letter(tmp_path):
    same = deputies(tmp_path / "d", dict.fromkeys("甲乙丙丁戊", 9.0))
    assert results.profiles(same).table()["estimate"].isna().all()


def test_a_report_is_asked_for_with_all_mistakes_at_once(pool, tmp_path):
    with pytest.raises(UsageError) as error:
        make("opinion", [pool], tmp_path, papers=["word", "pdf"])
    assert [p.code for p in error.value.problems] == ["report-paper", "report-form"]
    with pytest.raises(UsageError) as error:
        make("horoscope", [pool], tmp_path)
    assert error.value.code == "report-kind"
    assert not list(tmp_path.iterdir())


def test_no_cell_of_a_survey_report_is_under_k(survey, tmp_path):
    for name, document in KINDS["opinion"].make([survey], Issue()):
        assert name.startswith("群众意见")
        for table in tables(document):
            for at in [n for n, c in enumerate(table.columns) if c in ("人数", "票数", "评价人数")]:
                shown = [row[at] for row in table.rows]
                assert all(v == "—" or int(v) >= 5 or v == "0" for v in shown)
        towns = next(t for t in tables(document) if "原始与加权" in t.caption)
        assert [r[1] for r in towns.rows if r[0] == "丙镇"] == ["—"]


def test_reports_from_the_command_line(pool, tmp_path):
    args = ["report", "letters", str(pool.path), "--out", str(tmp_path / "o"), "--as", "word,html", "--date", "2020-12-31"]
    found = CliRunner().invoke(app, [*args, "--format", "csv"])
    assert found.exit_code == 0, found.stderr
    assert len(found.stdout.splitlines()) == 1 + 2 * len(MERIT)
    assert len(list((tmp_path / "o").glob("*.docx"))) == len(MERIT)


def test_a_date_that_cannot_be_read_is_a_usage_error(pool, tmp_path):
    found = CliRunner().invoke(app, ["report", "deputies", str(pool.path), "--out", str(tmp_path), "--date", "2020年"])
    assert found.exit_code == 2 and "report-date" in found.stderr

# ledgers and years


@pytest.fixture(scope="module")
def issue(tmp_path_factory: pytest.TempPathFactory) -> Issue:
    return Issue("演示办公室", DAY, book=small_book(tmp_path_factory.mktemp("home"), title=HOSTILE[0]))


@pytest.fixture(scope="module")
def made(pool, survey, issue) -> dict[str, Document]:
    given = {"annual": [pool, survey], "trend": [pool, survey]}
    dated = [Dataset(d.path, d.manifest | {"year": 2020, "pool": d.name}, d.codebook, d.hash) for d in given["annual"]]
    with_list = dataclasses.replace(issue, year=2020, scope="township")
    kinds = ("appeals", "problems", "focus", "trend", "annual")
    return {k: next(KINDS[k].make(dated if k in given else [], with_list))[1] for k in kinds}


def test_rates_stand_beside_their_denominators(made):
    rates = [t for t in tables(made["appeals"]) if "比率" in t.columns]
    assert rates and all({"分子", "分母", "区间下限"} <= set(t.columns) for t in rates)
    assert [r[0] for r in rates[0].rows] == ["及时受理率", "按期办结率"]


def test_few_appeals_are_not_shown_nor_what_they_could_be_worked_out_from(made):
    states = next(t for t in tables(made["appeals"]) if t.caption == "诉求按办理状态")
    shown = [row[1] for row in states.rows]
    assert shown.count("—") == 4 and all(v == "—" or int(v) >= 5 for v in shown)


def test_signs_are_for_people_to_look_at(made):
    text = str(made["problems"].parts)
    assert "由核实的人判定" in text and "无佐证即销号" in text
    assert "已销号" in tables(made["problems"])[0].columns


def test_every_one_of_the_eight_areas_has_its_row(made):
    first = tables(made["focus"])[0]
    assert len(first.rows) == 8 and first.rows[7][:2] == ("社会治理体系建设", "0")


def test_the_year_has_the_plans_stage(made):
    for kind in ("trend", "annual"):
        assert "2020年是启动年，重点是反面惩处" in str(made[kind].parts)


def test_the_annual_report_begins_with_how_to_object_and_decides_nothing(made):
    annual = made["annual"]
    assert annual.parts[0].title == "如何提出异议"
    named = next(t for t in tables(annual) if "拟提请研究名单" in t.caption)
    assert {"证据强度", "名次范围", "票数", "称职（较好）以上率"} <= set(named.columns)
    assert any(isinstance(p, FillIn) for p in annual.parts)
    assert not [row for t in tables(annual) for row in t.rows if "决定" in "".join(row)]


def test_without_a_written_scope_nobody_is_named(pool, issue):
    _, annual = next(KINDS["annual"].make([pool], dataclasses.replace(issue, year=2020)))
    assert not [t for t in tables(annual) if "名单" in t.caption]


def test_what_was_typed_into_a_ledger_is_text_in_its_report(made, tmp_path):
    page = report.write_html(made["problems"], tmp_path / "p.html").read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;script&gt;alert(1)" in page
    for kind in ("problems", "appeals", "annual"):
        assert report.write_excel(made[kind], tmp_path / f"{kind}.xlsx").stat().st_size > 5_000


def test_reports_of_ledgers_need_ledgers(tmp_path):
    with pytest.raises(UsageError) as error:
        make("problems", [], tmp_path)
    assert error.value.code == "report-ledgers"


# suppression


def test_what_is_released_determines_no_small_cell():
    found = [attack(release(random_people(np.random.default_rng([7, n])))) for n in range(12)]
    assert sum(len(b.rows) for b in found) >= 15
    assert sum(len(b.told) for b in found) == 0


def test_the_attack_bites_where_only_small_cells_are_hidden():
    people = [random_people(np.random.default_rng([7, n])) for n in range(12)]
    assert sum(len(attack(release(p, hide=False)).told) for p in people) > 0


def test_what_a_survey_report_shows_determines_no_small_cell(tmp_path):
    rng = np.random.default_rng(3)
    names = ["jia", "yi", "bing", "ding", "wu", "ji"]
    for n in range(2):
        sizes = dict(zip(names, rng.integers(1, 14, size=6).tolist(), strict=True))
        given = opinions(tmp_path / str(n), {t: rng.choice(list("12345"), s).tolist() for t, s in sizes.items()})
        found = results.channel_weighted(given, "MY-S03")
        towns = town_table(found)
        back = dict(zip(found.rows["group_label"], found.rows["group"], strict=True))
        shown = [Shown({}, float(sum(sizes.values())))]
        shown += [Shown({"town": back[r[0]]}, float(r[1])) for r in towns.rows if r[1] != "—" and back[r[0]] in sizes]
        small = [{"town": t} for t, s in sizes.items() if s < 5]
        assert not len(cell_bounds({"town": names}, shown, small).told)


# channel weighting (T6)


def test_a_town_met_in_forums_falls_when_channels_are_balanced(tmp_path):
    found = results.channel_weighted(_by_channel(tmp_path / "d"), "MY-S03")
    table = found.table().set_index("group")
    assert table.loc["gui", "index"] > table.loc["jia", "index"] + 5
    assert abs(table.loc["gui", "weighted"] - table.loc["jia", "weighted"]) < 3
    assert table.loc["gui", "rank"] < table.loc["gui", "weighted_rank"] or table.loc["gui", "weighted_rank_lower"] == 1
    assert table.loc["gui", "weighted_rank_upper"] == 3


def test_weighting_by_hand(tmp_path):
    """Half of all came through each channel: gui is (100 + 50) / 2 whatever its own mix."""
    found = results.channel_weighted(_by_channel(tmp_path / "d", noise=False), "MY-S03")
    table = found.table().set_index("group")
    people = {"jia": (60, 60), "yi": (60, 60), "gui": (100, 20)}
    forum = sum(f for f, _ in people.values()) / sum(f + v for f, v in people.values())
    assert table.loc["gui", "index"] == pytest.approx((100 * 100 + 20 * 50) / 120)
    assert table["weighted"].to_numpy() == pytest.approx([100 * forum + 50 * (1 - forum)] * 3)


def _by_channel(folder: Path, *, noise: bool = True) -> Dataset:
    rng = np.random.default_rng(4)
    mix = {"jia": (60, 60), "yi": (60, 60), "gui": (100, 20)}
    ballots = []
    for town, (forum, visit) in mix.items():
        for channel, n in (("forum", forum), ("visit", visit)):
            for _ in range(n):
                value = (5 if channel == "forum" else 3) - int(noise and rng.random() < 0.3)
                ballots.append(("all", [("MY-G01", "", str(value)), ("MY-S03", "", town), ("MY-S01", "", channel)]))
    return frozen(folder, "MY", ballots)

# as LibreOffice sees them


@pytest.fixture(scope="module")
def printed(pool, survey, evaluation, made, tmp_path_factory) -> dict[str, tuple[dict[str, str], str]]:
    """Every Word file through LibreOffice once: name → (facts, text)."""
    office = shutil.which("soffice")
    if not office:
        pytest.fail("no soffice found: apt install libreoffice-writer-nogui poppler-utils")
    folder = tmp_path_factory.mktemp("print")
    report.write_word(evaluation, folder / "evaluation.docx")
    report.write_word(hostile(), folder / "hostile.docx")
    for kind, document in made.items():
        report.write_word(document, folder / f"{kind}.docx")
    full = tuple(Paragraph("国" * (CHARACTERS * 3 - 2)) for _ in range(6))
    for more in (1, 2):
        report.write_word(Document("标题", (*full, *[Paragraph("行")] * more)), folder / f"grid{more}.docx")
    for name, one_ in KINDS["opinion"].make([survey], Issue("演示办公室", DAY)):
        report.write_word(one_, folder / f"{name}.docx")
    for name, letter in islice(KINDS["letters"].make([pool], Issue("演示办公室", DAY)), 2):
        report.write_word(letter, folder / f"{name}.docx")
    files = sorted(map(str, folder.glob("*.docx")))
    home = f"-env:UserInstallation=file://{folder}/profile"
    subprocess.run([office, home, "--headless", "--convert-to", "pdf", "--outdir", str(folder), *files], check=True, capture_output=True, timeout=170)  # fmt: skip
    return {Path(f).stem: _read(Path(f).with_suffix(".pdf")) for f in files}


def _read(path: Path) -> tuple[dict[str, str], str]:
    info = subprocess.check_output(["pdfinfo", str(path)], text=True)
    facts = {k: v.strip() for k, _, v in (line.partition(":") for line in info.splitlines())}
    return facts, subprocess.check_output(["pdftotext", "-layout", str(path), "-"], text=True)


def test_every_page_is_a4_and_every_character_has_a_shape(printed):
    for name, (facts, text) in printed.items():
        width, height = map(float, re.findall(r"[\d.]+", facts["Page size"])[:2])
        assert (round(width), round(height)) == (595, 842), name
        assert "\ufffd" not in text


def test_the_grid_holds_when_printed(printed):
    """A title of 34 pt leaves 20 of the 22 lines: an empty one, 6 × 3, and one more."""
    assert (printed["grid1"][0]["Pages"], printed["grid2"][0]["Pages"]) == ("1", "2")
    lines = [line.strip() for line in printed["grid1"][1].splitlines() if "国国" in line]
    assert len(lines) == 18
    assert {len(line) for line in lines} == {CHARACTERS - 2, CHARACTERS}


def test_a_letter_is_one_page(printed):
    found = [facts["Pages"] for name, (facts, _) in printed.items() if name.startswith("FZ-甲镇-")]
    assert found == ["1", "1"]


def test_text_arrives_in_print_as_it_was(printed):
    assert "<script>alert(1)</script>" in printed["hostile"][1]
    text = printed["evaluation"][1].replace(" ", "")
    assert text.index("如何提出异议") < text.index("一、测评基本情况")
    assert "2020年12月31日" in text and "—1—" in text


def test_every_kind_has_a_title_and_every_paper_its_writer():
    assert set(PAPERS) == {"word", "excel", "html"} and len(set(PAPER)) == 5
    assert all(kind.title for kind in KINDS.values())
    assert charts.png is not None


@pytest.mark.parametrize("good", [0, 12])
def test_where_all_who_took_part_agree_neither_rate_nor_floor_is_shown(good):
    columns = ["rate", "group", "done", "n", "value_rate", "lower_rate", "upper_rate", "basis"]
    rows = [
        ("群众满意率", EVERYONE, good, 12, good / 12, 0.1, 0.9, ""),
        ("参评率", EVERYONE, 12, 20, 0.6, 0.4, 0.8, ""),
        ("满意保守下限", EVERYONE, good, 20, good / 20, 0.1, 0.9, ""),
    ]
    found = shown_rates(Rates(dt.date(2020, 12, 31), pd.DataFrame(rows, columns=columns))).set_index("rate")
    assert found.loc[["群众满意率", "满意保守下限"], columns[2:7]].isna().all(axis=None)
    assert found.loc["参评率", "done"] == 12
