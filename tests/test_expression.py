"""Expressions mean the same to Python and to the browser, and never fail on an answer."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from zuofeng_survey.errors import DefinitionError
from zuofeng_survey.expression import FUNCTIONS, evaluate, find_cycle, parse, truth

CASES = json.loads(Path(__file__).with_name("expression_cases.json").read_text(encoding="utf-8"))
TODAY = "2024-03-15"
JS = resources.files("zuofeng_survey").joinpath("web/static/expression.js")
Ask = Callable[[list[dict[str, Any]]], list[Any]]


def case(source: str, values: Any = None, current: Any = "", today: str = TODAY) -> dict[str, Any]:
    return {"source": source, "values": values or {}, "current": current, "today": today}


def in_python(row: dict[str, Any]) -> Any:
    tree = parse(row["source"]).tree
    today = row.get("today", TODAY)
    return evaluate(tree, row.get("values", {}), current=row.get("current", ""), today=today)


def told_apart(value: Any) -> Any:
    """Tell true from 1, NaN from nothing, and -0 from 0."""
    if isinstance(value, (bool, str, list)):
        return value
    return repr(float(value))


def expected(row: dict[str, Any]) -> Any:
    want = row["expected"]
    return float(want["number"]) if isinstance(want, dict) else want


@pytest.fixture(scope="session")
def in_browser(browser) -> Any:
    """Evaluate rows in Chromium, all at once; answers cross as JSON text, as they would in life."""
    page = browser.new_page()
    page.evaluate(
        """(js) => import(URL.createObjectURL(new Blob([js], {type: "text/javascript"})))
             .then((module) => { window.zf = module; })""",
        JS.read_text(encoding="utf-8"),
    )

    def ask(rows: list[dict[str, Any]]) -> list[Any]:
        sent = [
            {**case("''"), **row, "expected": None, "tree": parse(row["source"]).tree}
            for row in rows
        ]
        return page.evaluate(
            """(text) => JSON.parse(text).map((row) => {
                 const value = zf.evaluate(row.tree, row.values, row);
                 return [value, zf.truth(value)];
               })""",
            json.dumps(sent),
        )

    yield ask
    page.close()


# ── the shared table ──────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("row", CASES, ids=[row["desc"] for row in CASES])
def test_python_gives_what_the_table_says(row: dict[str, Any]) -> None:
    assert told_apart(in_python(row)) == told_apart(expected(row))


def test_the_browser_gives_what_the_table_says(in_browser: Ask) -> None:
    answers = in_browser(CASES)
    wrong = {
        row["desc"]: value
        for row, (value, _) in zip(CASES, answers, strict=True)
        if told_apart(value) != told_apart(expected(row))
    }
    assert wrong == {}


def test_the_table_uses_every_function_and_tells_its_cases_apart() -> None:
    sources = " ".join(row["source"] for row in CASES)
    assert [name for name in FUNCTIONS if f"{name}(" not in sources] == []
    assert len({row["desc"] for row in CASES}) == len(CASES)


def test_the_browser_module_exports_two_names_and_prefixes_the_rest() -> None:
    text = JS.read_text(encoding="utf-8")
    top = set(re.findall(r"^(?:const|let|function|class) (\w+)", text, re.MULTILINE))
    assert {name for name in top if not name.startswith("x")} == {"evaluate", "truth"}
    assert re.findall(r"^(?:import|export).*", text, re.MULTILINE) == [
        "export { evaluate, truth };"
    ]


# ── reading ───────────────────────────────────────────────────────────────────────────────────
def test_an_expression_knows_its_names_and_whether_it_asks_for_the_current_value() -> None:
    found = parse(". > ${a-1} and selected(${乙.二}, ${a-1})")
    assert found.names == {"a-1", "乙.二"}
    assert found.uses_current
    assert not parse("${a} = '.'").uses_current
    assert json.loads(json.dumps(found.tree)) == found.tree


def test_long_chains_are_wide_not_deep() -> None:
    source = " or ".join(f"${{a}} = {n}" for n in range(100))
    assert len(parse(source).tree) == 101


REFUSED = {
    "expression-syntax": [
        "", " ", "1 +", "(1", "1)", "1 2", "a", "true", "${}", "${a b}", "${a", "'x", "..", "{}",
        "1 == 1", "a/b", "1 AND 1", "x[1]", "1;1", "$a", "not(1,)", "&& 1", "9" * 400, "a$b", "1,2",
        "().__class__", "${a}.__class__.__bases__", "__import__('os')", "lambda: 1", "1if(1,2,3)",
        "\x00", "${a}and-1", "١ + 1", "🙂",
    ],
    "expression-wide": ["（1 + 1)", "${a} ＝ 1", "‘x’ = 'x'", "not(1）", "${a} > 1，2"],
    "expression-function": ["eval('1')", "Not(1)", "count(1)", "and(1)"],
    "expression-arity": ["not()", "not(1, 2)", "if(1, 2)", "today(1)", "round(1, 2, 3)", "concat()"],
    "expression-too-deep": [
        "(" * 10_000, "(" * 60 + "1" + ")" * 60, "-" * 60 + "1", "not(" * 60 + "1" + ")" * 60,
        "1" + " - 1" * 60, "1 " * 1001, "if(1, 2, " * 60 + "3" + ")" * 60,
    ],
    "expression-regex": [
        f"regex(., '{pattern}')"
        for pattern in [
            "(a+)+$", "(a*)*", "(a|b*)+", "((a?)){2}", "(a{1,2}){3}", "a**", "a*+", "a{1}{2}",
            r"(a)\1", "(?=a)", "(?!a)a", "(?<=a)b", "(?P<x>a)", "(?<x>a)", "(?i)a", "(?#x)",
            r"\bx", r"\p{L}", r"\A", r"\u00", r"\e", "\\", "*a", "|*", "a{", "a{2", "a{,3}", "{",
            "}", "a{2,1}", "a{2001}", "(a", "a)", "a)(b", "a^", "$a", "(^a)", "[]", "[^]", "[z-a]",
            r"[\d-z]", "[a", "[[a]]", "a]", "x" * 201, ".{1000}", ".*" * 20,
        ]
    ]
    + ["regex('a', ${p})", "regex('a', 1)", "regex('a', concat('(', 'a'))", "regex('a', .)"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "source"), [(code, source) for code, sources in REFUSED.items() for source in sources]
)
def test_a_bad_expression_is_refused_by_its_code(code: str, source: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse(source, place="FZ.yaml › FZ-B01 › relevant")
    assert caught.value.code == code
    assert caught.value.problems[0].zh.startswith("FZ.yaml › FZ-B01 › relevant：")
    assert caught.value.problems[0].en.startswith("FZ.yaml › FZ-B01 › relevant: ")


@pytest.mark.parametrize(
    "source", ["a" * 1990 + "()", "not" * 650 + "()", "${a}=" * 400, "'" * 1999]
)
def test_the_longest_nonsense_is_refused_at_once(source: str) -> None:
    start = time.process_time()
    with pytest.raises(DefinitionError):
        parse(source)
    assert time.process_time() - start < 3


def test_the_message_says_at_which_character_and_what_to_type_instead() -> None:
    with pytest.raises(DefinitionError) as caught:
        parse("${a} = 1，")
    assert caught.value.problems[0].params["column"] == 9
    assert caught.value.problems[0].params["plain"] == ","


# ── patterns ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "source",
    [
        "regex(., '" + ".*" * 14 + "b')",
        "regex(., '(" + "|".join([".*"] * 14) + ")b')",
        "regex(., 'a*" + "(a|a)" * 39 + "b')",
        "regex(., 'a*(a|a|a){130}b')",
        "regex(., '" + "a?" * 99 + "b')",
        "regex(., '.*.{500}b')",
        " or ".join(["regex(., '.*b')"] * 14),
    ],
)
def test_the_worst_patterns_answer_at_once(source: str) -> None:
    tree, current = parse(source).tree, "a" * 2000
    start = time.process_time()
    evaluate(tree, {}, current=current)
    assert time.process_time() - start < 3  # 0.1 s on an idle machine; the naive way, years


DEAR = patch("zuofeng_survey.expression.parsing.MAX_COST", 10**6)  # what is compared, not what it costs
ATOMS = st.sampled_from(
    [*"ab1-_. ", "[ab]", "[^a]", "[a-c1]", r"\d", r"\W", r"[\w-]", r"\-", ".", "(a|b)", "(?:ab|a|)"]
)
TIMES = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{1,3}", "{0,}", "*?"])
PATTERNS = st.lists(st.tuples(ATOMS, TIMES).map("".join), max_size=4).map("".join)


@given(pattern=PATTERNS | st.lists(PATTERNS, min_size=2, max_size=3).map("|".join), data=st.data())
@settings(max_examples=300, deadline=None)
def test_patterns_agree_with_the_regular_expressions_of_python(pattern: str, data: Any) -> None:
    native = re.compile(pattern, re.ASCII)
    text = data.draw(st.from_regex(native, fullmatch=True) | st.text("ab1-_ ß", max_size=8))
    if not set(text) & set("\r\u2028\u2029'"):  # where ODK's dot and Python's differ
        with DEAR:
            tree = parse(f"regex(., '{pattern}')").tree
        assert evaluate(tree, {}, current=text) == bool(native.fullmatch(text))


# ── properties ────────────────────────────────────────────────────────────────────────────────
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6) | st.sampled_from(["", "a", "b", "a b", " 7 ", "-3.50", "1e5", TODAY])
    | st.sampled_from([0, -0.0, 10**400, 1e21, 1.5e-7, 2.5, 1.005, "2023-02-29", "0001-01-01"])
)  # fmt: skip
ANSWERS = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(), SCALARS, max_size=1)
LEAVES = st.sampled_from(
    ["${a}", "${b}", "${乙}", ".", "0", "1", "2.5", ".5", "100", "''", "'a'", "'a b'", "'7'", "' '",
     "'2024-02-29'", "today()", "true()", "false()"]
)  # fmt: skip
BINARY = ["=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "div", "mod", "and", "or"]


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def called(name: str) -> st.SearchStrategy[str]:
        least, most = FUNCTIONS[name]
        args = st.lists(inner, min_size=least, max_size=int(min(most, 3)))
        return args.map(lambda found: f"{name}({', '.join(found)})")

    functions = st.sampled_from([name for name in FUNCTIONS if name != "regex"]).flatmap(called)
    pair = st.tuples(inner, st.sampled_from(BINARY), inner).map(" ".join)
    pattern = st.tuples(inner, PATTERNS.filter(lambda p: "'" not in p)).map(
        lambda found: f"regex({found[0]}, '{found[1]}')"
    )
    return functions | pair | pair.map("({})".format) | inner.map("-{}".format) | pattern


SOURCES = st.recursive(LEAVES, grown, max_leaves=10)
ROWS = st.builds(
    case, SOURCES, st.fixed_dictionaries({}, optional=dict.fromkeys("ab乙", ANSWERS)), ANSWERS
)
PROPERTIES = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@given(source=st.text(max_size=60) | st.text("${}a.'\"()=<>+-* ,not1regx[]|\\", max_size=40))
@example("\\")
@settings(PROPERTIES, max_examples=400)
def test_whatever_is_written_either_reads_or_is_refused(source: str) -> None:
    try:
        tree = parse(source).tree
    except DefinitionError as refused:
        assert str(refused)  # noqa: PT017 - either outcome is right
    else:
        evaluate(tree, {})


@given(text=st.text(max_size=40) | st.text("()[]{}|*+?^$\\abdu0-9,.", max_size=30))
@settings(PROPERTIES, max_examples=400)
def test_whatever_pattern_is_written_either_reads_or_is_refused(text: str) -> None:
    try:
        tree = parse("regex(., '{}')".format(text.replace("'", ""))).tree
    except DefinitionError as refused:
        assert refused.code == "expression-regex"  # noqa: PT017 - either outcome is right
    else:
        assert evaluate(tree, {}, current="ab") in (True, False)


@given(rows=st.lists(ROWS, min_size=30, max_size=40))
@settings(PROPERTIES, max_examples=25)
def test_python_and_the_browser_agree_on_anything(in_browser: Ask, rows: list[Any]) -> None:
    with DEAR:
        theirs, ours = in_browser(rows), list(map(in_python, rows))
    for row, (value, yes), mine in zip(rows, theirs, ours, strict=True):
        assert told_apart(mine) == told_apart(value), row
        assert truth(mine) is yes, row


@given(values=st.dictionaries(st.sampled_from("ab乙"), st.recursive(ANSWERS, st.lists)))
@settings(PROPERTIES, max_examples=100)
def test_no_answer_makes_an_expression_fail(values: dict[str, Any]) -> None:
    for row in CASES:
        evaluate(
            parse(row["source"]).tree, dict.fromkeys(row.get("values", {}), values), today=TODAY
        )
        evaluate(parse(row["source"]).tree, values, current=values.get("a"), today="yesterday")


def test_a_deeply_nested_answer_is_only_unanswered() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert evaluate(parse("${a}").tree, {"a": deep}) == []
    assert not truth(deep)


@given(x=st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_in_words_reads_back_as_itself(x: float) -> None:
    text = evaluate(parse("string(${x})").tree, {"x": x})
    assert isinstance(text, str)
    assert float(text) == x
    assert "e" not in text


# ── circles ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("graph", "circle"),
    [
        ({}, None),
        ({"a": {"b"}, "b": {"c", "elsewhere"}}, None),
        ({"a": {"a"}}, ["a", "a"]),
        ({"d": {"c"}, "c": {"b"}, "b": {"c"}}, ["b", "c", "b"]),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}}, ["a", "b", "c", "a"]),
    ],
)
def test_a_circle_is_named_from_its_smallest_member(graph: Any, circle: Any) -> None:
    assert find_cycle(graph) == circle


def test_a_long_way_round_is_still_found() -> None:
    graph = {str(n): {str((n + 1) % 20_000)} for n in range(20_000)}
    assert len(find_cycle(graph) or []) == 20_001
