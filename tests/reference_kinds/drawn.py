"""How the sample of a case was drawn: said in ``params`` or the call, else by the file's columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from reference_kinds import Case
from reference_kinds.reading import column, option
from zuofeng_survey.stats.surveydesign import Design, design
from zuofeng_survey.stats.weighting import Weights


def drawn(
    case: Case,
    d: pd.DataFrame,
    w: Weights | pd.Series,
    *,
    told: Mapping[str, Any] | None = None,
    corrected: bool = True,
) -> Design:
    """Return the design: strata (``stype`` of apistrat, ``class`` of ballots), clusters (``dnum``)."""
    strata = _said(case, d, "strata", told=told)
    clusters = _said(case, d, "clusters", "cluster", "id", told=told)
    if strata is None and clusters is None:
        clusters = d.get("dnum")
        strata = d.get("class")
        if clusters is None and "fpc" in d and d["fpc"].nunique() > 1:
            strata = d["stype"]
    drawn_in = re.search(r"svydesign\([^;]*", case.call)  # a design that names no fpc has none
    corrected = corrected and not (drawn_in and "fpc" not in drawn_in[0])
    size = population(d, strata) if corrected else None
    return design(w, strata=strata, clusters=clusters, population=size)


def population(d: pd.DataFrame, strata: pd.Series | None) -> Any:
    """Return the sizes of ``fpc``: of the whole, or of each stratum."""
    if "fpc" not in d:
        return None
    if strata is None:
        return float(d["fpc"].iloc[0])
    return d["fpc"].groupby(strata).first().to_dict()


def _said(
    case: Case, d: pd.DataFrame, *names: str, told: Mapping[str, Any] | None
) -> pd.Series | None:
    said = option(case, *names, told=told)
    if not isinstance(said, str) or said in ("1", "none"):
        return None
    try:
        return d[column(d, said)]
    except LookupError:  # the design of another file of the case
        return None
