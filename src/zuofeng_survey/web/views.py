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
import pandas as pd

from .. import charts, results
from ..dataset import Dataset
from ..errors import ZuofengError
from ..html import heading, note, table_html
from ..results.opinion import groupings

FOLDER = "ZUOFENG_DATASETS"
RANKED = ["label", "rank", "lower", "upper", "estimate", "se", "p_bottom", "n", "good_rate", "dk_rate"]
TURNOUT = ["voter_class", "issued", "cast", "valid", "return_rate"]


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
        super().__init__([_style(), self.pick, self.body])
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
        if self.pick.value is None:
            self.body.children = [_html(note("没有可以查看的数据集。请先封存一次测评。"))]
            return
        self.body.children = _guarded(lambda: self.draw(Dataset.open(self.folder / self.pick.value)))


class RankingView(View):
    """Who is where, how sure that is, what it rests on, and how to object."""

    def suits(self, dataset: Dataset) -> bool:
        return dataset.is_imported or dataset.questionnaire.composite is not None

    def draw(self, dataset: Dataset) -> Sequence[widgets.Widget]:
        found = results.rank(dataset)
        order = tuple(found.table()["target"])
        drawn = [charts.rank_plot(found)]
        if not dataset.is_imported:
            drawn.append(charts.grade_plot(dataset, order=order))
        return [
            _html(_appeal() + _facts(dataset)),
            _html(_said(found)),
            _charts(drawn),
            _html(_ranking_table(found) + _grades_table(dataset, order)),
            _html(_sensitivity(dataset, found)),
        ]


class OpinionView(View):
    """What people think of the work, area by area; groups on request."""

    def suits(self, dataset: Dataset) -> bool:
        return not dataset.is_imported and not dataset.questionnaire.is_ballot

    def draw(self, dataset: Dataset) -> Sequence[widgets.Widget]:
        found = _summed(dataset)
        groups = groupings(dataset.questionnaire)
        by = widgets.Dropdown(options=[("不分组", ""), *((v, k) for k, v in groups.items())], description="分组")
        named = list(zip(found.everyone()["label"], found.everyone()["area"], strict=True))
        area = widgets.Dropdown(options=named, description="方面")
        part = widgets.VBox()

        def regroup(_: Any = None) -> None:
            part.children = _guarded(lambda: _grouped(dataset, by.value, area.value))

        for choice in (by, area):
            choice.observe(regroup, names="value")
        return [
            _html(_facts(dataset)),
            _charts([charts.satisfaction_plot(found)]),
            _html(table_html(found.everyone().drop(columns=["area"]), caption="各方面汇总", headings=_OPINION)),
            _html("".join(note(p.zh, kind="warning") for p in found.problems)),
            _html(heading("分组比较")),
            by,
            area,
            part,
        ]


_OPINION = {"label": "方面", "n": "人数"}


def _listed(folder: Path, suits: Callable[[Dataset], bool]) -> list[tuple[str, str]]:
    found = []
    for path in sorted(folder.glob("*/manifest.json")) if folder.is_dir() else []:
        try:
            dataset = Dataset.open(path.parent)
            if suits(dataset):
                found.append((f"{dataset.name}（{dataset.hash[:8]}）", path.parent.name))
        except (ZuofengError, ValueError):
            continue
    return found


def _guarded(draw: Callable[[], Sequence[widgets.Widget]]) -> Sequence[widgets.Widget]:
    """Say what went wrong in a sentence: a traceback in a page shows paths and source."""
    try:
        return draw()
    except ZuofengError as error:
        return [_html("".join(note(p.zh, kind="warning") for p in error.problems))]
    except Exception:  # noqa: BLE001 - see the docstring
        return [_html(note("这份数据现在显示不出来，请告诉管理员。", kind="warning"))]


def _html(markup: str) -> widgets.HTML:
    return widgets.HTML(markup)


def _style() -> widgets.HTML:
    css = resources.files(__package__).joinpath("static", "views.css").read_text(encoding="utf-8")
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
    title = "外部导入的评分表" if dataset.is_imported else dataset.questionnaire.settings.title.zh
    said = note(f"{title} · {dataset.name} · 数据指纹 {dataset.hash}")
    if dataset.is_imported or dataset.manifest["access"] != "codes":
        return said + note(f"有效答卷 {dataset.manifest['totals']['valid']} 份。")
    return said + table_html(turnout(dataset), caption="收回情况")


def turnout(dataset: Dataset) -> pd.DataFrame:
    """Return issued, cast and valid ballots of each class and in all; never what they say."""
    label = {c.base: c.label.zh for c in dataset.classes}
    counts = {**dataset.manifest["counts"], "": dataset.manifest["totals"]}
    rows = [
        (f"{name} {label[name].split('（')[0]}" if name else "合计", c["issued"], c["cast"], c["valid"],
         c["cast"] / c["issued"] if c["issued"] else float("nan"))
        for name, c in counts.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=TURNOUT)


def _said(found: results.Ranking) -> str:
    said = note(found.verdict(), kind="verdict") + note(found.fragile())
    return heading("这份名次能说明什么") + said + "".join(note(p.zh, kind="warning") for p in found.problems)


def _ranking_table(found: results.Ranking) -> str:
    caption = f"名次、名次范围（{found.bottom.coverage:.0%}）与得分"
    return table_html(found.table()[RANKED], caption=caption)


def _grades_table(dataset: Dataset, order: tuple[str, ...]) -> str:
    if dataset.is_imported:
        return ""
    share = results.grades(dataset).reindex(list(order))
    label = {t.name: t.label.zh for t in dataset.targets}
    share.insert(0, "label", [label[t] for t in share.index])
    renamed = share.rename(columns={c: f"share {c}" for c in share.columns[1:]})
    headings = {f"share {c}": str(c) for c in share.columns[1:]}
    return table_html(renamed, caption="总体评价等次分布", headings=headings)


def _sensitivity(dataset: Dataset, found: results.Ranking) -> str:
    if len(found.labels) > charts.MOST:
        return ""
    other = results.sensitivity(dataset, k=found.bottom.k)
    return heading("换一种算法会怎样") + note(other.verdict()) + table_html(other.table())


def _summed(dataset: Dataset, by: str = "") -> results.Opinion:
    is_self = dataset.manifest["form_id"] == "ZC"
    return (results.self_inspection if is_self else results.mass_opinion)(dataset, by)


def _grouped(dataset: Dataset, by: str, area: str) -> Sequence[widgets.Widget]:
    if not by:
        return [_html(note("选一个分组题，比较各组在所选方面的满意率。"))]
    found = _summed(dataset, by)
    table = found.area(area)
    said = "".join(note(p.zh, kind="warning") for p in found.problems)
    plot = [_charts([charts.group_plot(found, area)])] if table["n"].notna().any() else []
    return [*plot, _html(table_html(table, caption="分组汇总", headings=_OPINION) + said)]
