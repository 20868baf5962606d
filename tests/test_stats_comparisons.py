"""Rank tests and families of p values: by hand, against SciPy, and under relabelling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from zuofeng_survey.stats.comparisons import (
    benjamini_hochberg,
    dunn,
    friedman,
    holm,
    kruskal_wallis,
)
from zuofeng_survey.stats.twogroups import mann_whitney, wilcoxon

NAN = float("nan")
P = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_holm_by_hand_keeps_its_order():
    # .01·4, .02·3, .03·2, .04·1 → .04, .06, .06, .06
    np.testing.assert_allclose(holm([0.03, 0.01, 0.04, 0.02]), [0.06, 0.04, 0.06, 0.06])


@settings(max_examples=60, deadline=None)
@given(P)
def test_adjusted_p_values_keep_order_and_never_fall(p):
    for adjust in (holm, benjamini_hochberg):
        adjusted = adjust(p)
        assert (adjusted >= np.array(p) - 1e-15).all() and (adjusted <= 1).all()
        assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= -1e-15).all()
    assert (holm(p) >= benjamini_hochberg(p) - 1e-15).all()


@settings(max_examples=40, deadline=None)
@given(P)
def test_benjamini_hochberg_is_scipys(p):
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p), atol=1e-12)


@pytest.mark.parametrize("p", [[], [0.1, NAN], [1.2], [-0.1], [[0.1]]])
def test_what_is_no_p_value_is_refused(p):
    with pytest.raises(ValueError, match="from 0 to 1"):
        holm(p)


def grades(seed, n=40):
    rng = np.random.default_rng(seed)
    return rng.integers(1, 5, n).astype(float), rng.choice(list("abc"), n)


def test_two_groups_of_kruskal_wallis_are_mann_whitney_squared():
    y, g = grades(1)
    g = np.where(g == "c", "a", g)
    z2 = kruskal_wallis(y, g).statistic
    assert dunn(y, g).statistic[0] ** 2 == pytest.approx(z2)


def test_pairs_turn_their_sign_with_the_scale():
    y, g = grades(2)
    up, down = dunn(y, g), dunn(-y, g)
    np.testing.assert_allclose(up.statistic, -down.statistic)
    np.testing.assert_allclose(up.effect, -down.effect)
    assert up.table().shape == (3, 6)
    np.testing.assert_allclose(dunn(y, g, adjust="bh").adjusted, benjamini_hochberg(up.p_value))


def test_the_effect_counts_pairs():
    a, b = [1.0, 2, 2, 4], [2.0, 3, 1]
    wins = sum((x > y) - (x < y) for x in a for y in b)
    assert mann_whitney(a, b).effect == pytest.approx(wins / 12)


def test_full_agreement_is_an_effect_of_one():
    assert friedman([[1, 2, 3, 4]] * 5).effect == pytest.approx(1)
    assert friedman(np.array([[1, 2, 3], [3, 1, 2], [2, 3, 1]])).effect == pytest.approx(0)


def test_friedman_with_ties_is_scipys():
    y = np.random.default_rng(3).integers(1, 4, (12, 4))
    found, told = friedman(y), stats.friedmanchisquare(*y.T)
    assert found.statistic == pytest.approx(told.statistic)
    assert found.p_value == pytest.approx(told.pvalue)


def test_wilcoxon_with_ties_is_scipys():
    rng = np.random.default_rng(4)
    a, b = rng.integers(1, 6, 30), rng.integers(1, 5, 30)
    told = stats.wilcoxon(a, b, correction=True, method="asymptotic")
    assert wilcoxon(a, b).p_value == pytest.approx(told.pvalue)
    assert wilcoxon(a, b).effect == pytest.approx(-wilcoxon(b, a).effect)
    assert wilcoxon(a, b).table().loc[0, "test"] == "Wilcoxon"


def test_false_alarms_stay_within_the_level():
    rng, alarms = np.random.default_rng(5), []
    g = np.repeat(list("abcd"), 8)
    for _ in range(600):
        y = rng.choice([1.0, 2, 3, 4], p=[0.05, 0.15, 0.4, 0.4], size=32)
        alarms.append((kruskal_wallis(y, g).p_value < 0.05, dunn(y, g).adjusted.min() < 0.05))
    assert (np.mean(alarms, axis=0) <= 0.065).all()


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: kruskal_wallis([1, 2], ["a", "a"]), "two groups"),
        (lambda: kruskal_wallis([1, 1], ["a", "b"]), "nothing to test"),
        (lambda: kruskal_wallis([1, NAN], ["a", "b"]), "not be missing"),
        (lambda: kruskal_wallis([1, 2, 3], ["a", "b"]), "one length"),
        (lambda: dunn([1, 2], ["a", "b"], adjust="none"), "adjust must be"),
        (lambda: friedman([[1, 2], [2, 1]]), "use wilcoxon"),
        (lambda: friedman([[1, 2, NAN], [2, 1, 3]]), "complete"),
        (lambda: friedman([[1, 1, 1], [2, 2, 2]]), "tell things apart"),
        (lambda: mann_whitney([1, 1], [1]), "nothing to test"),
        (lambda: mann_whitney([], [1]), "first must be"),
        (lambda: wilcoxon([1, 2], [1, 2]), "someone must differ"),
        (lambda: wilcoxon([1, 2], [1]), "one length"),
    ],
)
def test_data_without_a_question_are_refused(act, words):
    with pytest.raises(ValueError, match=words):
        act()
