"""The demo county's ledgers as they are kept beside its frozen datasets."""

from __future__ import annotations

import atexit
import gzip
import shutil
import tempfile
from pathlib import Path

from ..ledger import Book


def kept_ledgers(path: str | Path) -> Book:
    """Open a packed ``ledgers.db.gz`` in a folder of its own, which is gone when Python ends.

    Every digest of a ledger is salted, so ledgers that are filled anew have another chain; reports
    that are to come out the same to the digit read those that were kept. What is written here stays
    in the copy.
    """
    home = Path(tempfile.mkdtemp(prefix="zuofeng-ledgers-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    with gzip.open(path) as packed, (home / "ledgers.db").open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    return Book.open(home)
