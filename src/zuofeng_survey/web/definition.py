"""What a browser is told of a poll: docs/api.md, ``definition.json``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ..errors import messages
from ..expression import parse
from ..poll import Poll, Target
from ..questionnaire import Choice, Group, Item, Questionnaire, Text

SAID_IN_BROWSER = (
    "required",
    "not-a-choice",
    "too-many-choices",
    "exclusive-choice",
    "too-long",
    "not-a-number",
    "not-an-integer",
    "not-a-date",
    "rank-incomplete",
    "constraint",
    "code-mistyped",
)


def definition(poll: Poll, *, today: dt.date) -> dict[str, Any]:
    """Return what the form of ``poll`` shows on a day.

    Parameters
    ----------
    poll : Poll
    today : date
        What ``today()`` means in expressions, and whether the poll is open.
    """
    return {
        "poll": poll.name,
        **_questionnaire(poll.questionnaire),
        "today": today.isoformat(),
        "access": poll.access,
        "open": poll.refusal(today) is None,
        "targets": [_target(t) for t in poll.targets],
    }


def preview_definition(
    questionnaire: Questionnaire, *, today: dt.date | None = None
) -> dict[str, Any]:
    """Return the definition of a form that has no poll: open to look at, three stand-ins to rate."""
    names = ("甲", "乙", "丙") if questionnaire.is_ballot else ()
    targets = [
        Target(name=f"sample-{n}", label=Text(zh=f"示例{name}", en=f"Sample {n}"))
        for n, name in enumerate(names, start=1)
    ]
    return {
        "poll": "",
        **_questionnaire(questionnaire),
        "today": (today or dt.date.today()).isoformat(),
        "access": "open",
        "open": True,
        "targets": [_target(t) for t in targets],
    }


def _questionnaire(q: Questionnaire) -> dict[str, Any]:
    settings = q.settings
    texts = ("title", "instructions", "thanks", "anonymity_note")
    catalogue = messages()
    lists = dict.fromkeys(item.list_name for _, item in q.walk() if item.is_select)
    return {
        "form_id": settings.form_id,
        "version": settings.version,
        **{name: _text(getattr(settings, name)) for name in texts},
        "minutes": settings.minutes,
        "anonymity": settings.anonymity,
        "default_language": settings.default_language,
        "long_form": not q.is_ballot,
        "profile": settings.profile,
        "choices": {name: [_choice(c) for c in q.choices.get(name, ())] for name in lists},
        "survey": [_group(g) for g in q.survey],
        "messages": {code: dict(catalogue[code]) for code in SAID_IN_BROWSER},
    }


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _target(target: Target) -> dict[str, Any]:
    return {"name": target.name, "label": _text(target.label), "note": _text(target.note)}


def _choice(choice: Choice) -> dict[str, Any]:
    plain = choice.model_dump(include={"name", "score", "missing", "exclusive"})
    return {**plain, "label": _text(choice.label)}


def _tree(source: str) -> Any:
    return parse(source).tree if source else None


def _group(group: Group) -> dict[str, Any]:
    plain = group.model_dump(include={"type", "name", "repeat_over", "max_rows"})
    return {
        **plain,
        "label": _text(group.label),
        "hint": _text(group.hint),
        "relevant": _tree(group.relevant),
        "items": [_item(i) for i in group.items],
    }


_PLAIN = {"name", "required", "appearance", "max_choices", "max_length", "repeat_over", "by"}


def _item(item: Item) -> dict[str, Any]:
    plain = item.model_dump(include=_PLAIN | {"sensitive"})
    return {
        **plain,
        "kind": item.kind,
        "list_name": item.list_name,
        "or_other": item.or_other,
        "label": _text(item.label),
        "hint": _text(item.hint),
        "relevant": _tree(item.relevant),
        "constraint": _tree(item.constraint),
        "constraint_message": _text(item.constraint_message),
    }
