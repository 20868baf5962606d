"""Which dataset is which year of which pool: datasets linked over years by the targets' names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..dataset import Dataset
from ..errors import Problem, UsageError
from .settings import Settings

Kind = Literal["secretary", "deputy"]
KINDS: dict[str, Kind] = {"SJ": "secretary", "FZ": "deputy"}
KIND_ZH = {"secretary": "支部书记", "deputy": "副职干部"}
NAMED_YEAR = re.compile(r"(?:^|-)((?:19|20)\d\d)$")


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """One frozen poll, as one year of one pool.

    Attributes
    ----------
    dataset : Dataset
    kind : {"secretary", "deputy"}
    year : int
    pool : str
        Among whom targets are ranked at township scope.
    notes : tuple of Problem
        Where year or pool were not said by the poll but read from its days or name.
    """

    dataset: Dataset
    kind: Kind
    year: int
    pool: str
    notes: tuple[Problem, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(t.name for t in self.dataset.targets)

    @property
    def return_rate(self) -> float | None:
        """Return cast over issued ballots; None where nobody counted what was issued."""
        totals = self.dataset.manifest["totals"]
        return totals["cast"] / totals["issued"] if totals["issued"] else None

    def invalid(self, settings: Settings) -> Problem | None:
        """Return why this poll makes no ranking, if so."""
        rate, least = self.return_rate, settings["bottom_rule.guards.return_rate_min"]
        if rate is None or rate >= least - 1e-9:
            return None
        params = {"pool": self.pool, "year": self.year, "rate": f"{100 * rate:.0f}%", "least": f"{100 * least:.0f}%"}
        return Problem("round-invalid", self.dataset.name, params)


def rounds(datasets: Sequence[Dataset], *, years: Mapping[str, int] | None = None) -> tuple[Round, ...]:
    """Sort datasets into years and pools.

    Parameters
    ----------
    datasets : sequence of Dataset
        Of FZ or SJ polls.
    years : mapping, optional
        Dataset name → year, for those that do not say.

    Raises
    ------
    UsageError
        Every dataset that is no evaluation of persons or has no year, two of the same kind, year
        and pool, and every target rated in two pools in one year.
    """
    found, problems = [], []
    for dataset in datasets:
        made = _round(dataset, years or {})
        (problems if isinstance(made, Problem) else found).append(made)
    problems += [*_twice(found), *_in_two_pools(found)]
    if not datasets:
        problems.append(Problem("rules-nothing"))
    if problems:
        raise UsageError(problems)
    return tuple(sorted(found, key=lambda r: (r.kind, r.year, r.dataset.name)))


def _round(dataset: Dataset, years: Mapping[str, int]) -> Round | Problem:
    kind = KINDS.get(dataset.manifest["form_id"])
    if kind is None:
        return Problem("rules-form", dataset.name, {"form": dataset.manifest["form_id"] or "—"})
    year, source = _year(dataset, years)
    if year is None:
        return Problem("round-year", dataset.name)
    notes = []
    if source:
        notes.append(Problem("round-year-read", dataset.name, {"year": year, "source": source}))
    pool = dataset.manifest.get("pool", "")
    if not pool:
        form = dataset.manifest["form_id"]
        pool = NAMED_YEAR.sub("", dataset.name).removeprefix(f"{form}-") or dataset.name
        notes.append(Problem("round-pool-read", dataset.name, {"pool": pool}))
    return Round(dataset, kind, year, pool, tuple(notes))


def _year(dataset: Dataset, years: Mapping[str, int]) -> tuple[int | None, str]:
    """Return the year and, where the poll did not say it, what it was read from."""
    if dataset.name in years:
        return years[dataset.name], ""
    if said := dataset.manifest.get("year"):
        return int(said), ""
    if day := next((d for d in reversed(dataset.manifest.get("days") or []) if d), ""):
        return int(day[:4]), day
    named = NAMED_YEAR.search(dataset.name)
    return (int(named[1]), dataset.name) if named else (None, "")


def _twice(found: Sequence[Round]) -> Iterator[Problem]:
    seen: dict[tuple[str, int, str], str] = {}
    for r in found:
        key = (r.kind, r.year, r.pool)
        if key in seen:
            params = {"other": seen[key], "year": r.year, "pool": r.pool}
            yield Problem("round-twice", r.dataset.name, params)
        seen.setdefault(key, r.dataset.name)


def _in_two_pools(found: Sequence[Round]) -> Iterator[Problem]:
    seen: dict[tuple[str, int, str], str] = {}
    for r in found:
        for target in r.targets:
            key = (r.kind, r.year, target)
            if seen.setdefault(key, r.pool) != r.pool:
                params = {"target": target, "year": r.year, "one": seen[key], "two": r.pool}
                yield Problem("target-in-two-pools", r.dataset.name, params)
