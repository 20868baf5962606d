"""The evaluators' view of a survey, without a browser: what to mend first, and townships raw and weighted."""

import ipywidgets as widgets
import numpy as np
import pytest

from frozen import IBIS_WARNS, frozen
from zuofeng_survey import results
from zuofeng_survey.dataset import Dataset
from zuofeng_survey.questionnaire import find, load
from zuofeng_survey.results.balanced import CHANNEL
from zuofeng_survey.web.views import TOWN, OpinionView

pytestmark = IBIS_WARNS
ASKED = ("area.1", "area.2", "area.3", "area.4")
CHANNELS = {"jia": (30, 30), "yi": (30, 30), "gui": (52, 8)}  # forum, window


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> OpinionView:
    folder = tmp_path_factory.mktemp("views")
    frozen(folder / "MY-三乡", "MY", list(_ballots()))
    return OpinionView(folder)


def _ballots():
    """People in forums are two grades kinder; area.1 is worst, area.4 goes with nothing."""
    q, rng = load(find("MY")), np.random.default_rng(5)
    item = {scale: _item(q, scale) for scale in (*ASKED, "overall")}
    channels = [c.name for c in q.choices_of(q.items[CHANNEL])][:2]
    for town, counts in CHANNELS.items():
        for channel, kind, n in zip(channels, (2, 0), counts, strict=True):
            for _ in range(n):
                mood = kind + rng.normal(2, 0.7)
                said = {s: rng.integers(1, 6) if s == "area.4" else round(mood - (s == "area.1") + rng.normal(0, 0.6)) for s in item}
                rows = [(item[s], "", str(int(np.clip(v, 1, 5)))) for s, v in said.items()]
                yield "all", [*rows, (TOWN, "", town), (CHANNEL, "", channel)]


def _item(q, scale):
    return next(n for n, i in q.items.items() if i.scale == scale and {"1", "5"} <= {c.name for c in q.choices_of(i)})


def said(view: OpinionView) -> str:
    def walk(widget):
        yield widget
        for child in getattr(widget, "children", ()):
            yield from walk(child)

    return "".join(w.value for w in walk(view) if isinstance(w, widgets.HTML))


def test_what_to_mend_first_stands_beside_how_sure_that_is(view):
    text = said(view)
    first, table = text.index("先改什么"), text.index("重要性与满意指数")
    assert first < table and "相关不等于因果" in text and "优先改进" in text[table:]
    frame = results.importance(*_opinion(view)).set_index("area")
    assert frame.loc["area.4", "upper"] < frame.loc["area.1", "lower"]


def test_towns_stand_raw_and_weighted_with_only_the_remarks_that_concern_them(view):
    text = said(view)
    towns = text[text.index("各乡镇：原始与加权") : text.index("分组比较")]
    assert all(f">{head}</th>" in towns for head in ("乡镇", "原始指数", "原始范围", "加权指数", "加权名次", "加权范围"))
    raw = results.channel_weighted(_opinion(view)[0], TOWN).table().set_index("group")
    assert raw.loc["gui", "index"] - raw.loc["jia", "index"] > 8 > raw.loc["gui", "weighted"] - raw.loc["jia", "weighted"]
    assert "名次以加权为准" in towns and "不足 30 份" not in towns


def test_groups_are_drawn_on_request_and_nothing_reads_like_code(view):
    view.body.children[-3].value = TOWN
    text = said(view)
    assert "分组汇总" in text and "名次上限" in text
    assert not any(word in text for word in ("nan", "None", "area.1", "MY-S03"))


def _opinion(view):
    dataset = Dataset.open(view.folder / str(view.pick.value))
    return dataset, results.mass_opinion(dataset)
