"""The item-writing rules, as warnings: a form that breaks them works, but asks badly.

Rules from the field (one idea an item, no leading words, a way not to answer) and from the office's
own practice; each has a code in ``messages.toml`` that begins with ``style-``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import Problem
from .model import Group, Item, Questionnaire

LONGEST_LABEL = 40
LEADING = re.compile(r"是否认为|显著|大力|切实|进一步|充分|难道|不可否认|众所周知")
DOUBLE = re.compile(r"[^“”（()]{2,}(?:并且|而且|以及|同时)[^“”）)]{2,}")
PERSONAL = re.compile(r"姓名|身份证|手机号|电话号码|联系电话|住址|政治面貌|宗教|民族|健康状况|银行卡")
ASKS_NOT_TO = re.compile(r"不写|不要|请勿|无需|不需要|不必")


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
    place = place or f"{questionnaire.form_id}.yaml"
    problems = []
    for group, item in questionnaire.walk():
        where = f"{place} › {item.name}"
        problems += [Problem(code, where, params, item.name) for code, params in _rules(
            questionnaire, group, item)]
    return problems


def _rules(q: Questionnaire, group: Group, item: Item) -> Iterator[tuple[str, dict[str, object]]]:
    text = item.label.zh
    if len(text) > LONGEST_LABEL:
        yield "style-long", {"length": len(text), "limit": LONGEST_LABEL}
    if found := LEADING.search(text):
        yield "style-leading", {"word": found.group()}
    if found := DOUBLE.search(text):
        yield "style-double", {"text": found.group()}
    found = PERSONAL.search(text)
    if found and not ASKS_NOT_TO.search(text) and q.settings.anonymity in ("anonymous", "sealed"):
        yield "style-personal", {"word": found.group()}
    if item.kind == "select_one":
        yield from _choices(q, group, item)
    if item.sensitive and item.is_select:
        if all(c.missing != "refused" for c in q.choices_of(item)):
            yield "style-no-refusal", {}
    period = q.settings.period.zh
    if period and item.scale and "本" not in period and period not in text + group.hint.zh + str(
        q.settings.instructions
    ):
        yield "style-period", {"period": period}


def _choices(
    q: Questionnaire, group: Group, item: Item
) -> Iterator[tuple[str, dict[str, object]]]:
    choices = q.choices_of(item)
    scored = [c.score for c in choices if c.score is not None]
    if scored and not any(c.missing for c in choices):
        yield "style-no-dk", {"list": item.list_name}
    if scored and scored not in (sorted(scored), sorted(scored, reverse=True)):
        yield "style-order", {"list": item.list_name}
    if scored and not item.scale and q.settings.purpose != "acceptance" and not _is_overall(q, item):
        yield "style-no-scale", {}
    if item.reverse and not scored:
        yield "style-reverse", {}


def _is_overall(q: Questionnaire, item: Item) -> bool:
    return q.composite is not None and q.composite.overall == item.name
