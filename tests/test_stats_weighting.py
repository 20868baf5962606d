"""Weights and what is estimated with them: margins met, errors that cover, refusals."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from zuofeng_survey.stats.crosstab import crosstab_test
from zuofeng_survey.stats.nonresponse import response_by_channel, response_weights
from zuofeng_survey.stats.replicates import bootstrap, jackknife
from zuofeng_survey.stats.surveydesign import design
from zuofeng_survey.stats.surveymeans import survey_mean, survey_ratio, survey_total
from zuofeng_survey.stats.weighting import calibrate, kish, post_stratify, rake, trim

NAN = float("nan")
AGES = ["young", "middle", "old"]


def people(n, seed, sizes=(2, 3)):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({f"m{i}": rng.integers(0, k, n) for i, k in enumerate(sizes)})


def sizes_of(frame, seed, population=1000.0):
    """Margins of the same people under other weights: certainly to be met."""
    w = np.random.default_rng(seed).uniform(0.5, 2, len(frame))
    w *= population / w.sum()
    return {c: pd.Series(w).groupby(frame[c]).sum().to_dict() for c in frame}


# ---- raking and its kin


@settings(max_examples=40, deadline=None)
@given(st.integers(30, 200), st.integers(0, 10**6), st.sampled_from([(2,), (2, 3), (3, 4, 2)]))
def test_raked_weights_meet_every_margin(n, seed, sizes):
    frame = people(n, seed, sizes)
    totals = sizes_of(frame, seed + 1)
    w = rake(frame, totals)
    assert w.error < 1e-8 and (w.weight > 0).all()
    for c, told in totals.items():
        for level, size in told.items():
            assert w.weight[frame[c] == level].sum() == pytest.approx(size, rel=1e-8)


def test_raking_is_a_product_of_margin_factors():
    frame = people(400, 3)
    w = rake(frame, sizes_of(frame, 4)).factor
    table = pd.Series(w).groupby([frame.m0, frame.m1]).first().unstack().to_numpy()
    odds = table[0, :-1] * table[1, 1:] / (table[0, 1:] * table[1, :-1])
    np.testing.assert_allclose(odds, 1, rtol=1e-7)


def test_raking_by_hand():
    # 2 × 2 with start 1: independence, row share × column share × total
    frame = pd.DataFrame({"sex": list("mmff"), "age": ["o", "y", "o", "y"]})
    w = rake(frame, {"sex": {"m": 0.4, "f": 0.6}, "age": {"o": 0.3, "y": 0.7}})
    np.testing.assert_allclose(w.weight, [0.12, 0.28, 0.18, 0.42], rtol=1e-9)


def test_calibrating_with_the_raking_distance_is_raking():
    frame = people(200, 5)
    totals = sizes_of(frame, 6)
    x = pd.get_dummies(frame.astype(str)).astype(float).drop(columns="m1_0")
    told = {f"{c}_{k}": v for c, s in totals.items() for k, v in s.items()}
    w = calibrate(x, {c: told[c] for c in x}, method="raking")
    np.testing.assert_allclose(w.weight, rake(frame, totals).weight, rtol=1e-7)


def test_bounded_factors_stay_within_bounds_and_meet_the_margins():
    frame = people(300, 7, (4, 5))
    totals = sizes_of(frame, 8)
    skew = np.where(frame.m0 == 0, 3.0, 1.0)
    free = rake(frame, totals, base=skew)
    assert free.factor.min() < 0.75
    w = rake(frame, totals, base=skew, bounds=(0.3, 3))
    assert w.factor.min() >= 0.3 and w.factor.max() <= 3 and w.error < 1e-8
    tight = rake(frame, totals, base=skew, bounds=(0.4, 1.8))
    assert tight.factor.min() >= 0.4 and tight.factor.max() <= 1.8 and tight.error < 1e-8
    assert "0.4 to 1.8" in tight.method


def test_bounds_too_tight_are_an_error_that_says_so():
    frame = people(300, 7)
    with pytest.raises(ValueError, match="widen the bounds"):
        rake(frame, {"m0": {0: 90, 1: 10}, "m1": {0: 30, 1: 30, 2: 40}}, bounds=(0.9, 1.1))


def test_the_kind_of_column_does_not_matter():
    frame = people(100, 1)
    totals = sizes_of(frame, 2)
    w = rake(frame, totals).weight
    names = {c: {str(k): v for k, v in s.items()} for c, s in totals.items()}
    text = frame.astype(str)
    np.testing.assert_allclose(rake(text, names).weight, w, rtol=1e-9)
    np.testing.assert_allclose(rake(text.astype("category"), names).weight, w, rtol=1e-9)
    far = frame * 100_000
    moved = {c: {k * 100_000: v for k, v in s.items()} for c, s in totals.items()}
    np.testing.assert_allclose(rake(far, moved).weight, w, rtol=1e-9)


def test_doubling_base_weights_changes_nothing_and_doubling_sizes_doubles():
    frame = people(80, 2)
    totals, base = sizes_of(frame, 3), np.random.default_rng(1).uniform(1, 3, 80)
    w = rake(frame, totals, base=base)
    np.testing.assert_allclose(rake(frame, totals, base=2 * base).weight, w.weight, rtol=1e-9)
    twice = {c: {k: 2 * v for k, v in s.items()} for c, s in totals.items()}
    np.testing.assert_allclose(rake(frame, twice, base=base).weight, 2 * w.weight, rtol=1e-9)
    assert w.deff == pytest.approx(kish(w.weight)[0]) and w.n_eff <= 80


def test_respondents_of_weight_zero_keep_it():
    frame = people(60, 4)
    base = np.r_[0.0, np.ones(59)]
    w = rake(frame, sizes_of(frame.iloc[1:].reset_index(drop=True), 3), base=base)
    assert w.weight[0] == 0 and w.error < 1e-8


def test_post_stratified_weights_are_size_over_count():
    w = post_stratify(list("aabbb"), {"a": 100, "b": 30})
    np.testing.assert_allclose(w.weight, [50, 50, 10, 10, 10])
    assert w.table()["after"].tolist() == [100, 30] and "<table" in w._repr_html_()


@pytest.mark.parametrize("strict", [True, False])
def test_trimmed_weights_keep_their_sum_and_own_the_error(strict):
    frame = people(200, 9, (4, 5))
    w = rake(frame, sizes_of(frame, 1), base=np.random.default_rng(3).exponential(size=200))
    cut = trim(w, upper=2.5 * w.weight.mean(), lower=0.2 * w.weight.mean(), strict=strict)
    assert cut.weight.sum() == pytest.approx(w.weight.sum())
    assert cut.trimmed > 0 and cut.error > 1e-4 and cut.deff < w.deff
    if strict:
        assert cut.weight.max() <= 2.5 * w.weight.mean() * (1 + 1e-9)


def test_greg_reproduces_a_linear_answer_without_error():
    rng = np.random.default_rng(2)
    x = pd.DataFrame({"one": 1.0, "age": rng.uniform(20, 80, 50)})
    w = calibrate(x, {"one": 1000, "age": 48_000}, base=np.full(50, 20.0))
    m = survey_mean(5 + 0.1 * x["age"], design(w))
    assert m.estimate[0] == pytest.approx(5 + 4.8) and m.se[0] < 1e-10


@pytest.mark.parametrize(
    ("totals", "words"),
    [
        ({"sex": {"m": 50, "f": 50}}, "name the columns"),
        ({"sex": {"m": 50, "f": 50}, "age": {"o": 60, "y": 60}}, "same population"),
        ({"sex": {"m": 50, "f": 40, "x": 10}, "age": {"o": 50, "y": 50}}, "must have a respondent"),
        ({"sex": {"m": 100}, "age": {"o": 50, "y": 50}}, "a size, got none for"),
        ({"sex": {"m": 100, "f": 0}, "age": {"o": 50, "y": 50}}, "positive where"),
        ({"sex": {"m": -1, "f": 101}, "age": {"o": 50, "y": 50}}, "zero or more"),
        ({"sex": {"m": NAN, "f": 50}, "age": {"o": 50, "y": 50}}, "finite"),
    ],
)
def test_impossible_sizes_are_refused(totals, words):
    frame = pd.DataFrame({"sex": list("mmff"), "age": list("oyoy")})
    with pytest.raises(ValueError, match=words):
        rake(frame, totals)


def test_empty_cells_that_block_the_margins_are_an_error():
    frame = pd.DataFrame({"a": list("xxyy"), "b": list("uuvv")})  # nobody is x and v
    with pytest.raises(ValueError, match="merge levels"):
        rake(frame, {"a": {"x": 50, "y": 50}, "b": {"u": 20, "v": 80}})


@pytest.mark.parametrize(
    "base", [[1, -1, 1, 1], [0, 0, 0, 0], [1, NAN, 1, 1], [1, 1, 1], [np.inf] * 4]
)
def test_base_weights_must_be_weights(base):
    with pytest.raises(ValueError, match="base must"):
        post_stratify(list("aabb"), {"a": 1, "b": 1}, base=base)


def test_nobody_cannot_be_weighted():
    with pytest.raises(ValueError, match="must have respondents"):
        post_stratify([], {"a": 1})


def test_missing_levels_are_refused():
    with pytest.raises(ValueError, match="no missing levels"):
        post_stratify(["a", None, "b"], {"a": 1, "b": 1})


@pytest.mark.parametrize(
    ("kw", "words"),
    [
        ({"totals": {"one": 10}}, "name the columns"),
        ({"totals": {"one": 10, "age": np.inf}}, "finite"),
        ({"method": "entropy"}, "method must"),
        ({"method": "raking", "bounds": (0.5, 2)}, "go with method"),
        ({"method": "logit", "bounds": (1.5, 2)}, "below 1"),
        ({"method": "raking", "totals": {"one": 10, "age": 5000}}, "weights can meet"),
        ({"totals": {"one": 10, "age": 300, "zero": 3}, "zero": True}, "none but zeros|meet them"),
    ],
)
def test_impossible_calibrations_are_refused(kw, words):
    x = pd.DataFrame({"one": [1.0] * 4, "age": [20.0, 30, 40, 50]})
    kw = {"totals": {"one": 10, "age": 350}} | kw
    if kw.pop("zero", False):
        x["zero"] = 0.0
    with pytest.raises(ValueError, match=words):
        calibrate(x, **kw)


def test_kish_by_hand():
    assert kish([2, 2, 2]) == (1.0, 3.0)
    deff, n_eff = kish([1, 0, 0, 0])
    assert (deff, n_eff) == (4.0, 1.0)


# ---- designs


def test_a_mean_by_hand_with_strata_and_a_finite_population():
    # W = (.8, .2), means 2 and 6, s² = 2 and 8: se² = .64 · 2/2 · .9 + .04 · 8/2 · .5
    d = design([16, 16, 4, 4], strata=list("aabb"), population={"a": 20, "b": 4})
    m = survey_mean([1, 3, 4, 8], d)
    assert m.estimate[0] == pytest.approx(2.8)
    assert m.se[0] ** 2 == pytest.approx(0.64 * 1 * 0.9 + 0.04 * 4 * 0.5)


def test_answers_alike_within_clusters_count_once():
    y, village = np.repeat([1.0, 2, 3, 6], 5), np.repeat(list("abcd"), 5)
    clustered = survey_mean(y, design(np.ones(20), clusters=village))
    alone = survey_mean([1, 2, 3, 6], design(np.ones(4)))
    assert clustered.se[0] == pytest.approx(alone.se[0]) and clustered.df == 3
    assert clustered.deff[0] > 4


def test_domains_count_the_size_of_the_domain_as_unknown():
    y, sex = [1.0, 2, 3, 6, NAN], np.array(["m", "f", "m", "f", None], dtype=object)
    by = survey_mean(y, design(np.ones(5)), by=sex)
    assert by.name == ("f", "m") and by.estimate.tolist() == [4, 2] and by.n.tolist() == [2, 2]
    gap = by.contrast({"f": 1, "m": -1})
    assert gap.se[0] == pytest.approx(
        np.sqrt(by.se[0] ** 2 + by.se[1] ** 2 - 2 * by.covariance[0, 1])
    )


def test_a_total_is_the_mean_of_a_known_population():
    w = post_stratify(list("aabbb"), {"a": 100, "b": 30})
    y = [1.0, 4, 2, 2, 5]
    total, mean = survey_total(y, design(w)), survey_mean(y, design(w))
    assert total.estimate[0] == pytest.approx(130 * mean.estimate[0])
    assert total.se[0] == pytest.approx(130 * mean.se[0])


def test_a_ratio_to_one_is_a_mean():
    y, w = [1.0, 2, 3, 6], [1.0, 2, 1, 2]
    ratio, mean = survey_ratio(y, np.ones(4), design=design(w)), survey_mean(y, design(w))
    assert ratio.se[0] == pytest.approx(mean.se[0])
    assert mean.table().columns.tolist() == ["name", "estimate", "se", "deff", "n"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: design([1, 1, 1], strata=["a", "a", "b"]), "merge such a stratum"),
        (lambda: design([1, 1], strata=["a", None]), "none missing"),
        (lambda: design([1, 1, 1], population=2), "at least what was drawn"),
        (lambda: design([1, 1, 1, 1], strata=list("aabb"), population={"a": 9}), "each stratum"),
        (lambda: design([1, -1]), "zero or more"),
        (lambda: survey_mean([1, NAN], design([1, 1])), "must be finite"),
        (lambda: survey_mean([1, 2, 3], design([1, 1])), "2 rows"),
        (lambda: survey_ratio([1, 1], [1, -1], design=design([1, 1])), "add up to zero"),
        (lambda: survey_mean([1, 2], design([1, 1])).interval(coverage=95), "0.95, not 95"),
        (lambda: survey_mean([1, 1], design([1, 1])).interval(scale="logit"), "inside 0 and 1"),
        (lambda: survey_mean([1, 2], design([1, 1])).contrast({"9": 1}), "must name estimates"),
        (
            lambda: crosstab_test(["a", "a"], ["x", "y"], design=design([1, 1])),
            "two different answers",
        ),
    ],
)
def test_designs_and_answers_that_do_not_fit_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_census_of_a_stratum_of_one_adds_no_error():
    d = design([1, 5, 5], strata=list("abb"), population={"a": 1, "b": 10})
    assert survey_mean([3, 1, 2], d).se[0] > 0


def test_without_a_design_the_table_test_is_pearsons():
    rng = np.random.default_rng(4)
    a, b = rng.integers(0, 3, 400), rng.integers(0, 2, 400)
    c = crosstab_test(a, b, design=design(np.ones(400)))
    plain = stats.chi2_contingency(pd.crosstab(a, b), correction=False)
    assert c.p_value == pytest.approx(plain.pvalue, abs=0.02)
    assert c.cramers_v == pytest.approx(np.sqrt(plain.statistic / 400))
    assert c.table().to_numpy().sum() == pytest.approx(1)


# ---- replicates


def sample(seed, clusters=30):
    rng = np.random.default_rng(seed)
    village = np.repeat(np.arange(clusters), 4)
    y = rng.normal(size=clusters)[village] + rng.normal(size=4 * clusters)
    stratum = np.where(village < clusters // 2, "a", "b")
    return y, village, stratum, rng.uniform(1, 3, 4 * clusters)


def test_replicates_agree_with_linearisation():
    y, village, stratum, w = sample(1)
    for population in (None, {"a": 30, "b": 40}):
        d = design(w, strata=stratum, clusters=village, population=population)
        taylor = survey_mean(y, d).se[0]
        mean = lambda w: w @ y / w.sum()  # noqa: E731
        assert jackknife(mean, d).se[0] == pytest.approx(taylor, rel=0.03)
        assert bootstrap(mean, d, draws=800, seed=2).se[0] == pytest.approx(taylor, rel=0.1)


def test_raked_again_in_each_replicate_they_agree_with_residuals():
    y, village, _, w = sample(2, clusters=60)
    sex = pd.DataFrame({"sex": np.where(np.random.default_rng(1).random(240) < 0.4, "m", "f")})
    y = y + 3 * (sex["sex"] == "m").to_numpy()
    totals = {"sex": {"m": 500, "f": 500}}
    raked = rake(sex, totals, base=w)
    taylor = survey_mean(y, design(raked, clusters=village)).se[0]
    found = jackknife(
        lambda w: w @ y / w.sum(),
        design(w, clusters=village),
        reweigh=lambda w: rake(sex, totals, base=w).weight,
    )
    assert found.se[0] == pytest.approx(taylor, rel=0.05)
    unaware = survey_mean(y, design(raked.weight, clusters=village)).se[0]
    assert unaware > 1.2 * taylor


def test_the_same_seed_gives_the_same_bootstrap():
    y, village, stratum, w = sample(3)
    d = design(w, strata=stratum, clusters=village)
    a, b = (bootstrap(lambda w: [w @ y, w.sum()], d, draws=20, seed=5) for _ in range(2))
    np.testing.assert_array_equal(a.replicate, b.replicate)
    assert a.table().shape == (2, 2) and a.interval()["lower"].lt(a.estimate).all()


def test_replicates_refuse_calibrated_weights_and_lost_groups():
    w = post_stratify(list("aabb"), {"a": 1, "b": 1})
    with pytest.raises(ValueError, match="calibrated again"):
        jackknife(lambda w: w.sum(), design(w))
    y, one = np.array([1.0, 2, 3]), np.array([1.0, 0, 0])
    ratio = lambda w: (w * one) @ y / max((w * one).sum(), 0) if (w @ one) else NAN  # noqa: E731
    with pytest.raises(ValueError, match="finite numbers for each replicate"):
        jackknife(ratio, design([1, 1, 1]))


# ---- nonresponse


def test_channels_that_answer_alike_are_not_told_apart():
    r = response_by_channel(["a", "b"], invited=[100, 50], answered=[40, 20])
    assert r.statistic == pytest.approx(0) and r.p_value == pytest.approx(1)
    assert r.representativity == 1 and r.overall == pytest.approx(0.4)
    assert r.table().shape == (2, 6)
    assert np.isnan(response_by_channel(["a"], invited=[10], answered=[4]).p_value)


def test_those_who_answer_stand_for_those_who_do_not():
    w = response_weights(
        list("aaabb"), np.array([True, False, False, True, True]), base=[1, 2, 3, 4, 5]
    )
    np.testing.assert_allclose(w, [6, 0, 0, 4, 5])
    with pytest.raises(ValueError, match="each group must have an answer"):
        response_weights(list("ab"), [True, False])
    with pytest.raises(ValueError, match="true or false"):
        response_weights(list("ab"), [1, 0])
    with pytest.raises(ValueError, match="once"):
        response_by_channel(["a", "a"], invited=[10, 10], answered=[1, 1])


# ---- coverage


def test_intervals_of_rates_ratios_and_replicates_cover():
    rng, hits = np.random.default_rng(12), np.zeros(4)
    village = np.repeat(np.arange(200), 10)
    y = 4 + rng.normal(size=2000) + np.repeat(rng.normal(0, 0.5, 200), 10)
    x, yes = rng.uniform(1, 3, 2000), y > np.quantile(y, 0.85)
    truth = [yes.mean(), y.sum() / x.sum(), y.mean(), y.mean()]
    for seed in range(150):
        at = np.flatnonzero(np.isin(village, rng.choice(200, 25, replace=False)))
        d = design(np.full(len(at), 8.0), clusters=village[at], population=200)
        mean = lambda w, at=at: w @ y[at] / w.sum()  # noqa: E731
        made = (
            survey_mean(yes[at], d).interval(scale="logit"),
            survey_ratio(y[at], x[at], design=d).interval(),
            jackknife(mean, d).interval(),
            bootstrap(mean, d, draws=60, seed=seed).interval(),
        )
        hits += [f["lower"][0] <= t <= f["upper"][0] for f, t in zip(made, truth, strict=True)]
    assert (hits / 150 >= 0.9).all()


@pytest.mark.parametrize("raked", [False, True])
def test_intervals_of_means_cover(raked):
    rng, hits = np.random.default_rng(11), 0
    sex = np.repeat([0, 1], 5000)
    y = 2.0 * sex + rng.normal(size=10_000) + np.repeat(rng.normal(0, 0.5, 500), 20)
    village = np.repeat(np.arange(500), 20)
    for _ in range(400):
        some = rng.choice(500, 30, replace=False)
        at = np.flatnonzero(np.isin(village, some))
        w = post_stratify(sex[at], {0: 5000, 1: 5000}) if raked else np.full(len(at), 500 / 30)
        frame = survey_mean(y[at], design(w, clusters=village[at], population=500)).interval()
        hits += frame["lower"][0] <= y.mean() <= frame["upper"][0]
    assert 0.92 <= hits / 400 <= 0.975
