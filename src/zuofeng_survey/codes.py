"""The right to cast once: 80 random bits and a check character, kept only as an HMAC.

A code is 16 characters of Crockford's base 32 and one check character, written
``XXXX-XXXX-XXXX-XXXX-C``. The check is a word of a Reed–Solomon code over GF(32): it catches every
single wrong character and every swap of two, so that a slip of the pen never costs a guess.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import unicodedata
from typing import Any

from .errors import CodeRefused

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
_FROM_RFC4648 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET.encode())
_VALUE = {c: i for i, c in enumerate(ALPHABET)}
_LOOKALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})
_DASHES = "-‐‑‒–—―−－﹣·・ー"


def _powers() -> list[int]:
    """Return α⁰ … α³⁰ in GF(32) with x⁵ + x² + 1."""
    powers = [1]
    for _ in range(30):
        doubled = powers[-1] << 1
        powers.append(doubled ^ 0b100101 if doubled & 32 else doubled)
    return powers


_POWER = _powers()
_LOG = {p: i for i, p in enumerate(_POWER)}
_WRITTEN = re.compile(f"(?:[{ALPHABET}]{{4}}-?){{4}}[{ALPHABET}]")


def _times(position: int, value: int) -> int:
    return _POWER[(position + _LOG[value]) % 31] if value else 0


_TERMS = [{c: _times(i, v) for c, v in _VALUE.items()} for i in range(LENGTH)]
_CHECKS = [ALPHABET[_times(-LENGTH, total)] for total in range(32)]


def check_character(body: str) -> str:
    """Return the character that completes 16 others to a code.

    >>> check_character("0000000000000001")
    'J'
    """
    total = 0
    for terms, c in zip(_TERMS, body, strict=True):
        total ^= terms[c]
    return _CHECKS[total]


def base32(bits: bytes) -> str:
    """Write 80 bits as 16 characters.

    >>> base32(bytes([0] * 9 + [1]))
    '0000000000000001'
    """
    return base64.b32encode(bits).translate(_FROM_RFC4648).decode()


def new_code() -> str:
    """Return a fresh code of 80 random bits, without dashes."""
    body = base32(secrets.token_bytes(10))
    return body + check_character(body)


def shuffle(items: list[Any]) -> None:
    """Shuffle in place with the system's randomness, so that no order is left to remember."""
    secrets.SystemRandom().shuffle(items)


def pretty(code: str) -> str:
    """Write a code as it is printed.

    >>> pretty("0000000000000001J")
    '0000-0000-0000-0001-J'
    """
    return "-".join([*(code[i : i + 4] for i in range(0, LENGTH, 4)), code[LENGTH:]])


def normalise(text: str) -> str:
    """Read a code as people type it: lower case, full width, spaces, dashes, O for 0, I for 1.

    >>> normalise(" oooo-ooo0-００００-000i-j ")
    '0000000000000001J'

    Raises
    ------
    CodeRefused
        ``code-mistyped`` when a character is missing or wrong; nothing was looked up.
    """
    plain = (text if _WRITTEN.fullmatch(text) else _plain(text)).replace("-", "")
    if not _WRITTEN.fullmatch(plain) or check_character(plain[:LENGTH]) != plain[LENGTH]:
        raise CodeRefused.of("code-mistyped")
    return plain


def _plain(text: str) -> str:
    wide = unicodedata.normalize("NFKC", text[:200]).upper()
    return "".join(c for c in wide if not _is_between(c)).translate(_LOOKALIKE)


def _is_between(c: str) -> bool:
    """Return whether a character only stands between others: spaces, dashes, what is not seen."""
    return c.isspace() or c in _DASHES or unicodedata.category(c) == "Cf"


def hash_code(code: str, *, pepper: bytes, poll: str) -> bytes:
    """Return what the store keeps instead of a code: HMAC-SHA-256 under the pepper, 32 bytes.

    80 random bits need no slow hash; the pepper lies outside the database and its backups.
    """
    message = poll.encode() + b"\x00" + code.encode()
    return hmac.digest(pepper, message, "sha256")
