"""The evaluators' view of the rules, without a browser: what is said before and after the scope is chosen."""

import re

import pytest

from frozen import IBIS_WARNS, deputies
from zuofeng_survey.rules.blanks import BLANK_ZH
from zuofeng_survey.web.rules_view import RulesView

pytestmark = IBIS_WARNS
MERIT = {"甲": 0.6, "乙": 0.2, "丙": 0.4, "丁": -1.6, "戊": -0.2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("rules") / "datasets"
    for year in (2021, 2022):
        deputies(path / f"FZ-辛乡-{year}", MERIT, seed=year)
    deputies(path / "FZ-无年份", MERIT)
    return path


def said(widget) -> str:
    return str(getattr(widget, "value", "")) + "".join(said(w) for w in getattr(widget, "children", ()))


def test_the_scope_is_unset_first_and_luck_is_said_for_each(folder):
    view = RulesView(folder)
    text = said(view)
    assert view.scope.value == "" and view.year.options == (2022, 2021)
    assert text.index("如何提出异议") < text.index("排名范围还没有选定")
    assert "乡镇（街道）内" in text and "全县" in text and "凭运气" in text
    assert "丁" not in text and "FZ-无年份" in text


def test_chosen_it_names_with_evidence_and_leaves_the_decision_empty(folder):
    view = RulesView(folder)
    view.scope.value = "township"
    text = said(view)
    assert "拟提请研究" in text and "绝对等次" in text and "所用常量及来源" in text
    assert all(re.search(f"<td[^>]*>{name}</td><td[^>]*>　</td>", text) for name in BLANK_ZH.values())
    charts = view.body.children[3].children[1].children
    assert charts[0].spec["title"]["text"].endswith("各年名次与名次范围")
    view.year.value = 2021
    assert "2021 年拟提请研究名单" in said(view) and view.scope.value == "township"


def test_an_empty_folder_is_said(tmp_path):
    assert "没有可以核算的测评数据集" in said(RulesView(tmp_path))


def test_while_it_counts_there_is_a_bar_that_moves(folder):
    view, seen = RulesView(folder), []
    view.body.observe(lambda change: seen.append([(type(w).__name__, w) for w in change["new"]]), names="children")
    view.scope.value = "township"
    (_, said_so), (kind, bar) = seen[0]
    assert kind == "IntProgress" and (bar.value, bar.max) == (3, 3)
    assert "已完成 3 / 3 步" in said_so.value
