"""What typer itself refuses (a missing option, a number that is none), said as all else is: place, remedy, both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
import typer.core

from ..errors import Problem, nearest
from .output import USAGE, talk

REFUSED: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "UsageError")
ZH = (  # what typer says, and what that is in Chinese
    (r"valid integer", "应是整数"),
    (r"valid (?:number|float)", "应是数字"),
    (r"valid bool", "应是 true 或 false"),
    (r"greater than or equal to (\S+)", "不能小于 {}"),
    (r"less than or equal to (\S+)", "不能大于 {}"),
    (r"not in the range (.+?)\.?$", "应在 {} 之内"),
    (r"is not one of (.+?)\.?$", "应是 {} 中的一个"),
    (r"unexpected extra arguments?(?:\(s\))? \((.+)\)", "多出了“{}”"),
    (r"Option '?([-\w]+)'? requires an argument", "{} 后面要写一个值"),
)


class Verbs(typer.core.TyperGroup):
    """A group of verbs whose refusals are sentences of the catalogue."""

    def make_context(self, *args: Any, **more: Any) -> Any:
        """Read what stands before the verb."""
        with _told(self):
            return super().make_context(*args, **more)

    def invoke(self, ctx: Any) -> Any:
        """Read what stands behind the verb, and run it."""
        with _told(self):
            return super().invoke(ctx)


@contextmanager
def _told(group: Any) -> Iterator[None]:
    try:
        yield
    except REFUSED as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise
        talk.print(str(problem_of(error, group)), markup=False)
        raise typer.Exit(USAGE) from error


def problem_of(error: Any, group: Any) -> Problem:
    """Return what typer refused, as a sentence of ours."""
    ctx, param = getattr(error, "ctx", None), getattr(error, "param", None)
    place, said = _path(ctx), error.format_message()
    more = {"help": f"{place} --help"}
    if type(error).__name__ == "MissingParameter":
        return Problem("usage-missing", place, {"what": _name(param), **more})
    if type(error).__name__ == "NoSuchOption":
        known = [o for p in ctx.command.params for o in p.opts] if ctx else []
        near = nearest(error.option_name, known) or "—"
        return Problem("usage-option", place, {"got": error.option_name, "near": near, **more})
    if param is not None:
        why = str(error.message)
        params = {"what": _name(param), "why_zh": _chinese(why), "why_en": why.rstrip("."), **more}
        return Problem("usage-value", place, params)
    if said.startswith("No such command"):
        got = said.split("'")[1]
        verbs = getattr(getattr(ctx, "command", group), "commands", group.commands)
        near = nearest(got, verbs) or "—"
        return Problem("usage-verb", place, {"got": got, "near": near, "known": ", ".join(verbs), **more})
    return Problem("usage-other", place, {"why_zh": _chinese(said), "why_en": said.rstrip("."), **more})


def _path(ctx: Any) -> str:
    """Return the verb as people type it, however the program was started."""
    names: list[str] = []
    while ctx is not None and ctx.parent is not None:
        names.insert(0, ctx.info_name)
        ctx = ctx.parent
    return " ".join(["zuofeng", *names])


def _name(param: Any) -> str:
    """Return ``--year``, or the argument's name in capitals."""
    longest = max(param.opts, key=len)
    return longest if longest.startswith("-") else longest.upper()


def _chinese(said: str) -> str:
    """Return what typer says in Chinese, as it stands where it is none of the usual.

    >>> _chinese("Input should be a valid integer, unable to parse string as an integer")
    '应是整数'
    """
    for pattern, zh in ZH:
        if found := re.search(pattern, said):
            return zh.format(*found.groups())
    return said.rstrip(".")
