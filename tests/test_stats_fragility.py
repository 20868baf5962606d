"""The fewest ballots: against brute force."""

from itertools import combinations

import numpy as np
import pytest

from zuofeng_survey.stats.composite import composite
from zuofeng_survey.stats.fragility import fewest_ballots, fewest_changes
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
def test_with_gaps_two_removals_agree_with_brute_force_and_bounds_hold_beyond(seed):
    p = panel([-0.6, 0.0, 0.2, 0.4], {"A": 3, "B": 4, "C": 5}, unrated=0.3, seed=seed)
    found = fewest_ballots(p.scores, p.voter_class, weights=WEIGHTS, k=1)
    expected = brute(p.scores, p.voter_class, 1, most=3) or 4
    assert found.flip1 == (expected == 1)
    assert found.at_least <= expected <= (found.at_most or 99) or expected == 4
    assert expected > 2 or (found.exact and found.ballots == expected)
    assert sum(found.by_class.values()) == (found.at_most or 0)


GRADES = (40.0, 65.0, 80.0, 95.0)


def means(marks):
    n = (~np.isnan(marks)).sum(axis=2)
    return np.where(n, np.nansum(marks, axis=2) / np.maximum(n, 1), np.nan)


def one_step(marks, v, t):
    """Every ballot v in which one answer about t is one grade up or down."""
    for m in range(marks.shape[2]):
        at = np.searchsorted(GRADES, marks[v, t, m])
        for new in (at - 1, at + 1) if not np.isnan(marks[v, t, m]) else ():
            if 0 <= new < 4:
                changed = marks.copy()
                changed[v, t, m] = GRADES[new]
                yield changed


def brute_changes(marks, label, k, most):
    before, level = bottom(means(marks), label, k), [marks]
    for r in range(1, most + 1):
        for voters in combinations(range(len(marks)), r):
            level = [marks]
            for v in voters:
                level = [
                    new
                    for old in level
                    for t in range(marks.shape[1])
                    for new in one_step(old, v, t)
                ]
            if any(bottom(means(x), label, k) != before for x in level):
                return r
    return None


@pytest.mark.parametrize("seed", range(8))
def test_changes_by_one_grade_agree_with_brute_force(seed):
    p = panel(
        [-0.4, 0.0, 0.3], {"A": 2, "B": 2, "C": 3}, items=2, unrated=0.1 * (seed % 2), seed=seed
    )
    marks = np.where(p.grades < 0, np.nan, np.asarray(GRADES)[p.grades])
    marks[0, 1, 0] = np.nan  # one item not answered
    label = p.voter_class
    before = bottom(means(marks), label, 1)
    found = fewest_changes(marks, label, weights=WEIGHTS, k=1, grades=GRADES)
    expected = 0 if len(before) > 1 else brute_changes(marks, label, 1, most=2)
    assert found.change == "one grade" and found.exact
    assert found.ballots == expected or (expected is None and (found.ballots or 99) > 2)


def test_marks_that_are_no_grades_are_refused():
    with pytest.raises(ValueError, match="give the scores of all grades"):
        fewest_changes([[1, 2], [2, 1.5]], list("AA"), weights={"A": 1}, k=1, grades=[1, 2])


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
