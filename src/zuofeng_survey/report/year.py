"""What one year of the office's work comes to: the material of the trend and the annual report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from .. import results
from ..dataset import Dataset
from ..ledger import Book
from ..ledger.rates import Rates, appeal_rates
from ..ledger.signs import Signs, closing_signs
from ..ledger.visits import judgements
from ..results import Opinion
from .evaluated import Evaluated


@dataclass(frozen=True, slots=True, eq=False)
class Ledgers:
    """The ledgers that reports read, as they stood on a day; empty frames where there are none.

    Attributes
    ----------
    today : date
    problems, appeals, chains, tasks : DataFrame
        As ``Book.entries``.
    signs : Signs
    head : str
        The hash of the last event, which stands for all of them.
    """

    today: dt.date
    problems: pd.DataFrame
    appeals: pd.DataFrame
    chains: pd.DataFrame
    tasks: pd.DataFrame
    signs: Signs
    head: str

    @classmethod
    def of(cls, book: Book, *, today: dt.date) -> Ledgers:
        """Read what stood in the ledgers on a day."""
        problems, appeals, chains, tasks = (
            book.entries(name, today=today, as_of=today) for name in ("problems", "appeals", "chains", "tasks")
        )
        signs = closing_signs(problems, book.events("problems"), appeals)
        return cls(today, problems, appeals, chains, tasks, signs, book.head)

    def rates(self, visits: Sequence[Dataset] = (), *, by: str = "assigned_to") -> Rates:
        """Return the three rates; satisfaction from frozen visits (HF)."""
        said = pd.concat([judgements(d) for d in visits]) if visits else None
        return appeal_rates(self.appeals, today=self.today, by=by, visits=said)

    def found_in(self, year: int) -> pd.DataFrame:
        """Return the problems found in a year."""
        return self.problems[self.problems["found_date"].dt.year == year]


@dataclass(frozen=True, slots=True, eq=False)
class Year:
    """One year: its evaluations, what people thought, what was self-inspected."""

    year: int
    evaluated: tuple[Evaluated, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    inspections: tuple[Opinion, ...] = ()
    named: tuple[tuple[str, str], ...] = field(default=())

    @classmethod
    def of(cls, year: int, datasets: Sequence[Dataset]) -> Year:
        """Compute what the datasets of one year say; forms that no report sums up are only listed."""
        form = [(d, d.manifest["form_id"]) for d in datasets]
        return cls(
            year,
            tuple(Evaluated.of(d) for d, f in form if f in ("FZ", "SJ")),
            tuple(results.mass_opinion(d) for d, f in form if f == "MY"),
            tuple(results.self_inspection(d) for d, f in form if f == "ZC"),
            tuple((d.name, d.hash) for d in datasets),
        )

    def overall(self) -> pd.Series | None:
        """Return what everyone said overall: ``n``, ``satisfied_rate``, its interval, ``known_rate``."""
        if not self.opinions:
            return None
        rows = self.opinions[0].everyone()
        overall = rows[rows["area"] == "overall"]
        row = (overall if len(overall) else rows).set_index("area").iloc[-1]
        return None if pd.isna(row["n"]) else row
