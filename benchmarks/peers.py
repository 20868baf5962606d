"""Speeds beside their peers and limits, in alternating turns: medians and ratios, as JSON.

``python -m benchmarks.peers [PART …]``; each part is printed as it finishes, and ends its turns after
``PATIENCE`` seconds, with one turn at the least. A ratio is ours over the other's: below 1 is faster. Seconds are the
processor's, with one thread: on a busy machine the clock measures the others. A peer that is not
installed (``pip install '.[bench]'``) is named; its figure in METHODS is beside the measured ones.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from zuofeng_survey.stats import fewest_ballots, rank_sets, rank_sets_from
from zuofeng_survey.stats.icc import icc
from zuofeng_survey.stats.krippendorff import krippendorff_alpha
from zuofeng_survey.stats.mixed import mixed_model
from zuofeng_survey.stats.reliability import cronbach_alpha
from zuofeng_survey.stats.simulate import panel
from zuofeng_survey.stats.weighting import rake

DATA = Path(__file__).parents[1] / "tests" / "reference" / "data"
WEIGHTS = {"A": 0.4, "B": 0.3, "C": 0.3}
V30, V60 = {"A": 5, "B": 10, "C": 15}, {"A": 10, "B": 20, "C": 30}
# Seconds in METHODS, on two shared cores of another machine.
METHODS = {"samplics": 2.5, "weightipy": 0.21, "pingouin ICC": 0.0395, "krippendorff": 0.0125}
METHODS |= {"csranks": 18.1, "lmer and ranef": 8.8}

# Turns of each comparison, and the seconds after which no further turn begins.
TURNS, PATIENCE = 5, 20.0

Act = Callable[[], object]


def turns(acts: dict[str, Act]) -> dict[str, float]:
    """Median processor seconds of each, in turns, so that a busy machine is busy for all."""
    spent: dict[str, list[float]] = {name: [] for name in acts}
    started = time.monotonic()
    for turn in range(TURNS):
        if turn and time.monotonic() - started > PATIENCE:
            break
        for name, act in acts.items():
            begun = time.process_time()
            act()
            spent[name].append(time.process_time() - begun)
    return {name: float(np.median(s)) for name, s in spent.items()}


def against(ours: Act, others: dict[str, Act]) -> dict[str, Any]:
    s = turns({"ours": ours} | others)
    ratios = {f"ours / {name}": round(s["ours"] / s[name], 4) for name in others}
    return {f"{name} s": round(v, 5) for name, v in s.items()} | ratios


def peer(name: str, make: Callable[[], Act]) -> dict[str, Act]:
    """Return the peer's work, or nothing where it is not installed."""
    try:
        return {name: make()}
    except ImportError as error:
        logging.warning("%s is not installed (%s): METHODS has %s s", name, error, METHODS[name])
        return {}


def peak_mb(act: Act) -> float:
    """Most megabytes of arrays alive at once."""
    tracemalloc.start()
    act()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return round(peak / 2**20, 1)


def ranks() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for n, draws, limit in ((20, 10_000, 0.04), (100, 10_000, 0.2), (1000, 1000, 2.0)):
        p = panel(np.random.default_rng(0).normal(0, 0.35, n), V30, seed=1)
        e = (p.scores - p.scores.mean(axis=0)).astype(np.float32)
        signs = np.random.default_rng(1).choice(np.float32([-1, 1]), size=(30, draws))
        cov = np.cov(p.scores.T) / 30 + 1e-3 * np.eye(n)
        how = {"weights": WEIGHTS, "draws": draws, "seed": 1}
        mean = p.scores.mean(axis=0)
        acts: dict[str, Act] = {
            "the product of its draws": lambda e=e, s=signs: e.T @ s,
            "from estimates": lambda m=mean, c=cov, d=draws: rank_sets_from(m, c, draws=d, seed=1),
        }
        ours = lambda p=p, how=how: rank_sets(p.scores, p.voter_class, **how)  # noqa: E731
        made = against(ours, acts)
        found[f"N={n}, {draws} draws"] = made | {"limit s": limit, "peak MB": peak_mb(ours)}
    p = panel(np.zeros(20), V60, seed=1)
    frail = lambda: fewest_ballots(p.scores, p.voter_class, weights=WEIGHTS, k=2)  # noqa: E731
    found["fragility V=60 N=20 k=2"] = against(frail, {}) | {"limit s": 0.02}
    return found


def scales() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(100_000, 40)) + rng.normal(size=(100_000, 1))
    return against(lambda: cronbach_alpha(x), {"one numpy covariance": lambda: np.cov(x.T)})


def iccs() -> dict[str, Any]:
    rng = np.random.default_rng(2)
    y = rng.normal(size=(10, 10_000)) + rng.normal(size=10_000)
    names = ("rater", "target", "score")
    grid = np.indices(y.shape).reshape(2, -1)
    long = pd.DataFrame(dict(zip(names, (*grid, y.ravel()), strict=True)))

    def theirs() -> Act:
        import pingouin

        kind = {"raters": "rater", "targets": "target", "ratings": "score"}
        return lambda: pingouin.intraclass_corr(long, **kind)

    return against(lambda: icc(y), peer("pingouin ICC", theirs))


def krippendorffs() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    grades = rng.integers(1, 6, size=(1000, 1000)).astype(float)
    z = np.exp(rng.normal(size=(2, 100_000)) + rng.normal(size=100_000))

    def theirs() -> Act:
        import krippendorff

        return lambda: krippendorff.alpha(grades, level_of_measurement="ordinal")

    ours = lambda: krippendorff_alpha(grades, level="ordinal")  # noqa: E731
    found: dict[str, Any] = {"ordinal 1000×1000": against(ours, peer("krippendorff", theirs))}
    for level in ("ordinal", "interval", "ratio"):
        ours = lambda level=level: krippendorff_alpha(z, level=level)  # noqa: E731
        # The peer asks for a square array of the distinct values: 200,000² × 8 bytes.
        made = against(ours, {}) | {"peak MB": peak_mb(ours), "peer would ask MB": 305_176}
        found[f"{level} 2×100000 continuous"] = made
    return found


def rakings() -> dict[str, Any]:
    rng, n, levels = np.random.default_rng(0), 10**6, (2, 6, 5, 10)
    people = pd.DataFrame({f"m{i}": rng.integers(0, k, n) for i, k in enumerate(levels)})
    shares = [rng.dirichlet(np.full(k, 30.0)) for k in levels]
    totals = {c: dict(enumerate(s * n)) for c, s in zip(people, shares, strict=True)}

    def against_both(frame: pd.DataFrame, control: dict[str, dict[Any, float]]) -> dict[str, Any]:
        def samplics() -> Act:
            from samplics.weighting import SampleWeight

            base, margins = np.ones(n), {c: frame[c].to_numpy() for c in frame}
            return lambda: SampleWeight().rake(base, margins=margins, control=control)

        others = peer("samplics", samplics) | peer("weightipy", weightipy)
        return against(lambda: rake(frame, control), others)

    def weightipy() -> Act:
        import weightipy

        percent = {c: {k: 100 * v / n for k, v in t.items()} for c, t in totals.items()}
        scheme = weightipy.scheme_from_dict(percent)
        return lambda: weightipy.weight_dataframe(people, scheme)

    named = {c: {f"g{k}": v for k, v in t.items()} for c, t in totals.items()}
    words = pd.DataFrame({c: "g" + people[c].astype(str) for c in people})
    return {
        "integers": against_both(people, totals),
        "categories": against_both(people.astype("category"), totals),
        "strings (weightipy's are integers)": against_both(words, named),
    }


def crossed() -> dict[str, Any]:
    d = pd.read_csv(DATA / "InstEval.csv.gz")
    ours = lambda: mixed_model(d["y"], {"s": d["s"], "d": d["d"]})  # noqa: E731
    return against(ours, {}) | {"limit s": 5.0, "lmer and ranef in METHODS s": 8.8}


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "rank sets": ranks,
    "alpha, if dropped, item-rest 100000×40": scales,
    "ICC 10000×10": iccs,
    "krippendorff": krippendorffs,
    "raking 10⁶×4": rakings,
    "severity InstEval": crossed,
}


def parts(wanted: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the figures of the parts whose names begin as one of those wanted, or of all."""
    for name, part in PARTS.items():
        if not wanted or name.startswith(tuple(wanted)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the peers' own
                yield {name: part()}


def run() -> dict[str, Any]:
    found: dict[str, Any] = {"figures of METHODS for peers, s": METHODS}
    for part in parts(()):
        print(json.dumps(part, ensure_ascii=False), file=sys.stderr, flush=True)
        found |= part
    return found


if __name__ == "__main__":
    for made in parts(sys.argv[1:]):
        print(json.dumps(made, ensure_ascii=False, indent=1), flush=True)
