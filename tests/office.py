"""A small questionnaire and its poll, for the tests of codes, box and freeze."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zuofeng_survey.codes import hash_code
from zuofeng_survey.poll import Poll, Target, new_poll
from zuofeng_survey.questionnaire import Questionnaire
from zuofeng_survey.seal import Key
from zuofeng_survey.store import Home, Receipt, Store, cast

GRADES = [*({"name": str(n), "label": str(n), "score": 25 * n} for n in range(5)),
          {"name": "dk", "label": "不了解", "missing": "dk"}]  # fmt: skip
CLASSES = [
    {"name": "A", "label": "甲类", "weight": 0.4},
    {"name": "B", "label": "乙类", "weight": 0.4},
    {"name": "C", "label": "丙类", "weight": 0.2, "design": "nested"},
]
DEFINITION: dict[str, Any] = {
    "settings": {"form_id": "SMALL", "version": "1", "title": "小测评", "purpose": "ranking", "minutes": 1},
    "choices": {"grade": GRADES, "yes": [{"name": "yes", "label": "是"}, {"name": "no", "label": "否"}]},
    "voter_classes": CLASSES,
    "composite": {"overall": "S1", "dims": ["S2", "S3"]},
    "survey": [
        {
            "type": "repeat",
            "name": "M",
            "label": "评价",
            "repeat_over": "targets",
            "items": [{"type": "select_one grade", "name": f"S{n}", "label": f"第{n}项"} for n in (1, 2, 3)],
        },
        {"type": "group", "name": "R", "label": "说明",
         "items": [{"type": "text", "name": "T1", "label": "说明", "max_length": 300}]},
        {"type": "group", "name": "P", "label": "自评", "apart": True,
         "items": [{"type": "select_one yes", "name": "P1", "label": "自评"}]},
    ],
}  # fmt: skip
COUNTS = {"A": 5, "B": 20}


def small(**changes: Any) -> Questionnaire:
    return Questionnaire.model_validate(DEFINITION | changes)


def opinion() -> Questionnaire:
    """The same without voter classes: it can be opened to all."""
    survey = DEFINITION["survey"][1:]
    settings = DEFINITION["settings"] | {"form_id": "OPEN", "purpose": "summary"}
    return small(settings=settings, survey=survey, voter_classes=[], composite=None)


def roster(n: int = 2) -> list[Target]:
    return [Target(name=f"T{i}", label={"zh": f"对象{i}"}) for i in range(1, n + 1)]


@dataclass
class Office:
    """A published poll with all that its officers have."""

    home: Home
    store: Store
    key: Key
    slips: list[tuple[str, str]]

    @property
    def poll(self) -> Poll:
        return self.store.poll

    def codes(self, voter_class: str) -> list[str]:
        return [code for code, name in self.slips if name == voter_class]

    def cast(self, code: str, answers: Mapping[str, Any], ballot_id: str = "") -> Receipt:
        return cast(self.store, ballot_id or new_id(), code, answers)

    def cast_all(self, *, texts: bool = False) -> list[str]:
        """Use every slip; ballot n says n. Return the receipts in the order of casting."""
        forms = [said(n, text=f"正文{n:03}" if texts else "") for n in range(len(self.slips))]
        return [self.cast(c, f).text for (c, _), f in zip(self.slips, forms, strict=True)]


def open_poll(
    home: Home,
    name: str = "小测评-2020",
    *,
    counts: Mapping[str, int] | None = COUNTS,
    targets: int = 2,
    questionnaire: Questionnaire | None = None,
) -> Office:
    q = questionnaire or small()
    poll, key, slips = new_poll(
        q, name, targets=roster(targets) if q.rates_targets else (), counts=counts
    )
    hashes = [(hash_code(c, pepper=home.pepper, poll=name), v) for c, v in slips]
    return Office(home, Store.publish(home, poll, hashes), key, slips)


def said(n: int, text: str = "") -> dict[str, Any]:
    """Return the n-th of 125 different ballots."""
    first = {f"S{i}": str(n // 5**i % 5) for i in range(3)}
    marks = {"M": {"T1": {f"S{i + 1}": first[f"S{i}"] for i in range(3)}}}
    return marks | ({"T1": text} if text else {})


def number(ratings: Mapping[str, str]) -> int:
    """Return which of the 125 ballots this is: the inverse of ``said``."""
    return sum(int(ratings[f"S{i + 1}"]) * 5**i for i in range(3))


def new_id() -> str:
    return secrets.token_hex(16)
