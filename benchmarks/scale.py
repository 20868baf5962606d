"""Scoring long answers on DuckDB beside SQL written by hand: time, memory, and how both grow.

``ZUOFENG_ROWS=1e6,1e7,1e8`` chooses the sizes (10⁶ and 10⁷ by default; 10⁸ takes some minutes).
Each figure is the best of a few runs, each in a process of its own, ours and the hand-written one
in turn; memory is that process's largest resident set. Processor time is given too: other work on
the machine blurs it less than the clock.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from zuofeng_survey.dataset import Dataset
from zuofeng_survey.dataset.writing import Content, write
from zuofeng_survey.poll import Target, new_poll
from zuofeng_survey.questionnaire import find, load

SIZES = "1e6,1e7"
TARGETS, ITEMS = 20, 9
BALLOT = TARGETS * ITEMS
COUNTS = {"A": 5, "B": 14}

# Ballots one after the other as a freeze writes them; one answer in some forty is 不了解.
ANSWERS = """
copy (
    select (i // {ballot})::int as ballot,
           case when (i // {ballot}) % 3 = 0 then 'A' else 'B' end as voter_class,
           't' || lpad(((i // {items}) % {targets})::varchar, 2, '0') as target,
           'FZ-B0' || (i % {items} + 1) as item,
           case when hash(i) % 40 = 0 then '9' else (1 + hash(i) % 4)::varchar end as value
    from range({rows}) as t(i)
) to '{file}' (format parquet, compression zstd)
"""
BY_HAND = """
select target, voter_class, count(score) as n, avg(score) as mean, stddev_samp(score) as sd
from (
    select target, voter_class, coalesce((overall + dims) / 2, dims, overall) as score
    from (
        select ballot, voter_class, target,
               avg(score) filter (where item = 'FZ-B09') as overall,
               avg(score) filter (where item <> 'FZ-B09') as dims
        from read_parquet('{file}') join points using (item, value)
        group by ballot, voter_class, target
    )
) where score is not null group by target, voter_class order by target, voter_class
"""


def make(folder: Path, rows: int) -> None:
    """Make a dataset of so many answers; only its table of ratings is as large as it says."""
    import duckdb

    q, targets = load(find("FZ")), [Target(name=f"t{i:02}", label=f"{i}号") for i in range(TARGETS)]
    poll, _, _ = new_poll(q, "scale", targets=targets, counts=COUNTS)
    codebook = {
        "questionnaire": q.model_dump(mode="json"),
        "targets": [t.model_dump(mode="json") for t in targets],
        "classes": [c.model_dump(mode="json") for c in poll.classes],
    }
    none = {"issued": 0, "cast": 0, "valid": 0}
    facts = {"source": "poll", "form_id": "FZ", "k": 5, "counts": dict.fromkeys(COUNTS, none), "totals": none}
    write(folder, Content(), codebook, facts)
    write(folder.with_name("none"), Content(), codebook, facts)
    file = folder / "ratings.parquet"
    sizes = {"ballot": BALLOT, "items": ITEMS, "targets": TARGETS}
    with duckdb.connect(config={"memory_limit": "1GB"}) as here:
        here.execute(ANSWERS.format(rows=rows, file=file, **sizes))


def once(folder: str, act: str) -> dict:
    """Score in this process; seconds after a first turn without rows, largest resident set in all."""
    import resource
    import time

    dataset = Dataset.open(folder)
    acts = {"ours": ours, "by_hand": by_hand, "sums": sums}
    run = acts[act](dataset)
    acts["by_hand" if act == "by_hand" else "ours"](Dataset.open(Path(folder).with_name("none")))()
    start, busy = time.perf_counter(), time.process_time()
    first = run()
    seconds, cpu = time.perf_counter() - start, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"s": seconds, "cpu_s": cpu, "peak_mb": peak, "first": first}


def ours(dataset: Dataset):
    from zuofeng_survey import scoring

    def run() -> list:
        found = scoring.class_means(dataset).execute()
        return found.sort_values(["target", "voter_class"]).iloc[:1, 2:].to_numpy().ravel().tolist()

    return run


def by_hand(dataset: Dataset):
    """The same in SQL, on a connection with the same memory."""
    import duckdb

    from zuofeng_survey.dataset.engines import MEMORY
    from zuofeng_survey.scoring import codebook

    here = duckdb.connect(config={"memory_limit": os.environ.get("ZUOFENG_MEMORY", MEMORY)})
    here.execute("create table points (item varchar, value varchar, score double, missing varchar)")
    points = codebook(dataset.questionnaire).astype({"score": object})
    points = points.where(points.notna(), None).to_numpy().tolist()
    here.executemany("insert into points values (?, ?, ?, ?)", points)
    text = BY_HAND.format(file=dataset.path / "ratings.parquet")
    return lambda: [x for row in here.execute(text).fetchmany(1) for x in row[2:]]


def sums(dataset: Dataset):
    """All that a ranking needs: counts, means, cross-products of targets."""
    from zuofeng_survey import scoring

    return lambda: [int(scoring.sufficient(dataset).counts.sum())]


def apart(folder: Path, act: str) -> dict:
    args = [sys.executable, "-W", "ignore", "-m", "benchmarks.scale", str(folder), act]
    return json.loads(subprocess.check_output(args))


def measure(rows: int) -> dict:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "scale"
        make(folder, rows)
        runs = {"ours": [], "by_hand": []}
        for _ in range(5 if rows < 5e7 else 2):
            for act, found in runs.items():
                found.append(apart(folder, act))
        whole = apart(folder, "sums")
    best = {act: {k: min(f[k] for f in found) for k in ("s", "cpu_s")} for act, found in runs.items()}
    agree = [abs(a - b) for a, b in zip(*(found[0]["first"] for found in runs.values()), strict=True)]
    return {
        "rows": rows,
        "ours_s": best["ours"]["s"],
        "by_hand_s": best["by_hand"]["s"],
        "ratio_to_sql": best["ours"]["s"] / best["by_hand"]["s"],
        "ours_cpu_s": best["ours"]["cpu_s"],
        "by_hand_cpu_s": best["by_hand"]["cpu_s"],
        "cpu_ratio_to_sql": best["ours"]["cpu_s"] / best["by_hand"]["cpu_s"],
        "ours_peak_mb": max(f["peak_mb"] for f in runs["ours"]),
        "by_hand_peak_mb": max(f["peak_mb"] for f in runs["by_hand"]),
        "difference": max(agree),
        "ours_cpu_ns_a_row": best["ours"]["cpu_s"] / rows * 1e9,
        "sufficient_s": whole["s"],
        "sufficient_peak_mb": whole["peak_mb"],
    }


def run() -> dict:
    sizes = [int(float(n)) for n in os.environ.get("ZUOFENG_ROWS", SIZES).split(",")]
    return {f"{rows:.0e}".replace("e+0", "e"): measure(rows) for rows in sizes}


if __name__ == "__main__":
    print(json.dumps(once(*sys.argv[1:])))
