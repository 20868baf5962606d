"""Reference cases: what a case is, and which function checks which kind.

A module in this folder offers ``KINDS``: kind → function from a :class:`Case` to its checks. The
kind of a case is the longest kind that its name is, or begins with before an underscore.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
DEFAULT = HERE.parent / "reference"


class Check(NamedTuple):
    """One expected figure (or array of figures) beside what the package says."""

    what: str
    got: Any
    expected: Any
    abs: float = 0.0
    rel: float = 0.0

    @property
    def worst(self) -> float:
        """Largest error as a share of what is allowed; 0 when equal, infinite when not a number."""
        got, expected = (np.asarray(x) for x in (self.got, self.expected))
        if got.shape != expected.shape:
            return float("inf")
        if not np.issubdtype(expected.dtype, np.number) or not self.abs + self.rel:
            return 0.0 if (got == expected).all() else float("inf")
        error = np.abs(got - expected)
        allowed = self.abs + self.rel * np.abs(expected)
        share = np.where(error == 0, 0.0, error / np.maximum(allowed, 1e-300))
        return float(np.nan_to_num(share, nan=np.inf, posinf=np.inf).max(initial=0.0))

    @property
    def holds(self) -> bool:
        return self.worst <= 1.0

    @property
    def is_figure(self) -> bool:
        """Whether a number is compared within a tolerance, not a word or a yes."""
        expected = np.asarray(self.expected)
        is_number = np.issubdtype(expected.dtype, np.number) and expected.size > 0
        return bool(is_number) and self.abs + self.rel > 0

    @property
    def farthest(self) -> tuple[float, float, float]:
        """The figure with the largest relative deviation: expected, got, and the deviation."""
        got, expected = (
            np.atleast_1d(np.asarray(x, dtype=float)).ravel() for x in (self.got, self.expected)
        )
        error = np.abs(got - expected)
        share = np.where(error == 0, 0.0, error / np.where(expected == 0, 1.0, np.abs(expected)))
        at = int(np.nan_to_num(share, nan=np.inf).argmax())
        return float(expected[at]), float(got[at]), float(share[at])


class Told(dict):
    """What a case expects. Reading a figure settles it; what nobody read is not checked."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        super().__init__({k: _told(v) for k, v in told.items()})
        self._open = set(self)

    def __getitem__(self, key: str) -> Any:
        self._open.discard(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._open.discard(key)
        return super().get(key, default)

    def items(self) -> Any:
        return [(k, self[k]) for k in self]

    def values(self) -> Any:
        return [self[k] for k in self]

    def blocks(self) -> list[str]:
        """Return the keys that hold a block of figures; that is not reading them."""
        return [k for k, v in super().items() if isinstance(v, Told)]

    def unread(self, above: str = "") -> Iterator[str]:
        """Return what no checker read. A defect of another package is kept, never expected."""
        for key in self:
            what, value = f"{above}{key}", super().__getitem__(key)
            if key.startswith("known_wrong"):
                continue
            if key in self._open:
                yield what
            else:
                for one in value if isinstance(value, list) else [value]:
                    yield from one.unread(f"{what} ") if isinstance(one, Told) else ()


def _told(value: Any) -> Any:
    if isinstance(value, list):
        return [_told(v) for v in value]
    return Told(value) if isinstance(value, Mapping) else value


@dataclass(frozen=True)
class Case:
    """One file of ``cases/`` with its data."""

    name: str
    expected: Told
    tolerance: Mapping[str, Any]
    files: tuple[Path, ...]
    call: str = ""
    source: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    notes: str = ""
    kind: str = ""

    def frame(self, part: str = "") -> pd.DataFrame:
        """Return the data file whose name holds ``part``; the only one whatever its name."""
        found = [f for f in self.files if part.lower() in f.name.lower() or len(self.files) == 1]
        if not found:
            raise LookupError(f"{self.name} has no data file with {part!r}: {self.files}")
        return pd.read_csv(found[0])

    def check(self, what: str, got: Any, expected: Any, **tolerance: float) -> Check:
        """Return a check within the tolerance given, else the case's ``abs`` and ``rel``."""
        return Check(what, got, expected, **(tolerance or self.near()))

    def near(self, *names: str) -> dict[str, float]:
        """Return the tolerance of the first of these that has one, else that of all figures.

        ``"se"`` is told as ``se`` or ``se_abs`` (absolute) or ``se_rel``.
        """
        for name in (*names, ""):
            keys = {
                "abs": (f"{name}_abs", name) if name else ("abs",),
                "rel": (f"{name}_rel".strip("_"),),
            }
            told = {how: [k for k in ks if k in self.tolerance] for how, ks in keys.items()}
            if any(told.values()):
                return {how: float(self.tolerance[ks[0]]) for how, ks in told.items() if ks}
        return {}


Checker = Callable[[Case], Iterator[Check]]


def read(path: Path) -> Case:
    """Read one case."""
    told = json.loads(path.read_text(encoding="utf-8"))
    names = told.get("data") or []
    names = [names] if isinstance(names, str) else names
    files = tuple(path.parent.parent / "data" / Path(n).name for n in names if n != "none")
    near = told.get("tolerance") or {}
    return Case(
        name=told.get("case", path.stem),
        expected=Told(told["expected"]),
        tolerance=near if isinstance(near, dict) else {"abs": near},
        files=files,
        call=told.get("call") or "",
        source=tuple(told.get("source") or ()),
        params=told.get("params") or {},
        notes=told.get("notes") or "",
        kind=kind_of(told.get("kind") or told.get("case") or path.stem),
    )


def checks(case: Case) -> list[Check]:
    """Return every check of a case; an expected figure that nothing computes does not hold."""
    found = list(kinds()[case.kind](case))
    missed = [
        Check(f"{what}, which nothing computes", None, "a figure")
        for what in case.expected.unread()
    ]
    return found + missed


def folder() -> Path:
    """Return the folder of cases: tests/reference, or what ZUOFENG_CASES says."""
    return Path(os.environ.get("ZUOFENG_CASES") or DEFAULT)


def paths() -> list[Path]:
    """Return the files of all cases; LookupError when there are none."""
    found = sorted((folder() / "cases").glob("*.json")) or sorted(folder().glob("*.json"))
    if not found:
        raise LookupError(f"no case in {folder()}/cases: a folder of cases must hold one")
    return found


def kinds() -> dict[str, Checker]:
    """Return every kind that a module of this folder knows."""
    known: dict[str, Checker] = {}
    for module in pkgutil.iter_modules([str(HERE)]):
        known |= getattr(importlib.import_module(f"{__name__}.{module.name}"), "KINDS", {})
    return known


def checker(name: str) -> Checker:
    """Return the function for a case; LookupError when no kind fits."""
    return kinds()[kind_of(name)]


def kind_of(name: str) -> str:
    """Return the kind of a case; LookupError when none fits."""
    known = kinds()
    fitting = [k for k in known if name == k or name.startswith(f"{k}_")]
    if not fitting:
        raise LookupError(f"no kind known for case {name!r}; known are {sorted(known)}")
    return max(fitting, key=len)
