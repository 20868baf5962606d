"""Typed tables as workbooks an office is glad to get, and back again with every mistake named."""

from .columns import Column, Kind

__all__ = ["Column", "Kind"]
