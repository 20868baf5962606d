"""The plan's rules over years: findings with their evidence, never a decision."""

from .chance import by_luck, chance_table
from .finding import Finding
from .findings import chances, findings
from .ladder import Mark, Streak, streak
from .rounds import Round, rounds
from .settings import Constant, Settings, settings
from .showing import Findings, objection

__all__ = [
    "Constant",
    "Finding",
    "Findings",
    "Mark",
    "Round",
    "Settings",
    "Streak",
    "by_luck",
    "chance_table",
    "chances",
    "findings",
    "objection",
    "rounds",
    "settings",
    "streak",
]
