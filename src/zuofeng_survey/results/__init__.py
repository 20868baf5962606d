"""From a dataset to what may be shown: rankings, grades, summaries, and how far to trust them."""

from .opinion import Opinion, mass_opinion, self_inspection
from .profile import Profiles, profiles
from .ranking import NOTE, Ranking, default_k, grades, rank, turnout
from .sensitivity import Sensitivity, sensitivity

__all__ = [
    "NOTE",
    "Opinion",
    "Profiles",
    "Ranking",
    "Sensitivity",
    "default_k",
    "grades",
    "mass_opinion",
    "profiles",
    "rank",
    "self_inspection",
    "sensitivity",
    "turnout",
]
