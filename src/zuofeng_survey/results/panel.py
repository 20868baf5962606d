"""Which targets and classes a ranking can rest on, and what had to be left out, said aloud."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import scoring
from ..dataset import Dataset
from ..errors import Problem, UsageError

RETURN_LEAST = 2 / 3


@dataclass(frozen=True, slots=True, eq=False)
class Usable:
    """A panel without the targets too few rated and the classes nobody came from.

    ``weights`` sum to 1 over the classes there are; ``problems`` says what was left out.
    """

    scores: NDArray[np.float64]
    voter_class: NDArray[Any]
    targets: tuple[str, ...]
    labels: tuple[str, ...]
    weights: dict[str, float]
    problems: tuple[Problem, ...] = ()

    def with_weights(self, weights: dict[str, float]) -> Usable:
        return replace(self, weights=weights)

    def with_scores(self, scores: NDArray[np.float64]) -> Usable:
        return replace(self, scores=scores)


def usable_panel(dataset: Dataset, *, base: str = "", score_map: str = "") -> Usable:
    """Return the panel that a ranking may rest on.

    Targets with fewer than k valid ballots are left out (a mean of three ballots is three people's
    opinion); so are classes without a valid ballot, whose weight goes to the others.

    Raises
    ------
    UsageError
        ``nothing-to-rank`` when fewer than two voters or targets remain.
    """
    return usable(dataset, scoring.panel(dataset, base=base, score_map=score_map))


def usable(dataset: Dataset, found: scoring.Panel) -> Usable:
    """Return the part of a panel that a ranking may rest on, as :func:`usable_panel` says."""
    n = np.isfinite(found.scores).sum(axis=0)
    least = 1 if dataset.is_imported else dataset.manifest["k"]
    keep = n >= least
    scores = found.scores[:, keep]
    voted = np.isfinite(scores).any(axis=1)
    if voted.sum() < 2 or keep.sum() < 2:
        raise UsageError.of("nothing-to-rank", dataset.name)
    label = {t.name: t.label.zh for t in dataset.targets}
    present = set(found.voter_class[voted])
    problems = [
        Problem("target-small", label[t], {"k": least})
        for t, kept in zip(found.targets, keep, strict=True)
        if not kept
    ]
    problems += [
        Problem("class-empty", dataset.name, {"name": c}) for c in found.weights if c not in present
    ]
    targets = tuple(t for t, kept in zip(found.targets, keep, strict=True) if kept)
    return Usable(
        scores[voted],
        found.voter_class[voted],
        targets,
        tuple(label[t] for t in targets),
        {c: w for c, w in found.weights.items() if c in present},
        (*problems, *_low_return(dataset), *_nested(dataset)),
    )


def _low_return(dataset: Dataset) -> list[Problem]:
    counts = dataset.manifest["totals"]
    if not counts["issued"] or counts["cast"] >= RETURN_LEAST * counts["issued"]:
        return []
    return [
        Problem("return-low", dataset.name, {"cast": counts["cast"], "issued": counts["issued"]})
    ]


def _nested(dataset: Dataset) -> list[Problem]:
    names = {c.base: None for c in dataset.classes if c.targets}
    return [Problem("nested-classes", dataset.name, {"names": "、".join(names)})] * bool(names)
