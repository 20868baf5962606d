"""Ledgers: one engine, fourteen declarations, an append-only log of what people with a post did."""

from .book import Book
from .declaration import Declaration, Field
from .reading import declaration, declarations
from .recording import MACHINE, Change, Recorded
from .registry import Post, Registry

__all__ = [
    "MACHINE",
    "Book",
    "Change",
    "Declaration",
    "Field",
    "Post",
    "Recorded",
    "Registry",
    "declaration",
    "declarations",
]
