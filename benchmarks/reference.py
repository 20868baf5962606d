"""Every reference case, expected beside computed: the table of docs/reference-cases.md.

``python -m benchmarks.reference [--write]``: prints the table; ``--write`` keeps it in docs.
``ZUOFENG_CASES=folder`` takes the cases of another folder (and is never written to docs).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from reference_kinds import DEFAULT, Check, checks, folder, paths, read  # noqa: E402

DOC = ROOT / "docs" / "reference-cases.md"
COLUMNS = ("case", "kind", "data", "R call", "checks", "figure", "expected", "computed",
           "tolerance", "deviation", "of allowed")  # fmt: skip
HEAD = """# Reference cases: expected and computed

Figures that R packages computed, beside what this package says. Made by `python -m benchmarks.reference --write`;
a test compares the list of cases with the folder. `make bench` prints the same table, with the cases of
`ZUOFENG_CASES` where that is set.

- **figure, expected, computed, deviation**: the figure of the case with the largest relative deviation (absolute where
  R says 0), and that deviation. A case of ranks, bands or words has none: all its checks hold exactly, or do not.
- **tolerance**: what that figure is allowed, `abs + rel × |expected|`.
- **of allowed**: the largest error among all checks of the case as a share of its own tolerance; above 1 fails.

"""


def run() -> dict[str, Any]:
    found = [row(path) for path in paths()]
    print(table(found), file=sys.stderr)
    return {"folder": "tests/reference" if folder() == DEFAULT else str(folder()), "cases": found}


def row(path: Path) -> dict[str, Any]:
    case = read(path)
    found = checks(case)
    told = {
        "case": case.name,
        "kind": case.kind,
        "data": ", ".join(f.name for f in case.files) or "—",
        "R call": f"{case.call} [{', '.join(case.source)}]",
        "checks": len(found),
        "of allowed": max(c.worst for c in found),
    }
    figures = [c for c in found if c.is_figure and c.worst < float("inf")]
    return told | (_farthest(figures) if figures else {})


def _farthest(figures: list[Check]) -> dict[str, Any]:
    check = max(figures, key=lambda c: c.farthest[2])
    expected, computed, deviation = check.farthest
    parts = [f"{check.abs:g}"] * (check.abs > 0) + [f"{check.rel:g} × |·|"] * (check.rel > 0)
    return {
        "figure": check.what,
        "expected": expected,
        "computed": computed,
        "tolerance": " + ".join(parts),
        "deviation": deviation,
    }


def table(rows: list[dict[str, Any]]) -> str:
    lines = [COLUMNS, ("---",) * len(COLUMNS)]
    lines += [tuple(_said(r.get(c, "—"), c) for c in COLUMNS) for r in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _said(value: Any, column: str) -> str:
    if isinstance(value, float):
        return f"{value:.1e}" if column in ("deviation", "of allowed") else f"{value:.8g}"
    text = str(value).replace("|", "\\|")
    return f"`{text}`" if column in ("case", "R call") else text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep the table in docs")
    chosen = parser.parse_args()
    if not chosen.write:
        print(json.dumps(run(), ensure_ascii=False, indent=1))
        return
    if os.environ.get("ZUOFENG_CASES"):
        parser.error("docs hold the cases of tests/reference: unset ZUOFENG_CASES")
    made = [row(path) for path in paths()]
    failed = [r["case"] for r in made if r["of allowed"] > 1]
    DOC.write_text(HEAD + table(made) + "\n", encoding="utf-8")
    sys.exit(f"out of tolerance: {failed}" if failed else 0)


if __name__ == "__main__":
    main()
