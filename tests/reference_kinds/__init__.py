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
from dataclasses import dataclass
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
        got, expected = (np.atleast_1d(np.asarray(x, dtype=float)).ravel() for x in (self.got, self.expected))
        error = np.abs(got - expected)
        share = np.where(error == 0, 0.0, error / np.where(expected == 0, 1.0, np.abs(expected)))
        at = int(np.nan_to_num(share, nan=np.inf).argmax())
        return float(expected[at]), float(got[at]), float(share[at])


@dataclass(frozen=True)
class Case:
    """One file of ``cases/`` with its data."""

    name: str
    expected: Mapping[str, Any]
    tolerance: Mapping[str, Any]
    files: tuple[Path, ...]
    call: str = ""
    source: tuple[str, ...] = ()

    def frame(self, part: str = "") -> pd.DataFrame:
        """Return the data file whose name holds ``part``; the only one whatever its name."""
        found = [f for f in self.files if part.lower() in f.name.lower() or len(self.files) == 1]
        if not found:
            raise LookupError(f"{self.name} has no data file with {part!r}: {self.files}")
        return pd.read_csv(found[0])

    def check(self, what: str, got: Any, expected: Any, **tolerance: float) -> Check:
        """Return a check within the tolerance given, else the case's ``abs`` and ``rel``."""
        own = {k: float(v) for k, v in self.tolerance.items() if k in ("abs", "rel")}
        return Check(what, got, expected, **(tolerance or own))


Checker = Callable[[Case], Iterator[Check]]


def read(path: Path) -> Case:
    """Read one case."""
    told = json.loads(path.read_text(encoding="utf-8"))
    names = [told["data"]] if isinstance(told["data"], str) else told["data"] or []
    files = tuple(path.parent.parent / "data" / n for n in names if n != "none")
    return Case(
        name=told.get("case", path.stem),
        expected=told["expected"],
        tolerance=told["tolerance"],
        files=files,
        call=told.get("call", ""),
        source=tuple(told.get("source", ())),
    )


def folder() -> Path:
    """Return the folder of cases: tests/reference, or what ZUOFENG_CASES says."""
    return Path(os.environ.get("ZUOFENG_CASES") or DEFAULT)


def paths() -> list[Path]:
    """Return the files of all cases."""
    return sorted((folder() / "cases").glob("*.json"))


def kinds() -> dict[str, Checker]:
    """Return every kind that a module of this folder knows."""
    known: dict[str, Checker] = {}
    for module in pkgutil.iter_modules([str(HERE)]):
        known |= importlib.import_module(f"{__name__}.{module.name}").KINDS
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
