"""What people named, and what they support: counts by hand, nothing of fewer than five."""

import numpy as np
import pytest

from frozen import IBIS_WARNS, frozen
from zuofeng_survey import results
from zuofeng_survey.errors import UsageError
from zuofeng_survey.poll import Target
from zuofeng_survey.questionnaire import Text

pytestmark = IBIS_WARNS


def named(folder, counts):
    ballots = [("all", [("ZC-K01", "", what)]) for what, n in counts.items() for _ in range(n)]
    return frozen(folder, "ZC", ballots)


def test_what_is_named_more_comes_first_with_what_cannot_be_excluded(tmp_path):
    found = results.mentions(named(tmp_path / "d", {"bunched": 30, "unclear": 8, "coordination": 6}), "ZC-K01").set_index("name")
    assert found.loc["bunched", ["count", "rank", "lower", "upper"]].tolist() == [30, 1, 1, 1]
    assert found.loc["unclear", "share"] == pytest.approx(8 / 44)
    assert found.loc["unclear", ["lower", "upper"]].tolist() == found.loc["coordination", ["lower", "upper"]].tolist()


def test_what_fewer_than_five_named_is_hidden_with_the_next(tmp_path):
    found = results.mentions(named(tmp_path / "d", {"bunched": 30, "unclear": 8, "coordination": 3}), "ZC-K01").set_index("name")
    assert found.loc[["unclear", "coordination"], "count"].isna().all() and found.loc["bunched", "count"] == 30


def test_an_item_with_one_answer_names_nothing_several(tmp_path):
    with pytest.raises(UsageError) as caught:
        results.mentions(named(tmp_path / "d", {"bunched": 9}), "ZC-A01")
    assert [p.code for p in caught.value.problems] == ["by-unknown"]


def judged(folder, grades):
    targets = [Target(name=t, label=Text(zh=f"建议{t}")) for t in grades]
    most = max(map(len, grades.values()))
    ballots = [("all", [("TL-C01", t, g[i]) for t, g in grades.items() if i < len(g)]) for i in range(most)]
    return frozen(folder, "TL", ballots, targets=targets)


def test_support_is_the_mean_of_those_who_judged(tmp_path):
    found = results.support(judged(tmp_path / "d", {"P1": ["5", "5", "3"] * 4, "P2": ["1", "2"] * 4})).set_index("target")
    assert found.loc["P1", "n"] == 12 and found.loc["P1", "is_ranked"] and not found.loc["P2", "is_ranked"]
    assert found.loc["P1", "estimate"] > found.loc["P2", "estimate"]


def test_a_proposal_that_four_judged_shows_nothing(tmp_path):
    found = results.support(judged(tmp_path / "d", {"P1": ["5", "4"] * 6, "P2": ["1", "2"] * 2})).set_index("target")
    assert np.isnan(found.loc["P2", "estimate"])
