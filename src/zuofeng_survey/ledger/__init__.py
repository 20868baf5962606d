"""Ledgers: one engine, fourteen declarations, an append-only log of what people with a post did."""

from .acceptance import Acceptances, acceptances
from .actions import four_marks, lateness, prescribed
from .agenda import due_soon
from .book import Book
from .chains import Chains, chains_of, responsibility
from .declaration import Declaration, Field
from .rates import Rates, appeal_rates
from .reading import declaration, declarations
from .recording import MACHINE, Change, Recorded
from .registering import advice_of, scores_of
from .registry import Post, Registry
from .risks import risks
from .signs import Signs, closing_signs
from .tasks import Checked, differences, due_days
from .visits import PROTECTED_ROLE, ProtectedList, judgements, protected_list

__all__ = [
    "MACHINE",
    "PROTECTED_ROLE",
    "Acceptances",
    "Book",
    "Chains",
    "Change",
    "Checked",
    "Declaration",
    "Field",
    "Post",
    "ProtectedList",
    "Rates",
    "Recorded",
    "Registry",
    "Signs",
    "acceptances",
    "advice_of",
    "appeal_rates",
    "chains_of",
    "closing_signs",
    "declaration",
    "declarations",
    "differences",
    "due_days",
    "due_soon",
    "four_marks",
    "judgements",
    "lateness",
    "prescribed",
    "protected_list",
    "responsibility",
    "risks",
    "scores_of",
]
