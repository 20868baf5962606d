"""From a dataset to what may be shown: rankings, grades, summaries, and how far to trust them."""

from .opinion import Opinion, mass_opinion, self_inspection
from .ranking import NOTE, Ranking, default_k, grades, rank, turnout
from .sensitivity import Sensitivity, sensitivity

__all__ = [
    "NOTE",
    "Opinion",
    "Ranking",
    "Sensitivity",
    "default_k",
    "grades",
    "mass_opinion",
    "rank",
    "self_inspection",
    "sensitivity",
    "turnout",
]
