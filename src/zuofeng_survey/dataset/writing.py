"""Writing a dataset folder: all of it or nothing."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import DatasetError, StorageError
from .folder import FORMAT, Dataset, recount, sha256
from .merkle import leaf

SCHEMAS = {
    "ballots": pa.schema([("ballot", pa.int32()), ("voter_class", pa.string()), ("salt", pa.string())]),
    "ratings": pa.schema(
        [
            ("ballot", pa.int32()),
            ("voter_class", pa.string()),
            ("target", pa.string()),
            ("item", pa.string()),
            ("value", pa.string()),
        ]
    ),
    "apart": pa.schema(
        [("record", pa.int32()), ("item", pa.string()), ("target", pa.string()), ("value", pa.string())]
    ),
    "texts": pa.schema(
        [("item", pa.string()), ("target", pa.string()), ("text", pa.string()), ("salt", pa.string())]
    ),
}


@dataclass(slots=True)
class Content:
    """What goes into the Parquet files, before it is numbered and sorted.

    ``ballots`` holds (voter_class, [(item, target, value), …]); the order it comes in is lost.
    """

    ballots: list[tuple[str, list[tuple[str, str, str]]]] = field(default_factory=list)
    apart: list[list[tuple[str, str, str]]] = field(default_factory=list)
    texts: list[tuple[str, str, str]] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)


def write(folder: Path, content: Content, codebook: Mapping[str, Any], facts: Mapping[str, Any]) -> Dataset:
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
        for name, rows in _tables(content).items():
            columns = pa.Table.from_pylist(rows, schema=SCHEMAS[name])
            pq.write_table(columns, partial / f"{name}.parquet", compression="zstd")
        lines = "".join(f"{r}\n" for r in sorted(content.receipts))
        (partial / "receipts.txt").write_text(lines, encoding="ascii")
        _json(partial / "codebook.json", codebook)
        _seal(partial, folder.name, facts)
        partial.rename(folder)
    except OSError as error:
        raise StorageError.of("home", str(folder), why=error.strerror or str(error)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Dataset.open(folder)


def _tables(content: Content) -> dict[str, list[dict[str, Any]]]:
    """Sort the ballots by their salted leaves and number them: a shuffle nobody can undo."""
    salted = []
    for voter_class, answers in content.ballots:
        salt = secrets.token_bytes(16)
        given = sorted(map(list, answers))
        salted.append((leaf(salt, [voter_class, given]), salt.hex(), voter_class, given))
    salted.sort(key=lambda s: s[0])
    ballots, ratings = [], []
    for n, (_, salt_hex, voter_class, given) in enumerate(salted, start=1):
        ballots.append({"ballot": n, "voter_class": voter_class, "salt": salt_hex})
        ratings += [
            {"ballot": n, "voter_class": voter_class, "item": i, "target": t, "value": v}
            for i, t, v in given
        ]
    texts = [dict(zip(("item", "target", "text"), t, strict=True)) for t in content.texts]
    texts = _scattered(t | {"salt": secrets.token_hex(16)} for t in texts)
    apart = [
        {"record": n, "item": i, "target": t, "value": v}
        for n, record in enumerate(_scattered(content.apart), start=1)
        for i, t, v in record
    ]
    return {"ballots": ballots, "ratings": ratings, "apart": apart, "texts": texts}


def _scattered(rows: Iterable[Any]) -> list[Any]:
    shuffled = list(rows)
    secrets.SystemRandom().shuffle(shuffled)
    return shuffled


def _seal(folder: Path, name: str, facts: Mapping[str, Any]) -> None:
    files = {p.name: sha256(p) for p in sorted(folder.iterdir())}
    version = metadata.version("zuofeng-survey")
    manifest = {"format": FORMAT, "name": name, **facts, **recount(folder)}
    manifest |= {"files": files, "software": {"zuofeng-survey": version}}
    _json(folder / "manifest.json", manifest)
    files["manifest.json"] = sha256(folder / "manifest.json")
    lines = "".join(f"{digest}  {file}\n" for file, digest in sorted(files.items()))
    (folder / "SHA256SUMS").write_text(lines, encoding="ascii")
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())


def _json(path: Path, value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str)
    path.write_text(text + "\n", encoding="utf-8")


def totals(counts: Mapping[str, Mapping[str, int]], keys: Sequence[str]) -> dict[str, int]:
    """Add the counts of all classes up."""
    return {key: sum(row[key] for row in counts.values()) for key in keys}

