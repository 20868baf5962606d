"""The fewest ballots: against brute force."""

from itertools import combinations

import numpy as np
import pytest

from zuofeng_survey.stats.composite import composite
from zuofeng_survey.stats.fragility import fewest_ballots
from zuofeng_survey.stats.simulate import panel

WEIGHTS = {"A": 0.4, "B": 0.3, "C": 0.3}


def bottom(y, label, k):
    weights = {c: w for c, w in WEIGHTS.items() if c in set(label.tolist())}
    theta = composite(y, label, weights=weights).estimate
    return frozenset(np.flatnonzero(theta <= np.sort(theta)[k - 1] + 1e-9).tolist())


def brute(y, label, k, most):
    before = bottom(y, label, k)
    for r in range(1, most + 1):
        for gone in combinations(range(len(y)), r):
            kept = np.delete(np.arange(len(y)), gone)
            try:
                after = bottom(y[kept], label[kept], k)
            except ValueError:  # a target lost its only rating
                return r
            if after != before:
                return r
    return None


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("k", [1, 2])
def test_one_and_two_removals_agree_with_brute_force(seed, k):
    p = panel([-0.5, -0.3, 0.2, 0.4, 0.5], {"A": 2, "B": 3, "C": 6}, seed=seed)
    found = fewest_ballots(p.scores, p.voter_class, weights=WEIGHTS, k=k)
    if found.ballots == 0:
        assert len(bottom(p.scores, p.voter_class, k)) > k
        return
    expected = brute(p.scores, p.voter_class, k, most=2)
    assert found.ballots == expected or (expected is None and (found.ballots or 99) > 2)
    assert found.flip1 == (expected == 1)


@pytest.mark.parametrize("seed", range(8))
def test_with_gaps_one_removal_agrees_with_brute_force(seed):
    p = panel([-0.6, 0.0, 0.2, 0.4], {"A": 3, "B": 4, "C": 5}, unrated=0.3, seed=seed)
    found = fewest_ballots(p.scores, p.voter_class, weights=WEIGHTS, k=1)
    assert found.flip1 == (brute(p.scores, p.voter_class, 1, most=1) == 1)
    assert found.exact == found.flip1


def test_the_removals_named_do_change_the_set():
    p = panel([-0.8, 0.0, 0.2, 0.4], {"A": 4, "B": 6, "C": 8}, seed=2)
    found = fewest_ballots(p.scores, p.voter_class, weights=WEIGHTS, k=1)
    low, high = (found.unit.index(x) for x in (found.out, found.into))
    gone: list[int] = []
    for c, r in found.by_class.items():
        rows = np.flatnonzero(p.voter_class == c)
        gap = (p.scores[:, high] - p.scores[:, low])[rows]
        gone += rows[np.argsort(gap)[::-1][:r]].tolist()
    assert len(gone) == found.ballots
    kept = np.delete(np.arange(18), gone)
    assert bottom(p.scores[kept], p.voter_class[kept], 1) != frozenset({low})


def test_a_unanimous_bottom_cannot_be_changed():
    found = fewest_ballots([[1, 2, 3]] * 6, ["A"] * 6, weights={"A": 1}, k=1)
    assert found.ballots is None and found.exact and not found.flip1


def test_a_tie_at_the_cut_is_open_already():
    found = fewest_ballots([[1, 1, 3]] * 6, ["A"] * 6, weights={"A": 1}, k=1)
    assert found.ballots == 0 and found.flip1 and "tie-at-cut" in found.notes


def test_k_must_leave_someone_out():
    with pytest.raises(ValueError, match="k must be from 1 to 2"):
        fewest_ballots([[1, 2, 3]] * 6, ["A"] * 6, weights={"A": 1}, k=3)
