"""The ballot box of one poll: code hashes and envelopes, and one transaction that joins them."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn, Self

import sqlalchemy as sa

from .. import seal
from ..errors import BallotConflict, CodeRefused, PollError, StorageError
from ..poll import Poll
from .burial import bury
from .database import codes, envelopes, state, transaction
from .home import Home
from .line import Line
from .making import is_as_published, make_box, open_box, read_poll


@dataclass(frozen=True, slots=True)
class Envelope:
    """A sealed ballot as it lies in the box."""

    id: bytes
    fingerprint: bytes
    voter_class: str
    box: bytes


@dataclass(frozen=True, slots=True)
class Status:
    """How far a poll has come; never what was voted.

    Counted by voter class, never by the part of a nested class that rates one target: such a part
    may have a single code, and its turnout would tell whether one person has voted.
    """

    poll: str
    form_id: str
    open: bool
    issued: dict[str, int]
    cast: dict[str, int]
    digest: str


class Store:
    """The ballot box of one poll. Get one by :meth:`publish` or :meth:`of`."""

    def __init__(self, home: Home, poll: Poll) -> None:
        self.home = home
        self.poll = poll
        self.pepper = home.pepper
        self.sealer = seal.Sealer(poll.public_key)
        self._key = hmac.digest(self.pepper, b"digest\x00" + poll.name.encode(), "sha256")
        self._engine = open_box(home, poll)
        self._line = Line(self._engine, **_STATEMENTS)

    @classmethod
    def publish(cls, home: Home, poll: Poll, code_hashes: Iterable[tuple[bytes, str]]) -> Store:
        """Make the box of a new poll, whole or not at all.

        Raises
        ------
        PollError
            ``poll-exists`` when the name is taken, also by a dataset.
        StorageError
            Nothing is left behind.
        """
        make_box(home, poll, code_hashes)
        home.record("publish", poll.name)
        return cls(home, poll)

    @classmethod
    def of(cls, home: Home, name: str) -> Store:
        """Return the box of a published poll.

        Raises
        ------
        PollError
            ``poll-unknown`` when there is none of this name, ``poll-broken`` when its definition
            is not the one that was published.
        """
        store = cls(home, read_poll(home, name))
        try:
            with transaction(store._engine, writes=False) as connection:
                definition = connection.execute(sa.select(state.c.definition)).scalar()
            if not definition or not is_as_published(home, name, definition):
                raise PollError.of("poll-broken", str(home.folder(name) / "poll.json"))
        except BaseException:
            store.dispose()
            raise
        return store

    def look(self, envelope_id: bytes, code_hash: bytes | None) -> tuple[bytes | None, str | None]:
        """Return the fingerprint of a ballot in the box, and the class of a code still good.

        Either is None where there is none. An unknown code and a used one are the same None, found
        in the same way.
        """
        with self._line.turn(writes=False) as line:
            return line.ask("look", {"id": envelope_id, "hash": code_hash})

    def voter_class(self, code_hash: bytes) -> str:
        """Return the class of a code that is still good.

        Raises
        ------
        CodeRefused
            For a code that is unknown or used: the two look the same from outside.
        """
        _, found = self.look(b"", code_hash)
        if found is None:
            raise CodeRefused.of("code-refused")
        return found

    def counted(self, receipt: str) -> bool:
        """Return whether a ballot with this receipt is in the box."""
        first, last = seal.receipt_range(receipt)
        with self._line.turn(writes=False) as line:
            return line.ask("range", {"first": first, "last": last}) is not None

    def cast(self, envelope: Envelope, code_hash: bytes | None) -> bool:
        """Burn the code and drop the envelope, in one transaction; True when it is new.

        Raises
        ------
        CodeRefused
            The code is unknown or used.
        BallotConflict
            The same ballot id came before with other content.
        PollError
            ``poll-closed``.
        StorageError
            Nothing was stored and no code burnt.
        """
        with self._line.turn(writes=True) as line:
            is_open, cast, digest = line.ask("state", {}) or self._altered(0, 0)
            before = line.ask("find", {"id": envelope.id})
            if before is not None:
                if hmac.compare_digest(before[0], envelope.fingerprint):
                    return False
                raise BallotConflict.of("ballot-conflict")
            if not is_open:
                raise PollError.of("poll-closed", self.poll.name)
            if self.poll.access == "codes":
                burn = {"hash": code_hash, "voter_class": envelope.voter_class}
                if line.tell("burn", burn) != 1:
                    raise CodeRefused.of("code-refused")
            line.tell("drop", _row(envelope))
            digest = _add(digest, self._leaf(envelope))
            line.tell("count", {"new_cast": cast + 1, "new_digest": digest})
        return True

    def _leaf(self, envelope: Envelope) -> bytes:
        inner = hashlib.sha256(envelope.box).digest() + envelope.voter_class.encode()
        return hmac.digest(self._key, envelope.id + envelope.fingerprint + inner, "sha256")

    def status(self) -> Status:
        """Return what scrutineers may see while the poll is open."""
        by_class = sa.select(envelopes.c.voter_class, sa.func.count()).group_by("voter_class")
        with transaction(self._engine, writes=False) as connection:
            now = connection.execute(_STATE).first() or self._altered(0, 0)
            cast: dict[str, int] = dict(connection.execute(by_class).all())
        issued: Counter[str] = Counter()
        counts: Counter[str] = Counter()
        for c in self.poll.classes:
            issued[c.base] += c.issued
            counts[c.base] += cast.get(c.name, 0)
        form_id = self.poll.questionnaire.form_id
        digest = now.digest.hex()
        return Status(self.poll.name, form_id, bool(now.open), dict(issued), dict(counts), digest)

    def close(self) -> bool:
        """Take no more ballots; return whether it was open until now."""
        closing = sa.update(state).where(state.c.open == 1).values(open=0)
        with transaction(self._engine, writes=True) as connection:
            return bool(connection.execute(closing).rowcount)

    def envelopes(self) -> Iterator[Envelope]:
        """Yield every envelope of a closed poll, after the counts and the digest are found right.

        Raises
        ------
        StorageError
            ``box-altered`` when an envelope or a code was added, removed or changed from outside.
        """
        with transaction(self._engine, writes=False) as connection:
            now = connection.execute(_STATE).first() or self._altered(0, 0)
            found = [Envelope(*row) for row in connection.execute(sa.select(envelopes))]
            slips: Any = connection.execute(_SLIPS).all()
        cast = Counter(e.voter_class for e in found)
        whole = len(found) == now.cast and self._reconciled(cast, slips)
        if not whole or self._digest(found) != now.digest:
            self._altered(now.cast, len(found))
        yield from sorted(found, key=lambda e: e.id)

    def _digest(self, found: Iterable[Envelope]) -> bytes | None:
        """Add the leaves of some envelopes up; None where one is no envelope at all."""
        digest = bytes(32)
        try:
            for envelope in found:
                digest = _add(digest, self._leaf(envelope))
        except (TypeError, AttributeError):  # a text or a number where bytes belong
            return None
        return digest

    def _altered(self, cast: int, found: int) -> NoReturn:
        raise StorageError.of("box-altered", self.poll.name, cast=cast, found=found)

    def _reconciled(self, cast: Counter[str], slips: Iterable[tuple[str, int, int]]) -> bool:
        """Return whether every class has its codes, and a code used for each ballot."""
        if self.poll.access == "open":
            return not list(slips) and cast.keys() <= {c.name for c in self.poll.classes}
        found = {name: (issued, used) for name, issued, used in slips}
        return found == {c.name: (c.issued, cast.pop(c.name, 0)) for c in self.poll.classes} and not cast

    def destroy(self) -> None:
        """Remove the box with its log and the key left on this machine: the poll is over."""
        self.dispose()
        bury(self.home.path, self.poll.name, self.home.database)

    def dispose(self) -> None:
        """Let go of the database connections."""
        self._line.close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.dispose()

    def __repr__(self) -> str:
        return f"<Store of {self.poll.name}>"


_LOOK = sa.select(
    sa.select(envelopes.c.fingerprint).where(envelopes.c.id == sa.bindparam("id")).scalar_subquery(),
    sa.select(codes.c.voter_class)
    .where(codes.c.hash == sa.bindparam("hash"), codes.c.used == sa.literal_column("0"))
    .scalar_subquery(),
)
_STATE = sa.select(state.c.open, state.c.cast, state.c.digest).with_for_update()
_FIND = sa.select(envelopes.c.fingerprint).where(envelopes.c.id == sa.bindparam("id"))
_BURN = (
    sa.update(codes)
    .where(codes.c.hash == sa.bindparam("hash"), codes.c.used == sa.literal_column("0"))
    .where(codes.c.voter_class == sa.bindparam("voter_class"))
    .values(used=sa.literal_column("1"))
)
_DROP = sa.insert(envelopes)
_COUNT = sa.update(state).values(cast=sa.bindparam("new_cast"), digest=sa.bindparam("new_digest"))
_SLIPS = sa.select(codes.c.voter_class, sa.func.count(), sa.func.sum(codes.c.used)).group_by(
    codes.c.voter_class
)


_RANGE = sa.select(envelopes.c.id).where(
    envelopes.c.id.between(sa.bindparam("first"), sa.bindparam("last"))
)
_STATEMENTS = {
    "look": _LOOK, "state": _STATE, "find": _FIND, "burn": _BURN, "drop": _DROP, "count": _COUNT,
    "range": _RANGE,
}  # fmt: skip


def _row(envelope: Envelope) -> dict[str, object]:
    return {name: getattr(envelope, name) for name in ("id", "fingerprint", "voter_class", "box")}


def _add(digest: bytes, leaf: bytes) -> bytes:
    """Add to a multiset digest: order leaves no trace in a sum."""
    total = int.from_bytes(digest, "big") + int.from_bytes(leaf, "big")
    return (total % 2**256).to_bytes(32, "big")
