"""The free texts of a dataset, as people of the office may read them: masked, shuffled, from enough people."""

from __future__ import annotations

import pandas as pd

from ..dataset import Dataset
from ..errors import UsageError
from .masking import mask

# Answers about pressure or retaliation and what is for the disciplinary organs leave the survey's way.
PROTECTED = ("HF-E",)


def read(dataset: Dataset, *, item: str = "") -> pd.DataFrame:
    """Return the free texts of a dataset, each masked.

    Parameters
    ----------
    dataset : Dataset
    item : str
        One item only.

    Returns
    -------
    DataFrame
        ``item``, ``target``, ``text`` (masked), ``masked`` (how many places were covered), in the
        order of the dataset, which is no order of casting; the index is a text's place in it.

    Raises
    ------
    UsageError
        ``texts-few``: fewer people answered than may be shown.
    """
    least, valid = dataset.manifest["k"], dataset.manifest["totals"]["valid"]
    if valid < least:
        raise UsageError.of("texts-few", dataset.name, n=valid, k=least)
    table = dataset.table("texts").select("item", "target", "text").execute()
    chosen = table[(table["item"] == item) if item else ~table["item"].str.startswith(PROTECTED)]
    found = [mask(text) for text in chosen["text"]]
    return pd.DataFrame(
        {
            "item": chosen["item"].to_numpy(),
            "target": chosen["target"].to_numpy(),
            "text": [m.text for m in found],
            "masked": [len(m.kinds) for m in found],
        },
        index=chosen.index,
    )
