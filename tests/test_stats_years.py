"""Changes between years, and verdicts over several years."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from zuofeng_survey.stats.composite import composite
from zuofeng_survey.stats.consecutive import consecutive_bottom
from zuofeng_survey.stats.ranking import bottom_sets
from zuofeng_survey.stats.simulate import panel
from zuofeng_survey.stats.years import mean_change, rate_change, rate_change_paired, target_changes

NAN = float("nan")
WEIGHTS = {"A": 0.4, "B": 0.3, "C": 0.3}
VOTERS = {"A": 5, "B": 10, "C": 15}


def test_rates_of_different_people_are_newcombes():
    # Newcombe (1998), table II, method 10: 56/70 − 48/80 and 10/10 − 0/10
    change = rate_change((48, 80), (56, 70))
    assert (change.lower, change.upper) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    change = rate_change((0, 10), (10, 10))
    assert (change.lower, change.upper) == pytest.approx((0.6075, 1.0), abs=5e-5)


def test_rates_of_the_same_people_have_no_error_when_nobody_moves_but_an_interval():
    change = rate_change_paired([[30, 0], [0, 20]])
    assert change.estimate == 0 and change.p_value == 1
    assert change.lower == pytest.approx(-change.upper) and change.upper > 0.05


def test_turning_the_years_round_turns_the_change():
    a, b = rate_change((5, 20), (12, 30)), rate_change((12, 30), (5, 20))
    assert (a.lower, a.upper) == pytest.approx((-b.upper, -b.lower))
    a, b = rate_change_paired([[9, 2], [7, 5]]), rate_change_paired([[9, 7], [2, 5]])
    assert (a.lower, a.upper) == pytest.approx((-b.upper, -b.lower))
    assert a.p_value == pytest.approx(2 * stats.norm.sf(5 / 3))
    assert list(a.table().columns)[:3] == ["before", "after", "estimate"]


def test_pairing_pays_where_people_keep_their_level():
    rng = np.random.default_rng(1)
    level = rng.normal(0, 10, 40)
    x, y = level + rng.normal(size=40), level + 1 + rng.normal(size=40)
    same, different = (mean_change(x, y, paired=p) for p in (True, False))
    assert same.upper - same.lower < 0.3 * (different.upper - different.lower)
    assert different.p_value == pytest.approx(stats.ttest_ind(y, x, equal_var=False).pvalue)
    assert same.p_value == pytest.approx(stats.ttest_rel(y, x).pvalue)


@pytest.mark.parametrize(
    ("p", "q", "m", "n"), [(0.5, 0.5, 20, 30), (0.9, 0.8, 15, 60), (0.97, 0.9, 30, 30)]
)
def test_changes_of_rates_are_covered(p, q, m, n):
    rng = np.random.default_rng(2)
    x, y = rng.binomial(m, p, 500), rng.binomial(n, q, 500)
    found = [rate_change((a, m), (b, n)) for a, b in zip(x, y, strict=True)]
    assert np.mean([c.lower - 1e-12 <= q - p <= c.upper + 1e-12 for c in found]) >= 0.93


@pytest.mark.parametrize(
    ("shares", "n"), [((0.6, 0.1, 0.1, 0.2), 20), ((0.8, 0.02, 0.1, 0.08), 30)]
)
def test_changes_among_the_same_people_are_covered(shares, n):
    tables = np.random.default_rng(3).multinomial(n, shares, size=300).reshape(-1, 2, 2)
    found, truth = [rate_change_paired(t) for t in tables], shares[2] - shares[1]
    assert np.mean([c.lower - 1e-12 <= truth <= c.upper + 1e-12 for c in found]) >= 0.92


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: rate_change((5, 4), (1, 4)), "from 0 to n"),
        (lambda: rate_change((1, 4), (1, 4), coverage=95), "0.95, not 95"),
        (lambda: rate_change_paired([[1, 2]]), "2 × 2"),
        (lambda: rate_change_paired([[0, 0], [0, 0]]), "of someone"),
        (lambda: mean_change([1, 2], [1, 2, 3], paired=True), "one length"),
        (lambda: mean_change([1, NAN], [1, 2], paired=False), "leave gaps out"),
        (lambda: mean_change([1, 1], [2, 2], paired=False), "no variation"),
        (lambda: target_changes(([1, 2], np.eye(2)), ([1], np.eye(1)), df=9), "same 2 or more"),
        (lambda: target_changes(([1, 2], np.eye(3)), ([1, 2], np.eye(2)), df=9), "square"),
        (
            lambda: target_changes(([1, 2], np.zeros((2, 2))), ([1, 2], np.zeros((2, 2))), df=9),
            "census",
        ),
        (lambda: target_changes(([1, NAN], np.eye(2)), ([1, 2], np.eye(2)), df=9), "finite"),
    ],
)
def test_changes_of_nothing_are_refused(act, words):
    with pytest.raises(ValueError, match=words):
        act()


# ---- targets


def two_years(rng, merit, later):
    years = [panel(m, VOTERS, seed=rng) for m in (merit, later)]
    made = [composite(p.scores, p.voter_class, weights=WEIGHTS) for p in years]
    return [(c.estimate, c.covariance()) for c in made]


def test_a_shift_of_all_is_nobodys_change():
    rng = np.random.default_rng(4)
    (x, s), (y, t) = two_years(rng, np.zeros(6), np.zeros(6))
    a, b = (target_changes((x, s), (y + shift, t), df=54) for shift in (0, 10))
    np.testing.assert_allclose(a.estimate, b.estimate, atol=1e-9)
    assert b.shift == pytest.approx(a.shift + 10)
    assert a.table().shape == (6, 8) and a.estimate.sum() == pytest.approx(0, abs=1e-9)


def test_no_change_is_found_where_there_is_none_and_all_intervals_hold():
    rng, alarms = np.random.default_rng(5), 0
    merit = np.linspace(-0.5, 0.5, 8)
    for _ in range(300):
        c = target_changes(*two_years(rng, merit, merit), df=54)
        alarms += bool(((c.lower > 0) | (c.upper < 0)).any() | (c.adjusted < 0.05).any())
    assert alarms / 300 <= 0.085


def test_last_years_worst_are_expected_back():
    rng = np.random.default_rng(6)
    before, after = two_years(rng, np.zeros(20), np.zeros(20))
    c = target_changes(before, after, df=54)
    worst = np.argsort(before[0])[:3]
    assert (c.expected[worst] > 0).all()
    assert np.corrcoef(c.expected, c.estimate)[0, 1] > 0.3


# ---- years in a row


def years_of(merit, rng, years=2):
    made = [panel(merit, VOTERS, seed=rng) for _ in range(years)]
    return [(pd.DataFrame(p.scores).add_prefix("t"), p.voter_class) for p in made]


def test_the_years_together_are_their_mean_with_a_quarter_of_both_variances():
    years = years_of(np.linspace(-1, 1, 6), np.random.default_rng(7))
    c = consecutive_bottom(years, weights=WEIGHTS, k=2, draws=199, seed=1)
    each = [composite(f, label, weights=WEIGHTS) for f, label in years]
    sets = c.pooled.sets
    np.testing.assert_allclose(sets.estimate, (each[0].estimate + each[1].estimate) / 2)
    stacked = composite(
        pd.concat([f for f, _ in years]),
        [f"{i}{x}" for i, (_, label) in enumerate(years) for x in label],
        weights={f"{i}{x}": w for i in (0, 1) for x, w in WEIGHTS.items()},
    )
    total = (each[0].covariance() + each[1].covariance()) / 4
    np.testing.assert_allclose(stacked.covariance(), total, atol=1e-10)
    assert c.named.tolist() == c.observed.all(axis=0).tolist()


def test_looking_twice_halves_the_error_of_each_look():
    years = years_of(np.linspace(-1, 1, 6), np.random.default_rng(8))
    once, twice = (
        consecutive_bottom(years, weights=WEIGHTS, k=1, looks=n, draws=199, seed=1) for n in (1, 2)
    )
    assert once.pooled.coverage == pytest.approx(0.95)
    assert twice.pooled.coverage == pytest.approx(0.975)
    assert twice.pooled.gap_needed >= once.pooled.gap_needed


def test_two_years_find_two_clearly_bad_and_no_innocent():
    rng, found = np.random.default_rng(9), []
    for seed in range(25):
        for merit in (np.zeros(20), np.r_[-0.9, -0.9, np.zeros(18)]):
            c = consecutive_bottom(years_of(merit, rng), weights=WEIGHTS, k=2, draws=199, seed=seed)
            found.append((c.named[2:].sum(), c.confirmed[2:].sum(), c.confirmed[:2].sum()))
    equal, bad = np.array(found[::2]), np.array(found[1::2])
    assert equal[:, 1:].sum() == 0 and equal[:, 0].sum() > 0
    assert bad[:, 1].sum() == 0 and bad[:, 2].mean() > 1.8


def test_targets_of_one_year_only_are_left_out_and_named():
    years = years_of(np.linspace(-1, 1, 5), np.random.default_rng(10), years=3)
    years[1] = years[1][0].drop(columns="t3"), years[1][1]
    c = consecutive_bottom(years, weights=WEIGHTS, k=1, draws=199, seed=1)
    assert c.left_out == ("t3",) and c.unit == ("t0", "t1", "t2", "t4")
    assert c.by_luck == pytest.approx(4 * (1 / 4) ** 3)
    assert c.table().columns.tolist()[1:6] == ["year_1", "year_2", "year_3", "named", "confirmed"]


def test_one_year_or_too_few_targets_are_refused():
    years = years_of(np.zeros(3), np.random.default_rng(11))
    with pytest.raises(ValueError, match="two or more"):
        consecutive_bottom(years[:1], weights=WEIGHTS, k=1, seed=1)
    with pytest.raises(ValueError, match="in every year"):
        consecutive_bottom(years, weights=WEIGHTS, k=3, seed=1)
    twice = pd.DataFrame(np.ones((2, 2)), columns=["t0", "t0"])
    with pytest.raises(ValueError, match="same name twice"):
        consecutive_bottom([years[0], (twice, ["A", "B"])], weights=WEIGHTS, k=1, seed=1)


def test_the_pooled_sets_are_those_of_the_stacked_ballots():
    years = years_of(np.linspace(-1, 1, 4), np.random.default_rng(12))
    c = consecutive_bottom(years, weights=WEIGHTS, k=1, draws=199, seed=3)
    labels = [f"{i}·{x}" for i, (_, label) in enumerate(years) for x in label]
    shares = {f"{i}·{x}": w for i in (0, 1) for x, w in WEIGHTS.items()}
    stacked = pd.concat([f for f, _ in years], ignore_index=True)
    told = bottom_sets(stacked, labels, k=1, weights=shares, draws=199, seed=3)
    assert told.p_value == c.pooled.p_value
