"""The catalogue of sentences: complete in both languages, and filled in by whoever uses it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from string import Formatter

import pytest

from zuofeng_survey.errors import DefinitionError, Problem, messages, nearest

PACKAGE = Path(str(resources.files("zuofeng_survey")))
SOURCES = sorted(PACKAGE.rglob("*.py"))


def placeholders(code: str, lang: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(messages()[code][lang]) if name}


def uses(path: Path) -> Iterator[tuple[int, str, set[str] | None]]:
    """Yield (line, code, names filled in) of each sentence used; None where that is not written out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield from _call(node)
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2:
            code, params = node.elts
            if isinstance(code, ast.Constant) and str(code.value).startswith("style-"):
                yield node.lineno, str(code.value), _keys(params)


def _call(node: ast.Call) -> Iterator[tuple[int, str, set[str] | None]]:
    is_method = isinstance(node.func, ast.Attribute)
    name = node.func.attr if is_method else getattr(node.func, "id", "")
    if name not in (("of", "say") if is_method else ("Problem", "_refusal")) or not node.args:
        return
    code = node.args[0]
    if not isinstance(code, ast.Constant) or not isinstance(code.value, str):
        return
    if name == "Problem":
        yield node.lineno, code.value, _keys(node.args[2]) if len(node.args) > 2 else set()
    elif all(k.arg for k in node.keywords):
        yield node.lineno, code.value, {str(k.arg) for k in node.keywords}
    else:
        yield node.lineno, code.value, None


def _keys(node: ast.expr) -> set[str] | None:
    if isinstance(node, ast.Dict) and all(isinstance(k, ast.Constant) for k in node.keys):
        return {str(k.value) for k in node.keys if isinstance(k, ast.Constant)}
    return None


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_every_sentence_used_exists_and_is_filled_in(path: Path) -> None:
    for line, code, given in uses(path):
        assert code in messages(), f"{path.name}:{line}"
        if given is not None:
            wanted = placeholders(code, "zh") | placeholders(code, "en")
            assert wanted <= given, f"{path.name}:{line} {code}"


def test_uses_are_found_at_all() -> None:
    found = {code for path in SOURCES for _, code, _ in uses(path)}
    assert {"yaml-alias", "not-asked", "style-double", "choice-name", "key-wrong"} <= found
    assert len(found) > 90


def test_every_sentence_is_used_somewhere() -> None:
    files = [p for p in PACKAGE.rglob("*") if p.suffix in (".py", ".js")]
    source = "".join(p.read_text(encoding="utf-8") for p in files)
    made_up = {code for code in messages() if code.startswith("note-")}  # f"note-{…}" in results
    assert {c for c in messages() if f'"{c}"' not in source} - made_up == set()


@pytest.mark.parametrize("code", messages())
def test_a_sentence_says_the_same_in_both_languages(code: str) -> None:
    said = messages()[code]
    assert set(said) == {"zh", "en"}
    assert re.search(r"[一-龥]", said["zh"])
    assert not re.search(
        r"[一-龥]",
        re.sub(r"“[^”]*”|不了解|不适用|/本机/目录", "", said["en"]).replace("不了解/不适用", ""),
    )
    each = [{re.sub("_(zh|en)$", "", name) for name in placeholders(code, lang)} for lang in said]
    assert each[0] == each[1]
    filled = Problem(
        code, "place", dict.fromkeys(placeholders(code, "zh") | placeholders(code, "en"), "…")
    )
    assert filled.zh.startswith("place：")
    assert filled.en.startswith("place: ")


def test_a_problem_without_a_sentence_cannot_be_made() -> None:
    with pytest.raises(LookupError):
        Problem("no-such-code")


def test_an_error_carries_its_problems_and_prints_both_languages() -> None:
    error = DefinitionError.of("file-missing", "T.yaml")
    assert error.code == "file-missing"
    assert "T.yaml：找不到" in str(error)
    assert "T.yaml: there is no such file" in str(error)


def test_a_browser_is_handed_the_item_and_not_the_place() -> None:
    problem = Problem("required", "B/jia-A/FZ-B01", {}, "B/jia-A/FZ-B01")
    assert problem.as_json() == {
        "item": "B/jia-A/FZ-B01",
        "code": "required",
        "zh": "请回答这一题。",
        "en": "please answer this question.",
    }


def test_the_nearest_word_is_found_or_none() -> None:
    assert nearest("constrain", ["constraint", "relevant"]) == "constraint"
    assert nearest("qqq", ["constraint"]) == ""
