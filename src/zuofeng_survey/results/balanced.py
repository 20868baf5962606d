"""Townships compared as if the same channels had reached them all.

A forum full of invited people is happier than passers-by at a window. Where one township gathered
its answers mostly in forums, its raw mean is not comparable: each township is post-stratified to
the channel mix of the whole county, so that a rank compares what people think, not how they were
asked. Channels hardly used in a township are merged there, as in collapsed strata, and what was
merged is said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .. import scoring
from ..dataset import Dataset
from ..errors import Problem, UsageError
from ..html import note, table_html
from ..stats.ranking import rank_sets_from
from ..stats.surveydesign import design
from ..stats.surveymeans import survey_mean
from ..stats.weighting import post_stratify
from .counting import UNSAID, areas_of, groupings
from .opinion import RANK_FROM, Opinion, mass_opinion

CHANNEL = "MY-S01"
OVERALL = "overall"
OTHERS = "其他"


@dataclass(frozen=True, slots=True, eq=False)
class Balanced:
    """One area by group: as answered, and weighted to the whole county's channels.

    Attributes
    ----------
    opinion : Opinion
        The raw comparison, which also says what is hidden and why.
    area : str
    channel : str
        The item whose answers were balanced.
    rows : DataFrame
        One row a group: ``group``, ``group_label``, ``n``, ``n_eff``, ``index`` with ``rank``,
        ``rank_lower``, ``rank_upper``, and the same weighted (``weighted``, ``weighted_se``,
        ``weighted_rank``, ``weighted_rank_lower``, ``weighted_rank_upper``). NaN where raw is.
    problems : tuple of Problem
        ``channels-merged`` and what ``opinion`` says.
    """

    opinion: Opinion
    area: str
    channel: str
    rows: pd.DataFrame
    problems: tuple[Problem, ...]

    def table(self) -> pd.DataFrame:
        """Return one row a group, best weighted first, unrounded."""
        return self.rows.sort_values(["weighted", "group"], ascending=[False, True], na_position="last", ignore_index=True)

    def _repr_html_(self) -> str:
        return table_html(self.table()) + "".join(note(p.zh) for p in self.problems)


def channel_weighted(dataset: Dataset, by: str, *, area: str = "", channel: str = CHANNEL) -> Balanced:
    """Compare groups raw and post-stratified to the channels of all respondents.

    Parameters
    ----------
    dataset : Dataset
    by : str
        As :func:`mass_opinion`.
    area : str
        The scale compared; by default ``overall``, or the last of the questionnaire.
    channel : str
        The item to balance.

    Raises
    ------
    UsageError
        As :func:`mass_opinion`; ``by-unknown`` for a channel that is no plain choice.

    Notes
    -----
    Strata have k people or more: two means, raw and weighted, could tell two strata apart.
    Source: Holt & Smith (1979), doi 10.2307/2344652; collapsed strata: Cochran (1977), 5A.12.
    The standard error is the linearised one of the calibrated sample.
    """
    opinion = mass_opinion(dataset, by)
    if channel not in (known := groupings(dataset.questionnaire)):
        raise UsageError.of("by-unknown", dataset.name, name=channel, known=", ".join(known) or "—")
    areas = list(areas_of(dataset.questionnaire))
    area = area or (OVERALL if OVERALL in areas else areas[-1])
    raw = opinion.summary[(opinion.summary["area"] == area) & (opinion.summary["group"] != "")]
    people = _people(dataset, area, by=by, channel=channel)
    mix, k = people["channel"].value_counts(normalize=True), dataset.manifest["k"]
    made, merged = [], []
    may = raw["n"].notna() & raw["se"].notna() & (raw["group"] != UNSAID)
    for group, label in raw.loc[may, ["group", "group_label"]].itertuples(index=False):
        estimate, se, n_eff, was = _balanced(people[people["group"] == group], mix, k=k)
        made.append((group, estimate, se, n_eff))
        merged += [label] * was
    found = pd.DataFrame(made, columns=["group", "weighted", "weighted_se", "n_eff"])
    columns = ["group", "group_label", "n", "index", "rank", "rank_lower", "rank_upper"]
    rows = raw[columns].merge(found, on="group", how="left")
    rows = _ranked(rows, seed=int(dataset.hash[:8], 16))
    said = [Problem("channels-merged", dataset.name, {"names": "、".join(merged)})] if merged else []
    return Balanced(opinion, area, channel, rows, (*_of_area(opinion, rows), *said))


def _of_area(opinion: Opinion, rows: pd.DataFrame) -> list[Problem]:
    """Return what the summary says of all areas as far as it concerns this one."""
    empty, small = rows["n"].isna(), (rows["n"] < RANK_FROM) & (rows["group"] != UNSAID)
    here = {"group-small": bool(empty.any()), "group-unranked": bool(small.any())}
    counted = {"group-small": {"n": int(empty.sum())}}
    return [
        Problem(p.code, p.place, {**p.params, **counted.get(p.code, {})})
        for p in opinion.problems
        if here.get(p.code, True)
    ]


def _people(dataset: Dataset, area: str, *, by: str, channel: str) -> pd.DataFrame:
    """Return score, group and channel of each respondent who has a score in this area."""
    scores = scoring.scale_scores(dataset).filter(lambda t: t["scale"] == area)
    frame = scores.select("ballot", "score").execute().dropna()
    ratings = dataset.table("ratings")
    for name, item in (("group", by), ("channel", channel)):
        said = ratings.filter(ratings["item"] == item).select("ballot", "value").execute()
        of = dict(zip(said["ballot"], said["value"], strict=True))
        frame[name] = [of.get(ballot, UNSAID) for ballot in frame["ballot"]]
    return frame.drop(columns="ballot").sort_values(["group", "channel", "score"], ignore_index=True)


def _balanced(part: pd.DataFrame, mix: pd.Series, *, k: int) -> tuple[float, float, float, bool]:
    """Return mean, its error, the effective n, and whether channels had to be merged here.

    Raw and weighted mean together tell the means of two strata: so none has fewer than k people.
    """
    size = {str(c): int(v) for c, v in part["channel"].value_counts().items()}
    share = {str(c): float(v) for c, v in mix.items()}
    target: dict[object, float] = {c: v for c, v in share.items() if size.get(c, 0) >= k}
    rest = sum(v for c, v in share.items() if c not in target)
    stratum = np.array([c if c in target else OTHERS for c in part["channel"]], dtype=object)
    merged = bool(rest)
    if not target or (stratum == OTHERS).sum() >= k:
        target |= {OTHERS: rest} if rest else {}
    elif rest:  # too few to stand for anybody: they join the commonest channel here
        common = max(target, key=lambda c: size[str(c)])
        stratum[stratum == OTHERS] = common
        target[common] += rest
    weights = post_stratify(stratum, target)
    found = survey_mean(part["score"].to_numpy(float), design(weights))
    return float(found.estimate[0]), float(found.se[0]), float(weights.n_eff), merged


def _ranked(rows: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Rank the weighted means of those groups that are ranked raw."""
    names = ["weighted_rank", "weighted_rank_lower", "weighted_rank_upper"]
    rows = rows.assign(**dict.fromkeys(names, np.nan))
    may = (rows["rank"].notna() & (rows["weighted_se"] > 0) & (rows["n"] >= RANK_FROM)).to_numpy()
    if may.sum() >= 2:
        sets = rank_sets_from(rows.loc[may, "weighted"], rows.loc[may, "weighted_se"] ** 2, seed=seed)
        rows.loc[may, names] = np.column_stack([sets.rank, sets.lower, sets.upper]).astype(float)
    return rows
