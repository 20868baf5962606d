"""Kind of stats.careless: indices of careless answering."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import stats

from reference_kinds import Case, Check
from zuofeng_survey.stats.careless import even_odd, irv, longstring, synonyms
from zuofeng_survey.stats.outliers import mahalanobis


def careless(case: Case) -> Iterator[Check]:
    d, e = case.frame("careless"), case.expected
    runs, distance = longstring(d), mahalanobis(d)
    yield case.check("longstring", runs.longest, e["longstring"])
    yield case.check("avgstr", runs.average, e["avgstr"])
    yield case.check("irv", irv(d), e["irv"])
    rel = case.tolerance["mahad_rel"]
    yield case.check("mahad", distance, e["mahad_sq"], rel=rel)
    flagged = 1 + np.flatnonzero(distance > stats.chi2.ppf(0.99, d.shape[1]))
    yield case.check("mahad flags", flagged.tolist(), e["mahad_flag"])
    yield from _gapped(case, "evenodd", even_odd(d, [5] * 10))
    yield from _gapped(case, "psychsyn", synonyms(d))
    if told := e.get("bfi"):
        yield from _bfi(case, told, rel)


def _gapped(case: Case, name: str, got: np.ndarray) -> Iterator[Check]:
    told = np.array([np.nan if v in (None, "NA") else v for v in case.expected[name]], float)
    yield case.check(f"{name} missing", np.isnan(got), np.isnan(told))
    yield case.check(name, np.nan_to_num(got), np.nan_to_num(told))


def _bfi(case: Case, told: dict, rel: float) -> Iterator[Check]:
    d = case.frame("bfi")
    length, times = np.unique(longstring(d).longest, return_counts=True)
    distance, spread = mahalanobis(d), irv(d)
    yield case.check("bfi n", len(d), told["n"])
    yield case.check(
        "bfi runs",
        dict(zip(map(str, length), times.tolist(), strict=True)),
        told["longstring_table"],
    )
    yield case.check(
        "bfi irv", [spread.mean(), *spread[:10]], [told["irv_mean"], *told["irv_head"]]
    )
    yield case.check("bfi mahad mean", distance.mean(), told["mahad_mean"], rel=rel)
    top = np.argsort(-distance)[:5]
    yield case.check("bfi mahad rows", (1 + top).tolist(), told["mahad_top5_rows"])
    yield case.check("bfi mahad top", distance[top], told["mahad_top5"], rel=rel)


KINDS = {"careless": careless}
