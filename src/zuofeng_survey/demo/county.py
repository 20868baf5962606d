"""The demo county: who is there, and what everybody answers. Fictional and seeded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import yaml

from ..answers import Answers
from ..expression import evaluate, parse, truth
from ..poll import Target
from ..questionnaire import Group, Item, Questionnaire
from ..stats.raters import Rater

SENTENCES = (
    "办事窗口中午没有人值班，希望安排轮班。",
    "村里的路灯坏了两个月，反映后还没有修。",
    "材料要跑三个部门，希望一次说清。",
    "今年的答复比去年快，谢谢。",
    "会议和报表还是太多，影响下村。",
)


@cache
def shape() -> dict[str, Any]:
    """Return the county's shape: towns, sizes of electorates, rater model."""
    text = resources.files("zuofeng_survey.demo").joinpath("county.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


@cache
def rater() -> Rater:
    """Return how the county's people rate: the model of :mod:`zuofeng_survey.stats.simulate`."""
    told = shape()["rater"]
    variances = {name: told[name] ** 2 for name in ("leniency", "halo", "residual")}
    return Rater(**variances, cuts=tuple(shape()["cuts"]))


@dataclass(slots=True)
class Respondents:
    """Answers forms as people would: a latent impression cut into grades, and a habit."""

    rng: np.random.Generator

    def ballot(
        self, q: Questionnaire, merits: Mapping[str, float], targets: Sequence[str], *, dk: float
    ) -> Answers:
        """Return one voter's ballot over ``targets``.

        Drawn answer by answer and not as a ``panel``: a form tells 不了解 from a blank, has items
        with other numbers of grades, and its classes see merits of their own.
        """
        leniency = rater().lenience(self.rng)
        answers: dict[str, Any] = {}
        for group in q.survey:
            if group.repeat_over != "targets":
                continue
            rated = answers[group.name] = {}
            for target in targets:
                if self.rng.random() < 0.01:
                    continue
                impression = rater().impression(merits[target], leniency, rng=self.rng)
                knows = self.rng.random() >= dk
                rated[target] = {
                    i.name: self._grade(q, i, impression if knows else None) for i in group.items
                }
        return answers

    def _grade(self, q: Questionnaire, item: Item, impression: float | None) -> str:
        choices = q.choices_of(item)
        if impression is None:
            return next(c.name for c in choices if c.missing)
        scored = sorted((c for c in choices if c.score is not None), key=lambda c: c.score or 0)
        cuts = rater().cuts
        edges = cuts if len(scored) == 4 else np.linspace(cuts[0], cuts[-1] + 0.9, len(scored) - 1)
        return scored[rater().grade(impression, rng=self.rng, cuts=edges)].name

    def form(
        self,
        q: Questionnaire,
        fixed: Mapping[str, Any] | None = None,
        *,
        targets: Sequence[Target] = (),
        lift: float = 0.0,
    ) -> Answers:
        """Return a filled form that obeys the questionnaire.

        ``fixed`` sets items outright; ``lift`` is how much kinder than usual the answers are.
        """
        mood = lift + self.rng.normal(0, 0.6)
        answers: dict[str, Any] = {}
        for group in q.survey:
            if not self._asked(group.relevant, answers):
                continue
            if not group.repeat_over:
                self._group(q, group, answers, mood, fixed)
                continue
            rows = [str(n) for n in range(1, int(self.rng.integers(1, 4)) + 1)]
            names = rows if group.repeat_over == "rows" else [t.name for t in targets]
            answers[group.name] = {n: self._group(q, group, {}, mood, fixed) for n in names}
        return answers

    def _group(
        self,
        q: Questionnaire,
        group: Group,
        answers: dict[str, Any],
        mood: float,
        fixed: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        for item in group.items:
            if item.kind == "note" or not self._asked(item.relevant, answers):
                continue
            value = (fixed or {}).get(item.name) or self._answer(q, item, answers, mood)
            if value not in (None, "", [], {}):
                answers[item.name] = value
        return answers

    def _asked(self, relevant: str, answers: Answers) -> bool:
        return not relevant or truth(evaluate(parse(relevant).tree, answers, today="2020-12-20"))

    def _answer(self, q: Questionnaire, item: Item, answers: Answers, mood: float) -> Any:
        if item.repeat_over:
            picked = answers.get(item.repeat_over, [])
            exclusive = {c.name for c in q.choices_of(q.items[item.repeat_over]) if c.exclusive}
            return {p: self._sentence() for p in picked if p not in exclusive}
        if item.kind == "select_one" and item.sensitive:
            return self._pressed(answers)
        if item.kind == "select_one":
            return self._one(q, item, mood)
        if item.kind == "select_multiple":
            return self._many(q, item)
        if item.kind == "text":
            return self._sentence() if item.required or self.rng.random() < 0.15 else None
        if item.kind in ("integer", "decimal"):
            return int(self.rng.integers(3, 30))
        return "2020-12-31" if item.kind == "date" else None

    def _pressed(self, answers: Answers) -> str:
        """Say whether somebody asked for given answers: hardly anywhere, but in one town."""
        here = answers.get("MY-S03") == shape()["coached"]["town"]
        share = shape()["coached"]["share"] if here else shape()["coached"]["elsewhere"]
        return "1" if self.rng.random() < share else "0"

    def _one(self, q: Questionnaire, item: Item, mood: float) -> str | None:
        choices = q.choices_of(item)
        if self.rng.random() < 0.02 and not item.required:
            return None
        missing = [c.name for c in choices if c.missing]
        if missing and self.rng.random() < 0.08:
            return missing[0]
        if any(c.score is not None for c in choices):
            return self._grade(q, item, -mood - 0.4 if item.reverse else mood + 0.2)
        plain = [c.name for c in choices if not c.missing]
        if len(plain) == 2:
            return plain[int(self.rng.random() < 0.85)]
        return plain[int(self.rng.integers(len(plain)))]

    def _many(self, q: Questionnaire, item: Item) -> list[str]:
        choices = q.choices_of(item)
        alone = [c.name for c in choices if c.exclusive]
        if alone and self.rng.random() < 0.6:
            return alone[:1]
        free = [c.name for c in choices if not c.exclusive and c.name != "other"]
        n = int(self.rng.integers(1, min(len(free), item.max_choices or 3, 3) + 1))
        return sorted(self.rng.choice(free, size=n, replace=False).tolist())

    def _sentence(self) -> str:
        return SENTENCES[int(self.rng.integers(len(SENTENCES)))]
