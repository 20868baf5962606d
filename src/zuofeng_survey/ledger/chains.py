"""Chains of responsibility without a gap (无缝隙), and nobody holding more than one person can."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ..errors import LedgerError
from ..html import note, table_html

LEVELS = {
    "level1": "第一责任人（分级）",
    "level2": "班子成员·直接领导责任（分口）",
    "level3a": "分管领导（分项）",
    "level3b": "责任科室（分项）",
    "level3c": "责任人（分项）",
}
PERSONS = ("level2", "level3a", "level3c")  # the first in charge holds everything by the plan's words
OVERLOAD = 8
HEADINGS = {"chain_id": "事项", "unit": "单位", "gaps": "断链处", "person": "岗位", "items": "挂项数"}


@dataclass(frozen=True, slots=True, eq=False)
class Chains:
    """Where a chain is broken, and who holds too much.

    Attributes
    ----------
    n : int
        Chains in force.
    gaps : DataFrame
        ``chain_id``, ``unit``, ``item``, ``gaps`` (the levels that nobody fills).
    load : DataFrame
        ``person``, ``items`` (different ones held at any of the personal levels), ``overloaded``.
    overload : int
        From how many items on somebody counts as overloaded (a default of ours).
    """

    n: int
    gaps: pd.DataFrame
    load: pd.DataFrame
    overload: int

    def table(self) -> pd.DataFrame:
        """Return the broken chains."""
        return self.gaps.copy()

    def overloaded(self) -> pd.DataFrame:
        """Return who holds too much, most first."""
        return self.load[self.load["overloaded"]].reset_index(drop=True)

    def _repr_html_(self) -> str:
        said = f"{self.n} 条在责链条，{len(self.gaps)} 条断链；挂项达到 {self.overload} 项提示超载，由人调整。"
        many = table_html(self.overloaded()[["person", "items"]], headings=HEADINGS)
        return table_html(self.gaps, headings=HEADINGS) + many + note(said)


def responsibility(chains: pd.DataFrame, *, overload: int = OVERLOAD) -> Chains:
    """Look for gaps and overload in the ledger of chains (``Book.entries("chains")``).

    Raises
    ------
    LedgerError
        ``chains-overload`` for a threshold below 1.
    """
    if overload < 1:
        raise LedgerError.of("chains-overload", got=overload)
    now = chains[chains["state"] == "在责"]
    empty = now[list(LEVELS)].isna()
    said = empty.apply(lambda row: "、".join(LEVELS[c] for c in LEVELS if row[c]), axis=1)
    broken = now[empty.any(axis=1)]
    gaps = broken[["chain_id", "unit", "item"]].assign(gaps=said.reindex(broken.index).astype(str))
    held = now.melt(id_vars=["item"], value_vars=list(PERSONS), value_name="person")
    held = held.dropna(subset=["person"]).drop_duplicates(["item", "person"])
    load = held.groupby("person").size().rename("items").reset_index()
    load = load.sort_values(["items", "person"], ascending=[False, True], ignore_index=True)
    load["overloaded"] = load["items"] >= overload
    return Chains(len(now), gaps.reset_index(drop=True), load, overload)


def chains_of(problems: pd.DataFrame, tasks: pd.DataFrame) -> pd.DataFrame:
    """Return the chains that the problem and work ledgers imply, in the columns of ``chains``.

    A proposal to be recorded, for those that are still open: nobody's first in charge is made up.
    """
    open_problems = problems[~problems["state"].isin(["归档", "长期坚持", "线下销号"])]
    open_tasks = tasks[tasks["state"] != "已清账"]
    taken = {"unit": "unit", "item": "issue_id", "level2": "leader", "level3b": "office", "level3c": "owner"}
    parts = [open_problems[list(taken.values())].set_axis(list(taken), axis=1)]
    taken = {"unit": "unit", "item": "task_id", "level1": "leader_first", "level3a": "leader_line"}
    taken |= {"level3b": "office", "level3c": "owner"}
    parts.append(open_tasks[list(taken.values())].set_axis(list(taken), axis=1))
    found = pd.concat(parts, ignore_index=True).reindex(columns=["unit", "item", *LEVELS])
    found.insert(0, "chain_id", found["unit"].fillna("") + "-" + found["item"])
    return found
