"""The plan's constants with their origin, and an office's own file over them.

Each constant says where it comes from: ``seed`` the plan's own words, ``law`` an article, ``default``
ours and adjustable, ``office`` changed by the office that uses it. What the plan or a law says is
changed only with a stated reason, and shows the change wherever it is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import DefinitionError, Problem, UsageError, nearest
from ..html import table_html
from ..questionnaire.parsing import parse_yaml
from .coherence import contradictions
from .values import fits, typed

FIXED = ("seed", "law")
ABOUT = ("origin", "at", "note", "choices")
# What the ladder reads; the rest is pinned here and stands in the ledgers' declarations and the reports.
USED_HERE = ("bottom_rule.", "class_weights.", "objection.", "scoring.coverage", "office.")
ORIGIN_ZH = {"seed": "方案原文", "law": "法条", "default": "默认值", "office": "本单位设定"}


@dataclass(frozen=True, slots=True)
class Constant:
    """One constant of the plan.

    Attributes
    ----------
    key : str
        Dotted path, such as ``bottom_rule.deputy.n``.
    value : object
        Text, number, list, mapping or None.
    origin : {"seed", "law", "default", "office"}
    at, note : str
        The place in the plan or the law; a remark.
    choices : tuple of str
        The values allowed; empty where any fits.
    was : str
        Origin before the office changed it, with the reason given.
    """

    key: str
    value: Any
    origin: str
    at: str = ""
    note: str = ""
    choices: tuple[str, ...] = ()
    was: str = ""

    @property
    def said(self) -> str:
        """Return where it comes from, for people."""
        return "；".join(filter(None, (ORIGIN_ZH[self.origin], self.at, self.was)))


@dataclass(frozen=True, slots=True)
class Settings:
    """All constants; ``settings["bottom_rule.deputy.n"]`` is a value."""

    constants: Mapping[str, Constant] = field(repr=False)

    def __getitem__(self, key: str) -> Any:
        return self.constants[key].value

    def constant(self, key: str) -> Constant:
        return self.constants[key]

    def chosen(self, scope: str) -> Settings:
        """Return the settings with the scope that was chosen for this run."""
        old = self.constants["bottom_rule.scope"]
        if scope in ("", old.value):
            return self
        now = replace(old, value=scope, origin="office", was="本次选定，依据是书面决定")
        return Settings({**self.constants, old.key: now})

    def under(self, key: str) -> dict[str, Any]:
        """Return the values of a section: last part of the key → value."""
        start = f"{key}."
        return {k[len(start) :]: c.value for k, c in self.constants.items() if k.startswith(start)}

    def changed(self) -> tuple[Constant, ...]:
        """Return what the office has set, those of the plan and the law among them."""
        return tuple(c for c in self.constants.values() if c.origin == "office")

    def table(self) -> pd.DataFrame:
        """Return one row a constant: key, value, origin, at, note."""
        rows = [(c.key, c.value, c.said, c.at, c.note) for c in self.constants.values()]
        return pd.DataFrame(rows, columns=["key", "value", "origin", "at", "note"])

    def _repr_html_(self) -> str:
        return table_html(self.table()[["key", "value", "origin", "note"]])


def settings(path: str | Path | None = None, **values: Any) -> Settings:
    """Return the constants, with an office's file and single values laid over them.

    Parameters
    ----------
    path : str or Path, optional
        A YAML file with the keys to change, nested as in ``rules/settings.yaml``.
    **values
        Single constants, dots written as two underscores (``bottom_rule__scope="county"``).

    Raises
    ------
    DefinitionError
        Every unknown key (with the nearest known one), value that does not fit, contradiction, and
        change of the plan's or the law's words without a reason, each with its place.

    Examples
    --------
    >>> s = settings()
    >>> s["bottom_rule.deputy.n"], s.constant("bottom_rule.deputy.n").origin
    (2, 'seed')
    """
    place = Path(path).name if path else "settings"
    wanted = dict(_asked(_office(Path(path)))) if path else {}
    wanted |= {name.replace("__", "."): (value, "") for name, value in values.items()}
    found, problems = dict(defaults()), []
    for key, (value, because) in wanted.items():
        changed = _laid_over(found, key, value, because, place=place)
        if isinstance(changed, Problem):
            problems.append(changed)
        else:
            found[key] = changed
    problems += contradictions({k: c.value for k, c in found.items()}, place)
    if problems:
        raise DefinitionError(problems)
    return Settings(found)


@cache
def defaults() -> dict[str, Constant]:
    """Return the constants as shipped."""
    text = resources.files("zuofeng_survey.rules").joinpath("settings.yaml").read_text("utf-8")
    return {c.key: c for c in _leaves(parse_yaml(text, "settings.yaml"), "", {})}


def _leaves(node: Mapping[str, Any], path: str, above: Mapping[str, str]) -> Iterator[Constant]:
    inherited = {k: node.get(k, above.get(k, "")) for k in ("origin", "at")}
    for name, child in node.items():
        key = f"{path}.{name}" if path else name
        if name in ABOUT and path:
            continue
        if isinstance(child, Mapping) and "v" not in child:
            yield from _leaves(child, key, inherited)
            continue
        about = child if isinstance(child, Mapping) else {"v": child}
        yield Constant(
            key=key,
            value=typed(about["v"]),
            origin=about.get("origin") or inherited["origin"],
            at=about.get("at") or inherited["at"],
            note=about.get("note", ""),
            choices=tuple(about.get("choices", ())),
        )


def _office(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError.of("file-missing", str(path)) from error
    raw = parse_yaml(text, path.name)
    if not isinstance(raw, Mapping):
        raise DefinitionError.of("not-a-mapping", path.name)
    return raw


def _asked(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, tuple[Any, str]]]:
    """Yield key, (value, reason) for everything an office's file sets."""
    for name, child in node.items():
        key = f"{path}.{name}" if path else str(name)
        is_known = key in defaults()
        if isinstance(child, Mapping) and "v" in child:
            yield key, (typed(child["v"]), str(child.get("because") or ""))
        elif isinstance(child, Mapping) and not is_known:
            yield from _asked(child, key)
        else:
            yield key, (typed(child), "")


def _laid_over(
    known: Mapping[str, Constant], key: str, value: Any, because: str, *, place: str
) -> Constant | Problem:
    where = f"{place} › {key.replace('.', ' › ')}"
    if key not in known:
        near = nearest(key, known) or "—"
        return Problem("settings-key", where, {"name": key, "near": near})
    old = defaults()[key]
    if old.choices and value not in old.choices:
        return Problem("settings-choice", where, {"got": value, "known": ", ".join(old.choices)})
    if not fits(value, old.value):
        return Problem("settings-type", where, {"got": value, "like": old.value})
    if value == old.value:
        return old
    if not key.startswith(USED_HERE):
        return Problem("settings-idle", where)
    if old.origin in FIXED and not because.strip():
        params = {"origin_zh": ORIGIN_ZH[old.origin], "origin_en": old.origin, "was": old.value}
        return Problem("settings-fixed", where, params | {"got": value})
    was = f"改自 {ORIGIN_ZH[old.origin]} {old.value}"
    return replace(old, value=value, origin="office", was=f"{was}：{because}" if because else was)
