"""What evaluators see: a choice of datasets, and everything a ranking or a summary must say.

Widgets hold released numbers only, since a visitor can read every widget of a kernel; everything
from a dataset goes through :mod:`zuofeng_survey.html` or a chart.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from .. import charts, results
from ..dataset import Dataset
from ..errors import ZuofengError
from ..html import heading, note, span, table_html
from ..results.counting import groupings

FOLDER = "ZUOFENG_DATASETS"
RANKED = ["label", "rank", "set", "estimate", "se", "p_bottom", "n", "good_rate", "dk_rate"]
TOWN = "MY-S03"
BY_TOWN = ["group_label", "n", "index", "rank", "set", "weighted", "weighted_rank", "weighted_set"]
TOWN_WORDS = {
    "group_label": "乡镇", "n": "人数", "index": "原始指数", "rank": "原始名次", "set": "原始范围",
    "weighted_set": "加权范围",
}  # fmt: skip
IMPORTANT = {"label": "方面", "n": "人数", "importance": "重要性", "lower": "区间下限", "upper": "区间上限", "quadrant": "位置"}
AGREED = 0.9  # what results.grades gives where all voters agree


def datasets_folder() -> Path:
    """Return the folder that the results server hands to its kernels."""
    return Path(os.environ.get(FOLDER, "var/datasets"))


class View(widgets.VBox):
    """A choice of datasets with what is shown of the chosen one under it."""

    def __init__(self, folder: str | Path = "") -> None:
        self.folder = Path(folder) if folder else datasets_folder()
        found = _listed(self.folder, self.suits)
        self.pick = widgets.Dropdown(options=found, description="数据集")
        self.body = widgets.VBox()
        super().__init__([styled("views.css"), self.pick, self.body])
        self.add_class("zf-view")
        self.pick.observe(self._changed, names="value")
        self._changed()

    def suits(self, dataset: Dataset) -> bool:
        """Return whether this view can show the dataset."""
        raise NotImplementedError

    def draw(self, dataset: Dataset) -> Sequence[widgets.Widget]:
        """Return what is shown of the dataset."""
        raise NotImplementedError

    def _changed(self, _: Any = None) -> None:
        name = self.pick.value
        if name is None:
            self.body.children = [_html(note("没有可以查看的数据集。请先封存一次测评。"))]
            return
        self.body.children = _guarded(lambda: self.draw(Dataset.open(self.folder / str(name))))


class RankingView(View):
    """Who is where, how sure that is, what it rests on, and how to object."""

    def suits(self, dataset: Dataset) -> bool:
        q = dataset.codebook["questionnaire"]
        return q is None or q["composite"] is not None

    def draw(self, dataset: Dataset) -> Sequence[widgets.Widget]:
        found = results.rank(dataset)
        order = tuple(found.table()["target"])
        drawn: list[Any] = [charts.rank_plot(found)]
        if not dataset.is_imported:
            drawn.append(charts.grade_plot(dataset, order=order))
        return [
            _html(_appeal() + _facts(dataset)),
            _html(_said(found)),
            _charts(drawn),
            _html(_ranking_table(dataset, found) + _grades_table(dataset, order)),
            _html(_sensitivity(dataset, found)),
        ]


class OpinionView(View):
    """What people think of the work, area by area; groups on request."""

    def suits(self, dataset: Dataset) -> bool:
        q = dataset.codebook["questionnaire"]
        return q is not None and q["composite"] is None

    def draw(self, dataset: Dataset) -> Sequence[widgets.Widget]:
        found = _summed(dataset)
        groups = groupings(dataset.questionnaire)
        by = widgets.Dropdown(
            options=[("不分组", ""), *((v, k) for k, v in groups.items())], description="分组"
        )
        named = list(zip(found.everyone()["label"], found.everyone()["area"], strict=True))
        area = widgets.Dropdown(options=named, description="方面")
        part = widgets.VBox()

        def regroup(_: Any = None) -> None:
            part.children = _guarded(
                lambda: _grouped(dataset, str(by.value or ""), str(area.value))
            )

        for choice in (by, area):
            choice.observe(regroup, names="value")
        drawn: list[Any] = [] if found.levels.empty else [charts.satisfaction_plot(found)]
        return [
            _html(_facts(dataset)),
            _charts(drawn) if drawn else _html(note("人数太少，没有可以画的方面。")),
            _html(
                table_html(
                    found.everyone().drop(columns=["area"]),
                    caption="各方面汇总",
                    headings=found.words,
                )
            ),
            _html("".join(note(p.zh, kind="warning") for p in found.problems)),
            *_guarded(lambda: _first_to_mend(dataset, found)),
            *_guarded(lambda: _towns(dataset)),
            _html(heading("分组比较")),
            by,
            area,
            part,
        ]


def _listed(folder: Path, suits: Callable[[Dataset], bool]) -> list[tuple[str, str]]:
    found = []
    for path in sorted(folder.glob("*/manifest.json")) if folder.is_dir() else []:
        try:
            dataset = Dataset.open(path.parent)
            if suits(dataset):
                found.append((f"{_title(dataset)}　{dataset.name}（{dataset.hash[:8]}）", path.parent.name))
        except (ZuofengError, ValueError):
            continue
    return found


def _title(dataset: Dataset) -> str:
    return "外部导入的评分表" if dataset.is_imported else dataset.questionnaire.settings.title.zh


def _guarded(draw: Callable[[], Sequence[widgets.Widget]]) -> Sequence[widgets.Widget]:
    """Say what went wrong in a sentence; the traceback of whatever it was would show paths."""
    try:
        return draw()
    except ZuofengError as error:
        return [_html("".join(note(p.zh, kind="warning") for p in error.problems))]
    except Exception:
        return [_html(note("这份数据现在显示不出来，请告诉管理员。", kind="warning"))]


def _html(markup: str) -> widgets.HTML:
    return widgets.HTML(markup)


def styled(*names: str) -> widgets.HTML:
    """Return style sheets of ours as a widget."""
    static = resources.files("zuofeng_survey.web").joinpath("static")
    css = "\n".join(static.joinpath(name).read_text(encoding="utf-8") for name in names)
    return widgets.HTML(f"<style>{css}</style>")


def _charts(drawn: Sequence[Any]) -> widgets.Box:
    shown = [charts.show(chart) for chart in drawn]
    for chart in shown:
        chart.add_class("zf-chart")
    box = widgets.Box(shown)
    box.add_class("zf-charts")
    return box


def _appeal() -> str:
    return f"<section class='zf-appeal' aria-label='如何提出异议'>{heading('如何提出异议')}{note(results.NOTE['zh'])}</section>"


def _facts(dataset: Dataset) -> str:
    said = note(f"{_title(dataset)} · {dataset.name} · 数据指纹 {dataset.hash}")
    if dataset.is_imported or dataset.manifest["access"] != "codes":
        return said + note(f"有效答卷 {dataset.manifest['totals']['valid']} 份。")
    return said + table_html(results.turnout(dataset), caption="收回情况")


def _said(found: results.Ranking) -> str:
    """Say what the bottom can carry, how little would change it, and what weakens it."""
    k = found.bottom.k
    whole = (
        note(f"以上是把后{k}位当作一组来检验；对每一个人，要看他自己的名次范围。") if k > 1 else ""
    )
    said = note(found.verdict(), kind="verdict") + whole + note(found.fragile())
    weak = "".join(note(p.zh, kind="warning") for p in found.problems)
    more = note(found.standings()) + (note(found.absolute()) if found.base != "value" else "")
    return heading("这份名次能说明什么") + said + more + weak


def _ranking_table(dataset: Dataset, found: results.Ranking) -> str:
    table = found.table()
    remark = {t.name: t.note.zh for t in dataset.targets if t.note}
    columns = [*RANKED, "remark"] if remark else RANKED
    table["remark"] = table["target"].map(remark).fillna("")
    table["set"] = [span(a, b) for a, b in zip(table["lower"], table["upper"], strict=True)]
    caption = f"名次、名次范围（{found.bottom.coverage:.0%}）与得分"
    left_out = len(table) - charts.MOST
    said = f"只列最后 {charts.MOST} 位，前面还有 {left_out} 位。" if left_out > 0 else ""
    rule = "“重抽落末位”：如果换一批同样的评议人再评，有多大比例仍落在末位；不是他真的最差的概率。"
    return table_html(table[columns].tail(charts.MOST), caption=caption) + note(said + rule)


def _grades_table(dataset: Dataset, order: tuple[str, ...]) -> str:
    if dataset.is_imported:
        return ""
    share = results.grades(dataset).reindex(list(order))
    label = {t.name: t.label.zh for t in dataset.targets}
    share.insert(0, "label", [label[t] for t in share.index])
    agreed = share[list(share.columns[2:])].max(axis=1) == AGREED
    names = {c: f"share {c}" for c in share.columns[2:]}
    headings = {f"share {c}": str(c) for c in names} | {"n": "评价人数"}
    for column in names:
        said = share.loc[agreed, column].map(lambda v: "≥90%" if v == AGREED else "≤10%")
        share[column] = share[column].astype(object).mask(agreed, said)
    return table_html(share.rename(columns=names), caption="总体评价等次分布", headings=headings)


def _sensitivity(dataset: Dataset, found: results.Ranking) -> str:
    if len(found.labels) > charts.MOST:
        return ""
    other = results.sensitivity(dataset, k=found.bottom.k)
    return heading("换一种算法会怎样") + note(other.verdict()) + table_html(other.table())


def _summed(dataset: Dataset, by: str = "") -> results.Opinion:
    is_self = dataset.manifest["form_id"] == "ZC"
    return (results.self_inspection if is_self else results.mass_opinion)(dataset, by)


def _first_to_mend(dataset: Dataset, found: results.Opinion) -> Sequence[widgets.Widget]:
    """Show importance beside satisfaction, as the report does; nothing where too few areas can be placed."""
    if dataset.manifest["form_id"] != "MY":
        return []
    frame = results.importance(dataset, found)
    if len(frame) < 3:
        return []
    table = frame.assign(quadrant=charts.quadrant_of(frame))
    first = "、".join(table.loc[table["quadrant"] == "优先改进", "label"])
    said = f"与总体评价关系紧、满意度又偏低的方面：{first or '没有'}。"
    why = "重要性是该方面得分与总体评价的等级相关（推算的，不是问的），附 95% 区间；相关不等于因果。"
    rows = table_html(table[[*IMPORTANT, "index"]], caption="重要性与满意指数", headings=IMPORTANT)
    above = heading("先改什么") + note(said, kind="verdict")
    return [_html(above), _charts([charts.quadrant_plot(frame)]), _html(rows + note(why))]


def _towns(dataset: Dataset) -> Sequence[widgets.Widget]:
    """Show townships raw and weighted to the same channels, side by side."""
    if dataset.manifest["form_id"] != "MY":
        return []
    found = results.channel_weighted(dataset, TOWN)
    frame = found.table()
    for name, first in (("set", "rank"), ("weighted_set", "weighted_rank")):
        pairs = zip(frame[f"{first}_lower"], frame[f"{first}_upper"], strict=True)
        frame[name] = [span(a, b) for a, b in pairs]
    why = (
        "各乡镇用的征集渠道不同：座谈会上的回答往往比窗口和网上的好。加权把每个乡镇的渠道构成调整到与全县相同，"
        "名次以加权为准，名次范围互相重叠的分不出高低。"
    )
    table = table_html(frame[BY_TOWN], caption="各乡镇满意指数：原始与加权", headings=TOWN_WORDS)
    said = "".join(note(p.zh, kind="warning") for p in found.problems)
    return [_html(heading("各乡镇：原始与加权") + table + note(why) + said)]


def _grouped(dataset: Dataset, by: str, area: str) -> Sequence[widgets.Widget]:
    if not by:
        return [_html(note("选一个分组题，比较各组在所选方面的满意率。"))]
    found = _summed(dataset, by)
    table = found.area(area)
    if table["rank"].isna().all():
        table = table.drop(columns=["rank", "rank_lower", "rank_upper"])
    said = "".join(note(p.zh, kind="warning") for p in found.problems)
    plot = [_charts([charts.group_plot(found, area)])] if table["n"].notna().any() else []
    return [*plot, _html(table_html(table, caption="分组汇总", headings=found.words) + said)]
