"""Score and rank: the demo county's largest pool, and 73,421 real ratings (InstEval)."""

import tempfile
import time
from pathlib import Path

from zuofeng_survey import results, scoring
from zuofeng_survey.dataset import Dataset, import_table

ROOT = Path(__file__).parents[1]


def timed(act) -> tuple[float, object]:
    start = time.perf_counter()
    result = act()
    return time.perf_counter() - start, result


def run() -> dict:
    demo = Dataset.open(ROOT / "data" / "datasets" / "FZ-丙镇-2020")
    found = {
        # once each: a second call is remembered
        "demo_score_s": timed(lambda: scoring.panel(demo))[0],
        "demo_rank_s": timed(lambda: results.rank(demo, k=2))[0],
    }
    with tempfile.TemporaryDirectory() as folder:
        table = ROOT / "tests" / "reference" / "data" / "InstEval.csv.gz"
        names = {"voter": "s", "target": "d", "value": "y"}
        make = lambda: import_table(table, Path(folder) / "insteval", **names)  # noqa: E731
        found["insteval_import_s"], dataset = timed(make)
        found["insteval_score_s"], panel = timed(lambda: scoring.panel(dataset))
        found["insteval_rank_s"], ranking = timed(lambda: results.rank(dataset, k=1))
        found["insteval_voters_targets"] = list(panel.scores.shape)
        found["insteval_critical"] = float(ranking.bottom.sets.critical)
    return found
