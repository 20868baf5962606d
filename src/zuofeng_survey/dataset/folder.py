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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import DatasetError
from ..poll import Constituency, Target
from ..questionnaire import Questionnaire
from .engines import DUCKDB, SPARK, connect

TABLES = ("ballots", "ratings", "apart", "texts")
FILES = (*(f"{name}.parquet" for name in TABLES), "codebook.json", "receipts.txt")
MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
FORMAT = 1


@dataclass(frozen=True)
class Dataset:
    """What results read. Its ``hash`` is the SHA-256 of the manifest, which holds all others."""

    path: Path
    manifest: dict[str, Any]
    codebook: dict[str, Any]
    hash: str
    engine: str = DUCKDB
    _made: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def open(cls, path: str | Path) -> Dataset:
        """Open a dataset folder.

        Raises
        ------
        DatasetError
            When it is not a dataset, or its manifest or codebook does not fit its checksum.
            ``verify`` checks every byte.
        """
        path = Path(path)
        if not (path / MANIFEST).is_file() or not (path / SUMS).is_file():
            raise DatasetError.of("dataset-missing", str(path))
        manifest, digest = _read(path / MANIFEST)
        if manifest.get("format") != FORMAT:
            raise DatasetError.of("dataset-format", path.name, got=manifest.get("format"))
        if f"{digest}  {MANIFEST}\n".encode() not in (path / SUMS).read_bytes():
            raise DatasetError.of("dataset-altered", path.name, what=f"{MANIFEST}, {SUMS}")
        codebook, found = _read(path / "codebook.json")
        if manifest.get("files", {}).get("codebook.json") != found:
            raise DatasetError.of("dataset-altered", path.name, what="codebook.json")
        return cls(path, manifest, codebook, digest)

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

    def on(self, engine: str) -> Dataset:
        """Return the same dataset, read by ``duckdb`` or ``spark``.

        Raises
        ------
        UsageError
            As :func:`.engines.connect`, at once rather than at the first table.
        """
        moved = replace(self, engine=engine)
        _ = moved._connection
        return moved

    @cached_property
    def _connection(self) -> Any:
        return connect(self.engine)

    def table(self, name: str) -> Any:
        """Return one of the Parquet files as an Ibis table of the dataset's engine.

        Raises
        ------
        DatasetError
            ``dataset-altered`` when the file is not there.
        """
        file = self.path / f"{name}.parquet"
        if not file.is_file():
            raise DatasetError.of("dataset-altered", self.name, what=file.name)
        unique = f"{name}_{self.hash[:16]}"  # Spark's tables have one name space for all datasets
        return self._connection.read_parquet(str(file.absolute()), table_name=unique)

    @contextmanager
    def held(self, expression: Any) -> Iterator[Any]:
        """Give an expression that is read more than once, computed once where that pays.

        DuckDB writes it to a file of its own, so that it costs no memory; Spark sees for itself
        which parts of a query are the same, and nothing leaves the cluster.
        """
        if self.engine == SPARK:
            yield expression
            return
        with TemporaryDirectory(prefix="zuofeng-") as folder:
            file = Path(folder) / "held.parquet"
            expression.to_parquet(file)
            yield self._connection.read_parquet(str(file), table_name=Path(folder).name)

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what ``make`` made when first asked under this key: a dataset does not change.

        For small things that many results rest on; they live as long as this object.
        """
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def rows(self, name: str) -> int:
        """Return how many rows one of the Parquet files has, from its footer alone."""
        import pyarrow.parquet as pq

        return pq.read_metadata(self.path / f"{name}.parquet").num_rows

    def __repr__(self) -> str:
        counts = self.manifest["totals"]
        return f"<Dataset {self.name} {self.hash[:12]}: {counts['valid']} ballots>"


def _read(path: Path) -> tuple[dict[str, Any], str]:
    """Read a JSON object and return it with the SHA-256 of its bytes."""
    try:
        raw = path.read_bytes()
        found = json.loads(raw)
    except (ValueError, OSError, RecursionError) as error:
        raise DatasetError.of("dataset-altered", path.parent.name, what=path.name) from error
    if not isinstance(found, dict):
        raise DatasetError.of("dataset-altered", path.parent.name, what=path.name)
    return found, hashlib.sha256(raw).hexdigest()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sums(digests: dict[str, str]) -> str:
    """Return the text of SHA256SUMS."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
