"""Findings as a table, as JSON and as a page. 如何提出异议 comes first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

import pandas as pd

from ..errors import Problem
from ..html import heading, note, table_html
from ..results import NOTE
from .blanks import BLANK_ZH, BLANKS
from .evidence import Evidence
from .finding import Finding
from .rounds import KIND_ZH
from .settings import ORIGIN_ZH, Constant, Settings

SCHEMA = "zuofeng-findings/1"
SCOPE_ZH = {"township": "乡镇（街道）内", "county": "全县"}
STATUS = "拟提请研究"
ORDER = ("seed", "law", "office", "default")
HEADINGS = {
    "kind": "类别",
    "scope": "排名范围",
    "pool": "单位",
    "pools": "范围数",
    "persons": "人数",
    "k": "末位人数",
    "years": "计入年份",
    "measure": "方案对应措施（只供研究）",
    "level": "证据强度",
    "status": "处理建议",
    "luck_1": "凭运气：一年",
    "luck_2": "凭运气：连续两年",
    "luck_3": "凭运气：连续三年",
    "flip1": "一票可翻转",
    "maps": "赋分方案一致",
    "remark": "岗位说明",
    "year": "年份",
    "dataset": "数据集",
    "hash": "指纹",
    "ranked": "形成名次",
    "key": "常量",
    "value": "取值",
    "origin": "来源",
    **BLANK_ZH,
}
SHOWN = ("label", "pool", "years", "measure", "status", "level", "p_bottom", "rank", "lower", "upper", "n",
         "good_rate", "dk_rate", "flip1", "maps", "remark")  # fmt: skip
USED = ("bottom_rule.", "class_weights.", "objection.")
RULE_KEYS = {
    "bottom_rule.secretary.n": "支部书记取后几位",
    "bottom_rule.deputy.n": "副职干部取后几位",
    "bottom_rule.ladder.1": "一年落在末位",
    "bottom_rule.ladder.2": "连续两年落在末位",
    "bottom_rule.ladder.3": "连续三年落在末位",
    "bottom_rule.scope": "在多大范围里排",
    "objection.review_days": "几日内可以申请复核",
    "objection.appeal_days": "几日内可以提出申诉",
}


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """拟提请研究名单: whom the plan's ladder names, and how far that can be trusted.

    Attributes
    ----------
    year, scope
    findings : tuple of Finding
        Highest rung and strongest evidence first.
    datasets : DataFrame
        One row a dataset: name, hash, kind, year, pool, persons, cast, issued, valid, ranked.
    chance : DataFrame
        What luck alone would name, at either scope.
    problems : tuple of Problem
        What concerns whole polls.
    settings : Settings
    """

    year: int
    scope: str
    findings: tuple[Finding, ...]
    datasets: pd.DataFrame
    chance: pd.DataFrame
    problems: tuple[Problem, ...]
    settings: Settings

    def table(self) -> pd.DataFrame:
        """Return one row a finding, unrounded, with the fields that people fill left empty."""
        return _table(self.findings)

    def as_json(self) -> dict[str, Any]:
        """Return everything, as ``rules/findings.schema.json`` describes it."""
        return _json(self)

    def of(self, target: str) -> Finding | None:
        """Return what is found about one person."""
        return next((f for f in self.findings if f.target == target), None)

    def _repr_html_(self) -> str:
        return _html(self)


def _table(findings: Sequence[Finding]) -> pd.DataFrame:
    """Return one row a finding; the columns that people fill are empty."""
    rows = [_row(f) for f in findings]
    return pd.DataFrame(rows, columns=[*_COLUMNS, *BLANKS])


_COLUMNS = ("target", "label", "kind", "pool", "years", "step", "measure", "measure_origin", "status", "level", "unguarded",
            "p_bottom", "rank", "lower", "upper", "certain", "verified", "gap", "gap_needed", "gap_p", "tied",
            "persons", "estimate", "se", "n", "good_rate", "dk_rate",
            "return_rate", "flip1", "leave", "maps", "bases", "others", "remark", "guards", "confirm")  # fmt: skip


def _row(f: Finding) -> dict[str, Any]:
    last = f.last
    row = {name: getattr(f, name) for name in ("target", "label", "kind", "pool", "step", "measure", "measure_origin", "level", "unguarded", "remark")}
    row |= {"years": "、".join(map(str, f.years)), "status": STATUS}
    plain = ("p_bottom", "rank", "lower", "upper", "certain", "verified", "gap", "gap_needed", "gap_p", "tied", "persons", "estimate", "se", "n", "good_rate", "dk_rate",
             "return_rate", "flip1", "leave")  # fmt: skip
    row |= {name: getattr(last, name) for name in plain}
    row |= {name: "{}/{}".format(*getattr(last, name)) for name in ("maps", "bases", "others")}
    row |= {name: "；".join(p.zh for p in getattr(f, name)) for name in ("guards", "confirm")}
    return row | dict.fromkeys(BLANKS)


def _json(found: Findings) -> dict[str, Any]:
    """Return everything there is, plain."""
    return {
        "schema": SCHEMA,
        "year": found.year,
        "scope": found.scope,
        "how_to_object": {"zh": objection(found), "en": objection(found, "en")},
        "note": dict(NOTE),
        "settings": [_constant(c) for c in found.settings.constants.values() if c.key in _used(found)],
        "chance": found.chance.to_dict("records"),
        "datasets": found.datasets.to_dict("records"),
        "problems": [_problem(p) for p in found.problems],
        "findings": [_finding(f) for f in found.findings],
    }


def _used(found: Findings) -> set[str]:
    return {c.key for c in used(found.settings)}


def _constant(c: Constant) -> dict[str, Any]:
    return {"key": c.key, "value": c.value, "origin": c.origin, "at": c.at, "note": c.note, "was": c.was}


def _problem(p: Problem) -> dict[str, str]:
    return {"code": p.code, "place": p.place, "zh": p.zh, "en": p.en}


def _finding(f: Finding) -> dict[str, Any]:
    plain = ("target", "label", "kind", "pool", "step", "measure", "measure_origin", "level", "unguarded",
             "remark", "facts")  # fmt: skip
    out: dict[str, Any] = {name: getattr(f, name) for name in plain}
    out |= {"status": STATUS, "years": list(f.years)}
    for name in ("reasons", "guards", "confirm"):
        out[name] = [_problem(p) for p in getattr(f, name)]
    out["evidence"] = [_evidence(e) for e in f.evidence]
    out["pooled"] = None if f.pooled is None else {k: _plain(v) for k, v in asdict(f.pooled).items()}
    return out | {"for_people": dict.fromkeys(BLANKS)}


def _evidence(e: Evidence) -> dict[str, Any]:
    row = {name: _plain(getattr(e, name)) for name in e.__dataclass_fields__}
    return row | {name: [_problem(p) for p in getattr(e, name)] for name in ("guards", "problems")}


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return None
    return list(value) if isinstance(value, tuple) else value


def objection(found: Findings | Settings, lang: str = "zh") -> str:
    """Return how the person concerned may object."""
    known = found if isinstance(found, Settings) else found.settings
    review, appeal = (known[f"objection.{name}_days"] for name in ("review", "appeal"))
    if lang == "en":
        return (
            "This is a list of what to look into, not a decision. Whoever is on it may state their side before any "
            f"decision; from a decision on personnel a review may be asked for within {review} days, and against the "
            f"outcome of the review an appeal made within {appeal} days. Nobody is worse off for objecting."
        )
    return (
        "如何提出异议：这是供研究的名单，不是处理决定。作出任何决定之前，本人有权陈述和申辩；"
        f"对人事处理不服的，自知道处理之日起 {review} 日内可以申请复核，自接到复核决定之日起 {appeal} 日内可以提出申诉。"
        "不因申请复核、提出申诉而加重处理。"
    )


def _html(found: Findings) -> str:
    """Return the page: how to object, the list, what luck would do, what it rests on."""
    frame = found.table().assign(status=STATUS)
    parts = [note(objection(found), kind="warning"), note(NOTE["zh"])]
    title = f"{found.year} 年拟提请研究名单（排名范围：{SCOPE_ZH[found.scope]}，附证据强度）"
    parts.append(heading(title, 3))
    parts.append(table_html(frame[list(SHOWN)], headings=HEADINGS) if len(frame) else note("没有人列入。"))
    for f in found.findings:
        parts.append(heading(f"{f.label}（{KIND_ZH[f.kind]}）：{f.measure}——证据{f.level}", 4))
        parts += [note(p.zh) for p in (*f.confirm, *f.guards, *f.reasons)]
        if f.remark:
            parts.append(note(f"岗位说明：{f.remark}"))
        parts.append(table_html(years_table(f), headings=HEADINGS))
    blank = frame[["label", *BLANKS]].fillna("　")
    parts += [heading("由人填写", 4), table_html(blank, headings=HEADINGS)]
    parts += [chance_html(found.chance), constants_html(found.settings)]
    return "".join(parts) + "".join(note(p.zh) for p in found.problems)


def years_table(f: Finding) -> pd.DataFrame:
    """Return one row a counted year of one finding."""
    names = ("year", "pool", "rank", "lower", "upper", "persons", "p_bottom", "n", "good_rate", "dk_rate", "flip1")
    return pd.DataFrame([{n: getattr(e, n) for n in names} | {"maps": "{}/{}".format(*e.maps)} for e in f.evidence])


def chance_html(chance: pd.DataFrame) -> str:
    """Return what luck alone would name, at either scope, as a table."""
    return table_html(_kinds(chance), caption="各种排名范围下，人人相同时凭运气会点到的人数", headings=HEADINGS)


def constants_html(settings: Settings) -> str:
    """Return the constants the ladder uses, and those the office changed, with their origin."""
    value = SCOPE_ZH | {"UNSET": "方案没有写，要书面选定"}
    rows = [(_called(c), value.get(str(c.value), _given(c.value)), c.said) for c in used(settings)]
    return table_html(pd.DataFrame(rows, columns=["key", "value", "origin"]), caption="所用常量及来源", headings=HEADINGS)


def used(settings: Settings) -> tuple[Constant, ...]:
    """Return the constants the ladder uses, and those the office changed: the plan's words first."""
    found = [c for c in settings.constants.values() if c.key.startswith(USED) or c.key == "scoring.coverage"]
    found += [c for c in settings.changed() if c not in found]
    return tuple(sorted(found, key=lambda c: ORDER.index(c.origin)))


def constants_said(settings: Settings) -> Iterator[str]:
    """Yield a line for each origin: which constants of the ladder are the plan's words, a law, a default, the office's."""
    for origin, constants in groupby(used(settings), key=lambda c: c.origin):
        said = (f"{c.key.removeprefix('bottom_rule.')}={_given(c.value)}" + (f"（{c.was}）" if c.was else "") for c in constants)
        yield f"{ORIGIN_ZH[origin]} {origin}：{'，'.join(said)}"


def _given(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return "—" if value is None or value == {} else str(value)


def _called(c: Constant) -> str:
    """Return what a constant is called: in words, with its key where only a remark is known."""
    return RULE_KEYS.get(c.key) or (f"{c.note}（{c.key}）" if c.note else c.key)


def _kinds(chance: pd.DataFrame) -> pd.DataFrame:
    return chance.assign(kind=chance["kind"].map(KIND_ZH), scope=chance["scope"].map(SCOPE_ZH))
