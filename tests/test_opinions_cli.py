"""``zuofeng opinions``: a sheet for each coder, what they come to, and nothing that names a person."""

import datetime as dt
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from zuofeng_survey.cli import app
from zuofeng_survey.dataset import Dataset
from zuofeng_survey.errors import UsageError
from zuofeng_survey.ledger import Book
from zuofeng_survey.opinions.pairs import Pair, pair
from zuofeng_survey.opinions.register import to_ledger
from zuofeng_survey.opinions.sheets import read_sheet, write_sheet

DATASET = Path(__file__).parents[1] / "data" / "datasets" / "MY-2020"
TAB = "六个方面"
DAY = dt.date(2021, 1, 20)
CYCLE = ("工作纪律松懈", "执行力不强", "服务质量不高", "无")


def run(*args: object):
    return CliRunner().invoke(app, [str(a) for a in args])


@pytest.fixture(scope="module")
def blank(tmp_path_factory) -> Path:
    """Three empty sheets of one question, as they were handed out."""
    folder = tmp_path_factory.mktemp("sheets")
    for coder in "ABC":
        write_sheet(Dataset.open(DATASET), folder / f"{coder}.xlsx", coder=coder, item="MY-O01")
    return folder


@pytest.fixture
def sheets(blank: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(blank, tmp_path / "sheets"))


def fill(path: Path, codes: tuple[str, ...] | dict[str, str] = CYCLE) -> Path:
    """Write cells: codes over and over, or what is said cell by cell."""
    book = load_workbook(path)
    tab = book.worksheets[0]
    if isinstance(codes, tuple):
        codes = {f"G{n}": codes[n % len(codes)] for n in range(2, tab.max_row + 1)}
    for ref, value in codes.items():
        tab[ref] = value
    book.save(path)
    return path


@pytest.fixture
def coded(sheets: Path) -> Path:
    """Sheets of A and B who agree but on the first two texts."""
    fill(sheets / "A.xlsx")
    fill(fill(sheets / "B.xlsx"), {"G2": "无", "G3": "作风漂浮"})
    return sheets


def compare(folder: Path, *more: object):
    return run("opinions", "compare", folder / "A.xlsx", folder / "B.xlsx", *more)


def test_a_sheet_is_the_same_for_both_coders_and_only_the_codes_are_open(tmp_path):
    for coder in "AB":
        args = (DATASET, tmp_path / f"{coder}.xlsx", "--coder", coder, "--item", "MY-O01", "--format", "json")
        found = run("opinions", "sheet", *args)
        assert found.exit_code == 0, found.stderr
        assert json.loads(found.stdout)[0]["texts"] > 20
    one, two = (load_workbook(tmp_path / f"{c}.xlsx").worksheets[0] for c in "AB")
    assert list(one.values) == list(two.values)
    assert [one.cell(2, k).protection.locked for k in range(1, 7)] == [True] * 6
    assert not one.column_dimensions["G"].protection.locked
    assert one.protection.sheet and one["G2"].value is None and one["E2"].value
    ids = [row[0] for row in one.iter_rows(min_row=2, values_only=True)]
    assert ids != sorted(ids)
    listed = [rule.sqref for rule in one.data_validations.dataValidation if rule.type == "list"]
    assert any("G2" in str(ref) for ref in listed)


def test_a_sheet_without_suggestions_leaves_them_out(tmp_path):
    run("opinions", "sheet", DATASET, tmp_path / "A.xlsx", "--coder", "A", "--no-suggest")
    headings = next(load_workbook(tmp_path / "A.xlsx").worksheets[0].values)
    assert headings == ("编号", "题目", "原话（已遮盖）", "相近组", "编码", "性质")


def test_what_two_coded_differently_is_listed_and_left_open(coded):
    found = compare(coded, "--format", "json")
    assert found.exit_code == 1
    rows = json.loads(found.stdout)
    assert len(rows) == 2
    assert {(r["first"], r["second"], r["settled"]) for r in rows} == {("服务质量不高", "无", ""), ("无", "作风漂浮", "")}
    assert "κ=" in found.stderr and "2 条待第三人定" in found.stderr
    assert "κ = " in found.stderr and "2 to settle" in found.stderr


def test_a_third_person_settles_what_is_open(coded):
    fill(coded / "C.xlsx", {"G2": "服务质量不高", "G3": "作风漂浮"})
    found = compare(coded, "--third", coded / "C.xlsx", "--format", "json")
    assert found.exit_code == 0, found.stderr
    assert {r["settled"] for r in json.loads(found.stdout)} == {"服务质量不高", "作风漂浮"}


def test_rows_in_another_order_are_the_same_texts(coded):
    book = load_workbook(coded / "B.xlsx")
    tab = book.worksheets[0]
    rows = sorted(tab.iter_rows(min_row=2, values_only=True), key=lambda row: row[0])
    for n, row in enumerate(rows, start=2):
        for k, value in enumerate(row, start=1):
            tab.cell(n, k).value = value
    book.save(coded / "B.xlsx")
    assert len(json.loads(compare(coded, "--format", "json").stdout)) == 2


def test_every_mistake_of_both_sheets_is_told_with_its_cell(sheets):
    fill(fill(sheets / "A.xlsx"), {"G4": "工作记律松懈", "G5": None})
    fill(fill(sheets / "B.xlsx"), {"G7": "=1+1", "H3": "牢骚"})
    found = compare(sheets)
    assert found.exit_code == 2 and found.stdout == ""
    for place in ("[cell-choice] A.xlsx › 六个方面·A!G4", "[cell-required] A.xlsx › 六个方面·A!G5"):
        assert place in found.stderr
    for place in ("[workbook-formula] B.xlsx › 六个方面·B!G7", "[cell-choice] B.xlsx › 六个方面·B!H3"):
        assert place in found.stderr


def test_a_text_that_was_edited_or_taken_away_is_refused(coded):
    fill(coded / "A.xlsx", {"C4": "换了一句话"})
    book = load_workbook(coded / "B.xlsx")
    gone = book.worksheets[0]["A6"].value
    book.worksheets[0].delete_rows(6)
    book.save(coded / "B.xlsx")
    found = compare(coded)
    assert found.exit_code == 2
    assert "[coding-text] B.xlsx › 六个方面·B!C4" in found.stderr
    assert "[coding-missing] A.xlsx › 六个方面·A!A6" in found.stderr and gone in found.stderr


def test_one_person_cannot_be_both_coders(coded):
    found = run("opinions", "compare", coded / "A.xlsx", coded / "A.xlsx")
    assert found.exit_code == 2 and "[coding-coder]" in found.stderr
    fill(coded / "C.xlsx")
    assert "[coding-coder]" in compare(coded, "--third", coded / "B.xlsx").stderr


def test_sheets_of_two_taxonomies_are_refused(coded):
    write_sheet(Dataset.open(DATASET), coded / "B.xlsx", name="ailment5", coder="B", item="MY-O01")
    fill(coded / "B.xlsx", ("无",))
    assert "[coding-taxonomy]" in compare(coded).stderr


def test_one_code_throughout_has_no_kappa(sheets):
    for coder in "AB":
        fill(sheets / f"{coder}.xlsx", ("无",))
    found = compare(sheets)
    assert found.exit_code == 2 and "[coding-few]" in found.stderr


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (["--coder", "A/B"], "coder-name"),
        (["--coder", ""], "coder-name"),
        (["--item", "MY-O1"], "texts-item"),
        (["--item", "HF-E02"], "texts-protected"),
        (["--taxonomy", "area7"], "taxonomy-unknown"),
    ],
)
def test_a_sheet_that_cannot_be_made_is_not_made(tmp_path, change, code):
    found = run("opinions", "sheet", DATASET, tmp_path / "A.xlsx", "--coder", "A", *change)
    assert found.exit_code == 2 and f"[{code}]" in found.stderr
    assert list(tmp_path.iterdir()) == []


def test_no_other_workbook_is_taken_for_a_coding_sheet(tmp_path, coded):
    run("ledger", "export", "opinions", tmp_path / "L.xlsx", "--home", tmp_path)
    for path, code in ((tmp_path / "L.xlsx", "coding-tab"), (tmp_path / "none.xlsx", "workbook-unopened")):
        found = run("opinions", "compare", path, coded / "B.xlsx")
        assert found.exit_code == 2 and f"[{code}" in found.stderr
    book = load_workbook(coded / "A.xlsx")
    book.worksheets[0].title = "表一"
    book.save(coded / "A.xlsx")
    assert "[coding-tab] A.xlsx › 表一" in compare(coded).stderr


def test_counts_show_no_cell_under_five_and_none_that_gives_one_away():
    codes = ["area.2"] * 9 + ["area.3"] * 3 + ["area.5"] * 8
    frame = {"id": range(40), "asked": ["x"] * 20 + ["y"] * 20, "first": codes * 2}
    made = pair_of(pd.DataFrame(frame))
    table = made.table().set_index(["code", "asked"])["n"]
    assert table["area.2", "合计"] == 18 and table["area.5", "合计"] == 16
    assert pd.isna(table["area.3", "合计"])  # no cell of five people: its total might be one person's
    assert table["area.3"].isna().all()
    assert table[table > 0].min() >= 5


def pair_of(frame: pd.DataFrame) -> Pair:
    from zuofeng_survey.opinions import compare as coders
    from zuofeng_survey.opinions import taxonomy

    full = frame.assign(second=frame["first"], settled=frame["first"], kind="意见", text="…")
    return Pair(taxonomy("area6"), ("A", "B"), coders(list(full["first"]), list(full["second"])), full)


def test_settled_opinions_are_counted_and_registered_once_by_a_post(coded, tmp_path):
    fill(coded / "A.xlsx", {"H5": "线索", "H6": "建议"})
    fill(coded / "B.xlsx", {"H6": "建议"})
    args = ("opinions", "count", coded / "A.xlsx", coded / "B.xlsx", "--home", tmp_path, "--on", "2021-01-20")
    assert "[register-by]" in run(*args, "--register").stderr
    first = run(*args, "--register", "--by", "作风办-核账员", "--format", "json")
    assert first.exit_code == 1  # two are open
    assert {"code", "code_label", "asked", "n"} == set(json.loads(first.stdout)[0])
    entries = Book.open(tmp_path).entries("opinions")
    total = len(read_sheet(coded / "A.xlsx").table)
    assert len(entries) == total - 3  # two open, one lead
    assert set(entries["state"]) == {"已编码"} and sorted(set(entries["kind"])) == ["建议", "意见"]
    assert "1 条线索没有登记" in first.stderr
    assert entries["coder1"].str.startswith("A：").all() and not entries["text"].isna().any()
    run(*args, "--register", "--by", "作风办-核账员")
    assert len(Book.open(tmp_path).entries("opinions")) == total - 3


def test_a_second_taxonomy_fills_in_its_own_field_and_a_third_has_none(coded, tmp_path):
    book, data = Book.open(tmp_path), Dataset.open(DATASET)
    for name, codes in (("area6", CYCLE), ("focus8", ("为基层减负", "无")), ("ailment5", ("懒（不愿做）", "无"))):
        for coder in "AB":
            write_sheet(data, coded / f"{coder}.xlsx", name=name, coder=coder, item="MY-O01")
            fill(coded / f"{coder}.xlsx", codes)
        made = pair(read_sheet(coded / "A.xlsx"), read_sheet(coded / "B.xlsx"))
        if name == "ailment5":
            with pytest.raises(UsageError) as refused:
                to_ledger(made, book.entries("opinions"), on=DAY)
            assert refused.value.code == "register-taxonomy"
            continue
        book.record("opinions", to_ledger(made, book.entries("opinions"), on=DAY), by="作风办", on=DAY)
    entries = book.entries("opinions")
    assert not entries[["area6", "focus8"]].isna().any(axis=None)
    assert set(entries["version"]) == {2}
