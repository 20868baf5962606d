"""A dataset is a folder: Parquet files, a codebook, a manifest with every hash.

::

    NAME/
    ├── manifest.json      counts per class, Merkle roots, SHA-256 of every other file, versions
    ├── codebook.json      the questionnaire, the targets, the voter classes
    ├── ballots.parquet    ballot, voter_class, salt
    ├── ratings.parquet    ballot, voter_class, target, item, value
    ├── apart.parquet      what was asked apart (self-reflection), not joined to any ballot
    ├── texts.parquet      item, target, text, salt: shuffled, not joined to any ballot
    ├── receipts.txt       sorted; each voter finds their own
    └── SHA256SUMS         so that ``sha256sum -c`` works without this package
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import ibis
import pyarrow.parquet as pq

from ..errors import DatasetError, Problem
from ..poll import Constituency, Target
from ..questionnaire import Questionnaire
from .merkle import leaf, root

TABLES = ("ballots", "ratings", "apart", "texts")
FORMAT = 1


@dataclass(frozen=True)
class Dataset:
    """What results read. Its ``hash`` is the SHA-256 of the manifest, which holds all others."""

    path: Path
    manifest: dict[str, Any]
    codebook: dict[str, Any]
    hash: str
    _connection: Any = field(default_factory=ibis.duckdb.connect, repr=False, compare=False)

    @classmethod
    def open(cls, path: str | Path) -> Dataset:
        """Open a dataset folder.

        Raises
        ------
        DatasetError
            When it is not a dataset or its manifest does not fit its checksum. ``verify`` checks
            every byte.
        """
        path = Path(path)
        if not (path / "manifest.json").is_file():
            raise DatasetError.of("dataset-missing", str(path))
        try:
            raw = (path / "manifest.json").read_bytes()
            manifest = json.loads(raw)
            codebook = json.loads((path / "codebook.json").read_bytes())
            if manifest["format"] != FORMAT:
                raise DatasetError.of("dataset-format", path.name, got=manifest["format"])
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise DatasetError.of("dataset-altered", path.name, what="manifest.json") from error
        return cls(path, manifest, codebook, hashlib.sha256(raw).hexdigest())

    @property
    def name(self) -> str:
        return self.manifest["name"]

    @property
    def is_imported(self) -> bool:
        """Whether the ratings came from a table collected elsewhere, not from sealed ballots."""
        return self.manifest["source"] == "table"

    @cached_property
    def questionnaire(self) -> Questionnaire:
        if self.is_imported:
            raise DatasetError.of("dataset-no-questionnaire", self.name)
        return Questionnaire.model_validate(self.codebook["questionnaire"])

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        return tuple(Target.model_validate(t) for t in self.codebook["targets"])

    @cached_property
    def classes(self) -> tuple[Constituency, ...]:
        return tuple(Constituency.model_validate(c) for c in self.codebook["classes"])

    @property
    def weights(self) -> dict[str, float]:
        """Voter class → weight, as published before the vote."""
        return {c.base: c.weight for c in self.classes}

    def table(self, name: str) -> Any:
        """Return one of the Parquet files as an Ibis table."""
        return self._connection.read_parquet(str(self.path / f"{name}.parquet"), table_name=name)

    def __repr__(self) -> str:
        counts = self.manifest["totals"]
        return f"<Dataset {self.name} {self.hash[:12]}: {counts['valid']} ballots>"


def verify(path: str | Path) -> list[Problem]:
    """Recompute every hash, root and count; the first thing that differs is named first.

    Returns
    -------
    list of Problem
        Empty where all is well.
    """
    path = Path(path)
    if problems := _checksums(path):
        return problems
    try:
        dataset = Dataset.open(path)
        expected = dataset.manifest["files"]
        for name, digest in expected.items():
            if sha256(path / name) != digest:
                return [_altered(path, name)]
        found = recount(path)
    except (DatasetError, OSError, ValueError, KeyError) as error:
        return list(getattr(error, "problems", ())) or [_altered(path, "manifest.json")]
    for key, value in found.items():
        if dataset.manifest[key] != value:
            params = {"what": key, "expected": dataset.manifest[key], "got": value}
            return [Problem("dataset-differs", path.name, params)]
    return []


def _checksums(path: Path) -> list[Problem]:
    sums = path / "SHA256SUMS"
    if not sums.is_file():
        return [Problem("dataset-missing", str(path))]
    try:
        lines = sums.read_text(encoding="ascii").splitlines()
        listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    except ValueError:
        return [_altered(path, "SHA256SUMS")]
    present = {p.name for p in path.iterdir()} - {"SHA256SUMS"}
    for name in sorted(present | set(listed)):
        if name not in present or name not in listed or sha256(path / name) != listed[name]:
            return [_altered(path, name)]
    return []


def _altered(path: Path, name: str) -> Problem:
    return Problem("dataset-altered", path.name, {"what": name})


def recount(path: Path) -> dict[str, Any]:
    """Recompute from the Parquet files what the manifest claims of them."""
    tables = {name: pq.read_table(path / f"{name}.parquet").to_pylist() for name in TABLES}
    answers: dict[int, list[list[str]]] = {row["ballot"]: [] for row in tables["ballots"]}
    for row in tables["ratings"]:
        answers[row["ballot"]].append([row["item"], row["target"], row["value"]])
    leaves = [
        leaf(bytes.fromhex(b["salt"]), [b["voter_class"], sorted(answers[b["ballot"]])])
        for b in tables["ballots"]
    ]
    texts = [
        leaf(bytes.fromhex(t["salt"]), [t["item"], t["target"], t["text"]])
        for t in tables["texts"]
    ]
    receipts = (path / "receipts.txt").read_text(encoding="ascii").splitlines()
    rows = {name: len(rows) for name, rows in tables.items()}
    return {
        "ballots_root": root(leaves),
        "texts_root": root(texts),
        "rows": {**rows, "receipts": len(receipts)},
    }


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
