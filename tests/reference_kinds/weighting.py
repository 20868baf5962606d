"""Kinds of the survey rooms: weights, and estimates with the standard errors of the design."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from reference_kinds import Case, Check
from reference_kinds.ranking import _within as within
from zuofeng_survey.stats import rank_sets_from
from zuofeng_survey.stats.crosstab import crosstab_test
from zuofeng_survey.stats.surveydesign import Design, design
from zuofeng_survey.stats.surveymeans import (
    SurveyEstimates,
    survey_mean,
    survey_ratio,
    survey_total,
)
from zuofeng_survey.stats.weighting import Weights, calibrate, post_stratify, rake, trim

STYPE = {"E": 4421.0, "H": 755.0, "M": 1018.0}
SCHOOLWIDE = {"No": 1072.0, "Yes": 5122.0}
SCHOOLS, API99 = 6194, 3914069.0
OUTCOME = "api00"


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


def _totals(d: pd.DataFrame, e: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return the sizes a case gives as ``pop_column``, else those of the schools of California."""
    columns = {_plain(c): c for c in d.columns}
    told = {columns[_plain(k[4:])]: v for k, v in e.items() if k.startswith("pop_")}
    return told or {"stype": STYPE, "sch.wide": SCHOOLWIDE}


def _raked(d: pd.DataFrame, e: Mapping[str, Any]) -> Weights:
    totals = _totals(d, e)
    return rake(d[list(totals)], totals, base=d["pw"], tolerance=1e-12)


def _drawn(d: pd.DataFrame, w: Weights | pd.Series) -> Design:
    """Return the design of apisrs, apistrat or apiclus1, by the columns there are."""
    if "dnum" in d:
        return design(w, clusters=d["dnum"], population=float(d["fpc"].iloc[0]))
    if d["fpc"].nunique() > 1:
        size = d.groupby("stype")["fpc"].first().to_dict()
        return design(w, strata=d["stype"], population=size)
    return design(w, population=float(d["fpc"].iloc[0]))


def _mean(case: Case, d: pd.DataFrame, w: Weights | pd.Series) -> Iterator[Check]:
    """Check every ``mean_column`` of a case with the standard error and deff beside it."""
    e, t = case.expected, case.tolerance
    columns = {_plain(c): c for c in d.columns}
    for key in (k for k in e if k.startswith("mean_")):
        m = survey_mean(d[columns[_plain(key[5:])]], _drawn(d, w))
        yield case.check(key, m.estimate[0], e[key], abs=t["mean"])
        for name, got in (("se", m.se), ("se_linearized", m.se), ("deff", m.deff)):
            if name in e:
                yield case.check(name, got[0], e[name], abs=t[name.split("_")[0]])


def rake_case(case: Case) -> Iterator[Check]:
    d, e, t = case.frame(), case.expected, case.tolerance
    w = _raked(d, e)
    yield case.check("weights", w.weight, e["weights"], rel=t["weights_rel"])
    yield case.check("kish", [w.deff, w.n_eff], [e["kish_deff"], e["kish_neff"]], rel=1e-6)
    told = [v for k, m in e.items() if k.startswith("margins_") for v in m.values()]
    yield case.check("margins", w.table()["after"], told, rel=t["weights_rel"])
    yield from _mean(case, d, w)


def trim_case(case: Case) -> Iterator[Check]:
    d, e, t = case.frame(), case.expected, case.tolerance
    w = trim(_raked(d, e), lower=20, upper=60, strict=False).weight
    yield case.check("weights", w, e["weights"], rel=t["weights_rel"])
    yield case.check("sum", w.sum(), e["sum"], rel=t["weights_rel"])
    yield case.check("mean", w @ d["api00"] / w.sum(), e["mean_api00"], abs=t["mean"])


def greg(case: Case) -> Iterator[Check]:
    d, e, t = case.frame(), case.expected, case.tolerance
    x = pd.DataFrame(
        {"one": 1.0, "H": d["stype"] == "H", "M": d["stype"] == "M", "api99": d["api99"]}
    )
    totals = {"one": SCHOOLS, "H": STYPE["H"], "M": STYPE["M"], "api99": API99}
    w = calibrate(x.astype(float), totals, base=d["pw"])
    yield case.check("weights", w.weight, e["weights"], rel=t["weights_rel"])
    yield from _mean(case, d, w)


def post(case: Case) -> Iterator[Check]:
    d, e = case.frame(), case.expected
    w = post_stratify(d["stype"], e.get("pop_stype", STYPE), base=d["pw"])
    for level, told in e["weights_by_stype"].items():
        got = w.weight[(d["stype"] == level).to_numpy()]
        yield case.check(f"weight of {level}", got, np.full(len(got), told), rel=1e-9)
    yield from _mean(case, d, w)


def means(case: Case) -> Iterator[Check]:
    strat, clus, srs = (case.frame(name) for name in ("apistrat", "apiclus1", "apisrs"))
    d, plain = _drawn(strat, strat["pw"]), design(strat["pw"], strata=strat["stype"])
    wide, e = strat["sch.wide"] == "Yes", case.expected
    found: dict[str, SurveyEstimates] = {
        "strat_fpc": survey_mean(strat[OUTCOME], d),
        "strat_nofpc": survey_mean(strat[OUTCOME], plain),
        "cluster1_fpc": survey_mean(clus[OUTCOME], _drawn(clus, clus["pw"])),
        "srs_fpc": survey_mean(srs[OUTCOME], _drawn(srs, srs["pw"])),
        "strat_total_enroll": survey_total(strat["enroll"], d),
        "strat_ratio_api00_api99": survey_ratio(strat[OUTCOME], strat["api99"], design=d),
    }
    for name, got in found.items():
        yield from _estimate(case, name, got, e[name])
    by = survey_mean(strat[OUTCOME], d, by=strat["stype"])
    told = e["strat_by_stype"]
    yield case.check("groups", by.name, tuple(r["stype"] for r in told))
    yield case.check("group means", by.estimate, [r["mean"] for r in told])
    yield case.check("group se", by.se, [r["se"] for r in told])
    rate = survey_mean(wide, d).interval(scale="logit").iloc[0]
    told = e["strat_prop_schwide_logit"]
    yield case.check("rate", rate["estimate"], told["p"])
    yield case.check("rate interval", [rate["lower"], rate["upper"]], told["ci"])
    c, told = crosstab_test(strat["sch.wide"], strat["stype"], design=d), e["strat_chisq_F"]
    got = [c.statistic, c.df_top, c.df_below, c.p_value]
    yield case.check("F", got, [told[k] for k in ("F", "ndf", "ddf", "p")])


def _estimate(
    case: Case, name: str, got: SurveyEstimates, told: Mapping[str, float]
) -> Iterator[Check]:
    for key, expected in told.items():
        part = {"se": got.se, "deff": got.deff}.get(key, got.estimate)
        yield case.check(f"{name} {key}", part[0], expected)


def paired(case: Case) -> Iterator[Check]:
    d, e, t = case.frame(), case.expected, case.tolerance
    names = list(e["nofpc"]["mean"])
    label = d["class"]
    size = d.groupby("class")["fpc"].first().to_dict()
    for key, population in (("nofpc", None), ("fpc", size)):
        if key in e:
            m = survey_mean(d[names], design(d["pw"], strata=label, population=population))
            told = list(e[key]["mean"].values())
            yield case.check(f"{key} mean", m.estimate, told, abs=t["mean"])
            yield case.check(f"{key} vcov", m.covariance, e[key]["vcov"], abs=t["vcov_abs"])
            yield case.check(f"{key} df", m.df, e[key]["degf"])
    if "lowest_pair" in e:
        m, pair = survey_mean(d[names], design(d["pw"], strata=label)), e["lowest_pair"]
        gap = m.contrast({pair["second"]: 1, pair["lowest"]: -1})
        yield case.check("gap", [gap.estimate[0], gap.se[0]], [pair["diff"], pair["se"]], abs=1e-9)
    if "csranks_simul" in e:
        m = survey_mean(d[names], design(d["pw"], strata=label))
        sets = rank_sets_from(m.estimate, m.covariance, draws=20_000, seed=1, coverage=0.95)
        yield case.check("rank", sets.rank, e["csranks_simul"]["rank"])
        yield from within("ranks", sets.lower, sets.upper, e["csranks_simul"])


KINDS = {
    "survey_rake": rake_case,
    "survey_trim": trim_case,
    "survey_calibrate": greg,
    "survey_poststratify": post,
    "survey_means": means,
    "survey_stratified": paired,
}
