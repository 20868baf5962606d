"""Who is in office in which year, and how well they do: drawn once a person, so that years agree."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np

from ..poll import Target
from ..questionnaire import Text
from .county import shape


def draw(*names: object) -> np.random.Generator:
    """Return a generator that depends on the county's seed and these names, and on nothing else."""
    return np.random.default_rng([shape()["seed"], *(crc32(str(n).encode()) for n in names)])


def deputies(town: Mapping[str, Any], year: int) -> list[Target]:
    """Return the deputies of one town in one year, named by letters only; ids go with the person."""
    homes = {t["id"]: t for t in shape()["towns"]}
    now = {f"{t['id']}-{x}": t["id"] for t in shape()["towns"] for x in string.ascii_uppercase[: t["deputies"]]}
    for since, moves in shape()["moved"].items():
        now |= moves if year >= since else {}
    return [_deputy(name, town, homes[name.split("-")[0]]) for name, at in now.items() if at == town["id"]]


def _deputy(name: str, town: Mapping[str, Any], home: Mapping[str, Any]) -> Target:
    letter = name.split("-")[1]
    moved = "" if town["id"] == home["id"] else f"（原{home['name']}）"
    return Target(
        name=name,
        label=Text(zh=f"{town['name']}-副职{letter}{moved}", en=f"{town['id']} deputy {name}"),
        note=Text(zh=shape()["hard_job"].get(name, "")),
    )


def secretaries(town: Mapping[str, Any]) -> list[Target]:
    """Return the branch secretaries of one town, numbered; those of the offices are one pool."""
    kinds = ["机关"] * town.get("branches", 0) + ["村"] * town.get("v", 0) + ["社区"] * town.get("c", 0)
    return [
        Target(
            name=f"{town['id']}-{n:02d}",
            label=Text(zh=f"{town['name']}-{n:02d}{kind}支书", en=f"{town['id']} secretary {n:02d}"),
        )
        for n, kind in enumerate(kinds, start=1)
    ]


def merits(form_id: str, targets: Sequence[Target], year: int) -> dict[str, float]:
    """Return the true merit of each target in one year; what is planted is set outright."""
    merit, alike = shape()["merit"], shape()["alike"]
    found = {}
    for t in targets:
        stays = draw("merit", form_id, t.name).normal(0, merit["stays"])
        found[t.name] = stays + draw("merit", form_id, t.name, year).normal(0, merit["comes_and_goes"])
        if form_id == "FZ":
            found[t.name] = shape()["weak"].get(t.name, found[t.name])
        if t.name in shape()["worst"].get(form_id, ()):
            found[t.name] = shape()["rater"]["worst"]
        elif form_id == "FZ" and t.name.startswith(f"{alike['town']}-"):
            found[t.name] = alike["low"].get(t.name, alike["around"])
    return found


def seen_by(merit: Mapping[str, float], voter_class: str) -> dict[str, float]:
    """Return merits as a class of voters sees them."""
    off = shape()["off_class"]
    return {t: m + off.get(t, {}).get(voter_class, 0.0) for t, m in merit.items()}
