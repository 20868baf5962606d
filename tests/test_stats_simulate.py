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
from zuofeng_survey.stats.raters import Bloc, Conduct, Rater
from zuofeng_survey.stats.simulate import panel, panels

WEIGHTS = {"A": 0.4, "B": 0.3, "C": 0.3}
SIZES = {15: {"A": 3, "B": 5, "C": 7}, 30: {"A": 5, "B": 10, "C": 15}}
OLD = [308.166667, 347.333333, 277.333333]


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


# ── the county ────────────────────────────────────────────────────────────────────────────────


def test_a_seed_keeps_the_panel_it_has_always_given():
    p = panel([0.0, 0.5, -1.0], {"A": 2, "B": 3}, unrated=0.2, seed=20200101)
    assert np.nan_to_num(p.scores, nan=-1).sum(axis=0).round(6).tolist() == OLD


def test_options_that_nobody_uses_change_nothing():
    one, two = (
        panel([0.0, 1.0], {"A": 4}, conduct=c, seed=7)
        for c in (None, Conduct(returned={"A": 1.0}, coached={"A": 0.0}))
    )
    assert (one.scores == two.scores).all() and (one.role == "own").all()


def test_grades_are_what_the_scores_are_made_of():
    p = panel(np.zeros(5), {"A": 30}, unrated=0.2, seed=1)
    rated = p.grades[..., 0] >= 0
    assert (rated == ~np.isnan(p.scores)).all()
    assert np.allclose(np.array([40.0, 65, 80, 95])[p.grades].mean(axis=2)[rated], p.scores[rated])


def test_a_harsh_class_gives_less_and_moves_no_contrast_of_complete_ballots():
    easy, harsh = (
        panel(np.zeros(3), {"A": 400, "B": 400}, rater=Rater(harshness=h), seed=1)
        for h in ({}, {"B": 0.8})
    )
    a, b = (harsh.scores[harsh.voter_class == c].mean() for c in "AB")
    assert a - b > 5
    assert (easy.scores[easy.voter_class == "A"] == harsh.scores[harsh.voter_class == "A"]).all()


def test_a_bloc_gives_what_it_agreed_on_and_the_rest_as_it_sees():
    bloc = Bloc(voters={"B": 3}, grades={0: 0, 1: -1})
    free, bound = (
        panel(np.zeros(4), {"A": 5, "B": 5}, conduct=Conduct(blocs=b), seed=2) for b in ((), [bloc])
    )
    rows = bound.role == "bloc"
    assert rows.tolist() == [False] * 5 + [True] * 3 + [False] * 2
    assert (bound.scores[rows, :2] == [40.0, 95.0]).all()
    assert (bound.scores[:, 2:] == free.scores[:, 2:]).all()
    assert (bound.scores[~rows] == free.scores[~rows]).all()


def test_the_coached_give_everybody_the_best():
    p = panel(np.zeros(6), {"A": 300, "B": 50}, conduct=Conduct(coached={"A": 0.3}), seed=3)
    told = p.role == "coached"
    assert told.mean() == pytest.approx(0.3 * 300 / 350, abs=0.06)
    assert (p.scores[told] == 95).all() and set(p.voter_class[told]) == {"A"}


def test_fewer_hand_in_and_the_harsh_stay_away():
    some, harsh = (
        panel(np.zeros(6), {"A": 400, "B": 2}, conduct=Conduct(returned={"A": 0.6, "B": 0.01}, willing=w), seed=4)
        for w in (0.0, 2.0)
    )  # fmt: skip
    assert len(some.scores) == pytest.approx(241, abs=25)
    assert set(some.voter_class) == {"A", "B"}
    assert harsh.scores.mean() > some.scores.mean() + 2


def test_what_voters_do_not_know_is_missing():
    p = panel(np.zeros(50), {"A": 60, "D": 60}, conduct=Conduct(unknown={"D": 0.25}), seed=5)
    gaps = np.isnan(p.scores)
    assert gaps[p.voter_class == "D"].mean() == pytest.approx(0.25, abs=0.03)
    assert not gaps[p.voter_class == "A"].any()


def test_merit_is_stable_over_years_or_drifts():
    still = panels(np.arange(4.0), {"A": 9}, years=3, seed=6)
    assert all((p.merit == np.arange(4.0)).all() for p in still)
    assert not (still[0].scores == still[1].scores).all()
    moved = panels(np.zeros(4000), {"A": 1}, years=3, drift=0.3, seed=6)
    assert (moved[2].merit - moved[0].merit).std() == pytest.approx(0.3 * 2**0.5, rel=0.05)


@pytest.mark.parametrize(
    ("conduct", "message"),
    [
        (Conduct(returned={"A": 1.5}), "returned must give a share"),
        (Conduct(returned={"A": 0.0}), "above 0"),
        (Conduct(unknown={"Z": 0.1}), "unknown must give"),
        (Conduct(coached={"A": -0.1}), "coached must give"),
        (Conduct(blocs=[Bloc({"A": 9}, {0: 0})]), "no larger"),
        (Conduct(blocs=[Bloc({"A": 1}, {7: 0})]), "targets 0 to"),
        (Conduct(blocs=[Bloc({"A": 1}, {0: 4})]), "grades below 4"),
    ],
)
def test_impossible_conduct_is_refused(conduct, message):
    with pytest.raises(ValueError, match=message):
        panel([0.0, 1.0], {"A": 3}, conduct=conduct, seed=1)


@pytest.mark.parametrize("change", [{"years": 0}, {"years": 2, "drift": -1.0}])
def test_impossible_years_are_refused(change):
    with pytest.raises(ValueError, match="years must be"):
        panels([0.0, 1.0], {"A": 3}, seed=1, **change)


def test_answers_drawn_one_by_one_are_those_of_a_panel():
    rater, rng, n = Rater(cuts=(-1.9, -1.2, 0.1)), np.random.default_rng(3), 4000
    seen = [rater.impression(-0.4, rater.lenience(rng), rng=rng) for _ in range(n)]
    single = np.array([[rater.grade(s, rng=rng) for _ in range(2)] for s in seen])
    drawn = panel([-0.4], {"A": n}, items=2, rater=rater, seed=4).grades[:, 0]
    for grade in range(4):
        assert (single == grade).mean() == pytest.approx((drawn == grade).mean(), abs=0.03)
    correlation = [np.corrcoef(x.T)[0, 1] for x in (single, drawn)]
    assert correlation[0] == pytest.approx(correlation[1], abs=0.06)
