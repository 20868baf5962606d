"""YAML that comes from people: plain text only, no aliases, no tags, no bombs, no doubled keys."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import yaml

from ..errors import DefinitionError

LIMIT_BYTES = 1_000_000
LIMIT_DEPTH = 20
LIMIT_NODES = 50_000

# What libyaml says, in the words of somebody who has never heard of a block mapping.
REASONS = {
    "mapping values are not allowed": ("这里多了一个冒号，或上一行的缩进不对；文字里有冒号时请加引号",
                                       "a colon too many, or the line above is indented wrongly; quote text that has a colon"),
    "found character that cannot start": ("这里不能用制表符（Tab）或 @ ` % 开头；请用空格缩进，或给文字加引号",
                                          "a tab, or text that begins with @ ` or %: indent with spaces, or quote the text"),
    "tab character": ("缩进用了制表符（Tab）；请改用空格", "the indentation has a tab; use spaces"),
    "wide colon": ("用了中文冒号“：”；请改成英文半角冒号，后面加空格",
                   "a full-width colon “：”; type a plain one and a space after it"),
    "could not find expected ':'": ("缺少冒号（英文半角，后面要有空格）", "a colon (followed by a space) is missing"),
    "unexpected end of stream": ("引号没有配对", "a quotation mark is not closed"),
    "expected ',' or": ("花括号或方括号没有配对，或缺少逗号", "a brace or bracket is not closed, or a comma is missing"),
    "expected '-' indicator": ("列表的这一行应以“- ”开头，或缩进不对", "this line of a list should begin with “- ”, or is indented wrongly"),
    "expected key": ("缩进不对，或引号之后多了文字", "wrong indentation, or text after a closing quotation mark"),
    "another document": ("一个文件只能有一份题本，请去掉 ---", "a file holds one questionnaire; remove the ---"),
    "stands twice": ("同一个键写了两次", "the same key stands twice"),
    "key must be plain": ("键只能是文字", "a key must be plain text"),
    "escape": ("双引号里的反斜杠不对；请改用单引号", "a backslash in double quotes means something else; use single quotes"),
}  # fmt: skip


def parse_yaml(text: str, place: str) -> Any:
    """Return what the text holds: mappings, lists and text, with empty values as None.

    Numbers and words such as ``no`` stay as typed, so that a choice may be called ``01`` or
    ``yes`` and a version ``2020.10``; the models turn text into numbers where they want numbers.
    """
    if len(text.encode("utf-8", "replace")) > LIMIT_BYTES:
        raise DefinitionError.of("file-too-large", place, limit=LIMIT_BYTES // 1000)
    try:
        _measure(text, place)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - _Loader is a SafeLoader
    except yaml.MarkedYAMLError as error:
        opened = "flow" in (error.context or "") or "quoted" in (error.context or "")
        mark = error.context_mark if opened and error.context_mark else error.problem_mark
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        reason = error.problem or error.context or ""
        near = "\n".join(text.split("\n")[max(0, where[0] - 2) : where[0]])
        if "':'" in reason or "mapping values" in reason:
            reason = "wide colon" if _WIDE_KEY.search(near) else reason
        raise _unreadable(place, where, reason) from error
    except (yaml.YAMLError, ValueError) as error:
        at = next((i for i, char in enumerate(text) if not _PRINTABLE.match(char)), 0)
        where = (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
        raise DefinitionError.of("yaml-character", place, line=where[0], column=where[1]) from error


_PRINTABLE = re.compile("[\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


_WIDE_KEY = re.compile(r"^[ \-]*\w+：", re.MULTILINE)


def _unreadable(place: str, where: tuple[int, int], reason: str) -> DefinitionError:
    known = (said for words, said in REASONS.items() if words in reason)
    zh, en = next(known, (reason, reason))
    params = {"line": where[0], "column": where[1], "why_zh": zh, "why_en": en}
    return DefinitionError.of("yaml", place, **params)


def _measure(text: str, place: str) -> None:
    """Walk the events only: nothing is built before size and depth are known to be sane."""
    depth = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise DefinitionError.of("yaml-alias", place, line=line)
        if tag := getattr(event, "tag", None):
            raise DefinitionError.of("yaml-tag", place, line=line, tag=tag)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > LIMIT_DEPTH or nodes > LIMIT_NODES:
            raise DefinitionError.of("yaml-too-big", place, line=line, depth=LIMIT_DEPTH)


class _Loader(yaml.CSafeLoader):
    """PyYAML keeps the last of two equal keys, and reads 010 as 8 and no as False; we do neither."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {
        first: [("tag:yaml.org,2002:null", re.compile(r"(?:~|null|)\Z"))]
        for first in ("~", "n", "")
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                problem = "a key must be plain text"
            elif key in seen:
                problem = f"the key “{key}” stands twice"
            else:
                seen.add(key)
                continue
            raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
        return super().construct_mapping(node, deep)
