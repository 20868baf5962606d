"""Intervals for rates and for means of grades."""

import numpy as np
import pytest
from scipy import stats

from zuofeng_survey.stats.intervals import clopper_pearson, jeffreys, wilson
from zuofeng_survey.stats.ordinal import ordinal_mean

EVERY = [wilson, clopper_pearson, jeffreys]
GRADES = [40, 65, 80, 95]


def test_wilson_is_that_of_r():
    # R: prop.test(47, 60, correct = FALSE)$conf.int
    rate = wilson(47, 60)
    assert float(rate.lower) == pytest.approx(0.663799724268052, abs=1e-9)
    assert float(rate.upper) == pytest.approx(0.868769559518097, abs=1e-9)


def test_clopper_pearson_is_that_of_r():
    # R: binom.test(47, 60)$conf.int
    rate = clopper_pearson(47, 60)
    assert float(rate.lower) == pytest.approx(0.658043821265347, abs=1e-9)
    assert float(rate.upper) == pytest.approx(0.879283975537303, abs=1e-9)


def test_jeffreys_is_that_of_the_paper():
    # Brown, Cai & DasGupta (2001), table 5, n = 7: x = 1 and 2
    rate = jeffreys([1, 2], 7)
    np.testing.assert_allclose(rate.lower, [0.016, 0.065], atol=6e-4)
    np.testing.assert_allclose(rate.upper, [0.501, 0.648], atol=6e-4)


@pytest.mark.parametrize("interval", EVERY)
def test_nobody_and_everybody_end_at_zero_and_one(interval):
    rate = interval([0, 10], 10)
    assert (rate.lower[0], rate.upper[1]) == (0.0, 1.0)
    assert rate.upper[0] == pytest.approx(1 - rate.lower[1])
    assert rate.table().shape == (2, 4)
    assert not rate.lower.flags.writeable


@pytest.mark.parametrize("interval", EVERY)
def test_more_coverage_is_wider(interval):
    wide, narrow = interval(3, 10, coverage=0.99), interval(3, 10, coverage=0.9)
    assert wide.lower < narrow.lower < 0.3 < narrow.upper < wide.upper


def covered(interval, p, n):
    """Exact coverage: binomial probabilities of the counts whose interval holds p."""
    x = np.arange(n + 1)
    rate = interval(x, n)
    return float(stats.binom.pmf(x, n, p)[(rate.lower <= p) & (p <= rate.upper)].sum())


@pytest.mark.parametrize("n", [8, 15, 30, 60])
def test_rates_are_covered_as_each_method_claims(n):
    rates = np.linspace(0.02, 0.98, 97)
    exact, score, bayes = (
        [covered(i, p, n) for p in rates] for i in (clopper_pearson, wilson, jeffreys)
    )
    assert min(exact) >= 0.95
    assert np.mean(score) == pytest.approx(0.95, abs=0.012) and min(score) > 0.83
    assert np.mean(bayes) == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize("interval", EVERY)
@pytest.mark.parametrize(("x", "n"), [(1, 0), (5, 4), (-1, 4), (np.nan, 4), (1, np.nan)])
def test_impossible_counts_are_refused(interval, x, n):
    with pytest.raises(ValueError, match="must be"):
        interval(x, n)


@pytest.mark.parametrize("interval", EVERY)
def test_coverage_is_a_probability(interval):
    with pytest.raises(ValueError, match=r"0\.95, not 95"):
        interval(1, 2, coverage=95)


# ---- means of grades


def test_with_two_grades_it_is_wilsons():
    counts = np.column_stack([np.arange(10, -1, -1), np.arange(11)])
    grades, rate = ordinal_mean(counts, [0, 1]), wilson(np.arange(11), 10)
    np.testing.assert_allclose(grades.lower, rate.lower, atol=1e-5)
    np.testing.assert_allclose(grades.upper, rate.upper, atol=1e-5)


def test_grades_that_agree_still_leave_doubt():
    all_best = ordinal_mean([0, 0, 0, 10], GRADES)
    assert all_best.upper[0] == 95 and 75 < all_best.lower[0] < 85


def test_the_interval_moves_with_the_scale():
    counts = [1, 2, 5, 4]
    a, b = ordinal_mean(counts, GRADES), ordinal_mean(counts, 2 * np.array(GRADES) + 7)
    np.testing.assert_allclose(b.lower, 2 * a.lower + 7, rtol=1e-8)
    down = ordinal_mean(counts[::-1], GRADES[::-1])
    np.testing.assert_allclose(down.upper, a.upper, rtol=1e-8)


def test_an_interval_stays_on_the_scale_and_holds_the_mean():
    counts = np.random.default_rng(1).multinomial(7, [0.1, 0.1, 0.3, 0.5], size=200)
    found = ordinal_mean(counts, GRADES)
    assert (found.lower >= 40).all() and (found.upper <= 95).all()
    assert (found.lower <= found.estimate).all() and (found.estimate <= found.upper).all()
    assert (found.upper - found.lower > 1).all()


@pytest.mark.parametrize(
    "shape", [(0.01, 0.02, 0.12, 0.85), (0.1, 0.4, 0.4, 0.1), (0.4, 0.1, 0.1, 0.4)]
)
@pytest.mark.parametrize("n", [8, 20])
def test_means_of_grades_are_covered(shape, n):
    counts = np.random.default_rng(2).multinomial(n, shape, size=1500)
    found, truth = ordinal_mean(counts, GRADES), float(np.dot(shape, GRADES))
    assert ((found.lower <= truth) & (truth <= found.upper)).mean() >= 0.93


@pytest.mark.parametrize(
    ("counts", "scores"),
    [
        ([1, 2], [1, 2, 3]),
        ([0, 0], [1, 2]),
        ([1, -1], [1, 2]),
        ([1, np.nan], [1, 2]),
        ([1, 2, 3], [1, 3, 2]),
        ([1], [1]),
    ],
)
def test_counts_that_are_none_are_refused(counts, scores):
    with pytest.raises(ValueError, match="must"):
        ordinal_mean(counts, scores)
