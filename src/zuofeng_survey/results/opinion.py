"""Summaries of surveys: how satisfied, how many know, from how many people, by which groups.

Satisfied = the two upper of five levels over valid answers; known = 1 − 不了解 over answers;
index = mean of the respondents' scale scores. The interval of a rate counts respondents, not
answers: somebody's four answers on one area are one opinion.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ..dataset import Dataset
from ..errors import Problem, UsageError
from ..html import note, shown, table_html
from ..stats.intervals import wilson
from ..stats.ranking import rank_sets_from
from .counting import COUNTS, EVERYONE, UNSAID, areas_of, count, groupings, levels_of
from .release import hidden

RANK_FROM = 30
PRESSED = {"MY": ("MY-G05", "1")}
PRESSED_FROM = 0.02
WORDS = {"label": "方面", "n": "人数", "index": "满意指数", "satisfied_rate": "满意率"}
OWN_WORDS = {"index": "均分", "satisfied_rate": "较好以上率"}
FORM_WORDS = {"TL": {"index": "均分", "satisfied_rate": "支持（可行）率"}}
COLUMNS = ["n", "index", "se", "satisfied_rate", "lower_rate", "upper_rate", "known_rate"]
BANDED = ["index", "se", "lower_rate", "upper_rate"]


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    """What a survey's respondents think, area by area, and group by group.

    Attributes
    ----------
    dataset, hash : str
    by : str
        The item whose answers make the groups; empty for everyone together.
    summary : DataFrame
        One row an area and group: ``area``, ``label``, ``group``, ``group_label``, ``n``
        (respondents), ``index`` (0–100), ``se``, ``satisfied_rate`` with ``lower_rate`` and
        ``upper_rate``, ``known_rate``, ``rank``, ``rank_lower``, ``rank_upper`` among the groups.
        Everyone together is the group "". What may not be shown is NaN.
    levels : DataFrame
        Everyone's answers, one row an area and level: ``area``, ``label``, ``level`` (a score),
        ``level_label``, ``share`` of valid answers, ``n`` (answers).
    problems : tuple of Problem
        What is not shown or not ranked, and why.
    words : dict
        What the columns are called: a self-inspection is not about satisfaction.
    """

    dataset: str
    hash: str
    by: str
    summary: pd.DataFrame
    levels: pd.DataFrame
    problems: tuple[Problem, ...]
    words: dict[str, str]

    def table(self) -> pd.DataFrame:
        """Return the summary, unrounded."""
        return self.summary.copy()

    def everyone(self) -> pd.DataFrame:
        """Return the rows of everyone together, one an area."""
        rows = self.summary[self.summary["group"] == EVERYONE]
        return rows[["area", "label", *COLUMNS]].reset_index(drop=True)

    def area(self, name: str) -> pd.DataFrame:
        """Return the groups of one area, best first; those not shown last."""
        rows = self.summary[(self.summary["area"] == name) & (self.summary["group"] != EVERYONE)]
        kept = ["group_label", *COLUMNS, "rank", "rank_lower", "rank_upper"]
        return rows.sort_values(["index", "group"], ascending=[False, True], na_position="last")[
            kept
        ].reset_index(drop=True)

    def sentence(self, area: str) -> str:
        """Return what everyone together says of one area, in one sentence."""
        row: dict[Any, Any] = self.everyone().set_index("area").loc[area].to_dict()
        n = row["n"]
        if np.isnan(n):
            return f"{row['label']}：人数太少，不显示。"
        rate, low, high, known = (shown(row[c], c, n) for c in COLUMNS[3:])
        return (
            f"{row['label']}：{n:.0f} 人有效作答，{self.words['satisfied_rate']} {rate}"
            f"（95% 区间 {low}—{high}），知晓率 {known}，"
            f"{self.words['index']} {shown(row['index'], 'index')}。"
        )

    def remarks(self, lang: str = "zh") -> str:
        """Return what is not shown or not ranked, a line each."""
        return "\n".join(p.en if lang == "en" else p.zh for p in self.problems)

    def _repr_html_(self) -> str:
        return table_html(self.everyone(), headings=self.words) + "".join(
            note(p.zh) for p in self.problems
        )


def mass_opinion(dataset: Dataset, by: str = "") -> Opinion:
    """Sum up a survey by area and, if asked, by the groups of one of its items.

    Parameters
    ----------
    dataset : Dataset
        Of a questionnaire that rates no persons.
    by : str
        A plain single-choice item (``MY-S03`` town, ``MY-S04`` age); see :func:`groupings`.

    Raises
    ------
    UsageError
        ``not-a-summary``, ``nothing-to-sum``, ``by-unknown``.

    Notes
    -----
    A cell of fewer than k respondents is not shown, nor are those it could be worked out from.
    Where a cell is of one mind, only its rate is given (a page shows it as ≥90 % or ≤10 %).
    Groups of 30 and more are ranked, with rank sets; not where over 2 % say that they were told
    which answers to give. Groups reached by different channels are not alike: a rank compares what
    was answered, not what is.
    """
    if dataset.is_imported or dataset.questionnaire.composite is not None:
        raise UsageError.of("not-a-summary", dataset.name)
    q = dataset.questionnaire
    if by and by not in (known := groupings(q)):
        listed = ", ".join(known) or "—"
        raise UsageError.of("by-unknown", dataset.name, name=by, known=listed)
    facts = count(dataset, by)
    pressed = pressed_groups(dataset, by)
    summary = _summary(dataset, facts, by, pressed)
    problems = _problems(dataset, summary, pressed)
    levels = levels_of(dataset, summary)
    words = WORDS | FORM_WORDS.get(dataset.manifest["form_id"], {})
    return Opinion(dataset.name, dataset.hash, by, summary, levels, tuple(problems), words)


def self_inspection(dataset: Dataset, by: str = "") -> Opinion:
    """Sum up self-inspections (ZC): four checks and six areas, never a person.

    As :func:`mass_opinion`, without ranks: nobody is measured by what they admit.

    Raises
    ------
    UsageError
        ``not-self-inspection``, ``by-unknown``.
    """
    if dataset.manifest["form_id"] != "ZC":
        raise UsageError.of("not-self-inspection", dataset.name)
    found = mass_opinion(dataset, by)
    none = dict.fromkeys(("rank", "rank_lower", "rank_upper"), np.nan)
    kept = tuple(p for p in found.problems if p.code != "group-unranked")
    summary = found.summary.assign(**none)
    return replace(found, summary=summary, problems=kept, words=WORDS | OWN_WORDS)


def _summary(
    dataset: Dataset, facts: pd.DataFrame, by: str, pressed: dict[str, float]
) -> pd.DataFrame:
    q, k, seed = dataset.questionnaire, dataset.manifest["k"], int(dataset.hash[:8], 16)
    label = {name: q.scales[name].label.zh for name in areas_of(q)}
    choices = q.choices_of(q.items[by]) if by else ()
    group_label = {c.name: c.label.zh for c in choices} | {EVERYONE: "全部", UNSAID: "未填"}
    unranked = {UNSAID, *pressed, *(c.name for c in choices if c.missing)}
    parts = []
    for area in label:
        rows = facts[facts["area"] == area].copy()
        is_group = (rows["group"] != EVERYONE).to_numpy()
        hide = (rows["n"] < k).to_numpy(copy=True)
        of_one_mind = [(rows["good"][is_group], rows["valid"][is_group])]
        hide[is_group] = hidden(rows["n"][is_group], k=k, parts=of_one_mind)
        part = _shown(rows)
        part.loc[hide, COLUMNS] = np.nan
        part.loc[part["satisfied_rate"].isin((0.0, 1.0)), BANDED] = np.nan
        parts.append(_ranked(part, unranked, seed=seed))
    if not parts:
        raise UsageError.of("nothing-to-sum", dataset.name)
    frame = pd.concat(parts, ignore_index=True)
    frame["label"] = frame["area"].map(label)
    frame["group_label"] = frame["group"].map(lambda g: group_label.get(g, g))
    first = ["area", "label", "group", "group_label", *COLUMNS]
    return frame[[*first, "rank", "rank_lower", "rank_upper"]]


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    out = rows[["area", "group"]].copy()
    n = rows["n"].to_numpy(float)
    out["n"] = n
    good, valid, dk, total, squares = (rows[c].to_numpy(float) for c in COUNTS[1:])
    with np.errstate(divide="ignore", invalid="ignore"):
        out["index"] = total / n
        out["se"] = np.sqrt(np.maximum(squares - total**2 / n, 0) / (n - 1) / n)
        rate = good / valid
        out["known_rate"] = 1 - dk / (valid + dk)
    some = n >= 1
    out["satisfied_rate"] = rate
    out["lower_rate"] = out["upper_rate"] = np.nan
    if some.any():
        interval = wilson(rate[some] * n[some], n[some])
        out.loc[some, "lower_rate"] = interval.lower
        out.loc[some, "upper_rate"] = interval.upper
    return out


def _ranked(rows: pd.DataFrame, unranked: set[str], *, seed: int) -> pd.DataFrame:
    rows = rows.assign(rank=np.nan, rank_lower=np.nan, rank_upper=np.nan)
    may = (rows["n"] >= RANK_FROM) & (rows["group"] != EVERYONE) & (rows["se"] > 0)
    may &= ~rows["group"].isin(unranked)
    if may.sum() < 2:
        return rows
    sets = rank_sets_from(rows.loc[may, "index"], rows.loc[may, "se"] ** 2, seed=seed)
    rows.loc[may, "rank"] = sets.rank.astype(float)
    rows.loc[may, "rank_lower"] = sets.lower.astype(float)
    rows.loc[may, "rank_upper"] = sets.upper.astype(float)
    return rows


def pressed_groups(dataset: Dataset, by: str) -> dict[str, float]:
    """Return group → share told which answers to give, where it is over 2 %; everyone is ""."""
    item, yes = PRESSED.get(dataset.manifest["form_id"], ("", ""))
    if item not in dataset.questionnaire.items:
        return {}
    ratings = dataset.table("ratings")
    asked = ratings.filter(ratings["item"] == item).select("ballot", said="value")
    groups = ratings.filter(ratings["item"] == by).select("ballot", group="value")
    frame = asked.left_join(groups, "ballot").execute()
    frame["group"] = frame["group"].fillna(UNSAID) if by else EVERYONE
    told = (frame["said"] == yes).astype(float).groupby(frame["group"])
    share = told.mean()[told.size() >= dataset.manifest["k"]]
    return share[share > PRESSED_FROM].to_dict()


def _problems(dataset: Dataset, summary: pd.DataFrame, pressed: dict[str, float]) -> list[Problem]:
    groups = summary[summary["group"] != EVERYONE]
    label = dict(zip(summary["group"], summary["group_label"], strict=True))
    not_shown = int(groups["n"].isna().sum())
    small = ((groups["n"] > 0) & (groups["n"] < RANK_FROM)).any()
    k = dataset.manifest["k"]
    found = [Problem("group-small", dataset.name, {"n": not_shown, "k": k})] * bool(not_shown)
    found += [Problem("group-unranked", dataset.name, {"n": RANK_FROM})] * bool(small)
    if pressed:
        names = "、".join(label.get(group, group) for group in pressed)
        params = {"names": names, "rate": f"{100 * max(pressed.values()):.0f}%"}
        found.append(Problem("pressed", dataset.name, params))
    return found
