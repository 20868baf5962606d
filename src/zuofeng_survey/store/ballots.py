"""The ballot box of one poll: code hashes and envelopes, and one transaction that joins them."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from .. import seal
from ..errors import BallotConflict, CodeRefused, PollError, StorageError
from ..poll import Poll
from .database import codes, engine_for, envelopes, metadata, state, transaction
from .home import Home


@dataclass(frozen=True, slots=True)
class Envelope:
    """A sealed ballot as it lies in the box."""

    id: bytes
    fingerprint: bytes
    voter_class: str
    box: bytes


@dataclass(frozen=True, slots=True)
class Status:
    """How far a poll has come; never what was voted."""

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
        self._engine = engine_for(_file(home, poll.name), home.database, f"zf_{poll.name}")
        self._key = hmac.new(home.pepper, b"digest\x00" + poll.name.encode(), "sha256").digest()

    @classmethod
    def publish(cls, home: Home, poll: Poll, code_hashes: Iterable[tuple[bytes, str]]) -> Store:
        """Make the box of a new poll, whole or not at all.

        Raises
        ------
        PollError
            ``poll-exists`` when the name is taken, also by a dataset.
        """
        folder = home.folder(poll.name)
        if folder.exists() or home.dataset(poll.name).exists():
            raise PollError.of("poll-exists", poll.name)
        partial = folder.with_name(f".{poll.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        try:
            partial.mkdir(mode=0o700)
            (partial / "poll.json").write_text(poll.model_dump_json(), encoding="utf-8")
            rows = [{"hash": h, "voter_class": c, "used": 0} for h, c in code_hashes]
            cls._fill(home, poll, partial / "poll.db", rows)
            partial.rename(folder)
        except OSError as error:
            raise StorageError.of("home", str(folder), why=error.strerror or str(error)) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        home.record("publish", poll.name)
        return cls(home, poll)

    @staticmethod
    def _fill(home: Home, poll: Poll, path: Path, rows: list[dict[str, object]]) -> None:
        schema = f"zf_{poll.name}"
        engine = engine_for(path, home.database, schema)
        first = {"one": 1, "poll": poll.name, "open": 1, "cast": 0, "digest": bytes(32)}
        with transaction(engine, writes=True) as connection:
            if home.database:
                connection.execute(sa.schema.CreateSchema(schema))
            metadata.create_all(connection)
            connection.execute(sa.insert(state), first)
            if rows:
                connection.execute(sa.insert(codes), sorted(rows, key=lambda r: r["hash"]))  # type: ignore[arg-type,return-value]
        engine.dispose()

    @classmethod
    def of(cls, home: Home, name: str) -> Store:
        """Return the box of a published poll.

        Raises
        ------
        PollError
            ``poll-unknown`` when there is none of this name.
        """
        path = home.folder(name) / "poll.json"
        if "/" in name or name.startswith(".") or not path.is_file():
            raise PollError.of("poll-unknown", name)
        return cls(home, Poll.model_validate(json.loads(path.read_text(encoding="utf-8"))))

    def voter_class(self, code_hash: bytes) -> str:
        """Return the class of a code that is still good.

        Raises
        ------
        CodeRefused
            For a code that is unknown or used: the two look the same from outside.
        """
        find = sa.select(codes.c.voter_class).where(codes.c.hash == code_hash, codes.c.used == 0)
        with transaction(self._engine, writes=False) as connection:
            found = connection.execute(find).scalar()
        if found is None:
            raise CodeRefused.of("code-refused")
        return found

    def known(self, envelope_id: bytes) -> bytes | None:
        """Return the fingerprint of a ballot that is in the box already, else None."""
        with transaction(self._engine, writes=False) as connection:
            return connection.execute(_FIND, {"id": envelope_id}).scalar()

    def counted(self, receipt: str) -> bool:
        """Return whether a ballot with this receipt is in the box."""
        first, last = seal.receipt_range(receipt)
        find = sa.select(envelopes.c.id).where(envelopes.c.id.between(first, last)).limit(1)
        with transaction(self._engine, writes=False) as connection:
            return connection.execute(find).first() is not None

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
        with transaction(self._engine, writes=True) as connection:
            now = connection.execute(_STATE).one()
            fingerprint = connection.execute(_FIND, {"id": envelope.id}).scalar()
            if fingerprint is not None:
                same = hmac.compare_digest(fingerprint, envelope.fingerprint)
                if same:
                    return False
                raise BallotConflict.of("ballot-conflict")
            if not now.open:
                raise PollError.of("poll-closed", self.poll.name)
            if self.poll.access == "codes":
                burn = {"b_hash": code_hash, "b_class": envelope.voter_class}
                if connection.execute(_BURN, burn).rowcount != 1:
                    raise CodeRefused.of("code-refused")
            connection.execute(_DROP, _row(envelope))
            digest = _add(now.digest, self._leaf(envelope))
            connection.execute(_COUNT, {"b_cast": now.cast + 1, "b_digest": digest})
        return True

    def _leaf(self, envelope: Envelope) -> bytes:
        inner = hashlib.sha256(envelope.box).digest() + envelope.voter_class.encode()
        return hmac.new(self._key, envelope.id + envelope.fingerprint + inner, "sha256").digest()

    def status(self) -> Status:
        """Return what scrutineers may see while the poll is open."""
        by_class = sa.select(envelopes.c.voter_class, sa.func.count()).group_by("voter_class")
        with transaction(self._engine, writes=False) as connection:
            now = connection.execute(_STATE).one()
            cast = dict(connection.execute(by_class).tuples().all())
        issued = {c.name: c.issued for c in self.poll.classes}
        counts = {c.name: cast.get(c.name, 0) for c in self.poll.classes}
        form_id = self.poll.questionnaire.form_id
        return Status(self.poll.name, form_id, bool(now.open), issued, counts, now.digest.hex())

    def close(self) -> None:
        """Take no more ballots."""
        with transaction(self._engine, writes=True) as connection:
            connection.execute(sa.update(state).values(open=0))

    def envelopes(self) -> Iterator[Envelope]:
        """Yield every envelope of a closed poll, after the counts and the digest are found right.

        Raises
        ------
        StorageError
            ``box-altered`` when an envelope or a code was added, removed or changed from outside.
        """
        with transaction(self._engine, writes=False) as connection:
            now = connection.execute(_STATE).one()
            found = [Envelope(*row) for row in connection.execute(sa.select(envelopes)).tuples()]
            used = sa.select(codes.c.voter_class, sa.func.sum(codes.c.used)).group_by("voter_class")
            burnt = dict(connection.execute(used).tuples().all())
        digest = bytes(32)
        for envelope in found:
            digest = _add(digest, self._leaf(envelope))
        cast = Counter(e.voter_class for e in found)
        reconciled = self.poll.access == "open" or all(burnt[c] == cast[c] for c in burnt)
        if digest != now.digest or len(found) != now.cast or not reconciled:
            raise StorageError.of("box-altered", self.poll.name, cast=now.cast, found=len(found))
        yield from sorted(found, key=lambda e: e.id)

    def destroy(self) -> None:
        """Remove the box: its file with log and shared memory, or its schema."""
        if self.home.database:
            schema = sa.schema.DropSchema(f"zf_{self.poll.name}", cascade=True)
            with transaction(self._engine, writes=True) as connection:
                connection.execute(schema)
        self._engine.dispose()
        for file in self.home.folder(self.poll.name).glob("poll.db*"):
            _overwrite(file)
        shutil.rmtree(self.home.folder(self.poll.name))
        self.home.record("destroy", self.poll.name)

    def dispose(self) -> None:
        """Let go of the database connections."""
        self._engine.dispose()

    def __repr__(self) -> str:
        return f"<Store of {self.poll.name}>"


_FIND = sa.select(envelopes.c.fingerprint).where(envelopes.c.id == sa.bindparam("id"))
_STATE = sa.select(state.c.open, state.c.cast, state.c.digest).with_for_update()
_BURN = (
    sa.update(codes)
    .where(codes.c.hash == sa.bindparam("b_hash"))
    .where(codes.c.voter_class == sa.bindparam("b_class"), codes.c.used == 0)
    .values(used=1)
)
_DROP = sa.insert(envelopes)
_COUNT = sa.update(state).values(cast=sa.bindparam("b_cast"), digest=sa.bindparam("b_digest"))


def _row(envelope: Envelope) -> dict[str, object]:
    return {name: getattr(envelope, name) for name in ("id", "fingerprint", "voter_class", "box")}


def _add(digest: bytes, leaf: bytes) -> bytes:
    """Add to a multiset digest: order leaves no trace in a sum."""
    total = int.from_bytes(digest, "big") + int.from_bytes(leaf, "big")
    return (total % 2**256).to_bytes(32, "big")


def _file(home: Home, name: str) -> Path:
    return home.folder(name) / "poll.db"


def _overwrite(path: Path) -> None:
    """Write zeros over a file first; on flash this is not proof, losing the key is."""
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
