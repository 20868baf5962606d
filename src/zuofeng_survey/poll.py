"""A poll: one round of one questionnaire, fixed when it is published.

Who may be rated, who may vote with what weight, on which days, and the public key that seals every
ballot. There is no setting that makes a ballot traceable: secrecy is what these fields leave out.
"""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, field_serializer, field_validator

from . import codes, seal
from .errors import PollError, Problem, nearest
from .questionnaire import Questionnaire, Text
from .questionnaire.model import EMPTY, Frozen, Item, Label, Name
from .questionnaire.model import NAME as ITEM_NAME

EVERYONE = "all"
NAME = re.compile(r"\w[\w\-]{0,63}")
TARGET = re.compile(r"\w[\w.\-]{0,63}")  # a part of an answer's place: B/jia-A/FZ-B01
LONGEST_NAME = 200  # bytes: files and folders are called after a poll


class Target(Frozen):
    """Who or what is rated. ``name`` stays the same over years; ``note`` tells a hard job."""

    name: Name
    label: Label
    note: Label = EMPTY


class Constituency(Frozen):
    """The holders of one kind of code: a voter class, or the part of a nested one for one target."""

    name: str
    base: str
    label: Label
    weight: float
    issued: int = Field(ge=0)
    targets: tuple[str, ...] = ()


class Poll(Frozen):
    """One round of one questionnaire. Made by :func:`new_poll`.

    ``year`` is the year that is judged, which may end before the meeting; ``pool`` says among whom
    a target is ranked, such as a township.
    """

    name: str
    questionnaire: Questionnaire
    targets: tuple[Target, ...] = ()
    classes: tuple[Constituency, ...]
    access: Literal["codes", "open"]
    opens: dt.date | None = None
    closes: dt.date | None = None
    year: int | None = Field(default=None, ge=1949, le=2999)
    pool: str = Field(default="", max_length=64)
    public_key: bytes
    k: int = Field(default=5, ge=3)

    @field_validator("public_key", mode="before")
    @classmethod
    def _from_base64(cls, value: str | bytes) -> bytes:
        return base64.b64decode(value) if isinstance(value, str) else value

    @field_serializer("public_key")
    def _to_base64(self, value: bytes) -> str:
        return base64.b64encode(value).decode()

    @property
    def title(self) -> Text:
        return self.questionnaire.settings.title

    def class_named(self, name: str) -> Constituency:
        return self._by_name[name]

    def targets_of(self, voter_class: str) -> tuple[str, ...]:
        """Return the targets that a voter of this class may rate."""
        return self.class_named(voter_class).targets or self._roster

    def full_size(self, voter_class: str) -> int:
        """Return how many bytes the answers of this class have when everything is marked.

        Every envelope is padded to it, so that its length does not tell a blank ballot from a full
        one. Texts come on top: how much was written shows, in steps of 256 bytes.
        """
        if voter_class not in self._full_sizes:
            full = _fullest(self.questionnaire, self.targets_of(voter_class))
            self._full_sizes[voter_class] = len(seal.canonical(full))
        return self._full_sizes[voter_class]

    @cached_property
    def _full_sizes(self) -> dict[str, int]:
        return {}

    @cached_property
    def _roster(self) -> tuple[str, ...]:
        return tuple(t.name for t in self.targets)

    @cached_property
    def _by_name(self) -> dict[str, Constituency]:
        return {c.name: c for c in self.classes}

    def refusal(self, today: dt.date) -> Problem | None:
        """Return why nothing can be cast on this day, if so."""
        if self.opens and today < self.opens:
            return Problem("poll-not-yet", "", {"day": self.opens.isoformat()})
        if self.closes and today > self.closes:
            return Problem("poll-closed", "", {})
        return None

    def __repr__(self) -> str:
        n = sum(c.issued for c in self.classes)
        who = f"{n} codes" if self.access == "codes" else "open to all"
        return f"<Poll {self.name} of {self.questionnaire.form_id}, {len(self.targets)} targets, {who}>"

    __str__ = __repr__


def _fullest(q: Questionnaire, targets: Sequence[str]) -> dict[str, Any]:
    """Return a form with the longest mark everywhere; texts and rows of one's own are left out."""
    full: dict[str, Any] = {}
    for group in q.survey:
        marks = {i.name: _longest(q, i) for i in group.items if i.kind not in ("text", "note")}
        if group.repeat_over == "targets":
            full[group.name] = dict.fromkeys(targets, marks)
        elif not group.repeat_over:
            full |= marks
    return full


def _longest(q: Questionnaire, item: Item) -> Any:
    names = sorted((c.name for c in q.choices_of(item)), key=lambda n: -len(seal.canonical(n)))
    if item.kind == "select_one":
        return names[0] if names else ""
    if item.is_select:
        return names[: item.max_choices]
    return "2020-12-31" if item.kind == "date" else -1_000_000_000_000_000


def new_poll(
    questionnaire: Questionnaire,
    name: str,
    *,
    targets: Sequence[Target] = (),
    counts: Mapping[str, int] | None = None,
    days: tuple[dt.date | None, dt.date | None] = (None, None),
    of: tuple[int | None, str] = (None, ""),
) -> tuple[Poll, seal.Key, list[tuple[str, str]]]:
    """Fix one round of a questionnaire.

    Parameters
    ----------
    questionnaire : Questionnaire
    name : str
        Letters (also Chinese), digits, ``-`` and ``_``; part of the form's address.
    targets : sequence of Target
        The roster; needed for a ballot, refused where no item is asked about targets.
    counts : mapping of str to int, optional
        Voter class → number of codes; for a nested class, codes for each target. Without counts
        the poll is open to all.
    days : pair of date or None
        First and last day.
    of : pair of int or None, str
        The year that is judged, and the pool its targets are ranked in.

    Returns
    -------
    Poll, Key, list of (code, voter_class)
        The codes are shuffled; nothing else remembers them.

    Raises
    ------
    PollError
        When the name, the roster or the counts cannot be used.
    """
    problems = _problems(questionnaire, name, targets, counts, days)
    if of[0] is not None and not 1949 <= of[0] <= 2999:
        problems.append(Problem("poll-year", name, {"got": of[0]}))
    if len(of[1]) > 64:
        problems.append(Problem("poll-pool", name))
    if problems:
        raise PollError(problems)
    key = seal.new_key(name)
    poll = Poll(
        name=name,
        questionnaire=questionnaire,
        targets=tuple(targets),
        classes=_constituencies(questionnaire, targets, counts),
        access="codes" if counts else "open",
        opens=days[0],
        closes=days[1],
        year=of[0],
        pool=of[1],
        public_key=key.public,
    )
    slips = [(codes.new_code(), c.name) for c in poll.classes for _ in range(c.issued)]
    codes.shuffle(slips)
    return poll, key, slips


def _constituencies(
    q: Questionnaire, targets: Sequence[Target], counts: Mapping[str, int] | None
) -> tuple[Constituency, ...]:
    if not counts:
        everyone = Text(zh="全体", en="Everyone")
        return (Constituency(name=EVERYONE, base=EVERYONE, label=everyone, weight=1, issued=0),)
    made = []
    known = {c.name: c for c in q.voter_classes}
    for name, n in counts.items():
        if name not in known:
            made.append(
                Constituency(name=name, base=name, label=Text(zh=name), weight=1, issued=n)
            )
            continue
        voters = known[name]
        common = {"base": name, "weight": voters.weight, "issued": n}
        if voters.design == "crossed":
            made.append(Constituency(name=name, label=voters.label, **common))
            continue
        for target in targets:
            label = Text(
                zh=f"{voters.label.zh}（{target.label.zh}）",
                en=f"{voters.label.in_language('en')} ({target.label.in_language('en')})",
            )
            own = f"{name}@{target.name}"
            made.append(Constituency(name=own, label=label, targets=(target.name,), **common))
    return tuple(made)


def _problems(
    q: Questionnaire,
    name: str,
    targets: Sequence[Target],
    counts: Mapping[str, int] | None,
    days: tuple[dt.date | None, dt.date | None],
) -> list[Problem]:
    found = []
    if not NAME.fullmatch(name) or len(name.encode()) > LONGEST_NAME:
        found.append(Problem("poll-name", name))
    one_by_one = any(c.design == "nested" and c.name in (counts or {}) for c in q.voter_classes)
    if (q.is_ballot or one_by_one) and not targets:
        found.append(Problem("roster-needed", name, {"form": q.form_id}))
    if targets and not q.rates_targets:
        found.append(Problem("roster-not-needed", name, {"form": q.form_id}))
    names = [t.name for t in targets]
    found += [Problem("roster-name", name, {"name": n}) for n in names if not TARGET.fullmatch(n)]
    for double in sorted({n for n in names if names.count(n) > 1}):
        found.append(Problem("roster-double", name, {"name": double}))
    known = [c.name for c in q.voter_classes]
    for cls, n in (counts or {}).items():
        if known and cls not in known:
            params = {"name": cls, "known": ", ".join(known), "near": nearest(cls, known) or "—"}
            found.append(Problem("class-unknown", name, params))
        if not known and not ITEM_NAME.fullmatch(cls):
            found.append(Problem("bad-name", name, {"name": cls}))
        if n < 1:
            found.append(Problem("class-count", name, {"name": cls, "n": n}))
    if q.voter_classes and not counts:
        found.append(Problem("codes-needed", name, {"form": q.form_id}))
    if days[0] and days[1] and days[0] > days[1]:
        found.append(Problem("days-backwards", name))
    return found
