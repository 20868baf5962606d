"""ICC, Kendall's W, Krippendorff's α, κ and r_wg: hand cases, brute force, properties, coverage."""

import doctest
import importlib
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from benchmarks.reliability import ICC, KAPPA, icc_coverage, kappa_coverage
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from zuofeng_survey.stats.agreement import kendall_w, r_wg
from zuofeng_survey.stats.icc import icc
from zuofeng_survey.stats.kappa import cohen_kappa, fleiss_kappa
from zuofeng_survey.stats.krippendorff import krippendorff_alpha, krippendorff_from_counts

JUDGES = [[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]]
LEVELS = ("nominal", "ordinal", "interval", "ratio")


def grades(v: int = 8, n: int = 15, *, seed: int = 0, gaps: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y = np.digitize(rng.normal(size=(1, n)) + rng.normal(size=(v, n)), [-1, 0, 1]) + 1.0
    y[rng.random(y.shape) < gaps] = np.nan
    return y


@pytest.mark.parametrize("room", ["agreement", "icc", "kappa", "krippendorff"])
def test_examples_in_docstrings_hold(room):
    tried = doctest.testmod(importlib.import_module(f"zuofeng_survey.stats.{room}"))
    assert tried.attempted > 0
    assert tried.failed == 0


def test_icc_as_printed_by_shrout_and_fleiss():
    """Mean squares 11.24 (targets), 6.26 (within), 32.49 (judges), 1.02 (residual)."""
    r = icc(JUDGES)
    assert r.estimate.round(2).tolist() == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]
    assert r.residual == pytest.approx(1.0194, abs=1e-4)
    assert (r.n_targets, r.n_raters, r.n) == (6, 4, 24)


def test_mcgraw_and_wong_as_printed_is_the_single_rater_stepped_up():
    ours, irr = icc(JUDGES), icc(JUDGES, convention="irr")
    low = ours.lower[1]
    assert ours.lower[4] == pytest.approx(4 * low / (1 + 3 * low))
    assert irr.lower[4] < ours.lower[4] and irr.estimate == pytest.approx(ours.estimate)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999), factor=st.floats(0.1, 50), shift=st.floats(-20, 20))
def test_icc_forgets_units_and_consistency_forgets_leniency(seed, factor, shift):
    y = np.random.default_rng(seed).normal(size=(5, 12)) + np.arange(12) / 5
    a = icc(y)
    assert icc(factor * y + shift).estimate == pytest.approx(a.estimate)
    lenient = icc(y + np.arange(5)[:, None] * 3)
    assert lenient.estimate[[2, 5]] == pytest.approx(a.estimate[[2, 5]])
    assert abs(lenient.estimate[1]) < abs(a.estimate[1])
    assert (a.lower <= a.estimate).all() and (a.estimate <= a.upper).all()


def test_icc_of_copies_is_one_and_of_pure_leniency_is_refused():
    same = np.tile(np.arange(6.0), (4, 1))
    r = icc(same)
    assert r.estimate == pytest.approx(1) and r.lower == pytest.approx(1)
    assert (r.p_value == 0).all()
    with pytest.raises(ValueError, match="all rows are constant"):
        icc(np.tile([[1.0], [2.0]], (1, 6)))


def test_icc_without_variance_between_targets_says_so():
    r = icc([[1, 2, 3], [2, 3, 1], [3, 1, 2]])
    assert r.estimate[0] == pytest.approx(-1 / 2)
    assert "no-target-variance" in r.notes
    assert r.estimate[3] == -np.inf
    with pytest.raises(ValueError, match="contradict each other"):
        icc([[1, 2], [2, 1]])


def test_icc_with_gaps_comes_close_to_that_without():
    y = np.random.default_rng(1).normal(size=(12, 30)) + np.random.default_rng(2).normal(size=30)
    gap = y.copy()
    gap[np.random.default_rng(3).random(y.shape) < 0.1] = np.nan
    whole, part = icc(y), icc(gap)
    assert part.method == "reml" and part.n < whole.n
    assert part.estimate == pytest.approx(whole.estimate, abs=0.06)
    width = [(r.upper - r.lower)[2] for r in (whole, part)]
    assert width[1] > 0.97 * width[0]


@pytest.mark.parametrize("design", ["15 voters, 20 targets", "15 % gaps"])
def test_icc_intervals_cover(design):
    reps = 40 if "gaps" in design else 400
    found = icc_coverage(ICC[design], reps=reps)
    assert min(found[form] for form in ("ICC2", "ICC3", "ICC2k", "ICC3k")) > 0.88


@pytest.mark.parametrize(
    ("scores", "options", "words"),
    [
        ([1, 2, 3], {}, "one row a rater"),
        ([[1, 2, 3]], {}, "2 raters and 2 targets"),
        ([[1, 2], [np.inf, 2]], {}, "got infinity"),
        (
            [[1, np.nan], [2, np.nan]],
            {},
            r"each target must have a rating, got none for number \[2",
        ),
        ([[np.nan, np.nan], [2, 1]], {}, "each rater must have a rating"),
        ([[1, np.nan], [np.nan, 2], [1, np.nan]], {}, "rate more targets in common"),
        (JUDGES, {"coverage": 95}, "0.95, not 95"),
        (JUDGES, {"convention": "spss"}, "convention must be one of"),
        (np.ones((3, 3)), {}, "must vary"),
    ],
)
def test_bad_ratings_are_refused_with_a_hint(scores, options, words):
    with pytest.raises(ValueError, match=words):
        icc(scores, **options)


def test_kendall_w_worked_by_hand():
    """Rank sums 4, 6, 8 of two raters … S = 8, W = 12 · 8 / (4 · 24) = 1."""
    assert kendall_w([[3, 2, 1], [3, 2, 1]]).estimate == pytest.approx(1)
    assert kendall_w([[3, 2, 1], [1, 2, 3]]).estimate == pytest.approx(0)
    assert kendall_w([[3, 2, 1], [3, 2, 1]]).p_value_f == 0


def test_kendall_w_is_friedman_and_the_mean_spearman():
    y = grades()
    w = kendall_w(y)
    friedman = stats.friedmanchisquare(*y.T)
    assert (w.chi2, w.p_value) == pytest.approx((friedman.statistic, friedman.pvalue))
    distinct = np.random.default_rng(1).normal(size=(8, 15))
    rho = np.corrcoef(stats.rankdata(distinct, axis=1))[np.triu_indices(8, 1)].mean()
    assert kendall_w(distinct).estimate == pytest.approx((7 * rho + 1) / 8)


def test_kendall_w_knows_only_orders_and_names_its_targets():
    y = pd.DataFrame(grades(), columns=[f"t{i}" for i in range(15)])
    assert kendall_w(np.exp(y)).estimate == kendall_w(y).estimate
    assert kendall_w(y).table()["target"].tolist() == list(y)
    doubled = kendall_w(np.vstack([y, y]))
    assert doubled.estimate == pytest.approx(kendall_w(y).estimate)


def test_kendall_w_on_raters_who_say_nothing():
    tied = np.vstack([grades(), np.full(15, 4.0)])
    assert kendall_w(tied).all_tied == 1
    with pytest.raises(ValueError, match="alike from everyone"):
        kendall_w(np.ones((3, 4)))
    with pytest.raises(ValueError, match="can do with gaps"):
        kendall_w(grades(gaps=0.1))


def brute(y: np.ndarray, level: str) -> float:
    """α from its definition: all pairs of ratings."""
    units = [u[~np.isnan(u)] for u in y.T]
    units = [u for u in units if len(u) > 1]
    every = np.concatenate(units)

    def delta(a: float, b: float) -> float:
        if level == "nominal":
            return float(a != b)
        if level == "ordinal":
            low, high = min(a, b), max(a, b)
            inside = ((every >= low) & (every <= high)).sum()
            return float(inside - ((every == a).sum() + (every == b).sum()) / 2) ** 2
        if level == "interval":
            return (a - b) ** 2
        return 0.0 if a == b else ((a - b) / (a + b)) ** 2

    observed = sum(sum(delta(a, b) for a in u for b in u) / (len(u) - 1) for u in units)
    expected = sum(delta(a, b) for a in every for b in every) / (len(every) - 1)
    return 1 - observed / expected


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("gaps", [0.0, 0.4])
def test_krippendorff_agrees_with_its_definition(level, gaps):
    y = grades(v=4, n=10, gaps=gaps, seed=3)
    assert krippendorff_alpha(y, level=level).estimate == pytest.approx(brute(y, level))
    z = np.abs(np.random.default_rng(1).normal(size=(3, 8))).round(2)
    z[0, 0] = np.nan
    assert krippendorff_alpha(z, level=level).estimate == pytest.approx(brute(z, level))


@pytest.mark.parametrize("level", LEVELS)
def test_counts_say_the_same_as_ratings(level):
    y = grades(gaps=0.3)
    counts = np.stack([(y == g).sum(axis=0) for g in (4, 2, 3, 1)], axis=1)
    by_counts = krippendorff_from_counts(counts, [4, 2, 3, 1], level=level)
    assert by_counts.estimate == pytest.approx(krippendorff_alpha(y, level=level).estimate)
    assert (
        krippendorff_from_counts(counts[::-1], [4, 2, 3, 1], level=level).ratings
        == by_counts.ratings
    )


def test_ratio_of_many_values_by_transform_is_the_direct_sum(monkeypatch):
    z = np.exp(np.random.default_rng(1).normal(size=(2, 400)) * 3)
    z[0, :5] = 0.0
    direct = krippendorff_alpha(z, level="ratio").estimate
    monkeypatch.setattr("zuofeng_survey.stats.krippendorff.DIRECT", 10)
    assert krippendorff_alpha(z, level="ratio").estimate == pytest.approx(direct, abs=1e-12)


def test_many_distinct_values_need_little_memory():
    z = np.random.default_rng(1).normal(size=(2, 20_000)) + np.random.default_rng(2).normal(
        size=20_000
    )
    assert krippendorff_alpha(z, level="interval").estimate == pytest.approx(0.5, abs=0.02)
    assert krippendorff_alpha(z, level="ordinal").estimate == pytest.approx(0.48, abs=0.03)


def test_krippendorff_on_text_is_nominal():
    y = np.array([["a", "b", "a", None], ["a", "b", "b", "a"]], dtype=object)
    coded = [[1, 2, 1, np.nan], [1, 2, 2, 1]]
    a = krippendorff_alpha(y, level="nominal")
    assert a.estimate == krippendorff_alpha(coded, level="nominal").estimate
    assert a.notes == ("few-targets", "unpaired")
    with pytest.raises(ValueError, match="level='nominal'"):
        krippendorff_alpha(y, level="ordinal")


@pytest.mark.parametrize(
    ("ratings", "level", "words"),
    [
        (np.ones((3, 3)), "ordinal", "2 values or more"),
        (np.full((2, 3), np.nan), "interval", "2 values or more"),
        ([[1, 2, 3]], "nominal", "2 values or more"),
        ([[1, 2], [np.inf, 2]], "interval", "got infinity"),
        ([[1, -2], [1, 2]], "ratio", "use interval"),
        ([[1, 2], [1, 2]], "cardinal", "level must be one of"),
        ([1, 2], "nominal", "one row a rater"),
    ],
)
def test_krippendorff_refuses_with_a_hint(ratings, level, words):
    with pytest.raises(ValueError, match=words):
        krippendorff_alpha(ratings, level=level)


def test_counts_are_checked():
    with pytest.raises(ValueError, match="one distinct value a column"):
        krippendorff_from_counts([[1, 2]], [1, 1], level="nominal")
    with pytest.raises(ValueError, match="whole numbers"):
        krippendorff_from_counts([[1, 1.5], [1, 1]], [1, 2], level="nominal")


def test_cohen_worked_by_hand():
    """20, 5 / 10, 15 of 50: observed 7/10, chance 1/2, κ = 2/5."""
    first = np.repeat([1, 1, 2, 2], [20, 5, 10, 15])
    second = np.repeat([1, 2, 1, 2], [20, 5, 10, 15])
    k = cohen_kappa(first, second)
    assert k.estimate == pytest.approx(float(Fraction(2, 5)))
    assert (k.agreement, k.chance) == pytest.approx((0.7, 0.5))
    for weights in ("linear", "quadratic"):
        assert cohen_kappa(first, second, weights=weights).estimate == pytest.approx(0.4)


def test_quadratic_kappa_is_an_intraclass_correlation():
    """Fleiss & Cohen (1973): equal to ICC2 but for terms in 1/N."""
    y = grades(v=2, n=3000)
    quadratic = cohen_kappa(*y, weights="quadratic").estimate
    assert quadratic == pytest.approx(icc(y).estimate[1], abs=1e-3)


def test_kappa_does_not_mind_names_or_unused_categories():
    y = grades(v=2)
    a, b = cohen_kappa(*y), cohen_kappa(*(5 - y))
    assert (a.estimate, a.se) == pytest.approx((b.estimate, b.se))
    named = [["ABCD"[int(g) - 1] for g in row] for row in y]
    assert cohen_kappa(*named).estimate == pytest.approx(a.estimate)
    wide = cohen_kappa(*y, categories=[1, 2, 3, 4, 5])
    assert wide.estimate == pytest.approx(a.estimate)


def test_fleiss_of_perfect_agreement_keeps_a_lower_bound():
    y = np.tile([1, 2, 1, 2, 3, 3, 1, 2], (4, 1))
    for k in (fleiss_kappa(y), cohen_kappa(y[0], y[1])):
        assert (k.estimate, k.upper) == pytest.approx((1.0, 1.0))
        assert 0.3 < k.lower < 0.95


def test_a_rater_who_knows_one_category_agrees_as_by_chance():
    k = cohen_kappa([1, 1, 1, 1], [1, 2, 1, 2])
    assert (k.estimate, k.z, k.p_value) == (0.0, 0.0, 1.0)


def test_fleiss_on_targets_twice_keeps_kappa():
    y = grades()
    once, twice = fleiss_kappa(y), fleiss_kappa(np.hstack([y, y]))
    assert twice.estimate == pytest.approx(once.estimate)
    assert twice.se < once.se
    two = [fleiss_kappa(y == g).estimate for g in (1, 4)]
    assert [once.by_category[0], once.by_category[3]] == pytest.approx(two)


@pytest.mark.parametrize("design", ["cohen n=40", "fleiss n=40"])
def test_kappa_intervals_cover(design):
    assert kappa_coverage(KAPPA[design], reps=300)["coverage"] > 0.89


def test_kappa_refuses_with_a_hint():
    with pytest.raises(ValueError, match="same 2 targets"):
        cohen_kappa([1, 2], [1])
    with pytest.raises(ValueError, match="got one from both"):
        cohen_kappa([1, 1], [1, 1])
    with pytest.raises(ValueError, match="krippendorff_alpha"):
        cohen_kappa([1, np.nan], [1, 2])
    with pytest.raises(ValueError, match="listed in order"):
        cohen_kappa(["a", "b"], ["a", "a"], weights="linear")
    with pytest.raises(ValueError, match=r"got \['3'\] besides"):
        cohen_kappa([1, 3], [1, 2], categories=[1, 2])
    with pytest.raises(ValueError, match="weights must be one of"):
        cohen_kappa([1, 2], [1, 2], weights="cubic")
    with pytest.raises(ValueError, match="one row a rater"):
        fleiss_kappa([1, 2, 3])
    with pytest.raises(ValueError, match="2 categories or more, got one"):
        fleiss_kappa(np.ones((3, 4)))


def test_r_wg_worked_by_hand():
    """Grades 3, 4, 4, 3: variance 1/3; without agreement (16 − 1) / 12 = 1.25."""
    found = r_wg([[3, 1], [4, 4], [4, 1], [3, 4]], choices=4)
    assert found.raw == pytest.approx([1 - (1 / 3) / 1.25, 1 - 3 / 1.25])
    assert found.estimate[1] == 0.0
    assert r_wg(np.ones((3, 2)), choices=4).estimate.tolist() == [1, 1]
    assert r_wg([[1], [5]], choices=5, null=8.0).estimate.tolist() == [0.0]
    assert r_wg(np.ones((3, 2)), choices=5, null="slight-skew").null_variance == 1.34


@pytest.mark.parametrize("choices", [3, 4, 5, 6, 7])
def test_triangular_variance_is_that_of_the_distribution(choices):
    grade = np.arange(1, choices + 1)
    share = np.minimum(grade, grade[::-1]) / np.minimum(grade, grade[::-1]).sum()
    variance = (share * grade**2).sum() - (share * grade).sum() ** 2
    assert r_wg(np.ones((2, 2)), choices=choices, null="triangular").null_variance == pytest.approx(
        variance
    )


def test_r_wg_over_items_follows_the_formula():
    y = np.stack([grades(seed=s, v=20) for s in (1, 2, 3)], axis=2)
    single = 1 - y.var(axis=0, ddof=1).mean(axis=1) / 1.25
    expected = 3 * single / (3 * single + 1 - single)
    assert r_wg(y, choices=4).raw == pytest.approx(np.where(single > 0, expected, single))


def test_r_wg_refuses_with_a_hint():
    with pytest.raises(ValueError, match="not their points"):
        r_wg([[95, 80], [65, 40]], choices=4)
    with pytest.raises(ValueError, match=r"fewer for \[2\]"):
        r_wg([[1, np.nan], [2, 3]], choices=4)
    with pytest.raises(ValueError, match="whole number of 2"):
        r_wg([[1, 2], [2, 3]], choices=1)
    with pytest.raises(ValueError, match="tabled for 5"):
        r_wg([[1, 2], [2, 3]], choices=4, null="slight-skew")
    with pytest.raises(ValueError, match="positive variance"):
        r_wg([[1, 2], [2, 3]], choices=4, null=0.0)
    with pytest.raises(ValueError, match="finite or NaN"):
        r_wg([[1, np.inf], [2, 3]], choices=4)


def test_results_show_themselves_and_are_read_only():
    y = grades()
    found = (icc(y), kendall_w(y), krippendorff_alpha(y, level="ordinal"), fleiss_kappa(y))
    for shown in (*found, r_wg(y, choices=4)):
        assert "<table" in shown._repr_html_()
    with pytest.raises(ValueError, match="read-only"):
        found[0].estimate[0] = 1
