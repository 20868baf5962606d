"""From frozen datasets and findings to entries of the ledgers of results (L05) and of advice (L06): proposed, never decided.

What only people fill (notice, statement, authority, decision, minutes, explanation) has no value here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from scipy import stats

from ..dataset import Dataset
from .recording import Change

if TYPE_CHECKING:
    from ..rules import Findings


def advice_of(found: Findings, entries: pd.DataFrame) -> list[Change]:
    """Return an entry for each finding that the ledger of advice does not hold yet.

    Parameters
    ----------
    found : Findings
    entries : DataFrame
        The ledger as it stands, of ``book.entries("advice")``. A person who stands there for the
        same year is left as people left them.
    """
    stem = f"CZ-{found.year}-"
    there = set(entries.loc[entries["advice_id"].str.startswith(stem), "target_id"])
    last = last_number(entries["advice_id"], stem)
    new = (f for f in found.findings if f.target not in there)
    return [Change(f"{stem}{last + n:03d}", _advice(f)) for n, f in enumerate(new, start=1)]


def last_number(keys: Iterable[str], stem: str) -> int:
    """Return the number of the last key that begins with a stem, 0 where none does.

    >>> last_number(["CZ-2021-007", "CZ-2022-001", "CZ-2022-003"], "CZ-2022-")
    3
    """
    return max((int(key[len(stem) :]) for key in keys if key.startswith(stem)), default=0)


def _advice(f: Any) -> dict[str, Any]:
    rests_on = "\n".join(f"{e.dataset}@{e.hash[:12]}" for e in f.evidence)
    return {
        "target_id": f.target,
        "years_bottom": len(f.years),
        "seed_measure": f.measure,
        "evidence_level": f.level,
        "evidence_ref": rests_on,
    }


def scores_of(datasets: Sequence[Dataset], found: Findings, entries: pd.DataFrame) -> list[Change]:
    """Return an entry for each person ranked in the year of the findings, or what changed in it.

    Parameters
    ----------
    datasets : sequence of Dataset
        Those the findings were made from.
    found : Findings
        Says which polls made a ranking.
    entries : DataFrame
        ``book.entries("scores")``.

    Notes
    -----
    How many were due and present is in no dataset: people fill these in. The interval of a score is
    estimate ± t · se; 一票即可翻转 is of the bottom k of the meeting.
    """
    now = found.datasets[(found.datasets["year"] == found.year) & found.datasets["ranked"]]
    rows = {row["dataset"]: row for row in now.to_dict("records")}
    there = entries.set_index("result_id")["version"].to_dict()
    made = (pair for d in datasets if d.name in rows for pair in _scores(d, rows[d.name]))
    return [Change(key, values, int(there[key]) if key in there else None) for key, values in made]


def _scores(dataset: Dataset, row: Mapping[Any, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    from .. import results

    ranking = results.rank(dataset)
    form, totals = dataset.manifest["form_id"], dataset.manifest["totals"]
    frame = ranking.table()
    wide = stats.t.ppf(0.975, max(totals["valid"] - 1, 1)) * frame["se"]
    frame = frame.assign(ci_low=(frame["estimate"] - wide).clip(0, 100), ci_high=(frame["estimate"] + wide).clip(0, 100))
    common = {
        "year": int(row["year"]), "kind": form, "pool": row["pool"], "n_issued": totals["issued"],
        "n_returned": totals["cast"], "n_valid": totals["valid"], "dataset": f"{dataset.name}@{dataset.hash[:12]}",
        "edition": f"{form} {dataset.manifest['version']}", "flip1": bool(ranking.fragility and ranking.fragility.flip1),
    }  # fmt: skip
    named = {"estimate": "score", "lower": "rank_lo", "upper": "rank_hi", "good_rate": "grade_rate"}
    kept = ["score", "ci_low", "ci_high", "rank", "rank_lo", "rank_hi", "p_bottom", "grade_rate", "dk_rate"]
    for one in frame.rename(columns=named).to_dict("records"):
        own = {name: round(float(one[name]), 6) if isinstance(one[name], float) else one[name] for name in kept}
        yield f"{row['year']}-{form}-{one['target']}", {**common, "target_id": one["target"], **own}
