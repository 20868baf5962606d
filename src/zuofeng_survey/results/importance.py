"""What satisfaction hangs on: how closely each area goes with the overall answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from .. import scoring
from ..dataset import Dataset
from ..errors import UsageError
from .counting import areas_of
from .opinion import Opinion

OVERALL = "overall"
LEAST = 30


def importance(dataset: Dataset, opinion: Opinion, *, coverage: float = 0.95) -> pd.DataFrame:
    """Return each area's importance beside how satisfied people are with it.

    Importance is derived, not asked: the rank correlation of a respondent's score in the area
    with their overall score. It says what goes together, not what would change what.

    Parameters
    ----------
    dataset : Dataset
    opinion : Opinion
        Of the same dataset; areas it hides are not in the table.
    coverage : float

    Returns
    -------
    DataFrame
        One row an area: ``area``, ``label``, ``n``, ``importance`` with ``lower`` and ``upper``,
        ``index``. Areas that fewer than 30 answered with the overall item are left out.

    Raises
    ------
    UsageError
        ``by-unknown`` where the questionnaire has no overall scale.

    Notes
    -----
    Interval by Fisher's z with the variance of Bonett & Wright (2000), doi 10.1007/BF02294183.
    """
    areas = areas_of(dataset.questionnaire)
    if OVERALL not in areas:
        raise UsageError.of("by-unknown", dataset.name, name=OVERALL, known=", ".join(areas))
    long = scoring.scale_scores(dataset).select("ballot", "scale", "score").execute()
    wide = long.pivot_table(index="ballot", columns="scale", values="score")
    z = stats.norm.isf((1 - coverage) / 2)
    rows = []
    told = opinion.everyone().dropna(subset=["index"]).rename(columns={"index": "level"})
    for row in told.itertuples():
        if row.area == OVERALL or row.area not in wide:
            continue
        both = wide[[row.area, OVERALL]].dropna()
        if len(both) < LEAST or both.nunique().min() < 2:
            continue
        r = float(both[row.area].corr(both[OVERALL], method="spearman"))
        half = z * np.sqrt((1 + r**2 / 2) / (len(both) - 3))
        low, high = np.tanh(np.arctanh(np.clip(r, -0.999, 0.999)) + np.array([-half, half]))
        rows.append((row.area, row.label, len(both), r, low, high, row.level))
    return pd.DataFrame(rows, columns=["area", "label", "n", "importance", "lower", "upper", "index"])
