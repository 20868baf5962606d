"""What follow-up visits (HF) say: judgements for the rates, and a list that only one post may see.

An answer to 反映问题以后，您有没有因此受到为难 (``alert: protected``) is about a person who spoke up. It goes
to the protected list, number by number, and to no summary, no unit and no other view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..dataset import Dataset
from ..errors import LedgerError
from ..html import note, table_html
from ..store import Home

PROTECTED_ROLE = "保护专员"
NUMBER, RESULT, ATTEMPT, OUTCOME = "HF-A01", "HF-A04", "HF-A05", "HF-C05"
DONE, YES = "done", "1"
GOOD_FROM = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class ProtectedList:
    """Numbers of appeals whose makers say that they were made to suffer for it.

    Attributes
    ----------
    dataset, hash : str
    numbers : tuple of str
        Nothing else: not the unit, not the answer, not who asked.
    """

    dataset: str
    hash: str
    numbers: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row an appeal."""
        return pd.DataFrame({"appeal_id": list(self.numbers)})

    def __repr__(self) -> str:
        return f"<ProtectedList of {self.dataset}>"

    def _repr_html_(self) -> str:
        said = "仅供保护专员核实和采取保护措施；不得转给办理单位或被反映的人（信访工作条例）。"
        return table_html(self.table(), headings={"appeal_id": "诉求编号"}) + note(said, kind="warning")


def protected_list(dataset: Dataset, *, role: str, home: Home | None = None) -> ProtectedList:
    """Return the protected list of a frozen HF dataset.

    Parameters
    ----------
    dataset : Dataset
    role : str
        Who asks, by post; anybody but the 保护专员 is refused.
    home : Home, optional
        Where it is written down that the list was looked at.

    Raises
    ------
    LedgerError
        ``protected-role``, ``not-visits``.
    """
    if role != PROTECTED_ROLE:
        raise LedgerError.of("protected-role", dataset.name, role=PROTECTED_ROLE)
    items = [i.name for i in _items(dataset) if i.alert == "protected"]
    if home is not None:
        home.record("view-protected", dataset.name)
    ratings = dataset.table("ratings")
    said = ratings.filter(ratings["item"].isin(items) & (ratings["value"] == YES)).select("ballot")
    numbers = ratings.filter(ratings["item"] == NUMBER).semi_join(said, "ballot")
    found = numbers.select("value").distinct().execute()["value"]
    return ProtectedList(dataset.name, dataset.hash, tuple(sorted(found)))


def judgements(dataset: Dataset) -> pd.DataFrame:
    """Return who judged the outcome, for the rates: ``appeal_id``, ``satisfied``; one row an appeal.

    The last completed attempt counts. 满意 and 基本满意 are satisfied; no answer is no judgement.
    This is material for :func:`~.rates.appeal_rates`, never for a page.

    Raises
    ------
    LedgerError
        ``not-visits``.
    """
    item = next(i for i in _items(dataset) if i.name == OUTCOME)
    score = {c.name: c.score for c in dataset.questionnaire.choices_of(item) if c.score is not None}
    ratings = dataset.table("ratings")
    wanted = ratings.filter(ratings["item"].isin([NUMBER, RESULT, ATTEMPT, OUTCOME]))
    rows = wanted.select("ballot", "item", "value").execute()
    wide = rows.pivot_table(index="ballot", columns="item", values="value", aggfunc="first")
    wide = wide.reindex(columns=[NUMBER, RESULT, ATTEMPT, OUTCOME])
    judged = wide[(wide[RESULT] == DONE) & wide[OUTCOME].isin(score) & wide[NUMBER].notna()]
    attempt = pd.to_numeric(judged[ATTEMPT]).fillna(0)
    judged = judged.assign(attempt=attempt).sort_values([NUMBER, "attempt"], kind="stable")
    judged = judged.drop_duplicates(NUMBER, keep="last")
    good = judged[OUTCOME].map(score).astype(float) >= GOOD_FROM
    found = {"appeal_id": judged[NUMBER].to_numpy(), "satisfied": good.to_numpy(dtype=bool)}
    return pd.DataFrame(found)


def _items(dataset: Dataset) -> list[Any]:
    """Return the questions of a dataset of visits.

    Raises
    ------
    LedgerError
        ``not-visits``.
    """
    if dataset.is_imported or dataset.manifest["form_id"] != "HF":
        raise LedgerError.of("not-visits", dataset.name)
    return list(dataset.questionnaire.items.values())
