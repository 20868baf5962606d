"""Kind of stats.gtheory: expected mean squares, REML and D-studies of crossed designs."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from reference_kinds import Case, Check, Told
from reference_kinds.reading import option, without_names
from zuofeng_survey.stats.dstudy import d_study
from zuofeng_survey.stats.gtheory import Components, variance_components


def gtheory(case: Case) -> Iterator[Check]:
    for name in case.expected:
        told = case.expected[name]
        long, letters = _long(case, name)
        target, *facets = letters.values()
        options = {"target": target, "facets": facets}
        if "ems" in told:
            yield from _ems(case, name, variance_components(long, **options), told["ems"], letters)
        if "lmer" in told:
            reml = variance_components(long, **options, method="reml")
            yield from _lmer(case, name, reml, told["lmer"], letters)
        for row in told.get("dstudy", []):
            n = {f: _levels(row, letter, f) for letter, f in letters.items() if f != target}
            got = d_study(variance_components(long, **options), n=n)
            found = {"Erho2": got.generalizability, "Phi": got.dependability,
                     "rel_error": got.relative, "abs_error": got.absolute}  # fmt: skip
            for part in (p for p in found if p in row):
                yield case.check(f"{name} {n} {part}", found[part][0], row[part])


def _levels(row: Told, letter: str, facet: str) -> int:
    """``n_b`` by the letter of the facet, or ``n_judge`` by its name."""
    for name in row:
        if name.startswith("n_") and (name[2:] == letter or facet.lower().startswith(name[2:])):
            return int(row[name])
    raise LookupError(f"a D-study must say n_{letter} or n_{facet}, got {list(row)}")


def _long(case: Case, name: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """Long ratings, and letter a, b, c → column; ``gleser_pxixj`` names its columns' beginnings.

    The letters of a wide file are of its rows and its columns, whatever they are called.
    """
    stem, _, design = name.partition("_")
    frame = case.frame(stem)
    score = str(option(case, "score", "response", default="score"))
    if score not in frame:
        frame = _melted(frame)
    frame = frame.rename(columns={score: "score"})
    columns = [c for c in frame if c not in ("score", "col")]
    said = [option(case, "target"), *(option(case, "facets", default=None) or [])]
    starts = design.split("_x_") if "_x_" in design else design.split("x")
    return frame, dict(zip("abc", _chosen(said if said[0] else starts, columns), strict=False))


def _melted(frame: pd.DataFrame) -> pd.DataFrame:
    kept = without_names(frame)
    first = frame.columns[0]
    index = frame[first] if kept.shape[1] < frame.shape[1] else pd.RangeIndex(len(frame))
    whose = first if kept.shape[1] < frame.shape[1] else "person"
    long = kept.set_axis(pd.Index(index, name=whose)).reset_index()
    return long.melt(whose, var_name="rater", value_name="score")


def _chosen(starts: list[str], columns: list[str]) -> list[str]:
    """Return the column of each beginning; one that fits none is the one left over."""
    found = [next((c for c in columns if c.lower().startswith(s.lower())), None) for s in starts]
    left = [c for c in columns if c not in found]
    return [c or left.pop(0) for c in found]


def _factor(said: str, name: str, columns: list[str]) -> str:
    """Return the column meant by a factor of a model: its beginning, or the design's letter for it."""
    design = name.partition("_")[2]
    letters = design.split("_x_") if "_x_" in design else design.split("x")
    if said in letters:
        return columns[letters.index(said)]
    return next(c for c in columns if c.lower().startswith(said.lower()))


def _ems(
    case: Case, name: str, got: Components, told: dict, letters: dict[str, str]
) -> Iterator[Check]:
    near = case.near()
    said = {v: k for k, v in letters.items()}
    short = ["".join(said[f] for f in factors) for factors in got.factors]
    for key, found, joint in (("ms", got.ms, ":"), ("varcomp_ems", got.raw, "")):
        for effect, value in zip(short, found, strict=True):
            last = len(effect) == len(letters)  # R's residual is the last interaction
            names = ["Residuals", "Residual", f"{effect}_e"] if last else [joint.join(effect)]
            for part in (n for n in names if key in told and n in told[key]):
                yield case.check(f"{name} {key} {part}", value, told[key][part], **near)
    if "n" in told:
        sizes = [got.levels[f] for f in letters.values()]
        yield case.check(f"{name} levels", sizes, told["n"], abs=0)


def _lmer(
    case: Case, name: str, got: Components, told: Told, letters: dict[str, str]
) -> Iterator[Check]:
    found = {frozenset(f): v for f, v in zip(got.factors, got.estimate, strict=True)}
    for effect in told:
        value, every = told[effect], list(letters.values())
        starts = every if effect == "Residual" else effect.split(":")
        factors = frozenset(_factor(s, name, every) for s in starts)
        near = case.near("lmer") | ({"abs": 1e-4} if value < 1e-8 else {})
        yield case.check(f"{name} lmer {effect}", found[factors], value, **near)


KINDS = {"gtheory": gtheory}
