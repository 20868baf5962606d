"""Statistics: arrays in, frozen results out. They know no store, no dataset and no screen.

Persons are rows, targets or items are columns; rank 1 is best; ``coverage=0.95``, never 95; a
``seed`` has no default.
"""

from zuofeng_survey.stats.composite import Composite
from zuofeng_survey.stats.fragility import Fragility, fewest_ballots
from zuofeng_survey.stats.intervals import Intervals, wilson
from zuofeng_survey.stats.ranking import (
    BottomSets,
    RankSets,
    bottom_sets,
    rank_sets,
    rank_sets_from,
)

__all__ = [
    "BottomSets",
    "Composite",
    "Fragility",
    "Intervals",
    "RankSets",
    "bottom_sets",
    "fewest_ballots",
    "rank_sets",
    "rank_sets_from",
    "wilson",
]
