"""Before anyone votes: what luck does exactly, and what the simulation says beside it."""

import numpy as np
import pytest

from zuofeng_survey.stats.planning import plan
from zuofeng_survey.stats.plans import PlanDesign, named_by_luck
from zuofeng_survey.stats.raters import Bloc, Conduct, Rater

VOTERS = {"A": 5, "B": 14, "C": 20, "D": 10}
WEIGHTS = {"A": 0.3, "B": 0.3, "C": 0.25, "D": 0.15}
TOWNS = (7, 7, 6, 6, 6, 6, 5, 5, 5, 5, 7, 7)  # 72 deputies
LATENT = Rater(  # domain note 3c: merit sd 3, leniency 6, noise 9 on a scale of 100, one grade each
    leniency=(6 / 9) ** 2, halo=0.0, residual=1.0, grades=(0.0, 60.0, 80.0, 100.0),
    cuts=tuple((c - 78) / 9 for c in (58, 70, 85)),
)  # fmt: skip


def test_luck_alone_names_72_deputies_of_12_townships_as_the_plan_counts_them():
    assert named_by_luck(TOWNS, 2, years=3).round(1).tolist() == [24.0, 8.2, 2.8]
    assert named_by_luck([72], 2, years=3).round(3).tolist() == [2.0, 0.056, 0.002]


@pytest.mark.parametrize("kwargs", [{"sizes": [], "k": 1}, {"sizes": [3], "k": 4}, {"sizes": [3], "k": 0}])
def test_luck_needs_a_pool_larger_than_k(kwargs):
    with pytest.raises(ValueError, match="smallest pool"):
        named_by_luck(kwargs["sizes"], kwargs["k"], years=2)


def test_when_all_are_equal_the_simulation_names_what_luck_names_and_verifies_nobody():
    found = plan(PlanDesign(VOTERS, TOWNS, 2, weights=WEIGHTS), spread="none", reps=240, seed=1)
    away = (found.people[:, 0] - found.if_equal)[1:] / found.people_se[1:, 0]
    assert np.abs(away).max() < 3
    assert (found.people[:, 0] == found.people[:, 1]).all()  # whoever is named, it is by luck
    assert found.odds[0] == 0 and found.odds[2] <= 0.05
    assert found.people[2, 2] < 0.2


def test_the_figures_of_the_domain_note_come_out_of_our_generator():
    # bottom_rule_noise.py, k = 6, b = 2, 45 ballots: right 54 %, one ballot flips 45 %, 1.04 a pool named thrice
    found = plan(PlanDesign({"A": 45}, (6,), 2, items=1), spread=1 / 3, rater=LATENT, reps=250, seed=3)
    assert found.odds[0] == pytest.approx(0.54, abs=0.09)
    assert found.odds[1] == pytest.approx(0.45, abs=0.09)
    assert found.people[2, 0] == pytest.approx(1.04, abs=0.15)


def test_more_voters_are_right_more_often_and_true_differences_are_found():
    few, many = (
        plan(PlanDesign({"A": v}, (8,), 2), spread="strong", reps=100, seed=4) for v in (10, 90)
    )
    assert many.odds[0] > few.odds[0] + 0.1
    assert many.odds[2] > few.odds[2] + 0.1
    assert many.odds[1] < few.odds[1]
    assert many.people[2, 1] <= few.people[2, 1]


def test_a_hostile_bloc_makes_the_bottom_wrong():
    bloc = Conduct(blocs=[Bloc(voters={"A": 10}, grades={0: 0})])
    fair, bought = (
        plan(PlanDesign({"A": 20}, (8,), 1), spread="strong", conduct=c, reps=60, seed=5)
        for c in (None, bloc)
    )
    assert bought.odds[0] < fair.odds[0] - 0.2


def test_merit_that_drifts_is_named_less_often():
    still, moved = (
        plan(PlanDesign({"A": 40}, (6,), 2), spread="moderate", drift=d, reps=100, seed=6)
        for d in (0.0, 0.7)
    )
    assert moved.people[2, 0] < still.people[2, 0] - 0.2


def test_same_seed_same_plan_and_progress_is_told():
    told = []
    one, two = (
        plan(PlanDesign({"A": 9}, (4,), 1), reps=20, seed=7, progress=lambda *x: told.append(x))
        for _ in range(2)
    )
    assert one.table().equals(two.table())
    assert told[:20] == told[20:] == [(i, 20) for i in range(1, 21)]


def test_a_plan_speaks_plainly_in_two_languages_and_has_a_row_a_question():
    found = plan(PlanDesign({"A": 9}, (4, 5), 1, years=2), reps=20, seed=8)
    assert found.table()["question"].tolist() == [
        "right", "flip1", "verified", "verified_wrong", "tied",
        "named_1", "wrong_1", "confirmed_1", "confirmed_wrong_1",
        "named_2", "wrong_2", "confirmed_2", "confirmed_wrong_2",
    ]  # fmt: skip
    assert "4—5 名对象" in found.verdict() and "连续两年" in found.verdict()
    assert "luck alone would name 2 over 1 year(s), 0.5 over 2" in found.verdict("en")
    assert "zf-verdict" in found._repr_html_()
    assert list(found.years()["years"]) == [1, 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sizes": (2,)}, "below every pool"),
        ({"sizes": ()}, "below every pool"),
        ({"years": 0}, "years must be"),
        ({"weights": {"Z": 1.0}}, "weights must name"),
    ],
)
def test_impossible_designs_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        PlanDesign(**({"voters": {"A": 5}, "sizes": (6,), "k": 2} | change))


@pytest.mark.parametrize(
    ("change", "message"),
    [({"spread": "wide"}, "spread must be"), ({"spread": -1.0}, "spread must be"), ({"reps": 5}, "reps must be")],
)
def test_impossible_simulations_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        plan(PlanDesign({"A": 5}, (6,), 2), seed=1, **change)
