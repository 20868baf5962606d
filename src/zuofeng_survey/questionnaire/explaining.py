"""What pydantic finds, said to the author: file › group or item › key, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ..errors import Problem, messages, nearest
from .model import (
    Choice,
    Composite,
    Frozen,
    Group,
    Item,
    Questionnaire,
    Scale,
    Settings,
    Text,
    VoterClass,
)

INSIDE: dict[Any, type[Frozen]] = {
    "settings": Settings,
    "survey": Group,
    "items": Item,
    "choices": Choice,
    "scales": Scale,
    "voter_classes": VoterClass,
    "composite": Composite,
    **dict.fromkeys(
        (
            "anonymity_note",
            "constraint_message",
            "hint",
            "instructions",
            "label",
            "period",
            "respondent",
            "thanks",
            "title",
        ),
        Text,
    ),
}
# pydantic's error type → why a value cannot be used; placeholders are of its own context.
WHYS = {
    "string_type": ("应当是一段文字", "it must be text"),
    "bool_parsing": ("只能是 true 或 false", "it must be true or false"),
    "int_parsing": ("应当是整数", "it must be a whole number"),
    "int_from_float": ("应当是整数", "it must be a whole number"),
    "float_parsing": ("应当是数字", "it must be a number"),
    "finite_number": ("应当是有限的数字", "it must be a finite number"),
    "literal_error": ("只能是 {expected}", "it must be {expected}"),
    "greater_than_equal": ("不能小于 {ge}", "it must be at least {ge}"),
    "less_than_equal": ("不能大于 {le}", "it must be at most {le}"),
    "greater_than": ("应当大于 {gt}", "it must be more than {gt}"),
    "less_than": ("应当小于 {lt}", "it must be less than {lt}"),
    "too_short": ("至少要有 {min_length} 项", "it needs at least {min_length}"),
    "model_type": ("应当是“键: 值”", "it must be “key: value”"),
    "dict_type": ("应当是“键: 值”", "it must be “key: value”"),
    "tuple_type": (
        "应当是列表，每项一行，以“- ”开头",
        "it must be a list: a line each, beginning with “- ”",
    ),
}
SAME = {"bool_type": "bool_parsing", "int_type": "int_parsing", "float_type": "float_parsing"}


def explain(error: ValidationError, raw: Any, place: str) -> list[Problem]:
    """Return a problem for each thing that pydantic found."""
    found = error.errors(include_url=False)
    broken = {e["loc"][:n] for e in found for n in range(len(e["loc"]))}
    # A list whose only entry is broken counts as empty: the entry's own mistake says it all.
    told = [e for e in found if not (e["type"] == "too_short" and e["loc"] in broken)]
    return [_problem(e["type"], e["loc"], e, raw, place) for e in told]


def _problem(kind: str, loc: tuple[Any, ...], e: Any, raw: Any, place: str) -> Problem:
    loc = tuple(step for step in loc if step != "[key]")
    where, name = _place(loc[:-1], raw, place)
    key = str(loc[-1])[:60] if loc else ""
    if kind == "extra_forbidden":
        near = nearest(key, _keys_at(loc))
        hints = (f"是不是“{near}”？", f"Did you mean “{near}”?") if near else ("", "")
        params = {"key": key, "hint_zh": hints[0], "hint_en": hints[1]}
        return Problem("unknown-key", where, params, name)
    if kind == "missing":
        return Problem("missing-key", where, {"key": key}, name)
    spot, name = _place(loc, raw, place)
    got = _shown(e.get("input"))
    if kind in messages():
        return Problem(kind, spot, {**e.get("ctx", {}), "got": got}, name)
    params = {"got": got, **_why(SAME.get(kind, kind), e)}
    return Problem("bad-value", spot, params, name)


def _why(kind: str, e: Any) -> dict[str, str]:
    if kind not in WHYS:
        return {"why_zh": e["msg"], "why_en": e["msg"]}
    zh, en = (said.format_map(e.get("ctx", {})) for said in WHYS[kind])
    return {"why_zh": zh.replace(" or ", "、"), "why_en": en}


def _place(loc: tuple[Any, ...], raw: Any, place: str) -> tuple[str, str]:
    """Return where a key stands, and the name of the item or group it belongs to.

    In a survey the item's name says it all; elsewhere the way from the outside in is told.
    """
    where, node, name = [place], raw, ""
    for depth, step in enumerate(loc, start=1):
        node = _inside(node, step)
        if isinstance(node, Mapping) and isinstance(node.get("name"), str) and node["name"]:
            name = node["name"][:40]
            where = [place] if loc[0] == "survey" else where
            where.append(name)
        elif isinstance(step, int):
            where.append(str(step + 1))
        elif step not in ("survey", "items") or depth == len(loc):
            where.append(str(step)[:40])
    return " › ".join(where), name if loc and loc[0] == "survey" else ""


def _inside(node: Any, step: Any) -> Any:
    try:
        return node[step]
    except (KeyError, IndexError, TypeError):
        return None


def _shown(value: Any) -> str:
    if value is None:
        return "（空）"
    return str(value) if len(str(value)) <= 60 else f"{str(value)[:60]}…"


def _keys_at(loc: tuple[Any, ...]) -> list[str]:
    """Return the keys that the model at ``loc`` knows, for the nearest-word hint."""
    model: type[Frozen] = Questionnaire
    for step in loc[:-1]:
        model = INSIDE.get(step, model)
    return list(model.model_fields)
