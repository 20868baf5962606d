"""Variance components, D-studies and whether another panel would name the same bottom k."""

import doctest
import importlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zuofeng_survey.stats.decisions import bottom_consistency, voters_needed
from zuofeng_survey.stats.dstudy import composite_generalizability, d_study
from zuofeng_survey.stats.gtheory import ratings_table, variance_components
from zuofeng_survey.stats.simulate import panel

TRUE = {"target": 1.0, "voter": 0.5, "item": 0.3, "target:voter": 0.6, "target:item": 0.2}
TRUE |= {"voter:item": 0.1, "residual": 0.8}
FACETS = ("voter", "item")
HAND = [[1, 2, 4], [2, 4, 5], [1, 3, 5], [2, 2, 4]]


def ratings(v: int = 12, n: int = 8, m: int = 4, *, seed: int = 0, gaps: float = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shapes = {"target": (1, n, 1), "voter": (v, 1, 1), "item": (1, 1, m)}
    shapes |= {"target:voter": (v, n, 1), "target:item": (1, n, m), "voter:item": (v, 1, m)}
    shapes |= {"residual": (v, n, m)}
    y = sum(np.sqrt(TRUE[e]) * rng.normal(size=s) for e, s in shapes.items())
    return np.where(rng.random((v, n, m)) < gaps, np.nan, y)


@pytest.mark.parametrize("room", ["gtheory", "dstudy", "decisions"])
def test_examples_in_docstrings_hold(room):
    tried = doctest.testmod(importlib.import_module(f"zuofeng_survey.stats.{room}"))
    assert tried.attempted > 0
    assert tried.failed == 0


def test_targets_by_voters_worked_by_hand():
    """Mean squares 9.083, .972, .306 with 4 voters and 3 targets."""
    c = variance_components(ratings_table(HAND))
    assert c.ms == pytest.approx([9.0833333, 0.9722222, 0.3055556])
    assert c.df.tolist() == [2, 3, 6]
    assert c.raw == pytest.approx([(c.ms[0] - c.ms[2]) / 4, (c.ms[1] - c.ms[2]) / 3, c.ms[2]])


def test_mean_squares_are_unbiased():
    runs = [variance_components(ratings_table(ratings(seed=s)), facets=FACETS) for s in range(150)]
    raw = np.array([r.raw for r in runs])
    error = raw.std(axis=0) / np.sqrt(len(raw))
    assert (np.abs(raw.mean(axis=0) - list(TRUE.values())) < 4 * error).all()
    assert runs[0].effect == tuple(TRUE)
    assert np.array([r.se for r in runs]).mean(axis=0) == pytest.approx(raw.std(axis=0), rel=0.25)


def test_restricted_likelihood_agrees_with_mean_squares_on_complete_ratings():
    long = ratings_table(ratings())
    ems, reml = (variance_components(long, facets=FACETS, method=m) for m in ("ems", "reml"))
    assert ems.raw.min() > 0
    assert reml.estimate == pytest.approx(ems.estimate, rel=1e-5)
    assert np.isnan(reml.ms).all()


def test_ratings_with_gaps_recover_the_components():
    c = variance_components(ratings_table(ratings(20, 15, 5, gaps=0.3)), facets=FACETS)
    assert c.method == "reml"
    assert c.estimate[-1] == pytest.approx(0.8, rel=0.1)
    assert c.estimate[3] == pytest.approx(0.6, rel=0.25)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 500), factor=st.floats(0.1, 20), shift=st.floats(-9, 9))
def test_unit_and_labels_do_not_matter(seed, factor, shift):
    y = ratings(seed=seed)
    a = variance_components(ratings_table(y), facets=FACETS)
    b = variance_components(ratings_table(factor * y[::-1, ::-1] + shift), facets=FACETS)
    assert b.raw == pytest.approx(factor**2 * a.raw, abs=1e-9 * factor**2)


def test_nested_voters_are_part_of_the_residual():
    rng = np.random.default_rng(1)
    y = 2 * rng.normal(size=(40, 1)) + rng.normal(size=(40, 6))
    long = pd.DataFrame(
        {"target": np.repeat(range(40), 6), "voter": range(240), "score": y.ravel()}
    )
    c = variance_components(long, nested={"voter": "target"})
    within = y.var(axis=1, ddof=1).mean()
    assert c.effect == ("target", "residual")
    assert c.estimate == pytest.approx([y.mean(axis=1).var(ddof=1) - within / 6, within], rel=1e-5)
    same_names = variance_components(long.assign(voter=long["voter"] % 6), nested=c.nested)
    assert same_names.estimate == pytest.approx(c.estimate)
    with pytest.raises(ValueError, match="nested="):
        variance_components(long)


def test_coefficients_by_the_formulas_of_methods():
    c = variance_components(ratings_table(ratings()), facets=FACETS)
    p, v, d, pv, pd_, vd, e = c.estimate
    study = d_study(c, n={"voter": 30, "item": 6})
    relative = pv / 30 + pd_ / 6 + e / 180
    absolute = relative + v / 30 + d / 6 + vd / 180
    assert study.generalizability[0] == pytest.approx(p / (p + relative))
    assert study.dependability[0] == pytest.approx(p / (p + absolute))


def test_items_held_fixed_count_as_true():
    c = variance_components(ratings_table(ratings()), facets=FACETS)
    p, _, _, pv, pd_, _, e = c.estimate
    study = d_study(c, n={"voter": [30]}, fixed=["item"])
    assert study.universe[0] == pytest.approx(p + pd_ / 4)
    assert study.relative[0] == pytest.approx(pv / 30 + e / 120)


def test_more_voters_never_hurt_and_the_grid_is_complete():
    c = variance_components(ratings_table(ratings()), facets=FACETS)
    study = d_study(c, n={"voter": [5, 10, 50], "item": [2, 6]})
    assert len(study.table()) == 6
    by_items = study.generalizability.reshape(3, 2)
    assert (np.diff(by_items, axis=0) > 0).all() and (np.diff(by_items, axis=1) > 0).all()


def test_composite_of_one_class_agrees_with_the_mean_squares():
    y = ratings(m=1)[:, :, 0]
    c = variance_components(ratings_table(y))
    by_class = composite_generalizability(y, ["A"] * 12, weights={"A": 1})
    assert by_class == pytest.approx(d_study(c).generalizability[0])
    p = panel(np.linspace(-1, 1, 8), {"A": 5, "B": 10}, seed=1)
    weights = {"A": 0.4, "B": 0.6}
    assert 0.5 < composite_generalizability(p.scores, p.voter_class, weights=weights) < 1


def test_a_good_coefficient_is_no_repeatable_bottom():
    """METHODS (f): Eρ² = .85, yet two panels name the same bottom 2 of 20 about once in three."""
    c = variance_components(ratings_table(ratings(m=1, seed=4)[:, :, 0]))
    voters = round(0.85 / 0.15 * c.estimate[2] / c.estimate[0])
    study = d_study(c, n={"voter": [voters]})
    assert study.generalizability[0] == pytest.approx(0.85, abs=0.02)
    spaced = bottom_consistency(study, k=2, targets=20, truth="spaced", seed=1)
    assert spaced.same[0] == pytest.approx(0.35, abs=0.05)
    assert spaced.right[0] == pytest.approx(0.54, abs=0.05)
    assert bottom_consistency(study, k=2, targets=20, seed=1).same[0] < spaced.same[0]


def test_chance_of_agreement_without_any_difference_is_a_draw_from_a_hat():
    c = variance_components(ratings_table(ratings(m=1)[:, :, 0]))
    found = bottom_consistency(d_study(c, n={"voter": 1}), k=1, truth=np.arange(8), seed=1)
    assert 0 < found.same[0] < 1
    hat = bottom_consistency(d_study(c, n={"voter": 1}), k=1, targets=2, seed=1)
    assert hat.same[0] > 0.5  # two targets agree half of the time by chance alone


def test_these_targets_are_judged_by_their_own_gaps():
    c = variance_components(ratings_table(ratings(m=1)[:, :, 0]))
    study = d_study(c)
    clear, close = [-9, 0, 1, 2, 3, 4, 5, 6], [0, 0.01, 1, 2, 3, 4, 5, 6]
    sure, unsure = (
        bottom_consistency(study, k=1, truth=x, seed=1).as_observed[0] for x in (clear, close)
    )
    assert sure > 0.99 > 0.7 > unsure


def test_voters_needed_is_the_first_number_that_is_enough():
    c = variance_components(ratings_table(ratings()), facets=FACETS)
    found = voters_needed(c, k=2, level=0.7, fixed=["item"], seed=1)
    tried = found.table().set_index("voters")["same"]
    assert tried[found.voters] >= 0.7 > tried[found.voters - 1]
    again = voters_needed(c, k=2, level=0.7, fixed=["item"], seed=1)
    assert again.voters == found.voters
    assert voters_needed(c, k=2, level=0.99, seed=1).voters is None  # four other items each time


def test_no_difference_between_targets_is_said():
    y = ratings(m=1)[:, :, 0]
    flat = variance_components(ratings_table(y - y.mean(axis=0)))
    assert {"negative-component", "no-target-variance"} <= set(flat.notes)
    assert flat.estimate[0] == 0.0 > flat.raw[0]
    with pytest.raises(ValueError, match="no variance between"):
        bottom_consistency(d_study(flat), k=1, seed=1)


LONG = ratings_table(HAND)


@pytest.mark.parametrize(
    ("frame", "options", "words"),
    [
        (LONG, {"facets": ["rater"]}, "must have the columns"),
        (LONG, {"facets": []}, "one or two facets"),
        (LONG, {"method": "ml"}, "method must be one of"),
        (LONG[1:], {"method": "ems"}, "method='reml'"),
        (LONG, {"nested": {"target": "voter"}}, "nested must map"),
        (pd.concat([LONG, LONG[:1]]), {}, "rated once"),
        (LONG.assign(score=3), {}, "must vary"),
        (LONG.assign(score=np.inf), {}, "finite scores"),
        (LONG.assign(score=np.nan), {}, "2 levels"),
        (LONG[LONG["voter"] == 1], {}, r"fewer for \['voter'\]"),
        (LONG.assign(voter=None), {}, "no missing labels"),
    ],
)
def test_bad_ratings_are_refused_with_a_hint(frame, options, words):
    with pytest.raises(ValueError, match=words):
        variance_components(frame, **options)


def test_bad_designs_are_refused_with_a_hint():
    c = variance_components(LONG)
    with pytest.raises(ValueError, match="facets must be among"):
        d_study(c, n={"item": 3})
    with pytest.raises(ValueError, match="1 or more"):
        d_study(c, n={"voter": 0})
    with pytest.raises(ValueError, match="must keep its 4"):
        d_study(c, n={"voter": 5}, fixed=["voter"])
    with pytest.raises(ValueError, match="k must be from 1 to 2"):
        bottom_consistency(d_study(c), k=3, seed=1)
    with pytest.raises(ValueError, match="tie at the cut"):
        bottom_consistency(d_study(c), k=1, truth=[1, 1, 2], seed=1)
    with pytest.raises(ValueError, match="3 finite scores"):
        bottom_consistency(d_study(c), k=1, truth=[1, 2], seed=1)
    with pytest.raises(ValueError, match="'drawn', 'spaced'"):
        bottom_consistency(d_study(c), k=1, truth="known", seed=1)
    with pytest.raises(ValueError, match=r"0.8, not 80"):
        voters_needed(c, k=1, level=80, seed=1)
    with pytest.raises(ValueError, match=r"\(V, N\) or"):
        ratings_table([1, 2])
    with pytest.raises(ValueError, match="none to tell apart"):
        composite_generalizability([[1, 1], [2, 2]], ["A", "A"], weights={"A": 1})


def test_results_show_themselves_and_are_read_only():
    c = variance_components(LONG)
    study = d_study(c)
    for shown in (c, study, bottom_consistency(study, k=1, draws=99, seed=1)):
        assert "<table" in shown._repr_html_()
    with pytest.raises(ValueError, match="read-only"):
        c.estimate[0] = 1
    assert c.table()["share"].sum() == pytest.approx(1)
