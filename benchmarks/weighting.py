"""Weights, mixed models and intervals: times beside their peers', and coverage by simulation.

Times of peers are those of METHODS (2 shared cores): lme4's lmer 5.9 s and ranef 2.9 s on InstEval;
for a million rows in four margins survey 3.6 s, samplics 2.5 s, weightipy 0.21 s.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from zuofeng_survey.stats.ballots import ballot_checks
from zuofeng_survey.stats.comparisons import dunn, kruskal_wallis
from zuofeng_survey.stats.composite import composite
from zuofeng_survey.stats.consecutive import consecutive_bottom
from zuofeng_survey.stats.intervals import clopper_pearson, jeffreys, wilson
from zuofeng_survey.stats.mixed import mixed_model
from zuofeng_survey.stats.ordinal import ordinal_mean
from zuofeng_survey.stats.replicates import bootstrap, jackknife
from zuofeng_survey.stats.severity import adjust, adjust_ratings
from zuofeng_survey.stats.simulate import Rater, panel
from zuofeng_survey.stats.surveydesign import design
from zuofeng_survey.stats.surveymeans import survey_mean, survey_ratio
from zuofeng_survey.stats.weighting import post_stratify, rake
from zuofeng_survey.stats.years import mean_change, rate_change, rate_change_paired, target_changes

DATA = Path(__file__).parents[1] / "tests" / "reference" / "data"
WEIGHTS = {"A": 0.4, "B": 0.3, "C": 0.3}
V15, V30, V60 = (dict(zip("ABC", n, strict=True)) for n in ((3, 5, 7), (5, 10, 15), (10, 20, 30)))
SMALL_A = {"A": 2, "B": 10, "C": 18}
GRADES = (40.0, 65.0, 80.0, 95.0)
SHAPES = {
    "ceiling": (0.01, 0.02, 0.12, 0.85),
    "good": (0.02, 0.08, 0.4, 0.5),
    "middling": (0.1, 0.4, 0.4, 0.1),
    "polar": (0.4, 0.1, 0.1, 0.4),
    "rare": (0.05, 0.0, 0.0, 0.95),
}


def best(act: Callable[[], Any], repeat: int = 3) -> float:
    found = []
    for _ in range(repeat):
        begun = time.perf_counter()
        act()
        found.append(time.perf_counter() - begun)
    return min(found)


def speeds() -> dict[str, float]:
    d = pd.read_csv(DATA / "InstEval.csv.gz")
    groups = {"s": d["s"], "d": d["d"]}
    rng, n, levels = np.random.default_rng(0), 10**6, (2, 6, 5, 10)
    people = pd.DataFrame({f"m{i}": rng.integers(0, k, n) for i, k in enumerate(levels)})
    shares = [rng.dirichlet(np.full(k, 30.0)) for k in levels]
    totals = {c: dict(enumerate(s * n)) for c, s in zip(people, shares, strict=True)}
    coded = people.astype("category")
    lmer, raked = best(lambda: mixed_model(d["y"], groups)), best(lambda: rake(coded, totals))
    fixed = best(lambda: adjust_ratings(d["y"], voter=d["s"], target=d["d"]), 1)
    return {
        "insteval_reml_blup_sd_s": lmer,
        "insteval_lmer_and_ranef_over_ours": 8.8 / lmer,
        "insteval_fixed_adjusted_s": fixed,
        "rake_1e6x4_categories_s": raked,
        "rake_samplics_over_ours": 2.5 / raked,
        "rake_weightipy_over_ours": 0.21 / raked,
        "rake_1e6x4_integers_s": best(lambda: rake(people, totals)),
        "rake_1e6x4_bounded_s": best(lambda: rake(coded, totals, bounds=(0.3, 3))),
    }


def rates() -> dict[str, dict[str, float]]:
    """Exact coverage over rates .01 to .99: mean and least."""
    found = {}
    for n in (8, 15, 30, 60):
        x, p = np.arange(n + 1), np.linspace(0.01, 0.99, 197)
        mass = stats.binom.pmf(x[:, None], n, p)
        for name, of in (("wilson", wilson), ("clopper", clopper_pearson), ("jeffreys", jeffreys)):
            i = of(x, n)
            inside = (i.lower[:, None] <= p) & (p <= i.upper[:, None])
            cover = (mass * inside).sum(axis=0)
            found[f"{name} n={n}"] = {"mean": float(cover.mean()), "least": float(cover.min())}
    return found


def grades(reps: int) -> dict[str, dict[str, float]]:
    rng, found = np.random.default_rng(1), {}
    s = np.array(GRADES)
    for name, shape in SHAPES.items():
        for n in (5, 10, 15, 30, 60):
            c = rng.multinomial(n, shape, size=reps)
            i, truth, mean = ordinal_mean(c, s), float(np.dot(shape, s)), c @ s / n
            se = np.sqrt(np.maximum(c @ s**2 / n - mean**2, 0) / (n - 1))
            t = stats.t.isf(0.025, n - 1) * se
            inside = (i.lower <= truth + 1e-9) & (truth - 1e-9 <= i.upper)
            by_t = np.abs(mean - truth) <= t + 1e-9
            width = float((i.upper - i.lower).mean())
            found[f"{name} n={n}"] = {
                "score": float(inside.mean()),
                "t": float(by_t.mean()),
                "width": width,
            }
    return found


def changes(reps: int) -> dict[str, float]:
    rng, found = np.random.default_rng(2), {}
    for p, q, m, n in (
        (0.5, 0.5, 20, 30),
        (0.9, 0.8, 15, 60),
        (0.97, 0.9, 30, 30),
        (0.3, 0.6, 12, 200),
    ):
        made = [rate_change((rng.binomial(m, p), m), (rng.binomial(n, q), n)) for _ in range(reps)]
        found[f"rates {p} {q}, {m} {n} people"] = _inside(made, q - p)
    for shares, n in (((0.6, 0.1, 0.1, 0.2), 20), ((0.8, 0.02, 0.1, 0.08), 30)):
        made = [rate_change_paired(rng.multinomial(n, shares).reshape(2, 2)) for _ in range(reps)]
        found[f"rates of the same {n} people {shares}"] = _inside(made, shares[2] - shares[1])
    for paired in (True, False):
        made = []
        for _ in range(reps):
            x, y = (rng.choice(GRADES, 15, p=SHAPES["middling"]) for _ in range(2))
            made.append(mean_change(x, y, paired=paired))
        found[f"means of 15 people, paired {paired}"] = _inside(made, 0.0)
    covered = []
    merit = np.linspace(-0.5, 0.5, 8)
    for _ in range(reps):
        years = []
        for _ in range(2):
            p = panel(merit, V30, seed=rng)
            c = composite(p.scores, p.voter_class, weights=WEIGHTS)
            years.append((c.estimate, c.covariance()))
        t = target_changes(years[0], years[1], df=54)
        covered.append(((t.lower <= 0) & (t.upper >= 0)).all())
    return found | {"all targets' changes at once": float(np.mean(covered))}


def _inside(made: list, truth: float) -> float:
    return float(np.mean([c.lower - 1e-12 <= truth <= c.upper + 1e-12 for c in made]))


def differences(reps: int) -> dict[str, dict[str, float]]:
    """Adjusted scores: coverage of 95 % intervals of differences between equal targets."""
    found = {}
    i, j = np.triu_indices(8, 1)
    for name, voters, noise in (
        ("V15", V15, {}),
        ("V30", V30, {}),
        ("V30 A of two", SMALL_A, {}),
        ("V60", V60, {}),
        ("V30 A noisier", V30, {"A": 1.5}),
        ("V30 A quieter", V30, {"A": 0.5}),
    ):
        for gap in (0.15, 0.4):
            rng, cover = np.random.default_rng(1), {k: [] for k in ("pooled", "voters", "random")}
            refused = 0
            for _ in range(reps):
                rater = Rater(noise=noise)
                p = panel([0.0] * 8, voters, unrated=gap, rater=rater, seed=rng)
                for kind in cover:
                    how = {"method": "random"} if kind == "random" else {"variance": kind}
                    try:
                        a = adjust(p.scores, p.voter_class, weights=WEIGHTS, **how)
                    except ValueError:
                        refused += 1
                        continue
                    c = a.covariance
                    se = np.sqrt(c[i, i] + c[j, j] - 2 * c[i, j])
                    off = np.abs(a.estimate[i] - a.estimate[j])
                    cover[kind].append((off <= stats.t.isf(0.025, a.df) * se).mean())
            made = {k: float(np.mean(v)) for k, v in cover.items()}
            found[f"{name}, {gap:.0%} blank"] = made | {"refused": refused}
    return found


def means(reps: int) -> dict[str, float]:
    """Clustered samples from a fixed population: means, a rate, a ratio; three sorts of errors."""
    rng, sizes = np.random.default_rng(11), {0: 5000, 1: 5000}
    sex, village = np.repeat([0, 1], 5000), np.repeat(np.arange(500), 20)
    y = 4 + 2.0 * sex + rng.normal(size=10_000) + np.repeat(rng.normal(0, 0.5, 500), 20)
    x, yes = rng.uniform(1, 3, 10_000), y > np.quantile(y, 0.85)
    truth = [y.mean()] * 4 + [yes.mean(), y.sum() / x.sum()]
    names = ("plain", "post-stratified", "jackknife", "bootstrap", "rate, logit", "ratio")
    hits = np.zeros(len(names))
    for seed in range(reps):
        at = np.flatnonzero(np.isin(village, rng.choice(500, 30, replace=False)))
        where: dict[str, Any] = {"clusters": village[at], "population": 500}
        d = design(np.full(len(at), 500 / 30), **where)
        mean = lambda w, at=at: w @ y[at] / w.sum()  # noqa: E731
        again = lambda w, at=at: post_stratify(sex[at], sizes, base=w).weight  # noqa: E731
        made = (
            survey_mean(y[at], d).interval(),
            survey_mean(y[at], design(post_stratify(sex[at], sizes), **where)).interval(),
            jackknife(mean, d, reweigh=again).interval(),
            bootstrap(mean, d, draws=99, seed=seed, reweigh=again).interval(),
            survey_mean(yes[at], d).interval(scale="logit"),
            survey_ratio(y[at], x[at], design=d).interval(),
        )
        hits += [f["lower"][0] <= t <= f["upper"][0] for f, t in zip(made, truth, strict=True)]
    return dict(zip(names, (hits / reps).tolist(), strict=True))


def years(reps: int, draws: int) -> dict[str, dict[str, float]]:
    """Persons named and confirmed over two years, in all and wrongly."""
    merits: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
        "equal": lambda _: np.zeros(20),
        "moderate": lambda g: g.normal(0, 0.35, 20),
        "two bad": lambda _: np.r_[-0.9, -0.9, np.zeros(18)],
    }
    found = {}
    for name, draw in merits.items():
        rng, made = np.random.default_rng(1), []
        for seed in range(reps):
            merit = draw(rng)
            bad = set(np.argsort(merit, kind="stable")[:2])
            both = []
            for _ in range(2):
                p = panel(merit, V30, seed=rng)
                both.append((pd.DataFrame(p.scores), p.voter_class))
            c = consecutive_bottom(both, weights=WEIGHTS, k=2, draws=draws, seed=seed)
            named, sure = (set(np.flatnonzero(x)) for x in (c.named, c.confirmed))
            made.append([len(named), len(named - bad), len(sure), len(sure - bad)])
        keys = ("named", "named wrongly", "confirmed", "confirmed wrongly")
        found[name] = dict(zip(keys, np.mean(made, axis=0).tolist(), strict=True))
    return found


def flags(reps: int) -> dict[str, dict[str, float]]:
    """Share of panels of honest voters in which some ballot is flagged."""
    designs: dict[str, dict[str, Any]] = {
        "V15": {"voters": V15},
        "V30": {"voters": V30},
        "V60": {"voters": V60},
        "V30 ceiling": {"voters": V30, "rater": Rater(cuts=(-3.0, -2.2, -1.04))},
        "V30 gaps 20 %": {"voters": V30, "unrated": 0.2},
        "V30 A noisier": {"voters": V30, "rater": Rater(noise={"A": 1.5})},
    }
    found = {}
    for name, how in designs.items():
        rng, made = np.random.default_rng(3), []
        for seed in range(reps):
            p = panel(rng.normal(0, 0.5, 20), seed=rng, **how)
            c = ballot_checks(p.scores, p.voter_class, weights=WEIGHTS, k=2, draws=199, seed=seed)
            made.append([c.contrary.any(), (c.lone_low != "").any(), (c.bloc > 0).any()])
        keys = ("contrary", "lone low", "bloc")
        found[name] = dict(zip(keys, np.mean(made, axis=0).tolist(), strict=True))
    return found


def alarms(reps: int) -> dict[str, float]:
    rng, g, made = np.random.default_rng(5), np.repeat(list("abcd"), 8), []
    for _ in range(reps):
        y = rng.choice(GRADES, p=SHAPES["good"], size=32)
        made.append((kruskal_wallis(y, g).p_value < 0.05, dunn(y, g).adjusted.min() < 0.05))
    return dict(zip(("kruskal_wallis", "dunn_holm"), np.mean(made, axis=0).tolist(), strict=True))


def run(*, reps: int = 300, draws: int = 499) -> dict[str, Any]:
    return {
        "reps": reps,
        "speeds": speeds(),
        "rates": rates(),
        "grades": grades(10 * reps),
        "changes": changes(reps),
        "adjusted differences": differences(reps),
        "survey means": means(reps),
        "two years": years(reps, draws),
        "honest ballots flagged": flags(reps),
        "rank tests, false alarms": alarms(5 * reps),
    }
