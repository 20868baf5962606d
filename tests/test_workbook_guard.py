"""Bad workbooks: each told with its sheet and cell, all at once, soon, and in little memory."""

import io
import os
import random
import subprocess
import sys
import time
import zipfile

import openpyxl.xml
import pytest
from openpyxl import Workbook, load_workbook

from workbooks import COLUMNS, EMPTY, part, rezipped, row, sheet
from zuofeng_survey.errors import WorkbookError
from zuofeng_survey.workbook import Limits, read, write

SHEET = "xl/worksheets/sheet1.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    made = tmp_path_factory.mktemp("g") / "good.xlsx"
    write(made, [sheet([row(n) for n in range(1, 7)])])
    return made


@pytest.fixture
def bad(good, tmp_path):
    """A function that saves the good workbook with something done to it."""

    def make(act):
        book = load_workbook(good)
        act(book["问题台账"], book)
        book.save(tmp_path / "bad.xlsx")
        return tmp_path / "bad.xlsx"

    return make


def told(path, **more) -> list[tuple[str, str]]:
    with pytest.raises(WorkbookError) as refused:
        read(path, [EMPTY], **more)
    return [(p.code, p.place) for p in refused.value.problems]


def codes(path, **more) -> set[str]:
    return {code for code, _ in told(path, **more)}


def test_defusedxml_is_what_openpyxl_parses_with(good, monkeypatch):
    assert openpyxl.xml.DEFUSEDXML
    monkeypatch.setattr(openpyxl.xml, "DEFUSEDXML", False)
    assert codes(good) == {"workbook-unsafe-parser"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("编号,姓名\n1,甲\n".encode(), "workbook-other"), (b"", "workbook-other"), (b"<html><table>", "workbook-other"),
        (OLE, "workbook-old"), (OLE + "EncryptedPackage".encode("utf-16-le"), "workbook-encrypted"),
        (b"PK\x03\x04 and nothing after", "workbook-broken"),
    ],
)  # fmt: skip
def test_what_only_calls_itself_a_workbook_is_told_what_it_is(content, code, tmp_path):
    (tmp_path / "x.xlsx").write_bytes(content)
    assert told(tmp_path / "x.xlsx") == [(code, "x.xlsx")]


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"xl/vbaProject.bin": b"x"}, "workbook-macros"),
        ({"xl/externalLinks/externalLink1.xml": b"<externalLink/>"}, "workbook-links"),
        ({SHEET: None}, "workbook-sheet"),
        ({SHEET: b"<worksheet>"}, "workbook-broken"),
        ({"xl/workbook.xml": None}, "workbook-broken"),
        ({SHEET: "<?xml version='1.0' encoding='UTF-16'?><worksheet/>".encode("utf-16")}, "workbook-broken"),
        ({"xl/styles.xml": b"<styleSheet>" + os.urandom(5 << 20).hex().encode() + b"</styleSheet>"}, "workbook-part"),
    ],
)  # fmt: skip
def test_parts_that_do_not_belong_are_told(parts, code, good, tmp_path):
    assert codes(rezipped(good, tmp_path / "x.xlsx", parts)) == {code}


@pytest.mark.parametrize("declared", [
    b'<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>', b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
    b'<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd">',
])  # fmt: skip
@pytest.mark.parametrize("name", [SHEET, "xl/sharedStrings.xml", "xl/workbook.xml", "docProps/core.xml"])
def test_entities_are_refused_wherever_they_stand(declared, name, good, tmp_path):
    content = part(good, name).replace(b"?>", b"?>" + declared, 1)
    assert codes(rezipped(good, tmp_path / "x.xlsx", {name: content})) == {"workbook-entities"}


def rows_of(cells: bytes) -> bytes:
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return head + cells + b"</sheetData></worksheet>"


BOMBS = {
    "a part of zeros": (lambda: {SHEET: rows_of(b" " * 100_000_000)}, "workbook-bomb"),
    "a picture of zeros": (lambda: {"xl/media/a.png": bytes(60_000_000)}, "workbook-bomb"),
    "many parts of zeros": (lambda: {f"xl/media/{n}.png": bytes(999_000) for n in range(80)}, "workbook-bomb"),
    "a million empty rows": (lambda: {SHEET: rows_of(b"".join(b'<row r="%d"/>' % n for n in range(1, 1_000_001)))}, "workbook-rows"),
    "a row far below": (lambda: {SHEET: rows_of(b'<row r="1"/><row r="99999999999"/>')}, "workbook-rows"),
    "a row written in entities": (lambda: {SHEET: rows_of(b'<row r="&#49;048576"/>')}, "workbook-rows"),
    "16,384 columns": (lambda: {SHEET: rows_of(b'<row r="1"><c r="A1"/><c r="XFD1"><v>1</v></c></row>')}, "workbook-far"),
    "a column in entities": (lambda: {SHEET: rows_of(b'<row r="1"><c r="&#90;ZZ1"><v>1</v></c></row>')}, "workbook-far"),
    "two million cells": (lambda: {SHEET: rows_of(b'<row r="1">' + b"<c/>" * 2_000_000 + b"</row>")}, "workbook-bomb"),
    "a hundred thousand names": (lambda: {f"xl/media/{n}": b"" for n in range(40_000)}, "workbook-parts"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_two_seconds(name, good, tmp_path):
    make, code = BOMBS[name]
    path = rezipped(good, tmp_path / "x.xlsx", make())
    begun = time.process_time()
    assert codes(path) == {code}
    assert time.process_time() - begun < 2


def test_a_bomb_takes_little_memory(good, tmp_path):
    path = rezipped(good, tmp_path / "x.xlsx", BOMBS["a million empty rows"][0]())
    code = (
        "import resource, sys; sys.path.insert(0, 'tests'); from workbooks import EMPTY\n"
        "from zuofeng_survey.workbook import read; from zuofeng_survey.errors import WorkbookError\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024; before = peak()\n"
        "try: read(sys.argv[1], [EMPTY])\nexcept WorkbookError: print(peak() - before)"
    )
    grown = subprocess.check_output([sys.executable, "-c", code, str(path)], text=True)
    assert float(grown) < 60  # MB


def test_a_large_table_of_ours_is_let_through_where_it_is_known(good):
    small = Limits(rows=3, cells=10, unpacked=20_000)
    assert codes(good, limits=small) == {"workbook-bomb"}
    assert len(read(good, [EMPTY], limits=small.for_rows(60, 11))["问题台账"]) == 6


def test_everything_wrong_in_a_sheet_is_told_at_once(bad):
    def act(tab, book):
        tab["D2"], tab["D3"], tab["E4"], tab["F5"], tab["G6"] = "03/04/2020", 44185, "昨天", 3.5, "许多"
        tab["D3"].number_format = "General"
        tab["H2"], tab["I3"], tab["J4"], tab["B5"], tab["A7"] = "也许", "来源之99", "庸、慢", None, "WT-0001"
        tab["C6"] = "=1+1"
        tab["C7"] = "#REF!"
        tab.merge_cells("B2:C2")
        book["说明"].sheet_state = "hidden"  # ours, and harmless
        book.create_sheet("草稿").sheet_state = "hidden"

    assert set(told(bad(act))) == {
        ("workbook-hidden", "草稿"), ("workbook-merged", "问题台账!B2"), ("workbook-formula", "问题台账!C6"),
        ("cell-date", "问题台账!D2"), ("cell-date-number", "问题台账!D3"), ("cell-date", "问题台账!E4"),
        ("cell-integer", "问题台账!F5"), ("cell-number", "问题台账!G6"), ("cell-bool", "问题台账!H2"),
        ("cell-choice", "问题台账!I3"), ("cell-choice", "问题台账!J4"), ("cell-required", "问题台账!B5"),
        ("workbook-key-twice", "问题台账!A7"), ("cell-error", "问题台账!C7"),
    }  # fmt: skip


def test_headings_that_are_missing_renamed_double_or_unknown_are_told(bad):
    def act(tab, _):
        tab["B1"], tab["E1"], tab["L1"], tab["M1"] = "问题名", None, "天 数", "我的备注"

    assert set(told(bad(act))) == {
        ("workbook-heading-renamed", "问题台账!B1"), ("workbook-heading-twice", "问题台账!L1"),
        ("workbook-heading-missing", "问题台账!1:1"), ("workbook-heading-unknown", "问题台账!M1"),
    }  # fmt: skip


def test_a_missing_sheet_is_told_with_the_nearest(bad):
    def act(tab, book):
        tab.title = "问题台帐"
        book.create_sheet("别的")

    assert told(bad(act)) == [("workbook-sheet", "bad.xlsx")]


def test_what_people_type_is_understood(bad):
    def act(tab, _):
        tab["D2"], tab["D3"], tab["D4"], tab["D5"] = "2020年3月4日", 20200304, "２０２０／３／４", "2020.3.4"
        tab["D3"].number_format = "General"
        tab["F2"], tab["G2"], tab["H2"], tab["H3"], tab["J2"] = "３", "1,234.5", "√", True, "庸，懒; 散"
        tab["I2"], tab["B2"], tab["B3"], tab["A20"], tab["B20"] = "s3", 7.0, 12.5, "WT-0020", "下面新增的"

    rows = read(bad(act), [EMPTY])["问题台账"].rows
    assert {r.values["found"].isoformat() for r in rows[:4]} == {"2020-03-04"}
    first = rows[0].values
    assert (first["n"], first["share"], first["again"], first["ailments"]) == (3, 1234.5, True, ("庸", "懒", "散"))
    assert (first["source"], first["title"], rows[1].values["title"], rows[1].values["again"]) == ("s3", "7", "12.5", True)
    assert (rows[-1].number, rows[-1].values["id"], rows[-1].touched) == (20, "WT-0020", True)


def test_rows_that_were_sorted_keep_their_versions(good, tmp_path):
    write(tmp_path / "v.xlsx", [sheet([row(n, version=n) for n in range(1, 5)], version="version")])
    book = load_workbook(tmp_path / "v.xlsx")
    tab = book["问题台账"]
    lines = [[c.value for c in line] for line in tab.iter_rows(min_row=2)]
    for n, line in enumerate(reversed(lines), start=2):
        for k, value in enumerate(line, start=1):
            tab.cell(n, k).value = value
    book.save(tmp_path / "v.xlsx")
    rows = read(tmp_path / "v.xlsx", [EMPTY])["问题台账"].rows
    assert [(r.values["id"], r.version, r.touched) for r in rows] == [(f"WT-{n:04}", n, False) for n in (4, 3, 2, 1)]


def test_many_mistakes_are_counted_beyond_the_first_five_hundred(tmp_path):
    book = Workbook()
    book.active.title = "问题台账"
    book.active.append([c.label for c in COLUMNS])
    for n in range(700):
        book.active.append([f"K{n}", "x", None, "明天"])
    book.save(tmp_path / "m.xlsx")
    found = told(tmp_path / "m.xlsx")
    assert len(found) == 501 and found[-1] == ("workbook-more", "m.xlsx")


def mutant(content: bytes, rng: random.Random) -> bytes:
    """Return a workbook with bytes changed, cut or doubled: in the archive, or inside one of its parts."""
    if rng.random() < 0.5:
        spoilt = bytearray(content)
        for _ in range(rng.choice([1, 3, 30])):
            spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
        return bytes(spoilt[: rng.randrange(len(spoilt))] if rng.random() < 0.2 else spoilt)
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        chosen = rng.choice(old.namelist())
        for name in old.namelist():
            inner = bytearray(old.read(name))
            if name == chosen and inner:
                at = rng.randrange(len(inner))
                some = bytes(inner[at : at + rng.randrange(1, 40)])
                inner[at : at + rng.randrange(1, 40)] = rng.choice([b"", some * 2, bytes([rng.randrange(256)]), b"<", b'"', b"9" * 9])
            new.writestr(name, bytes(inner))
    return made.getvalue()


@pytest.mark.parametrize("trials", [100, pytest.param(1_000, marks=pytest.mark.slow)])
def test_a_spoilt_workbook_is_read_or_refused_and_nothing_else(trials, good, tmp_path):
    rng, content = random.Random(trials), good.read_bytes()
    refused = []
    for _ in range(trials):
        (tmp_path / "m.xlsx").write_bytes(mutant(content, rng))
        begun = time.process_time()
        try:
            read(tmp_path / "m.xlsx", [EMPTY])
        except WorkbookError as error:
            refused.append(str(error))
        assert time.process_time() - begun < 2
    assert len(refused) > trials / 4
