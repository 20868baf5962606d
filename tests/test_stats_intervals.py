"""Intervals for rates."""

import numpy as np
import pytest

from zuofeng_survey.stats.intervals import wilson


def test_wilson_is_that_of_r():
    # R: prop.test(47, 60, correct = FALSE)$conf.int
    rate = wilson(47, 60)
    assert float(rate.lower) == pytest.approx(0.663799724268052, abs=1e-9)
    assert float(rate.upper) == pytest.approx(0.868769559518097, abs=1e-9)


def test_nobody_and_everybody_end_at_zero_and_one():
    rate = wilson([0, 10], 10)
    assert (rate.lower[0], rate.upper[1]) == (0.0, 1.0)
    assert rate.upper[0] == pytest.approx(1 - rate.lower[1])
    assert rate.table().shape == (2, 4)


def test_more_coverage_is_wider():
    wide, narrow = wilson(3, 10, coverage=0.99), wilson(3, 10, coverage=0.9)
    assert wide.lower < narrow.lower < narrow.upper < wide.upper


@pytest.mark.parametrize(("x", "n"), [(1, 0), (5, 4), (-1, 4), (np.nan, 4), (1, np.nan)])
def test_impossible_counts_are_refused(x, n):
    with pytest.raises(ValueError, match="must be"):
        wilson(x, n)


def test_coverage_is_a_probability():
    with pytest.raises(ValueError, match=r"0\.95, not 95"):
        wilson(1, 2, coverage=95)
