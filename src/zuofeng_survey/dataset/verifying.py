"""Recomputing a dataset: every byte, every root, every count that its tables can tell."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ..errors import DatasetError, Problem
from ..questionnaire import Questionnaire
from .counting import marks_of, totals
from .folder import FILES, MANIFEST, SUMS, TABLES, Dataset, sha256, sums
from .merkle import root
from .tables import Answers, read, regather, text_leaves

LINE = re.compile(r"([0-9a-f]{64})  ([^\n/]+)\n")
RECEIPT = re.compile(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}\n")


def verify(path: str | Path) -> list[Problem]:
    """Recompute every hash, root and count; the first thing that differs is named.

    Returns
    -------
    list of Problem
        Empty where all is well.
    """
    path = Path(path)
    if not any((path / name).is_file() for name in (SUMS, MANIFEST)):
        return [Problem("dataset-missing", str(path))]
    try:
        if problem := _bytes(path):
            return [problem]
        dataset = Dataset.open(path)
        if dataset.manifest["files"] != {name: sha256(path / name) for name in FILES}:
            return [_altered(path, MANIFEST)]
        return [
            Problem("dataset-differs", path.name, {"what": what, "expected": said, "got": found})
            for what, said, found in _claims(dataset)
            if said != found
        ][:1]
    except DatasetError as error:
        return list(error.problems)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return [_altered(path, MANIFEST)]


def _altered(path: Path, name: str) -> Problem:
    return Problem("dataset-altered", path.name, {"what": name})


def _bytes(path: Path) -> Problem | None:
    """Compare every file with SHA256SUMS; where only the list is wrong, the list is named."""
    present, wanted = {p.name for p in path.iterdir()}, {*FILES, MANIFEST, SUMS}
    for code, names in (("dataset-extra", present - wanted), ("dataset-lacks", wanted - present)):
        if names:
            return Problem(code, path.name, {"what": min(names)})
    found = {name: sha256(path / name) for name in (*FILES, MANIFEST)}
    said = (path / SUMS).read_bytes().decode("latin-1")
    if said == sums(found):
        return None
    listed = {name: digest for digest, name in LINE.findall(said)}
    remembered = _remembered(path)
    for name in FILES:
        if name in remembered and found[name] not in (remembered[name], listed.get(name)):
            return _altered(path, name)
    if remembered != {name: found[name] for name in FILES}:
        return _altered(path, MANIFEST)
    others = {name: listed.get(name) for name in FILES} == {name: found[name] for name in FILES}
    is_well_formed = said == sums(listed) and listed.keys() == found.keys()
    return _altered(path, f"{MANIFEST}, {SUMS}" if others and is_well_formed else SUMS)


def _remembered(path: Path) -> Mapping[str, str]:
    """Return the hashes that the manifest holds, as far as it can be read."""
    try:
        files = json.loads((path / MANIFEST).read_bytes())["files"]
        return {str(name): str(digest) for name, digest in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


Claim = tuple[str, Any, Any]


def _claims(dataset: Dataset) -> Iterator[Claim]:
    """Yield (what, what the manifest says, what the tables say)."""
    path, manifest = dataset.path, dataset.manifest
    tables = {name: read(path, name) for name in TABLES}
    ballots, ratings = tables["ballots"], tables["ratings"]
    numbers = ballots["ballot"].to_numpy()
    yield "ballots › ballot", len(numbers), len(np.unique(numbers))
    ballots = ballots.sort_by("ballot")
    classes = ballots["voter_class"].to_pylist()
    salts = map(bytes.fromhex, ballots["salt"].to_pylist())
    answers = regather(ratings, numbers)
    yield "ballots_root", manifest["ballots_root"], root(answers.leaves(salts, classes))
    yield "texts_root", manifest["texts_root"], root(text_leaves(tables["texts"]))
    receipts = _receipts(path)
    rows = {name: table.num_rows for name, table in tables.items()}
    yield "rows", manifest["rows"], {**rows, "receipts": len(receipts)}
    where = np.searchsorted(np.sort(numbers), ratings["ballot"].to_numpy())
    own = pa.array(classes, pa.string()).take(pa.array(where))
    yield "ratings › voter_class", True, own.equals(ratings["voter_class"].combine_chunks())
    yield from _counts(dataset, classes, answers, len(receipts))


def _receipts(path: Path) -> list[str]:
    """Return the receipts; they must be well formed, sorted, each there once."""
    text = (path / "receipts.txt").read_bytes().decode("latin-1")
    found = RECEIPT.findall(text)
    if text != "".join(sorted(set(found))):
        raise DatasetError.of("dataset-altered", path.name, what="receipts.txt")
    return found


def _counts(
    dataset: Dataset, classes: list[str], answers: Answers, receipts: int
) -> Iterator[Claim]:
    counts = dataset.manifest["counts"]
    yield "totals", dataset.manifest["totals"], totals(counts)
    if not dataset.is_imported:
        yield "totals › cast", dataset.manifest["totals"]["cast"], receipts
    valid = Counter(classes)
    answered, dk = _marks(dataset, classes, answers)
    yield "counts", set(counts), set(counts) | set(valid)
    for name, said in counts.items():
        found = {
            "valid": valid[name],
            "cast": said["valid"] + said["void"],
            "answered": answered[name],
            "dk": dk[name],
            "blank": max(said["asked"] - said["answered"], 0),
        }
        for key, value in found.items():
            yield f"counts › {name} › {key}", said[key], value


def _marks(
    dataset: Dataset, classes: list[str], answers: Answers
) -> tuple[Counter[str], Counter[str]]:
    """Count the marks and the 不了解 of each class once more, from the ratings."""
    if dataset.is_imported:
        is_mark = np.ones(len(answers.different), dtype=np.int64)
        is_dk = np.zeros_like(is_mark)
    else:
        marks = marks_of(Questionnaire.model_validate(dataset.codebook["questionnaire"]))
        is_mark = np.array([a[0] in marks.items for a in answers.different], dtype=np.int64)
        is_dk = np.array([(a[0], a[2]) in marks.dk for a in answers.different], dtype=np.int64)
    found: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for counter, flags in zip(found, (is_mark, is_dk), strict=True):
        running = np.concatenate([[0], np.cumsum(flags[answers.rows])])
        for name, n in zip(classes, np.diff(running[answers.ends]).tolist(), strict=True):
            counter[name] += n
    return found
