"""The plan's words for what an opinion can be about, with the cues that suggest them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from ..errors import UsageError, nearest


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """One set of codes: ``labels`` and ``cues`` by code, in the plan's order."""

    name: str
    zh: str
    en: str
    labels: Mapping[str, str]
    cues: Mapping[str, tuple[str, ...]]


@cache
def taxonomies() -> dict[str, Taxonomy]:
    """Return the sets of codes by name: ``area6``, ``focus8``, ``ailment5``."""
    file = resources.files("zuofeng_survey.opinions").joinpath("taxonomies.yaml")
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {name: _taxonomy(name, given) for name, given in found.items()}


def taxonomy(name: str) -> Taxonomy:
    """Return one set of codes.

    Raises
    ------
    UsageError
        ``taxonomy-unknown``.
    """
    known = taxonomies()
    if name not in known:
        raise UsageError.of(
            "taxonomy-unknown", name, near=nearest(name, known) or "—", known="、".join(known)
        )
    return known[name]


def _taxonomy(name: str, given: dict) -> Taxonomy:
    labels = {code: c["label"] for code, c in given["codes"].items()}
    cues = {code: tuple(c["cues"].split()) for code, c in given["codes"].items()}
    return Taxonomy(name, given["label"]["zh"], given["label"]["en"], labels, cues)
