"""The pages a person sees that are not a form: shells, the list of polls, refusals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from ..errors import Problem
from ..poll import Poll
from ..questionnaire import Text
from .module import assets

_SHELL = """<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{css}">
{head}</head>
<body>
{body}
</body>
</html>
"""
BROKEN = (
    '<p class="zf zf-failed" role="alert">这个表单现在打不开，请告诉工作人员。 '
    '<span lang="en">This form cannot be opened just now; please tell the staff.</span></p>'
)
NO_SCRIPT = "请打开浏览器的 JavaScript 后填写。 Please switch on JavaScript to fill in this form."


def shell(title: str, body: str, *, head: str = "", lang: str = "zh-CN") -> str:
    """Return a whole page; ``title`` is escaped here, ``head`` and ``body`` are markup."""
    css = assets()["form.css"].url
    return _SHELL.format(lang=lang, title=escape(title), css=css, head=head, body=body)


def _both(text: Text) -> str:
    english = f' <small lang="en">{escape(text.en)}</small>' if text.en else ""
    return f"{escape(text.zh)}{english}"


def form_page(definition: dict[str, Any]) -> str:
    """Return the plain page of a poll: it carries its definition, the script is one cached file."""
    form, script = assets()["form.js"].url, assets()["page.js"].url
    data = json.dumps(definition, ensure_ascii=False, separators=(",", ":"))
    data = data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    body = (
        f'<div id="zf-form"></div>\n<noscript><main class="zf"><p>{NO_SCRIPT}</p></main></noscript>\n'
        f'<script type="application/json" id="zf-definition">{data}</script>'
    )
    head = f'<link rel="modulepreload" href="{form}">\n<script type="module" src="{script}"></script>\n'
    return shell(definition["title"]["zh"], body, head=head)


def index_page(polls: Sequence[Poll], forms: Sequence[tuple[str, Text]]) -> str:
    """Return the front page: open polls, then the forms that Voila shows."""
    open_now = "".join(
        f'<li><a href="/p/{quote(p.name)}">{_both(p.title)}</a> <small>{escape(p.name)}</small></li>'
        for p in polls
    )
    shown = "".join(
        f'<li><a href="/voila/render/{quote(name)}.ipynb">{_both(title)}</a> <small>{escape(name)}'
        "</small></li>"
        for name, title in forms
    )
    nothing = "<p>现在没有开放的测评。 No poll is open now.</p>"
    body = (
        '<main class="zf zf-site"><h1>问卷与测评 <small lang="en">Forms</small></h1>'
        f'<h2>正在进行 <small lang="en">Open now</small></h2>{_list(open_now) or nothing}'
        '<h2>在会议室或自查时用 <small lang="en">In meeting rooms (Voila)</small></h2>'
        f"{_list(shown)}</main>"
    )
    return shell("问卷与测评", body)


def _list(items: str) -> str:
    return f"<ul>{items}</ul>" if items else ""


def refusal_page(problem: Problem, *, links: str = "") -> str:
    """Return a page that says what is wrong and where to go."""
    body = (
        f'<main class="zf zf-site"><h1>{escape(problem.zh)}</h1>'
        f'<p lang="en">{escape(problem.en)}</p>{links}'
        '<p><a href="/">返回首页 <span lang="en">Front page</span></a></p></main>'
    )
    return shell("问卷与测评", body)


def full_page(polls: Sequence[Poll]) -> str:
    """Return the page past the kernel cap: the plain pages need no kernel."""
    plain = "".join(f'<li><a href="/p/{quote(p.name)}">{_both(p.title)}</a></li>' for p in polls)
    return refusal_page(Problem("kernels-full"), links=_list(plain))
