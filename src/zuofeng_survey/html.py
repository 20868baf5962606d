"""The one place that makes HTML from data: it escapes everything and does all the rounding."""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

SHARES = ("rate", "share", "p_bottom")
ONE_PLACE = ("estimate", "se", "index", "weighted", "weighted_se", "middle", "difference", "gap")
BANDED = ("good_rate", "satisfied_rate")
FEW = 100
HEADINGS = {
    "target": "编号",
    "label": "对象",
    "estimate": "得分",
    "se": "标准误",
    "set": "名次范围",
    "rank": "名次",
    "lower": "名次上限",
    "upper": "名次下限",
    "p_bottom": "重抽落末位",
    "n": "票数",
    "good_rate": "称职（较好）以上率",
    "dk_rate": "不了解",
    "area": "编号",
    "group_label": "分组",
    "index": "满意指数",
    "satisfied_rate": "满意率",
    "lower_rate": "区间下限",
    "upper_rate": "区间上限",
    "known_rate": "知晓率",
    "rank_lower": "名次上限",
    "rank_upper": "名次下限",
    "variant": "算法",
    "bottom": "末位",
    "changed": "换人",
    "voter_class": "类别",
    "issued": "应收",
    "cast": "收回",
    "valid": "有效",
    "return_rate": "收回率",
    "remark": "岗位说明",
    "n_eff": "有效人数",
    "unit": "单位",
    "count": "件数",
    "open": "未销号",
    "closed": "已销号",
    "overdue": "逾期",
    "closed_rate": "销号率",
    "overdue_rate": "逾期率",
    "year": "年份",
    "state": "状态",
    "weighted": "加权指数",
    "weighted_se": "加权标准误",
    "weighted_rank": "加权名次",
    "weighted_rank_lower": "加权名次上限",
    "weighted_rank_upper": "加权名次下限",
    "middle": "平均",
    "difference": "相差",
    "dim_label": "方面",
}


def escape(value: Any) -> str:
    """Return text that a browser shows literally.

    >>> escape("<b>")
    '&lt;b&gt;'
    """
    return html.escape(str(value), quote=True)


def shown(value: Any, column: str = "", n: float = math.inf) -> str:
    """Round one value for display.

    Shares become percentages, with one decimal only where they rest on ``n`` of 100 or more; a
    rate of all or none of a group is shown as a band, so that nobody's answer can be read off.

    >>> shown(0.125, "dk_rate"), shown(0.125, "dk_rate", 48), shown(1.0, "good_rate")
    ('12.5%', '12%', '≥90%')
    >>> shown(0.0, "p_bottom"), shown(0.3333, "p_bottom", 48)
    ('<1%', '33%')
    >>> shown(3.14159), shown(float("nan")), shown(7), shown(True), shown(71.26, "estimate")
    ('3.14', '—', '7', '是', '71.3')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "—"
    if isinstance(value, bool):
        return "是" if value else "否"
    if not isinstance(value, float):
        return str(value)
    if column == "p_bottom" and not 0.005 <= value < 0.995:
        return "<1%" if value < 0.5 else ">99%"
    if any(mark in str(column) for mark in SHARES):
        if column in BANDED and value in (0.0, 1.0):
            return "≥90%" if value else "≤10%"
        return f"{100 * value:.0f}%" if n < FEW else f"{100 * value:.1f}%"
    if value.is_integer() and column not in ONE_PLACE:
        return f"{value:.0f}"
    return f"{value:.1f}" if column in ONE_PLACE else f"{value:.2f}"


def p_said(p: float, space: str = "") -> str:
    """Return a p-value as it is read, with its sign.

    >>> "p" + p_said(0.302), "p" + p_said(0.0001), "p" + p_said(0.302, " ")
    ('p=0.302', 'p<0.001', 'p = 0.302')
    """
    return f"{space}<{space}0.001" if p < 0.0005 else f"{space}={space}{p:.3f}"


def span(first: float, last: float) -> str:
    """Return a set of ranks as it is read: one rank alone, or from one to another.

    >>> span(2, 11), span(1.0, 1.0), span(float("nan"), 3)
    ('2—11', '1', '—')
    """
    if first != first or last != last:
        return "—"
    return f"{first:.0f}" if first == last else f"{first:.0f}—{last:.0f}"


def shown_column(values: Sequence[Any], column: str = "", n: Sequence[float] = ()) -> list[str]:
    """Round a column for display: numbers that are no share have equally many decimals.

    >>> shown_column([100.0, 95.7, float("nan")]), shown_column([4.0, 2.0]), shown_column([4.0, 1.467])
    (['100.0', '95.7', '—'], ['4', '2'], ['4.00', '1.47'])
    """
    said = [shown(v, column, of) for v, of in zip(values, n or [math.inf] * len(values), strict=True)]
    plain = [v for v in values if isinstance(v, float) and math.isfinite(v)]
    if column in ONE_PLACE or any(mark in str(column) for mark in SHARES) or not plain:
        return said
    places = next((d for d in (0, 1) if all(abs(v - round(v, d)) < 1e-9 for v in plain)), 2)
    return [f"{v:.{places}f}" if isinstance(v, float) and math.isfinite(v) else t for v, t in zip(values, said, strict=True)]


def shown_table(frame: pd.DataFrame, *, headings: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return the table as a reader sees it: every cell rounded to text, headings in Chinese."""
    of = next((frame[c].tolist() for c in ("n", "issued") if c in frame), [])
    said = {c: shown_column(frame[c].tolist(), c, of) for c in frame.columns}
    names = {**HEADINGS, **(headings or {})}
    return pd.DataFrame(said, index=frame.index).rename(columns=names)


def table_html(
    frame: pd.DataFrame, *, caption: str = "", headings: Mapping[str, str] | None = None
) -> str:
    """Return a plain table; every cell and heading is escaped.

    Words stand to the left, figures to the right: said in each cell, since a notebook has no style
    sheet of ours.
    """
    said = shown_table(frame, headings=headings)
    side = [_side(said.iloc[:, i].tolist()) for i in range(said.shape[1])]
    head = "".join(f"<th scope='col'{at}>{escape(c)}</th>" for c, at in zip(said.columns, side, strict=True))
    rows = [
        "".join(f"<td{at}>{escape(v)}</td>" for v, at in zip(row, side, strict=True))
        for row in said.itertuples(index=False)
    ]
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        "<div class='zf-scroll' tabindex='0' role='region' aria-label='"
        f"{escape(caption or '表格')}'><table class='zf-table'>{title}<thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _side(cells: Sequence[str]) -> str:
    """Return the attribute that sets a column of words to the left; figures are right as they are.

    >>> _side(["1—3", "<1%"]), _side(["甲镇", "1"]), _side([])
    ('', " style='text-align:left'", '')
    """
    return " style='text-align:left'" if any(c.isalpha() for cell in cells for c in cell if c not in "人分") else ""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A table as a notebook shows it: drawn where there is a page, as text anywhere else.

    In a page a Chinese character is seldom as wide as two letters, so columns of text would not meet.

    >>> Shown(pd.DataFrame({"label": ["甲"], "n": [7]}))
    对象  票数
    甲       7
    """

    frame: pd.DataFrame
    headings: Mapping[str, str] | None = None

    def __repr__(self) -> str:
        return table_text(self.frame, headings=self.headings)

    def _repr_html_(self) -> str:
        return table_html(self.frame, headings=self.headings)


def table_text(frame: pd.DataFrame, *, headings: Mapping[str, str] | None = None) -> str:
    """Return the table as text for reports; a Chinese character is as wide as two letters.

    >>> print(table_text(pd.DataFrame({"label": ["甲", "ab"], "n": [7, 12]})))
    对象  票数
    甲       7
    ab      12
    """
    said = shown_table(frame, headings=headings)
    rows = [
        [str(c) for c in said.columns],
        *(list(map(str, r)) for r in said.itertuples(index=False)),
    ]
    wide = [max(map(width_of, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first + " " * (wide[0] - width_of(first))]
        cells += [" " * (w - width_of(v)) + v for v, w in zip(others, wide[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def width_of(text: str) -> int:
    """Return how wide a text is in half characters: a Chinese character is two.

    >>> width_of("甲a")
    3
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def note(text: str, *, kind: str = "note") -> str:
    """Return one paragraph of remark; ``kind`` is ``note``, ``warning`` or ``verdict``."""
    return f"<p class='zf-{escape(kind)}'>{escape(text)}</p>"


def heading(text: str, level: int = 2) -> str:
    """Return a heading."""
    return f"<h{level:d}>{escape(text)}</h{level:d}>"
