"""Texts that say the same in nearly the same words.

Cosine of character bigrams and trigrams weighted by tf–idf: robust for short Chinese sentences,
where words are few and segmentation errs. Neighbours are searched for, never all pairs kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..html import table_html

LEAST = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """Groups of texts that resemble each other.

    Attributes
    ----------
    group : ndarray of int, shape (n,)
        Number of each text's group, the largest group first; −1 where a text stands alone.
    least : float
        Smallest cosine that counts as alike.
    """

    group: NDArray[np.int64]
    least: float

    def table(self) -> pd.DataFrame:
        """Return one row a group: group, n."""
        counted = pd.Series(self.group[self.group >= 0]).value_counts().sort_index()
        return pd.DataFrame({"group": counted.index, "n": counted.to_numpy()})

    def _repr_html_(self) -> str:
        return table_html(self.table())


def alike(texts: Sequence[str], *, least: float = LEAST) -> Alike:
    """Find groups of near-duplicates; a chain of likenesses is one group.

    Parameters
    ----------
    texts : sequence of str, length n
    least : float
        Cosine of two texts' character n-grams from which they are alike, above 0 to 1.

    Raises
    ------
    ValueError
        ``least`` out of range.

    Examples
    --------
    >>> alike(["路灯坏了两个月没人修", "路灯坏了，两个月没人修！", "窗口中午没有人"]).group.tolist()
    [0, 0, -1]
    """
    from scipy.sparse.csgraph import connected_components
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import radius_neighbors_graph

    if not 0 < least <= 1:
        raise ValueError(f"least must be above 0 and at most 1, got {least}")
    bare = [plain(t) for t in texts]
    told = [i for i, text in enumerate(bare) if len(text) >= 2]
    group = np.full(len(bare), -1)
    if len(told) > 1:
        grams = TfidfVectorizer(analyzer="char", ngram_range=(2, 3), sublinear_tf=True)
        rows = grams.fit_transform([bare[i] for i in told])
        near = radius_neighbors_graph(rows, 1 - least + 1e-9, metric="cosine")
        _, label = connected_components(near, directed=False)
        group[told] = _numbered(label)
    group.setflags(write=False)
    return Alike(group, least)


def plain(text: str) -> str:
    """Return a text without punctuation, space and digits, full-width forms made plain.

    >>> plain("３ 号楼的灯，坏了！")
    '号楼的灯坏了'
    """
    return re.sub(r"[\W\d_]+", "", unicodedata.normalize("NFKC", text)).lower()


def _numbered(label: NDArray[np.int32]) -> NDArray[np.int64]:
    """Give groups of two and more numbers by size; those alone become −1."""
    size = np.bincount(label)
    order = np.lexsort((np.arange(len(size)), -size))
    number = np.full(len(size), -1)
    shared = [c for c in order if size[c] > 1]
    number[shared] = np.arange(len(shared))
    return number[label]
