"""Carelessness: each index by hand, grades on people known to be careless, nobody dropped."""

import numpy as np
import pytest
from scipy import stats

from zuofeng_survey.stats.careless import contradiction, even_odd, irv, longstring, synonyms
from zuofeng_survey.stats.carelessflags import Layout, careless, careless_sensitivity
from zuofeng_survey.stats.outliers import mahalanobis

NAN = float("nan")
REVERSE = tuple(range(1, 30, 3))
LAYOUT = Layout(1, 5, sizes=(5,) * 6, reverse=REVERSE, pairs=((0, 1), (5, 7)))


def people(seed=3, n=300, random=15, straight=15):
    """Attentive people on six scales, after a few who clicked at random or down one column."""
    rng = np.random.default_rng(seed)
    loading = np.repeat(np.eye(6), 5, axis=0) * 0.8
    x = rng.normal(size=(n, 6)) @ loading.T + 0.6 * rng.normal(size=(n, 30))
    x = np.clip(np.round(3 + x), 1, 5)
    x[:, REVERSE] = 6 - x[:, REVERSE]
    x[:random] = rng.integers(1, 6, (random, 30))
    x[random : random + straight] = rng.integers(1, 6, (straight, 1))
    return x


def test_runs_end_at_a_gap():
    s = longstring([[1, 1, NAN, 1, 1, 1], [NAN] * 6, [2, NAN, NAN, NAN, NAN, 2]])
    assert s.longest.tolist() == [3, 0, 1]
    assert s.average[0] == 2.5 and np.isnan(s.average[1])
    assert s.straight.tolist() == [True, False, True]


def test_runs_do_not_depend_on_what_the_answer_is():
    x = np.random.default_rng(1).integers(1, 5, (20, 12))
    np.testing.assert_array_equal(longstring(x).longest, longstring(9 - x).longest)
    np.testing.assert_array_equal(longstring(x).longest, longstring(x[:, ::-1]).longest)


def test_variation_is_the_standard_deviation_of_the_answers_there_are():
    x = np.array([[1, 2, NAN, 5], [3, NAN, NAN, NAN]])
    assert irv(x)[0] == pytest.approx(np.std([1, 2, 5], ddof=1)) and np.isnan(irv(x)[1])


def test_halves_that_agree_are_minus_one_and_opposite_halves_one():
    scores = np.array([1, 1, 2, 2, 5, 5])
    assert even_odd([scores, [1, 5, 2, 4, 5, 1]], (2, 2, 2)).tolist() == [-1, 1]
    assert np.isnan(even_odd([[3] * 6], (2, 2, 2))[0])


def test_synonyms_single_out_the_one_who_contradicts():
    rng = np.random.default_rng(2)
    pair = np.repeat(rng.normal(size=(50, 5)), 2, axis=1) + 0.2 * rng.normal(size=(50, 10))
    pair[0, 1::2] *= -1
    found = synonyms(pair)
    assert found.argmin() == 0 and found[0] < 0 < np.delete(found, 0).min()


def test_contradiction_counts_pairs_answered():
    found = contradiction([[5, 5, NAN, 1], [NAN] * 4], [(0, 1), (2, 3)], low=1, high=5)
    assert found[0] == 1 and np.isnan(found[1])


def test_distance_is_unchanged_by_other_units():
    x = np.random.default_rng(3).normal(size=(80, 4))
    turned = x @ np.random.default_rng(4).normal(size=(4, 4)) + 3
    np.testing.assert_allclose(mahalanobis(x), mahalanobis(turned), rtol=1e-8)
    assert mahalanobis(x).mean() == pytest.approx(4 * 79 / 80)


def test_a_block_of_outliers_hides_from_the_classical_distance_only():
    x = np.random.default_rng(5).normal(size=(400, 5))
    x[:60] = 8 + 0.1 * x[:60]
    limit = stats.chi2.ppf(0.99, 5)
    assert (mahalanobis(x)[:60] < limit).all()
    robust = mahalanobis(x, robust=True)
    assert robust[:60].min() > 3 * limit and (robust[60:] > limit).mean() < 0.04


def test_robust_distance_is_right_where_all_are_alike_in_kind():
    x = np.random.default_rng(6).normal(size=(2000, 4))
    share = (mahalanobis(x, robust=True) > stats.chi2.ppf(0.99, 4)).mean()
    assert 0.006 < share < 0.02


def test_those_with_a_gap_have_no_distance():
    x = np.random.default_rng(7).normal(size=(40, 3))
    x[4, 1] = NAN
    assert np.flatnonzero(np.isnan(mahalanobis(x))).tolist() == [4]


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: longstring([1, 2, 3]), "persons, 2 or more items"),
        (lambda: irv([[1, np.inf]]), "finite or NaN"),
        (lambda: even_odd(np.ones((3, 6)), (2, 2)), "sizes must"),
        (lambda: even_odd(np.ones((3, 6)), (4, 2)), "sizes must"),
        (lambda: synonyms(np.random.default_rng(1).normal(size=(50, 4))), "three or more pairs"),
        (lambda: contradiction([[1, 5]], [(0, 2)], low=1, high=5), "columns from 0 to 1"),
        (lambda: contradiction([[1, 6]], [(0, 1)], low=1, high=5), "lie from low to high"),
        (lambda: mahalanobis(np.ones((3, 4))), "must be more than"),
        (lambda: mahalanobis(np.tile([[1.0, 1], [1, 2]], (9, 1))), "each item must vary"),
        (lambda: mahalanobis(np.arange(40).reshape(20, 2) * 1.0), "repeat each other"),
        (lambda: careless([[1, 9]], Layout(1, 5), seed=1), "lie from 1 to 5"),
        (lambda: careless([[1, 2]], Layout(1, 5, reverse=(2,)), seed=1), "reverse must"),
        (lambda: careless([[1, 2]], Layout(1, 5), speed=[0.5], seed=1), "whole numbers"),
    ],
)
def test_answers_that_cannot_be_judged_are_refused(act, words):
    with pytest.raises(ValueError, match=words):
        act()


def test_the_careless_are_graded_and_the_attentive_mostly_not():
    found = careless(people(), LAYOUT, seed=1)
    assert (found.grade[15:30] != "none").all() and found.straight[15:30].all()
    assert (found.grade[15:30] == "several").mean() > 0.8  # all "3" contradicts nothing
    assert (found.grade[:15] != "none").mean() > 0.9
    assert (found.grade[30:] == "several").mean() < 0.06
    assert len(found.table()) == 300 and "<table" in found._repr_html_()


def test_the_fastest_band_is_one_sign_among_others():
    x = people()
    band = np.where(np.arange(300) % 50 == 31, 0, 3)
    band[100] = -1
    without, with_speed = careless(x, LAYOUT, seed=1), careless(x, LAYOUT, speed=band, seed=1)
    more = with_speed.families - without.families
    assert (more == (band == 0)).all()


def test_an_index_that_marks_too_many_is_not_counted():
    x = np.random.default_rng(8).integers(1, 6, (200, 30)).astype(float)  # all at random
    found = careless(x, Layout(1, 5, sizes=(5,) * 6), seed=1)
    assert {"weak-even_odd", "no-synonyms"} <= set(found.notes)
    assert not found.sign["even_odd"].any()


def test_the_same_seed_gives_the_same_cuts():
    a, b = (careless(people(), LAYOUT, seed=4).cut for _ in range(2))
    assert a == b


def test_results_stand_beside_those_without_the_doubtful():
    x = people()
    found = careless(x, LAYOUT, seed=1)
    table = careless_sensitivity(lambda rows: [x[rows, 0].mean(), x[rows, 1].mean()], found)
    assert table["n"].tolist() == [300, *(int((found.families <= m).sum()) for m in (1, 0))]
    assert table["estimate_1"][0] == pytest.approx(x[:, 0].mean())
    with pytest.raises(ValueError, match="got nobody"):
        careless_sensitivity(
            lambda rows: 1.0,
            careless(np.full((20, 4), 3.0), Layout(1, 5), seed=1, speed=np.zeros(20, int)),
        )
