"""From a dataset to what may be shown: rankings, grades, summaries, and how far to trust them."""

from .importance import importance
from .opinion import Opinion, mass_opinion, self_inspection
from .profile import Profiles, profiles
from .ranking import NOTE, Ranking, default_k, grades, rank, turnout
from .sensitivity import Sensitivity, sensitivity
from .weighted import Weighted, channel_weighted

__all__ = [
    "NOTE",
    "Opinion",
    "Profiles",
    "Ranking",
    "Sensitivity",
    "Weighted",
    "channel_weighted",
    "default_k",
    "grades",
    "importance",
    "mass_opinion",
    "profiles",
    "rank",
    "self_inspection",
    "sensitivity",
    "turnout",
]
