"""The ballot boxes a form server has open: found when asked for, let go when frozen."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..codes import ALPHABET
from ..errors import PollError, StorageError, ZuofengError
from ..poll import NAME, Poll
from ..store import Home, Store

T = TypeVar("T")
log = logging.getLogger(__name__)


class Boxes:
    """The polls of one home. A poll frozen or opened by another process is noticed at once."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._open: dict[str, tuple[tuple[int, int], Store]] = {}
        self._lock = threading.Lock()

    def store(self, name: str) -> Store:
        """Return the box of a poll.

        Raises
        ------
        PollError
            ``poll-closed`` when it has been frozen, ``poll-unknown`` when there is none.
        """
        if not NAME.fullmatch(name):
            raise PollError.of("poll-unknown")
        with self._lock:
            stamp = _stamp(self.home.folder(name) / "poll.json")
            known = self._open.get(name)
            if known and known[0] == stamp:
                return known[1]
            if known:
                self._open.pop(name)[1].dispose()
            if stamp is None:
                raise self._gone(name)
            store = Store.of(self.home, name)
            self._open[name] = (stamp, store)
            return store

    def _gone(self, name: str) -> PollError:
        frozen = self.home.dataset(name).is_dir()
        return PollError.of("poll-closed" if frozen else "poll-unknown")

    def use(self, name: str, act: Callable[[Store], T]) -> T:
        """Do something with a poll's box; a freeze in the middle of it is told as the end of the poll."""
        store = self.store(name)
        try:
            return act(store)
        except StorageError:
            self.store(name)
            raise

    def polls(self, today: dt.date) -> list[Poll]:
        """Return the polls that take ballots on a day; a box that cannot be opened hides no other."""
        found = []
        for name in self.home.polls():
            try:
                poll = self.store(name).poll
            except PollError:
                continue
            except ZuofengError as error:
                log.error("the box of %s cannot be opened: %s", name, error)
                continue
            if poll.refusal(today) is None:
                found.append(poll)
        return found

    def counted(self, name: str, receipt: str) -> bool:
        """Return whether a receipt belongs to a ballot in the box, or in the frozen dataset.

        Raises
        ------
        PollError
            ``poll-unknown``.
        """
        plain = receipt.upper().replace("-", "").replace(" ", "")
        if not NAME.fullmatch(name):
            raise PollError.of("poll-unknown")
        well_formed = len(plain) == 16 and all(c in ALPHABET for c in plain)
        pretty = "-".join(plain[i : i + 4] for i in range(0, 16, 4))
        receipts = self.home.dataset(name) / "receipts.txt"
        if receipts.is_file():
            return well_formed and pretty in receipts.read_text(encoding="ascii").split()
        return self.use(name, lambda store: well_formed and store.counted(pretty))

    def dispose(self) -> None:
        """Let go of every box."""
        with self._lock:
            for _, store in self._open.values():
                store.dispose()
            self._open.clear()


def _stamp(path: Path) -> tuple[int, int] | None:
    """Tell one ``poll.json`` from another of the same name."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
