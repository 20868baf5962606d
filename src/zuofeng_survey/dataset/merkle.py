"""A root over sorted leaves: proves what was counted and carries no order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from ..seal import canonical


def leaf(salt: bytes, content: Any) -> bytes:
    """Return SHA-256(0x00 ‖ salt ‖ content); the salt keeps a guess from being tested."""
    return hashlib.sha256(b"\x00" + salt + canonical(content)).digest()


def ballot_leaf(salt: bytes, voter_class: str, answers: Iterable[bytes]) -> bytes:
    """Return the leaf of ``[voter_class, [[item, target, value], …]]``.

    ``answers`` are sorted and canonical already: ballots repeat the same few answers, and writing
    each out once is what makes ten thousand ballots a matter of a second.

    >>> ballot_leaf(b"", "A", [b'["q","t","1"]']) == leaf(b"", ["A", [["q", "t", "1"]]])
    True
    """
    content = b"[%b,[%b]]" % (canonical(voter_class), b",".join(answers))
    return hashlib.sha256(b"\x00" + salt + content).digest()


def root(leaves: Iterable[bytes]) -> str:
    """Return the Merkle root of the sorted leaves in hex; an odd one is carried up as it is.

    >>> root([])
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    """
    level = sorted(leaves)
    if not level:
        return hashlib.sha256(b"").hexdigest()
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs]
        level = above + (level[-1:] if len(level) % 2 else [])
    return level[0].hex()
