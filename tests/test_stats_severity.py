"""Severity: adjusted scores, the mixed models behind them, and who can be compared with whom."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from zuofeng_survey.stats.composite import composite
from zuofeng_survey.stats.connected import connectedness
from zuofeng_survey.stats.mixed import mixed_model
from zuofeng_survey.stats.severity import adjust, adjust_ratings
from zuofeng_survey.stats.simulate import panel
from zuofeng_survey.stats.trends import trends

WEIGHTS = {"A": 0.4, "B": 0.3, "C": 0.3}
VOTERS = {"A": 3, "B": 5, "C": 7}
NAN = float("nan")


def gappy(seed, *, unrated=0.3, merit=(0.0, 0.2, 0.5, 1.0, -0.4)):
    return panel(merit, VOTERS, unrated=unrated, seed=seed)


def differences(found):
    c = found.covariance
    return np.diag(c)[:, None] + np.diag(c) - 2 * c


# ---- adjusted scores


@pytest.mark.parametrize("method", ["fixed", "random"])
def test_complete_ballots_are_left_as_they_are(method):
    p = gappy(1, unrated=0.0)
    plain = composite(p.scores, p.voter_class, weights=WEIGHTS)
    found = adjust(p.scores, p.voter_class, weights=WEIGHTS, method=method)
    assert found.method == "none" and "complete-ballots" in found.notes
    assert "left as they are" in found.statement
    np.testing.assert_allclose(found.estimate, plain.estimate, atol=1e-10)
    np.testing.assert_allclose(found.covariance, plain.covariance(), atol=1e-10)


def test_gapped_ballots_without_noise_are_put_right():
    harsh, merit = np.array([-9.0, 0.0, 4.0, 5.0]), np.array([70.0, 75.0, 80.0])
    y = merit + harsh[:, None]
    y[0, 0] = y[2, 1] = y[3, 2] = y[1, 2] = NAN
    noise = np.random.default_rng(1).normal(size=y.shape) * 1e-6
    found = adjust(y + noise, list("AAAA"), weights={"A": 1})
    np.testing.assert_allclose(np.diff(found.estimate), [5, 5], atol=1e-4)
    np.testing.assert_allclose(found.leniency, harsh - harsh.mean(), atol=1e-4)
    assert np.abs(np.diff(found.raw) - 5).max() > 1


@pytest.mark.parametrize("method", ["fixed", "random"])
def test_a_table_and_its_ratings_give_the_same(method):
    p = panel([0, 0.3, 0.6, 1], {"A": 12}, unrated=0.3, seed=3)
    v, t = np.nonzero(~np.isnan(p.scores))
    a = adjust(p.scores, p.voter_class, weights={"A": 2}, method=method)
    b = adjust_ratings(p.scores[v, t], voter=v, target=t, method=method)
    np.testing.assert_allclose(a.estimate, b.estimate, rtol=1e-8)
    np.testing.assert_allclose(a.covariance, b.covariance, rtol=1e-7)


@pytest.mark.parametrize("method", ["fixed", "random"])
def test_harsher_voters_change_no_difference(method):
    p = gappy(2)
    shift = np.random.default_rng(0).normal(0, 8, size=(15, 1)) if method == "fixed" else 7.0
    a = adjust(p.scores, p.voter_class, weights=WEIGHTS, method=method)
    b = adjust(p.scores + shift, p.voter_class, weights=WEIGHTS, method=method)
    np.testing.assert_allclose(a.effects, b.effects, atol=1e-8)
    np.testing.assert_allclose(differences(a), differences(b), atol=1e-7)


@pytest.mark.parametrize("method", ["fixed", "random"])
def test_relabelled_targets_and_reordered_ballots_keep_their_scores(method):
    p, rng = gappy(4), np.random.default_rng(1)
    rows, columns = rng.permutation(15), rng.permutation(5)
    a = adjust(p.scores, p.voter_class, weights=WEIGHTS, method=method)
    b = adjust(p.scores[rows][:, columns], p.voter_class[rows], weights=WEIGHTS, method=method)
    np.testing.assert_allclose(b.estimate, a.estimate[columns], rtol=1e-7)
    np.testing.assert_allclose(b.se, a.se[columns], rtol=1e-6)
    np.testing.assert_allclose(b.leniency, a.leniency[rows], atol=1e-5)


def test_two_ballots_for_each_voter_shrink_the_error():
    p = panel([0, 0.3, 0.6, 1], {"A": 12}, unrated=0.3, seed=3)
    once = adjust(p.scores, p.voter_class, weights={"A": 1}, variance="voters")
    twice = np.vstack([p.scores] * 2), np.tile(p.voter_class, 2)
    found = adjust(*twice, weights={"A": 1}, variance="voters")
    np.testing.assert_allclose(found.estimate, once.estimate, rtol=1e-10)
    np.testing.assert_allclose(found.covariance, once.covariance * 11 / 23, rtol=1e-8)


def test_empty_ballots_have_no_leniency():
    p = gappy(5)
    y = p.scores.copy()
    y[4] = NAN
    found = adjust(y, p.voter_class, weights=WEIGHTS)
    assert np.isnan(found.leniency[4]) and np.isfinite(np.delete(found.leniency, 4)).all()
    assert found.table().columns.tolist() == ["unit", "estimate", "se", "raw", "shift", "part"]
    assert "linked by shared voters" in found._repr_html_()


def test_a_class_of_one_has_an_error_of_its_own():
    p = panel([0, 0.5, 1], {"A": 1, "B": 5, "C": 7}, unrated=0.2, seed=3)
    for variance in ("pooled", "voters"):
        found = adjust(p.scores, p.voter_class, weights=WEIGHTS, variance=variance)
        assert "class-of-one" in found.notes and (found.se > 0).all()


def test_errors_that_cannot_be_had_are_said_to_be_missing():
    found = adjust([[1, 2, NAN], [2, 2, 3.0], [NAN, 1, 2]], list("ABC"), weights=WEIGHTS)
    assert np.isnan(found.se).all() and "no-replication" in found.notes


@pytest.mark.parametrize(("variance", "least"), [("pooled", 0.94), ("voters", 0.88)])
def test_differences_are_covered(variance, least):
    rng, covered = np.random.default_rng(8), []
    i, j = np.triu_indices(6, 1)
    for _ in range(150):
        p = panel([0.0] * 6, {"A": 5, "B": 10, "C": 15}, unrated=0.3, seed=rng)
        a = adjust(p.scores, p.voter_class, weights=WEIGHTS, variance=variance)
        t = np.abs(a.estimate[i] - a.estimate[j]) / np.sqrt(differences(a)[i, j])
        covered.append((t <= stats.t.isf(0.025, a.df)).mean())
    assert least <= np.mean(covered) <= 0.985


def test_adjusting_undoes_harsh_voters_who_skip_targets():
    rng, naive, adjusted = np.random.default_rng(3), [], []
    merit = np.linspace(-1, 1, 12)
    for _ in range(60):
        p = panel(merit, {"A": 30}, seed=rng)
        y, rank = p.scores.copy(), np.argsort(np.argsort(p.scores.mean(axis=1))) / 30
        skips = np.where(np.arange(12) % 2 == 0, rank[:, None], 1 - rank[:, None]) * 0.8
        y[rng.random(y.shape) < skips] = NAN
        a = adjust(y, p.voter_class, weights={"A": 1})
        naive.append(np.corrcoef(a.raw, merit)[0, 1])
        adjusted.append(np.corrcoef(a.estimate, merit)[0, 1])
    assert np.mean(adjusted) > np.mean(naive) + 0.02


def test_targets_without_a_voter_in_common_are_named():
    y = [[1, 2, NAN, NAN], [2, 2, NAN, NAN], [NAN, NAN, 3, 4], [NAN, NAN, 4, 4]]
    with pytest.raises(ValueError, match=r"linked by shared voters.*\{1, 2\}; \{3, 4\}"):
        adjust(y, list("AAAA"), weights={"A": 1})
    random = adjust(y, list("AAAA"), weights={"A": 1}, method="random")
    assert "disconnected" in random.notes and "cannot be told apart" in random.statement


@pytest.mark.parametrize(
    ("kw", "words"),
    [
        ({"method": "rasch"}, "method must be"),
        ({"variance": "none"}, "variance must be"),
        ({"y": [1, 2, 3, 4], "voter": list("uvwx")}, "rated two targets"),
        ({"y": [1, 2, NAN, 4]}, "y must be finite"),
        ({"y": [1, 2, 3]}, "of one length"),
    ],
)
def test_ratings_that_tell_nothing_are_refused(kw, words):
    ratings = {"y": [1, 2, 3, 4], "voter": list("uuvv"), "target": list("abab")} | kw
    with pytest.raises(ValueError, match=words):
        adjust_ratings(**ratings)


# ---- the graph


def test_parts_are_numbered_by_size():
    parts = connectedness(list("uuvvwx"), list("ababcd"))
    assert parts.part.tolist() == [1, 1, 2, 3] and parts.voters.tolist() == [2, 1, 1]
    assert parts.bridges.tolist() == [2, 2, 0, 0]


def test_one_voter_of_two_targets_links_them():
    parts = connectedness(list("uvvw"), list("abac"))
    assert not parts.connected and parts.part.tolist() == [1, 1, 2]
    assert connectedness(list("uvvww"), list("abacb")).connected
    assert parts.table().shape == (3, 3)


def test_pairs_without_a_label_are_refused():
    with pytest.raises(ValueError, match="missing labels"):
        connectedness(["u", None], ["a", "b"])
    with pytest.raises(ValueError, match="one length"):
        connectedness(["u"], ["a", "b"])


# ---- mixed models


def test_balanced_components_are_those_of_the_anova():
    # by hand: mean squares 33.444, .778, .278; (33.444 − .278) / 3, (.778 − .278) / 3, .278
    y, who, what = [1, 2, 3, 5, 5, 5, 8, 9, 9], list("aaabbbccc"), list("xyzxyzxyz")
    m = mixed_model(y, {"who": who, "what": what})
    assert list(m.components.values()) == pytest.approx([199 / 18, 1 / 6, 5 / 18], rel=1e-5)
    assert m.beta[0] == pytest.approx(np.mean(y))
    assert m.table()["share"].sum() == pytest.approx(1)


def test_a_component_without_evidence_is_zero():
    y = [1, 3, 2, 2, 1, 3, 3, 2, 1, 2, 3, 1]
    m = mixed_model(y, {"a": list("ppqqrrssttuu")})
    assert m.at_zero == ("a",) and m.components["a"] == 0
    assert m.components["residual"] == pytest.approx(np.var(y, ddof=1))
    assert not m.effects["a"].any()


def dense_criterion(y, groups, x, components, reml):
    v = components["residual"] * np.eye(len(y))
    for name, label in groups.items():
        v += components[name] * (label[:, None] == label)
    inverse = np.linalg.inv(v)
    middle = x.T @ inverse @ x
    r = y - x @ np.linalg.solve(middle, x.T @ inverse @ y)
    free = len(y) - x.shape[1] * reml
    log = np.linalg.slogdet(v)[1] + reml * np.linalg.slogdet(middle)[1]
    return free * np.log(2 * np.pi) + log + r @ inverse @ r


@pytest.mark.parametrize("reml", [True, False])
def test_the_criterion_is_that_of_the_dense_formula_and_lowest(reml):
    rng = np.random.default_rng(5)
    a, b = rng.integers(0, 9, 80), rng.integers(0, 7, 80)
    y = rng.normal(size=9)[a] + 0.7 * rng.normal(size=7)[b] + rng.normal(size=80)
    frame = pd.DataFrame({"one": 1.0, "x": rng.normal(size=80)})
    groups, x = {"a": a, "b": b}, frame.to_numpy()
    m = mixed_model(y, groups, fixed=frame, reml=reml)
    assert dense_criterion(y, groups, x, m.components, reml) == pytest.approx(m.criterion, abs=1e-7)
    for name in m.components:
        for factor in (0.98, 1.02):
            moved = m.components | {name: m.components[name] * factor}
            assert dense_criterion(y, groups, x, moved, reml) > m.criterion


def test_effects_are_the_dense_best_predictions():
    rng = np.random.default_rng(6)
    a, b = rng.integers(0, 8, 60), rng.integers(0, 5, 60)
    y = rng.normal(size=8)[a] + rng.normal(size=5)[b] + rng.normal(size=60)
    m = mixed_model(y, {"a": a, "b": b})
    za, zb = (np.eye(k)[code] for k, code in ((8, a), (5, b)))
    c = m.components
    v = c["a"] * za @ za.T + c["b"] * zb @ zb.T + c["residual"] * np.eye(60)
    inverse = np.linalg.inv(v)
    np.testing.assert_allclose(m.effects["b"], c["b"] * zb.T @ inverse @ (y - m.beta[0]), atol=1e-9)
    for k, z in (("a", za), ("b", zb)):
        sd = np.sqrt(np.diag(c[k] * np.eye(z.shape[1]) - c[k] ** 2 * z.T @ inverse @ z))
        np.testing.assert_allclose(m.effects_sd[k], sd, rtol=1e-7)


def test_a_change_of_unit_changes_the_unit_alone():
    rng = np.random.default_rng(7)
    groups = {"a": rng.integers(0, 8, 60), "b": rng.integers(0, 5, 60)}
    y = rng.normal(size=60) + rng.normal(size=8)[groups["a"]]
    m, scaled = mixed_model(y, groups), mixed_model(1e4 * y + 1e6, groups)
    for k in m.components:
        assert scaled.components[k] == pytest.approx(1e8 * m.components[k], rel=1e-4, abs=1)


@pytest.mark.parametrize(
    ("y", "groups", "words"),
    [
        ([1.0, 2, NAN], {"a": [1, 1, 2]}, "finite"),
        ([1.0, 2, 3], {}, "name one factor"),
        ([1.0, 2, 3], {"a": [1, 2]}, "3 labels"),
        ([1.0, 2, 3], {"a": [1, 2, 3]}, "told from the residual"),
        ([1.0, 2, 3], {"a": [1, 1, 1]}, "levels"),
        ([1.0, 1, 1, 1], {"a": [1, 1, 2, 2]}, "fit y exactly"),
        ([1.0, 2, 3, 2, 3, 4], {"a": [1, 1, 1, 2, 2, 2], "b": [1, 2, 3] * 2}, "fit y exactly"),
        ([1.0, 2, 1, 4], {"a": [1, 1, 2, 2], "b": list("xxyy")}, "part y alike"),
    ],
)
def test_models_that_cannot_be_fitted_are_refused(y, groups, words):
    with pytest.raises(ValueError, match=words):
        mixed_model(y, groups)


def test_columns_that_say_the_same_are_refused():
    x = pd.DataFrame({"one": [1.0] * 6, "also": [2.0] * 6})
    with pytest.raises(ValueError, match="full column rank"):
        mixed_model([1, 2, 3, 2, 5, 1], {"a": list("aabbcc")}, fixed=x)


# ---- trends


def test_trends_do_not_depend_on_where_time_begins():
    rng = np.random.default_rng(2)
    unit, year = np.repeat(np.arange(12), 4), np.tile(np.arange(4), 12)
    y = 50 + rng.normal(0, 3, 12)[unit] + (1 + rng.normal(0, 1, 12)[unit]) * year
    y += rng.normal(size=48)
    a, b = trends(y, year, unit=unit), trends(y, year + 2017, unit=unit)
    assert a.slope == pytest.approx(b.slope, rel=1e-6)
    assert a.intercept == pytest.approx(b.intercept + 2017 * b.slope, rel=1e-6)
    np.testing.assert_allclose(a.lines[:, 1], b.lines[:, 1], rtol=1e-4)
    assert a.table().shape == (12, 3)


@pytest.mark.parametrize(
    ("y", "time", "unit"),
    [
        ([1, 2, NAN, 4], [1, 2, 1, 2], list("aabb")),
        ([1, 2, 3], [1, 2], list("aab")),
        ([1, 2, 3, 4, 3, 3], [1] * 6, list("aabbcc")),
        ([1, 2, 3, 4], [1, 2, 1, 2], list("aabb")),
    ],
)
def test_years_that_make_no_trend_are_refused(y, time, unit):
    with pytest.raises(ValueError, match="must"):
        trends(y, time, unit=unit)


def test_one_grouping_factor_is_fitted_in_silence(capfd):
    mixed_model(np.arange(6.0) % 4, {"town": list("aabbcc")})
    assert capfd.readouterr() == ("", "")


def test_fixed_adjustment_says_the_residual_variance_it_rests_on():
    who, what, y = list("uuvvwwx"), list("abbccaa"), np.array([5.0, 3, 4, 2, 3, 4, 5])
    z = np.column_stack([np.array(who) == w for w in "uvwx"] + [np.array(what) == t for t in "bc"])
    residual = y - z @ np.linalg.lstsq(z.astype(float), y, rcond=None)[0]
    found = adjust_ratings(y, voter=who, target=what).components
    assert found == pytest.approx({"residual": residual @ residual / (7 - 6)})
