"""A person's own profile: from one form's answers, in the person's own kernel, kept nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..questionnaire import Item, Questionnaire, Text

# Scales are named ``check.passion``, ``area.3``; only these speak of the person who answers.
OWN = {"check": Text(zh="四查", en="Four checks"), "area": Text(zh="六个方面", en="Six areas")}


def profile(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return mean scores on each scale about oneself, 0–100.

    A score is the mean over valid items (不适用 and blanks are left out, reversed items count
    100 − s), and None below the scale's ``min_valid``.

    Parameters
    ----------
    questionnaire : Questionnaire
    answers : mapping
        As cast (docs/api.md). Whatever does not fit is left out: a kernel cannot trust a browser.

    Returns
    -------
    dict
        ``{"groups": [{"label", "scales": [{"label", "score", "n"}]}]}``
    """
    groups = []
    for prefix, label in OWN.items():
        names = [n for n in questionnaire.scales if n.split(".")[0] == prefix]
        if names:
            scales = [_scale(questionnaire, name, answers) for name in names]
            groups.append({"label": label.model_dump(), "scales": scales})
    return {"groups": groups}


def _scale(q: Questionnaire, name: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    scale = q.scales[name]
    items = [item for group, item in q.walk() if item.scale == name and not group.repeat_over]
    found = [s for item in items if (s := _score(q, item, answers.get(item.name))) is not None]
    score = sum(found) / len(found) if found and len(found) >= scale.min_valid else None
    return {"label": scale.label.model_dump(), "score": score, "n": len(found)}


def _score(q: Questionnaire, item: Item, answer: Any) -> float | None:
    score = next((c.score for c in q.choices_of(item) if c.name == answer), None)
    return 100 - score if item.reverse and score is not None else score
