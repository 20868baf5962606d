"""What is named most, and where one target stands by itself."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from zuofeng_survey.stats import (
    marginal_rank_sets,
    mention_rank_sets,
    rank_sets_from,
    share_rank_sets,
)


def test_one_mention_each_is_the_multinomial():
    counts = [30, 12, 11, 3]
    one_each = np.repeat(np.eye(4), counts, axis=0)
    a, b = share_rank_sets(counts), mention_rank_sets(one_each)
    assert (a.lower == b.lower).all() and (a.upper == b.upper).all() and a.n == b.n == 56


def test_two_things_are_told_apart_where_the_exact_test_says_so():
    for a, b in ((9, 1), (8, 1), (7, 2), (12, 3)):
        p = stats.binomtest(a, a + b, alternative="greater").pvalue * 2
        assert (share_rank_sets([a, b]).upper[0] == 1) == (p <= 0.05)


def test_who_names_both_says_nothing():
    named = pd.DataFrame({"路灯": [1] * 9 + [0], "办事": [0] * 9 + [1]})
    more = pd.concat([named, pd.DataFrame({"路灯": [1] * 50, "办事": [1] * 50})])
    a, b = mention_rank_sets(named), mention_rank_sets(more)
    assert (a.lower == b.lower).all() and a.table()["unit"].tolist() == ["路灯", "办事"]
    assert b.share.tolist() == [59 / 60, 51 / 60]


def test_order_of_things_does_not_matter():
    counts, order = np.array([224, 292, 1249, 394, 418]), [3, 0, 4, 2, 1]
    a, b = share_rank_sets(counts), share_rank_sets(counts[order])
    assert (a.lower[order] == b.lower).all() and (a.upper[order] == b.upper).all()


def test_sets_of_shares_hold_all_at_once():
    rng, held = np.random.default_rng(1), []
    for _ in range(400):
        found = share_rank_sets(rng.multinomial(60, [0.25] * 4))
        held.append((found.lower == 1).all() and (found.upper == 4).all())
    assert np.mean(held) >= 0.95 - 0.022


@pytest.mark.parametrize("counts", [[1], [1, -1], [1.5, 2], [0, 0], [[1, 2]], [1, np.nan]])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(ValueError, match="counts must be"):
        share_rank_sets(counts)


@pytest.mark.parametrize("mentions", [[[1, 2]], [[1], [0]], [[0.5, 1]]])
def test_impossible_mentions_are_refused(mentions):
    with pytest.raises(ValueError, match="mentions must be"):
        mention_rank_sets(mentions)


def test_nothing_named_and_an_unknown_correction_are_refused():
    with pytest.raises(ValueError, match="someone must"):
        mention_rank_sets([[0, 0]])
    with pytest.raises(ValueError, match="correction must be"):
        share_rank_sets([1, 2], correction="none")  # type: ignore[arg-type]


def test_a_target_by_itself_has_a_set_within_its_set_among_all():
    rng = np.random.default_rng(2)
    theta = rng.normal(0, 1, 12)
    together = rank_sets_from(theta, np.full(12, 0.1), draws=1999, seed=1)
    alone = marginal_rank_sets(theta, np.full(12, 0.1), draws=1999, seed=1)
    assert (alone.lower >= together.lower).all() and (alone.upper <= together.upper).all()
    assert alone.critical < together.critical
    assert (alone.rank == together.rank).all()


def test_each_marginal_set_covers_and_all_together_do_not():
    rng, found = np.random.default_rng(3), []
    for rep in range(150):
        sets = marginal_rank_sets(rng.normal(0, 1, 15), np.ones(15), draws=499, seed=rep)
        found.append((sets.lower == 1) & (sets.upper == 15))
    covered = np.array(found)
    assert covered.mean() >= 0.93
    assert covered.all(axis=1).mean() < 0.85


def test_one_target_alone_is_first():
    sets = marginal_rank_sets([3.0], [1.0], draws=99, seed=1)
    assert (sets.lower[0], sets.upper[0]) == (1, 1)
