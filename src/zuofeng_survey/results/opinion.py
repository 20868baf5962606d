"""Summaries of surveys: how satisfied, how many know, from how many people, by which groups.

Satisfied = the two upper of five levels over valid answers; known = 1 − 不了解 over answers;
index = mean of the respondents' scale scores. The interval of a rate counts respondents, not
answers: somebody's four answers on one area are one opinion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd

from .. import scoring
from ..dataset import Dataset
from ..errors import Problem, UsageError
from ..html import note, table_html
from ..questionnaire import Item, Questionnaire
from ..stats.intervals import wilson
from ..stats.ranking import rank_sets_from
from .release import hidden

RANK_FROM = 30
PRESSED = {"MY": ("MY-G05", "1")}
PRESSED_FROM = 0.02
GOOD = 75.0
GOOD_OF = {"sat3": 60.0}
GENERIC = ("差", "较差", "中等", "较好", "好")
EVERYONE = ""
UNSAID = "unsaid"
COLUMNS = ["n", "index", "se", "satisfied_rate", "lower_rate", "upper_rate", "known_rate"]
BANDED = ["index", "se", "lower_rate", "upper_rate"]
COUNTS = ["n", "good", "valid", "dk", "total", "squares"]


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
    """

    dataset: str
    hash: str
    by: str
    summary: pd.DataFrame
    levels: pd.DataFrame
    problems: tuple[Problem, ...]

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

    def _repr_html_(self) -> str:
        return table_html(self.everyone()) + "".join(note(p.zh) for p in self.problems)


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
        ``not-a-summary``, ``by-unknown``.

    Notes
    -----
    A cell of fewer than k respondents is not shown, nor are those it could be worked out from.
    Where a cell is of one mind, only its rate is given (a page shows it as ≥90 % or ≤10 %).
    Groups of 30 and more are ranked, with rank sets; not where over 2 % say that they were told
    which answers to give. Groups reached by different channels are not alike: a rank compares what
    was answered, not what is.
    """
    if dataset.is_imported or dataset.questionnaire.is_ballot:
        raise UsageError.of("not-a-summary", dataset.name)
    q = dataset.questionnaire
    if by and by not in (known := groupings(q)):
        listed = ", ".join(known) or "—"
        raise UsageError.of("by-unknown", dataset.name, name=by, known=listed)
    facts = _facts(dataset, by)
    pressed = _pressed(dataset, by)
    summary = _summary(q, facts, by, k=dataset.manifest["k"], pressed=pressed)
    problems = _problems(dataset, summary, pressed)
    levels = _levels(dataset, summary)
    return Opinion(dataset.name, dataset.hash, by, summary, levels, tuple(problems))


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
    return Opinion(found.dataset, found.hash, by, found.summary.assign(**none), found.levels, kept)


def groupings(q: Questionnaire) -> dict[str, str]:
    """Return item → label of what groups may be made by: single choices without a score."""
    return {
        item.name: item.label.zh
        for group, item in q.walk()
        if item.kind == "select_one"
        and not (group.apart or group.repeat_over or item.sensitive or item.alert)
        and not any(c.score is not None for c in q.choices_of(item))
    }


def _areas(q: Questionnaire) -> dict[str, list[Item]]:
    """Return scale → its scored items; what goes through the protected channel is in none."""
    areas: dict[str, list[Item]] = {}
    for group, item in q.walk():
        scored = any(c.score is not None for c in q.choices_of(item))
        if item.scale and scored and item.kind == "select_one" and not (item.alert or group.apart):
            areas.setdefault(item.scale, []).append(item)
    return areas


def _people(dataset: Dataset) -> Any:
    """Return one row a respondent and area: score, valid, good, dk, as Ibis."""
    q = dataset.questionnaire
    keys = pd.DataFrame(
        [
            (i.name, area, q.scales[area].min_valid, GOOD_OF.get(i.list_name, GOOD))
            for area, items in _areas(q).items()
            for i in items
        ],
        columns=["item", "area", "least", "good_from"],
    )
    scored = scoring.item_scores(dataset).inner_join(ibis.memtable(keys), "item")
    one = scored.group_by("ballot", "target", "area").aggregate(
        score=scored["score"].mean(),
        valid=scored["score"].count(),
        good=(scored["score"] >= scored["good_from"]).sum().cast("int64"),
        dk=(scored["missing"] == "dk").sum().cast("int64"),
        least=scored["least"].max(),
    )
    return one.mutate(counts=one["valid"] >= one["least"])


def _facts(dataset: Dataset, by: str) -> pd.DataFrame:
    """Return area, group and the counts that everything shown is made of."""
    people = _people(dataset)
    if by:
        ratings = dataset.table("ratings")
        said = ratings.filter(ratings["item"] == by).select("ballot", group="value")
        people = people.left_join(said, "ballot").mutate(
            group=lambda t: t["group"].fill_null(UNSAID)
        )
    else:
        people = people.mutate(group=ibis.literal(EVERYONE))
    grouped = people.group_by("area", "group").aggregate(
        n=people["counts"].sum().cast("int64"),
        good=people["good"].sum(where=people["counts"]).cast("int64"),
        valid=people["valid"].sum(where=people["counts"]).cast("int64"),
        dk=people["dk"].sum().cast("int64"),
        total=people["score"].sum(where=people["counts"]),
        squares=(people["score"] ** 2).sum(where=people["counts"]),
    )
    frame = grouped.execute().astype(dict.fromkeys(COUNTS, float)).fillna(0)
    if by:
        everyone = frame.groupby("area", as_index=False)[COUNTS].sum().assign(group=EVERYONE)
        frame = pd.concat([everyone, frame], ignore_index=True)
    return frame.sort_values(["area", "group"], ignore_index=True)


def _summary(
    q: Questionnaire, facts: pd.DataFrame, by: str, *, k: int, pressed: dict[str, float]
) -> pd.DataFrame:
    label = {name: q.scales[name].label.zh for name in _areas(q)}
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
        shown = _shown(rows)
        shown.loc[hide, COLUMNS] = np.nan
        shown.loc[shown["satisfied_rate"].isin((0.0, 1.0)), BANDED] = np.nan
        parts.append(_ranked(shown, unranked))
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


def _ranked(rows: pd.DataFrame, unranked: set[str]) -> pd.DataFrame:
    rows = rows.assign(rank=np.nan, rank_lower=np.nan, rank_upper=np.nan)
    may = (rows["n"] >= RANK_FROM) & (rows["group"] != EVERYONE) & (rows["se"] > 0)
    may &= ~rows["group"].isin(unranked)
    if may.sum() < 2:
        return rows
    sets = rank_sets_from(rows.loc[may, "index"], rows.loc[may, "se"] ** 2, seed=1)
    rows.loc[may, "rank"] = sets.rank.astype(float)
    rows.loc[may, "rank_lower"] = sets.lower.astype(float)
    rows.loc[may, "rank_upper"] = sets.upper.astype(float)
    return rows


def _pressed(dataset: Dataset, by: str) -> dict[str, float]:
    """Return group → share told which answers to give, where it is over 2 %; everyone is ""."""
    item, yes = PRESSED.get(dataset.manifest["form_id"], ("", ""))
    if item not in dataset.questionnaire.items:
        return {}
    ratings = dataset.table("ratings")
    asked = ratings.filter(ratings["item"] == item).select("ballot", said="value")
    groups = ratings.filter(ratings["item"] == by).select("ballot", group="value")
    frame = asked.left_join(groups, "ballot").execute()
    frame["group"] = frame["group"].fillna(UNSAID) if by else EVERYONE
    counts = frame.groupby("group")["said"].agg(yes=lambda s: (s == yes).sum(), n="size")
    enough = counts[counts["n"] >= dataset.manifest["k"]]
    share = enough["yes"] / enough["n"]
    return share[share > PRESSED_FROM].to_dict()


def _problems(dataset: Dataset, summary: pd.DataFrame, pressed: dict[str, float]) -> list[Problem]:
    groups = summary[summary["group"] != EVERYONE]
    label = dict(zip(summary["group"], summary["group_label"], strict=True))
    not_shown = groups.loc[groups["n"].isna(), "group"].nunique()
    small = ((groups["n"] > 0) & (groups["n"] < RANK_FROM)).any()
    k = dataset.manifest["k"]
    found = [Problem("group-small", dataset.name, {"n": not_shown, "k": k})] * bool(not_shown)
    found += [Problem("group-unranked", dataset.name, {"n": RANK_FROM})] * bool(small)
    if pressed:
        names = "、".join(label.get(group, group) for group in pressed)
        params = {"names": names, "rate": f"{100 * max(pressed.values()):.0f}%"}
        found.append(Problem("pressed", dataset.name, params))
    return found


def _levels(dataset: Dataset, summary: pd.DataFrame) -> pd.DataFrame:
    """Return how everyone's valid answers fall on the levels of each area that may be shown."""
    q = dataset.questionnaire
    areas = _areas(q)
    keys = pd.DataFrame(
        [(i.name, area) for area, items in areas.items() for i in items], columns=["item", "area"]
    )
    scored = scoring.item_scores(dataset).inner_join(ibis.memtable(keys), "item")
    counted = scored.filter(scored["score"].notnull()).group_by("area", "score")
    counts = counted.aggregate(count=lambda t: t.count()).execute()
    count = {(r.area, r.score): r.count for r in counts.itertuples(index=False)}
    everyone = summary[(summary["group"] == EVERYONE) & summary["n"].notna()]
    rows = []
    for area in everyone["area"]:
        names = _level_names(q, areas[area], generic=any(i.reverse for i in q.items.values()))
        n = sum(count.get((area, level), 0) for level in names)
        if n in (count.get((area, level), 0) for level in names):
            continue
        for level, text in names.items():
            share = count.get((area, level), 0) / n if n else np.nan
            rows.append((area, q.scales[area].label.zh, level, text, share, n))
    columns = ["area", "label", "level", "level_label", "share", "n"]
    return pd.DataFrame(rows, columns=columns)


def _level_names(q: Questionnaire, items: list[Item], *, generic: bool) -> dict[float, str]:
    """Name levels by the choices; by how good they are, where some items are turned round."""
    choices = [c for c in q.choices_of(items[0]) if c.score is not None]
    levels = sorted((c.score or 0.0, c.label.zh) for c in choices)
    if generic and len(levels) == len(GENERIC):
        return {score: name for (score, _), name in zip(levels, GENERIC, strict=True)}
    return dict(levels)
