"""From a dataset to what may be shown: rankings, grades, summaries, and how far to trust them."""

from .balanced import Balanced, channel_weighted
from .crossing import Crossing, crossing
from .importance import importance
from .mentions import mentions, support
from .opinion import Opinion, mass_opinion, self_inspection
from .panel import Usable, usable_panel
from .profile import Profiles, profiles
from .ranking import NOTE, Ranking, default_k, grades, rank, turnout
from .sensitivity import Recount, Sensitivity, recounts, sensitivity

__all__ = [
    "NOTE",
    "Balanced",
    "Crossing",
    "Opinion",
    "Profiles",
    "Ranking",
    "Recount",
    "Sensitivity",
    "Usable",
    "channel_weighted",
    "crossing",
    "default_k",
    "grades",
    "importance",
    "mass_opinion",
    "mentions",
    "profiles",
    "rank",
    "recounts",
    "self_inspection",
    "sensitivity",
    "support",
    "turnout",
    "usable_panel",
]
