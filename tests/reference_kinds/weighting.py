"""Kinds of the survey rooms: weights, and estimates with the standard errors of the design."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from reference_kinds import Case, Check, Told
from reference_kinds.drawn import drawn
from reference_kinds.ranking import within
from reference_kinds.reading import column, coverage_of, literal, option, plain
from zuofeng_survey.stats import rank_sets_from
from zuofeng_survey.stats.crosstab import crosstab_test
from zuofeng_survey.stats.surveydesign import Design
from zuofeng_survey.stats.surveymeans import survey_mean, survey_ratio, survey_total
from zuofeng_survey.stats.weighting import Weights, calibrate, post_stratify, rake, trim

# what a case says by ``pop.types`` and the like: the schools of California
CALIFORNIA = {
    "stype": {"E": 4421.0, "H": 755.0, "M": 1018.0},
    "schwide": {"No": 1072.0, "Yes": 5122.0},
}
OUTCOME = "api00"


def _totals(case: Case, d: pd.DataFrame, columns: list[str]) -> dict[str, Mapping[str, float]]:
    """Return each margin: ``pop_column`` in the expectations or params, else California's."""
    e, told = case.expected, {}
    for source in (case.params.get("margins") or {}, case.params, e):
        for k in source:
            name = k.removeprefix("pop_")
            is_margin = isinstance(dict.get(source, k), Mapping) and (
                k != name or source not in (case.params, e)
            )
            if is_margin and plain(name) in map(plain, d.columns):
                told[column(d, name)] = source[k]
    columns = (
        [column(d, c) for c in columns] or list(told) or [column(d, "stype"), column(d, "sch.wide")]
    )
    every = dict.fromkeys([*columns, *told])
    return {c: dict((told.get(c) or CALIFORNIA[plain(c)]).items()) for c in every}


def _raked(case: Case, d: pd.DataFrame) -> Weights:
    listed = re.search(r"list\(((?:\s*~[\w.]+\s*,?)+)\)", case.call)
    columns = re.findall(r"~([\w.]+)", listed[1]) if listed else []
    columns = columns if {*map(plain, columns)} <= {*map(plain, d.columns)} else []
    totals = _totals(case, d, columns)
    return rake(d[list(totals)], totals, base=_base(case, d), tolerance=1e-12)


def _base(case: Case, d: pd.DataFrame) -> pd.Series:
    said = option(case, "weights", "base")
    is_column = isinstance(said, str) and plain(said) in map(plain, d.columns)
    name = column(d, said) if is_column else "pw"
    return d[name].astype(float) if name in d else pd.Series(1.0, index=d.index)


def _means(case: Case, d: pd.DataFrame, w: Weights | pd.Series) -> Iterator[Check]:
    """Check ``mean_column`` (``total_…``, ``ratio_…``) and the standard errors beside them.

    A bare ``mean`` is of the call's svymean, ``se`` of the first of them, ``se_column`` of its own.
    """
    e = case.expected
    asked = re.search(r"svy(?:mean|total)\(\s*~([\w.]+)", case.call)
    keys = [k for k in e if re.match(r"(mean|total)(_|$)", k)]
    for key in keys:
        name = key.partition("_")[2] or (asked[1] if asked else OUTCOME)
        of = survey_total if key.startswith("total") else survey_mean
        m = of(d[column(d, name)], drawn(case, d, w))
        yield case.check(key, m.estimate[0], e[key], **case.near(key, key.split("_")[0]))
        own = {f"se_{name}": m.se, f"deff_{name}": m.deff, f"se_{key}": m.se}
        if key == keys[0]:
            own |= {"se": m.se, "se_linearized": m.se, "deff": m.deff}
        for part in (p for p in own if p in e):
            yield case.check(part, own[part][0], e[part], **case.near(part, part.split("_")[0]))


def _weights(case: Case, w: np.ndarray, base: pd.Series) -> Iterator[Check]:
    """All weights of a case, and sums of them."""
    e, near = case.expected, case.near("weights")
    if "weights" in e:
        yield case.check("weights", w, e["weights"], **near)
    found = {"sum": w.sum(), "weights_sum": w.sum(), "min": w.min(), "max": w.max(), "n": len(w),
             "weights_min": w.min(), "weights_max": w.max(), "g_min": (w / base).min(),
             "g_max": (w / base).max(), "kish_deff": len(w) * (w @ w) / w.sum() ** 2,
             "kish_neff": w.sum() ** 2 / (w @ w)}  # fmt: skip
    for k in (k for k in found if k in e):
        yield case.check(k, found[k], e[k], **near)


def _by_level(case: Case, d: pd.DataFrame, w: np.ndarray) -> Iterator[Check]:
    """Weights by the levels of one column or of several: ``weights_by_stype``."""
    for key in (k for k in case.expected if k.startswith("weights_by_")):
        label = _labels(d, re.split(r"_x_|\+", key.removeprefix("weights_by_")))
        for level in case.expected[key]:
            got = w[(label == level).to_numpy()]
            told = np.full(max(len(got), 1), case.expected[key][level])
            yield case.check(f"{key} {level}", got, told, rel=1e-9)


def _labels(d: pd.DataFrame, names: list[str]) -> pd.Series:
    parts = [d[column(d, n)].astype(str) for n in names]
    return reduce(lambda a, b: a + "." + b, parts)


def rake_case(case: Case) -> Iterator[Check]:
    d, e, near = case.frame(), case.expected, case.near("weights")
    w = _raked(case, d)
    yield from _weights(case, w.weight, _base(case, d))
    yield from _by_level(case, d, w.weight)
    for name in (k for k in e if k.startswith("margins_")):
        label = _labels(d, [name.removeprefix("margins_")])
        for level in e[name]:
            got = w.weight[(label == level).to_numpy()].sum()
            yield case.check(f"{name} {level}", got, e[name][level], **near)
    yield from _means(case, d, w)


def trim_case(case: Case) -> Iterator[Check]:
    d = case.frame()
    least, most = (option(case, k, default=v) for k, v in (("lower", 20), ("upper", 60)))
    raked = _raked(case, d)
    w = trim(
        raked,
        lower=float(least),
        upper=float(most),
        strict=bool(option(case, "strict", default=False)),
    )
    yield from _weights(case, w.weight, _base(case, d))
    for key in (k for k in case.expected if k.startswith("mean_")):
        y = d[column(d, key[5:])]
        got = w.weight @ y / w.weight.sum()
        yield case.check(key, got, case.expected[key], **case.near("mean"))


def greg(case: Case) -> Iterator[Check]:
    """``calibrate(design, ~stype+api99, c(…))``: R's model matrix and the totals in its order."""
    d, e = case.frame(), case.expected
    asked = re.search(r"calibrate\([^~]*~\s*([\w.+\s-]+?)\s*,", case.call)
    terms = option(case, "formula", default=asked[1] if asked else "stype+api99")
    x = _matrix(d, str(terms).lstrip("~"))
    totals = option(case, "totals", "population") or case.params.get("totals") or e.get("totals")
    said = re.sub(r"[`'\"]?\(?[A-Za-z][\w.]*\)?[`'\"]?\s*=", "", case.call)  # names of the totals
    found = re.search(r"c\([^)]*\)", said)
    totals = totals or (literal(found[0]) if found else None)
    told = list(totals.values()) if isinstance(totals, Mapping) else totals
    method = option(case, "calfun", "method", default="linear")
    bounds = option(case, "bounds")
    w = calibrate(
        x, dict(zip(x.columns, told, strict=True)), base=_base(case, d), method=method,
        bounds=tuple(bounds) if bounds else None,
    )  # fmt: skip
    yield from _weights(case, w.weight, _base(case, d))
    yield from _means(case, d, w)


def _matrix(d: pd.DataFrame, terms: str) -> pd.DataFrame:
    """Return R's treatment contrasts: every level of a factor but the first."""
    names = [t.strip() for t in terms.split("+")]
    x = {} if {"0", "-1"} & set(names) else {"(Intercept)": pd.Series(1.0, index=d.index)}
    for name in (n for n in names if n not in ("0", "1", "-1")):
        c = d[column(d, name)]
        if pd.api.types.is_numeric_dtype(c):
            x[name] = c.astype(float)
        else:
            x |= {f"{name}{v}": (c == v).astype(float) for v in sorted(c.unique())[bool(x) :]}
    return pd.DataFrame(x)


def post(case: Case) -> Iterator[Check]:
    d, e = case.frame(), case.expected
    asked = re.search(r"postStratify\([^~]*~\s*([\w.+\s]+?)\s*,", case.call)
    by = next((k.removeprefix("weights_by_") for k in e if k.startswith("weights_by_")), "stype")
    called = [n.strip() for n in asked[1].split("+")] if asked else []
    is_here = called and {*map(plain, called)} <= {*map(plain, d.columns)}
    names = [column(d, n) for n in (called if is_here else re.split(r"_x_|\+", by))]
    pops = [s[k] for s in (e, case.params) for k in s if k.startswith("pop_") or k == "population"]
    totals = dict(pops[0].items()) if pops else CALIFORNIA[plain(names[0])]
    w = post_stratify(_labels(d, names), totals, base=_base(case, d))
    yield from _weights(case, w.weight, _base(case, d))
    yield from _by_level(case, d, w.weight)
    yield from _means(case, d, w)


WORDS = ("fpc", "nofpc", "mean", "total", "ratio", "prop", "by", "logit", "chisq", "F")


def means(case: Case) -> Iterator[Check]:
    """Figures by their names: ``strat_ratio_api00_api99``, ``cluster1_nofpc``, ``srs_by_stype``.

    The first word is the design (the data file), then what is estimated, then the columns.
    """
    e = case.expected
    rows = [k for k in e if "_by_" in k]
    flat = [k for k in e if k not in (*e.blocks(), *rows)]
    if {"mean", "total"} & set(flat) or any(k.startswith(("mean_", "total_")) for k in flat):
        d = case.frame()
        yield from _means(case, d, _base(case, d))
    for name in (k for k in e if k not in flat):
        yield from _named(case, name, e[name])


def _file(case: Case, name: str) -> pd.DataFrame:
    word = name.split("_")[0].replace("cluster", "clus")
    return case.frame(word)


def _named(case: Case, name: str, told: Any) -> Iterator[Check]:
    d = _file(case, name)
    words = name.split("_")[1:]
    columns = [column(d, w) for w in words if w not in WORDS and plain(w) in map(plain, d.columns)]
    block = told if isinstance(told, Told) else {}
    sample = drawn(case, d, _base(case, d), told=block, corrected="nofpc" not in words)
    level = next((str(told[k]) for k in ("level", "value") if k in block), "Yes")
    if isinstance(told, list):
        yield from _groups(case, name, told, d, sample, columns)
    elif "chisq" in words:
        rows, over = (
            columns
            if len(columns) == 2
            else ([*columns, "sch.wide", "stype"])[-2:]
            if not columns
            else (columns[0], "stype")
        )
        c = crosstab_test(d[rows], d[over], design=sample)
        found = {"F": c.statistic, "ndf": c.df_top, "ddf": c.df_below, "p": c.p_value}
        yield from _parts(case, name, found, told)
    elif "ratio" in words or "ratio" in told:
        m = survey_ratio(d[columns[0]], d[columns[1]], design=sample)
        yield from _parts(case, name, {"ratio": m.estimate[0], "se": m.se[0]}, told)
    elif "prop" in words or "p" in told:
        m = survey_mean(d[columns[0]] == level, sample)
        scale = "logit" if "logit" in words else "plain"
        rate = m.interval(scale=scale, coverage=coverage_of(case, told)).iloc[0]
        yield from _parts(case, name, {"p": m.estimate[0], "se": m.se[0], "deff": m.deff[0],
                          "ci": [rate["lower"], rate["upper"]]}, told)  # fmt: skip
    else:
        of = survey_total if "total" in words or "total" in told else survey_mean
        m = of(d[(columns or [OUTCOME])[0]], sample)
        ci = m.interval(coverage=coverage_of(case, told)).iloc[0]
        found = dict.fromkeys(("mean", "total", "estimate"), m.estimate[0])
        found |= {
            "se": m.se[0],
            "deff": m.deff[0],
            "df": m.df,
            "n": len(d),
            "ci": [ci["lower"], ci["upper"]],
        }
        yield from _parts(case, name, found, told)


def _parts(case: Case, name: str, found: Mapping[str, Any], told: Told) -> Iterator[Check]:
    for part in (p for p in found if p in told):
        yield case.check(f"{name} {part}", found[part], told[part], **case.near(part))


def _groups(
    case: Case, name: str, told: list[Told], d: pd.DataFrame, sample: Design, columns: list[str]
) -> Iterator[Check]:
    """``strat_by_stype``: rows with the group, an estimate and its standard error."""
    by = columns[-1]
    y = d[columns[0]] if len(columns) > 1 else d[OUTCOME]
    of = survey_total if "total" in told[0] else survey_mean
    m = of(y, sample, by=d[by].astype(str))
    for row in told:
        at = m.name.index(str(next(row[k] for k in row if plain(k) == plain(by))))
        found = dict.fromkeys(("mean", "total"), m.estimate[at]) | {
            "se": m.se[at],
            "deff": m.deff[at],
        }
        yield from _parts(case, f"{name} {m.name[at]}", found, row)


def paired(case: Case) -> Iterator[Check]:
    d, e = case.frame(), case.expected
    blocks = [k for k in e.blocks() if "mean" in dict.get(e, k)]
    for key in blocks:
        sample = drawn(case, d, _base(case, d), told=e[key], corrected=key != "nofpc")
        m = survey_mean(d[list(e[key]["mean"])], sample)
        yield case.check(
            f"{key} mean", m.estimate, list(e[key]["mean"].values()), **case.near("mean")
        )
        if "vcov" in e[key]:
            yield case.check(f"{key} vcov", m.covariance, e[key]["vcov"], **case.near("vcov"))
        if "se" in e[key]:
            told = e[key]["se"]
            told = list(told.values()) if isinstance(told, Told) else told
            yield case.check(f"{key} se", m.se, told, **case.near("se", "vcov"))
        if "degf" in e[key]:
            yield case.check(f"{key} df", m.df, e[key]["degf"], abs=0)
    names = list(e[blocks[0]]["mean"])
    m = survey_mean(d[names], drawn(case, d, _base(case, d), corrected=False))
    yield from _lowest_pair(case, m)
    if "csranks_simul" in e:
        sets = rank_sets_from(
            m.estimate, m.covariance, draws=20_000, seed=1, coverage=coverage_of(case)
        )
        yield case.check("rank", sets.rank, e["csranks_simul"]["rank"], abs=0)
        yield from within("ranks", sets.lower, sets.upper, e["csranks_simul"])
    for key in (k for k in e if re.fullmatch(r"tauworst\d+_freq", k)):
        yield from _frequent(case, key, names, m)


def _lowest_pair(case: Case, m: Any) -> Iterator[Check]:
    if pair := case.expected.get("lowest_pair"):
        lowest, second = (np.array(m.name)[np.argsort(m.estimate)[:2]]).tolist()
        yield case.check("lowest pair", [lowest, second], [pair["lowest"], pair["second"]])
        gap = m.contrast({second: 1, lowest: -1})
        yield case.check("gap", [gap.estimate[0], gap.se[0]], [pair["diff"], pair["se"]], abs=1e-9)


def _frequent(case: Case, key: str, names: list[str], m: Any) -> Iterator[Check]:
    """Who is among the k worst in all of R's seeds must be here, who is in none must not."""
    k, n = int(re.findall(r"\d+", key)[0]), len(names)
    sets = rank_sets_from(
        m.estimate, m.covariance, draws=20_000, seed=1, coverage=coverage_of(case)
    )
    chosen, freq = sets.upper >= n - k + 1, np.array(case.expected[key])
    yield Check(f"{key} always", bool(chosen[freq == 1].all()), expected=True)
    yield Check(f"{key} never", bool(chosen[freq == 0].any()), expected=False)


KINDS = {
    "survey_rake": rake_case,
    "rake": rake_case,
    "survey_trim": trim_case,
    "survey_calibrate": greg,
    "survey_greg": greg,
    "survey_poststratify": post,
    "survey_postStratify": post,
    "survey_mean": means,
    "survey_means": means,
    "survey_total": means,
    "survey_ratio": means,
    "survey_stratified": paired,
}
