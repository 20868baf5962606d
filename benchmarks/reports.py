"""Every report of the three-year demo county on three papers, and the rules over its years, as JSON.

``python -m benchmarks`` with ``ONLY=reports``: the whole county is voted (``REPORT_SIZE=small`` for a
part of it), then each kind of report is made by itself in a process of its own, from the last year's
datasets, the annual report and the trend from all of them. Beside the seconds stands the processor
time (threads and all), which other work on the machine changes less, and three ratios of the same
run: the share spent ranking, that spent in :func:`zuofeng_survey.rules.findings`, and how often the
bare writing of the same texts and pictures with python-docx and XlsxWriter would fit into the whole.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SIZE = os.environ.get("REPORT_SIZE", "")
PAPERS = ("word", "excel", "html")
OFFICE = "X县（演示）作风办"
ALL_YEARS = ("annual", "trend")
LETTERS = 1  # polls whose letters are written: a dozen letters are enough to know


class Clock:
    """Adds up how long parts of the work take."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            start = time.process_time()
            try:
                return work(*args, **kwargs)
            finally:
                self.spent[name] = self.spent.get(name, 0.0) + time.process_time() - start

        return run


def county(home: Path) -> dict[str, Any]:
    """Vote and freeze the three years."""
    from zuofeng_survey.demo.run import build

    @contextmanager
    def silent(_: str) -> Iterator[Callable[[int, int], None]]:
        yield lambda *_: None

    build(home, size=SIZE, progress=silent, url="http://127.0.0.1", say=lambda *_, **__: None)
    return {"datasets": len(list((home / "datasets").iterdir()))}


def report(home: Path, kind: str) -> dict[str, Any]:
    """Make one kind of report, and write its texts and pictures barely."""
    from zuofeng_survey.ledger import Book
    from zuofeng_survey.report import making

    datasets = _datasets(home, kind, making.KINDS[kind].forms)
    last = max(making.year_of(d) or 0 for d in _datasets(home, "annual", ("",)))
    issue = making.Issue(OFFICE, dt.date(last, 12, 31), "", last, "township", Book.open(home))
    clock, kept = Clock(), []
    _watch(clock, kept)
    with tempfile.TemporaryDirectory(prefix="zf-") as out:
        found = _measured(lambda: making.make(kind, datasets, Path(out), papers=PAPERS, issue=issue))
        found["files"] = found.pop("made")
        bare = _measured(lambda: _bare(kept, Path(out)))
    shares = {f"share_{name}": s / found["cpu_s"] for name, s in clock.spent.items()}
    return found | shares | {"bare_write_cpu_s": bare["cpu_s"], "ratio_to_bare_write": found["cpu_s"] / bare["cpu_s"]}


def rules(home: Path, scope: str) -> dict[str, Any]:
    """Apply the ladder to every pool of all years."""
    import zuofeng_survey.rules as room

    datasets = _datasets(home, "annual", ("FZ", "SJ"))
    clock = Clock()
    _watch(clock, [])
    seen: list[float] = []
    start = time.perf_counter()

    def moved(_done: int, _of: int) -> None:
        seen.append(time.perf_counter() - start)

    year = max(d.manifest["year"] for d in datasets)
    found = _measured(lambda: room.findings(datasets, year=year, scope=scope, progress=moved).findings)
    found |= {"findings": found.pop("made"), "pools": len(datasets), "cpu_s_a_pool": found["cpu_s"] / len(datasets)}
    return found | {"first_progress_s": seen[0], "share_ranking": clock.spent["ranking"] / found["cpu_s"]}


def _datasets(home: Path, kind: str, forms: tuple[str, ...]) -> list[Any]:
    from zuofeng_survey.dataset import Dataset
    from zuofeng_survey.report.making import year_of

    every = [Dataset.open(p) for p in sorted((home / "datasets").iterdir())]
    mine = [d for d in every if "" in forms or d.manifest["form_id"] in forms]
    if kind in ALL_YEARS:
        return mine
    last = max((year_of(d) or 0 for d in mine), default=0)
    mine = [d for d in mine if year_of(d) == last]
    return mine[:LETTERS] if kind == "letters" else mine


def _watch(clock: Clock, kept: list[Any]) -> None:
    """Time rankings and rules, and keep the documents that are written."""
    from zuofeng_survey.report import making
    from zuofeng_survey.results import ranking

    ranking._rank = clock.timed("ranking", ranking._rank)
    making.findings = clock.timed("rules", making.findings)
    write, ending = making.PAPERS["word"]

    def keeping(document: Any, path: Path) -> Path:
        kept.append(document)
        return write(document, path)

    making.PAPERS["word"] = (keeping, ending)


def _bare(documents: list[Any], out: Path) -> list[Path]:
    """Write the texts and pictures of documents without their dress."""
    import docx
    import xlsxwriter

    from zuofeng_survey import charts
    from zuofeng_survey.report.tree import Heading, Paragraph, Picture, Table

    for n, document in enumerate(documents):
        word, book = docx.Document(), xlsxwriter.Workbook(str(out / f"{n}.bare.xlsx"))
        for part in document.parts:
            if isinstance(part, Heading | Paragraph):
                word.add_paragraph(part.text)
            elif isinstance(part, Picture):
                word.add_picture(io.BytesIO(charts.png(part.chart)))
            elif isinstance(part, Table):
                lines, tab = [part.columns, *part.rows], book.add_worksheet()
                made = word.add_table(rows=len(lines), cols=len(part.columns))
                for i, (row, texts) in enumerate(zip(made.rows, lines, strict=True)):
                    for j, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
                        cell.paragraphs[0].add_run(text)
                        tab.write_string(i, j, text)
        word.save(str(out / f"{n}.bare.docx"))
        book.close()
    return sorted(out.glob("*.bare.*"))


def _measured(work: Callable[[], Any]) -> dict[str, Any]:
    begun, busy = time.perf_counter(), time.process_time()
    made = len(work())
    spent = {"s": time.perf_counter() - begun, "cpu_s": time.process_time() - busy}
    return {"made": made, **spent, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _apart(what: str, *given: str) -> dict[str, Any]:
    """Run one of these in a process of its own."""
    code = f"import benchmarks.reports as r; r.main({what!r}, {', '.join(map(repr, given))})"
    return json.loads(subprocess.check_output([sys.executable, "-c", code], text=True).splitlines()[-1])


def main(what: str, home: str, *given: str) -> None:
    print(json.dumps(globals()[what](Path(home), *given), default=float))


def run() -> dict[str, Any]:
    from zuofeng_survey.report.making import KINDS

    with tempfile.TemporaryDirectory(prefix="zf-") as folder:
        home = os.environ.get("REPORT_HOME", "")
        found: dict[str, Any] = {} if home else _apart("county", home := f"{folder}/county")
        found["reports"] = {kind: _apart("report", home, kind) for kind in KINDS}
        found["rules"] = {scope: _apart("rules", home, scope) for scope in ("township", "county")}
    return found
