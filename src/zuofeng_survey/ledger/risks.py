"""Where problems pile up: matters and units, never persons.

The plan's 紧盯重点人、重点事和重点问题 is served for matters, problems and units only: nobody is profiled.
"""

from __future__ import annotations

import pandas as pd

from ..errors import LedgerError
from .reading import declaration
from .signs import Signs

ALLOWED = ("unit", "area6", "focus8", "source")
COUNTS = ("open", "overdue", "reopened", "signs")


def risks(problems: pd.DataFrame, signs: Signs, *, by: str) -> pd.DataFrame:
    """Return what to look at first, one row a matter, area, source or unit.

    Parameters
    ----------
    problems : DataFrame
        ``Book.entries("problems")``.
    signs : Signs
        As :func:`~.signs.closing_signs`.
    by : {"unit", "area6", "focus8", "source"}
        Fields that name a person are refused.

    Returns
    -------
    DataFrame
        ``by`` (in the plan's words), ``count``, ``open`` (not closed by any road), ``overdue``, ``reopened``, ``signs``
        (problems with one of the six signs), ``points``: open + 2·overdue + 2·reopened + 2·signs (a
        default of ours: what is late, came back or was closed on paper counts twice). Most first.

    Raises
    ------
    LedgerError
        ``risks-by``.
    """
    if by not in ALLOWED:
        raise LedgerError.of("risks-by", by, known="、".join(ALLOWED))
    late = (problems["overdue"] & (problems["clock"] == "整改时限")).fillna(False)
    frame = problems.assign(
        count=1,
        open=problems["closed_date"].isna() & (problems["state"] != "长期坚持"),
        overdue=late,
        reopened=problems["reopened"].fillna(False),
        signs=problems["issue_id"].isin(signs.rows["issue_id"]),
    )
    kept = ["count", *COUNTS]
    found = frame.astype(dict.fromkeys(kept, int)).groupby(by, sort=True)[kept].sum().reset_index()
    found["points"] = found["open"] + 2 * (found["overdue"] + found["reopened"] + found["signs"])
    named = dict(next(f for f in declaration("problems").fields if f.name == by).choices)
    found[by] = found[by].map(lambda code: named.get(str(code), code))
    return found.sort_values(["points", "count", by], ascending=[False, False, True], ignore_index=True)
