"""Bad input to every public statistic: a ValueError that says what must be, and no silent NaN."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zuofeng_survey import stats

NAN, INF = float("nan"), float("inf")
RNG = np.random.default_rng(1)
Y = RNG.normal(80, 5, (9, 5))  # 9 voters, 5 targets
LABEL = np.array(list("AAABBBCCC"))
W = {"A": 0.4, "B": 0.3, "C": 0.3}
X = RNG.normal(size=(40, 1)) + RNG.normal(size=(40, 4))  # 40 persons, 4 items
GRADES = np.clip(np.rint(2.5 + X), 1, 4)
PEOPLE = pd.DataFrame({"sex": list("mf") * 20, "age": list("oyyo") * 10})
TOTALS = {"sex": {"m": 50, "f": 50}, "age": {"o": 40, "y": 60}}
PLAN = stats.design(np.ones(40))
COMPONENTS = stats.variance_components(stats.ratings_table(Y))
STUDY = stats.d_study(COMPONENTS)


def poke(array: np.ndarray, value: float) -> np.ndarray:
    changed = np.array(array, dtype=float)
    changed.flat[0] = value
    return changed


def dead(array: np.ndarray) -> np.ndarray:
    """Without any variance."""
    return np.full_like(np.asarray(array, dtype=float), 3.0)


def ranked(of: Callable[..., Any], **more: Any) -> Callable[..., Any]:
    """Call with good ballots, but for what is changed."""
    good = {"scores": Y, "voter_class": LABEL, "weights": W} | more

    def call(**change: Any) -> Any:
        kept = {k: v for k, v in (good | change).items() if v is not None}
        return of(kept.pop("scores"), kept.pop("voter_class"), **kept)

    return call


DRAWN = {"draws": 99, "seed": 1}
ON_BALLOTS = {
    "rank_sets": ranked(stats.rank_sets, **DRAWN),
    "bottom_sets": ranked(stats.bottom_sets, k=1, **DRAWN),
    "fewest_ballots": ranked(stats.fewest_ballots, k=1),
    "composite": ranked(stats.composite),
    "ballot_checks": ranked(stats.ballot_checks, k=1, **DRAWN),
    "adjust": ranked(stats.adjust),
    "composite_generalizability": ranked(stats.composite_generalizability),
    "consecutive_bottom": lambda scores=Y, voter_class=LABEL, **c: stats.consecutive_bottom(
        [(scores, voter_class), (Y, LABEL)], **({"weights": W, "k": 1} | DRAWN | c)
    ),
}
BALLOT_FAULTS: dict[str, dict[str, Any]] = {
    "one-dimensional": {"scores": Y[0]},
    "axes swapped": {"scores": Y.T},
    "empty": {"scores": np.empty((0, 5)), "voter_class": []},
    "infinite": {"scores": poke(Y, INF)},
    "a target nobody rated": {"scores": np.where(np.arange(5) == 2, NAN, Y)},
    "too few labels": {"voter_class": LABEL[:5]},
    "negative weight": {"weights": {"A": -1, "B": 1, "C": 1}},
    "weights all zero": {"weights": {"A": 0, "B": 0, "C": 0}},
    "NaN weight": {"weights": {"A": NAN, "B": 1, "C": 1}},
    "class without weight": {"weights": {"A": 1}},
    "class without voters": {"weights": W | {"D": 1}},
}
WITH_K = ("bottom_sets", "fewest_ballots", "ballot_checks", "consecutive_bottom")

ON_ITEMS: dict[str, Callable[..., Any]] = {
    "item_covariance": stats.item_covariance,
    "cronbach_alpha": stats.cronbach_alpha,
    "bootstrap_alpha": lambda x: stats.bootstrap_alpha(x, draws=99, seed=1),
    "omega": stats.omega,
    "split_half": stats.split_half,
    "polychoric": lambda x: stats.polychoric(np.rint(x)),
    "mahalanobis": stats.mahalanobis,
}
ITEM_FAULTS = {
    "one-dimensional": X[0],
    "one item": X[:, :1],
    "one person": X[:1],
    "axes swapped": X.T,
    "infinite": poke(X, INF),
    "an item without variance": np.where(np.arange(4) == 1, 3.0, X),
    "an item nobody answered": np.where(np.arange(4) == 1, NAN, X),
    "no variance at all": dead(X),
}
ON_RATINGS: dict[str, Callable[..., Any]] = {
    "icc": stats.icc,
    "kendall_w": stats.kendall_w,
    "krippendorff": lambda y: stats.krippendorff_alpha(y, level="interval"),
    "fleiss_kappa": lambda y: stats.fleiss_kappa(np.rint(y)),
    "variance_components": lambda y: stats.variance_components(stats.ratings_table(y)),
}
RATING_FAULTS = {
    "one-dimensional": Y[0],
    "empty": np.empty((0, 5)),
    "infinite": poke(Y, INF),
    "no variance": dead(Y),
    "nothing rated": np.full_like(Y, NAN),
}

ALONE: dict[str, Callable[[], Any]] = {
    "scores, beyond numbers": lambda: stats.composite(Y * 1e160, LABEL, weights=W),
    "items, beyond numbers": lambda: stats.cronbach_alpha(X * 1e160),
    "consecutive, half a person": lambda: stats.consecutive_bottom(
        [(Y, LABEL), (Y, LABEL)], weights=W, k=1.5, seed=1
    ),
    "components, no frame": lambda: stats.variance_components([1, 2]),
    "unit_index, no frame": lambda: stats.unit_index([1, 2], weights={"a": 1}),
    "mentions, one axis": lambda: stats.mention_rank_sets([1, 0]),
    "k, half a person": lambda: stats.bottom_sets(Y, LABEL, weights=W, k=1.5, draws=99, seed=1),
    "k, half a person, removal": lambda: stats.fewest_ballots(Y, LABEL, weights=W, k=1.5),
    "ballots_to_leave, k": lambda: stats.ballots_to_leave([(Y, LABEL, W)], 0, k=5),
    "ballots_to_leave, target": lambda: stats.ballots_to_leave([(Y, LABEL, W)], 5, k=1),
    "ballot_checks, seed": lambda: stats.ballot_checks(Y, LABEL, weights=W, k=1, seed=-1),
    "careless, seed": lambda: stats.careless(GRADES, stats.Layout(1, 4), seed=0.5),
    "panel, half a voter": lambda: stats.panel([0.0, 1.0], {"A": 1.5}, seed=1),
    "panels, years": lambda: stats.panels([0.0, 1.0], {"A": 2}, years=1.5, seed=1),
    "named_by_luck, years": lambda: stats.named_by_luck([6], 2, years=1.5),
    "alpha_from, not square": lambda: stats.alpha_from(np.ones((1, 2))),
    "alpha_from, NaN": lambda: stats.alpha_from(np.array([[1.0, NAN], [NAN, 1.0]])),
    "binormal, rho": lambda: stats.binormal(0.0, 0.0, rho=1.5),
    "wilson, shapes": lambda: stats.wilson([1, 2], [3, 4, 5]),
    "jeffreys, infinite": lambda: stats.jeffreys([1], [INF]),
    "contradiction, no answer": lambda: stats.contradiction(
        np.full((3, 2), NAN), [(0, 1)], low=1, high=5
    ),
    "response_weights, no group": lambda: stats.response_weights(["a", None], [True, True]),
    "target_changes, parts": lambda: stats.target_changes((), (Y[0], np.eye(5)), df=9),
    "unit_index, weight": lambda: stats.unit_index(
        pd.DataFrame({"a": [50.0, 60]}), weights={"a": INF}
    ),
    "r_wg, one-dimensional": lambda: stats.r_wg(Y[0], choices=4),
    "r_wg, infinite": lambda: stats.r_wg(poke(GRADES, INF), choices=4),
    "r_wg, one choice": lambda: stats.r_wg(GRADES, choices=1),
    "cohen, lengths": lambda: stats.cohen_kappa([1, 2], [1]),
    "cohen, one category": lambda: stats.cohen_kappa([1, 1, 1], [1, 1, 1]),
    "cohen, empty": lambda: stats.cohen_kappa([], []),
    "krippendorff, level": lambda: stats.krippendorff_alpha(Y, level="rank"),
    "krippendorff, no pairs": lambda: stats.krippendorff_alpha([[1, NAN]], level="ordinal"),
    "krippendorff, ratio": lambda: stats.krippendorff_alpha([[-1, 2], [0, 1]], level="ratio"),
    "counts, not whole": lambda: stats.krippendorff_from_counts(
        [[0.5, 1]], [1, 2], level="nominal"
    ),
    "kish, negative": lambda: stats.kish([1, -1]),
    "kish, all zero": lambda: stats.kish([0, 0]),
    "kish, NaN": lambda: stats.kish([1, NAN]),
    "rake, no column": lambda: stats.rake(PEOPLE, {"town": {"x": 1}}),
    "rake, totals differ": lambda: stats.rake(PEOPLE, TOTALS | {"age": {"o": 1, "y": 2}}),
    "rake, category without total": lambda: stats.rake(PEOPLE, {"sex": {"m": 1}}),
    "rake, total without rows": lambda: stats.rake(PEOPLE, {"sex": {"m": 1, "f": 1, "z": 1}}),
    "rake, negative total": lambda: stats.rake(PEOPLE, {"sex": {"m": -1, "f": 2}}),
    "rake, negative base": lambda: stats.rake(PEOPLE, TOTALS, base=-np.ones(40)),
    "rake, base all zero": lambda: stats.rake(PEOPLE, TOTALS, base=np.zeros(40)),
    "rake, bounds": lambda: stats.rake(PEOPLE, TOTALS, bounds=(3, 0.3)),
    "rake, bounds that no weights meet": lambda: stats.rake(
        PEOPLE, {"sex": {"m": 99, "f": 1}}, bounds=(0.9, 1.1)
    ),
    "rake, no weights exist": lambda: stats.rake(
        pd.DataFrame({"a": list("xy"), "b": list("xy")}),
        {"a": {"x": 1, "y": 2}, "b": {"x": 2, "y": 1}},
    ),
    "post_stratify, lengths": lambda: stats.post_stratify(["m"], {"m": 1, "f": 1}),
    "post_stratify, missing": lambda: stats.post_stratify(["m", None], {"m": 1}),
    "trim, nothing fits": lambda: stats.trim(stats.rake(PEOPLE, TOTALS), upper=1e-6),
    "calibrate, rank": lambda: stats.calibrate(
        pd.DataFrame({"a": [1.0, 1.0], "b": [1.0, 1.0]}), {"a": 2, "b": 3}
    ),
    "design, negative": lambda: stats.design([1, -1]),
    "design, all zero": lambda: stats.design([0, 0]),
    "design, lengths": lambda: stats.design([1, 1], strata=["a"]),
    "design, population too small": lambda: stats.design(np.ones(4), population=2),
    "survey_mean, lengths": lambda: stats.survey_mean([1.0], PLAN),
    "survey_mean, infinite": lambda: stats.survey_mean(poke(X[:, 0], INF), PLAN),
    "survey_ratio, zero denominator": lambda: stats.survey_ratio(
        X[:, 0], np.zeros(40), design=PLAN
    ),
    "crosstab, one row": lambda: stats.crosstab_test(["a"] * 40, PEOPLE["sex"], design=PLAN),
    "jackknife, NaN": lambda: stats.jackknife(lambda w: NAN, PLAN),
    "bootstrap, draws": lambda: stats.bootstrap(lambda w: w.sum(), PLAN, draws=1, seed=1),
    "response, answered more": lambda: stats.response_by_channel(["a"], invited=[1], answered=[2]),
    "response, none invited": lambda: stats.response_by_channel(["a"], invited=[0], answered=[0]),
    "response_weights, none answered": lambda: stats.response_weights(["a", "a"], [False, False]),
    "wilson, too many": lambda: stats.wilson(3, 2),
    "wilson, no trials": lambda: stats.wilson(0, 0),
    "wilson, NaN": lambda: stats.wilson(NAN, 3),
    "jeffreys, negative": lambda: stats.jeffreys(-1, 3),
    "clopper_pearson, coverage": lambda: stats.clopper_pearson(1, 3, coverage=95),
    "ordinal_mean, negative": lambda: stats.ordinal_mean([1, -1], [1, 2]),
    "ordinal_mean, nobody": lambda: stats.ordinal_mean([0, 0], [1, 2]),
    "ordinal_mean, lengths": lambda: stats.ordinal_mean([1, 2, 3], [1, 2]),
    "ordinal_mean, infinite": lambda: stats.ordinal_mean([1, 2], [1, INF]),
    "holm, above 1": lambda: stats.holm([0.1, 1.1]),
    "benjamini_hochberg, NaN": lambda: stats.benjamini_hochberg([0.1, NAN]),
    "kruskal_wallis, one group": lambda: stats.kruskal_wallis([1, 2], ["a", "a"]),
    "kruskal_wallis, all ties": lambda: stats.kruskal_wallis([1, 1], ["a", "b"]),
    "kruskal_wallis, lengths": lambda: stats.kruskal_wallis([1, 2], ["a"]),
    "kruskal_wallis, infinite": lambda: stats.kruskal_wallis([1, INF], ["a", "b"]),
    "friedman, all ties": lambda: stats.friedman(dead(Y)),
    "friedman, one column": lambda: stats.friedman(Y[:, :1]),
    "dunn, adjust": lambda: stats.dunn(Y[0], list("aabbb"), adjust="none-such"),
    "dunn, all ties": lambda: stats.dunn([1, 1, 1], list("aab")),
    "mann_whitney, empty": lambda: stats.mann_whitney([], [1]),
    "mann_whitney, all ties": lambda: stats.mann_whitney([1, 1], [1]),
    "wilcoxon, lengths": lambda: stats.wilcoxon([1, 2], [1]),
    "wilcoxon, all ties": lambda: stats.wilcoxon([1, 2], [1, 2]),
    "rate_change, too many": lambda: stats.rate_change((3, 2), (1, 2)),
    "rate_change_paired, shape": lambda: stats.rate_change_paired([1, 2]),
    "rate_change_paired, nobody": lambda: stats.rate_change_paired([[0, 0], [0, 0]]),
    "mean_change, lengths": lambda: stats.mean_change([1, 2], [1], paired=True),
    "mean_change, one": lambda: stats.mean_change([1], [2], paired=False),
    "mean_change, infinite": lambda: stats.mean_change([1, INF], [2, 3], paired=False),
    "target_changes, shapes": lambda: stats.target_changes(
        (np.ones(3), np.eye(3)), (np.ones(2), np.eye(2)), df=9
    ),
    "trends, lengths": lambda: stats.trends([1.0, 2.0], [1], unit=["a", "a"]),
    "trends, one time": lambda: stats.trends([1.0, 2.0], [1, 1], unit=["a", "a"]),
    "careless, one item": lambda: stats.longstring(GRADES[:, :1]),
    "irv, infinite": lambda: stats.irv(poke(GRADES, INF)),
    "even_odd, sizes": lambda: stats.even_odd(GRADES, [2, 3]),
    "contradiction, columns": lambda: stats.contradiction(GRADES, [(0, 9)], low=1, high=4),
    "careless, shape": lambda: stats.careless(GRADES[0], stats.Layout(1, 4), seed=1),
    "mixed_model, lengths": lambda: stats.mixed_model([1.0, 2.0], {"a": [1]}),
    "mixed_model, infinite": lambda: stats.mixed_model([1.0, INF, 2.0], {"a": [1, 1, 2]}),
    "mixed_model, no variance": lambda: stats.mixed_model(np.ones(6), {"a": [1, 1, 2, 2, 3, 3]}),
    "adjust_ratings, disconnected": lambda: stats.adjust_ratings(
        [1.0, 2.0, 3.0, 4.0, 5.0, 7.0], voter=[1, 1, 2, 2, 1, 2], target=[1, 2, 3, 4, 1, 3]
    ),
    "adjust, one target": lambda: ON_BALLOTS["adjust"](scores=Y[:, :1]),
    "connectedness, lengths": lambda: stats.connectedness([1, 2], [1]),
    "rank_sets_from, shapes": lambda: stats.rank_sets_from([1, 2], np.eye(3), seed=1),
    "rank_sets_from, NaN": lambda: stats.rank_sets_from([1, NAN], np.eye(2), seed=1),
    "rank_sets_from, df": lambda: stats.rank_sets_from([1, 2], np.eye(2), seed=1, df=-1),
    "d_study, facet": lambda: stats.d_study(COMPONENTS, n={"item": 3}),
    "d_study, none": lambda: stats.d_study(COMPONENTS, n={"voter": 0}),
    "bottom_consistency, k": lambda: stats.bottom_consistency(STUDY, k=5, seed=1),
    "voters_needed, level": lambda: stats.voters_needed(COMPONENTS, k=1, level=1.5, seed=1),
    "panel, no voters": lambda: stats.panel([0.0], {}, seed=1),
    "panel, tails": lambda: stats.panel([0.0], {"A": 1}, rater=stats.Rater(tails=2), seed=1),
}


def told(call: Callable[[], Any]) -> None:
    """A ValueError of a whole sentence: what must be, and what came."""
    with pytest.raises(ValueError, match=r"must|cannot|needs?\b") as refused:
        call()
    said = str(refused.value)
    assert len(said) > 25
    assert re.search(r"got|, but|not ", said), said


@pytest.mark.parametrize("fault", BALLOT_FAULTS)
@pytest.mark.parametrize("name", ON_BALLOTS)
def test_ballots_that_cannot_be_are_refused(name, fault):
    told(lambda: ON_BALLOTS[name](**BALLOT_FAULTS[fault]))


@pytest.mark.parametrize("k", [0, 5, 9])
@pytest.mark.parametrize("name", WITH_K)
def test_k_must_leave_some_in_and_some_out(name, k):
    told(lambda: ON_BALLOTS[name](k=k))


@pytest.mark.parametrize("fault", ITEM_FAULTS)
@pytest.mark.parametrize("name", ON_ITEMS)
def test_items_that_cannot_be_are_refused(name, fault):
    told(lambda: ON_ITEMS[name](ITEM_FAULTS[fault]))


@pytest.mark.parametrize("fault", RATING_FAULTS)
@pytest.mark.parametrize("name", ON_RATINGS)
def test_ratings_that_cannot_be_are_refused(name, fault):
    told(lambda: ON_RATINGS[name](RATING_FAULTS[fault]))


@pytest.mark.parametrize("name", ALONE)
def test_what_cannot_be_is_refused(name):
    told(ALONE[name])


def numbers(result: object) -> bool:
    """Whether all numbers of a result's table are finite."""
    table = result.table().select_dtypes("number")
    return bool(np.isfinite(table.to_numpy(dtype=float)).all())


@pytest.mark.parametrize("fault", ["single target", "all ties", "one voter"])
@pytest.mark.parametrize("name", ["rank_sets", "composite"])
def test_a_thin_panel_is_answered_without_a_nan_that_has_no_reason(name, fault):
    scores = {"single target": Y[:, :1], "all ties": dead(Y), "one voter": Y[:1]}[fault]
    change = {"scores": scores}
    if fault == "one voter":
        change |= {"voter_class": ["A"], "weights": {"A": 1}}
    result = ON_BALLOTS[name](**change)
    assert numbers(result) or result.notes


def test_a_redundant_item_is_named_as_the_reason_of_a_gap():
    twin = np.hstack([X, X[:, :1]])
    assert np.isnan(stats.cronbach_alpha(twin).lambda6)
    assert "redundant-item" in stats.cronbach_alpha(twin).notes
    assert "redundant-item" in stats.split_half(twin).notes


@pytest.mark.parametrize("scale", [1e-6, 1e200])
def test_rank_sets_have_no_unit(scale):
    estimate, drawn = np.array([3.0, 2.9, 0.0]), {"draws": 999, "seed": 1}
    plain = stats.rank_sets_from(estimate, [0.01] * 3, **drawn)
    scaled = stats.rank_sets_from(estimate * scale**0.5, np.full(3, 0.01 * scale), **drawn)
    assert scaled.upper.tolist() == plain.upper.tolist() == [2, 2, 3]


def test_targets_that_move_together_are_told_apart_for_sure():
    sets = stats.rank_sets_from([2.0, 1.0, 1.0], np.full((3, 3), 0.1), draws=99, seed=1)
    assert sets.lower.tolist() == [1, 2, 2] and sets.upper.tolist() == [1, 3, 3]
