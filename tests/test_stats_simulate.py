"""The rater model, and the coverage of what is computed from it."""

import numpy as np
import pytest
from benchmarks.coverage import (
    GAP,
    METHODS,
    OTHERS,
    SHAPES,
    STEPDOWN,
    coverage_of,
    targets,
    verdicts_of,
)

from zuofeng_survey.stats.composite import composite
from zuofeng_survey.stats.ranking import bottom_sets, rank_sets, rank_sets_from
from zuofeng_survey.stats.simulate import Rater, panel

WEIGHTS = {"A": 0.4, "B": 0.3, "C": 0.3}
SIZES = {15: {"A": 3, "B": 5, "C": 7}, 30: {"A": 5, "B": 10, "C": 15}}


def test_same_seed_same_panel():
    one, two = (panel([0.0, 1.0], {"A": 4}, seed=7).scores for _ in range(2))
    assert (one == two).all()


def test_scores_are_means_of_grades_and_follow_merit():
    p = panel(np.linspace(-2, 2, 9), {"A": 200}, items=1, seed=1)
    assert set(np.unique(p.scores)) <= {40.0, 65.0, 80.0, 95.0}
    assert (np.diff(p.scores.mean(axis=0)) > 0).all()


def test_unrated_cells_are_missing():
    p = panel(np.zeros(50), {"A": 100}, unrated=0.3, seed=1)
    assert np.isnan(p.scores).mean() == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"merit": []}, "merit must be"),
        ({"voters": {"A": 0}}, "1 or more voters"),
        ({"items": 0}, "items must be"),
        ({"unrated": 1.0}, "unrated in"),
        ({"rater": Rater(cuts=(0.0, 1.0))}, "one fewer"),
        ({"rater": Rater(tails=2.0)}, "above 2"),
        ({"rater": Rater(cut_shift=-1.0)}, "0 or more"),
    ],
)
def test_impossible_panels_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        panel(**({"merit": [0.0], "voters": {"A": 1}, "seed": 1} | change))


@pytest.mark.parametrize("n_voters", [15, 30])
@pytest.mark.parametrize("unrated", [0.0, 0.15])
def test_rank_sets_cover_when_all_are_equal_and_the_plug_in_does_not(n_voters, unrated):
    rng, covered, plug_in, reps = np.random.default_rng(n_voters), 0, 0, 150
    for rep in range(reps):
        p = panel(np.zeros(20), SIZES[n_voters], unrated=unrated, seed=rng)
        sets = rank_sets(p.scores, p.voter_class, weights=WEIGHTS, draws=499, seed=rep)
        covered += bool((sets.lower == 1).all() and (sets.upper == 20).all())
        c = composite(p.scores, p.voter_class, weights=WEIGHTS)
        naive = rank_sets_from(c.estimate, c.covariance(), draws=499, seed=rep)
        plug_in += bool((naive.lower == 1).all() and (naive.upper == 20).all())
    assert covered / reps >= 0.91  # nominal .95, Monte Carlo error .018
    assert plug_in / reps <= 0.75


def test_rank_sets_cover_with_a_class_of_one():
    rng, covered, reps = np.random.default_rng(1), 0, 150
    for rep in range(reps):
        p = panel(np.zeros(20), {"A": 1, "B": 6, "C": 8}, seed=rng)
        sets = rank_sets(p.scores, p.voter_class, weights=WEIGHTS, draws=499, seed=rep)
        covered += bool((sets.lower == 1).all() and (sets.upper == 20).all())
    assert covered / reps >= 0.91


def test_the_gap_test_seldom_verifies_one_of_two_equals():
    rng, declared, reps = np.random.default_rng(1), 0, 200
    merit = [-1.5, -1.5, *[0.0] * 18]
    for rep in range(reps):
        p = panel(merit, SIZES[30], seed=rng)
        bottom = bottom_sets(p.scores, p.voter_class, k=1, weights=WEIGHTS, draws=299, seed=rep)
        declared += bottom.verified
    assert declared / reps <= 0.09  # nominal .05, Monte Carlo error .015


@pytest.mark.parametrize("rater", [Rater(cut_shift=0.5), Rater(tails=3.0), Rater(camps=0.5)])
def test_equal_merit_is_graded_equally_by_raters_of_every_kind(rater):
    p = panel(np.zeros(6), {"A": 3000}, rater=rater, seed=1)
    se = p.scores.std(axis=0).max() / np.sqrt(3000)
    assert np.ptp(p.scores.mean(axis=0)) < 5 * se


def test_two_camps_see_every_second_target_the_other_way_round():
    p = panel(np.zeros(4), {"A": 2000}, rater=Rater(camps=1.0, leniency=0.0), seed=1)
    r = np.corrcoef(p.scores.T)
    assert r[0, 2] > 0.3 and r[1, 3] > 0.3 and r[0, 1] < -0.3


# The full grid is benchmarks/coverage.py; here a few designs of each part, nominal .95.
REDUCED = {
    **{name: METHODS[name] for name in ("V15 N8", "V30 ceiling", "V30 three contested")},
    **{name: OTHERS[name] for name in ("V15 own cuts", "V15 heavy tails", "V15 two camps")},
    **{name: STEPDOWN[name] for name in ("V15 two tiers", "V15 pairs")},
    **{name: SHAPES[name] for name in ("V8 (2,3,3)", "V15 A of one, noisier")},
}


@pytest.mark.parametrize("name", REDUCED)
def test_rank_sets_cover_in_a_reduced_grid(name):
    found = coverage_of({"merit": targets()} | REDUCED[name], 100, 299)
    assert found["coverage"] >= 0.89  # Monte Carlo error .022


def test_a_tiny_class_that_grades_coarsely_verifies_no_more_than_others():
    design = {"merit": targets(-1.5, -1.5)} | GAP["V30 A of two, noisier"]
    assert verdicts_of(design, 200, 299)["verified"] <= 0.09
