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
    identity = seal.envelope_id(ballot_id)
    fingerprint = seal.fingerprint(ballot_id, answers)
    if (before := store.known(identity)) is not None:
        if hmac.compare_digest(before, fingerprint):
            return Receipt(seal.receipt(identity), fresh=False)
        raise BallotConflict.of("ballot-conflict")
    if problem := store.poll.refusal(day):
        raise PollError(problem)
    code_hash, voter_class = admit(store, code)
    questionnaire = store.poll.questionnaire
    allowed = store.poll.targets_of(voter_class)
    forms.check(questionnaire, answers, targets=allowed, today=day.isoformat())
    ballot = {"poll": store.poll.name, "voter_class": voter_class, "answers": answers}
    box = seal.seal(ballot, store.poll.public_key)
    fresh = store.cast(Envelope(identity, fingerprint, voter_class, box), code_hash)
    return Receipt(seal.receipt(identity), fresh)


def admit(store: Store, code: str) -> tuple[bytes | None, str]:
    """Return the hash and the voter class of a code that is still good; nothing is burnt."""
    if store.poll.access == "open":
        return None, EVERYONE
    if not code or not isinstance(code, str):
        raise CodeRefused.of("code-needed")
    plain = codes.normalise(code)
    code_hash = codes.hash_code(plain, pepper=store.home.pepper, poll=store.poll.name)
    return code_hash, store.voter_class(code_hash)
