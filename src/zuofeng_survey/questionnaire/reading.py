"""YAML in and out. What cannot be read is told with its place: file › item › key."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ..errors import DefinitionError, Problem, nearest
from .model import (
    Choice,
    Composite,
    Frozen,
    Group,
    Item,
    Questionnaire,
    Scale,
    Settings,
    VoterClass,
)
from .references import broken_references

LIMIT_BYTES = 1_000_000
LIMIT_DEPTH = 20
LIMIT_NODES = 50_000
LIBRARY = "_scales.yaml"
INSIDE: dict[Any, type[Frozen]] = {
    "settings": Settings,
    "survey": Group,
    "items": Item,
    "choices": Choice,
    "scales": Scale,
    "voter_classes": VoterClass,
    "composite": Composite,
}


def load(path: str | Path) -> Questionnaire:
    """Read a questionnaire file, with the shared choice lists and CSV lists that lie beside it.

    Parameters
    ----------
    path : str or Path
        A ``.yaml`` file in the words of XLSForm (see docs/questionnaire.md).

    Raises
    ------
    DefinitionError
        With every problem found, each with its place.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LIMIT_BYTES:
            raise DefinitionError.of("file-too-large", path.name, limit=LIMIT_BYTES // 1000)
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise DefinitionError.of("file-missing", str(path)) from error
    except IsADirectoryError as error:
        raise DefinitionError.of("file-missing", str(path)) from error
    except UnicodeDecodeError as error:
        raise DefinitionError.of("not-utf8", path.name) from error
    return loads(text, place=path.name, folder=path.parent)


def loads(text: str, *, place: str = "questionnaire", folder: Path | None = None) -> Questionnaire:
    """Read a questionnaire from YAML text; lists it does not define come from ``folder``."""
    raw = parse_yaml(text, place)
    if not isinstance(raw, Mapping):
        raise DefinitionError.of("not-a-mapping", place)
    if folder is not None:
        raw = _with_lists_beside(dict(raw), folder)
    try:
        questionnaire = Questionnaire.model_validate(raw)
    except ValidationError as error:
        raise DefinitionError(_problems(error, raw, place)) from error
    if problems := broken_references(questionnaire, place):
        raise DefinitionError(problems)
    return questionnaire


def dumps(questionnaire: Questionnaire) -> str:
    """Write a questionnaire as YAML that :func:`loads` reads back to the same thing."""
    plain = questionnaire.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(_short_labels(plain), allow_unicode=True, sort_keys=False, width=100)


def _short_labels(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"zh"}:
            return value["zh"]
        return {k: _short_labels(v) for k, v in value.items()}
    return [_short_labels(v) for v in value] if isinstance(value, list) else value


def parse_yaml(text: str, place: str) -> Any:
    """Parse YAML that comes from people: plain data only, no aliases, no bombs, no doubled keys."""
    try:
        _measure(text, place)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - _Loader is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        why = error.problem or error.context or ""
        raise DefinitionError.of("yaml", place, line=line, column=column, why=why) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DefinitionError.of("yaml", place, line=0, column=0, why=str(error)) from error


def _measure(text: str, place: str) -> None:
    """Walk the events only: nothing is built before size and depth are known to be sane."""
    depth = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        if isinstance(event, yaml.AliasEvent):
            raise DefinitionError.of("yaml-alias", place, line=event.start_mark.line + 1)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > LIMIT_DEPTH or nodes > LIMIT_NODES:
            line = event.start_mark.line + 1
            raise DefinitionError.of("yaml-too-big", place, line=line, depth=LIMIT_DEPTH)


class _Loader(yaml.CSafeLoader):
    """PyYAML keeps the last of two equal keys; an author wants to be told."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, (str, int, float, bool)):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key must be plain text", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key “{key}” stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _dates_stay_text(loader: Any, node: Any) -> str:
    return loader.construct_scalar(node)


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _dates_stay_text)


def _with_lists_beside(raw: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Add the lists that items name and the file does not define: shared scales, then CSV files."""
    lists, maps = {}, {}
    library = folder / LIBRARY
    if library.is_file():
        shared = parse_yaml(library.read_text(encoding="utf-8"), LIBRARY) or {}
        lists, maps = shared.get("choices", {}), shared.get("score_maps", {})
    own = dict(raw.get("choices") or {})
    for list_name, file_name in sorted(_lists_named(raw)):
        if list_name in own:
            continue
        if list_name in lists:
            own[list_name] = lists[list_name]
        elif file_name and (folder / file_name).is_file():
            own[list_name] = read_list(folder / file_name)
    raw["choices"] = own
    if raw.get("composite") and "score_maps" not in raw:
        raw["score_maps"] = _maps_for(maps, own)
    return raw


def _maps_for(maps: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    cut = {k: {name: m for name, m in v.items() if name in own} for k, v in maps.items()}
    return {k: v for k, v in cut.items() if v}


def _lists_named(raw: Mapping[str, Any]) -> set[tuple[str, str]]:
    found = set()
    for group in raw.get("survey") or ():
        for item in (group.get("items") or ()) if isinstance(group, Mapping) else ():
            words = str(item.get("type", "")).split() if isinstance(item, Mapping) else []
            if len(words) > 1:
                is_file = words[0] == "select_one_from_file"
                found.add((words[1].removesuffix(".csv"), words[1] if is_file else ""))
    return found


def read_list(path: str | Path) -> list[dict[str, Any]]:
    """Read a roster or choice list: a CSV with the columns ``name``, ``label``, ``label::en``.

    A column ``missing`` marks answers such as 不愿说明. Excel's own UTF-8 CSV is understood.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = set(reader.fieldnames or ())
            if not {"name", "label"} <= columns:
                got = ", ".join(sorted(columns))
                raise DefinitionError.of("list-columns", path.name, got=got)
            return [_listed(row, f"{path.name} › A{n}") for n, row in enumerate(reader, start=2)]
    except FileNotFoundError as error:
        raise DefinitionError.of("file-missing", str(path)) from error
    except UnicodeDecodeError as error:
        raise DefinitionError.of("not-utf8", path.name) from error


def _listed(row: Mapping[str, str], place: str) -> dict[str, Any]:
    name, label = (row["name"] or "").strip(), (row["label"] or "").strip()
    if not name or not label:
        raise DefinitionError.of("list-row", place)
    choice: dict[str, Any] = {"name": name, "label": {"zh": label, "en": row.get("label::en") or ""}}
    if row.get("missing"):
        choice["missing"] = row["missing"].strip()
    return choice


def _problems(error: ValidationError, raw: Any, place: str) -> list[Problem]:
    return [_problem(e["loc"], e, raw, place) for e in error.errors(include_url=False)]


def _problem(loc: tuple[Any, ...], e: Any, raw: Any, place: str) -> Problem:
    """Turn one pydantic error into a sentence with file › item › key."""
    where, node, name = [place], raw, ""
    for step in loc[:-1]:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(node, Mapping) and "name" in node:
            where, name = [place, str(node["name"])], str(node["name"])
        elif isinstance(step, str):
            where.append(step)
        else:
            where.append(str(step + 1))
    key = str(loc[-1]) if loc else ""
    spot = " › ".join([*where, key] if key else where)
    if e["type"] == "extra_forbidden":
        near = nearest(key, _keys_at(loc))
        hint_zh, hint_en = (f"是不是“{near}”？", f"Did you mean “{near}”?") if near else ("", "")
        params = {"key": key, "hint_zh": hint_zh, "hint_en": hint_en}
        return Problem("unknown-key", " › ".join(where), params, name)
    if e["type"] == "missing":
        return Problem("missing-key", " › ".join(where), {"key": key}, name)
    why = str(e["msg"]).removeprefix("Value error, ")
    return Problem("bad-value", spot, {"why": why, "got": str(e.get("input"))[:80]}, name)


def _keys_at(loc: tuple[Any, ...]) -> list[str]:
    """Return the keys that the model at ``loc`` knows, for the nearest-word hint."""
    model: type[Frozen] = Questionnaire
    for step in loc[:-1]:
        model = INSIDE.get(step, model)
    return list(model.model_fields)
