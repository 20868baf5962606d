"""Kinds of stats.reliability, stats.omega and stats.polychoric: alpha, omega, polychoric."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from reference_kinds import Case, Check
from zuofeng_survey.stats.omega import omega as fit_omega
from zuofeng_survey.stats.polychoric import polychoric as fit_polychoric
from zuofeng_survey.stats.reliability import cronbach_alpha

OVERALL = {
    "raw_alpha": "estimate",
    "std_alpha": "standardized",
    "guttman_lambda6": "lambda6",
    "average_r": "average_r",
    "ase": "se",
    "n": "n",
}
ITEMS = {
    "alpha_if_deleted": "if_dropped",
    "r_drop": "r_drop",
    "item_mean": "item_mean",
    "item_sd": "item_sd",
}


def alpha(case: Case) -> Iterator[Check]:
    data, e = case.frame(), case.expected
    gaps: Literal["pairwise", "complete"] = "pairwise" if "pairwise" in case.name else "complete"
    got = cronbach_alpha(data, missing=gaps)
    for name, field in OVERALL.items():
        if name in e:
            yield case.check(name, getattr(got, field), e[name])
    if "n_rows" in e:
        yield case.check("n_rows", len(data), e["n_rows"])
    if "feldt_ci95" in e:
        yield case.check("feldt_ci95", [got.lower, got.upper], e["feldt_ci95"])
    for name, field in ITEMS.items():
        if name in e:
            at = [got.item.index(i) for i in e[name]]
            yield case.check(name, getattr(got, field)[at], np.array(list(e[name].values())))


def omega(case: Case) -> Iterator[Check]:
    data, e, tol = case.frame(), case.expected, case.tolerance
    ml, std, minres = (fit_omega(data, method=m) for m in ("ml", "ml-standardized", "minres"))
    found = {
        "omega_unstd_ml_cfa": ml.estimate,
        "omega_std_ml_fa": std.estimate,
        "omega_total_psych_minres": minres.estimate,
    }
    for name, got in found.items():
        if name in e:
            yield case.check(name, got, e[name], abs=tol[name])
    loadings = {"lambda_unstd": ml.loading, "theta_unstd": ml.uniqueness}
    for name, got in {**loadings, "loadings_std_ml": std.loading}.items():
        if name in e:
            at = [ml.item.index(i) for i in e[name]]
            near = {"rel" if name == "theta_unstd" else "abs": tol["loadings"]}
            yield case.check(name, got[at], np.array(list(e[name].values())), **near)
    if "cfa_chisq" in e:
        yield case.check("cfa_chisq", ml.chi2, e["cfa_chisq"], rel=tol["chisq_rel"])
        yield case.check("cfa_df", ml.df, e["cfa_df"], abs=0)
        fit = [e["cfa_cfi"], e["cfa_rmsea"]]
        yield case.check("cfa_cfi, cfa_rmsea", [ml.cfi, ml.rmsea], fit, abs=tol["loadings"])


def polychoric(case: Case) -> Iterator[Check]:
    got, e, tol = fit_polychoric(case.frame()), case.expected, case.tolerance
    yield case.check("rho", got.cor, np.array(e["rho"]), abs=tol["rho"])
    yield case.check("alpha", got.ordinal_alpha, e["ordinal_alpha"], abs=tol["ordinal_alpha"])
    for name, cuts, told in zip(got.item, got.threshold, e["thresholds"], strict=True):
        yield case.check(f"thresholds {name}", cuts, np.array(told), abs=tol["rho"])


KINDS = {"alpha": alpha, "omega": omega, "polychoric": polychoric}
