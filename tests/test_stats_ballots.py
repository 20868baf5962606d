"""Ballots that stand out are found; honest ones mostly are not; nobody is removed in silence."""

import numpy as np
import pytest

from zuofeng_survey.stats.ballots import ballot_checks
from zuofeng_survey.stats.ballotsigns import two_way_residuals
from zuofeng_survey.stats.composite import composite
from zuofeng_survey.stats.simulate import panel

WEIGHTS = {"A": 0.4, "B": 0.3, "C": 0.3}
VOTERS = {"A": 5, "B": 10, "C": 15}
NAN = float("nan")


def honest(seed, n=20, voters=VOTERS):
    p = panel(np.random.default_rng(seed).normal(0, 0.5, n), voters, seed=seed)
    return p.scores.copy(), p.voter_class


def checks(y, label, **kw):
    kw = {"weights": WEIGHTS, "k": 2, "draws": 199, "seed": 1} | kw
    return ballot_checks(y, label, **kw)


def test_residuals_of_complete_ballots_are_centred_twice():
    y = np.random.default_rng(1).normal(size=(6, 5))
    e, variance, leverage = two_way_residuals(y)
    told = y - y.mean(axis=1, keepdims=True) - y.mean(axis=0) + y.mean()
    np.testing.assert_allclose(e, told, atol=1e-12)
    assert variance == pytest.approx((told**2).sum() / 20)
    assert leverage.sum() == pytest.approx(6 + 5 - 1)


def test_residuals_with_gaps_are_those_of_least_squares():
    y = np.random.default_rng(2).normal(size=(8, 5))
    y[[0, 2, 3, 7], [1, 0, 4, 2]] = NAN
    seen = ~np.isnan(y)
    v, t = np.nonzero(seen)
    x = np.column_stack([np.eye(8)[v], np.eye(5)[t]])
    told = y[seen] - x @ np.linalg.lstsq(x, y[seen], rcond=None)[0]
    np.testing.assert_allclose(two_way_residuals(y)[0][seen], told, atol=1e-8)


def test_a_ballot_upside_down_is_contrary():
    rng = np.random.default_rng(3)
    y = np.linspace(60, 90, 12) + rng.normal(0, 4, (30, 12))
    y[3] = y[3, ::-1]
    c = checks(y, ["A"] * 30, weights={"A": 1})
    assert np.flatnonzero(c.contrary).tolist() == [3] and c.agreement[3] < -0.8
    assert c.outfit[3] > 3 and c.left == 29


def test_a_lone_low_grade_is_found_with_its_target():
    y, label = honest(4)
    lenient = int(y.mean(axis=1).argmax())
    y[lenient] = np.maximum(y[lenient], 85)
    target = int(y.mean(axis=0).argmax())
    y[lenient, target] = 0
    c = checks(y, label)
    assert c.lone_low[lenient] == str(target + 1) and (c.lone_low != "").sum() == 1


def test_copied_ballots_are_one_bloc():
    y, label = honest(5)
    y[16:21] = y[16] + np.random.default_rng(1).normal(0, 1, (5, 20))
    c = checks(y, label)
    assert (c.bloc[16:21] == 1).all() and c.bloc_p <= 0.05 and c.shared_p <= 0.05
    assert (np.delete(c.bloc, range(16, 21)) == 0).mean() > 0.95


def test_honest_ballots_are_mostly_left_alone():
    found = []
    for seed in range(40):
        c = checks(*honest(seed + 100))
        found.append((c.contrary.any(), (c.lone_low != "").any(), (c.bloc > 0).any()))
    assert (np.mean(found, axis=0) <= [0.1, 0.1, 0.2]).all()


def test_both_rankings_are_shown_and_are_those_of_the_composite():
    y, label = honest(6)
    y[16:21] = y[16]
    c = checks(y, label)
    everyone = composite(y, label, weights=WEIGHTS)
    rest = composite(y[~c.flagged], label[~c.flagged], weights=WEIGHTS)
    np.testing.assert_allclose(c.everyone["estimate"], everyone.estimate)
    np.testing.assert_allclose(c.without["estimate"], rest.estimate)
    assert c.everyone["bottom"].sum() == 2 and c.left == (~c.flagged).sum()
    assert c.table().shape == (20, 7) and "<table" in c._repr_html_()
    assert ("bottom-changes" in c.notes) == bool((c.everyone.bottom != c.without.bottom).any())


def test_flat_ballots_are_counted_and_not_blamed():
    y, label = honest(7)
    y[:4] = 95.0
    c = checks(y, label)
    assert c.flat.tolist() == [True] * 4 + [False] * 26
    assert not c.flagged[:4].any() and np.isnan(c.agreement[:4]).all()


def test_a_class_that_shares_a_view_is_no_bloc():
    y, label = honest(8)
    y[label == "C"] += np.random.default_rng(2).normal(0, 12, 20)
    assert (checks(y, label).bloc[label == "C"] > 0).mean() < 0.2


def test_empty_ballots_keep_their_place():
    y, label = honest(9)
    y[4] = NAN
    y[3] = 150 - y[3]
    c = checks(y, label)
    assert len(c.flat) == 30 and np.isnan(c.outfit[4]) and not c.flagged[4]


def test_the_same_seed_flags_the_same():
    y, label = honest(10)
    a, b = checks(y, label), checks(y, label)
    assert a.bloc_p == b.bloc_p and (a.flagged == b.flagged).all()
    assert checks(y + np.arange(30)[:, None], label).flagged.tolist() == a.flagged.tolist()


def test_without_is_said_to_be_impossible_when_a_class_is_gone():
    y = np.linspace(60, 90, 12) + np.random.default_rng(3).normal(0, 4, (20, 12))
    y[0] = y[0, ::-1]
    c = checks(y, ["A", *["B"] * 19], weights={"A": 0.4, "B": 0.6})
    assert c.flagged.tolist() == [True] + [False] * 19
    assert {"without-not-possible", "few-flagged"} <= set(c.notes)
    assert c.without["estimate"].isna().all() and c.everyone["estimate"].notna().all()


@pytest.mark.parametrize(
    ("kw", "words"),
    [
        ({"k": 5}, "k must be from 1 to 4"),
        ({"draws": 9}, "draws 99 or more"),
        ({"fdr": 5}, "fdr must be between"),
        ({"y": np.ones((2, 5))}, "three or more"),
        ({"y": np.tile(np.arange(5.0), (6, 1))}, "nothing to look for"),
    ],
)
def test_ballots_that_cannot_be_checked_are_refused(kw, words):
    y = kw.pop("y", np.random.default_rng(1).normal(size=(6, 5)))
    with pytest.raises(ValueError, match=words):
        checks(y, ["A"] * len(y), weights={"A": 1}, **kw)
