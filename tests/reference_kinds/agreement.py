"""Kinds of agreement: icc, kendall, kappa, krippendorff, r_wg."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from scipy import stats

from reference_kinds import Case, Check, Told
from reference_kinds.reading import by_rater, coverage_of, option, plain
from zuofeng_survey.stats.agreement import kendall_w, r_wg
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
    "icc": "estimate",
    "F": "f",
    "df1": "df1",
    "df2": "df2",
    "p": "p_value",
    "lo": "lower",
    "hi": "upper",
}
KAPPA_WEIGHTS = {"unweighted": "none", "equal": "linear", "squared": "quadratic"}


def icc(case: Case) -> Iterator[Check]:
    """``psych`` and ``irr`` hold forms with intervals; ``ICC``, or the form itself, values alone."""
    e = case.expected
    for name in e:
        how = {"coverage": coverage_of(case, e[name] if name in e.blocks() else None)}
        plain_icc = six_icc(by_rater(case), **how)
        if name in ("psych", "ICC"):
            for form in e[name]:
                yield from _icc(case, f"{name} {form}", plain_icc, form, e[name][form])
        elif name == "irr":
            irr = six_icc(by_rater(case), convention="irr", **how)
            for form in e[name]:
                yield from _icc(case, f"irr {form}", irr, IRR[form], e[name][form])
        elif name in FORMS:
            yield from _icc(case, name, plain_icc, name, e[name])
        elif name in IRR:
            irr = six_icc(by_rater(case), convention="irr", **how)
            yield from _icc(case, name, irr, IRR[name], e[name])
        elif name == "varcomp":
            yield from _components(case, plain_icc, e[name])
        elif name in ("n_subjects", "n_raters", "n"):
            n = {"n_raters": plain_icc.n_raters}.get(name, plain_icc.n_targets)
            yield case.check(name, n, e[name])


def _icc(case: Case, name: str, got: Icc, form: str, told: Any) -> Iterator[Check]:
    at = FORMS.index(form)
    if not isinstance(told, Mapping):
        yield case.check(name, got.estimate[at], told)
        return
    for part in (p for p in PARTS if p in told):
        yield case.check(f"{name} {part}", getattr(got, PARTS[part])[at], told[part])


def _components(case: Case, got: Icc, told: Any) -> Iterator[Check]:
    """In the order of VarCorr (id, items, residual), or by these names."""
    if not isinstance(told, Mapping):
        yield case.check("varcomp", [got.target, got.rater, got.residual], told)
        return
    found = {"residual": got.residual} | dict.fromkeys(("items", "rater", "raters"), got.rater)
    found |= dict.fromkeys(("id", "subject", "target"), got.target)
    for name in told:
        yield case.check(f"varcomp {name}", found[plain(name)], told[name])


def _parts(e: Told) -> Iterator[tuple[str, Told]]:
    """The parts of an expectation by data file, or all of it where it has none."""
    nested = [k for k in e.blocks() if k not in ("ties", "noties")]
    yield from ((k, e[k]) for k in nested)
    if set(e) - set(nested):
        yield "", e


def kendall(case: Case) -> Iterator[Check]:
    for stem, told in _parts(case.expected):
        y = by_rater(case, stem, told)
        ways = [w for w in ("ties", "noties") if w in told]
        for way in ways:
            yield from _kendall(case, f"{stem} {way}", y, told[way], ties=way == "ties")
        if not ways:
            yield from _kendall(case, stem, y, told, ties=option(case, "correct", default=True))


def _kendall(case: Case, name: str, y: Any, told: Told, *, ties: bool) -> Iterator[Check]:
    """irr without its correction ignores ties in the denominator; undo ours."""
    got = kendall_w(y)
    v, n = y.shape
    found = {"W": got.estimate, "chisq": got.chi2, "p": got.p_value, "df": n - 1}
    if not ties:
        counts = [np.unique(r, return_counts=True)[1] for r in np.asarray(y, dtype=float)]
        w = got.estimate * (1 - sum((c**3 - c).sum() for c in counts) / (v * (n**3 - n)))
        chi2 = v * (n - 1) * w
        found |= {"W": w, "chisq": chi2, "p": stats.chi2.sf(chi2, n - 1)}
    found |= {"subjects": n, "raters": v, "n": n, "df": n - 1}
    for part in (p for p in found if p in told):
        yield case.check(f"{name} {part}", found[part], told[part])


def kappa(case: Case) -> Iterator[Check]:
    """Fleiss on the first file, Cohen between two raters of the last (the first two, or those said).

    A block that names its data (``"data": "video"``) or its raters is read from there.
    """
    e = case.expected
    for name in e.blocks():
        told = e[name]
        where = told.get("data") or (0 if name.startswith("fleiss") else -1)
        part = case.files[where].name if isinstance(where, int) else where
        part = next((f.name for f in case.files if _stem(f.name) in name.split("_")), part)
        y = by_rater(case, part, told if "raters" in told or "cols" in told else None)
        if name.startswith("fleiss"):
            yield from _fleiss(case, name, y, told)
        elif name.startswith("cohen"):
            yield from _cohen(case, name, y, told)
    if "kappa" in e:
        is_fleiss = "fleiss" in f"{case.name} {case.call}"
        whole = by_rater(case)
        yield from (_fleiss if is_fleiss else _cohen)(case, case.name, whole, e)


def _stem(name: str) -> str:
    return name.split(".")[0].removeprefix("irr_")


def _fleiss(case: Case, name: str, y: Any, told: Told) -> Iterator[Check]:
    got = fleiss_kappa(y)
    found = {"kappa": got.estimate, "z": got.z, "p": got.p_value}
    for part in (p for p in found if p in told):
        yield case.check(f"{name} {part}", found[part], told[part])
    names = {"Kappa": "by_category", "z": "z_category", "p.value": "p_category"}
    said = [str(c) for c in got.category]
    for category in told.get("detail") or {}:
        row = told["detail"][category]
        for part in (p for p in names if p in row):
            detail = getattr(got, names[part])[said.index(category)]
            yield case.check(f"{category} {part}", detail, row[part], **case.near("detail"))


def _cohen(case: Case, name: str, y: Any, told: Told) -> Iterator[Check]:
    how = next((w for w in (*KAPPA_WEIGHTS, "linear", "quadratic") if w in name.split("_")), None)
    how = how or option(case, "weight", "weights", told=told, default="unweighted")
    first, second = np.asarray(y)[:2]
    kept = ~(_gap(first) | _gap(second))
    got = cohen_kappa(
        first[kept], second[kept], weights=KAPPA_WEIGHTS.get(how, how), coverage=coverage_of(case)
    )
    found = {"kappa": got.estimate, "z": got.z, "p": got.p_value, "n": int(kept.sum()),
             "se": got.se, "lo": got.lower, "hi": got.upper}  # fmt: skip
    for part in (p for p in found if p in told):
        yield case.check(f"{name} {part}", found[part], told[part])


def _gap(x: np.ndarray) -> np.ndarray:
    return np.array([v is None or v != v for v in x])


def krippendorff(case: Case) -> Iterator[Check]:
    """By data file and level: nested, or ``<file>_<level>``, or a level alone."""
    e = case.expected
    for name in e:
        level = next((w for w in LEVELS if re.search(rf"(^|_){w}$", name)), None)
        stem = name.removesuffix(level or "").strip("_")
        if name in e.blocks():
            told = e[name]
            for how in (w for w in LEVELS if w in told):
                got = krippendorff_alpha(by_rater(case, name, told), level=how)
                yield case.check(f"{name} {how}", got.estimate, told[how])
        elif level or name in ("alpha", "value"):
            how = level or option(case, "level", "method")
            got = krippendorff_alpha(by_rater(case, stem if level else ""), level=how)
            yield case.check(name, got.estimate, e[name])


def rwg(case: Case) -> Iterator[Check]:
    """r_wg of each target, by its name or in the order of the columns."""
    e = case.expected
    choices = int(option(case, "choices", "A", "scale"))
    got = r_wg(by_rater(case), choices=choices)
    for name in ("r_wg", "rwg"):
        if name in e:
            told = e[name]
            if isinstance(told, Told):
                at = [got.target.index(t) for t in told]
                yield case.check(name, got.estimate[at], list(told.values()))
            else:
                yield case.check(name, got.estimate, told)
    if "choices" in e:
        yield case.check("choices", choices, e["choices"])


KINDS = {
    "icc": icc,
    "kendall": kendall,
    "kappa": kappa,
    "cohen": kappa,
    "fleiss": kappa,
    "krippendorff": krippendorff,
    "rwg": rwg,
    "r_wg": rwg,
}
