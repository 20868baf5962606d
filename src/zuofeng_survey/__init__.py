"""zuofeng_survey: a questionnaire becomes a form, sealed ballots, a frozen dataset, and results.

Names are looked up when they are first used, so that ``import zuofeng_survey`` loads nothing heavy.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_ROOMS = {
    "Dataset": "dataset",
    "Home": "store",
    "Key": "seal",
    "Poll": "poll",
    "Problem": "errors",
    "Questionnaire": "questionnaire",
    "Ranking": "results",
    "Store": "store",
    "SurveyForm": "web.widget",
    "Target": "poll",
    "ZuofengError": "errors",
    "bottom_sets": "stats.ranking",
    "cast": "store",
    "check": "questionnaire",
    "fewest_ballots": "stats.fragility",
    "freeze": "dataset",
    "import_table": "dataset",
    "load": "questionnaire",
    "new_poll": "poll",
    "rank": "results",
    "rank_sets": "stats.ranking",
    "verify": "dataset",
    "wilson": "stats.intervals",
}

__all__ = sorted(_ROOMS)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'zuofeng_survey' has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
