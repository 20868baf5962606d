"""Questionnaires: what is asked, of whom, and how an answer becomes a score."""

from .checking import check
from .library import find, shipped_forms
from .model import (
    Choice,
    Composite,
    Group,
    Item,
    Questionnaire,
    Scale,
    Settings,
    Text,
    VoterClass,
)
from .reading import dumps, load, loads, read_list

__all__ = [
    "Choice",
    "Composite",
    "Group",
    "Item",
    "Questionnaire",
    "Scale",
    "Settings",
    "Text",
    "VoterClass",
    "check",
    "dumps",
    "find",
    "load",
    "loads",
    "read_list",
    "shipped_forms",
]
