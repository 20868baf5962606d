"""From datasets to files: which reports there are, from which forms, on which papers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import results
from ..dataset import Dataset
from ..errors import Problem, UsageError
from ..ledger import Book
from ..rules import findings
from .annual import annual_report
from .appeals import appeals_report
from .evaluated import Evaluated
from .evaluation import evaluation_report
from .excel import write_excel
from .focus import focus_report
from .letters import letters
from .opinion import opinion_report
from .page import write_html
from .problems import problems_report
from .selfinspection import self_inspection_report
from .tree import Document
from .trend import trend_report
from .word import write_word
from .year import Ledgers, Year

Progress = Callable[[int, int], None]
Named = tuple[str, Document]
PAPERS = {"word": (write_word, ".docx"), "excel": (write_excel, ".xlsx"), "html": (write_html, ".html")}
TOWN = "MY-S03"


@dataclass(frozen=True, slots=True, eq=False)
class Issue:
    """Who issues a report, when, under which number, and what else it may read.

    Attributes
    ----------
    office, number : str
    date : datetime.date or None
        Day of issue; ledgers are read as they stood then (today, if not given).
    year : int or None
        The year of an annual report; by default the last one of the datasets.
    scope : str
        The ranking scope chosen in writing, ``township`` or ``county``; without it the annual
        report names nobody.
    book : Book or None
        The office's ledgers.
    """

    office: str = ""
    date: dt.date | None = None
    number: str = ""
    year: int | None = None
    scope: str = ""
    book: Book | None = None

    @property
    def signed(self) -> dict[str, Any]:
        """Return what every document says of its issue."""
        return {"office": self.office, "date": self.date, "number": self.number}

    def ledgers(self) -> Ledgers | None:
        """Read the ledgers, if there are any."""
        if self.book is None:
            return None
        return Ledgers.of(self.book, today=self.date or dt.date.today())


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of report: its title, what it is made from, how many documents, how they are made.

    ``forms`` are the questionnaires whose datasets it takes ("" for any); ``needs`` says whether it
    cannot be without datasets or without ledgers.
    """

    title: str
    forms: tuple[str, ...]
    make: Callable[[Sequence[Dataset], Issue], Iterator[Named]]
    needs: tuple[str, ...] = ("datasets",)
    count: Callable[[Sequence[Dataset]], int] = lambda _: 1


def _evaluation(found: Sequence[Dataset], issue: Issue) -> Iterator[Named]:
    form = found[0].manifest["form_id"]
    made = evaluation_report(form, [Evaluated.of(d) for d in found], **issue.signed)
    yield made.title, made


def _letters(found: Sequence[Dataset], issue: Issue) -> Iterator[Named]:
    for dataset in found:
        own = results.profiles(dataset)
        for target, letter in letters(Evaluated.of(dataset), own, office=issue.office, date=issue.date):
            yield f"{dataset.name}-{target}", letter


def _opinion(found: Sequence[Dataset], issue: Issue) -> Iterator[Named]:
    for dataset in found:
        everyone = results.mass_opinion(dataset)
        towns, importance = results.channel_weighted(dataset, TOWN), results.importance(dataset, everyone)
        made = opinion_report(everyone, towns, importance, **issue.signed)
        yield f"{made.title}-{dataset.name}", made


def _self(found: Sequence[Dataset], issue: Issue) -> Iterator[Named]:
    for dataset in found:
        made = self_inspection_report(results.self_inspection(dataset), **issue.signed)
        yield f"{made.title}-{dataset.name}", made


def _appeals(found: Sequence[Dataset], issue: Issue) -> Iterator[Named]:
    if ledgers := issue.ledgers():
        made = appeals_report(ledgers.appeals, ledgers.rates(found), head=ledgers.head, **issue.signed)
        yield made.title, made


def _problems(_: Sequence[Dataset], issue: Issue) -> Iterator[Named]:
    if ledgers := issue.ledgers():
        made = problems_report(ledgers.problems, ledgers.signs, today=ledgers.today, head=ledgers.head, **issue.signed)
        yield made.title, made


def _focus(_: Sequence[Dataset], issue: Issue) -> Iterator[Named]:
    if ledgers := issue.ledgers():
        made = focus_report(ledgers.problems, today=ledgers.today, head=ledgers.head, **issue.signed)
        yield made.title, made


def _trend(found: Sequence[Dataset], issue: Issue) -> Iterator[Named]:
    years = sorted({y for d in found if (y := year_of(d))})
    made = trend_report(
        [Year.of(y, [d for d in found if year_of(d) == y]) for y in years], issue.ledgers(), **issue.signed
    )
    yield made.title, made


def _annual(found: Sequence[Dataset], issue: Issue) -> Iterator[Named]:
    year = issue.year or max((y for d in found if (y := year_of(d))), default=dt.date.today().year)
    now = [d for d in found if year_of(d) == year]
    opinion = [d for d in now if d.manifest["form_id"] == "MY"]
    ranked = [d for d in found if d.manifest["form_id"] in ("FZ", "SJ")]
    named = [d for d in ranked if d in now]
    made = annual_report(
        Year.of(year, now),
        issue.ledgers(),
        towns=results.channel_weighted(opinion[0], TOWN) if opinion else None,
        findings=findings(ranked, year=year, scope=issue.scope) if issue.scope and named else None,
        visits=[d for d in now if d.manifest["form_id"] == "HF"],
        **issue.signed,
    )
    yield made.title, made


KINDS = {
    "deputies": Kind("副职干部测评结果报告", ("FZ",), _evaluation),
    "secretaries": Kind("书记述职评议结果报告", ("SJ",), _evaluation),
    "opinion": Kind("群众意见征集情况报告", ("MY",), _opinion, count=len),
    "self-inspection": Kind("自查自问情况汇总", ("ZC",), _self, count=len),
    "letters": Kind(
        "测评反馈信", ("FZ", "SJ"), _letters, count=lambda found: sum(len(d.targets) for d in found)
    ),
    "appeals": Kind("群众诉求办理情况报告", ("HF",), _appeals, ("ledgers",)),
    "problems": Kind("问题整改和销号情况报告", (), _problems, ("ledgers",)),
    "focus": Kind("八个方面突出问题整治情况报告", (), _focus, ("ledgers",)),
    "trend": Kind("三年作风建设情况报告", ("",), _trend),
    "annual": Kind("年度作风建设工作报告", ("",), _annual),
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
        ``report-kind``, ``report-paper``, ``report-nothing``, ``report-ledgers``, ``report-form``: all problems at once.
    StorageError
        ``report-write``.
    """
    issue = issue or Issue()
    if problems := _mistakes(kind, datasets, papers, issue):
        raise UsageError(problems)
    total = KINDS[kind].count(datasets)
    made: list[Named] = []
    for named in KINDS[kind].make(datasets, issue):
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


def _mistakes(kind: str, datasets: Sequence[Dataset], papers: Sequence[str], issue: Issue) -> list[Problem]:
    if kind not in KINDS:
        return [Problem("report-kind", kind, {"kind": kind, "known": ", ".join(KINDS)})]
    known = KINDS[kind]
    found = [Problem("report-paper", "--as", {"paper": p}) for p in papers or ("",) if p not in PAPERS]
    if "datasets" in known.needs and not datasets:
        found.append(Problem("report-nothing", kind))
    if "ledgers" in known.needs and issue.book is None:
        found.append(Problem("report-ledgers", kind))
    for dataset in datasets if "" not in known.forms else ():
        form = "—" if dataset.is_imported else dataset.manifest["form_id"]
        if form not in known.forms:
            params = {"kind": kind, "wanted": " / ".join(known.forms) or "—", "got": form}
            found.append(Problem("report-form", dataset.name, params))
    return found


def year_of(dataset: Dataset) -> int | None:
    """Return the year a poll is about: as it says, or of its last day, or at the end of its name."""
    if said := dataset.manifest.get("year"):
        return int(said)
    if day := next((d for d in reversed(dataset.manifest.get("days") or []) if d), ""):
        return int(day[:4])
    named = re.search(r"(?:^|-)((?:19|20)\d\d)$", dataset.name)
    return int(named[1]) if named else None


def _safe(name: str) -> str:
    """Return a file name that stays in its folder on every system.

    >>> _safe("../a:b")
    '_a_b'
    """
    return re.sub(r"[^\w（）—-]+", "_", name).strip(".")[:120] or "report"
