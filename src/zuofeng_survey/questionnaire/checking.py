"""The item-writing rules, as warnings: a form that breaks them works, but asks badly.

Rules from the field (one idea an item, no leading words, a way not to answer, balance) and from
the office's own practice; each has a code in ``messages/style.toml`` that begins with ``style-``. A rule
that cannot be right about a plain sentence is not here: a warning people learn to skip is none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from ..errors import Problem
from .model import Choice, Group, Item, Questionnaire

LONGEST_LABEL = 40
READ = 400  # characters of a sentence that are looked at
FEW_CELLS = 30  # of unit × rank: with more, some hold a handful of people
LONG_SCALE = 4  # from this many statements on, agreeing with everything must show

LEADING = re.compile(
    r"是否认为|您也认为|大家都|普遍认为|显著|大力|切实|进一步|充分|扎实|高度重视"
    r"|难道|不可否认|众所周知|显然|理应"
)
JOINED = re.compile(r"[^“”]{2,}(?:并且|而且|以及|同时)[^“”]{2,}")
# “和” joins two things; in 和谐, 温和, 总和 it is part of a word.
RATED_TOGETHER = re.compile(r"[一-龥]{2,}(?<![温缓平柔总随饱])和(?![谐气睦平解蔼缓])[一-龥]{2,}")
NEGATED_TWICE = re.compile(
    r"不[^，。？、；]{0,5}不|没有?[^，。？、；]{0,5}(?:没|不)|从[不未][^，。？]{0,5}不"
)
CHOICE_OF_TWO = re.compile(r"(.)不\1")  # 是不是, 能不能: a question, not a negation
PERSONAL = re.compile(
    r"姓名|名字|身份证|手机号|电话号码|联系电话|联系方式|住址|门牌号|微信号|银行卡"
)
INTRUSIVE = re.compile(r"政治面貌|宗教|信仰什么|民族(?:$|[？?：:])|您的民族|健康状况|病史|性取向")
ASKS_NOT_TO = re.compile(r"不写|不要|不填|请勿|无需|不需要|不必|不用")
SENSITIVE = re.compile(r"被暗示|被要求|被索要|为难|报复|指定的?(?:答案|评价)|行贿|受贿|送过礼")
UNIT = re.compile(r"单位|部门|科室|股室|站所|村（社区）|所在的?村")
RANK = re.compile(r"职务|职级|职称|岗位|级别|行政级")
AGREEING = re.compile(
    r"^(?:非常|完全|比较|基本|十分|不太|很)?(?:不同意|同意|赞同|不赞同|符合|不符合)$"
)
STATEMENT = re.compile(r"我(?!们)")
ASIDE = re.compile(r"（[^）]*）|“[^”]*”")

Found = Iterator[tuple[str, dict[str, object]]]


def check(questionnaire: Questionnaire, place: str = "") -> list[Problem]:
    """Return the item-writing rules that are broken, each with its item's place.

    >>> from zuofeng_survey.questionnaire import loads
    >>> q = loads('''
    ... settings: {form_id: T, version: 1, title: 试, purpose: summary, minutes: 1}
    ... survey: [{type: group, name: A, label: 甲, items: [
    ...   {type: text, name: T-1, label: 您是否认为服务显著改善}]}]''')
    >>> [p.code for p in check(q)]
    ['style-leading']
    """
    q, place = questionnaire, place or f"{questionnaire.form_id}.yaml"
    found = []
    for group, item in q.walk():
        rules = [*_wording(q, item), *_privacy(q, item), *_scoring(q, group, item)]
        found += [
            Problem(code, f"{place} › {item.name}", params, item.name) for code, params in rules
        ]
    for name, choices in q.choices.items():
        rules = _choices(q, name, choices)
        found += [Problem(code, f"{place} › choices › {name}", params) for code, params in rules]
    return found + [Problem(code, place, params) for code, params in _whole(q)]


def _wording(q: Questionnaire, item: Item) -> Found:
    text = item.label.zh
    core = ASIDE.sub("", text[:READ])
    if len(text) > LONGEST_LABEL:
        yield "style-long", {"length": len(text), "limit": LONGEST_LABEL}
    if found := LEADING.search(core):
        yield "style-leading", {"word": found.group()}
    scored = any(c.score is not None for c in q.choices_of(item))
    if found := JOINED.search(core) or (RATED_TOGETHER.search(core) if scored else None):
        yield "style-double", {"text": found.group()}
    if found := NEGATED_TWICE.search(CHOICE_OF_TWO.sub("", core)):
        yield "style-negative", {"text": found.group()}
    if q.settings.title.en and not item.label.en:
        yield "style-english", {}
    if not item.name.startswith(q.form_id):
        yield "style-id", {"form_id": q.form_id}


def _privacy(q: Questionnaire, item: Item) -> Found:
    asked = item.label.zh[:READ] + item.hint.zh[:READ]
    choices = q.choices_of(item)
    unnamed = q.settings.anonymity in ("anonymous", "sealed")
    found = PERSONAL.search(asked)
    if found and unnamed and not ASKS_NOT_TO.search(asked):
        yield "style-personal", {"word": found.group()}
    if found := INTRUSIVE.search(asked):
        yield "style-intrusive", {"word": found.group()}
    words = [item.label.zh, *(c.label.zh for c in choices)]
    found = next((m for m in map(SENSITIVE.search, words) if m), None)
    if found and item.is_select and not item.sensitive:
        yield "style-sensitive", {"word": found.group()}
    if item.sensitive and item.is_select and all(c.missing != "refused" for c in choices):
        yield "style-no-refusal", {}
    may_decline = any(c.missing or c.exclusive or c.name == "other" for c in choices)
    forced = (
        item.required and item.by == "respondent" and item.kind in ("select_one", "select_multiple")
    )
    if forced and not may_decline:
        yield "style-no-way-out", {}


def _scoring(q: Questionnaire, group: Group, item: Item) -> Found:
    scored = item.kind == "select_one" and any(c.score is not None for c in q.choices_of(item))
    if item.reverse and not scored:
        yield "style-reverse", {}
    if not scored:
        return
    if not item.scale and item.name != (q.composite.overall if q.composite else ""):
        yield "style-no-scale", {}
    period = q.settings.period.zh
    said = (
        item.label.zh + item.hint.zh + group.label.zh + group.hint.zh + q.settings.instructions.zh
    )
    if period and period not in said:
        yield "style-period", {"period": period}


def _choices(q: Questionnaire, name: str, choices: tuple[Choice, ...]) -> Found:
    asked = {i.kind for i in q.items.values() if i.list_name == name}
    if not asked:
        yield "style-unused", {"name": name}
    if q.settings.title.en and not all(c.label.en for c in choices):
        yield "style-english", {}
    scored = [c for c in choices if c.score is not None]
    if not scored or "select_one" not in asked:
        return
    scores = [c.score for c in scored if c.score is not None]
    if not any(c.missing in ("dk", "na") for c in choices):
        yield "style-no-dk", {"list": name}
    if scores not in (sorted(scores), sorted(scores, reverse=True)):
        yield "style-order", {"list": name}
    listed = [c.score is None for c in choices]
    if listed != sorted(listed):
        yield "style-missing-last", {"list": name}
    if found := next((c for c in scored if AGREEING.match(c.label.zh)), None):
        yield "style-agree", {"list": name, "choice": found.label.zh}


def _whole(q: Questionnaire) -> Found:
    yield from _scales(q)
    yield from _directions(q)
    yield from _who_could_it_be(q)
    total = sum(c.weight for c in q.voter_classes)
    if q.voter_classes and abs(total - 1) > 1e-6:
        yield "style-weights", {"total": f"{total:g}"}


def _scales(q: Questionnaire) -> Found:
    members = {name: [i for i in q.items.values() if i.scale == name] for name in q.scales}
    for name, items in members.items():
        if not items:
            yield "style-unused", {"name": name}
        elif q.scales[name].min_valid > len(items):
            yield "style-min-valid", {"scale": name, "n": len(items)}
        statements = [i for i in items if STATEMENT.search(i.label.zh)]
        if len(statements) >= LONG_SCALE and not any(i.reverse for i in items):
            yield "style-no-reverse", {"scale": name, "n": len(statements)}


def _directions(q: Questionnaire) -> Found:
    """Warn where some scored lists of a form run upwards and others downwards."""
    used = dict.fromkeys(i.list_name for i in q.items.values() if i.kind == "select_one")
    runs = {}
    for name in used:
        scores = [c.score for c in q.choices.get(name, ()) if c.score is not None]
        if len(scores) > 1 and scores[0] != scores[-1]:
            runs[name] = scores[0] < scores[-1]
    most = Counter(runs.values()).most_common(1)
    if len(set(runs.values())) == 2:
        odd = [name for name, rising in runs.items() if rising != most[0][0]]
        yield "style-direction", {"lists": "、".join(odd)}


def _who_could_it_be(q: Questionnaire) -> Found:
    """Warn where unit and rank together may point to a person: many of both, few people in each."""
    if q.settings.anonymity not in ("anonymous", "sealed"):
        return
    own = [
        i for g, i in q.walk() if not g.repeat_over and i.by == "respondent" and "您" in i.label.zh
    ]
    units = [i for i in own if UNIT.search(i.label.zh)]
    ranks = [i for i in own if RANK.search(i.label.zh)]
    for unit in units:
        for rank in ranks:
            cells = _answers(q, unit) * _answers(q, rank)
            if unit is not rank and cells > FEW_CELLS:
                told = "∞" if cells == float("inf") else f"{cells:g}"
                yield "style-identifies", {"unit": unit.name, "rank": rank.name, "cells": told}


def _answers(q: Questionnaire, item: Item) -> float:
    """Return how many different answers there are; a typed answer may be any."""
    if not item.is_select:
        return 1.0 if item.kind == "note" else float("inf")
    return float(sum(not c.missing for c in q.choices_of(item)))
