"""Rank sets and bottom sets: hand cases, published numbers and properties."""

import doctest
import importlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from zuofeng_survey.stats import wild
from zuofeng_survey.stats.bottomfrom import bottom_sets_from
from zuofeng_survey.stats.complete import complete_plan
from zuofeng_survey.stats.composite import composite, pool
from zuofeng_survey.stats.cores import on_one_core
from zuofeng_survey.stats.ranking import bottom_sets, rank_sets, rank_sets_from
from zuofeng_survey.stats.raters import Rater
from zuofeng_survey.stats.shrinkage import shrinkage
from zuofeng_survey.stats.simulate import panel
from zuofeng_survey.stats.spread import class_spread
from zuofeng_survey.stats.stepdown import decide, quantile

WEIGHTS = {"A": 0.4, "B": 0.3, "C": 0.3}
VOTERS = {"A": 3, "B": 5, "C": 7}


def draw(seed: int, n: int = 6, **options: object):
    return panel(np.zeros(n), VOTERS, seed=seed, **options)


def sets_of(p, scores=None, seed: int = 1, draws: int = 299):
    y = p.scores if scores is None else scores
    return rank_sets(y, p.voter_class, weights=WEIGHTS, draws=draws, seed=seed)


@pytest.mark.parametrize(
    "room", ["composite", "fragility", "intervals", "ranking", "ranksets", "simulate"]
)
def test_examples_in_docstrings_hold(room):
    module = importlib.import_module(f"zuofeng_survey.stats.{room}")
    tried = doctest.testmod(module)
    assert tried.attempted > 0
    assert tried.failed == 0


def test_composite_weights_class_means():
    y = [[90, 60], [70, 80], [50, 100], [70, 90], [60, 50]]
    c = composite(y, list("AABBC"), weights={"A": 2, "B": 1, "C": 1})
    assert c.estimate.tolist() == [0.5 * 80 + 0.25 * 60 + 0.25 * 60, 0.5 * 70 + 0.25 * 95 + 12.5]
    assert c.n_eff[0] == pytest.approx(1 / (0.25 / 2 + 0.0625 / 2 + 0.0625))


def test_covariance_on_complete_ballots_is_the_sum_of_class_covariances():
    p = draw(0)
    c = composite(p.scores, p.voter_class, weights=WEIGHTS)
    rows = {k: p.scores[p.voter_class == k] for k in WEIGHTS}
    expected = sum(w**2 * np.cov(rows[k].T) / len(rows[k]) for k, w in WEIGHTS.items())
    assert c.covariance() == pytest.approx(expected)
    assert c.se == pytest.approx(np.sqrt(np.diag(expected)))


def test_pair_variance_on_complete_ballots_is_that_of_methods():
    p = draw(0)
    c = composite(p.scores, p.voter_class, weights=WEIGHTS)
    e = c.residual
    ss = ((e[:, :, None] - e[:, None, :]) ** 2).sum(axis=0)
    own = ss / (15 - 3) * (0.16 / 3 + 0.09 / 5 + 0.09 / 7)
    expected = 0.5 * own + 0.5 * own[np.triu_indices(6, 1)].mean()
    np.fill_diagonal(expected, 0)
    assert wild.pair_variance(c, shrink=0.5) == pytest.approx(expected)


def test_redrawn_contrasts_on_complete_ballots_are_those_of_methods():
    p = draw(0, n=4)
    c = composite(p.scores, p.voter_class, weights=WEIGHTS)
    signs = wild.draw_signs(c, 50, 1)
    e = c.residual * np.sqrt(np.repeat([3 / 2, 5 / 4, 7 / 6], [3, 5, 7]))[:, None]
    ss = ((e[:, :, None] - e[:, None, :]) ** 2).sum(axis=0)
    rows = [p.voter_class == k for k in WEIGHTS]
    m = np.stack([(signs.matrix[v].T @ e[v]) / v.sum() for v in rows])
    gap = m[..., :, None] - m[..., None, :]
    own = ss - np.einsum("c,cbij->bij", [3, 5, 7], gap**2)
    own *= (0.16 / 3 + 0.09 / 5 + 0.09 / 7) / 12
    s2 = 0.5 * own + 0.5 * own.sum(axis=(1, 2))[:, None, None] / 12
    t = np.einsum("c,cbij->bij", [0.4, 0.3, 0.3], gap) / np.sqrt(np.maximum(s2, 1e-12))
    row = next(iter(wild.wild_rows(c, signs, shrink=0.5)))
    assert row(1, slice(2, 4)) == pytest.approx(t[:, 1, 2:].T)


def test_ballots_with_gaps_and_without_go_the_same_way_when_there_are_none(monkeypatch):
    p = draw(0)
    c = composite(p.scores, p.voter_class, weights=WEIGHTS)
    signs, e = wild.draw_signs(c, 64, 1), c.inflated()
    m = np.stack([signs.matrix[v].T @ e[v] / v.sum() for v in (p.voter_class == k for k in "ABC")])
    theta = np.einsum("cn,cbn->nb", c.weight, m)
    arguments = (signs.matrix.astype(float), m.transpose(0, 2, 1), theta)
    made = (complete_plan, wild._with_gaps, wild._with_many_gaps)
    t = [plan(c, e, shrink=0.5)(*arguments)(0, slice(1, 6)) for plan in made]
    assert t[1] == pytest.approx(t[0])
    assert t[2] == pytest.approx(t[0])


def test_rows_asked_for_by_several_threads_are_those_of_one():
    p = panel(np.zeros(150), VOTERS, seed=1)
    c = composite(p.scores, p.voter_class, weights=WEIGHTS)
    row = next(iter(wild.wild_rows(c, wild.draw_signs(c, 999, 1), shrink=0.5, dtype=np.float32)))
    alone = [row(i, slice(i + 1, 150)) for i in range(149)]
    with ThreadPoolExecutor(4) as threads:
        together = threads.map(lambda i: row(i, slice(i + 1, 150)), range(149))
        assert all((one == other).all() for one, other in zip(alone, together, strict=True))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("n", "voters", "rater"),
    [
        (2, VOTERS, Rater()),
        (20, VOTERS, Rater(cuts=(-3.0, -2.2, -1.04))),
        (20, {"A": 1, "B": 6, "C": 8}, Rater()),
        (60, VOTERS, Rater(camps=0.5)),
        (120, {"A": 5, "B": 10, "C": 15}, Rater(noise={"A": 3})),
    ],
)
def test_the_largest_contrast_from_few_pairs_is_that_of_all(n, voters, rater, kind):
    p = panel(np.zeros(n), voters, rater=rater, seed=1)
    c = composite(p.scores, p.voter_class, weights=WEIGHTS)
    for shrink in (0.1, 0.5):
        signs = wild.draw_signs(c, 500, 1)
        for row in wild.wild_rows(c, signs, shrink=shrink, dtype=kind):
            every = [np.abs(row(i, slice(i + 1, n))).max(axis=0) for i in range(n - 1)]
            few = row.largest()
            assert few is None or (few == np.max(every, axis=0)).all()
    assert few is not None


def test_covariance_with_gaps_is_unbiased_for_shared_moments():
    shares = []
    for seed in range(300):
        p = draw(seed, n=3, unrated=0.3)
        moments = pool(composite(p.scores, p.voter_class, weights=WEIGHTS))
        shares.append((moments.variance, moments.shared))
    complete = [
        pool(composite(draw(s, n=3).scores, draw(s, n=3).voter_class, weights=WEIGHTS))
        for s in range(300)
    ]
    full = np.mean([(m.variance, m.shared) for m in complete], axis=0)
    assert np.mean(shares, axis=0) == pytest.approx(full, rel=0.08)


@pytest.mark.parametrize(("n", "q95"), [(3, 2.34370), (8, 3.03088), (20, 3.54380), (40, 3.88763)])
def test_critical_value_of_equal_variances_is_tukeys_range_over_root_two(n, q95):
    # R: qtukey(.95, n, Inf) / sqrt(2)
    sets = rank_sets_from(np.zeros(n), np.ones(n), draws=9999, seed=1)
    assert sets.critical == pytest.approx(q95, abs=0.04)
    assert (sets.lower == 1).all() and (sets.upper == n).all()


def test_critical_value_of_few_degrees_of_freedom_is_tukeys_too():
    # R: qtukey(.95, 20, 14) / sqrt(2)
    sets = rank_sets_from(np.zeros(20), np.eye(20), df=14, draws=9999, seed=1)
    assert sets.critical == pytest.approx(4.26313, abs=0.06)


@pytest.mark.parametrize(("voters", "critical"), [((3, 5, 7), 4.03), ((5, 10, 15), 3.74)])
def test_critical_value_of_wild_t_is_that_of_methods(voters, critical):
    # METHODS (b), last row of the coverage table, 20 equal targets
    found = []
    for seed in range(20):
        p = panel(np.zeros(20), dict(zip("ABC", voters, strict=True)), seed=seed)
        found.append(sets_of(p, draws=999).critical)
    assert np.mean(found) == pytest.approx(critical, abs=0.12)


def test_stepdown_only_narrows_sets():
    p = panel(np.linspace(-2, 2, 8), VOTERS, seed=3)
    sets = sets_of(p, draws=999)
    assert sets.critical_last < sets.critical
    assert ((sets.lower <= sets.rank) & (sets.rank <= sets.upper)).all()


@pytest.mark.parametrize("spread", [0.0, 0.6, 3.0, 30.0])
def test_looking_at_the_largest_draws_first_gives_the_plain_stepdown(spread):
    theta, cov = spread * np.arange(5.0), np.eye(5)
    t = (theta[:, None] - theta) / np.sqrt(2)
    rows = lambda only: wild.normal_rows(cov, 999, df=None, seed=1, only=only)  # noqa: E731
    drawn = np.zeros((5, 5, 999))
    for i in range(4):
        drawn[i, i + 1 :] = np.concatenate([r(i, slice(i + 1, 5)) for r in rows(None)], axis=1)
    drawn -= drawn.transpose(1, 0, 2)
    above, steps = np.zeros((5, 5), dtype=bool), []
    while True:
        open_ = ~above & ~np.eye(5, dtype=bool)
        steps.append(quantile(np.maximum(drawn[open_].max(axis=0), 0), 0.95, exact=False))
        if not (new := (t > steps[-1]) & ~above).any():
            break
        above |= new
    found = decide(rows, t, draws=999, coverage=0.95, exact=False)
    assert (found.above == above).all() and found.stepped
    assert (found.critical, found.critical_last) == pytest.approx((steps[0], steps[-1]), abs=1e-5)


def test_variances_are_shrunk_half_way_unless_they_truly_differ():
    voters = {"A": 10, "B": 20, "C": 30}
    equal, camps = (
        composite(p.scores, p.voter_class, weights=WEIGHTS)
        for p in (panel(np.zeros(20), voters, rater=r, seed=1) for r in (None, Rater(camps=0.5)))
    )
    assert shrinkage(equal) == 0.5
    assert shrinkage(camps) < 0.3


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_tiny_class_that_grades_coarsely_is_seen_and_others_are_not(size):
    voters = {"A": size, "B": 10, "C": 18}
    even, coarse = (
        class_spread(composite(p.scores, p.voter_class, weights=WEIGHTS))
        for p in (panel(np.zeros(20), voters, rater=Rater(noise={"A": f}), seed=2) for f in (1, 2))
    )
    assert even[0] < 1.6 < coarse[0]
    assert coarse[1:].tolist() == even[1:].tolist() == [1.0, 1.0]


def test_same_seed_same_answer_another_seed_nearly():
    p = draw(1)
    first, again, other = sets_of(p, seed=1), sets_of(p, seed=1), sets_of(p, seed=2)
    assert first.critical == again.critical != other.critical
    assert (first.lower == again.lower).all() and (first.upper == again.upper).all()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), unrated=st.sampled_from([0.0, 0.2]))
def test_relabelling_targets_permutes_the_sets(seed, unrated):
    p = panel(np.linspace(-1, 1, 6), {"A": 6, "B": 6, "C": 7}, unrated=unrated, seed=seed)
    order = np.random.default_rng(seed).permutation(6)
    sets, turned = sets_of(p), sets_of(p, scores=p.scores[:, order])
    for name in ("estimate", "se", "rank", "lower", "upper"):
        assert getattr(turned, name) == pytest.approx(getattr(sets, name)[order])
    assert turned.critical == pytest.approx(sets.critical, rel=1e-5)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_voters_leniency_changes_nothing_on_complete_ballots(seed):
    p = panel(np.linspace(-1, 1, 6), VOTERS, seed=seed)
    shift = np.random.default_rng(seed).normal(0, 20, (15, 1))
    sets, moved = sets_of(p), sets_of(p, scores=p.scores + shift)
    for name in ("rank", "lower", "upper"):
        assert (getattr(moved, name) == getattr(sets, name)).all()
    assert moved.critical == pytest.approx(sets.critical, rel=1e-5)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), factor=st.floats(0.1, 100))
def test_the_unit_of_scores_and_the_sum_of_weights_change_nothing(seed, factor):
    p = draw(seed)
    doubled = {k: 2 * w for k, w in WEIGHTS.items()}
    moved = rank_sets(p.scores * factor, p.voter_class, weights=doubled, draws=299, seed=1)
    assert moved.critical == pytest.approx(sets_of(p).critical, rel=1e-5)


def test_all_sign_patterns_are_taken_when_voters_are_few():
    y = np.random.default_rng(0).normal(size=(8, 3))
    one, two = (rank_sets(y, ["A"] * 8, weights={"A": 1}, seed=s, draws=999) for s in (1, 2))
    assert one.draws == 256
    assert one.critical == two.critical
    assert "all sign patterns" in one.method


def test_tied_targets_share_the_better_rank():
    sets = rank_sets_from([1.0, 2.0, 2.0, 0.0], np.ones(4), draws=99, seed=1)
    assert sets.rank.tolist() == [3, 1, 1, 4]


def test_one_target_has_rank_one():
    sets = rank_sets([[80], [90], [70]], list("AAA"), weights={"A": 1}, draws=99, seed=1)
    assert (sets.rank[0], sets.lower[0], sets.upper[0], sets.critical) == (1, 1, 1, 0.0)


def test_a_class_of_one_borrows_the_variance_of_the_others():
    p = panel(np.zeros(5), {"A": 1, "B": 8, "C": 8}, seed=1)
    sets = sets_of(p)
    assert "class-of-one" in sets.notes
    assert "heavy-small-class" in sets.notes
    without = composite(p.scores[1:], p.voter_class[1:], weights={"B": 0.3, "C": 0.3})
    variance = np.diag(pool(composite(p.scores, p.voter_class, weights=WEIGHTS)).within)
    assert sets.se**2 == pytest.approx(0.6**2 * without.se**2 + 0.4**2 * variance)


def test_without_any_repetition_nothing_is_told_apart():
    sets = rank_sets([[80, 90, 70]], ["A"], weights={"A": 1}, draws=99, seed=1)
    assert sets.lower.tolist() == [1, 1, 1] and sets.upper.tolist() == [3, 3, 3]
    assert np.isnan(sets.se).all() and np.isinf(sets.critical)
    assert "no-replication" in sets.notes


@pytest.mark.parametrize(("voters", "upper"), [(4, [2, 2]), (12, [1, 2])])
def test_unanimity_counts_as_a_sign_test_when_there_is_no_variance(voters, upper):
    sets = rank_sets([[95, 80]] * voters, ["A"] * voters, weights={"A": 1}, draws=99, seed=1)
    assert sets.upper.tolist() == upper
    assert "zero-variance" in sets.notes


def test_all_equal_ballots_tie_everyone():
    sets = rank_sets(np.full((10, 4), 80.0), ["A"] * 10, weights={"A": 1}, draws=99, seed=1)
    assert sets.rank.tolist() == [1] * 4 and sets.upper.tolist() == [4] * 4


def test_a_target_no_leader_rated_is_weighted_by_the_others_and_says_so():
    p = draw(2)
    y = p.scores.copy()
    y[p.voter_class == "A", 0] = np.nan
    sets = sets_of(p, scores=y)
    assert sets.renormalised.tolist() == [True] + [False] * 5
    assert "weights-renormalised" in sets.notes
    means = [y[p.voter_class == k, 0].mean() for k in "BC"]
    assert sets.estimate[0] == pytest.approx(np.mean(means))
    assert sets.counts[0].tolist() == [0, 5, 7]


def test_voters_who_rate_one_target_each_give_independent_estimates():
    rng = np.random.default_rng(0)
    y = np.full((60, 3), np.nan)
    for i in range(3):
        y[20 * i : 20 * i + 20, i] = rng.normal([0, 0, 5][i], 1, 20)
    c = composite(y, ["A"] * 60, weights={"A": 1})
    assert c.covariance() == pytest.approx(np.diag(np.nanvar(y, axis=0, ddof=1) / 20))
    sets = rank_sets(y, ["A"] * 60, weights={"A": 1}, draws=499, seed=1)
    assert sets.lower.tolist() == [2, 2, 1] and sets.upper.tolist() == [3, 3, 1]


def test_bottom_sets_on_one_clearly_bad_target():
    p = panel([-3.0, *[0.0] * 9], {"A": 10, "B": 10, "C": 10}, seed=1)
    bottom = bottom_sets(p.scores, p.voter_class, k=1, weights=WEIGHTS, draws=999, seed=1)
    only = [True] + [False] * 9
    assert bottom.observed.tolist() == bottom.certain.tolist() == only
    assert bottom.cannot_exclude.tolist() == only
    assert bottom.verified and bottom.p_value <= 0.01 and bottom.gap > bottom.gap_needed
    assert bottom.p_bottom[0] == 1.0


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), k=st.integers(1, 5))
def test_verified_says_the_same_as_p_and_the_gap_needed(seed, k):
    p = panel(np.linspace(-1, 1, 6), VOTERS, seed=seed)
    bottom = bottom_sets(p.scores, p.voter_class, k=k, weights=WEIGHTS, draws=499, seed=1)
    assert bottom.p_bottom.sum() == pytest.approx(k)
    assert (bottom.certain <= bottom.cannot_exclude).all()
    if not bottom.tied_at_cut and abs(bottom.p_value - 0.05) > 0.005:
        assert bottom.verified == (bottom.p_value <= 0.05) == (bottom.gap > bottom.gap_needed)


def test_ties_at_the_cut_are_listed_together_and_never_verified():
    y = [[70, 70, 90, 95], [60, 60, 95, 90]] * 10
    bottom = bottom_sets(y, ["A"] * 20, k=1, weights={"A": 1}, draws=499, seed=1)
    assert bottom.observed.tolist() == [True, True, False, False]
    assert bottom.tied_at_cut and not bottom.verified and bottom.p_value == 1.0
    assert "tie-at-cut" in bottom.notes
    assert bottom.p_bottom.tolist() == [0.5, 0.5, 0.0, 0.0]


def test_tables_are_unrounded_and_arrays_locked():
    frame = pd.DataFrame(draw(0).scores, columns=list("uvwxyz"))
    sets = rank_sets(frame, draw(0).voter_class, weights=WEIGHTS, draws=99, seed=1)
    assert sets.table()["unit"].tolist() == list("uvwxyz")
    assert sets.table()["estimate"].to_numpy() == pytest.approx(sets.estimate, abs=0)
    with pytest.raises(ValueError, match="read-only"):
        sets.lower[0] = 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scores": np.ones(15)}, "table"),
        ({"scores": np.ones((6, 15))}, "pass scores.T"),
        ({"scores": np.full((15, 6), np.inf)}, "use NaN"),
        ({"weights": {"A": 1, "B": -1, "C": 1}}, "zero or more"),
        ({"weights": {"A": 1, "B": 1}}, "none for"),
        ({"weights": WEIGHTS | {"D": 1}}, "leave the class out"),
        ({"coverage": 95}, "0.95, not 95"),
        ({"draws": 10}, "99 or more"),
        ({"seed": -1}, "seed must be"),
        ({"units": ["one"]}, "units must name"),
    ],
)
def test_bad_input_is_told_how_to_mend(change, message):
    p = draw(0)
    good = {"scores": p.scores, "voter_class": p.voter_class, "weights": WEIGHTS, "seed": 1}
    with pytest.raises(ValueError, match=message):
        rank_sets(**(good | {"draws": 99} | change))


def test_a_target_nobody_rated_is_named():
    y = np.ones((4, 2))
    y[:, 1] = np.nan
    with pytest.raises(ValueError, match="none for 2; leave"):
        rank_sets(y, list("AAAA"), weights={"A": 1}, seed=1)


@pytest.mark.parametrize("k", [0, 6, 9])
def test_k_must_leave_someone_out(k):
    p = draw(0)
    with pytest.raises(ValueError, match="k must be from 1 to 5"):
        bottom_sets(p.scores, p.voter_class, k=k, weights=WEIGHTS, seed=1)


@pytest.mark.parametrize("cov", [np.eye(3), [1.0, 0.0], [[1.0, 2.0], [0.0, 1.0]], [np.nan, 1.0]])
def test_a_covariance_that_cannot_be_is_refused(cov):
    with pytest.raises(ValueError, match="must be"):
        rank_sets_from([1.0, 2.0], cov, seed=1)


def test_a_thousand_targets_with_few_voters_each_keep_their_numbers():
    """InstEval, 2,972 voters × 1,128 targets: as before empty cells were left out of the sums."""
    table = pd.read_csv(Path(__file__).parent / "reference" / "data" / "InstEval.csv.gz")
    scores, one = table.pivot(index="s", columns="d", values="y"), {"all": 1}
    found = bottom_sets(scores, ["all"] * len(scores), k=1, weights=one, draws=199, seed=1)
    assert found.gap_pair == ("582", "1540") and found.gap == pytest.approx(3 / 14)
    assert found.sets.critical == pytest.approx(5.56827, abs=1e-5)
    assert found.p_value == pytest.approx(0.43083994667, abs=1e-10)
    assert found.gap_needed == pytest.approx(0.58558702887, abs=1e-8)
    assert found.sets.se.sum() == pytest.approx(242.282704210555, abs=1e-9)
    assert (found.sets.lower.sum(), found.sets.upper.sum()) == (41799, 1231713)
    assert (found.p_bottom**2).sum() == pytest.approx(0.244312012323, abs=1e-9)


def test_independent_targets_may_be_given_by_their_variances():
    estimate, variance = [60.0, 70.0, 71.0, 90.0], np.array([1.0, 2.0, 1.0, 1.0])
    drawn = {"k": 1, "draws": 999, "seed": 1}
    short, full = (bottom_sets_from(estimate, c, **drawn) for c in (variance, np.diag(variance)))
    assert short.verified and short.table().equals(full.table())
    assert (short.p_value, short.gap_needed) == (full.p_value, full.gap_needed)


def test_a_ranking_multiplies_on_one_core_and_gives_the_cores_back():
    def cores() -> set[int]:
        return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}

    before = cores()
    assert on_one_core(cores)() == {1}
    assert cores() == before
