"""A document as one HTML page that needs nothing from anywhere, on a phone, on paper, in the dark."""

from __future__ import annotations

import base64
from importlib import resources
from pathlib import Path
from typing import Any

from .. import charts
from ..html import escape, note
from .files import put
from .tree import Callout, Document, FillIn, Heading, Paragraph, Picture, Table

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
SCREEN = 340  # of the drawing, without its labels: on a phone it shrinks to the page and can still be read
PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>
{style}
</style></head>
<body><main>
{body}
</main></body></html>
"""


def write_html(document: Document, path: str | Path) -> Path:
    """Write the document as one .html file.

    Raises
    ------
    StorageError
        ``report-write``.
    """
    return put(path, html_of(document).encode())


def html_of(document: Document) -> str:
    """Return the document as a page; all text is escaped, charts are pictures inside it."""
    style = resources.files("zuofeng_survey.report").joinpath("report.css").read_text("utf-8")
    head = [f"<p class='zf-number'>{escape(document.number)}</p>"] if document.number else []
    head.append(f"<h1>{escape(document.title)}</h1>")
    if document.to:
        head.append(f"<p class='zf-to'>{escape(document.to)}：</p>")
    body = [_part(said, part) for said, part in document.numbered()]
    if document.office or document.date:
        lines = "<br>".join(escape(t) for t in (document.office, document.dated) if t)
        body.append(f"<p class='zf-signed'>{lines}</p>")
    return PAGE.format(
        policy=POLICY, title=escape(document.title), style=style, body="\n".join([*head, *body])
    )


def _part(said: str, part: Any) -> str:
    if isinstance(part, Heading):
        return f"<h{part.level + 1}>{escape(said + part.text)}</h{part.level + 1}>"
    if isinstance(part, Paragraph):
        return note(part.text, kind=part.tone)
    if isinstance(part, Table):
        return _table(said, part)
    if isinstance(part, Picture):
        return _picture(said, part)
    return _callout(part) if isinstance(part, Callout) else _fill_in(part)


def _table(said: str, table: Table) -> str:
    caption = escape(f"{said}　{table.caption}")
    side = [" class='zf-right'" if right else "" for right in table.numeric]
    head = "".join(f"<th scope='col'{c}>{escape(t)}</th>" for t, c in zip(table.columns, side, strict=True))
    rows = "".join(
        "<tr>" + "".join(f"<td{c}>{escape(t)}</td>" for t, c in zip(row, side, strict=True)) + "</tr>"
        for row in table.rows
    )
    notes = "".join(note(f"{'注：' if n == 0 else ''}{t}") for n, t in enumerate(table.notes))
    return (
        f"<div class='zf-scroll' tabindex='0' role='region' aria-label='{caption}'>"
        f"<table class='zf-table'><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>{notes}"
    )


def _picture(said: str, picture: Picture) -> str:
    drawn = base64.b64encode(charts.svg(picture.chart, width=SCREEN).encode()).decode()
    caption = escape(f"{said}　{picture.caption}")
    return (
        f"<figure><img alt='{escape(picture.alt)}' src='data:image/svg+xml;base64,{drawn}'>"
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _callout(callout: Callout) -> str:
    lines = "".join(f"<p>{escape(t)}</p>" for t in callout.lines)
    title = escape(callout.title)
    return f"<aside class='zf-callout' aria-label='{title}'><h2>{title}</h2>{lines}</aside>"


def _fill_in(form: FillIn) -> str:
    rows = "".join(
        f"<tr><th scope='row'>{escape(label)}</th><td style='height:{lines * 2.2:.1f}em'></td></tr>"
        for label, lines in form.fields
    )
    said = note(form.note) if form.note else ""
    return f"<table class='zf-fill'><caption>{escape(form.title)}</caption><tbody>{rows}</tbody></table>{said}"
