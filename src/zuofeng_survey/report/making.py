"""From datasets to files: which reports there are, from which forms, on which papers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import results
from ..dataset import Dataset
from ..errors import Problem, UsageError
from .evaluated import Evaluated
from .evaluation import evaluation_report
from .excel import write_excel
from .letters import letters
from .opinion import opinion_report
from .page import write_html
from .selfinspection import self_inspection_report
from .tree import Document
from .word import write_word

Progress = Callable[[int, int], None]
Named = tuple[str, Document]
PAPERS = {"word": (write_word, ".docx"), "excel": (write_excel, ".xlsx"), "html": (write_html, ".html")}
TOWN = "MY-S03"


@dataclass(frozen=True, slots=True)
class Issue:
    """Who issues a report, when, under which number."""

    office: str = ""
    date: dt.date | None = None
    number: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of report: its title, the forms it is made from, how many documents, how they are made."""

    title: str
    forms: tuple[str, ...]
    count: Callable[[Sequence[Dataset]], int]
    make: Callable[[Sequence[Dataset], Issue], Iterator[Named]]


def _evaluation(found: Sequence[Dataset], issue: Issue) -> Iterator[Named]:
    form = found[0].manifest["form_id"]
    made = evaluation_report(
        form, [Evaluated.of(d) for d in found], office=issue.office, date=issue.date, number=issue.number
    )
    yield made.title, made


def _letters(found: Sequence[Dataset], issue: Issue) -> Iterator[Named]:
    for dataset in found:
        own = results.profiles(dataset)
        for target, letter in letters(Evaluated.of(dataset), own, office=issue.office, date=issue.date):
            yield f"{dataset.name}-{target}", letter


def _opinion(found: Sequence[Dataset], issue: Issue) -> Iterator[Named]:
    for dataset in found:
        everyone = results.mass_opinion(dataset)
        made = opinion_report(
            everyone,
            results.channel_weighted(dataset, TOWN),
            results.importance(dataset, everyone),
            office=issue.office,
            date=issue.date,
            number=issue.number,
        )
        yield f"{made.title}-{dataset.name}", made


def _self(found: Sequence[Dataset], issue: Issue) -> Iterator[Named]:
    for dataset in found:
        summed = results.self_inspection(dataset)
        made = self_inspection_report(summed, office=issue.office, date=issue.date, number=issue.number)
        yield f"{made.title}-{dataset.name}", made


def _one(_: Sequence[Dataset]) -> int:
    return 1


KINDS = {
    "deputies": Kind("副职干部测评结果报告", ("FZ",), _one, _evaluation),
    "secretaries": Kind("书记述职评议结果报告", ("SJ",), _one, _evaluation),
    "opinion": Kind("群众意见征集情况报告", ("MY",), len, _opinion),
    "self-inspection": Kind("自查自问情况汇总", ("ZC",), len, _self),
    "letters": Kind("测评反馈信", ("FZ", "SJ"), lambda found: sum(len(d.targets) for d in found), _letters),
}


def make(
    kind: str,
    datasets: Sequence[Dataset],
    out: Path,
    *,
    papers: Sequence[str] = ("word",),
    issue: Issue | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Make the reports of one kind and write them; return the files.

    All documents are made before the first is written: a mistake leaves no half of them behind.

    Parameters
    ----------
    kind : str
        One of ``KINDS``.
    datasets : sequence of Dataset
    out : Path
        The folder, made if need be.
    papers : sequence of str
        Of ``word``, ``excel``, ``html``.
    issue : Issue, optional
    progress : callable, optional
        Called with (documents written, all).

    Raises
    ------
    UsageError
        ``report-kind``, ``report-paper``, ``report-nothing``, ``report-form``: all problems at once.
    StorageError
        ``report-write``.
    """
    if problems := _problems(kind, datasets, papers):
        raise UsageError(problems)
    total = KINDS[kind].count(datasets)
    made: list[Named] = []
    for named in KINDS[kind].make(datasets, issue or Issue()):
        made.append(named)
        if progress:
            progress(len(made), 2 * total)
    files = []
    for n, (name, document) in enumerate(made, start=1):
        for paper in papers:
            write, ending = PAPERS[paper]
            files.append(write(document, out / f"{_safe(name)}{ending}"))
        if progress:
            progress(len(made) + n, 2 * len(made))
    return files


def _problems(kind: str, datasets: Sequence[Dataset], papers: Sequence[str]) -> list[Problem]:
    if kind not in KINDS:
        return [Problem("report-kind", "", {"kind": kind, "known": ", ".join(KINDS)})]
    wanted = KINDS[kind].forms
    found = [Problem("report-paper", "--as", {"paper": p}) for p in papers if p not in PAPERS]
    found += [Problem("report-nothing", kind, {})] if wanted and not datasets else []
    for dataset in datasets if wanted else ():
        form = dataset.manifest["form_id"] if not dataset.is_imported else "—"
        if form not in wanted:
            params = {"kind": kind, "wanted": " / ".join(wanted), "got": form}
            found.append(Problem("report-form", dataset.name, params))
    return found


def _safe(name: str) -> str:
    """Return a file name that stays in its folder on every system.

    >>> _safe("../a:b")
    '_a_b'
    """
    return re.sub(r"[^\w（）—-]+", "_", name).strip(".")[:120] or "report"
