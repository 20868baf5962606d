"""Kinds of stats.severity: mixed models (lmer) and scores adjusted for harshness."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from reference_kinds import Case, Check, Told
from reference_kinds.reading import Formula, column, formulas, option
from zuofeng_survey.stats.mixed import MixedModel, mixed_model
from zuofeng_survey.stats.severity import Adjusted, adjust_ratings
from zuofeng_survey.stats.trends import Trends, trends

CRITERIA = ("reml_crit", "reml", "deviance", "crit")


def lmer(case: Case) -> Iterator[Check]:
    """Each block is a model: ``m2_ml`` the second formula of the call, by ML; others by data file."""
    e, made = case.expected, {}
    if {"fixef", "varcomp"} & set(e):
        yield from _fitted(case, case.name, e, made)
        return
    for name in (k for k in e.blocks() if {"fixef", "varcomp"} & set(dict.get(e, k))):
        yield from _fitted(case, name, e[name], made)
    for name, m in made.items():
        yield from _beside(case, name.split("_")[0], *m)
    whole = next(iter(made.values()), None)
    if "nobs" in e:
        yield case.check("nobs", len(case.frame()), e["nobs"], abs=0)
    for g in (k for k in e if k.startswith("n_") and whole):
        yield case.check(g, len(whole[0].levels[g[2:]]), e[g], abs=0)


def _fitted(case: Case, name: str, told: Told, made: dict[str, Any]) -> Iterator[Check]:
    d, f = _data(case, name, told)
    if f and any(slope not in ("", "1") for slope, _ in f.groups):
        (slope, g), *_ = f.groups
        time = slope.split("+")[-1].strip()
        t = trends(d[f.response], d[time], unit=d[g])
        yield from _lines(case, name, t, told, (time, g))
        return
    m = mixed_model(
        d[_response(case, d, f, told)],
        {g: _group(d, g) for g in _groups(told, f)},
        fixed=_fixed(d, told),
        reml=_is_reml(case, name, told),
    )
    made[name] = (m, d, _response(case, d, f, told))
    yield from _model(case, name, m, told)


def _data(case: Case, name: str, told: Told) -> tuple[pd.DataFrame, Formula | None]:
    asked = formulas(told.get("formula") or case.params.get("formula") or case.call)
    named = next((f for f in case.files if f.name.lower().startswith(name.lower())), None)
    d = case.frame(named.name) if named else case.frame()
    number = re.match(r"m(\d+)(_|$)", name)
    if number and int(number[1]) <= len(asked):
        asked = asked[int(number[1]) - 1 :]
    fitting = [
        f for f in asked if {n for x in f.names for n in re.split("[:/]", x)} <= set(d.columns)
    ]
    return d, fitting[0] if fitting else None


def _is_reml(case: Case, name: str, told: Told) -> bool:
    said = option(case, "reml", "REML", told={k: told[k] for k in told if k == "REML"})
    return "ml" not in name.split("_") and said is not False


def _response(case: Case, d: pd.DataFrame, f: Formula | None, told: Told) -> str:
    """Return what the formula or the case says, else the column of numbers that nothing else is."""
    if said := option(case, "response", told=told) or (f.response if f else None):
        return column(d, said)
    used = {x for k in (*_groups(told, f), *(told.get("fixef") or ())) for x in k.split(":")}
    free = [c for c in d.select_dtypes("number") if c not in used]
    return next((c for c in free if c in ("y", "score", "value", "response", "rating")), free[-1])


def _groups(told: Told, f: Formula | None) -> list[str]:
    return [k for k in told.get("varcomp") or () if k != "Residual"] or [
        g for _, g in (f.groups if f else ())
    ]


def _group(d: pd.DataFrame, name: str) -> pd.Series:
    """Return the levels of a factor; ``a:b`` are the levels of both together."""
    parts = [d[column(d, p)].astype(str) for p in name.split(":")]
    return d[name] if name in d else parts[0].str.cat(parts[1:], sep=":")


def _fixed(d: pd.DataFrame, told: Told) -> pd.DataFrame | None:
    """Columns of the fixed effects by R's names: a number, or a factor with its level behind it."""
    if list(told.get("fixef") or ["(Intercept)"]) == ["(Intercept)"]:
        return None
    return pd.DataFrame({name: _term(d, name) for name in told["fixef"]})


def _term(d: pd.DataFrame, name: str) -> Any:
    if name == "(Intercept)":
        return np.ones(len(d))
    if ":" in name:
        return np.prod([_term(d, part) for part in name.split(":")], axis=0)
    if name in d:
        return d[name].to_numpy(float)
    factor = max((c for c in d if name.startswith(c)), key=len)
    return (d[factor].astype(str) == name[len(factor) :]).to_numpy(float)


def _model(case: Case, name: str, m: MixedModel, told: Told) -> Iterator[Check]:
    if "fixef" in told:
        yield case.check(
            f"{name} fixed", m.beta, list(told["fixef"].values()), **case.near("fixef")
        )
    for part in ("se", "fixef_se"):
        if part in told:
            se = told[part]
            se = list(se.values()) if isinstance(se, Told) else np.atleast_1d(se)
            yield case.check(f"{name} se", m.se, se, **case.near("se", "fixef"))
    for k in told.get("varcomp") or ():
        got, v = m.components["residual" if k == "Residual" else k], told["varcomp"][k]
        # lme4 stops at a criterion 2e-7 from the least; R's zero is not to the last digit
        near = case.near("varcomp") | ({"abs": 1e-4} if v < 1e-8 else {})
        yield case.check(f"{name} {k}", got, v, **near)
    found = dict.fromkeys(CRITERIA, m.criterion)
    found |= {"loglik": -m.criterion / 2, "sigma": m.components["residual"] ** 0.5, "nobs": m.n}
    for k in (k for k in found if k in told):
        yield case.check(f"{name} {k}", found[k], told[k], **case.near(k, "crit"))
    for k in told:
        for start, of in (("blup_", m.effects), ("ranef_", m.effects), ("cond_sd_", m.effects_sd)):
            if k.startswith(start):
                g = next(g for g in m.levels if k[len(start) :] in (g, f"{g}_first10"))
                yield _levels(case, f"{name} {k}", m, g, of[g], told[k], start)


def _levels(case: Case, name: str, m: MixedModel, g: str, got: Any, told: Any, start: str) -> Check:
    """All levels in R's order, or those named."""
    near = case.near("cond_sd" if start == "cond_sd_" else "blup")
    if not isinstance(told, Told):
        return case.check(name, got[: len(told)], told, **near)
    at = {str(level): i for i, level in enumerate(m.levels[g])}
    return case.check(name, got[[at[k] for k in told]], list(told.values()), **near)


def _beside(case: Case, name: str, m: MixedModel, d: pd.DataFrame, y: str) -> Iterator[Check]:
    """Effects that stand beside the models: ``m1_blup_d``; who is lowest by them."""
    e = case.expected
    keys = [k for k in e if k.startswith(f"{name}_blup_")] if m.reml else []
    for key in keys:
        g = next(g for g in m.levels if key.split("_")[2] == g)
        own = d.groupby(d[g].astype(str))[y].agg(["size", "mean"])
        told = e[key]
        if isinstance(told, Told):
            yield _levels(case, key, m, g, m.effects[g], told, "blup_")
        else:
            yield from _rows(case, key, told, _columns(m, g, own))
        if key == keys[0]:
            names = [str(k) for k in m.levels[g]]
            yield from _lowest(case, names, m.effects[g], own["mean"])


def _columns(m: MixedModel, g: str, own: pd.DataFrame) -> pd.DataFrame:
    """Return what is known of each level of a factor."""
    names = [str(k) for k in m.levels[g]]
    found = {"blup": m.effects[g], "cond_sd": m.effects_sd[g]}
    found |= {"n": own["size"][names].to_numpy(), "raw_mean": own["mean"][names].to_numpy()}
    return pd.DataFrame(found, index=pd.Index(names, name=g))


def _rows(case: Case, key: str, told: list[Told], found: pd.DataFrame) -> Iterator[Check]:
    at = [str(row[found.index.name]) for row in told]
    for what in (w for w in found if w in told[0]):
        got = found.loc[at, what].to_numpy()
        yield case.check(f"{key} {what}", got, [r[what] for r in told], **case.near(what, "blup"))


def _lowest(case: Case, names: list[str], effect: Any, raw: pd.Series) -> Iterator[Check]:
    means = raw[names].to_numpy()
    for how, got in (("blup", effect), ("raw_mean", means)):
        for key in (k for k in case.expected if re.fullmatch(rf"bottom\d+_by_{how}", k)):
            lowest = [names[i] for i in np.argsort(got, kind="stable")[: len(case.expected[key])]]
            yield case.check(key, lowest, case.expected[key])
    if "spearman_raw_blup" in case.expected:
        rho = stats.spearmanr(means, effect).statistic
        yield case.check("spearman", rho, case.expected["spearman_raw_blup"], **case.near("blup"))


def _lines(case: Case, name: str, t: Trends, told: Told, of: tuple[str, str]) -> Iterator[Check]:
    (time, _), near = of, case.near()
    if "fixef" in told:
        yield case.check(
            f"{name} line", [t.intercept, t.slope], list(told["fixef"].values()), **near
        )
    if "se" in told:
        yield case.check(f"{name} se", t.se, list(told["se"].values()), **near)
    for k in (k for k in CRITERIA if k in told):
        yield case.check(f"{name} {k}", t.criterion, told[k], **case.near(k, "crit"))
    if "nobs" in told:
        yield case.check(f"{name} nobs", t.n, told["nobs"])
    if "sigma" in told:
        yield case.check(f"{name} sigma", t.residual**0.5, told["sigma"], **near)
    for k in told.get("varcomp") or ():
        is_slope = time in k
        found = t.residual if k == "Residual" else t.covariance[int(is_slope), int(is_slope)]
        found = t.covariance[0, 1] if is_slope and "Intercept" in k else found
        yield case.check(f"{name} {k}", found, told["varcomp"][k], **case.near("varcomp"))


def severity(case: Case) -> Iterator[Check]:
    """Columns are voter, target, score in this order, or those of the formulas in the call."""
    d, e = case.frame(), case.expected
    who, what, y = (d[c] for c in _roles(case, d))
    fixed = adjust_ratings(y, voter=who, target=what)
    random = adjust_ratings(y, voter=who, target=what, method="random")
    near, loose = case.near("fixed"), case.near("lmer", "random")
    yield from _of_targets(case, "raw_means", fixed, fixed.raw, near)
    yield from _of_targets(case, "fixed_effects_centered", fixed, fixed.effects, near)
    yield from _of_targets(case, "fixed_means", fixed, fixed.estimate, near)
    yield from _of_targets(case, "fixed_se", fixed, fixed.se, near)
    for key in (k for k in e if k.startswith(("lmer_", "random_"))):
        part = key.split("_", 1)[1]
        if part == "vcov":
            yield case.check(key, random.covariance, e[key], **loose)
        elif part == "varcomp":
            told = list(e[key].values())
            near = {"abs": 1e-8, **loose}  # R's zero is not to the last digit
            yield case.check(key, list(random.components.values()), told, **near)
        else:
            got = random.se if part.endswith("se") else random.estimate
            yield from _of_targets(case, key, random, got, loose)
    if "sigma_lm" in e:
        yield case.check("sigma_lm", fixed.components["residual"] ** 0.5, e["sigma_lm"], **near)


def _roles(case: Case, d: pd.DataFrame) -> tuple[str, str, str]:
    """Return the columns of voter, target and score."""
    said = [
        option(case, *names)
        for names in (("voter", "rater"), ("target", "object"), ("score", "response"))
    ]
    if all(said):
        return tuple(column(d, s) for s in said)  # type: ignore[return-value]
    for f in formulas(case.call):
        groups = [g for _, g in f.groups]
        target = [t for t in f.fixed if t in d and t not in groups]
        if len(groups) == 1 and len(target) == 1 and f.names <= set(d.columns):
            return groups[0], target[0], f.response
    who, what, y = d.columns[:3]
    return who, what, y


def _of_targets(
    case: Case, key: str, got: Adjusted, found: Any, near: dict[str, float]
) -> Iterator[Check]:
    if key in case.expected:
        told = case.expected[key]
        at = [got.unit.index(str(k)) for k in told]
        yield case.check(key, found[at], list(told.values()), **near)


KINDS = {"lmer": lmer, "severity": severity}
