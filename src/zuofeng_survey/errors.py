"""Every sentence said to a person when something is wrong: a code, a place, how to mend it.

The sentences are in ``messages/``, a file for each room, Chinese and English side by side, so that
the browser can be handed the same ones. A :class:`Problem` is one filled-in sentence; an error carries one or more.

::

    ZuofengError
    ├── DefinitionError     a questionnaire, roster or expression cannot be used
    ├── AnswersInvalid      a filled form breaks its questionnaire (422)
    ├── CodeRefused         unknown or used, never said which (403)
    ├── BallotConflict      this ballot id was cast with other content (409)
    ├── PollError           no such poll, not open, name taken
    ├── KeyRefused          the officers' key does not open this poll
    ├── StorageError        disk full, network file system, database not reachable
    ├── DatasetError        a dataset is missing, altered or cannot be read
    ├── LedgerError         a change that a ledger does not take; nothing of its batch is kept
    └── UsageError          a command line or setting that cannot be followed

Statistics raise plain ``ValueError`` in English: their caller is a programmer.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Self


@cache
def messages() -> dict[str, dict[str, str]]:
    """Return the catalogue: code → {zh, en}, with ``{name}`` placeholders.

    Say what is wrong, then how to mend it. Tests compare codes, never prose.
    """
    found: dict[str, dict[str, str]] = {}
    for file in resources.files("zuofeng_survey").joinpath("messages").iterdir():
        for code, sentence in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if code in found:
                raise LookupError(f"the code {code!r} stands twice, once more in {file.name}")
            found[code] = sentence
    return found


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, said in both languages.

    ``place`` reads from the outside in (``FZ.yaml › FZ-B01 › relevant``); ``params`` fill the
    sentence of ``code``.
    """

    code: str
    place: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    item: str = ""

    def __post_init__(self) -> None:
        if self.code not in messages():
            raise LookupError(f"no message with the code {self.code!r} in messages/")

    def _say(self, lang: str) -> str:
        sentence = messages()[self.code][lang].format_map(self.params)
        mark = "：" if lang == "zh" else ": "
        return f"{self.place}{mark}{sentence}" if self.place else sentence

    @property
    def zh(self) -> str:
        return self._say("zh")

    @property
    def en(self) -> str:
        return self._say("en")

    def as_json(self) -> dict[str, str]:
        """Return what a browser or ``--format json`` is handed; the place is the item."""
        bare = Problem(self.code, "", self.params)
        return {"item": self.item, "code": self.code, "zh": bare.zh, "en": bare.en}

    def __str__(self) -> str:
        return f"[{self.code}] {self.zh}\n    {self.en}"


class ZuofengError(Exception):
    """Something a person can mend; ``problems`` says what, where and how."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    @classmethod
    def of(cls, code: str, place: str = "", **params: Any) -> Self:
        """Make an error with a single problem."""
        return cls(Problem(code, place, params))

    @property
    def code(self) -> str:
        return self.problems[0].code


class DefinitionError(ZuofengError):
    """A questionnaire, a roster or an expression cannot be used."""


class AnswersInvalid(ZuofengError):
    """A filled form breaks its questionnaire; no code is burnt."""


class CodeRefused(ZuofengError):
    """The code is unknown or used; which of the two is never said."""


class BallotConflict(ZuofengError):
    """The ballot id has been cast already, with other content."""


class PollError(ZuofengError):
    """There is no such poll, it is not open, or its name is taken."""


class KeyRefused(ZuofengError):
    """The key does not open the poll's envelopes."""


class StorageError(ZuofengError):
    """The home folder or database cannot hold ballots safely."""


class DatasetError(ZuofengError):
    """A dataset is missing, altered or cannot be read."""


class LedgerError(ZuofengError):
    """A change that a ledger does not take: a value, a step, a rule, or somebody was quicker."""


class UsageError(ZuofengError):
    """A command line or a setting cannot be followed."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word most like ``word``, or an empty string.

    >>> nearest("lable", ["label", "name"])
    'label'
    """
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)), "")
