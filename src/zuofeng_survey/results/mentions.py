"""What people named, where they could name several things; and how far they support what was proposed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .. import scoring
from ..dataset import Dataset
from ..errors import UsageError
from ..stats.shares import mention_rank_sets
from .release import hidden

RANK_FROM = 10


def mentions(dataset: Dataset, item: str) -> pd.DataFrame:
    """Return how many named each choice of an item, with exact rank sets; most named first.

    Parameters
    ----------
    dataset : Dataset
    item : str
        A ``select_multiple`` item. Choices that say “none” or “no answer” and ``other`` are left out.

    Returns
    -------
    DataFrame
        ``name``, ``label``, ``count`` (people), ``share`` of those asked who answered at all, ``rank``,
        ``lower``, ``upper``. What fewer than k named, or could be worked out, is NaN.

    Raises
    ------
    UsageError
        ``by-unknown``.
    """
    several = [i.name for i in dataset.questionnaire.items.values() if i.kind == "select_multiple"]
    if item not in several:
        raise UsageError.of("by-unknown", dataset.name, name=item, known=", ".join(several) or "—")
    choices = dataset.questionnaire.choices_of(dataset.questionnaire.items[item])
    label = {c.name: c.label.zh for c in choices if not (c.missing or c.exclusive or c.name == "other")}
    rows = dataset.table("ratings").select("ballot", "item", "value").execute()
    rows = rows[rows["item"] == item]
    named = pd.crosstab(rows["ballot"], rows["value"]).clip(upper=1)
    frame = mention_rank_sets(named.reindex(columns=list(label), fill_value=0)).table()
    frame = frame.rename(columns={"unit": "name"}).assign(label=lambda t: t["name"].map(label))
    few = hidden(frame["count"], k=dataset.manifest["k"])
    told = ["count", "share", "rank", "lower", "upper"]
    frame = frame.astype(dict.fromkeys(told, float))
    frame.loc[few, told] = np.nan
    order = ["rank", "name"]
    return frame.sort_values(order, na_position="last", ignore_index=True)[["name", "label", *told]]


def support(dataset: Dataset) -> pd.DataFrame:
    """Return how far people support each proposal, and think it can be done.

    Parameters
    ----------
    dataset : Dataset
        Of a questionnaire that rates proposals on scales (TL).

    Returns
    -------
    DataFrame
        One row a proposal and scale: ``target``, ``label``, ``scale``, ``scale_label``, ``n``, ``estimate``
        (0–100), ``se``, ``is_ranked`` (ten or more judged it). NaN where fewer than k judged, or all
        are of one mind.

    Raises
    ------
    UsageError
        ``not-a-summary`` where nothing is proposed.
    """
    scored = scoring.item_scores(dataset).execute().dropna(subset=["score"])
    scored = scored[scored["target"].isin([t.name for t in dataset.targets])]
    if scored.empty:
        raise UsageError.of("not-a-summary", dataset.name)
    scored["scale"] = scored["item"].map({i.name: i.scale for i in dataset.questionnaire.items.values()})
    grouped = scored.groupby(["target", "scale"])["score"]
    frame = pd.DataFrame({"n": grouped.count(), "estimate": grouped.mean(), "sd": grouped.std()})
    frame = frame.reset_index().sort_values(["scale", "estimate"], ascending=[False, False])
    frame["se"] = frame["sd"] / np.sqrt(frame["n"])
    for _, part in frame.groupby("scale"):
        few = part.index[hidden(part["n"], k=dataset.manifest["k"])]
        frame.loc[few, ["n", "estimate", "se"]] = np.nan
    frame.loc[frame["sd"] == 0, ["estimate", "se"]] = np.nan
    frame["is_ranked"] = frame["n"] >= RANK_FROM
    frame["label"] = frame["target"].map({t.name: t.label.zh for t in dataset.targets})
    said = {name: scale.label.zh for name, scale in dataset.questionnaire.scales.items()}
    frame["scale_label"] = frame["scale"].map(said)
    names = ["target", "label", "scale", "scale_label", "n", "estimate", "se", "is_ranked"]
    return frame[names].reset_index(drop=True)
