"""From a dataset to what may be shown: rankings, grades, summaries, and how far to trust them."""

from .channels import Weighted, by_channel
from .crossing import Crossing, crossing
from .opinion import Opinion, mass_opinion, self_inspection
from .panel import Usable, usable_panel
from .ranking import NOTE, Ranking, default_k, grades, rank, turnout
from .sensitivity import Recount, Sensitivity, recounts, sensitivity

__all__ = [
    "NOTE",
    "Crossing",
    "Opinion",
    "Ranking",
    "Recount",
    "Sensitivity",
    "Usable",
    "Weighted",
    "by_channel",
    "crossing",
    "default_k",
    "grades",
    "mass_opinion",
    "rank",
    "recounts",
    "self_inspection",
    "sensitivity",
    "turnout",
    "usable_panel",
]
