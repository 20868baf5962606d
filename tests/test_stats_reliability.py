"""α, ω, split halves and polychoric correlations: hand cases, properties and coverage."""

import doctest
import importlib

import numpy as np
import pandas as pd
import pytest
from benchmarks.reliability import ALPHA, alpha_coverage
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from zuofeng_survey.stats.covariance import item_covariance
from zuofeng_survey.stats.omega import omega, one_factor
from zuofeng_survey.stats.polychoric import binormal, polychoric
from zuofeng_survey.stats.reliability import cronbach_alpha
from zuofeng_survey.stats.resampling import bootstrap_alpha
from zuofeng_survey.stats.splithalf import split_half

HAND = [[1, 2, 1], [2, 2, 3], [3, 4, 3], [4, 3, 4], [4, 4, 4], [2, 1, 2]]


def answers(n: int = 60, k: int = 5, *, seed: int = 0, gaps: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y = np.digitize(rng.normal(size=(n, 1)) + rng.normal(size=(n, k)), [-1.5, -0.5, 0.8]) + 1.0
    y[rng.random(y.shape) < gaps] = np.nan
    return y


@pytest.mark.parametrize(
    "room", ["covariance", "omega", "polychoric", "reliability", "resampling", "splithalf"]
)
def test_examples_in_docstrings_hold(room):
    tried = doctest.testmod(importlib.import_module(f"zuofeng_survey.stats.{room}"))
    assert tried.attempted > 0
    assert tried.failed == 0


def test_two_items_worked_by_hand():
    """Variances 1 and 1, covariance .5: α = 2 (1 − 2/3) = 2/3; item and rest correlate .5."""
    a = cronbach_alpha([[1, 1], [2, 3], [3, 2]])
    assert a.estimate == pytest.approx(2 / 3)
    assert a.r_drop == pytest.approx([0.5, 0.5])
    assert np.isnan(a.if_dropped).all()


def test_every_figure_agrees_with_its_definition():
    y = answers()
    a = cronbach_alpha(y)
    for j in range(5):
        rest = np.delete(y, j, axis=1)
        assert a.r_drop[j] == pytest.approx(np.corrcoef(y[:, j], rest.sum(axis=1))[0, 1])
        assert a.if_dropped[j] == pytest.approx(cronbach_alpha(rest).estimate)
    z = (y - y.mean(axis=0)) / y.std(axis=0)
    assert a.standardized == pytest.approx(cronbach_alpha(z).estimate)


def test_pairwise_covariances_are_those_of_pandas():
    y = answers(gaps=0.2)
    c = item_covariance(y, missing="pairwise")
    assert c.cov == pytest.approx(pd.DataFrame(y).cov().to_numpy())
    assert c.notes == ("pairwise",)


def test_complete_rows_are_what_is_left():
    y = answers(gaps=0.1)
    left = y[~np.isnan(y).any(axis=1)]
    a, b = cronbach_alpha(y, missing="complete"), cronbach_alpha(left)
    assert (a.estimate, a.lower) == pytest.approx((b.estimate, b.lower))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), factor=st.floats(0.1, 50), shift=st.floats(-20, 20))
def test_unit_and_order_of_items_do_not_matter(seed, factor, shift):
    y = answers(seed=seed)
    a, b = cronbach_alpha(y), cronbach_alpha(factor * y[:, ::-1] + shift)
    assert (b.estimate, b.lower, b.upper) == pytest.approx((a.estimate, a.lower, a.upper))
    assert b.r_drop[::-1] == pytest.approx(a.r_drop)


def test_everyone_twice_changes_the_interval_and_not_the_estimate():
    y = answers()
    once, twice = cronbach_alpha(y), cronbach_alpha(np.vstack([y, y]))
    assert twice.estimate == pytest.approx(once.estimate)
    assert twice.upper - twice.lower < once.upper - once.lower


def test_equal_items_have_alpha_one():
    y = np.repeat(answers(k=2)[:, :1], 4, axis=1)
    assert cronbach_alpha(y).estimate == pytest.approx(1.0)
    with pytest.raises(ValueError, match="copies of each other"):
        bootstrap_alpha(y, draws=99, seed=1)


def test_an_item_that_runs_against_the_others_is_pointed_out():
    y = answers()
    y[:, 2] = 5 - y[:, 2]
    a = cronbach_alpha(y)
    assert a.negative.tolist() == [False, False, True, False, False]
    assert "negative-item" in a.notes
    assert "negative-item" not in cronbach_alpha(answers()).notes


def test_six_dimensions_with_one_opinion_are_called_halo():
    y = answers(k=2)[:, :1] + 0.05 * np.random.default_rng(1).normal(size=(60, 6))
    assert "halo" in cronbach_alpha(y).notes


@pytest.mark.parametrize(
    ("items", "options", "words"),
    [
        (np.ones(5), {}, "one row a person"),
        (np.ones((1, 3)), {}, "2 persons and 2 items"),
        (np.ones((9, 1)), {}, "2 persons and 2 items"),
        (answers().T, {}, "transpose"),
        (np.c_[answers(), np.ones(60)], {}, r"same answer from everyone for \['6'\]"),
        (np.where(answers() == 1, np.nan, answers()), {}, "missing='complete'"),
        (np.where(answers() == 1, np.inf, answers()), {}, "got infinity"),
        (np.c_[answers(), np.full(60, np.nan)], {"missing": "pairwise"}, "got none for"),
        (np.c_[answers(), np.full(60, np.nan)], {"missing": "drop"}, "missing must be one of"),
        (answers(), {"coverage": 95}, "0.95, not 95"),
        (np.c_[answers(k=2)[:, :1], -answers(k=2)[:, :1]], {}, "cancel each other"),
    ],
)
def test_bad_answers_are_refused_with_a_hint(items, options, words):
    with pytest.raises(ValueError, match=words):
        cronbach_alpha(items, **options)


def test_pairs_nobody_answered_are_refused():
    y = answers(k=3)
    y[:30, 0], y[30:, 1] = np.nan, np.nan
    with pytest.raises(ValueError, match="share 2 persons or more"):
        cronbach_alpha(y, missing="pairwise")
    with pytest.raises(ValueError, match="2 complete rows"):
        cronbach_alpha(y, missing="complete")


def test_bootstrap_repeats_itself_and_knows_its_seed():
    a, b = (bootstrap_alpha(HAND, draws=199, seed=4) for _ in range(2))
    assert (a.lower, a.upper, a.seed, a.draws) == (b.lower, b.upper, 4, 199)
    assert a.estimate == cronbach_alpha(HAND).estimate


def test_bootstrap_se_is_that_of_the_jackknife():
    y = answers(n=120, gaps=0.1)
    left = [cronbach_alpha(np.delete(y, i, 0), missing="pairwise").estimate for i in range(120)]
    jackknife = np.sqrt(119 / 120 * ((left - np.mean(left)) ** 2).sum())
    se = bootstrap_alpha(y, missing="pairwise", draws=99, seed=1).se
    assert se == pytest.approx(jackknife, rel=0.05)


@pytest.mark.parametrize("design", ["grades n=30", "gaps n=30"])
def test_intervals_cover(design):
    found = alpha_coverage(ALPHA[design], reps=200, draws=199)
    assert found["feldt"] >= 0.91
    assert found["bootstrap"] >= 0.90


def test_results_show_themselves_and_are_read_only():
    a = cronbach_alpha(pd.DataFrame(answers(), columns=list("abcde")))
    assert a.table()["item"].tolist() == list("abcde")
    assert a.summary()["estimate"][0] == a.estimate
    for shown in (a, omega(answers()), split_half(answers()), polychoric(answers())):
        assert "<table" in shown._repr_html_()
    with pytest.raises(ValueError, match="read-only"):
        a.r_drop[0] = 1


def test_omega_recovers_the_loadings_of_an_exact_model():
    lam = np.array([0.9, 0.7, 0.5, 0.6])
    cor = np.outer(lam, lam)
    np.fill_diagonal(cor, 1.0)
    for method in ("ml", "minres"):
        assert one_factor(cor, method=method).loading == pytest.approx(lam, abs=1e-4)


def test_omega_is_alpha_when_all_items_are_alike():
    lam, n = np.full(4, 0.7), 200
    cor = np.outer(lam, lam)
    np.fill_diagonal(cor, 1.0)
    z = np.linalg.qr(np.c_[np.ones(n), np.random.default_rng(1).normal(size=(n, 4))])[0][:, 1:]
    y = z @ np.linalg.cholesky(cor).T
    assert omega(y).estimate == pytest.approx(cronbach_alpha(y).estimate, abs=1e-6)


def test_omega_says_when_one_factor_does_not_fit():
    rng = np.random.default_rng(1)
    y = np.repeat(rng.normal(size=(300, 2)), 3, axis=1) + 0.7 * rng.normal(size=(300, 6))
    assert "poor-fit" in omega(y).notes
    assert "just-identified" in omega(y[:, :3]).notes
    with pytest.raises(ValueError, match="3 or more"):
        omega(y[:, :2])
    with pytest.raises(ValueError, match="linearly independent"):
        omega(np.c_[y, y[:, 0]])


def test_mean_of_all_halves_is_alpha_for_an_even_number_of_items():
    y = answers(k=6)
    halves = split_half(y)
    assert halves.mean == pytest.approx(cronbach_alpha(y).estimate)
    assert halves.splits == 10
    assert halves.guttman[2] == pytest.approx(cronbach_alpha(y).estimate)
    assert halves.guttman[3] == halves.largest


def test_halves_of_an_odd_number_differ_by_one_item():
    y = answers(k=5)
    halves = split_half(y)
    a = y[:, [int(i) - 1 for i in halves.first_half]].sum(axis=1)
    b = y.sum(axis=1) - a
    assert halves.splits == 10
    assert halves.largest == pytest.approx(4 * np.cov(a, b)[0, 1] / np.var(a + b, ddof=1))
    with pytest.raises(ValueError, match="16 or fewer"):
        split_half(answers(k=17))


@pytest.mark.parametrize("rho", [-0.95, -0.3, 0.0, 0.5, 0.9, 0.99])
def test_binormal_agrees_with_scipy(rho):
    points = np.array([[-1.5, 0.2], [0.0, 0.0], [2.0, -0.7], [0.5, 0.6]])
    law = stats.multivariate_normal([0, 0], [[1, rho], [rho, 1]])
    got = binormal(points[:, 0], points[:, 1], rho=rho)
    assert got == pytest.approx(law.cdf(points), abs=2e-6)


def test_tetrachoric_of_even_margins_is_a_sine():
    """With both cuts at the median, P(both low) = 1/4 + asin(ρ)/2π."""
    y = np.repeat([[1, 1], [1, 2], [2, 1], [2, 2]], [30, 20, 20, 30], axis=0)
    assert polychoric(y).cor[0, 1] == pytest.approx(np.sin(2 * np.pi * (0.3 - 0.25)), abs=1e-6)


def test_polychoric_undoes_the_cutting_into_grades():
    rng = np.random.default_rng(3)
    z = rng.multivariate_normal([0, 0, 0], 0.4 * np.eye(3) + 0.6, size=20_000)
    p = polychoric(np.digitize(z, [-1.2, -0.3, 0.6]))
    assert p.cor[np.triu_indices(3, 1)] == pytest.approx(0.6, abs=0.02)
    assert p.threshold[0] == pytest.approx([-1.2, -0.3, 0.6], abs=0.03)
    assert p.ordinal_alpha == pytest.approx(0.818, abs=0.01)


def test_names_of_grades_do_not_matter_only_their_order():
    y = answers()
    assert polychoric(y).cor == pytest.approx(polychoric(np.exp(y)).cor)
    assert polychoric(np.c_[y[:, :1], -y[:, 1:]]).cor[0] == pytest.approx(
        polychoric(y).cor[0] * [1, -1, -1, -1, -1]
    )


def test_polychoric_says_what_it_cannot_tell():
    copies = np.repeat(answers()[:, :1], 2, axis=1)
    assert "at-edge" in polychoric(copies).notes
    with pytest.raises(ValueError, match="2 to 20 grades"):
        polychoric(np.random.default_rng(1).normal(size=(50, 2)))
    with pytest.raises(ValueError, match="2 to 20 grades"):
        polychoric(np.c_[answers(), np.ones(60)])
    with pytest.raises(ValueError, match="both vary"):
        polychoric([[1, 1], [1, 2], [2, np.nan], [1, 1]])


def test_what_is_behind_the_grades_has_an_omega_item_rest_correlations_and_an_alpha_without_each():
    behind = np.random.default_rng(4).normal(size=(3000, 1)) + np.random.default_rng(5).normal(
        size=(3000, 5)
    )
    graded = polychoric(np.searchsorted([-1.5, 0.0, 1.0], behind))
    rest = [np.corrcoef(behind[:, i], behind.sum(axis=1) - behind[:, i])[0, 1] for i in range(5)]
    standard = behind / behind.std(axis=0)
    assert graded.ordinal_omega == pytest.approx(
        omega(standard, method="minres").estimate, abs=0.01
    )
    assert graded.r_drop == pytest.approx(rest, abs=0.03)
    assert graded.if_dropped == pytest.approx(cronbach_alpha(standard).if_dropped, abs=0.01)
