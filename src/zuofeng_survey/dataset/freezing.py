"""The freeze: open every envelope once, check it again, and leave a dataset without an order."""

from __future__ import annotations

import base64
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import answers as forms
from .. import seal
from ..errors import AnswersInvalid, DatasetError, KeyRefused, PollError, StorageError
from ..expression import parse
from ..poll import Poll
from ..questionnaire import Questionnaire
from ..store import Envelope, Store
from ..store.files import alone
from .counting import marks_of, plain, totals
from .folder import Dataset
from .tables import Answer
from .verifying import verify
from .writing import Content, write

DAY_DECIDES = {"required", "not-asked", "constraint"}
Progress = Callable[[int, int], None]


def freeze(
    store: Store, key: seal.Key, *, progress: Progress | None = None, keep: bool = False
) -> Dataset:
    """Close a poll, count it, and destroy its box.

    A freeze that was cut short is simply run again: before the dataset is whole it starts over,
    after that it makes sure that the dataset is this box's and destroys the box.

    Parameters
    ----------
    store : Store
    key : Key
        The officers' key of this poll.
    progress : callable, optional
        Called with (done, all) as envelopes are opened.
    keep : bool
        Leave the box in place (for a rehearsal); by default it is destroyed once the dataset has
        been read back and verified.

    Raises
    ------
    KeyRefused
        The key is of another poll; nothing was changed.
    PollError
        ``poll-unknown``: another process has frozen it meanwhile.
    DatasetError
        ``dataset-other``: the name is taken by a dataset that did not come from this box.
    StorageError
        The box was tampered with, or the dataset could not be written. The box stays.
    """
    poll = store.poll
    if key.poll != poll.name or key.public != poll.public_key:
        raise KeyRefused.of("key-wrong", "", got=key.poll, poll=poll.name)
    folder, published = store.home.dataset(poll.name), store.home.folder(poll.name) / "poll.json"
    if not published.is_file():
        raise PollError.of("poll-unknown", poll.name)
    with alone(published) as mine:
        if not mine:
            raise StorageError.of("freeze-running", poll.name)
        if folder.exists():
            dataset = _finished(store, folder)
        else:
            dataset = _count(store, key, folder, progress or (lambda *_: None))
        store.home.record("freeze", poll.name)
        if not keep:
            store.destroy()
    return dataset


def _count(store: Store, key: seal.Key, folder: Path, progress: Progress) -> Dataset:
    if store.close():
        store.home.record("close", store.poll.name)
    poll = store.poll
    count = Count(poll, seal.Opener(key))
    found = list(store.envelopes())
    for n, envelope in enumerate(found, start=1):
        count.add(envelope)
        progress(n, len(found))
    codebook = {
        "questionnaire": poll.questionnaire.model_dump(mode="json"),
        "targets": [t.model_dump(mode="json") for t in poll.targets],
        "classes": [c.model_dump(mode="json") for c in poll.classes],
    }
    dataset = write(folder, count.content, codebook, count.facts())
    if verify(folder):
        shutil.rmtree(folder)
        raise StorageError.of("dataset-unread", str(folder))
    return dataset


def _finished(store: Store, folder: Path) -> Dataset:
    """Return the dataset that an earlier freeze of this very box has left."""
    try:
        dataset = Dataset.open(folder)
    except DatasetError as error:
        raise DatasetError.of("dataset-other", str(folder)) from error
    ours = dataset.manifest.get("public_key") == _public(store.poll) and not store.status().open
    if ours:
        receipts = sorted(seal.receipt(e.id) for e in store.envelopes())
        ours = receipts == (folder / "receipts.txt").read_text(encoding="latin-1").split()
    if not ours:
        raise DatasetError.of("dataset-other", str(folder))
    if problems := verify(folder):
        raise DatasetError(problems)
    return dataset


def _public(poll: Poll) -> str:
    return base64.b64encode(poll.public_key).decode()


@dataclass
class Count:
    """One pass over the envelopes: what was opened so far, and the counts per class."""

    poll: Poll
    opener: seal.Opener
    content: Content = field(default_factory=Content)
    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        q = self.poll.questionnaire
        for c in self.poll.classes:
            self.counts.setdefault(c.base, Counter())["issued"] += c.issued
        self.marks = marks_of(q)
        self.apart = {i.name for g, i in q.walk() if g.apart}
        self.apart |= {f"{name}_other" for name in self.apart}
        self.quick = {
            g.name: frozenset(i.name for i in g.items if i.kind == "select_one" and not i.or_other)
            for g in q.survey
            if g.repeat_over and not g.apart
        }

    def add(self, envelope: Envelope) -> None:
        """Open, check and pour out one envelope."""
        count = self.counts[self.poll.class_named(envelope.voter_class).base]
        count["cast"] += 1
        self.content.receipts.append(seal.receipt(envelope.id))
        answers = self._opened(envelope)
        count["void" if answers is None else "valid"] += 1
        if answers is not None:
            self._pour(envelope.voter_class, answers, count)

    def _opened(self, envelope: Envelope) -> dict[str, Any] | None:
        """Return the answers, or None for a void ballot."""
        try:
            ballot = self.opener.open(envelope.box)
        except KeyRefused:  # the key is this poll's, so the envelope was none of ours
            return None
        own = (self.poll.name, envelope.voter_class)
        if (ballot["poll"], ballot["voter_class"]) != own:
            return None
        q, targets = self.poll.questionnaire, self.poll.targets_of(envelope.voter_class)
        return ballot["answers"] if is_valid(q, ballot["answers"], targets) else None

    def _pour(self, voter_class: str, answers: dict[str, Any], count: Counter[str]) -> None:
        """Pour one ballot into three vessels: ratings, texts, and what was asked apart."""
        together, rest = self._split(answers)
        apart: list[Answer] = []
        for row in forms.rows(self.poll.questionnaire, rest):
            answer = (row.item, row.target, row.value)
            if row.item in self.apart:
                apart.append(answer)
            elif row.is_text:
                self.content.texts.append(answer)
            else:
                together.append(answer)
        self.content.add(self.poll.class_named(voter_class).base, together)
        if apart:
            self.content.apart.append(apart)
        asked = self.marks.once + self.marks.each * len(self.poll.targets_of(voter_class))
        answered, dk = self.marks.count(together)
        count["asked"] += asked
        count["answered"] += answered
        count["blank"] += max(asked - answered, 0)
        count["dk"] += dk

    def _split(self, answers: Mapping[str, Any]) -> tuple[list[Answer], dict[str, Any]]:
        """Take out the rows that are nothing but single choices, which is most of a ballot."""
        together: list[Answer] = []
        rest = dict(answers)
        for name in self.quick.keys() & answers.keys():
            left = {}
            for target, row in answers[name].items():
                if row.keys() <= self.quick[name] and all(row.values()):
                    together += [(item, target, value) for item, value in row.items()]
                else:
                    left[target] = row
            rest[name] = left
        return together, rest

    def facts(self) -> dict[str, Any]:
        """Return what the manifest says of the poll and of the count."""
        counts = plain(self.counts)
        days = [d and d.isoformat() for d in (self.poll.opens, self.poll.closes)]
        when = {"year": self.poll.year, "pool": self.poll.pool, "days": days if any(days) else None}
        return {key: value for key, value in when.items() if value} | {
            "poll": self.poll.name,
            "public_key": _public(self.poll),
            "source": "poll",
            "form_id": self.poll.questionnaire.form_id,
            "version": self.poll.questionnaire.settings.version,
            "access": self.poll.access,
            "k": self.poll.k,
            "counts": counts,
            "totals": totals(counts),
        }


def is_valid(q: Questionnaire, answers: Any, targets: Collection[str]) -> bool:
    """Check once more, leaving out what ``today()`` decided on a day that nobody wrote down."""
    try:
        forms.check(q, answers, targets=targets)
    except AnswersInvalid as error:
        items = {p.item.split("/")[-1].removesuffix("_other") for p in error.problems}
        return {p.code for p in error.problems} <= DAY_DECIDES and items <= _dated(q)
    return True


def _dated(q: Questionnaire) -> set[str]:
    sources = {i.name: (g.relevant, i.relevant, i.constraint) for g, i in q.walk()}
    return {n for n, found in sources.items() if any("today" in s and parse(s) for s in found)}
