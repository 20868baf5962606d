"""Typed tables as workbooks an office is glad to get, and back again with every mistake named."""

from .columns import Column, Kind, Sheet
from .guarding import Limits, is_workbook
from .reading import Read, Row, Table, at_most, read, tabs
from .values import canonical
from .writing import write

__all__ = [
    "Column",
    "Kind",
    "Limits",
    "Read",
    "Row",
    "Sheet",
    "Table",
    "at_most",
    "canonical",
    "is_workbook",
    "read",
    "tabs",
    "write",
]
