"""Would another way of counting name other people? Names and yes or no, never the scores."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .. import scoring
from ..dataset import Dataset
from ..errors import UsageError
from ..html import note, table_html
from ..stats.composite import composite
from ..stats.ranksets import tolerance
from .panel import Usable, usable, usable_panel
from .ranking import default_k

TRIM_FROM = 10
SHIFT = 0.05
BASE_ZH = {"overall": "总体评价", "dims": "分项均分", "blend": "各占一半", "value": "原值"}


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of counting and the bottom k it gives."""

    name: str
    bottom: tuple[str, ...]
    changed: bool


@dataclass(frozen=True, slots=True, eq=False)
class Recount:
    """One other way of counting: what it changes (``base``, ``map``, ``both``, ``trim``, ``weights``)."""

    kind: str
    name: str
    panel: Usable


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The bottom k under other bases, scoring maps, trimming and weights.

    Attributes
    ----------
    dataset, hash : str
    k : int
    published : tuple of str
        Labels of the bottom k as the questionnaire counts.
    variants : tuple of Variant
    """

    dataset: str
    hash: str
    k: int
    published: tuple[str, ...]
    variants: tuple[Variant, ...]

    @property
    def changes(self) -> int:
        """How many variants name another bottom k."""
        return sum(v.changed for v in self.variants)

    def table(self) -> pd.DataFrame:
        """Return one row a variant: variant, bottom, changed."""
        rows = [(v.name, "、".join(v.bottom), v.changed) for v in self.variants]
        return pd.DataFrame(rows, columns=["variant", "bottom", "changed"])

    def verdict(self, lang: str = "zh") -> str:
        """Return in one sentence how often another way of counting names others."""
        n, m = len(self.variants), self.changes
        if lang == "en":
            return f"{m} of {n} other ways of counting name another bottom {self.k}."
        said = "名单都不变" if not m else f"有 {m} 种会换人"
        return f"换 {n} 种算法再算一遍：{said}。"

    def _repr_html_(self) -> str:
        return table_html(self.table()) + note(self.verdict())


def sensitivity(dataset: Dataset, *, k: int = 0) -> Sensitivity:
    """Count the bottom k again in every other way that could have been chosen.

    Parameters
    ----------
    dataset : Dataset
    k : int
        As in :func:`zuofeng_survey.results.rank`.

    Raises
    ------
    UsageError
        When there is nothing to rank.
    """
    found = usable_panel(dataset)
    k = min(k or default_k(dataset), len(found.targets) - 1)
    published = _bottom(found, k)
    variants = [
        Variant(r.name, bottom, set(bottom) != set(published))
        for r in recounts(dataset, found)
        for bottom in (_bottom(r.panel, min(k, len(r.panel.targets) - 1)),)
    ]
    return Sensitivity(dataset.name, dataset.hash, k, published, tuple(variants))


def recounts(dataset: Dataset, found: Usable) -> Iterator[Recount]:
    """Yield the panel of every other way of counting that could have been chosen."""
    if not dataset.is_imported:
        yield from _bases_and_maps(dataset)
    if _can_trim(found):
        yield Recount("trim", "每类去掉一个最高分、一个最低分", _trimmed(found))
    for voter_class in found.weights if len(found.weights) > 1 else ():
        for shift in (SHIFT, -SHIFT):
            weight = max(found.weights[voter_class] + shift, 0.0)
            weights = {**found.weights, voter_class: weight}
            if sum(weights.values()):
                name = f"{voter_class} 类权重 {100 * shift:+.0f} 个百分点"
                yield Recount("weights", name, found.with_weights(weights))


def _bases_and_maps(dataset: Dataset) -> Iterator[Recount]:
    q = dataset.questionnaire
    own = q.composite.base if q.composite else ""
    by_map = {m: scoring.panels(dataset, score_map=m) for m in ("", *q.score_maps)}
    for base in scoring.BASES:
        for score_map, by_base in by_map.items():
            if (base, score_map) == (own, ""):
                continue
            kind = "map" if base == own else "both" if score_map else "base"
            name = f"{BASE_ZH[base]} × {_map_name(score_map)}"
            with suppress(UsageError):  # nobody answered what this base rests on
                yield Recount(kind, name, usable(dataset, by_base[base]))


def _map_name(score_map: str) -> str:
    """Say a scoring map by its points: ``narrow_95_85_70_50`` → 95/85/70/50."""
    return "/".join(re.findall(r"\d+", score_map)) or score_map or "公布的赋分"


def _bottom(found: Usable, k: int) -> tuple[str, ...]:
    """Return the labels of the bottom k, with all that tie at the cut, worst first."""
    theta = composite(found.scores, found.voter_class, weights=found.weights).estimate
    cut = np.sort(theta)[k - 1] + tolerance(theta)
    return tuple(found.labels[i] for i in np.argsort(theta, kind="stable") if theta[i] <= cut)


def _classes(found: Usable) -> Iterator[np.ndarray]:
    for voter_class in found.weights:
        yield np.flatnonzero(found.voter_class == voter_class)


def _can_trim(found: Usable) -> bool:
    rated = np.isfinite(found.scores)
    return all((rated[rows].sum(axis=0) >= TRIM_FROM).all() for rows in _classes(found))


def _trimmed(found: Usable) -> Usable:
    scores = found.scores.copy()
    column = np.arange(scores.shape[1])
    for rows in _classes(found):
        part = scores[rows]
        part[np.nanargmax(part, axis=0), column] = np.nan
        part[np.nanargmin(part, axis=0), column] = np.nan
        scores[rows] = part
    return found.with_scores(scores)
