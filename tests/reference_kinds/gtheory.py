"""Kind of stats.gtheory: expected mean squares, REML and D-studies of crossed designs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from reference_kinds import Case, Check
from zuofeng_survey.stats.dstudy import d_study
from zuofeng_survey.stats.gtheory import Components, variance_components


def gtheory(case: Case) -> Iterator[Check]:
    for name, told in case.expected.items():
        long, letters = _long(case, name)
        target, *facets = letters.values()
        options = {"target": target, "facets": facets}
        if "ems" in told:
            yield from _ems(case, name, variance_components(long, **options), told["ems"], letters)
        if "lmer" in told:
            reml = variance_components(long, **options, method="reml")
            yield from _lmer(case, name, reml, told["lmer"])
        for row in told.get("dstudy", []):
            n = {f: row[f"n_{letter}"] for letter, f in letters.items() if f != target}
            got = d_study(variance_components(long, **options), n=n)
            found = [got.generalizability[0], got.dependability[0]]
            yield case.check(
                f"{name} {n}", found, [row["Erho2"], row["Phi"]], rel=case.tolerance["rel"]
            )


def _long(case: Case, name: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """Long ratings, and letter a, b, c → column; ``gleser_pxixj`` names its columns' beginnings."""
    stem, _, design = name.partition("_")
    frame = case.frame(stem)
    if "score" not in frame:
        frame = frame.melt(frame.columns[0], var_name="rater", value_name="score")
    starts = design.split("_x_") if "_x_" in design else design.split("x")
    columns = [c for c in frame if c not in ("score", "col")]
    chosen = [_column(start, columns) for start in starts]
    return frame, dict(zip("abc", chosen, strict=False))


def _column(start: str, columns: list[str]) -> str:
    """The column that begins so; Gleser's letters are patient, item, judge."""
    return next(c for c in columns if c.lower().startswith(start.lower()))


def _ems(
    case: Case, name: str, got: Components, told: dict, letters: dict[str, str]
) -> Iterator[Check]:
    near = {"rel": case.tolerance["rel"]}
    said = {v: k for k, v in letters.items()}
    short = ["".join(said[f] for f in factors) for factors in got.factors]
    ms = [told["ms"].get(":".join(s), told["ms"]["Residuals"]) for s in short]
    raw = [
        told["varcomp_ems"].get(s, told["varcomp_ems"][list(told["varcomp_ems"])[-1]])
        for s in short
    ]
    yield case.check(f"{name} mean squares", got.ms, np.array(ms), **near)
    yield case.check(f"{name} components", got.raw, np.array(raw), **near)
    sizes = [got.levels[f] for f in letters.values()]
    yield case.check(f"{name} levels", sizes, told["n"], abs=0)


def _lmer(case: Case, name: str, got: Components, told: dict) -> Iterator[Check]:
    found = {frozenset(f): v for f, v in zip(got.factors, got.estimate, strict=True)}
    for effect, value in told.items():
        starts = [] if effect == "Residual" else effect.split(":")
        every = (got.target, *got.facets)
        factors = frozenset(_column(s, list(every)) for s in starts) or frozenset(every)
        near = {"rel": case.tolerance["lmer_rel"], "abs": 1e-4 if value == 0 else 0.0}
        yield case.check(f"{name} lmer {effect}", found[factors], value, **near)


KINDS = {"gtheory": gtheory}
