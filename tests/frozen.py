"""Datasets with answers of one's choice, made without casting them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from zuofeng_survey.dataset import Dataset
from zuofeng_survey.dataset.counting import plain, totals
from zuofeng_survey.dataset.writing import Content, write
from zuofeng_survey.poll import Target, new_poll
from zuofeng_survey.questionnaire import find, load

# ibis 12 still uses what duckdb 2 and pandas 3 have deprecated
IBIS_WARNS = [
    pytest.mark.filterwarnings("ignore:fetch_arrow_table"),
    pytest.mark.filterwarnings("ignore:The 'future.infer_string' option"),
]
Answers = Sequence[tuple[str, str, str]]


def frozen(
    folder: Path,
    form_id: str,
    ballots: Sequence[tuple[str, Answers]],
    *,
    targets: Sequence[Target] = (),
    counts: Mapping[str, int] | None = None,
) -> Dataset:
    """Freeze ``ballots``: (voter class, [(item, target, value), …]) each."""
    q = load(find(form_id))
    poll, _, _ = new_poll(q, folder.name, targets=targets, counts=counts)
    found: dict[str, Counter[str]] = {c.base: Counter() for c in poll.classes}
    for c in poll.classes:
        found[c.base]["issued"] += c.issued
    for voter_class, answers in ballots:
        found[voter_class].update(cast=1, valid=1, asked=len(answers), answered=len(answers))
    rows = plain(found)
    codebook = {
        "questionnaire": q.model_dump(mode="json"),
        "targets": [t.model_dump(mode="json") for t in targets],
        "classes": [c.model_dump(mode="json") for c in poll.classes],
    }
    facts = {"poll": folder.name, "source": "poll", "form_id": form_id, "version": "1",
             "access": poll.access, "k": 5, "counts": rows, "totals": totals(rows)}  # fmt: skip
    content = Content()
    for voter_class, answers in ballots:
        content.add(voter_class, answers)
    return write(folder, content, codebook, facts)


def deputies(
    folder: Path,
    merit: Mapping[str, float],
    *,
    counts: Mapping[str, int] | None = None,
    seed: int = 1,
) -> Dataset:
    """Freeze an FZ poll; ``merit`` is label → how well each deputy does (0 is 称职)."""
    counts = counts or {"A": 5, "B": 14, "C": 20, "D": 10}
    rng = np.random.default_rng(seed)
    targets = [Target(name=f"t{i}", label=label) for i, label in enumerate(merit)]
    ballots = [
        (
            c,
            [
                row
                for t, m in zip(targets, merit.values(), strict=True)
                for row in grades(rng, t.name, m)
            ],
        )
        for c, n in counts.items()
        for _ in range(n)
    ]
    return frozen(folder, "FZ", ballots, targets=targets, counts=counts)


def grades(rng: np.random.Generator, target: str, merit: float) -> Answers:
    """Return one voter's nine grades of one deputy."""
    impression = merit + rng.normal(0, 0.5)
    seen = np.clip(np.round(3 + impression + rng.normal(0, 0.5, size=9)), 1, 4).astype(int)
    return [(f"FZ-B0{j}", target, str(v)) for j, v in enumerate(seen, start=1)]


def opinions(
    folder: Path, groups: Mapping[str, Sequence[str]], *, told: Mapping[str, int] | None = None
) -> Dataset:
    """Freeze an MY poll; ``groups`` is town → the overall grades given there, "" for no town."""
    ballots = []
    for town, given in groups.items():
        for n, value in enumerate(given):
            pressed = "1" if n < (told or {}).get(town, 0) else "0"
            rows = [
                ("MY-G01", "", value),
                ("MY-P11", "", value),
                ("MY-P12", "", value),
                ("MY-G05", "", pressed),
            ]
            ballots.append(("all", [*rows, *([("MY-S03", "", town)] if town else [])]))
    return frozen(folder, "MY", ballots)
