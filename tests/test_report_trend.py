"""The report over several years: what went up, what cannot be told, and the plan's stage of each year."""

import datetime as dt
import re
from pathlib import Path

import docx
import pytest

from frozen import IBIS_WARNS, deputies, opinions
from zuofeng_survey import report
from zuofeng_survey.dataset import Dataset
from zuofeng_survey.errors import Problem
from zuofeng_survey.report import Document, Picture, Table
from zuofeng_survey.report.making import KINDS, Issue
from zuofeng_survey.report.words import together

pytestmark = IBIS_WARNS
SATISFIED = {2020: 60, 2021: 63, 2022: 102}  # of 120


@pytest.fixture(scope="module")
def trend(tmp_path_factory: pytest.TempPathFactory) -> Document:
    folder = tmp_path_factory.mktemp("years")
    found = [_of_year(deputies(folder / "FZ-辛乡-2021", {"甲": 0.6, "乙": 0.2, "丙": -1.6}), 2021)]
    for year, good in SATISFIED.items():
        found.append(_of_year(opinions(folder / f"MY-{year}", {"jia": ["5"] * good + ["2"] * (120 - good)}), year))
    signed = Issue("演示办公室", dt.date(2022, 12, 31))
    return next(KINDS["trend"].make(list(reversed(found)), signed))[1]


def _of_year(d: Dataset, year: int) -> Dataset:
    return Dataset(d.path, d.manifest | {"year": year}, d.codebook, d.hash)


def test_each_year_stands_beside_the_one_before_with_its_interval(trend):
    said = str(trend.parts)
    unsure, up = (re.search(f"{b}年与{a}年比，([^']*)。", said)[1] for a, b in ((2020, 2021), (2021, 2022)))
    assert unsure.startswith("总体满意率分不出升降，相差+2.5个百分点（95%区间-")
    assert up.startswith("总体满意率上升，相差+32.5个百分点（95%区间+")


def test_three_years_are_three_rows_and_one_picture(trend):
    table = next(p for p in trend.parts if isinstance(p, Table) and p.caption == "各年总体满意率")
    assert [row[:3] for row in table.rows] == [("2020", "120", "50.0%"), ("2021", "120", "52.5%"), ("2022", "120", "85.0%")]
    (drawn,) = (p for p in trend.parts if isinstance(p, Picture))
    assert drawn.alt == "2020年50.0%；2021年52.5%；2022年85.0%"
    rows = [part for part in trend.parts if isinstance(part, Table) and part.caption == "各年测评的范围"]
    assert rows[0].rows == (("2021", "1", "1", "1"),)


def test_the_three_stages_are_in_the_plans_words(trend):
    said = str(trend.parts)
    assert said.index("2020年是启动年") < said.index("2021年是深化年") < said.index("2022年是巩固年")


def test_fingerprints_stand_on_one_line_and_the_signature_in_company(trend, tmp_path: Path):
    word = docx.Document(str(report.write_word(trend, tmp_path / "trend.docx")))
    columns = word.tables[-1].columns
    assert columns[1].width > 4 * columns[0].width and columns[1].width.mm > 112  # 64 letters of 五号
    last = word.paragraphs[-5:]
    assert last[-1].text == "2022年12月31日" and all(p.paragraph_format.keep_with_next for p in last[:-1])


def test_remarks_that_differ_only_in_the_place_are_said_once():
    same, other = {"names": "C、D"}, {"names": "C"}
    given = [Problem("nested-classes", "SJ-一", same), Problem("nested-classes", "SJ-二", same), Problem("nested-classes", "", other)]
    both, alone = together(given)
    assert both.startswith("SJ-一、SJ-二：C、D 类") and alone.startswith("C 类")
