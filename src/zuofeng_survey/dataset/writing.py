"""Writing a dataset folder: all of it or nothing."""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DatasetError, StorageError
from ..store.files import sync_folder
from .folder import FORMAT, MANIFEST, SUMS, Dataset, sha256, sums
from .merkle import leaf, root
from .tables import Answer, gather, save


@dataclass(slots=True)
class Content:
    """What goes into the Parquet files, before it is numbered and sorted.

    The order that ballots, texts and receipts come in is lost on the way.
    """

    apart: list[list[Answer]] = field(default_factory=list)
    texts: list[Answer] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    ballots: list[array[int]] = field(default_factory=list)
    different: dict[Answer, int] = field(default_factory=dict)

    def add(self, voter_class: str, answers: Iterable[Answer]) -> None:
        """Add one ballot: its class and its answers (item, target, value)."""
        known = self.different
        self.classes.append(voter_class)
        self.ballots.append(array("i", [known.setdefault(a, len(known)) for a in answers]))


def write(
    folder: Path, content: Content, codebook: Mapping[str, Any], facts: Mapping[str, Any]
) -> Dataset:
    """Write a dataset into ``folder``, which must not exist.

    Raises
    ------
    DatasetError
        ``dataset-exists``.
    StorageError
        When the disk refuses; then no folder is left.
    """
    if folder.exists():
        raise DatasetError.of("dataset-exists", str(folder))
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True, mode=0o700)
        found = _tables(partial, content)
        lines = "".join(f"{r}\n" for r in sorted(content.receipts))
        (partial / "receipts.txt").write_text(lines, encoding="ascii")
        _json(partial / "codebook.json", codebook)
        _seal(partial, {"format": FORMAT, "name": folder.name, **facts, **found})
        partial.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise DatasetError.of("dataset-exists", str(folder)) from error
        raise StorageError.of("home", str(folder), why=error.strerror or str(error)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Dataset.open(folder)


def _tables(folder: Path, content: Content) -> dict[str, Any]:
    """Write the four tables; return their roots and their numbers of rows."""
    ballots_root, ratings = _ballots(folder, content)
    texts = _scattered((*t, secrets.token_hex(16)) for t in content.texts)
    _write_rows(folder, "texts", ("item", "target", "text", "salt"), texts)
    apart = [
        (n, *answer)
        for n, record in enumerate(_scattered(content.apart), start=1)
        for answer in record
    ]
    _write_rows(folder, "apart", ("record", "item", "target", "value"), apart)
    leaves = [leaf(bytes.fromhex(salt), list(text)) for *text, salt in texts]
    rows = {"ballots": len(content.ballots), "ratings": ratings, "apart": len(apart)}
    rows |= {"texts": len(texts), "receipts": len(content.receipts)}
    return {"ballots_root": ballots_root, "texts_root": root(leaves), "rows": rows}


def _ballots(folder: Path, content: Content) -> tuple[str, int]:
    """Write ballots and ratings, numbered by their salted leaves: a shuffle nobody can undo."""
    answers = gather(content.ballots, list(content.different))
    salts = [secrets.token_bytes(16) for _ in content.ballots]
    leaves = answers.leaves(salts, content.classes)
    order = sorted(range(len(leaves)), key=leaves.__getitem__)
    numbers = np.arange(1, len(order) + 1, dtype=np.int32)
    classes = np.array(content.classes, dtype=object)[order]
    table = {"ballot": numbers, "voter_class": classes, "salt": [salts[i].hex() for i in order]}
    save(folder, "ballots", table)
    sizes = np.diff(answers.ends)[order]
    begins = np.repeat(answers.ends[:-1][order] - np.cumsum(sizes) + sizes, sizes)
    rows = answers.rows[begins + np.arange(sizes.sum())]
    ratings = {"ballot": np.repeat(numbers, sizes), "voter_class": np.repeat(classes, sizes)}
    columns = {name: answers.column(n, rows) for n, name in enumerate(("item", "target", "value"))}
    save(folder, "ratings", ratings | columns)
    return root(leaves), len(rows)


def _write_rows(folder: Path, name: str, columns: tuple[str, ...], rows: list[tuple]) -> None:
    save(folder, name, {c: [row[n] for row in rows] for n, c in enumerate(columns)})


def _scattered(rows: Iterable[Any]) -> list[Any]:
    shuffled = list(rows)
    secrets.SystemRandom().shuffle(shuffled)
    return shuffled


def _seal(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest and the checksums, and wait until the disk has all of it."""
    files = {p.name: sha256(p) for p in sorted(folder.iterdir())}
    version = metadata.version("zuofeng-survey")
    _json(folder / MANIFEST, manifest | {"files": files, "software": {"zuofeng-survey": version}})
    digests = files | {MANIFEST: sha256(folder / MANIFEST)}
    (folder / SUMS).write_text(sums(digests), encoding="ascii")
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    sync_folder(folder)


def _json(path: Path, value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str)
    path.write_text(text + "\n", encoding="utf-8")
