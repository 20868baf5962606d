"""The page to look at before anyone votes: what a bottom-k rule would do with these voters.

No dataset and nobody's answers stand behind it: only a simulation, with bounds on what one page may
ask of its kernel. The same inputs give the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets

from .. import charts
from ..html import heading, note, table_html
from ..questionnaire import find, load
from ..stats.planning import plan
from ..stats.plans import Plan, PlanDesign
from .views import _charts, _guarded, _html, styled

SEED = 1
VOTERS = {"A": 5, "B": 14, "C": 20, "D": 10}
MOST_VOTERS, MOST_TARGETS, MOST_POOLS = 200, 60, 100
MOST_WORK = 2_000_000  # voters × targets × meetings: about a minute of one processor
SPREADS = {"差距一般": "moderate", "差距明显": "strong", "水平完全一样": "none"}
WORDS = {
    "label": "问题",
    "said": "答案",
    "error": "模拟误差",
    "if_equal": "水平完全一样时",
}
WHY = (
    "“后几位”的规则，在投票之前就能算出它有多准。下面按假想的评议人和对象反复模拟会议，不用任何真实答卷："
    "谁是真正的最后，模拟里是知道的，所以能数出评错了多少次。"
)


class PlanView(widgets.VBox):
    """Inputs, a button, and what the rule would do."""

    def __init__(self) -> None:
        self.voters = {c: _count(f"{c} 类评议人", n, 0, MOST_VOTERS) for c, n in VOTERS.items()}
        self.targets = _count("每个范围的对象", 6, 2, MOST_TARGETS)
        self.pools = _count("排名范围（乡镇）", 12, 1, MOST_POOLS)
        self.k = _count("后几位", 2, 1, MOST_TARGETS - 1)
        self.years = _choice("连续几年", {"一年": 1, "两年": 2, "三年": 3}, 3)
        self.spread = _choice("真实差距", SPREADS, "moderate")
        self.weights = _choice("票的分量", _weightings(), "")
        self.reps = _choice("模拟次数", {"100": 100, "400": 400, "1000": 1000}, 100)
        self.button = widgets.Button(description="重新计算", button_style="primary")
        self.progress = widgets.IntProgress(value=0, max=1, description="进度")
        self.body = widgets.VBox()
        asked = widgets.Box([
            *self.voters.values(), self.weights, self.targets, self.pools, self.k, self.years,
            self.spread, self.reps,
        ])  # fmt: skip
        asked.add_class("zf-asked")
        run = widgets.Box([self.button, self.progress])
        run.add_class("zf-run")
        super().__init__([styled("views.css"), _html(note(WHY)), asked, run, self.body])
        self.add_class("zf-view")
        self.button.on_click(self._clicked)
        self._clicked()

    def design(self) -> PlanDesign:
        """Return what the inputs say.

        Raises
        ------
        ValueError
            k as large as a pool, hardly any voters, too much to simulate: said in Chinese.
        """
        voters = {c: _whole(box) for c, box in self.voters.items() if box.value}
        if sum(voters.values()) < 3:
            raise ValueError("评议人至少要有 3 人。")
        if _whole(self.k) >= _whole(self.targets):
            raise ValueError(f"“后几位”要小于每个范围的对象数（现在是 {self.targets.value}）。")
        if sum(voters.values()) * _whole(self.targets) * _whole(self.reps) > MOST_WORK:
            raise ValueError(
                "算起来太久：请减少评议人、对象或模拟次数，或在命令行用 zuofeng plan。"
            )
        shares = _weights(str(self.weights.value or ""), voters)
        sizes = (_whole(self.targets),) * _whole(self.pools)
        return PlanDesign(voters, sizes, _whole(self.k), weights=shares, years=_whole(self.years))

    def _clicked(self, _: Any = None) -> None:
        self.button.disabled = True
        try:
            design = self.design()
        except ValueError as error:
            self.body.children = [_html(note(str(error), kind="warning"))]
        else:
            self.body.children = _guarded(lambda: _drawn(self._simulated(design)))
        self.button.disabled = False

    def _simulated(self, design: PlanDesign) -> Plan:
        reps = _whole(self.reps)
        self.progress.value, self.progress.max = 0, reps

        def told(done: int, of: int) -> None:
            if done % 10 == 0 or done == of:
                self.progress.value = done

        return plan(design, spread=str(self.spread.value), reps=reps, seed=SEED, progress=told)


def _drawn(found: Plan) -> Sequence[widgets.Widget]:
    return [
        _html(heading("结论") + note(found.verdict(), kind="verdict")),
        _charts([charts.odds_plot(found), charts.plan_plot(found)]),
        _html(_table(found) + note(_basis(found))),
    ]


def _table(found: Plan) -> str:
    table = found.table()
    is_share = table["unit"] == "share"
    said = [
        f"{100 * v:.0f}%" if share else f"{v:.1f} 人"
        for v, share in zip(table["estimate"], is_share, strict=True)
    ]
    error = [_error(v, share) for v, share in zip(table["se"], is_share, strict=True)]
    equal = [f"{v:.1f} 人" if v == v else "—" for v in table["if_equal"]]
    frame = table[["label"]].assign(said=said, error=error, if_equal=equal)
    return table_html(frame, caption="每个问题的答案", headings=WORDS)


def _error(se: float, share: bool) -> str:
    """Say the error of a simulation; what came out the same every time has none that could be seen."""
    said = f"±{100 * se:.0f}%" if share else f"±{se:.1f} 人"
    return said if float(said.strip("±%人 ")) else "次次一样"


def _basis(found: Plan) -> str:
    d = found.design
    return (
        f"模拟 {found.reps} 次会议，随机种子 {found.seed}：同样的设定得到同样的数。“模拟误差”是一个标准误；“次次一样”只说这些次模拟，不是绝不会有。"
        f"“水平完全一样时”是精确公式（每个范围 N 人取后{d.k}位，连续 y 年为 N×({d.k}/N)^y 人）。"
        "真实差距谁也不知道，请把三种差距都看一遍。"
    )


def _count(label: str, value: int, low: int, high: int) -> widgets.BoundedIntText:
    return widgets.BoundedIntText(value=value, min=low, max=high, description=label)


def _whole(box: widgets.BoundedIntText | widgets.Dropdown) -> int:
    return int(box.value or 0)


def _choice(label: str, options: Mapping[str, Any], value: Any) -> widgets.Dropdown:
    return widgets.Dropdown(options=list(options.items()), value=value, description=label)


def _weightings() -> dict[str, str]:
    return {"每张票一样重": "", "副职测评的类别权重": "FZ"}


def _weights(form_id: str, voters: Mapping[str, int]) -> dict[str, float]:
    if not form_id:
        return {}
    classes = load(find(form_id)).voter_classes
    return {c.name: float(c.weight) for c in classes if c.name in voters}
