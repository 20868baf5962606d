"""Charts that need no internet: Altair, drawn by scripts that travel with the page.

Colours are told apart by colour-blind readers; what a colour says, a shape or a position says too,
so that a black-and-white print says the same. Numbers in a chart are rounded: a reader must not get
more digits from a tooltip than from the table.
"""

from .ballots import grade_plot, rank_plot
from .dress import MOST, picture, png, save, show, svg, unique
from .opinions import group_plot, satisfaction_plot
from .places import places_plot
from .plans import odds_plot, plan_plot
from .quadrants import quadrant_of, quadrant_plot
from .work import burn_down_plot, duty_plot, years_plot

__all__ = [
    "MOST",
    "burn_down_plot",
    "duty_plot",
    "grade_plot",
    "group_plot",
    "odds_plot",
    "picture",
    "places_plot",
    "plan_plot",
    "png",
    "quadrant_of",
    "quadrant_plot",
    "rank_plot",
    "satisfaction_plot",
    "save",
    "show",
    "svg",
    "unique",
    "years_plot",
]
