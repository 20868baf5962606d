"""Envelopes: a ballot sealed with the poll's public key and padded, opened only at the freeze.

libsodium's sealed box (X25519, XSalsa20-Poly1305) through PyNaCl: whoever seals cannot open again.
The poll and the voter class stand inside, so that an envelope moved elsewhere is noticed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from nacl.bindings import crypto_box_seal
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from .codes import ALPHABET, base32
from .errors import KeyRefused

STEP = 256
_WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
CONTENT = {"answers", "poll", "voter_class"}


@dataclass(frozen=True, slots=True)
class Key:
    """A poll's private key. It belongs on the officers' stick, never on the form server."""

    poll: str
    secret: bytes

    def __repr__(self) -> str:
        return f"<Key of {self.poll}>"

    @property
    def public(self) -> bytes:
        return bytes(PrivateKey(self.secret).public_key)

    def dumps(self) -> str:
        """Write the key file: JSON with the poll's name, to be kept by the officers."""
        secret = base64.b64encode(self.secret).decode()
        return json.dumps({"zuofeng-key": 1, "poll": self.poll, "secret": secret}) + "\n"

    @classmethod
    def loads(cls, text: str, *, place: str = "") -> Key:
        """Read a key file.

        Raises
        ------
        KeyRefused
            When the file is not a key of ours.
        """
        try:
            raw = json.loads(text)
            secret = base64.b64decode(raw["secret"], validate=True)
            if raw["zuofeng-key"] != 1 or len(secret) != PrivateKey.SIZE:
                raise ValueError("not a key")
            return cls(str(raw["poll"]), secret)
        except (ValueError, KeyError, TypeError) as error:
            raise KeyRefused.of("key-file", place) from error


def new_key(poll: str) -> Key:
    """Return a fresh private key for ``poll``."""
    return Key(poll, bytes(PrivateKey.generate()))


def canonical(value: Any) -> bytes:
    """Return the one byte string that stands for a JSON value: sorted keys, no spaces, UTF-8."""
    return _WRITER.encode(value).encode("utf-8", "surrogatepass")


def ballot(poll: str, voter_class: str, answers: bytes) -> bytes:
    """Return what is sealed: the canonical answers with the poll and the class they belong to.

    >>> ballot("p", "A", b"{}")
    b'{"answers":{},"poll":"p","voter_class":"A"}'
    """
    return b'{"answers":%b,"poll":%b,"voter_class":%b}' % (
        answers, canonical(poll), canonical(voter_class)
    )  # fmt: skip


class Sealer:
    """Seals ballots with one poll's public key; it cannot open them again."""

    def __init__(self, public_key: bytes) -> None:
        self._public_key = bytes(PublicKey(public_key))

    def seal(self, content: bytes, *, at_least: int = 0) -> bytes:
        """Seal some content, padded to ``at_least`` bytes and on to a multiple of 256."""
        plain = content + b"\x80"
        size = max(len(plain), at_least)
        return crypto_box_seal(plain.ljust(size + -size % STEP, b"\x00"), self._public_key)


class Opener:
    """Opens the envelopes of one poll."""

    def __init__(self, key: Key) -> None:
        self._box = SealedBox(PrivateKey(key.secret))

    def open(self, envelope: bytes) -> dict[str, Any]:
        """Open one envelope.

        Raises
        ------
        KeyRefused
            When the key does not fit or the envelope was altered.
        """
        try:
            plain = self._box.decrypt(bytes(envelope))
            found = json.loads(plain[: plain.rindex(b"\x80")])
        except (CryptoError, ValueError, TypeError, RecursionError) as error:
            raise KeyRefused.of("envelope-closed") from error
        if not isinstance(found, dict) or found.keys() != CONTENT:
            raise KeyRefused.of("envelope-closed")
        return found


def envelope_id(ballot_id: str) -> bytes:
    """Return what the store knows a ballot by: SHA-256 of the id that only the browser holds."""
    return hashlib.sha256(bytes.fromhex(ballot_id)).digest()


def fingerprint(ballot_id: str, answers: bytes) -> bytes:
    """Return HMAC(ballot id, canonical answers): tells a replay from a change.

    It tells nothing to whoever would guess at the content without the voter's browser.
    """
    return hmac.digest(bytes.fromhex(ballot_id), answers, "sha256")


def receipt(envelope: bytes) -> str:
    """Return the first 80 bits of an envelope's id as the voter sees them: XXXX-XXXX-XXXX-XXXX.

    >>> receipt(bytes(32))
    '0000-0000-0000-0000'
    """
    text = base32(envelope[:10])
    return "-".join(text[i : i + 4] for i in range(0, 16, 4))


def receipt_range(text: str) -> tuple[bytes, bytes]:
    """Return the first and the last envelope id that a receipt can stand for.

    >>> receipt_range("0000-0000-0000-0001")[0][:10].hex()
    '00000000000000000001'
    """
    number = 0
    for c in text.replace("-", ""):
        number = number << 5 | ALPHABET.index(c)
    known = number.to_bytes(10, "big")
    return known + bytes(22), known + b"\xff" * 22
