"""A composite for units: worked by hand, what is missing, and other weights."""

import numpy as np
import pandas as pd
import pytest

from zuofeng_survey import stats

PARTS = pd.DataFrame({"a": [80.0, 60, np.nan, 90], "b": [60.0, 90, 50, np.nan], "c": [70.0, 70, 40, 100]}, index=list("甲乙丙丁"))
WEIGHTS = {"a": 2.0, "b": 2.0, "c": 1.0}


def test_the_index_is_the_weighted_mean_of_what_is_there():
    found = stats.unit_index(PARTS, weights=WEIGHTS, least=0.5)
    assert found.index == pytest.approx([70, 74, (100 + 40) / 3, (180 + 100) / 3])
    assert found.weights == pytest.approx({"a": 0.4, "b": 0.4, "c": 0.2})
    assert found.rank.tolist() == [3, 2, 4, 1] and found.parts.tolist() == [3, 3, 2, 2]


def test_a_unit_with_too_little_has_no_index_and_no_place():
    found = stats.unit_index(PARTS, weights=WEIGHTS, least=0.7)
    assert np.isnan(found.index[2:]).all() and np.isnan(found.rank[2:]).all()
    assert found.rank[:2].tolist() == [2, 1]


def test_places_under_other_weights_hold_the_place_itself():
    found = stats.unit_index(PARTS, weights=WEIGHTS, least=0.5)
    assert (found.best_rank <= found.rank).all() and (found.rank <= found.lowest_rank).all()
    assert found.variants == 9


def test_a_unit_that_is_best_in_everything_is_first_whatever_the_weights():
    better = PARTS.fillna(50)
    better.loc["丁"] = [99.0, 99, 99]
    assert stats.unit_index(better, weights=WEIGHTS).lowest_rank[3] == 1


@pytest.mark.parametrize("wrong", [{"a": 1.0}, {"a": 1.0, "b": 0.0, "c": 1.0}])
def test_weights_must_fit_the_parts(wrong):
    with pytest.raises(ValueError, match="weight"):
        stats.unit_index(PARTS, weights=wrong)
