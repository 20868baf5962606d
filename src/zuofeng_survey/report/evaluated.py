"""What a report says of one evaluation: its results, computed once for all three papers."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from .. import results
from ..dataset import Dataset
from ..html import span

AGREED = 0.9  # what results.grades gives where all voters agree


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """The results of one poll that rates persons.

    Attributes
    ----------
    name, pool, hash : str
        The dataset, whom it ranks together, its fingerprint.
    ranking : Ranking
    grades : DataFrame
        As :func:`zuofeng_survey.results.grades`.
    turnout : DataFrame
    sensitivity : Sensitivity
    remarks : dict
        Target → note on the job.
    """

    name: str
    pool: str
    hash: str
    ranking: results.Ranking
    grades: pd.DataFrame
    turnout: pd.DataFrame
    sensitivity: results.Sensitivity
    remarks: dict[str, str]

    @classmethod
    def of(cls, dataset: Dataset) -> Evaluated:
        """Compute what the report on a dataset says.

        Raises
        ------
        UsageError
            When there is nothing to rank.
        """
        ranking = results.rank(dataset)
        return cls(
            name=dataset.name,
            pool=str(dataset.manifest.get("pool") or dataset.name),
            hash=dataset.hash,
            ranking=ranking,
            grades=results.grades(dataset),
            turnout=results.turnout(dataset),
            sensitivity=results.sensitivity(dataset, k=ranking.bottom.k),
            remarks={t.name: t.note.zh for t in dataset.targets if t.note and t.note.zh},
        )

    @property
    def is_ranked(self) -> bool:
        """Whether enough ballots came back for a rank to be formed."""
        return all(p.code != "return-low" for p in self.ranking.problems)

    @property
    def total(self) -> pd.Series:
        """Issued, cast and valid ballots in all, and the return rate."""
        return self.turnout.iloc[-1]

    def ranked(self) -> pd.DataFrame:
        """Return the ranking as a table for readers: sets, ballots and grades beside the ranks."""
        table = self.ranking.table()
        table["set"] = [span(a, b) for a, b in zip(table["lower"], table["upper"], strict=True)]
        columns = ["label", "rank", "set", "estimate", "se", "p_bottom", "n", "good_rate", "dk_rate"]
        if not self.is_ranked:
            columns = ["label", "n", "good_rate", "dk_rate"]
            table = table.sort_values("target", ignore_index=True)
        if self.remarks:
            table["remark"] = table["target"].map(self.remarks).fillna("")
            columns.append("remark")
        return table[columns]

    def graded(self) -> tuple[pd.DataFrame, dict[str, str]]:
        """Return how the overall grades fall, in the order of the ranks, and the headings."""
        label = dict(zip(self.ranking.bottom.unit, self.ranking.labels, strict=True))
        order = [t for t in self.ranking.table()["target"] if t in self.grades.index]
        share = self.grades.loc[order if self.is_ranked else sorted(order)]
        share = share.rename(columns={c: f"share {c}" for c in share.columns[1:]})
        headings = {c: c.removeprefix("share ") for c in share.columns[1:]} | {"n": "评价人数"}
        agreed = share.iloc[:, 1:].max(axis=1) == AGREED
        said = share.astype(dict.fromkeys(share.columns[1:], object))
        for column in share.columns[1:]:
            banded = share.loc[agreed, column].map(lambda v: "≥90%" if v == AGREED else "≤10%")
            said.loc[agreed, column] = banded
        said.insert(0, "label", [label[t] for t in said.index])
        return said.reset_index(drop=True), headings
