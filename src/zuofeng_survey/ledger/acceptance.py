"""What people who saw for themselves say of a mended problem: from a frozen XH dataset to its entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..dataset import Dataset
from ..errors import LedgerError
from ..html import table_html

NUMBER, STATE, BASIS, CLOSE = "XH-A01", "XH-B02", "XH-B05", "XH-B06"
SAW = ("seen", "lived")
FORMS, WITNESSES = 3, 2
HEADINGS = {"issue_id": "问题编号", "enough": "验收够数", "relapsed": "有人说又出现"}


@dataclass(frozen=True, slots=True, eq=False)
class Acceptances:
    """Whether each problem was accepted by enough people who saw for themselves.

    Attributes
    ----------
    dataset, hash : str
    rows : DataFrame
        ``issue_id``, ``forms``, ``witnesses`` (saw or went through it, and would close it; 2 stands for
        two and more, so that nobody's answer can be read off a count), ``enough``, ``relapsed``.
    """

    dataset: str
    hash: str
    rows: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return what may be shown: one row a problem, enough or not."""
        return self.rows[["issue_id", "enough", "relapsed"]].copy()

    def values(self, issue: str) -> dict[str, Any]:
        """Return what goes into the entry of a problem.

        Raises
        ------
        LedgerError
            ``acceptance-few``: fewer than three forms.
        """
        found = self.rows[self.rows["issue_id"] == issue]
        forms = int(found["forms"].sum())
        if forms < FORMS:
            raise LedgerError.of("acceptance-few", issue, n=forms, least=FORMS)
        row = found.iloc[0]
        told = {"witnesses": int(row["witnesses"]), "relapsed": bool(row["relapsed"])}
        return {"acceptance": f"{self.dataset}@{self.hash[:12]}", **told}

    def _repr_html_(self) -> str:
        return table_html(self.table(), headings=HEADINGS)


def acceptances(dataset: Dataset) -> Acceptances:
    """Sum up the acceptance forms of a frozen XH dataset, problem by problem.

    Raises
    ------
    LedgerError
        ``not-acceptance``.
    """
    if dataset.is_imported or dataset.manifest["form_id"] != "XH":
        raise LedgerError.of("not-acceptance", dataset.name)
    ratings = dataset.table("ratings").select("ballot", "item", "value").execute()
    said = {item: rows.groupby("ballot")["value"].agg(set) for item, rows in ratings.groupby("item")}
    nothing = pd.Series(dtype=object)
    forms = said.get(NUMBER, nothing).map(lambda one: next(iter(one))).rename("issue_id").to_frame()
    forms["saw"] = _any(said.get(BASIS, nothing), SAW, forms.index)
    forms["witnesses"] = forms["saw"] & _any(said.get(CLOSE, nothing), ("agree",), forms.index)
    forms["relapsed"] = _any(said.get(STATE, nothing), ("relapsed",), forms.index)
    grouped = forms.groupby("issue_id", sort=True)
    rows = pd.DataFrame(
        {
            "forms": grouped.size(),
            "witnesses": grouped["witnesses"].sum().clip(upper=WITNESSES).astype(int),
            "relapsed": grouped["relapsed"].any(),
        }
    ).reset_index()
    rows["enough"] = (rows["forms"] >= FORMS) & (rows["witnesses"] >= WITNESSES)
    return Acceptances(dataset.name, dataset.hash, rows)


def _any(said: pd.Series, wanted: tuple[str, ...], index: pd.Index) -> pd.Series:
    """Return, form by form, whether one of the wanted answers was given."""
    given = said.map(lambda one: bool(one & set(wanted)))
    return given.reindex(index, fill_value=False).astype(bool)
