"""Where polls and sealed ballots lie: SQLite by default, PostgreSQL by URL."""

from .ballots import Envelope, Status, Store
from .casting import Receipt, admit, cast
from .home import Home, file_system, write_private

__all__ = [
    "Envelope",
    "Home",
    "Receipt",
    "Status",
    "Store",
    "admit",
    "cast",
    "file_system",
    "write_private",
]
