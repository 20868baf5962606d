"""What each rated person does well and less well: dimensions beside the middle of the pool.

For one person's own eyes. The middle is the mean over the pool, never its median: the median of an
odd pool *is* some colleague's score. With fewer than k persons the mean would give them away too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from .. import scoring
from ..dataset import Dataset
from ..errors import UsageError
from ..html import table_html
from ..stats.composite import composite

COLUMNS = ["dim", "dim_label", "n", "estimate", "middle", "difference", "lower", "upper", "standing"]


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """Every target's dimensions against the middle of its pool.

    Attributes
    ----------
    dataset, hash : str
    coverage : float
        Of the intervals of one person's dimensions together (Bonferroni).
    rows : DataFrame
        One row a target and dimension: ``target``, ``label``, ``dim`` (item), ``dim_label``, ``n``
        (ratings), ``estimate`` (0–100, classes weighted), ``middle`` (mean of the pool),
        ``difference`` with ``lower`` and ``upper``, ``standing`` (``above``, ``level``, ``below``).
        NaN where fewer than k rated, or where all who rated agree.
    """

    dataset: str
    hash: str
    coverage: float
    rows: pd.DataFrame

    def of(self, target: str) -> pd.DataFrame:
        """Return one person's dimensions, what stands out most first."""
        own = self.rows[self.rows["target"] == target]
        return own.sort_values("difference", ascending=False, na_position="last")[
            COLUMNS
        ].reset_index(drop=True)

    def table(self) -> pd.DataFrame:
        """Return all rows, unrounded."""
        return self.rows.copy()

    def _repr_html_(self) -> str:
        return table_html(self.rows)


def profiles(dataset: Dataset, *, coverage: float = 0.95) -> Profiles:
    """Return every target's dimensions with what is known of their distance from the middle.

    Parameters
    ----------
    dataset : Dataset
        Of a questionnaire with a composite of dimensions (FZ, SJ).
    coverage : float
        Of all of a person's intervals together.

    Raises
    ------
    UsageError
        ``not-a-ballot``; ``profile-pool`` where the pool has fewer than k persons.

    Notes
    -----
    The distance of target i from the mean of N is the contrast ``e_i − 1/N``; its variance comes
    from the covariance of the composites, in which a voter's leniency towards all cancels.
    """
    if dataset.is_imported or dataset.questionnaire.composite is None:
        raise UsageError.of("not-a-ballot", dataset.name)
    q, k = dataset.questionnaire, dataset.manifest["k"]
    if len(dataset.targets) < k:
        raise UsageError.of("profile-pool", dataset.name, n=len(dataset.targets), k=k)
    scored = scoring.item_scores(dataset).execute()
    dims = q.composite.dims  # type: ignore[union-attr]
    z = 1 - (1 - coverage) / len(dims)
    found = [_dimension(dataset, scored[scored["item"] == d], d, coverage=z) for d in dims]
    label = {t.name: t.label.zh for t in dataset.targets}
    rows = pd.concat(found, ignore_index=True)
    rows.insert(1, "label", rows["target"].map(label))
    rows["dim_label"] = [q.items[d].label.zh for d in rows["dim"]]
    return Profiles(dataset.name, dataset.hash, coverage, rows)


def _dimension(dataset: Dataset, scored: pd.DataFrame, dim: str, *, coverage: float) -> pd.DataFrame:
    names = [t.name for t in dataset.targets]
    valid = scored.dropna(subset=["score"])
    wide = valid.pivot(index="ballot", columns="target", values="score").reindex(columns=names)
    n = wide.notna().sum()
    out = pd.DataFrame({"target": names, "dim": dim, "n": n.to_numpy(float)})
    for column in ("estimate", "middle", "difference", "lower", "upper"):
        out[column] = np.nan
    out["standing"] = ""
    enough = n.index[n >= dataset.manifest["k"]].tolist()
    out.loc[~out["target"].isin(enough), "n"] = np.nan
    if len(enough) < dataset.manifest["k"]:
        return out
    of_class = valid.drop_duplicates("ballot").set_index("ballot")["voter_class"]
    scores = wide[enough].dropna(how="all")
    classes = of_class.loc[scores.index].to_numpy()
    weights = {c: w for c, w in dataset.weights.items() if c in set(classes) and w > 0}
    scores, classes = scores[np.isin(classes, list(weights))], classes[np.isin(classes, list(weights))]
    made = composite(scores, classes, weights=weights)
    contrast = np.eye(len(enough)) - 1 / len(enough)
    difference = contrast @ made.estimate
    se = np.sqrt(np.maximum(np.diag(contrast @ made.covariance() @ contrast.T), 0))
    half = stats.t.isf((1 - coverage) / 2, np.maximum(made.df, 1)) * se
    told = {"estimate": made.estimate, "middle": made.estimate.mean(), "difference": difference,
            "lower": difference - half, "upper": difference + half}  # fmt: skip
    part = pd.DataFrame(told, index=pd.Index(enough))
    part.loc[(scores.max() == scores.min()).to_numpy()] = np.nan  # of one mind: nobody's mark is told
    out = out.set_index("target")
    out.loc[enough, list(told)] = part
    out["standing"] = np.where(out["lower"] > 0, "above", np.where(out["upper"] < 0, "below", "level"))
    out.loc[out["estimate"].isna(), "standing"] = ""
    return out.reset_index()
