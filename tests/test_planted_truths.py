"""What was planted in the demo county is found, or rightly not found."""

import datetime as dt

import numpy as np
import pytest
from scipy import optimize

from frozen import IBIS_WARNS
from zuofeng_survey import results, rules, scoring
from zuofeng_survey.dataset import Dataset
from zuofeng_survey.demo.problems import PAPER_UNIT
from zuofeng_survey.errors import UsageError
from zuofeng_survey.ledger import (
    PROTECTED_ROLE,
    Book,
    appeal_rates,
    closing_signs,
    judgements,
    protected_list,
)
from zuofeng_survey.report.making import KINDS, Issue
from zuofeng_survey.report.page import html_of
from zuofeng_survey.results.crossing import hidden_cells

pytestmark = IBIS_WARNS
END = dt.date(2022, 12, 31)


@pytest.fixture(scope="module")
def datasets(demo_home):
    return {p.name: Dataset.open(p) for p in sorted((demo_home.path / "datasets").iterdir())}


@pytest.fixture(scope="module")
def ballots(datasets):
    return [d for name, d in datasets.items() if name.startswith("FZ-")]


@pytest.fixture(scope="module")
def township(ballots):
    return rules.findings(ballots, year=2022, scope="township")


@pytest.fixture(scope="module")
def county(ballots):
    return rules.findings(ballots, year=2022, scope="county")


def codes(problems):
    return {p.code for p in problems}


def test_t1_the_truly_last_of_three_years_is_strong_evidence_and_only_proposed(county):
    last = county.of("bing-B")
    assert (last.step, last.measure, last.level) == (3, "免职", "强")
    assert last.pooled.confirmed and all(e.own_pool and not e.flip1 for e in last.evidence)
    assert all(e.good_rate < 2 / 3 for e in last.evidence)
    row = county.table().set_index("target").loc["bing-B"]
    assert row["status"] == "拟提请研究" and row["decision"] is None
    assert "county-scope" in codes(county.problems)


def test_t1_in_a_pool_of_six_the_same_evidence_is_capped_until_the_office_says_otherwise(township, ballots):
    last = township.of("bing-B")
    assert (last.level, last.unguarded) == ("弱", "强") and codes(last.guards) == {"guard-pool"}
    five = rules.settings(bottom_rule__guards__min_pool__deputy=5)
    own = [d for d in ballots if d.manifest["pool"] == "丙镇"]
    assert rules.findings(own, year=2022, scope="township", settings=five).of("bing-B").level == "强"


def test_t2_three_low_places_within_error_are_never_strong(township, county):
    low = township.of("geng-C")
    assert low.years == (2020, 2021, 2022)
    assert low.level in ("弱", "不足") and low.unguarded in ("弱", "不足")
    assert not low.pooled.confirmed and np.mean([e.good_rate for e in low.evidence]) > 0.9
    assert {"guard-floor", "guard-pool"} <= codes(low.guards)
    assert county.of("geng-C") is None


def test_t3_a_hard_job_stands_beside_the_rank(township):
    hard = township.of("ding-A")
    assert "信访" in hard.remark and "信访" in township._repr_html_()
    assert hard.last.named_without["D"] is False and hard.last.named_without["A"] is True
    assert hard.level != "强"


def test_t4_one_hostile_ballot_changes_the_bottom_and_is_seen_to(datasets, ballots):
    ranking = results.rank(datasets["FZ-戊镇-2021"])
    assert ranking.fragility.flip1 and ranking.fragility.out == "wu-C"
    own = [d for d in ballots if d.manifest["pool"] == "戊镇"]
    victim = rules.findings(own, year=2021, scope="township").of("wu-C")
    assert victim.last.flip1 and victim.level == "不足" and "level-flip" in codes(victim.reasons)
    panel = results.usable_panel(datasets["FZ-戊镇-2021"])
    at = panel.targets.index("wu-C")
    hostile = np.flatnonzero((panel.scores[:, at] == 0) & (np.delete(panel.scores, at, axis=1) == 100).all(axis=1))
    assert len(hostile) == 1 and panel.voter_class[hostile[0]] == "A"


def test_t5_a_town_told_what_to_answer_is_flagged_and_not_ranked(datasets):
    towns = results.mass_opinion(datasets["MY-2022"], by="MY-S03")
    rows = towns.area("overall").set_index("group_label")
    assert rows.loc["己镇", "satisfied_rate"] > 0.97 and np.isnan(rows.loc["己镇", "rank"])
    assert any(p.code == "pressed" and "己镇" in p.zh for p in towns.problems)


def test_t6_weighted_by_channel_the_town_of_forums_falls(datasets):
    found = results.channel_weighted(datasets["MY-2022"], "MY-S03").table().set_index("group")
    gui = found.loc["gui"]
    assert gui["weighted"] < gui["index"] - 5 and gui["weighted_rank"] > gui["rank"]
    assert np.isnan(found.loc["ji", "weighted_rank"])
    others = found.drop(index=["gui"]).dropna(subset="weighted_rank")
    assert (others["weighted"] - others["index"]).abs().max() < gui["index"] - gui["weighted"]


@pytest.fixture(scope="module")
def book(demo_home):
    return Book.open(demo_home.path)


def test_t7_fourteen_closed_on_paper_on_one_day_are_signs_for_people(book):
    problems, appeals = (book.entries(name, today=END) for name in ("problems", "appeals"))
    signs = closing_signs(problems, book.events("problems"), appeals).rows
    paper = signs[signs["unit"] == PAPER_UNIT].groupby("sign")["issue_id"].nunique()
    assert paper["evidence"] == paper["same_day"] == 14 and paper["again"] == 5
    assert problems["fake3"].map(len).sum() == 0  # what is false is for people to say


def test_t12_what_was_suffered_is_on_the_protected_list_and_in_no_units_view(book, datasets):
    numbers = protected_list(datasets["HF-2020"], role=PROTECTED_ROLE).numbers
    entries = book.entries("appeals", today=END)
    assert len(numbers) == 3 and set(numbers) <= set(entries["appeal_id"])
    rates = appeal_rates(entries, today=END, by="assigned_to", visits=judgements(datasets["HF-2020"]))
    said = rates.table().to_csv() + rates._repr_html_()
    assert not any(n in said for n in numbers) and "HF-E02" not in said


# ---- the same in what leaves the office: the annual report, at the scope that shows the most


@pytest.fixture(scope="module")
def paper(demo_home, datasets, book):
    """The tables and sentences of the annual report of 2022, as text, a line each."""
    issue = Issue(date=END, year=2022, scope="township", book=book)
    wanted = [d for n, d in datasets.items() if n == "MY-2022" or n.startswith(("FZ-丙镇", "FZ-丁镇", "FZ-庚乡", "FZ-子街道"))]
    (_, document), = KINDS["annual"].make(wanted, issue)
    return html_of(document)


def rows(paper: str, *words: str) -> list[str]:
    return [line for line in paper.replace("</tr>", "\n").splitlines() if all(w in line for w in words)]


def test_the_report_proposes_t1_with_its_level_and_leaves_the_decision_empty(paper):
    assert rows(paper, "丙镇-副职B", "2020—2022", "免职", "弱") and "供研究的名单，不是处理决定" in paper
    assert "以下由有权机关填写，软件不填" in paper and not rows(paper, "庚乡-副职C", "<td>强</td>")


def test_the_report_shows_t3_beside_the_rank_and_t9_to_be_confirmed(paper):
    assert rows(paper, "丁镇-副职A", "分管信访、拆迁") and rows(paper, "子街道-副职F", "调动")


def test_the_report_does_not_rank_t5_and_shows_t6_raw_and_weighted(paper):
    assert "结果可能受干扰，不排名" in paper and rows(paper, "<td>己镇</td>", "—")
    assert "原始指数" in paper and "加权指数" in paper and rows(paper, "<td>癸乡</td>")


def test_the_report_puts_t7_first_and_names_none_of_t12(paper, datasets):
    units = paper[paper.index("有迹象的销号") : paper.index("需要核实的销号")]
    assert rows(units, "<td")[0].endswith(f"<td>{PAPER_UNIT}</td><td class='zf-right'>14</td>")
    numbers = protected_list(datasets["HF-2020"], role=PROTECTED_ROLE).numbers
    assert not any(n in paper for n in numbers) and "为难" not in paper


def test_the_report_shows_what_was_reported_against_what_was_checked(paper):
    assert "建账管理" in paper and rows(paper, "半年核账") and "相差10个百分点以上" in paper


def test_t12_is_in_no_score_no_coding_sheet_and_no_report_on_appeals(book, datasets):
    visits = datasets["HF-2020"]
    with pytest.raises(UsageError) as caught:
        scoring.distribution(visits, "HF-E02")
    assert caught.value.code == "item-protected"
    (_, document), = KINDS["appeals"].make([visits], Issue(date=END, book=book))
    numbers = protected_list(visits, role=PROTECTED_ROLE).numbers
    assert not any(n in html_of(document) for n in numbers) and "为难" not in html_of(document)


def test_visits_and_acceptances_name_entries_that_exist(book, datasets):
    for form, item, name in (("HF", "HF-A01", "appeals"), ("XH", "XH-A01", "problems")):
        ratings = datasets[f"{form}-2020"].table("ratings")
        named = set(ratings.filter(ratings["item"] == item).select("value").execute()["value"])
        assert named and named <= set(book.entries(name, today=END).iloc[:, 0])


def test_t8_a_poll_of_58_percent_makes_no_ranking_and_breaks_the_count(township, datasets, ballots):
    counts = datasets["FZ-乙镇-2021"].manifest["totals"]
    assert counts["cast"] / counts["issued"] == pytest.approx(0.58, abs=0.015)
    assert "round-invalid" in codes(township.problems)
    own = [f for f in township.findings if f.pool == "乙镇"]
    assert own and {f.years for f in own} == {(2022,)}
    assert all("streak-broken" in codes(f.reasons) for f in own)
    here = [d for d in ballots if d.manifest["pool"] == "乙镇"]
    assert rules.findings(here, year=2021, scope="township").findings == ()


def test_t9_a_transfer_goes_on_by_the_stable_id_and_asks_to_be_confirmed(township, datasets):
    moved = township.of("ding-F")
    assert [e.pool for e in moved.evidence] == ["丁镇", "子街道", "子街道"]
    assert "confirm-moved" in codes(moved.confirm) and moved.pooled is None
    assert moved.level != "强" and "原丁镇" in moved.label
    rosters = {y: {t.name for d in datasets.values() if d.name.startswith("FZ") and d.manifest["year"] == y for t in d.targets} for y in (2020, 2021)}
    assert rosters[2020] == rosters[2021]


def test_t10_what_luck_would_name_is_shown_for_either_scope(township):
    """The simulation without differences is in test_rules."""
    luck = township.chance.set_index("scope")
    assert luck.loc["township", "luck_3"] == pytest.approx(sum(n * (2 / n) ** 3 for n in (7, 7, 6, 6, 6, 5, 7)))
    assert luck.loc["county", "luck_3"] < 0.01


def test_t11_a_small_cell_is_hidden_and_cannot_be_worked_out(datasets):
    found = results.crossing(datasets["MY-2022"], rows="MY-S04", columns="MY-S03")
    assert np.isnan(found.n.loc["18—29岁", "辛乡"])
    assert (found.n.min(skipna=True).dropna() == 0).any() or found.n.min().min() >= 5
    assert found.n.isna().sum().sum() >= 4


@pytest.mark.parametrize("seed", range(40))
def test_no_small_cell_is_determined_by_the_totals(seed):
    rng = np.random.default_rng(seed)
    n = rng.poisson(rng.choice([2, 6, 15], size=(5, 6)))
    hide = hidden_cells(n, k=5)
    assert hide[(n > 0) & (n < 5)].all() and not hide[n == 0].any()
    at = np.argwhere(hide)
    lines = np.array([[*(cell[0] == r for cell in at)] for r in range(5)] + [[*(cell[1] == c for cell in at)] for c in range(6)], dtype=float)
    totals = lines @ n[hide]
    for x, cell in enumerate(at):
        goal = np.eye(len(at))[x]
        low, high = (s * optimize.linprog(s * goal, A_eq=lines, b_eq=totals).fun for s in (1, -1))
        assert n[tuple(cell)] >= 5 or high - low >= 1 or (hide | (n == 0)).all()
