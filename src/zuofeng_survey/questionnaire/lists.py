"""Choice lists that lie beside a questionnaire: CSV files, and the scales that several share."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import DefinitionError, Problem
from .parsing import LIMIT_BYTES, parse_yaml

LIBRARY = "_scales.yaml"


def read_text(path: Path) -> str:
    """Return a text file's content, or say why it cannot be read."""
    try:
        if path.stat().st_size > LIMIT_BYTES:
            raise DefinitionError.of("file-too-large", path.name, limit=LIMIT_BYTES // 1000)
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise DefinitionError.of("file-missing", str(path)) from error
    except UnicodeDecodeError as error:
        raise DefinitionError.of("not-utf8", path.name) from error
    except (OSError, ValueError) as error:
        raise DefinitionError.of("file-unreadable", str(path)[:200], why=str(error)) from error


def read_list(path: str | Path) -> list[dict[str, Any]]:
    """Read a roster or choice list: a CSV with the columns ``name``, ``label``, ``label::en``.

    A column ``missing`` marks answers such as 不愿说明. Excel's own UTF-8 CSV is understood.
    """
    path = Path(path)
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""))
    try:
        columns = set(reader.fieldnames or ())
        if not {"name", "label"} <= columns:
            got = ", ".join(sorted(columns))[:80] or "—"
            raise DefinitionError.of("list-columns", path.name, got=got)
        rows = [(row, f"{path.name} › A{n}") for n, row in enumerate(reader, start=2)]
        if problems := [Problem("list-row", place) for row, place in rows if not _is_whole(row)]:
            raise DefinitionError(problems)
        return [_listed(row) for row, _ in rows]
    except csv.Error as error:
        raise DefinitionError.of("file-unreadable", path.name, why=str(error)) from error


def _is_whole(row: Mapping[str, str]) -> bool:
    return all((row[column] or "").strip() for column in ("name", "label"))


def _listed(row: Mapping[str, str]) -> dict[str, Any]:
    name, label = row["name"].strip(), row["label"].strip()
    choice: dict[str, Any] = {
        "name": name,
        "label": {"zh": label, "en": row.get("label::en") or ""},
    }
    if row.get("missing"):
        choice["missing"] = row["missing"].strip()
    return choice


def with_lists_beside(raw: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Add the lists that items name and the file does not define: shared scales, then CSV files.

    What is not of the expected shape is passed over: the models tell of it with its place.
    """
    own = raw.get("choices") if raw.get("choices") is not None else {}
    if not isinstance(own, Mapping):
        return raw
    shared = _library(folder)
    found = dict(own)
    for list_name, file_name in sorted(set(_lists_named(raw))):
        if list_name in own:
            continue
        if list_name in shared["choices"]:
            found[list_name] = shared["choices"][list_name]
        elif file_name and Path(file_name).name == file_name and (folder / file_name).is_file():
            found[list_name] = read_list(folder / file_name)
    maps = _maps_for(shared["score_maps"], found)
    has_own_maps = "score_maps" in raw or not raw.get("composite")
    return {**raw, "choices": found, **({} if has_own_maps else {"score_maps": maps})}


def _library(folder: Path) -> dict[str, Mapping[str, Any]]:
    path = folder / LIBRARY
    raw = parse_yaml(read_text(path), LIBRARY) if path.is_file() else {}
    if not isinstance(raw, Mapping):
        raise DefinitionError.of("not-a-mapping", LIBRARY)
    parts = {key: raw.get(key) or {} for key in ("choices", "score_maps")}
    return {key: part if isinstance(part, Mapping) else {} for key, part in parts.items()}


def _maps_for(maps: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    cut = {
        k: {name: m for name, m in v.items() if name in own}
        for k, v in maps.items()
        if isinstance(v, Mapping)
    }
    return {k: v for k, v in cut.items() if v}


def _lists_named(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for group in _listed_in(raw, "survey"):
        for item in _listed_in(group, "items"):
            kind = item.get("type") if isinstance(item, Mapping) else ""
            words = kind.split() if isinstance(kind, str) else []
            if len(words) > 1:
                is_file = words[0] == "select_one_from_file"
                yield words[1].removesuffix(".csv"), words[1] if is_file else ""


def _listed_in(node: Any, key: str) -> list[Any]:
    found = node.get(key) if isinstance(node, Mapping) else None
    return found if isinstance(found, list) else []
