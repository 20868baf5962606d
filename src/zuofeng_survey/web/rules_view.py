"""What evaluators see of the rules over years: whom the ladder names, and what that rests on.

Nothing here decides: there is no button, and the fields that people fill are shown empty. The
ranking scope starts unset, with what luck alone would name at either scope, and nothing is computed
before it is chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd

from .. import charts, rules
from ..dataset import Dataset
from ..errors import Problem, UsageError, ZuofengError
from ..html import heading, note, shown, span, table_html
from ..results import NOTE
from ..rules.blanks import BLANK_ZH, BLANKS
from ..rules.levels import LEVELS
from ..rules.rounds import KIND_ZH, KINDS
from ..rules.showing import HEADINGS, SCOPE_ZH, STATUS, chance_html, constants_html
from .views import AGREED, _charts, _guarded, _html, datasets_folder, styled

SCOPES = [("尚未选定", ""), *((said, name) for name, said in SCOPE_ZH.items())]
LISTED = ("label", "level", "rank", "set", "good_rate", "pool", "years", "measure", "status", "n", "p_bottom", "remark")
UNSET = (
    "排名范围还没有选定，所以不列任何人。方案没有写明“后几位”是在乡镇内排还是在全县排：两种范围点到的人数不同，"
    "凭运气点到的人数也不同（见下表）。请由研究决定的人书面选定，再在上面选择。"
)
PEOPLE = (
    "下面各栏只由人填写：软件不填写，本页也没有可以作出决定的按钮。作出任何决定之前，本人有权陈述和申辩。"
)
NOBODY = "没有人列入。"
LEVEL_SAID = "证据强度：强、中、弱、不足。“弱”和“不足”说明换一批评议人、换一种算法或少一两张票，名单就可能换人。"


class RulesView(widgets.VBox):
    """Which rule, which year, which scope; then the list, and one person's evidence at a time.

    Parameters
    ----------
    folder : str or Path, optional
        Folder of dataset folders; by default what the results server hands to its kernels.
    settings : Settings, optional
        The office's constants; by default those shipped.
    """

    def __init__(self, folder: str | Path = "", *, settings: rules.Settings | None = None) -> None:
        self.settings = settings or rules.settings()
        self.rounds, self.left_out = _rounds(Path(folder) if folder else datasets_folder())
        self._known: dict[tuple[str, int, str], rules.Findings] = {}
        kinds = [(KIND_ZH[k], k) for k in KIND_ZH if any(r.kind == k for r in self.rounds)]
        self.kind = widgets.Dropdown(options=kinds, description="测评对象")
        self.year = widgets.Dropdown(description="年份")
        self.scope = widgets.Dropdown(options=SCOPES, value="", description="排名范围")
        self.body, self.waiting, self.bar = widgets.VBox(), widgets.HTML(), widgets.IntProgress()
        asked = widgets.Box([self.kind, self.year, self.scope])
        asked.add_class("zf-asked")
        super().__init__([styled("views.css"), _html(_objection(self.settings)), asked, self.body])
        self.add_class("zf-view")
        self._offer_years()
        self.kind.observe(self._kind_changed, names="value")
        for choice in (self.year, self.scope):
            choice.observe(self._changed, names="value")
        self._changed()

    def _offer_years(self) -> None:
        years = sorted({r.year for r in self.rounds if r.kind == self.kind.value}, reverse=True)
        self.year.options, self.year.value = years, years[0] if years else None

    def _kind_changed(self, _: Any = None) -> None:
        self.year.unobserve(self._changed, names="value")
        self._offer_years()
        self.year.observe(self._changed, names="value")
        self._changed()

    def _changed(self, _: Any = None) -> None:
        if self.year.value is None:
            self.body.children = [_html(note("没有可以核算的测评数据集。请先封存一次副职或书记测评。"))]
        elif not self.scope.value:
            self.body.children = _guarded(self._unset)
        else:
            self.body.children = [self.waiting, self.bar]
            self._tell(0, 0)
            self.body.children = _guarded(self._found)

    def _tell(self, done: int, of: int) -> None:
        """Say how far the work is: the whole county takes half a minute."""
        step = f"已完成 {done} / {of} 步（先排出各次测评，再核对每个人的证据）" if of else "正在读取数据"
        self.waiting.value = note(f"正在核算：{step}。全县三年约需半分钟，算过的再看就不用等。")
        self.bar.max, self.bar.value = max(of, 1), done

    def _datasets(self) -> list[Dataset]:
        return [r.dataset for r in self.rounds if r.kind == self.kind.value and r.year <= int(self.year.value or 0)]

    def _unset(self) -> Sequence[widgets.Widget]:
        chance = rules.chances(self._datasets(), self.settings)
        return [_html(note(UNSET, kind="warning") + chance_html(chance) + _told(self.left_out))]

    def _found(self) -> Sequence[widgets.Widget]:
        kind, year, scope = str(self.kind.value), int(self.year.value or 0), str(self.scope.value)
        key = (kind, year, scope)
        if key not in self._known:
            self._known[key] = rules.findings(self._datasets(), year=year, scope=scope, settings=self.settings, progress=self._tell)
        found = self._known[key]
        parts: list[widgets.Widget] = [_html(_list(found))]
        parts += _persons(found) if found.findings else []
        return [*parts, _html(_basis(found) + _told((*found.problems, *self.left_out)))]


def _rounds(folder: Path) -> tuple[list[rules.Round], list[Problem]]:
    """Return the polls that the rules can count, and why others cannot be counted."""
    found, left_out = [], []
    for path in sorted(folder.glob("*/manifest.json")) if folder.is_dir() else []:
        try:
            dataset = Dataset.open(path.parent)
            if dataset.manifest["form_id"] in KINDS:
                found += rules.rounds([dataset])
        except UsageError as error:
            left_out += error.problems
        except (ZuofengError, ValueError):
            continue
    return found, left_out


def _objection(settings: rules.Settings) -> str:
    said = rules.objection(settings).removeprefix("如何提出异议：")
    inside = heading("如何提出异议") + note(said) + note(NOTE["zh"])
    return f"<section class='zf-appeal' aria-label='如何提出异议'>{inside}</section>"


def _told(problems: Sequence[Problem]) -> str:
    return "".join(note(said, kind="warning") for said in dict.fromkeys(p.zh for p in problems))


def _list(found: rules.Findings) -> str:
    title = heading(f"{found.year} 年拟提请研究名单（排名范围：{SCOPE_ZH[found.scope]}）")
    if not found.findings:
        return title + note(NOBODY, kind="verdict")
    count = {level: sum(f.level == level for f in found.findings) for level in LEVELS}
    by_level = "、".join(f"{level} {n} 人" for level, n in count.items() if n)
    said = f"按方案原文核算，点到 {len(found.findings)} 人；证据强度：{by_level}。这是供研究的名单，不是决定。"
    frame = found.table()
    frame["set"] = [span(a, b) for a, b in zip(frame["lower"], frame["upper"], strict=True)]
    named = HEADINGS | {"set": "名次范围"}
    listed = [c for c in LISTED if c != "remark" or frame["remark"].str.strip().any()]
    table = table_html(frame[listed], caption="名单与证据强度（名次旁列绝对等次）", headings=named)
    return title + note(said, kind="verdict") + table + note(LEVEL_SAID)


def _persons(found: rules.Findings) -> list[widgets.Widget]:
    """Show one person's evidence at a time: two dozen charts at once help nobody."""
    names = charts.unique([f"{f.label}（{f.pool}，证据{f.level}）" for f in found.findings])
    pick = widgets.Dropdown(options=list(zip(names, range(len(names)), strict=True)), description="逐人查看")
    part = widgets.VBox()

    def look(_: Any = None) -> None:
        part.children = _guarded(lambda: _person(found.findings[int(pick.value or 0)]))

    pick.observe(look, names="value")
    look()
    return [_html(heading("每个人的证据")), pick, part]


def _person(f: rules.Finding) -> Sequence[widgets.Widget]:
    years = "、".join(map(str, f.years))
    said = note(f"{f.label}（{f.pool}）：{years} 年，方案对应措施“{f.measure}”，证据{f.level}，建议：{STATUS}。", kind="verdict")
    said += note(f"措施依据：{f.measure_origin}。措施只是方案所列，是否采用由人研究决定。")
    said += note(f"岗位说明：{f.remark}", kind="warning") if f.remark else ""
    said += note(f"旁证（由人填写）：{f.facts}") if f.facts else ""
    said += _told((*f.confirm, *f.guards)) + "".join(note(p.zh) for p in f.reasons)
    drawn = [charts.places_plot(_places(f), label=f.label)]
    good = _good(f)
    if len(good):
        title = "绝对等次：称职（较好）以上率"
        drawn.append(charts.years_plot(good, title=title, subtitle="与名次并列看：名次靠后不等于不称职", scale=(0, 1)))
    tests = table_html(_tests(f), caption="检验、脆弱性和换算法", headings={"what": "项目"}) + _pooled(f)
    return [_html(said), _charts(drawn), _html(tests + _grades(f) + _blanks(f))]


def _places(f: rules.Finding) -> pd.DataFrame:
    names = ("year", "pool", "rank", "lower", "upper", "persons", "k", "p_bottom")
    return pd.DataFrame([{n: getattr(e, n) for n in names} for e in f.evidence])


def _good(f: rules.Finding) -> pd.DataFrame:
    """Return the share of upper grades a year; all or none is shown as a band, so not drawn beyond it."""
    known = [(e.year, min(max(e.good_rate, 1 - AGREED), AGREED) if e.good_rate in (0.0, 1.0) else e.good_rate)
             for e in f.evidence if e.good_rate is not None]  # fmt: skip
    rows = [(year, "称职（较好）以上", rate, rate, rate) for year, rate in known]
    return pd.DataFrame(rows, columns=["year", "label", "value", "lower", "upper"])


def _tests(f: rules.Finding) -> pd.DataFrame:
    """Return one row a question and one column a year: it reads on a phone."""
    return pd.DataFrame({"what": list(_answers(f.last)), **{str(e.year): list(_answers(e).values()) for e in f.evidence}})


def _answers(e: Any) -> dict[str, str]:
    without = "、".join(name for name, still in e.named_without.items() if not still)
    leave = f"{e.leave} 张" if e.leave is not None else f"试到 {e.leave_tried} 张仍在"
    return {
        "名次（共几人）": f"{e.rank}（{e.persons}）",
        "名次范围": span(e.lower, e.upper),
        "重抽落末位": shown(e.p_bottom, "p_bottom"),
        "末位与上一位的差距": shown(e.gap, "estimate"),
        "要多大的差距才算数": shown(e.gap_needed, "estimate"),
        "末位作为一组经得起检验": "是" if e.verified else "否",
        "并列于末位分界": "是" if e.tied else "否",
        "一票可翻转": "是" if e.flip1 else "否",
        "抽去几张票可离开末位": leave,
        "改变末位名单至少几张票": "—" if e.set_ballots is None else f"{e.set_ballots} 张",
        "赋分方案中仍点到": "{}/{}".format(*e.maps),
        "口径中仍点到": "{}/{}".format(*e.bases),
        "其他算法中仍点到": "{}/{}".format(*e.others),
        "去掉哪类评议人就不在末位": without or "—",
        "有效票": str(e.n),
        "收回率": shown(e.return_rate, "return_rate"),
        "称职（较好）以上率": shown(e.good_rate, "good_rate", e.n),
        "不了解": shown(e.dk_rate, "dk_rate", e.n),
    }  # fmt: skip


def _pooled(f: rules.Finding) -> str:
    p = f.pooled
    if p is None:
        return note("几年合并检验：只有一年，或各年的排名范围不同，不能合并。")
    result = "经得起" if p.confirmed else "经不起"
    luck = f"{p.by_luck:.1f} 人" if p.by_luck >= 0.05 else "不到 0.1 人"
    return note(
        f"几年合并检验（{'、'.join(map(str, p.years))}，{p.persons} 人）：{result}检验；本人的合并名次范围 {span(p.lower, p.upper)}，"
        f"末位几人作为一组与上一位的差距 {shown(p.gap, 'estimate')}，需要 {shown(p.gap_needed, 'estimate')}（两项有一项成立即可）。"
        f"人人相同时凭运气会点到 {luck}。"
    )


def _grades(f: rules.Finding) -> str:
    """Return the absolute grades beside the ranks; where all agree, only that it is most of them."""
    rows = [{"year": str(e.year)} | dict(_shares(e.grades, e.n)) for e in f.evidence if e.grades]
    return table_html(pd.DataFrame(rows).fillna("—"), caption="各年总体评价等次分布（绝对等次）") if rows else ""


def _shares(grades: dict[str, float], n: int) -> Iterator[tuple[str, str]]:
    agreed = max(grades.values()) == AGREED
    for name, share in grades.items():
        yield name, ("≥90%" if share == AGREED else "≤10%") if agreed else shown(share, "share", n)


def _blanks(f: rules.Finding) -> str:
    empty = pd.DataFrame({"field": [BLANK_ZH[b] for b in BLANKS], "by": ["　"] * len(BLANKS)})
    return heading("由人研究决定") + note(PEOPLE) + table_html(empty, caption=f"{f.label}：由人填写", headings={"field": "栏目", "by": "填写"})


def _basis(found: rules.Findings) -> str:
    names = ["dataset", "hash", "year", "pool", "persons", "issued", "cast", "valid", "ranked"]
    frame = found.datasets[names].assign(hash=found.datasets["hash"].str[:12])
    table = table_html(frame, caption="所依据的数据集", headings=HEADINGS | {"persons": "人数", "issued": "应收"})
    return heading("依据") + chance_html(found.chance) + constants_html(found.settings) + table
