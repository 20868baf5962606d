"""The rows of a ``survey`` sheet as pages: what begins, what ends, what stands between."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ..errors import Problem
from .sheets import Line

BEGINS, ENDS = ("begin_group", "begin_repeat"), ("end_group", "end_repeat")
# What a phone would note down by itself: when, where, on which device, by whom.
RECORDED = frozenset(
    [
        "start", "end", "today", "deviceid", "username", "phonenumber", "email", "audit", "simserial",
        "subscriberid", "start-geopoint", "background-audio", "background-geopoint",
    ]
)  # fmt: skip
WORDS = {"select one": "select_one", "select multiple": "select_multiple", "select1": "select_one"}
WORDS |= {f"{act} {what}": f"{act}_{what}" for act in ("begin", "end") for what in ("group", "repeat")}
SAME = {"string": "text", "int": "integer"}


@dataclass(slots=True)
class Page:
    """A group or repeat; ``line`` is the row it begins with, none for items that stand alone."""

    type: str
    name: str
    label: dict[str, str]
    line: Line | None = None
    items: list[Line] = field(default_factory=list)


class Survey:
    """Walks down the rows, and gathers pages and what is wrong."""

    def __init__(self, lines: Iterable[Line], file: str) -> None:
        self.file = file
        self.pages: list[Page] = []
        self.problems: list[Problem] = []
        self._open: Page | None = None
        self._alone: Page | None = None
        for line in lines:
            self._take(_with_type(line))
        if self._open and self._open.line:
            self._say("xlsform-open", self._open.line, "type", name=self._open.name)

    def _say(self, code: str, line: Line, key: str, **params: str) -> None:
        self.problems.append(Problem(code, f"{self.file} › {line.place(key)}", params))

    def _take(self, line: Line) -> None:
        kind, name = line.text("type"), line.text("name")
        word = kind.split(" ")[0]
        if not kind or (not name and word not in ENDS):
            self._say("cell-required", line, "name" if kind else "type", label="name" if kind else "type")
        elif word in RECORDED:
            self._say("xlsform-recorded", line, "type", type=word)
        elif word in BEGINS:
            self._begin(line, word.removeprefix("begin_"), name)
        elif word in ENDS:
            self._end(line, word.removeprefix("end_"))
        else:
            self._page().items.append(line)

    def _begin(self, line: Line, kind: str, name: str) -> None:
        if self._open:
            self._say("xlsform-nested", line, "type", name=self._open.name)
            return
        self._open = Page(kind, name, {"zh": name}, line)
        self._alone = None
        self.pages.append(self._open)

    def _end(self, line: Line, kind: str) -> None:
        if self._open is None or self._open.type != kind:
            self._say("xlsform-end", line, "type", type=kind)
        elif not self._open.items:
            self._say("xlsform-empty", line, "type", name=self._open.name)
        self._open = None

    def _page(self) -> Page:
        """Return the page that is open, or one for the items that stand outside of any group."""
        if self._open:
            return self._open
        if self._alone is None:
            n = len(self.pages) + 1
            self._alone = Page("group", f"page_{n}", {"zh": f"第 {n} 页", "en": f"Page {n}"})
            self.pages.append(self._alone)
        return self._alone


def _with_type(line: Line) -> Line:
    """Return the row with its type in the words of the specification."""
    text = " ".join(line.text("type").split())
    for said, word in WORDS.items():
        if text.lower() == said or text.lower().startswith(f"{said} "):
            text = f"{word}{text[len(said) :]}"
    first, _, rest = text.partition(" ")
    text = f"{SAME.get(first.lower(), first)} {rest}".strip()
    text = text.replace(" or specify other", " or_other").replace(" or other", " or_other")
    return replace(line, cells={**line.cells, ("type", ""): text}) if text else line
