"""From a submission to a receipt: the one way into the box, for browsers and for the demo alike."""

from __future__ import annotations

import datetime as dt
import hmac
import re
from dataclasses import dataclass
from typing import Any

from .. import answers as forms
from .. import codes, seal
from ..errors import AnswersInvalid, BallotConflict, CodeRefused, PollError
from ..poll import EVERYONE
from .ballots import Envelope, Store

BALLOT_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a voter keeps: proof of being counted, not of what was voted."""

    text: str
    fresh: bool


def cast(
    store: Store, ballot_id: str, code: str, answers: Any, *, today: dt.date | None = None
) -> Receipt:
    """Check a filled form, seal it and put it into the box.

    The same ballot again gives the same receipt, also after the poll closed.

    Raises
    ------
    AnswersInvalid, CodeRefused, BallotConflict, PollError, StorageError
        In each case nothing is stored and no code is burnt.
    """
    day = today or dt.date.today()
    if not isinstance(ballot_id, str) or not BALLOT_ID.fullmatch(ballot_id):
        raise AnswersInvalid.of("ballot-id")
    content = _canonical(answers)
    identity = seal.envelope_id(ballot_id)
    fingerprint = seal.fingerprint(ballot_id, content)
    code_hash, refusal = _hash(store, code)
    before, voter_class = store.look(identity, code_hash)
    if before is not None:
        if hmac.compare_digest(before, fingerprint):
            return Receipt(seal.receipt(identity), fresh=False)
        raise BallotConflict.of("ballot-conflict")
    if problem := store.poll.refusal(day):
        raise PollError(problem)
    voter_class = EVERYONE if store.poll.access == "open" else voter_class
    if refusal or voter_class is None:
        raise refusal or CodeRefused.of("code-refused")
    allowed = store.poll.targets_of(voter_class)
    forms.check(store.poll.questionnaire, answers, targets=allowed, today=day.isoformat())
    ballot = seal.ballot(store.poll.name, voter_class, content)
    least = len(ballot) - len(content) + store.poll.full_size(voter_class) + 1
    box = store.sealer.seal(ballot, at_least=least)
    fresh = store.cast(Envelope(identity, fingerprint, voter_class, box), code_hash)
    return Receipt(seal.receipt(identity), fresh)


def admit(store: Store, code: str) -> tuple[bytes | None, str]:
    """Return the hash and the voter class of a code that is still good; nothing is burnt.

    Raises
    ------
    CodeRefused
        ``code-needed``, ``code-mistyped``, or ``code-refused`` for one unknown or used.
    """
    code_hash, refusal = _hash(store, code)
    if refusal:
        raise refusal
    return code_hash, EVERYONE if code_hash is None else store.voter_class(code_hash)


def _hash(store: Store, code: Any) -> tuple[bytes | None, CodeRefused | None]:
    """Return the hash of a code, or why it cannot be one; neither where the poll is open to all."""
    if store.poll.access == "open":
        return None, None
    if not code or not isinstance(code, str):
        return None, CodeRefused.of("code-needed")
    try:
        plain = codes.normalise(code)
    except CodeRefused as error:
        return None, error
    return codes.hash_code(plain, pepper=store.pepper, poll=store.poll.name), None


def _canonical(answers: Any) -> bytes:
    try:
        return seal.canonical(answers)
    except (TypeError, ValueError, RecursionError) as error:
        raise AnswersInvalid.of("answers-shape") from error
