"""Kind of stats.careless: indices of careless answering."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from reference_kinds import Case, Check, Told
from reference_kinds.reading import chosen, option
from zuofeng_survey.stats.careless import even_odd, irv, longstring, synonyms
from zuofeng_survey.stats.outliers import mahalanobis


def careless(case: Case) -> Iterator[Check]:
    """The figures of the first data file; a block named after another file holds those of that."""
    e = case.expected
    others = [k for k in e.blocks() if k != "longstring_table"]
    if set(e) - set(others):
        yield from _indices(case, case.files[0].name, e)
    for part in others:
        yield from _indices(case, part, e[part])


def _indices(case: Case, part: str, e: Told) -> Iterator[Check]:
    d = chosen(case, case.frame(part), told=e)
    runs = longstring(d)
    if "dim" in e:
        yield case.check("dim", list(d.shape), e["dim"])
    if "n" in e:
        yield case.check(f"{part} n", len(d), e["n"])
    if "longstring_table" in e:
        length, times = np.unique(runs.longest, return_counts=True)
        table = dict(zip(map(str, length), times.tolist(), strict=True))
        yield case.check(f"{part} runs", table, dict(e["longstring_table"].items()))
    yield from _figures(case, e, "longstring", runs.longest.astype(float))
    yield from _figures(case, e, "avgstr", runs.average)
    yield from _figures(case, e, "irv", irv(d))
    yield from _distance(case, e, d)
    if any(k.startswith("evenodd") for k in e):
        yield from _figures(case, e, "evenodd", even_odd(d, _sizes(case, e, d)))
    if any(k.startswith("psychsyn") for k in e):
        least = float(option(case, "critval", "least", told=e, default=0.6))
        yield from _figures(case, e, "psychsyn", synonyms(d, least=least))


def _sizes(case: Case, e: Told, d: pd.DataFrame) -> list[int]:
    """Items a scale: ``factors = rep(5, 10)``, else by the names (``scaleA1``, ``scaleA2``, …)."""
    said = option(case, "factors", "sizes", told=e)
    if isinstance(said, list):
        return [int(s) for s in said]
    stems = [str(c).rstrip("0123456789") for c in d.columns]
    return [len(list(same)) for _, same in itertools.groupby(stems)]


def _distance(case: Case, e: Told, d: pd.DataFrame) -> Iterator[Check]:
    if not any(k.startswith("mahad") for k in e):
        return
    distance, near = mahalanobis(d), case.near("mahad")
    sure = float(option(case, "confidence", told=e, default=0.99))
    flagged = 1 + np.flatnonzero(distance > stats.chi2.ppf(sure, d.shape[1]))
    if "mahad_flag" in e:
        yield case.check("mahad flags", flagged.tolist(), np.atleast_1d(e["mahad_flag"]).tolist())
    order = 1 + np.argsort(-distance)
    for key in (k for k in e if k.startswith("mahad_top")):
        told = e[key]
        found = order[: len(told)] if key.endswith("_rows") else distance[order[: len(told)] - 1]
        yield case.check(key, found, told, **near)
    for key in ("mahad_sq", "mahad"):
        yield from _figures(case, e, key, distance, near)
    yield from _figures(case, e, "mahad", distance, near, only=("mean", "head", "sd", "max"))


def _figures(
    case: Case, e: Told, name: str, got: np.ndarray, near: dict[str, float] | None = None,
    *, only: tuple[str, ...] = ("", "mean", "head", "sd", "max"),
) -> Iterator[Check]:  # fmt: skip
    """All values of an index, gaps where R has them; or its mean, or the first ones."""
    whole = {"mean": np.nanmean(got), "sd": np.nanstd(got, ddof=1), "max": np.nanmax(got)}
    for part in only:
        key = f"{name}_{part}".rstrip("_")
        if key not in e:
            continue
        told = e[key]
        if part in whole:
            yield case.check(key, whole[part], told, **(near or {}))
        else:
            told = _numbers(told)
            found = got[: len(told)] if part == "head" else got
            yield case.check(f"{key} missing", np.isnan(found), np.isnan(told))
            yield case.check(key, np.nan_to_num(found), np.nan_to_num(told), **(near or {}))


def _numbers(told: Any) -> np.ndarray:
    return np.array([np.nan if v in (None, "NA") else v for v in told], float)


KINDS = {"careless": careless}
