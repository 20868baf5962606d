"""From frozen datasets of several years to 拟提请研究名单 with its evidence. Never a decision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import pandas as pd

from ..dataset import Dataset
from ..errors import Problem, UsageError
from .chance import chance_table
from .evidence import evidence, is_above_floor
from .finding import Finding
from .ladder import Mark, Streak, streak
from .levels import LEVELS, grade
from .pooling import pooled
from .rounds import Kind, Round, rounds
from .settings import Settings
from .settings import settings as default_settings
from .showing import Findings
from .standing import Standing, places, stand

BROKEN = {
    "absent": ("没有本人的名次", "there is no ranking of this person"),
    "invalid": ("测评无效", "the poll was invalid"),
    "exempt": ("任职时间不足", "too short a time in office"),
    "moved": ("换了排名范围", "the pool changed"),
    "tied": ("并列于末位分界", "it was a tie at the cut"),
}


def chances(datasets: Sequence[Dataset], settings: Settings, *, years: Mapping[str, int] | None = None) -> pd.DataFrame:
    """Return what luck alone would name at either scope, for the pools of the last year given."""
    return _chances(rounds(datasets, years=years), settings)


def findings(
    datasets: Sequence[Dataset],
    *,
    year: int,
    scope: str = "",
    settings: Settings | None = None,
    years: Mapping[str, int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Findings:
    """Apply the plan's ladder as it is written, and say what it rests on.

    Parameters
    ----------
    datasets : sequence of Dataset
        FZ and SJ polls of this and earlier years; targets keep their ids over years.
    year : int
        The year whose result is asked about.
    scope : {"township", "county"}
        Among whom the last are counted; the plan does not say, so there is no default.
    settings : Settings, optional
        Constants; by default those shipped.
    years : mapping, optional
        Dataset name → year, for datasets that do not say.
    progress : callable, optional
        Called with (groups ranked and persons looked into, all of them known by then).

    Raises
    ------
    UsageError
        ``scope-unset``; ``rules-no-year``; as :func:`.rounds.rounds`.
    """
    known = settings or default_settings()
    scope = scope or known["bottom_rule.scope"]
    if scope not in ("township", "county"):
        raise UsageError.of("scope-unset", "--scope")
    every = rounds(datasets, years=years)
    given = [r for r in every if r.year <= year]
    if not any(r.year == year for r in given):
        named = "、".join(sorted({str(r.year) for r in every}))
        raise UsageError.of("rules-no-year", "--year", year=year, known=named)
    told = progress or _untold
    groups = list(_groups(given, scope, known))
    standings = []
    for kind, y, group in groups:
        told(len(standings), len(groups))
        standings.append(stand(kind, y, scope, group, known))
    found = []
    for kind in ("secretary", "deputy"):
        for f in _of_kind(kind, year, standings, known, given):
            found.append(f)
            told(len(groups) + len(found), len(groups) + len(found))
    found.sort(key=lambda f: (-f.step, -LEVELS.index(f.level), f.pool, f.last.rank, f.target))
    problems = {(p.code, p.zh): p for s in standings for p in s.problems}
    return Findings(
        year=year,
        scope=scope,
        findings=tuple(found),
        datasets=_datasets(given, known),
        chance=_chances([r for r in given if r.year == year], known),
        problems=(*problems.values(), *_versions(given)),
        settings=known,
    )


def _untold(*_: int) -> None:
    """Tell nobody how far the work is."""


def _groups(
    given: Sequence[Round], scope: str, settings: Settings
) -> Iterator[tuple[Kind, int, list[Round]]]:
    apart = settings["bottom_rule.separate_pools"]
    groups: dict[tuple[Kind, int, str], list[Round]] = {}
    for r in given:
        own = scope == "township" or r.pool in apart
        groups.setdefault((r.kind, r.year, r.pool if own else ""), []).append(r)
    for (kind, year, _), group in groups.items():
        yield kind, year, group


def _of_kind(
    kind: Kind, year: int, standings: Sequence[Standing], settings: Settings, given: Sequence[Round]
) -> Iterator[Finding]:
    mine = [s for s in standings if s.kind == kind]
    marks = _marks(mine, [r for r in given if r.kind == kind], settings)
    for standing in (s for s in mine if s.year == year and s.bottom is not None):
        for target in standing.bottom.unit:  # type: ignore[union-attr]
            counted = streak(marks[target], year, settings)
            if counted.step:
                found = _finding(target, counted, mine, settings)
                if found is not None:
                    yield found


def _marks(
    standings: Sequence[Standing], given: Sequence[Round], settings: Settings
) -> dict[str, dict[int, Mark]]:
    """Return target → year → mark."""
    found: dict[str, dict[int, Mark]] = {}
    for r in given:
        status = "invalid" if r.invalid(settings) else "absent"
        for t in r.targets:
            found.setdefault(t, {})[r.year] = Mark(status, r.pool)
    for standing in standings:
        for t, mark in standing.marks().items():
            found[t][standing.year] = mark
    for target, years in settings["office.exempt"].items():
        for y in years if isinstance(years, list) else [years]:
            if target in found and y in found[target]:
                found[target][y] = Mark("exempt", found[target][y].pool)
    return found


def _finding(
    target: str, counted: Streak, standings: Sequence[Standing], settings: Settings
) -> Finding | None:
    where = [next(s for s in standings if s.year == y and _ranks(s, target)) for y in counted.years]
    each = tuple(evidence(s, target, settings) for s in where)
    exempt = settings["bottom_rule.guards.floor_effect"] == "exempt"
    if exempt and is_above_floor(each[-1], settings):
        return None
    together = pooled(where, target, settings) if len(where) > 1 and _one_pool(where) else None
    facts = str(settings["office.facts"].get(target, ""))
    graded = grade(each, together, settings, facts=facts)
    rung = settings.constant(f"bottom_rule.ladder.{counted.step}")
    return Finding(
        target=target,
        label=where[-1].label(target),
        kind=where[-1].kind,
        pool=each[-1].pool,
        years=counted.years,
        step=counted.step,
        measure=str(rung.value),
        measure_origin=rung.said,
        level=graded.level,
        unguarded=graded.unguarded,
        evidence=each,
        pooled=together,
        reasons=(*graded.reasons, *_broken(counted)),
        guards=graded.guards,
        confirm=tuple(_confirm(counted, guarded=bool(graded.guards))),
        remark=each[-1].remark,
        facts=facts,
    )


def _ranks(standing: Standing, target: str) -> bool:
    return standing.bottom is not None and target in standing.bottom.unit


def _one_pool(where: Sequence[Standing]) -> bool:
    return len({s.pool for s in where}) == 1


def _broken(counted: Streak) -> Iterator[Problem]:
    if counted.broken:
        year, status = counted.broken
        zh, en = BROKEN[status]
        yield Problem("streak-broken", "", {"year": year, "why_zh": zh, "why_en": en})


def _confirm(counted: Streak, *, guarded: bool) -> Iterator[Problem]:
    if counted.moved:
        yield Problem("confirm-moved", "", {"years": _said(counted.moved)})
    if counted.tied:
        yield Problem("confirm-tied", "", {"years": _said(counted.tied)})
    if counted.left_out:
        yield Problem("confirm-skipped", "", {"years": _said(counted.left_out)})
    if guarded:
        yield Problem("confirm-guard")


def _said(years: Sequence[int]) -> str:
    return "、".join(map(str, years))


def _versions(given: Sequence[Round]) -> Iterator[Problem]:
    for kind in dict.fromkeys(r.kind for r in given):
        forms = [r.dataset.manifest for r in given if r.kind == kind]
        versions = sorted({str(m["version"]) for m in forms})
        if len(versions) > 1:
            yield Problem("questionnaires-differ", forms[0]["form_id"], {"versions": "、".join(versions)})


def _datasets(given: Sequence[Round], settings: Settings) -> pd.DataFrame:
    rows = []
    for r in given:
        totals, ranked = r.dataset.manifest["totals"], r.invalid(settings) is None
        counts = (len(r.targets), totals["issued"], totals["cast"], totals["valid"])
        rows.append((r.dataset.name, r.dataset.hash, r.kind, r.year, r.pool, *counts, ranked))
    names = ["dataset", "hash", "kind", "year", "pool", "persons", "issued", "cast", "valid", "ranked"]
    return pd.DataFrame(rows, columns=names)


def _chances(given: Sequence[Round], settings: Settings) -> pd.DataFrame:
    """Return the chance table for the pools of the last year given."""
    pools = []
    for kind in dict.fromkeys(r.kind for r in given):
        last = max(r.year for r in given if r.kind == kind)
        now = [r for r in given if (r.kind, r.year) == (kind, last)]
        for scope in ("township", "county"):
            sizes = [sum(len(r.targets) for r in g) for _, _, g in _groups(now, scope, settings)]
            pools.append((kind, scope, [(n, places(kind, n, settings)) for n in sizes]))
    return chance_table(pools)
