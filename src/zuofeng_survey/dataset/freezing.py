"""The freeze: open every envelope once, check it again, and leave a dataset without an order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from .. import answers as forms
from .. import seal
from ..errors import AnswersInvalid, KeyRefused, StorageError
from ..expression import parse
from ..poll import Poll
from ..questionnaire import Group, Questionnaire
from ..store import Envelope, Store
from .folder import Dataset, verify
from .writing import Content, totals, write

COUNTS = ("issued", "cast", "valid", "void", "asked", "answered", "blank", "dk")
Progress = Callable[[int, int], None]


def freeze(
    store: Store, key: seal.Key, *, progress: Progress | None = None, keep: bool = False
) -> Dataset:
    """Close a poll, count it, and destroy its box.

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
    StorageError
        The box was tampered with, or the dataset could not be written. The box stays.
    """
    poll = store.poll
    if key.poll != poll.name or key.public != poll.public_key:
        raise KeyRefused.of("key-wrong", "", got=key.poll, poll=poll.name)
    store.close()
    store.home.record("close", poll.name)
    content, counts = _open_all(store, key, progress or (lambda *_: None))
    codebook = {
        "questionnaire": poll.questionnaire.model_dump(mode="json"),
        "targets": [t.model_dump(mode="json") for t in poll.targets],
        "classes": [c.model_dump(mode="json") for c in poll.classes],
    }
    facts = _facts(poll, counts)
    folder = store.home.dataset(poll.name)
    dataset = write(folder, content, codebook, facts)
    if verify(folder):
        raise StorageError.of("dataset-unread", str(folder))
    store.home.record("freeze", poll.name)
    if not keep:
        store.destroy()
        _forget_key(store.home.path, poll.name)
    return dataset


def _facts(poll: Poll, counts: dict[str, Counter[str]]) -> dict[str, Any]:
    plain = {name: {key: row[key] for key in COUNTS} for name, row in counts.items()}
    return {
        "poll": poll.name,
        "source": "poll",
        "form_id": poll.questionnaire.form_id,
        "version": poll.questionnaire.settings.version,
        "access": poll.access,
        "k": poll.k,
        "counts": plain,
        "totals": totals(plain, COUNTS),
    }


def _open_all(
    store: Store, key: seal.Key, progress: Progress
) -> tuple[Content, dict[str, Counter[str]]]:
    opener = seal.Opener(key)
    content, counts = Content(), defaultdict(Counter)
    base = {c.name: c.base for c in store.poll.classes}
    for c in store.poll.classes:
        counts[c.base]["issued"] += c.issued
    found = list(store.envelopes())
    for n, envelope in enumerate(found, start=1):
        count = counts[base[envelope.voter_class]]
        count["cast"] += 1
        answers = _opened(store.poll, opener, envelope)
        count["void" if answers is None else "valid"] += 1
        content.receipts.append(seal.receipt(envelope.id))
        if answers is not None:
            _pour(store.poll, envelope.voter_class, answers, content, count)
        progress(n, len(found))
    return content, counts


def _opened(poll: Poll, opener: seal.Opener, envelope: Envelope) -> dict[str, Any] | None:
    """Return the answers, or None for a void ballot."""
    ballot = opener.open(envelope.box)
    if (ballot["poll"], ballot["voter_class"]) != (poll.name, envelope.voter_class):
        return None
    allowed = poll.targets_of(envelope.voter_class)
    return ballot["answers"] if is_valid(poll.questionnaire, ballot["answers"], allowed) else None


def is_valid(q: Questionnaire, answers: Any, targets: Collection[str]) -> bool:
    """Check once more, leaving out what ``today()`` decided on a day that nobody wrote down."""
    try:
        forms.check(q, answers, targets=targets)
    except AnswersInvalid as error:
        names = {p.item.split("/")[-1].removesuffix("_other") for p in error.problems}
        return names <= _dated(q)
    return True


def _dated(q: Questionnaire) -> set[str]:
    sources = {i.name: (g.relevant, i.relevant, i.constraint) for g, i in q.walk()}
    return {n for n, found in sources.items() if any("today" in s and parse(s) for s in found)}


def _pour(
    poll: Poll, voter_class: str, answers: dict[str, Any], content: Content, count: Counter[str]
) -> None:
    """Pour one ballot into three vessels: ratings, texts, and what was asked apart."""
    q = poll.questionnaire
    together, apart = [], []
    set_apart = {i.name for g, i in q.walk() if g.apart}
    for row in forms.rows(q, answers):
        if row.item.removesuffix("_other") in set_apart:
            apart.append((row.item, row.target, row.value))
        elif row.is_text:
            content.texts.append((row.item, row.target, row.value))
        else:
            together.append((row.item, row.target, row.value))
    base = poll.class_named(voter_class).base
    content.ballots.append((base, together))
    if apart:
        content.apart.append(apart)
    targets = len(poll.targets_of(voter_class))
    asked = sum(targets if g.repeat_over else 1 for g, _ in _rated(q))
    rated = {i for _, i in _rated(q)}
    dk = {(i, c.name) for i in rated for c in q.choices_of(q.items[i]) if c.missing == "dk"}
    answered = [(i, v) for i, _, v in together if i in rated]
    count["asked"] += asked
    count["answered"] += len(answered)
    count["blank"] += max(asked - len(answered), 0)
    count["dk"] += sum((i, v) in dk for i, v in answered)


def _rated(q: Questionnaire) -> Iterator[tuple[Group, str]]:
    """Yield what can be left blank or answered 不了解: single choices that carry a score."""
    for group, item in q.walk():
        scored = any(c.score is not None for c in q.choices_of(item))
        if item.kind == "select_one" and scored and group.repeat_over != "rows":
            yield group, item.name


def _forget_key(home: Path, poll: str) -> None:
    """Losing the key is what makes the erased envelopes unreadable on any disk."""
    path = home / "keys" / f"{poll}.key"
    if path.exists():
        path.write_bytes(bytes(path.stat().st_size))
        path.unlink()
