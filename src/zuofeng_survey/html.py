"""The one place that makes HTML from data: it escapes everything and does all the rounding."""

from __future__ import annotations

import html
import math
from typing import Any

import pandas as pd

SHARES = ("rate", "share", "p_bottom")
HEADINGS = {
    "target": "编号",
    "label": "对象",
    "estimate": "得分",
    "se": "标准误",
    "rank": "名次",
    "lower": "名次上限",
    "upper": "名次下限",
    "p_bottom": "末位概率",
    "n": "票数",
    "good_rate": "称职（较好）以上率",
    "dk_rate": "不了解",
}


def escape(value: Any) -> str:
    """Return text that a browser shows literally.

    >>> escape("<b>")
    '&lt;b&gt;'
    """
    return html.escape(str(value), quote=True)


def shown(value: Any, column: str = "") -> str:
    """Round one value for display: shares as percentages, other numbers to two places.

    >>> shown(0.125, "dk_rate"), shown(3.14159), shown(float("nan")), shown(7)
    ('12.5%', '3.14', '—', '7')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "—"
    if isinstance(value, float):
        is_share = any(mark in str(column) for mark in SHARES)
        return f"{100 * value:.1f}%" if is_share else f"{value:.2f}"
    return str(value)


def table_html(frame: pd.DataFrame, *, caption: str = "") -> str:
    """Return a plain table; every cell and heading is escaped."""
    head = "".join(f"<th scope='col'>{escape(HEADINGS.get(c, c))}</th>" for c in frame.columns)
    rows = [
        "".join(f"<td>{escape(shown(v, c))}</td>" for c, v in zip(frame.columns, row, strict=True))
        for row in frame.itertuples(index=False)
    ]
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table class='zf-table'>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def note(text: str) -> str:
    """Return one paragraph of remark under a table."""
    return f"<p class='zf-note'>{escape(text)}</p>"
