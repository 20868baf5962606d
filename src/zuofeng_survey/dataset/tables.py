"""The Parquet tables of a dataset, and the leaves that stand for their rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import DatasetError
from ..seal import canonical
from .merkle import ballot_leaf, leaf

Answer = tuple[str, str, str]
ANSWER = ("item", "target", "value")


def _schema(*columns: str, number: str = "") -> pa.Schema:
    numbered = [(number, pa.int32())] if number else []
    return pa.schema([*numbered, *((name, pa.string()) for name in columns)])


SCHEMAS = {
    "ballots": _schema("voter_class", "salt", number="ballot"),
    "ratings": _schema("voter_class", "target", "item", "value", number="ballot"),
    "apart": _schema("item", "target", "value", number="record"),
    "texts": _schema("item", "target", "text", "salt"),
}


@dataclass(frozen=True, slots=True)
class Answers:
    """Many ballots' answers: the few different ones, and which of them each row is.

    Attributes
    ----------
    different : list of (item, target, value)
        Sorted.
    rows : ndarray of int, shape (answers,)
        Positions in ``different``, sorted within each ballot.
    ends : ndarray of int, shape (ballots + 1,)
        Where each ballot's rows begin and end.
    """

    different: Sequence[Answer]
    rows: np.ndarray
    ends: np.ndarray

    def column(self, part: int, order: np.ndarray) -> pa.Array:
        """Return one part of the answers as a column, for some rows in some order."""
        words, index = np.unique([a[part] for a in self.different] or [""], return_inverse=True)
        codes = index.astype(np.int32)[order] if len(self.different) else np.empty(0, np.int32)
        return pa.DictionaryArray.from_arrays(codes, pa.array(words.tolist())).cast(pa.string())

    def leaves(self, salts: Iterable[bytes], classes: Iterable[str]) -> list[bytes]:
        """Return the leaf of each ballot."""
        written = [canonical(list(answer)) for answer in self.different]
        found = []
        ends, rows = self.ends.tolist(), self.rows.tolist()
        for n, (salt, voter_class) in enumerate(zip(salts, classes, strict=True)):
            mine = rows[ends[n] : ends[n + 1]]
            found.append(ballot_leaf(salt, voter_class, [written[i] for i in mine]))
        return found


def gather(ballots: Sequence[Sequence[int]], different: Sequence[Answer]) -> Answers:
    """Sort the answers of ballots that come as positions in ``different``, in any order."""
    order = sorted(range(len(different)), key=different.__getitem__)
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    sizes = np.fromiter(map(len, ballots), dtype=np.int64, count=len(ballots))
    ends = np.concatenate([[0], np.cumsum(sizes)])
    rows = np.empty(ends[-1], dtype=np.int32)
    for n, ballot in enumerate(ballots):
        rows[ends[n] : ends[n + 1]] = np.sort(place[np.asarray(ballot, dtype=np.int64)])
    return Answers([different[i] for i in order], rows, ends)


def regather(ratings: pa.Table, ballots: np.ndarray) -> Answers:
    """Find the answers of each ballot again from the table of ratings, whatever its order.

    Raises
    ------
    DatasetError
        When a rating belongs to no ballot.
    """
    owner = ratings["ballot"].to_numpy()
    if not np.isin(owner, ballots).all():
        raise DatasetError.of("dataset-altered", "", what="ratings.parquet")
    code = np.zeros(len(owner), dtype=np.int64)
    words = []
    for name in ANSWER:
        found, index = _encoded(ratings[name])
        words.append(found)
        code = code * max(len(found), 1) + index
    different, row = np.unique(code, return_inverse=True)
    answers = [_decoded(int(c), words) for c in different]
    by_ballot = np.lexsort((row, owner))
    ends = np.searchsorted(owner[by_ballot], np.append(np.sort(ballots), np.iinfo(np.int64).max))
    return Answers(answers, row[by_ballot].astype(np.int32), ends)


def _encoded(column: pa.ChunkedArray) -> tuple[list[str], np.ndarray]:
    """Return the sorted different words of a column and the place of each row among them."""
    encoded = column.combine_chunks().dictionary_encode()
    words = encoded.dictionary.to_pylist()
    order = sorted(range(len(words)), key=words.__getitem__)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return [words[i] for i in order], place[encoded.indices.to_numpy()]


def _decoded(code: int, words: Sequence[Sequence[str]]) -> Answer:
    item, target, value = words
    code, v = divmod(code, len(value))
    i, t = divmod(code, len(target))
    return item[i], target[t], value[v]


def text_leaves(texts: pa.Table) -> list[bytes]:
    """Return the leaf of each text."""
    rows = zip(*(texts[name].to_pylist() for name in ("salt", "item", "target", "text")), strict=True)
    return [leaf(bytes.fromhex(salt), list(rest)) for salt, *rest in rows]


def read(folder: Path, name: str) -> pa.Table:
    """Read a table as it must be: these columns, of these types, every cell filled.

    Raises
    ------
    DatasetError
        ``dataset-altered``.
    """
    try:
        table = pq.read_table(folder / f"{name}.parquet")
    except (OSError, pa.ArrowException) as error:
        raise DatasetError.of("dataset-altered", folder.name, what=f"{name}.parquet") from error
    is_whole = table.schema.equals(SCHEMAS[name]) and not any(c.null_count for c in table.columns)
    if not is_whole:
        raise DatasetError.of("dataset-altered", folder.name, what=f"{name}.parquet")
    return table


def save(folder: Path, name: str, columns: dict[str, Any]) -> None:
    """Write a table."""
    table = pa.table(columns, schema=SCHEMAS[name])
    pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
