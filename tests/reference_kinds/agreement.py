"""Kinds of agreement: icc, kendall, kappa, krippendorff."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from reference_kinds import Case, Check
from zuofeng_survey.stats.agreement import kendall_w
from zuofeng_survey.stats.icc import FORMS, Icc
from zuofeng_survey.stats.icc import icc as six_icc
from zuofeng_survey.stats.kappa import cohen_kappa, fleiss_kappa
from zuofeng_survey.stats.krippendorff import LEVELS, krippendorff_alpha

# irr's names of the same six
IRR = {
    "oneway_single": "ICC1",
    "twoway_agreement_single": "ICC2",
    "twoway_consistency_single": "ICC3",
    "oneway_average": "ICC1k",
    "twoway_agreement_average": "ICC2k",
    "twoway_consistency_average": "ICC3k",
}
PARTS = {
    "value": "estimate",
    "F": "f",
    "df1": "df1",
    "df2": "df2",
    "p": "p_value",
    "lo": "lower",
    "hi": "upper",
}


def by_rater(frame: pd.DataFrame) -> pd.DataFrame:
    """Ratings as one row a rater; a first column named after raters says that they already are."""
    rest = frame.set_index(frame.columns[0])
    return rest if frame.columns[0] in ("rater", "voter") else rest.T


def icc(case: Case) -> Iterator[Check]:
    ratings, e = by_rater(case.frame()), case.expected
    plain = six_icc(ratings)
    for form, told in e.get("psych", {}).items():
        yield from _icc(case, f"psych {form}", plain, form, told)
    for name, told in e.get("irr", {}).items():
        yield from _icc(case, f"irr {name}", six_icc(ratings, convention="irr"), IRR[name], told)
    for form, value in e.get("ICC", {}).items():
        yield case.check(form, plain.estimate[FORMS.index(form)], value)
    if "varcomp" in e:
        found = [plain.target, plain.rater, plain.residual]
        yield case.check("varcomp", found, e["varcomp"])


def _icc(case: Case, name: str, got: Icc, form: str, told: dict) -> Iterator[Check]:
    at = FORMS.index(form)
    for part, field in PARTS.items():
        if part in told:
            yield case.check(f"{name} {part}", getattr(got, field)[at], told[part])


def kendall(case: Case) -> Iterator[Check]:
    for stem, told in case.expected.items():
        got = kendall_w(by_rater(case.frame(stem)))
        e = told["ties"]
        found = [got.estimate, got.chi2, got.p_value]
        yield case.check(f"{stem} ties", found, [e["W"], e["chisq"], e["p"]])
        if "noties" in told:
            yield from _without_ties(case, stem, told["noties"])


def _without_ties(case: Case, stem: str, told: dict) -> Iterator[Check]:
    """irr without its correction ignores ties in the denominator; undo ours."""
    y = by_rater(case.frame(stem)).to_numpy(float)
    v, n = y.shape
    ties = sum((c**3 - c).sum() for c in (np.unique(r, return_counts=True)[1] for r in y))
    w = kendall_w(y).estimate * (1 - ties / (v * (n**3 - n)))
    yield case.check(f"{stem} no ties", [w, v * (n - 1) * w], [told["W"], told["chisq"]])


def kappa(case: Case) -> Iterator[Check]:
    """Fleiss on the first file, Cohen between the first two raters of the last."""
    e = case.expected
    if told := e.get("fleiss"):
        got = fleiss_kappa(by_rater(case.frame(case.files[0].name)))
        found = [got.estimate, got.z, got.p_value]
        yield case.check("fleiss", found, [told["kappa"], told["z"], told["p"]])
        names = ("by_category", "z_category", "p_category")
        for name, row in told["detail"].items():
            detail = [getattr(got, n)[got.category.index(name)] for n in names]
            yield case.check(name, detail, list(row.values()), abs=case.tolerance["detail_abs"])
    for name, told in e.items():
        if name.startswith("cohen_"):
            weights = name.removeprefix("cohen_").replace("unweighted", "none")
            first, second = by_rater(case.frame(case.files[-1].name)).to_numpy()[:2]
            got = cohen_kappa(first, second, weights=weights)
            found = {"kappa": got.estimate, "z": got.z, "p": got.p_value}
            yield case.check(name, [found[k] for k in told], list(told.values()))


def krippendorff(case: Case) -> Iterator[Check]:
    for name, told in case.expected.items():
        stem, level = (
            ("", name) if name in LEVELS else name.rsplit("_", 1) if "_" in name else (name, "")
        )
        for how, value in told.items() if isinstance(told, dict) else [(level, told)]:
            got = krippendorff_alpha(by_rater(case.frame(stem)), level=how)
            yield case.check(f"{stem} {how}", got.estimate, value)


KINDS = {"icc": icc, "kendall": kendall, "kappa": kappa, "krippendorff": krippendorff}
