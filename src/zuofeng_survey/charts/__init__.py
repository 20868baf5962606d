"""Charts that need no internet: Altair, drawn by scripts that travel with the page.

Colours are told apart by colour-blind readers; what a colour says, a shape or a position says too,
so that a black-and-white print says the same. Numbers in a chart are rounded: a reader must not get
more digits from a tooltip than from the table.
"""

from .ballots import grade_plot, rank_plot
from .dress import MOST, picture, save, show
from .opinions import group_plot, satisfaction_plot
from .plans import odds_plot, plan_plot

__all__ = [
    "MOST",
    "grade_plot",
    "group_plot",
    "odds_plot",
    "picture",
    "plan_plot",
    "rank_plot",
    "satisfaction_plot",
    "save",
    "show",
]
