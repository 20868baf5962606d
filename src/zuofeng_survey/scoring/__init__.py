"""Items → scale and composite scores, as Ibis expressions that run where the answers are.

The contract (docs/scoring.md): an item's score is its choice's score, turned round (100 − s) where
the item is reversed; 不了解, 不适用 and refusals have no score and enter no denominator; a scale is
the mean of its valid items where there are at least ``min_valid``. Expressions are built on tables
only, so the same code runs on DuckDB and, after ``dataset.on("spark")``, on Spark.
"""

from .composites import BASES, cells, class_means, suppressed
from .items import PLAIN, codebook, distribution, item_scores, item_table, scale_scores
from .panel import Panel, panel, panels
from .sufficient import ItemSufficient, Sufficient, item_sufficient, sufficient

__all__ = [
    "BASES",
    "PLAIN",
    "ItemSufficient",
    "Panel",
    "Sufficient",
    "cells",
    "class_means",
    "codebook",
    "distribution",
    "item_scores",
    "item_sufficient",
    "item_table",
    "panel",
    "panels",
    "scale_scores",
    "sufficient",
    "suppressed",
]
