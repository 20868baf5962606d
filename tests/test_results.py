"""Results: the scoring contract by hand, what may be shown, and the same numbers every time."""

from collections.abc import Callable
from pathlib import Path

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st
from scipy.optimize import linprog

from frozen import IBIS_WARNS, deputies, frozen, opinions
from zuofeng_survey import results, scoring
from zuofeng_survey.dataset import Dataset, import_table
from zuofeng_survey.errors import UsageError
from zuofeng_survey.html import shown, shown_table, table_html
from zuofeng_survey.poll import Target
from zuofeng_survey.questionnaire import Questionnaire, find, load
from zuofeng_survey.results.counting import areas_of, groupings
from zuofeng_survey.results.release import hidden

pytestmark = IBIS_WARNS
MERIT = {"甲": 0.6, "乙": 0.3, "丙": 0.0, "丁": -1.6}
HOSTILE = '<img src=x onerror="window.__xss=1">'
TWO = [Target(name="a", label="甲"), Target(name="b", label="乙")]


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return deputies(tmp_path_factory.mktemp("four") / "FZ-四人", MERIT)


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Dataset]:
    """Ballots of two classes over two targets, overall grades only."""

    def _small(grades: dict[str, list[tuple[str, str]]]) -> Dataset:
        ballots = [
            (c, [("FZ-B09", t, v) for t, v in zip("ab", pair, strict=True) if v])
            for c, pairs in grades.items()
            for pair in pairs
        ]
        counts = {c: len(pairs) for c, pairs in grades.items()}
        return frozen(tmp_path / "small", "FZ", ballots, targets=TWO, counts=counts)

    return _small


def test_composite_by_hand(small):
    given = small({"A": [("4", "1")] * 3, "B": [("3", "4")] * 3})
    table = results.rank(given, base="overall").table().set_index("target")
    assert table.loc["a", "estimate"] == pytest.approx(0.5 * 100 + 0.5 * 80)
    assert table.loc["b", "estimate"] == pytest.approx(0.5 * 0 + 0.5 * 100)
    assert table["n"].tolist() == [6, 6]


def test_dont_know_stands_in_no_denominator(small):
    given = small({"A": [("4", "9"), ("4", "3"), ("2", "3"), ("4", "3"), ("4", "3"), ("4", "3")]})
    table = results.rank(given, base="overall").table().set_index("target")
    assert table.loc["b", "estimate"] == pytest.approx(80)
    assert table.loc["b", "n"] == 5
    assert table.loc["b", "dk_rate"] == pytest.approx(1 / 6)
    assert table.loc["b", "good_rate"] == 1.0
    assert table.loc["a", "good_rate"] == pytest.approx(5 / 6)


def test_blend_is_half_overall_half_dimensions(tmp_path):
    rows = [("FZ-B09", "a", "4"), ("FZ-B01", "a", "3"), ("FZ-B02", "a", "2"), ("FZ-B09", "b", "1")]
    given = frozen(tmp_path / "d", "FZ", [("A", rows)] * 6, targets=TWO, counts={"A": 6})
    by_base = {
        base: results.rank(given, base=base).table().set_index("target").loc["a", "estimate"]
        for base in ("overall", "blend")
    }
    assert by_base == {"overall": pytest.approx(100), "blend": pytest.approx((100 + 70) / 2)}


def test_the_same_dataset_gives_the_same_digits(four):
    first, second = results.rank(four), results.rank(Dataset.open(four.path))
    pd.testing.assert_frame_equal(first.table(), second.table())
    assert first.bottom.p_value == second.bottom.p_value
    assert results.sensitivity(four).table().equals(results.sensitivity(four).table())


def test_a_truly_last_one_is_certain_and_said_to_be(four):
    found = results.rank(four, k=1)
    assert found.standing()["t3"] == "certain"
    assert found.verdict().startswith("后1位：丁。经得起检验")
    assert "NOT" not in found.verdict("en")


def test_equals_are_not_told_apart(tmp_path):
    found = results.rank(deputies(tmp_path / "same", dict.fromkeys("甲乙丙丁戊己", 0.0), seed=3))
    assert not found.bottom.verified
    assert "不能确认" in found.verdict()
    assert set(found.standing()) == {"open"}


def test_a_tie_at_the_cut_is_listed_and_said(small):
    found = results.rank(small({"A": [("3", "3")] * 6}), base="overall", k=1)
    assert found.bottom.tied_at_cut
    assert "note-tie-at-cut" in [p.code for p in found.problems]
    assert "未定" in found.fragile()


def test_a_target_with_fewer_than_k_ballots_is_left_out_and_named(tmp_path):
    rows = [("FZ-B09", t, str(2 + n % 3)) for n, t in enumerate("abc")]
    ballots = [("A", rows)] * 4 + [("A", rows[:2])] * 4
    three = [*TWO, Target(name="c", label="丙")]
    found = results.rank(frozen(tmp_path / "d", "FZ", ballots, targets=three, counts={"A": 8}))
    assert found.table()["target"].tolist() == ["b", "a"] or set(found.table()["target"]) == {
        "a",
        "b",
    }
    assert [(p.code, p.place) for p in found.problems if p.code == "target-small"] == [
        ("target-small", "丙")
    ]


def test_a_class_nobody_came_from_gives_its_weight_away_aloud(tmp_path):
    ballots = [("B", [("FZ-B09", "a", "4"), ("FZ-B09", "b", str(1 + n % 4))]) for n in range(8)]
    found = results.rank(
        frozen(tmp_path / "d", "FZ", ballots, targets=TWO, counts={"A": 5, "B": 8})
    )
    assert {"class-empty", "return-low"} <= {p.code for p in found.problems}
    assert "A" in next(p.zh for p in found.problems if p.code == "class-empty")


def test_too_little_to_rank_is_a_usage_error(tmp_path):
    given = frozen(
        tmp_path / "d", "FZ", [("A", [("FZ-B09", "a", "4")])] * 6, targets=TWO, counts={"A": 6}
    )
    with pytest.raises(UsageError) as error:
        results.rank(given)
    assert error.value.code == "nothing-to-rank"


def test_voters_who_rate_one_target_only_are_spoken_of(tmp_path):
    ballots = [("C", [("SJ-B09", t, str(1 + n % 4))]) for n in range(12) for t in "ab"]
    given = frozen(tmp_path / "d", "SJ", ballots, targets=TWO, counts={"C": 12})
    said = next(p for p in results.rank(given).problems if p.code == "nested-classes")
    assert said.params == {"names": "C"}


def test_low_return_is_said(tmp_path):
    given = deputies(tmp_path / "d", MERIT, counts={"A": 5, "B": 14, "C": 20, "D": 10})
    assert "return-low" not in [p.code for p in results.rank(given).problems]


def test_fragility_speaks(four, small):
    assert "2" in results.rank(four).fragile() or "票" in results.rank(four).fragile()
    one = small({"A": [("4", "3"), ("3", "4"), ("4", "3"), ("3", "3"), ("3", "3"), ("3", "3")]})
    assert results.rank(one, base="overall", k=1).fragile("en").startswith("without one ballot")


def test_an_imported_table_is_ranked_without_grades(tmp_path):
    path = tmp_path / "r.csv"
    rows = [f"s{s},{t},{(s * 7 + n * 3) % 5 + n}" for s in range(12) for n, t in enumerate("abc")]
    path.write_text("s,d,y\n" + "\n".join(rows), encoding="utf-8")
    given = import_table(path, tmp_path / "imported", voter="s", target="d", value="y")
    found = results.rank(given)
    assert found.base == "value" and found.table()["good_rate"].isna().all()
    assert len(results.sensitivity(given).variants) == 1  # trimming; there are no maps or weights
    with pytest.raises(UsageError):
        results.grades(given)


# ── sensitivity ───────────────────────────────────────────────────────────────────────────────


def test_sensitivity_counts_every_base_map_and_weight(four):
    found = results.sensitivity(four, k=1)
    assert len(found.variants) == 3 * 3 - 1 + 2 * 4
    assert found.published == ("丁",)
    assert found.changes == 0 and "都不变" in found.verdict()


def test_trimming_is_tried_where_classes_are_large_enough(tmp_path):
    given = deputies(tmp_path / "d", MERIT, counts=dict.fromkeys("ABCD", 12))
    names = results.sensitivity(given).table()["variant"].tolist()
    assert any("最高分" in name for name in names)


def test_a_map_that_changes_the_name_is_seen(small):
    # a: all 基本称职 (60); b: half 优秀, half 不称职 (50, or 70 when 不称职 counts 40)
    given = small({"A": [("2", "4")] * 6 + [("2", "1")] * 6})
    found = results.sensitivity(given, k=1)
    changed = found.table().set_index("variant")["changed"]
    assert changed["总体评价 × 100/80/60/40"]
    assert not changed.filter(like="公布的赋分").any()


# ── what may be shown ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        ([40, 30, 12], [0, 0, 0]),
        ([40, 3, 12, 25], [0, 1, 1, 0]),
        ([40, 2, 2, 25], [0, 1, 1, 1]),
        ([40, 3, 4, 25], [0, 1, 1, 0]),
        ([40, 0, 12], [0, 0, 0]),
        ([4], [1]),
        ([], []),
    ],
)
def test_a_small_group_is_never_hidden_alone(n, expected):
    assert hidden(n, k=5).tolist() == [bool(e) for e in expected]


def test_hidden_groups_of_one_mind_take_another_with_them():
    n, good = [40, 3, 4, 25], [20, 3, 4, 10]
    assert hidden(n, k=5, parts=[(good, n)]).tolist() == [False, True, True, True]


sizes = st.lists(st.integers(0, 30), min_size=1, max_size=9)


@hypothesis.given(
    sizes.flatmap(lambda n: st.tuples(st.just(n), st.tuples(*(st.integers(0, size) for size in n))))
)
@hypothesis.settings(max_examples=300, deadline=None)
def test_no_hidden_group_can_be_worked_out(drawn):
    """What is left after the shown groups must fit more than one answer for each hidden group."""
    n, good = (np.array(x, dtype=int) for x in drawn)
    hide = hidden(n, k=5, parts=[(good, n)])
    assert not (hide & (n == 0)).any()
    assert (n[~hide & (n > 0)] >= 5).all()
    shown_groups = ~hide & (n > 0)
    if hide.any() and shown_groups.any():
        assert hide.sum() >= 2 and n[hide].sum() >= 5
        assert 0 < good[hide].sum() < n[hide].sum()


def test_grades_hide_small_targets_and_blur_unanimous_ones(small):
    given = small({"A": [("4", "3" if n < 3 else "") for n in range(8)]})
    share = results.grades(given)
    assert share.loc["a"].tolist() == [8, 0.9, 0, 0, 0, 0]
    assert share.loc["b"].isna().all()


def test_a_rate_of_all_or_none_is_shown_as_a_band():
    assert shown(1.0, "good_rate", 40) == "≥90%" and shown(0.0, "satisfied_rate", 40) == "≤10%"
    assert shown(0.98, "good_rate", 40) == "98%"


def test_small_numbers_have_no_decimals():
    frame = pd.DataFrame({"n": [40, 400], "dk_rate": [0.123, 0.123]})
    assert shown_table(frame)["不了解"].tolist() == ["12%", "12.3%"]


def test_labels_are_shown_literally(tmp_path):
    found = results.rank(deputies(tmp_path / "d", {HOSTILE: 0.5, "乙": 0, "丙": -0.5}))
    for markup in (table_html(found.table()), found._repr_html_()):
        assert HOSTILE not in markup and "&lt;img" in markup
    frame = pd.DataFrame({HOSTILE: [1]})
    assert HOSTILE not in table_html(frame, caption=HOSTILE)


# ── opinion ───────────────────────────────────────────────────────────────────────────────────


def test_rates_by_hand(tmp_path):
    given = opinions(
        tmp_path / "d", {"jia": ["5"] * 4 + ["4"] * 2 + ["3"] * 2 + ["1"] * 2 + ["9"] * 10}
    )
    row = results.mass_opinion(given).everyone().set_index("area").loc["overall"]
    assert row["n"] == 10
    assert row["satisfied_rate"] == pytest.approx(0.6)
    assert row["known_rate"] == pytest.approx(0.5)
    assert row["index"] == pytest.approx((4 * 100 + 2 * 75 + 2 * 50) / 10)
    assert (row["lower_rate"], row["upper_rate"]) == (
        pytest.approx(0.3126738, abs=1e-6),
        pytest.approx(0.8318197, abs=1e-6),
    )  # R: prop.test(6, 10, correct = FALSE)$conf.int


def test_an_interval_counts_people_not_answers(tmp_path):
    found = results.mass_opinion(opinions(tmp_path / "d", {"jia": ["5", "1"] * 5})).everyone()
    row = found.set_index("area").loc["area.1"]
    assert row["n"] == 10 and row["satisfied_rate"] == pytest.approx(0.5)
    overall = found.set_index("area").loc["overall"]
    assert row["upper_rate"] == pytest.approx(overall["upper_rate"])


def test_a_small_town_is_hidden_and_so_is_the_next(tmp_path):
    towns = {"jia": ["5", "2"] * 20, "yi": ["4", "2"] * 10, "bing": ["5", "1", "3"]}
    found = results.mass_opinion(opinions(tmp_path / "d", towns), by="MY-S03")
    table = found.area("overall").set_index("group_label")
    assert table.loc["甲镇", "n"] == 40
    assert table.loc[["乙镇", "丙镇"]].isna().all(axis=None)
    assert "group-small" in [p.code for p in found.problems]


def test_groups_under_thirty_have_no_rank(tmp_path):
    towns = {
        "jia": ["5", "3"] * 20,
        "yi": ["4", "1"] * 20,
        "bing": ["5", "1"] * 10,
        "": ["3", "4"] * 20,
    }
    table = results.mass_opinion(opinions(tmp_path / "d", towns), by="MY-S03").area("overall")
    ranks = table.set_index("group_label")["rank"]
    assert ranks["甲镇"] == 1 and ranks["乙镇"] == 2
    assert np.isnan(ranks["丙镇"]) and np.isnan(ranks["未填"])


def test_a_town_where_people_were_told_what_to_answer_is_not_ranked(tmp_path):
    towns = {t: ["5", "2"] * 25 for t in ("jia", "yi", "bing")}
    found = results.mass_opinion(opinions(tmp_path / "d", towns, told={"yi": 4}), by="MY-S03")
    ranks = found.area("overall").set_index("group_label")["rank"]
    assert np.isnan(ranks["乙镇"]) and ranks[["甲镇", "丙镇"]].notna().all()
    assert next(p for p in found.problems if p.code == "pressed").params == {
        "names": "乙镇",
        "rate": "8%",
    }


def test_of_one_mind_only_the_band_is_left(tmp_path):
    towns = {"jia": ["5"] * 8, "yi": ["4", "2"] * 10, "bing": ["4", "2"] * 10}
    table = results.mass_opinion(opinions(tmp_path / "d", towns), by="MY-S03").area("overall")
    row = table.set_index("group_label").loc["甲镇"]
    assert row[["index", "se", "lower_rate", "upper_rate"]].isna().all()
    said = shown_table(table).set_index("分组").loc["甲镇"]
    assert said["满意率"] == "≥90%" and said["区间上限"] == "—"


@pytest.mark.parametrize("seed", range(12))
def test_two_tables_together_leave_every_small_cell_open(tmp_path, seed):
    """TRUST A14: by town and by age, every cell under k has more than one possible answer."""
    rng = np.random.default_rng(seed)
    towns, ages = ["jia", "yi", "bing", "ding"], ["18-29", "30-44", "45-59"]
    weight = rng.dirichlet(np.full(12, 0.4))
    people = [
        (towns[c // 3], ages[c % 3], rng.choice(["5", "1"])) for c in rng.choice(12, 60, p=weight)
    ]
    rows = [[("MY-G01", "", v), ("MY-S03", "", t), ("MY-S04", "", a)] for t, a, v in people]
    given = frozen(tmp_path / "d", "MY", [("all", r) for r in rows])
    # unknowns: for each town × age, how many are satisfied, how many are not
    equal, level, lower, upper = [np.ones(24)], [60.0], [], []
    equal.append(np.repeat([1.0, 0.0], 12))
    level.append(float(sum(v == "5" for *_, v in people)))
    for by, names, axis in (("MY-S03", towns, 0), ("MY-S04", ages, 1)):
        labels = {
            c.name: c.label.zh
            for c in given.questionnaire.choices_of(given.questionnaire.items[by])
        }
        table = results.mass_opinion(given, by=by).area("overall").set_index("group_label")
        for i, name in enumerate(names):
            if labels[name] not in table.index or np.isnan(n := table.loc[labels[name], "n"]):
                continue
            cell = np.zeros((4, 3))
            cell[(i, slice(None)) if axis == 0 else (slice(None), i)] = 1
            both, good = np.tile(cell.ravel(), 2), np.concatenate([cell.ravel(), np.zeros(12)])
            equal.append(both)
            level.append(n)
            rate = table.loc[labels[name], "satisfied_rate"]
            lower.append((good, n * (0.9 if rate == 1 else min(rate, 0.9))))
            upper.append(
                (good, n * (0.1 if rate == 0 else max(rate, 0.1)) if rate in (0, 1) else n * rate)
            )
    inequality = np.array([-g for g, _ in lower] + [g for g, _ in upper]).reshape(-1, 24)
    bound = [-v for _, v in lower] + [v if v else 0.0 for _, v in upper]
    for town in range(4):
        for age in range(3):
            cell = [p for p in people if p[:2] == (towns[town], ages[age])]
            if not 0 < len(cell) < 5:
                continue
            wanted = np.zeros(24)
            wanted[town * 3 + age] = 1
            ends = [
                linprog(sign * wanted, inequality, bound, np.array(equal), level).fun * sign
                for sign in (1, -1)
            ]
            assert ends[1] - ends[0] > 0.5


def test_groups_are_made_by_plain_items_only(tmp_path):
    given = opinions(tmp_path / "d", {"jia": ["5", "2"] * 5})
    assert {"MY-S03", "MY-S04"} <= set(groupings(given.questionnaire))
    for by in ("MY-G05", "MY-G01", "MY-O01", "nothing"):
        with pytest.raises(UsageError) as error:
            results.mass_opinion(given, by=by)
        assert error.value.code == "by-unknown"


def test_a_ballot_is_no_opinion_and_an_opinion_no_self_inspection(four, tmp_path):
    with pytest.raises(UsageError) as error:
        results.mass_opinion(four)
    assert error.value.code == "not-a-summary"
    with pytest.raises(UsageError) as error:
        results.self_inspection(opinions(tmp_path / "d", {"jia": ["5"] * 6}))
    assert error.value.code == "not-self-inspection"


def test_self_inspection_ranks_nobody_and_turns_items_round(tmp_path):
    rows = [("ZC-J01", "", "4"), ("ZC-J02", "", "4"), ("ZC-J04", "", "1"), ("ZC-A01", "", "town")]
    other = [
        ("ZC-J01", "", "1"),
        ("ZC-J02", "", "4"),
        ("ZC-J04", "", "5"),
        ("ZC-A01", "", "county"),
    ]
    moved = [*other[:3], ("ZC-A01", "", "town")]
    given = frozen(
        tmp_path / "d", "ZC", [("all", r) for r in (rows, other, moved) for _ in range(40)]
    )
    found = results.self_inspection(given, by="ZC-A01")
    table = found.area("check.passion").set_index("group_label")
    assert table.loc["乡（镇、街道）", "index"] == pytest.approx(((75 + 75 + 100) / 3 + 25) / 2)
    assert found.table()["rank"].isna().all()


def test_a_form_without_scores_has_nothing_to_sum(tmp_path):
    with pytest.raises(UsageError) as error:
        results.mass_opinion(frozen(tmp_path / "d", "ZT", [("all", [("ZT-A01", "", "1")])] * 6))
    assert error.value.code == "nothing-to-sum"


def test_two_of_four_answers_are_no_check_score(tmp_path):
    rows = [("ZC-J01", "", "4"), ("ZC-J02", "", "4")]
    given = frozen(tmp_path / "d", "ZC", [("all", rows)] * 6)
    assert (
        results.self_inspection(given).everyone().set_index("area").loc["check.passion"].isna()["n"]
    )


@pytest.mark.parametrize("mark", [{"alert": "protected"}, {"sensitive": True}])
def test_what_goes_through_the_protected_channel_is_in_no_summary(mark):
    raw = load(find("MY")).model_dump(mode="json")
    for group in raw["survey"]:
        for item in group["items"]:
            item |= mark if item["name"] in ("MY-S04", *["MY-G01"] * ("alert" in mark)) else {}
    q = Questionnaire.model_validate(raw)
    summed = {i.name for items in areas_of(q).values() for i in items} | set(groupings(q))
    assert not summed & {i.name for _, i in q.walk() if i.alert or (i.sensitive and not i.scale)}
    assert "MY-S03" in summed and "MY-P11" in summed


def test_what_is_asked_apart_is_in_no_summary():
    raw = load(find("MY")).model_dump(mode="json")
    next(g for g in raw["survey"] if g["name"] == "G")["apart"] = True
    q = Questionnaire.model_validate(raw)
    assert "overall" not in areas_of(q) and "MY-G06" not in groupings(q)


def test_the_scale_scores_are_those_of_the_scoring_room(tmp_path):
    given = opinions(tmp_path / "d", {"jia": ["5", "4", "2", "2", "9", "3"]})
    scores = scoring.scale_scores(given).execute()
    mean = scores.groupby("scale")["score"].mean()
    found = results.mass_opinion(given).everyone().set_index("area")["index"]
    assert found["area.1"] == pytest.approx(mean["area.1"])
    assert found["overall"] == pytest.approx(mean["overall"])
