"""Kinds of stats.reliability, stats.omega and stats.polychoric: alpha, omega, polychoric."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import pandas as pd

from reference_kinds import Case, Check
from reference_kinds.reading import chosen, coverage_of, keyed, option
from zuofeng_survey.stats.omega import omega as fit_omega
from zuofeng_survey.stats.polychoric import polychoric as fit_polychoric
from zuofeng_survey.stats.reliability import cronbach_alpha
from zuofeng_survey.stats.splithalf import split_half

OVERALL = {
    "raw_alpha": "estimate",
    "alpha": "estimate",
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
OF_ITEMS = (*ITEMS, "lambda_unstd", "theta_unstd", "loadings_std_ml")
Gaps = Literal["pairwise", "complete"]


def items(case: Case) -> tuple[pd.DataFrame, Gaps]:
    """Return the items a case is about, turned its way, and what to do about gaps."""
    named = next((list(case.expected[k]) for k in OF_ITEMS if k in case.expected), [])
    d = keyed(case, chosen(case, case.frame(), named=named), named)
    said = f"{case.name} {option(case, 'missing', 'use', default='')}".lower()
    is_rs = "psych::" in case.call and not re.search(
        "omit|complete|listwise", case.call + case.notes
    )
    is_rs = is_rs and case.kind in ("alpha", "cronbach_alpha", "polychoric")  # its default
    return d, "pairwise" if "pairwise" in said or (is_rs and "complete" not in said) else "complete"


def alpha(case: Case) -> Iterator[Check]:
    (data, gaps), e = items(case), case.expected
    got = cronbach_alpha(data, missing=gaps, coverage=_coverage(case))
    for name in (n for n in OVERALL if n in e):
        yield case.check(name, getattr(got, OVERALL[name]), e[name])
    for name, found in {"n_rows": len(data), "k": data.shape[1]}.items():
        if name in e:
            yield case.check(name, found, e[name])
    for name in (n for n in e if n.startswith("feldt")):
        yield case.check(name, [got.lower, got.upper], e[name])
    for name, field in ITEMS.items():
        if name in e:
            yield case.check(name, *_each(got, getattr(got, field), e[name]))
    if {"lambda4", "guttman_lambda4", "beta"} & set(e):
        halves = split_half(data, missing=gaps)
        for name, found in {"lambda4": halves.largest, "guttman_lambda4": halves.largest,
                            "beta": halves.smallest}.items():  # fmt: skip
            if name in e:
                yield case.check(name, found, e[name])


def _coverage(case: Case) -> float:
    """``feldt_ci90`` says 0.90."""
    said = [m[1] for k in case.expected if (m := re.match(r"feldt_ci(\d+)$", k))]
    return float(said[0]) / 100 if said else coverage_of(case)


def _each(got: Any, found: np.ndarray, told: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the figures of the items told, beside what is told; ``A1-`` is A1 turned round."""
    at = [got.item.index(i if i in got.item else i.strip("-")) for i in told]
    return found[at], np.array(list(told.values()), dtype=float)


def omega(case: Case) -> Iterator[Check]:
    (data, gaps), e = items(case), case.expected
    ml, std, minres = (
        fit_omega(data, method=m, missing=gaps) for m in ("ml", "ml-standardized", "minres")
    )
    found = {
        "omega_unstd_ml_cfa": ml.estimate,
        "omega_std_ml_fa": std.estimate,
        "omega_total_psych_minres": minres.estimate,
    }
    for name in (n for n in found if n in e):
        yield case.check(name, found[name], e[name], **case.near(name))
    of_items = {
        "lambda_unstd": ml.loading,
        "theta_unstd": ml.uniqueness,
        "loadings_std_ml": std.loading,
    }
    for name in (n for n in of_items if n in e):
        near = case.near(name, "loadings")
        near = {"rel": near["abs"]} if name == "theta_unstd" and "abs" in near else near
        yield case.check(name, *_each(ml, of_items[name], e[name]), **near)
    if "n" in e:
        yield case.check("n", ml.n, e["n"])
    if "cfa_chisq" in e:
        yield case.check("cfa_chisq", ml.chi2, e["cfa_chisq"], **case.near("chisq"))
    if "cfa_df" in e:
        yield case.check("cfa_df", ml.df, e["cfa_df"], abs=0)
    for name, got in {"cfa_cfi": ml.cfi, "cfa_rmsea": ml.rmsea, "cfa_p": ml.p_value}.items():
        if name in e:
            yield case.check(name, got, e[name], **case.near(name, "loadings"))


def polychoric(case: Case) -> Iterator[Check]:
    (data, gaps), e = items(case), case.expected
    data = data if gaps == "pairwise" else data.dropna()
    got = fit_polychoric(data)
    if "rho" in e:
        rho = e["rho"]
        alone = not isinstance(rho, list)
        told = got.cor[0, 1] if alone else got.cor
        yield case.check("rho", told, np.array(rho), **case.near("rho"))
    for name, found in {"ordinal_alpha": got.ordinal_alpha, "n": len(data)}.items():
        if name in e:
            yield case.check(name, found, e[name], **case.near(name))
    if "thresholds" in e:
        told = e["thresholds"]
        rows = list(told.values()) if isinstance(told, dict) else told
        for name, cuts, row in zip(got.item, got.threshold, rows, strict=True):
            near = case.near("thresholds", "rho")
            yield case.check(f"thresholds {name}", cuts, np.array(row, float), **near)


KINDS = {"alpha": alpha, "cronbach_alpha": alpha, "omega": omega, "polychoric": polychoric}
