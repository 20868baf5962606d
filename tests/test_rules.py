"""The plan's rules: constants with their origin, the ladder as written, findings that decide nothing."""

import ast
import json
from importlib import resources
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

import zuofeng_survey
from frozen import IBIS_WARNS, deputies, frozen, opinions
from zuofeng_survey import rules
from zuofeng_survey.cli import app
from zuofeng_survey.errors import DefinitionError, UsageError
from zuofeng_survey.poll import Target
from zuofeng_survey.results import NOTE
from zuofeng_survey.rules.blanks import BLANK_ZH, BLANKS, Blanks
from zuofeng_survey.rules.settings import defaults

pytestmark = IBIS_WARNS
CASES = Path(__file__).parent / "cases"
PACKAGE = Path(zuofeng_survey.__file__).parent
SCHEMA = json.loads(resources.files("zuofeng_survey.rules").joinpath("findings.schema.json").read_text("utf-8"))


def cases(name: str) -> list:
    found = yaml.safe_load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))
    return [pytest.param(case, id=case["desc"].replace(" ", "-")) for case in found]


def lenient(**more: object) -> rules.Settings:
    """Return settings without the guards that small test pools would trip."""
    plain = {"bottom_rule__guards__min_pool__deputy": 3, "bottom_rule__guards__min_ballots_per_class": 1}
    return rules.settings(**(plain | more))


# ---- constants


def test_the_constants_of_the_plan_are_pinned():
    s = rules.settings()
    assert (s["bottom_rule.secretary.n"], s["bottom_rule.deputy.n"]) == (1, 2)
    assert [s[f"bottom_rule.ladder.{n}"] for n in (1, 2, 3)] == ["诫勉谈话", "县纪委介入调查", "免职"]
    assert s["book_cycle.steps"] == ["年初立账", "季度报账", "半年核账", "年终清账"]
    assert s["appeal_flow.steps"] == ["统一受理", "分流交办", "调查办理", "督导回访", "监督考评"]
    assert len(s.under("six_handling")) == 12 and s["town_commit"] == [1, 2]
    assert len(s.under("taxonomies.focus8")) == 8 and len(s.under("taxonomies.area6")) == 6
    assert [s[f"stages.{y}.name"] for y in (2020, 2021, 2022)] == ["启动年", "深化年", "巩固年"]
    assert {len(s[f"taxonomies.{n}"]) for n in ("ailment5",)} == {5}
    assert [len(s[f"taxonomies.{n}"]) for n in ("act4", "check4", "fake3", "frontline6", "loop4")] == [4, 4, 3, 6, 4]
    assert len(s.under("appeal_flow.rates3")) == 4


def test_the_constants_of_the_law_are_pinned():
    limits = rules.settings().under("appeal_flow.limits")
    days = ("accept_days", "unit_objection_workdays", "handle_days", "extend_max_days", "review_apply_days",
            "review_decide_days", "recheck_apply_days", "recheck_decide_days")  # fmt: skip
    assert [limits[d] for d in days] == [15, 5, 60, 30, 30, 30, 30, 30]
    law = {k for k, c in defaults().items() if c.origin == "law"}
    assert {f"appeal_flow.limits.{d}" for d in days} <= law
    assert {"objection.review_days", "objection.appeal_days"} <= law


def test_every_constant_says_where_it_comes_from():
    assert {c.origin for c in defaults().values()} == {"seed", "law", "default"}
    assert all(c.said for c in defaults().values())
    seeds = {k for k, c in defaults().items() if c.origin == "seed"}
    assert {"bottom_rule.deputy.n", "bottom_rule.ladder.3", "bottom_rule.ladder.counting"} <= seeds
    assert "bottom_rule.guards.min_pool.deputy" not in seeds


@pytest.mark.parametrize("case", cases("settings"))
def test_an_offices_file_is_read_or_refused_with_every_place(case, tmp_path):
    path = tmp_path / "office.yaml"
    path.write_text(yaml.safe_dump(case["file"], allow_unicode=True), encoding="utf-8")
    if not case["problems"]:
        rules.settings(path)
        return
    with pytest.raises(DefinitionError) as caught:
        rules.settings(path)
    found = sorted((p.code, p.place) for p in caught.value.problems)
    wanted = sorted(map(tuple, case["problems"]))
    assert [code for code, _ in found] == [code for code, _ in wanted]
    assert all(place.startswith("office.yaml › ") for _, place in found)
    assert all(part in place for (_, part), (_, place) in zip(wanted, found, strict=True))


def test_a_changed_constant_of_the_plan_shows_its_reason_wherever_it_is_used(tmp_path):
    path = tmp_path / "office.yaml"
    path.write_text("bottom_rule: {deputy: {n: {v: 1, because: 县委〔2022〕5号}}}", encoding="utf-8")
    changed = rules.settings(path).constant("bottom_rule.deputy.n")
    assert (changed.value, changed.origin) == (1, "office")
    assert "县委〔2022〕5号" in changed.said and "方案原文 2" in changed.said


# ---- ladder


def mark(text: str) -> rules.Mark:
    status, _, pool = text.rstrip("!").partition("@")
    return rules.Mark(status, pool, text.endswith("!"))  # type: ignore[arg-type]


@pytest.mark.parametrize("case", cases("ladder"))
def test_the_ladder_by_hand(case):
    wanted = {k.replace(".", "__"): v for k, v in case.get("settings", {}).items()}
    fixed = {k: wanted.pop(k) for k in list(wanted) if k.endswith("counting")}
    s = rules.settings(**wanted)
    if fixed:
        s = rules.Settings({**s.constants, "bottom_rule.ladder.counting": _like(s, "window")})
    found = rules.streak({y: mark(m) for y, m in case["marks"].items()}, 2022, s)
    assert list(found.years) == case["years"]
    assert found.step == case.get("step", len(case["years"]))
    assert list(found.moved) == case.get("moved", [])
    assert list(found.tied) == case.get("tied", [])
    assert list(found.left_out) == case.get("left_out", [])
    assert found.broken == (tuple(case["broken"]) if "broken" in case else None)


def _like(s: rules.Settings, value: str) -> rules.Constant:
    old = s.constant("bottom_rule.ladder.counting")
    return rules.Constant(old.key, value, "office", old.at)


def test_luck_names_as_many_as_a_simulation_without_differences():
    """T10: 72 deputies in 12 townships, nobody better than anybody, 400 counties."""
    sizes, s = [7, 7, 6, 6, 6, 6, 5, 5, 5, 5, 7, 7], rules.settings()
    rng = np.random.default_rng(20200101)
    counted = np.zeros(4)
    for _ in range(400):
        for n in sizes:
            low = [set(np.argsort(rng.normal(size=n))[:2].tolist()) for _ in range(3)]
            for person in range(n):
                marks = {2020 + y: mark("named" if person in low[y] else "clear") for y in range(3)}
                counted[rules.streak(marks, 2022, s).step] += 1
    one, two, three = (rules.by_luck(sizes, 2, y) for y in (1, 2, 3))
    reached = counted[1:][::-1].cumsum()[::-1] / 400
    assert (round(one, 1), round(two, 1), round(three, 1)) == (24.0, 8.2, 2.8)
    assert reached == pytest.approx([one, two, three], rel=0.08)


def test_the_chance_table_of_the_mechanisms():
    deputies_ = [7, 7, 6, 6, 6, 6, 5, 5, 5, 5, 7, 7]
    rows = [("deputy", "township", [(n, 2) for n in deputies_]), ("deputy", "county", [(72, 2)])]
    found = rules.chance_table(rows).round(3)
    assert found[["luck_1", "luck_2", "luck_3"]].to_numpy().tolist() == [[24, 8.152, 2.822], [2, 0.056, 0.002]]
    secretaries = [20, 17, 16, 15, 14, 13, 11, 10, 9, 8, 11, 11]
    assert [round(rules.by_luck(secretaries, 1, y), 2) for y in (1, 2, 3)] == [12.0, 1.0, 0.09]


# ---- findings


MERIT = {"甲": 0.6, "乙": 0.5, "丙": 0.4, "丁": 0.3, "戊": -0.1, "己": -1.6}


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    folder = tmp_path_factory.mktemp("three")
    return [deputies(folder / f"FZ-甲镇-{y}", MERIT, seed=y) for y in (2020, 2021, 2022)]


@pytest.fixture(scope="module")
def found(three):
    return rules.findings(three, year=2022, scope="township", settings=lenient())


def test_the_scope_must_be_chosen(three):
    with pytest.raises(UsageError) as caught:
        rules.findings(three, year=2022)
    assert caught.value.code == "scope-unset"
    luck = rules.chances(three, rules.settings()).set_index("scope")["luck_3"]
    assert luck["township"] == pytest.approx(6 * (2 / 6) ** 3)


def test_a_person_last_for_three_years_is_strong_and_still_only_proposed(found):
    last = found.of("t5")
    assert (last.years, last.step, last.measure) == ((2020, 2021, 2022), 3, "免职")
    assert last.level == last.unguarded == "强"
    assert last.pooled.confirmed and last.last.certain and not last.last.flip1
    assert set(found.table()["status"]) == {"拟提请研究"}


def test_the_same_person_is_weak_where_a_guard_speaks_and_the_level_beneath_is_kept(three):
    guarded = rules.findings(three, year=2022, scope="township").of("t5")
    assert (guarded.level, guarded.unguarded) == ("弱", "强")
    assert {"guard-pool"} <= {p.code for p in guarded.guards}
    assert "confirm-guard" in {p.code for p in guarded.confirm}


def test_one_year_alone_is_the_first_rung(three):
    first = rules.findings(three, year=2020, scope="township", settings=lenient()).of("t5")
    assert (first.step, first.measure, first.pooled) == (1, "诫勉谈话", None)
    assert first.measure_origin.startswith("方案原文")


def test_good_grades_cap_a_last_place_or_exempt_it(tmp_path):
    good = dict.fromkeys("甲乙丙丁", 0.9) | {"戊": 0.5}
    data = [deputies(tmp_path / "FZ-甲镇-2022", good, seed=4)]
    capped = rules.findings(data, year=2022, scope="township", settings=lenient()).of("t4")
    assert {"guard-floor"} <= {p.code for p in capped.guards} and capped.level in ("弱", "不足")
    free = lenient(bottom_rule__guards__floor_effect="exempt")
    assert rules.findings(data, year=2022, scope="township", settings=free).of("t4") is None


def test_a_pool_of_k_or_fewer_names_nobody(tmp_path):
    data = [deputies(tmp_path / "FZ-甲镇-2022", {"甲": 0.5, "乙": -0.5})]
    found = rules.findings(data, year=2022, scope="township")
    assert found.findings == () and "pool-small" in {p.code for p in found.problems}


def test_a_share_of_the_category_takes_the_place_of_a_number(tmp_path):
    many = {f"人{n}": 0.5 - n / 10 for n in range(11)}
    data = [deputies(tmp_path / "FZ-甲镇-2022", many, seed=2)]
    tenth = rules.findings(data, year=2022, scope="township", settings=lenient(bottom_rule__deputy__share=0.10))
    assert [f.last.k for f in tenth.findings] == [1]
    none = rules.findings(data, year=2022, scope="township", settings=lenient(bottom_rule__deputy__share=0.05))
    assert none.findings == () and "pool-small" in {p.code for p in none.problems}


def test_two_last_of_a_tie_are_listed_together_and_never_strong(tmp_path):
    targets = [Target(name=n, label=n) for n in "abcd"]
    rows = [("FZ-B09", t, v) for t, v in zip("abcd", "4321", strict=True)]
    twin = [(i, t, "1" if t in "cd" else v) for i, t, v in rows]
    data = frozen(tmp_path / "FZ-甲镇-2022", "FZ", [("A", twin)] * 20, targets=targets, counts={"A": 20})
    s = rules.settings(bottom_rule__guards__min_pool__deputy=3)
    one = rules.Settings({**s.constants, "bottom_rule.deputy.n": rules.Constant("bottom_rule.deputy.n", 1, "office")})
    found = rules.findings([data], year=2022, scope="township", settings=one)
    assert {f.target for f in found.findings} == {"c", "d"}
    assert {f.level for f in found.findings} == {"不足"}
    assert all("confirm-tied" in {p.code for p in f.confirm} for f in found.findings)


def test_one_person_in_two_pools_of_one_year_is_refused(tmp_path):
    town = [deputies(tmp_path / f"FZ-{t}-2022", MERIT, seed=n) for n, t in enumerate(("甲镇", "乙镇"))]
    with pytest.raises(UsageError) as caught:
        rules.findings(town, year=2022, scope="county")
    assert {p.code for p in caught.value.problems} == {"target-in-two-pools"}


def test_mistakes_of_the_datasets_are_told_together(three, tmp_path):
    other = opinions(tmp_path / "MY-2022", {"jia": ["5"]})
    yearless = deputies(tmp_path / "fz", MERIT)
    again = deputies(tmp_path / "FZ-甲镇-2022", MERIT)
    with pytest.raises(UsageError) as caught:
        rules.rounds([*three, other, yearless, again])
    assert [p.code for p in caught.value.problems] == ["rules-form", "round-year", "round-twice"]
    assert rules.rounds([yearless], years={"fz": 2019})[0].year == 2019


def test_a_year_read_from_the_name_is_said(found):
    codes = [p.code for p in found.problems]
    assert codes.count("round-year-read") == 3 and codes.count("round-pool-read") == 3


def test_a_year_without_a_dataset_is_refused(three):
    with pytest.raises(UsageError) as caught:
        rules.findings(three, year=2030, scope="township")
    assert caught.value.code == "rules-no-year"


def test_a_year_that_people_exempt_breaks_the_count(three):
    s = lenient(office__exempt={"t5": [2021]})
    assert rules.findings(three, year=2022, scope="township", settings=s).of("t5").step == 1


def test_a_year_that_was_left_out_is_told_and_breaks_the_count(three):
    found = rules.findings([three[0], three[2]], year=2022, scope="township", settings=lenient())
    assert found.of("t5").years == (2022,)
    assert [p.place for p in found.problems if p.code == "year-gap"] == ["2021"]


def test_the_same_datasets_give_the_same_digits(three, found):
    again = rules.findings(three, year=2022, scope="township", settings=lenient())
    assert json.dumps(again.as_json(), default=str) == json.dumps(found.as_json(), default=str)


def test_how_to_object_comes_first_and_the_note_is_there(found):
    page = found._repr_html_()
    assert page.index("如何提出异议") < page.index("拟提请研究名单") < page.index("由人填写")
    assert NOTE["zh"] in page and "方案原文" in page and "凭运气" in page


# ---- no decision


def test_findings_as_json_fit_their_schema_and_leave_to_people_what_is_theirs(found):
    plain = json.loads(json.dumps(found.as_json(), default=lambda v: v.item()))
    jsonschema.validate(plain, SCHEMA)
    blank = SCHEMA["$defs"]["for_people"]
    assert set(blank["properties"]) == set(BLANKS) == set(blank["required"])
    assert all(p == {"type": "null"} for p in blank["properties"].values())
    for finding in plain["findings"]:
        finding["for_people"]["decision"] = "免职"
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(plain, SCHEMA)


@pytest.mark.parametrize("name", BLANKS)
def test_what_people_fill_has_no_value_and_takes_none(name):
    assert getattr(Blanks(), name) is None
    with pytest.raises(TypeError):
        Blanks(**{name: "免职"})
    with pytest.raises(AttributeError):
        setattr(Blanks(), name, "免职")


def writes(path: Path) -> list[str]:
    """Return every place where a module gives a value to a field that only people fill."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        pairs = []
        if isinstance(node, ast.Call):
            pairs = [(k.arg, k.value) for k in node.keywords]
        elif isinstance(node, ast.Dict):
            pairs = [(k.value, v) for k, v in zip(node.keys, node.values, strict=True) if isinstance(k, ast.Constant)]
        elif isinstance(node, ast.Assign):
            pairs = [(getattr(t, "attr", getattr(t, "id", "")), node.value) for t in node.targets]
        elif isinstance(node, ast.AnnAssign):
            pairs = [(getattr(node.target, "attr", getattr(node.target, "id", "")), node.value)]
        found += [f"{path.name}:{node.lineno} {name}" for name, value in pairs if name in BLANKS and not (_blank(value) or _is_time(name, value))]
    return found


def _is_time(name: str, value: ast.expr | None) -> bool:
    """Return whether these minutes are a length of time (how long people learnt), not a meeting's record."""
    return name == "minutes" and isinstance(value, ast.Constant) and isinstance(value.value, int)


def _blank(value: ast.expr | None) -> bool:
    """Return whether this is None, or the empty field of Blanks, or its Chinese heading."""
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        return True
    given = ast.unparse(value)
    return given == "field(default=None, init=False)" or given.strip("'") in BLANK_ZH.values()


COMPUTING = [p for room in ("rules", "results", "charts", "demo", "report") for p in sorted((PACKAGE / room).glob("**/*.py"))]


@pytest.mark.parametrize("path", COMPUTING, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_code_path_writes_a_decision(path):
    assert writes(path) == []


def test_a_written_decision_would_be_seen(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text('f(decision="免职")\nx = {"minutes": "3号"}\ny.authority = "纪委"\nstatement: str = "无"\n', encoding="utf-8")
    assert [w.split()[1] for w in writes(bad)] == ["authority", "statement", "decision", "minutes"]


# ---- command line


def test_the_command_line_prints_the_chances_before_the_scope_is_chosen(three):
    paths = [str(d.path) for d in three]
    refused = CliRunner().invoke(app, ["rules", "--year", "2022", *paths])
    assert refused.exit_code == 2
    assert "township" in refused.stderr and "scope-unset" in refused.stderr and refused.stdout == ""


def test_the_command_line_prints_everything_as_json(three, tmp_path):
    office = tmp_path / "office.yaml"
    office.write_text("bottom_rule: {scope: township, guards: {min_pool: {deputy: 5}}}", encoding="utf-8")
    args = ["rules", "--year", "2022", *(str(d.path) for d in three), "--settings", str(office)]
    made = CliRunner().invoke(app, [*args, "--format", "json"])
    assert made.exit_code == 0, made.stderr
    jsonschema.validate(json.loads(made.stdout), SCHEMA)
    assert "不得仅凭名次作出处理" in made.stderr and "如何提出异议" in made.stderr
    assert "方案原文" not in made.stderr  # as data: in the settings
    table = CliRunner().invoke(app, [*args, "--format", "csv"])
    assert "方案原文 seed：secretary.n=1，deputy.n=2，ladder.1=诫勉谈话" in table.stderr
    assert "本单位设定 office：" in table.stderr and "guards.min_pool.deputy=5（改自 默认值 8）" in table.stderr
    assert table.stdout.splitlines()[0].endswith(",".join(BLANKS))
