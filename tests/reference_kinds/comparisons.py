"""Kinds of stats.intervals and stats.comparisons: intervals for rates, rank tests."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reference_kinds import Case, Check
from zuofeng_survey.stats.comparisons import benjamini_hochberg, dunn, friedman, kruskal_wallis
from zuofeng_survey.stats.intervals import clopper_pearson, jeffreys, wilson
from zuofeng_survey.stats.twogroups import mann_whitney, wilcoxon


def proportion(case: Case) -> Iterator[Check]:
    e = case.expected
    for name, of in (
        ("wilson", wilson),
        ("clopper_pearson", clopper_pearson),
        ("jeffreys", jeffreys),
    ):
        if name in e:
            got = of(e["x"], e["n"], coverage=e.get("coverage", 0.95))
            yield case.check(name, [float(got.lower), float(got.upper)], e[name])


def tests_of_ranks(case: Case) -> Iterator[Check]:
    e, near, p_near = (
        case.expected,
        {"abs": case.tolerance["abs"]},
        {"rel": case.tolerance["p_rel"]},
    )
    air = case.frame("airquality").dropna(subset=["Ozone"])
    found = {
        "friedman_carrots": lambda: friedman(case.frame("carrots").iloc[:, -12:]),
        "friedman_anxiety": lambda: friedman(case.frame("anxiety").filter(like="rater")),
        "kruskal_airquality": lambda: kruskal_wallis(air["Ozone"], air["Month"]),
    }
    for name, make in found.items():
        if name in e:
            t, told = make(), e[name]
            got = [t.statistic, t.df]
            yield case.check(name, got, [told["chisq"], told["df"]], **near)
            yield case.check(f"{name} p", t.p_value, told["p"], **p_near)
    if "dunn_holm_airquality" in e:
        yield from _dunn(case, dunn(air["Ozone"], air["Month"]), near, p_near)
    if told := e.get("wilcoxon_signed_carrots_col1_col7"):
        t = wilcoxon(*(case.frame("carrots")[c] for c in told["cols"]))
        yield case.check("V", t.statistic, told["V"], **near)
        yield case.check("V p", t.p_value, told["p"], **p_near)
    if told := e.get("mannwhitney_ozone_may_vs_rest"):
        may = air["Month"] == 5
        t = mann_whitney(air["Ozone"][~may], air["Ozone"][may])
        yield case.check("W", t.statistic, told["W"], **near)
        yield case.check("W p", t.p_value, told["p"], **p_near)


def _dunn(case: Case, pairs, near: dict, p_near: dict) -> Iterator[Check]:
    told = case.expected["dunn_holm_airquality"]
    names = [f"{a} - {b}" for a, b in zip(pairs.first, pairs.second, strict=True)]
    yield case.check("pairs", names, [r["pair"] for r in told])
    yield case.check("z", pairs.statistic, [r["z"] for r in told], **near)
    for key, got in (
        ("p_two_sided", pairs.p_value),
        ("p_holm", pairs.adjusted),
        ("p_bh", benjamini_hochberg(pairs.p_value)),
    ):
        yield case.check(key, got, np.array([r[key] for r in told], float), **p_near)


KINDS = {"proportion_ci": proportion, "rank_tests": tests_of_ranks}
