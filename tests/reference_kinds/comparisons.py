"""Kinds of stats.intervals and stats.comparisons: intervals for rates, rank tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from reference_kinds import Case, Check, Told
from reference_kinds.reading import chosen, column, coverage_of, formulas, option, plain
from zuofeng_survey.stats.comparisons import (
    Pairs,
    RankTest,
    benjamini_hochberg,
    dunn,
    friedman,
    holm,
    kruskal_wallis,
)
from zuofeng_survey.stats.intervals import clopper_pearson, jeffreys, wilson
from zuofeng_survey.stats.twogroups import mann_whitney, wilcoxon

RATES = {"wilson": wilson, "clopper_pearson": clopper_pearson, "jeffreys": jeffreys}
ALSO = {"exact": clopper_pearson, "score": wilson}
TESTS = ("friedman", "kruskal", "dunn", "wilcoxon", "mannwhitney")


def proportion(case: Case) -> Iterator[Check]:
    """One rate, or blocks of them (a list, or by name), each with its x and n."""
    yield from _rates(case, "", case.expected, case.expected)


def _rates(case: Case, name: str, told: Any, above: Told) -> Iterator[Check]:
    if isinstance(told, list):
        for i, one in enumerate(told, 1):
            yield from _rates(case, f"{name} {i}".strip(), one, above)
        return
    x, n = (_of(case, k, told, above) for k in ("x", "n"))
    if x is None and (said := re.findall(r"\((\d+)\s*,\s*(\d+)", case.call)):
        x, n = map(int, said[0])
    for method in (m for m in (RATES | ALSO) if m in told):
        coverage = coverage_of(
            case, told if {"coverage", "conf_level", "level"} & set(told) else above
        )
        got = (RATES | ALSO)[method](x, n, coverage=coverage)
        yield case.check(f"{name} {method}", [float(got.lower), float(got.upper)], told[method])
    if "estimate" in told:
        yield case.check(f"{name} estimate", x / n, told["estimate"])
    for key in (*told.blocks(), *(k for k in ("cases", "rates") if k in told)):
        yield from _rates(case, f"{name} {key}".strip(), told[key], told)


def _of(case: Case, key: str, told: Told, above: Told) -> Any:
    return told[key] if key in told else above.get(key, case.params.get(key))


def tests_of_ranks(case: Case) -> Iterator[Check]:
    """``<test>_<file>``; columns from the block, its words, ``params`` or the formulas of the call."""
    for name in case.expected:
        test = next((t for t in (*TESTS, "mann_whitney") if name.startswith(t)), None)
        if test:
            of = {"friedman": _friedman, "kruskal": _kruskal, "dunn": _dunn, "wilcoxon": _wilcoxon}
            yield from of.get(test, _mann_whitney)(case, name, case.expected[name])
    flat = next((t for t in TESTS if case.kind.startswith(t)), None)
    if flat and ({"chisq", "V", "W"} & set(case.expected)):
        of = {"friedman": _friedman, "kruskal": _kruskal, "wilcoxon": _wilcoxon}
        yield from of.get(flat, _mann_whitney)(case, case.name, case.expected)


def _file(case: Case, name: str) -> pd.DataFrame:
    """Return the data file one of whose words the name of the figure holds."""
    words = [w for w in name.lower().split("_") if len(w) > 2]
    for f in case.files:
        if any(w in plain(f.name) for w in words):
            return case.frame(f.name)
    frames = [case.frame(f.name) for f in case.files]
    return next((d for d in frames if set(words) & set(map(plain, d.columns))), frames[0])


def _near(case: Case, what: str, got: Any, told: Any) -> Check:
    near = case.near("p") if what.split()[-1].startswith("p") else case.near("statistic")
    return case.check(what, got, told, **near)


def _whole(
    case: Case, name: str, t: RankTest, told: Told, letter: str = "chisq"
) -> Iterator[Check]:
    found = {letter: t.statistic, "statistic": t.statistic, "df": t.df, "p": t.p_value, "n": t.n}
    found |= {t.effect_name: t.effect, "effect": t.effect}
    for part in (p for p in found if p in told):
        yield _near(case, f"{name} {part}", found[part], told[part])


def _friedman(case: Case, name: str, told: Told) -> Iterator[Check]:
    d = chosen(case, _file(case, name), told=told)
    yield from _whole(case, name, friedman(d.dropna()), told)


def _grouped(case: Case, name: str, told: Told) -> tuple[pd.Series, pd.Series]:
    """Values and their groups, without the gaps; by block, formula, or words of the name."""
    d = _file(case, name)
    words = [column(d, w) for w in name.split("_") if plain(w) in map(plain, d.columns)]
    asked = [f for f in formulas(case.call) if f.fixed and f.names <= set(d.columns)]
    value, group = (told.get(k, case.params.get(k)) for k in ("value", "group"))
    if value is None and len(words) == 2:
        value, group = words
    if value is None and asked:
        value, group = asked[0].response, asked[0].fixed[0]
    if value is None:  # a table of values and their groups
        numbers, rest = d.select_dtypes("number").columns, d.columns
        value = next(c for c in numbers if d[c].nunique() == d[numbers].nunique().max())
        group = next(c for c in rest if c != value)
    kept = d[[column(d, value), column(d, group)]].dropna()
    return kept.iloc[:, 0], kept.iloc[:, 1]


def _kruskal(case: Case, name: str, told: Told) -> Iterator[Check]:
    yield from _whole(case, name, kruskal_wallis(*_grouped(case, name, told)), told)


def _dunn(case: Case, name: str, told: Any) -> Iterator[Check]:
    values, group = _grouped(case, name, Told({}))
    pairs: Pairs = dunn(values, group)
    names = [f"{a} - {b}" for a, b in zip(pairs.first, pairs.second, strict=True)]
    rows = told if isinstance(told, list) else [Told({**r, "pair": k}) for k, r in told.items()]
    found = {
        "z": pairs.statistic,
        "p_two_sided": pairs.p_value,
        "p_holm": pairs.adjusted,
        "p_bh": benjamini_hochberg(pairs.p_value),
        "p_bonferroni": np.minimum(1.0, pairs.p_value * len(names)),
    }
    yield case.check(f"{name} pairs", sorted(names), sorted(r["pair"] for r in rows))
    for row in (r for r in rows if r["pair"] in names):
        row.get("p_holm_dunn.test_nonmonotone")  # a defect kept, not expected
        at = names.index(row["pair"])
        for key in (k for k in found if k in row):
            what = f"{name} {row['pair']} {key}"
            near = case.near("p") if key.startswith("p_") else case.near("statistic")
            yield case.check(what, found[key][at], row[key], **near)


def _two(case: Case, name: str, told: Told) -> tuple[pd.Series, pd.Series]:
    """Two columns that are said, numbered (``col1_col7``), or named."""
    d = _file(case, name)
    said = told.get("cols") or option(case, "cols", "columns", told=told)
    if not said:
        numbers = [int(w[3:]) for w in name.split("_") if w.startswith("col") and w[3:].isdigit()]
        said = [d.columns[i] for i in numbers]
    first, second = (d[column(d, c)] for c in said)
    return first, second


def _wilcoxon(case: Case, name: str, told: Told) -> Iterator[Check]:
    first, second = _two(case, name, told)
    kept = first.notna() & second.notna()
    yield from _whole(case, name, wilcoxon(first[kept], second[kept]), told, "V")


def _mann_whitney(case: Case, name: str, told: Told) -> Iterator[Check]:
    """Two groups of a formula; or ``may_vs_rest`` of airquality: R takes FALSE first."""
    d = _file(case, name)
    months = dict(zip(("may", "june", "july", "august", "september"), range(5, 10), strict=True))
    month = next((m for w, m in months.items() if w in name.split("_")), None)
    if month and "Month" in d:
        words = [column(d, w) for w in name.split("_") if plain(w) in map(plain, d.columns)]
        d = d.dropna(subset=[words[0]])
        first, second = d[words[0]][d["Month"] != month], d[words[0]][d["Month"] == month]
    elif told.get("cols") or option(case, "cols", "columns", told=told):
        first, second = (s.dropna() for s in _two(case, name, told))
    else:
        values, group = _grouped(case, name, told)
        levels = told.get("levels") or sorted(group.unique())
        first, second = (values[group == level] for level in levels)
    yield from _whole(case, name, mann_whitney(first, second), told, "W")


def adjusted(case: Case) -> Iterator[Check]:
    """p-values corrected for many tests."""
    e = case.expected
    p = e["p"] if "p" in e else case.params["p"]
    found = {"holm": holm, "bh": benjamini_hochberg, "BH": benjamini_hochberg}
    for name in (n for n in found if n in e):
        yield case.check(name, found[name](p), e[name])


KINDS = {
    "proportion": proportion,
    "proportion_ci": proportion,
    "rank_tests": tests_of_ranks,
    **dict.fromkeys(TESTS, tests_of_ranks),
    "p_adjust": adjusted,
}
