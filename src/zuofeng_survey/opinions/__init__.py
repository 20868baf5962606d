"""Opinions in people's own words: masked, put beside those like them, coded by two people."""

from .alike import Alike, alike
from .coding import Coding, compare
from .masking import Masked, mask
from .reading import read
from .suggesting import Suggestions, suggest
from .taxonomies import Taxonomy, taxonomies, taxonomy

__all__ = [
    "Alike",
    "Coding",
    "Masked",
    "Suggestions",
    "Taxonomy",
    "alike",
    "compare",
    "mask",
    "read",
    "suggest",
    "taxonomies",
    "taxonomy",
]
