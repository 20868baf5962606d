"""Statistics: arrays in, frozen results out. They know no store, no dataset and no screen.

Persons are rows, targets or items are columns; rank 1 is best; ``coverage=0.95``, never 95; a
``seed`` has no default.

Names are looked up when they are first used: one room does not load the others. Where a statistic
is called as its file (``icc``, ``omega``), the name means the statistic; ``from
zuofeng_survey.stats.icc import …`` still reaches the file.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

_ROOMS = {
    "Adjusted": "severity",
    "Alpha": "reliability",
    "BallotChecks": "ballots",
    "Bloc": "raters",
    "BottomConsistency": "decisions",
    "BottomSets": "ranking",
    "Careless": "carelessflags",
    "Change": "years",
    "Components": "gtheory",
    "Composite": "composite",
    "Conduct": "raters",
    "Connectedness": "connected",
    "Consecutive": "consecutive",
    "Crosstab": "crosstab",
    "DStudy": "dstudy",
    "Design": "surveydesign",
    "Estimates": "moments",
    "Fragility": "fragility",
    "Icc": "icc",
    "Intervals": "intervals",
    "ItemCovariance": "covariance",
    "Kappa": "kappa",
    "KendallW": "agreement",
    "KrippendorffAlpha": "krippendorff",
    "Layout": "carelessflags",
    "Leaving": "leaving",
    "MixedModel": "mixed",
    "Omega": "omega",
    "Pairs": "comparisons",
    "Panel": "simulate",
    "Plan": "plans",
    "PlanDesign": "plans",
    "Polychoric": "polychoric",
    "RankSets": "ranksets",
    "RankTest": "comparisons",
    "Rater": "raters",
    "Replicated": "replicates",
    "Response": "nonresponse",
    "Rwg": "agreement",
    "ShareRanks": "shares",
    "SplitHalf": "splithalf",
    "SurveyEstimates": "surveymeans",
    "TargetChanges": "years",
    "Trends": "trends",
    "UnitIndex": "unitindex",
    "VotersNeeded": "decisions",
    "Weights": "calibration",
    "adjust": "severity",
    "adjust_ratings": "severity",
    "alpha_from": "reliability",
    "ballot_checks": "ballots",
    "ballots_to_leave": "leaving",
    "benjamini_hochberg": "comparisons",
    "binormal": "polychoric",
    "bootstrap": "replicates",
    "bootstrap_alpha": "resampling",
    "bottom_consistency": "decisions",
    "bottom_sets": "ranking",
    "bottom_sets_from": "bottomfrom",
    "calibrate": "calibration",
    "careless": "carelessflags",
    "careless_sensitivity": "carelessflags",
    "clopper_pearson": "intervals",
    "cohen_kappa": "kappa",
    "composite": "composite",
    "composite_from": "moments",
    "composite_generalizability": "dstudy",
    "connectedness": "connected",
    "consecutive_bottom": "consecutive",
    "contradiction": "careless",
    "cronbach_alpha": "reliability",
    "crosstab_test": "crosstab",
    "d_study": "dstudy",
    "design": "surveydesign",
    "dunn": "comparisons",
    "even_odd": "careless",
    "fewest_ballots": "fragility",
    "fewest_changes": "fragility",
    "fleiss_kappa": "kappa",
    "friedman": "comparisons",
    "holm": "comparisons",
    "icc": "icc",
    "irv": "careless",
    "item_covariance": "covariance",
    "jackknife": "replicates",
    "jeffreys": "intervals",
    "kendall_w": "agreement",
    "kish": "calibration",
    "krippendorff_alpha": "krippendorff",
    "krippendorff_from_counts": "krippendorff",
    "kruskal_wallis": "comparisons",
    "longstring": "careless",
    "mahalanobis": "outliers",
    "mann_whitney": "twogroups",
    "marginal_rank_sets": "marginal",
    "mean_change": "years",
    "mention_rank_sets": "shares",
    "mixed_model": "mixed",
    "named_by_luck": "plans",
    "omega": "omega",
    "ordinal_mean": "ordinal",
    "panel": "simulate",
    "panels": "simulate",
    "plan": "planning",
    "polychoric": "polychoric",
    "post_stratify": "weighting",
    "r_wg": "agreement",
    "rake": "weighting",
    "rank_sets": "ranksets",
    "rank_sets_from": "ranksets",
    "rate_change": "years",
    "rate_change_paired": "years",
    "ratings_table": "gtheory",
    "response_by_channel": "nonresponse",
    "response_weights": "nonresponse",
    "share_rank_sets": "shares",
    "split_half": "splithalf",
    "survey_mean": "surveymeans",
    "survey_ratio": "surveymeans",
    "survey_total": "surveymeans",
    "synonyms": "careless",
    "target_changes": "years",
    "trends": "trends",
    "trim": "weighting",
    "unit_index": "unitindex",
    "variance_components": "gtheory",
    "voters_needed": "decisions",
    "wilcoxon": "twogroups",
    "wilson": "intervals",
}

__all__ = sorted(_ROOMS)  # pyright: ignore[reportUnsupportedDunderAll]


class _Statistics(ModuleType):
    """The import system would put a file's module under the name of its statistic."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _ROOMS and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Statistics


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
