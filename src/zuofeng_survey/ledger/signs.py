"""Six signs that a problem may have been closed on paper only. Flags for people to look; never a verdict.

Whether a close-out was 虚假、表面 or 敷衍 (``fake3``) is written by a person's hand, by nobody else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from ..html import note, table_html

SIGNS = {
    "evidence": "无佐证即销号",
    "same_day": "同日批量销号≥10件",
    "alike": "措施文本高度雷同≥0.9",
    "unseen": "无群众验收",
    "again": "销号后180日内同类再诉",
    "put_off": "整改期限反复顺延≥3次",
}
BATCH, ALIKE, AGAIN_DAYS, TIMES = 10, 90.0, 180, 3
LONG_ENOUGH = 12  # a measure of fewer characters is alike by chance
SHORT = 4  # characters of a title that mean something when found in a summary
EMPTY = ("", "无", "略", "见附件", "后补", "待补", "/", "-")
COLUMNS = ["issue_id", "unit", "sign", "detail"]
HEADINGS = {"issue_id": "问题编号", "unit": "责任单位", "sign": "迹象", "detail": "依据"}


@dataclass(frozen=True, slots=True, eq=False)
class Signs:
    """What to look at, one row a problem and sign.

    Attributes
    ----------
    rows : DataFrame
        ``issue_id``, ``unit``, ``sign`` (a key of ``SIGNS``), ``detail``.
    closed : int
        How many problems were closed, by any road, and so looked at.
    """

    rows: pd.DataFrame
    closed: int

    def table(self) -> pd.DataFrame:
        """Return the flags; the sign in the plan's words."""
        return self.rows.assign(sign=self.rows["sign"].map(SIGNS))

    def units(self) -> pd.DataFrame:
        """Return how many problems of each unit show each sign."""
        return pd.crosstab(self.rows["unit"], self.rows["sign"]).rename(columns=SIGNS)

    def _repr_html_(self) -> str:
        said = f"在 {self.closed} 件已销号的问题中提示；是否虚假、表面、敷衍整改由人核实后判定。"
        return table_html(self.table(), headings=HEADINGS) + note(said)


def closing_signs(
    problems: pd.DataFrame, events: pd.DataFrame, appeals: pd.DataFrame | None = None
) -> Signs:
    """Find the six signs in a problem ledger.

    Parameters
    ----------
    problems : DataFrame
        ``Book.entries("problems")``.
    events : DataFrame
        ``Book.events("problems")``, which know how often a term was put off.
    appeals : DataFrame, optional
        ``Book.entries("appeals")``, for what came again: the same unit, and a summary that names the
        problem's number or holds its title, nearly word for word.

    Notes
    -----
    Likeness is RapidFuzz's ``ratio``: 1 − insertions and deletions over all characters. A person can
    redo it on two texts, and it does not change when other problems are added, as a cosine of TF-IDF
    (scikit-learn) would. Closing here takes evidence and witnesses; what was closed elsewhere
    (线下销号) is looked at like all others, and there the first and fourth sign come from.
    """
    closed = problems[problems["closed_date"].notna()]
    parts = [
        _flag(closed[closed["evidence"].fillna("").str.strip().isin(EMPTY)], "evidence", "佐证栏空"),
        _same_day(closed),
        _alike(closed),
        _flag(closed[closed["witnesses"].fillna(0).astype(int) < 2], "unseen", "亲见验收不足两份"),
        _again(closed, appeals),
        _put_off(problems, events),
    ]
    rows = pd.concat(parts, ignore_index=True).sort_values(["issue_id", "sign"], ignore_index=True)
    return Signs(rows[COLUMNS], len(closed))


def _flag(rows: pd.DataFrame, sign: str, detail: object) -> pd.DataFrame:
    return rows[["issue_id", "unit"]].assign(sign=sign, detail=detail)


def _same_day(closed: pd.DataFrame) -> pd.DataFrame:
    """Mark the days on which one unit closed ten and more."""
    n = closed.groupby(["unit", "closed_date"])["issue_id"].transform("size")
    many = closed[n >= BATCH]
    day = many["closed_date"].dt.strftime("%Y-%m-%d")
    return _flag(many, "same_day", day + " 同日 " + n[n >= BATCH].astype(str) + " 件")


def _alike(closed: pd.DataFrame) -> pd.DataFrame:
    """Mark measures that stand almost word for word in another problem of the unit."""
    found = []
    texts = closed["measures"].fillna("").str.replace(r"\s", "", regex=True)
    long = closed[texts.str.len() >= LONG_ENOUGH]
    for _, rows in long.groupby("unit"):
        if len(rows) < 2:
            continue
        words = texts[rows.index].tolist()
        likeness = process.cdist(words, words, scorer=fuzz.ratio, score_cutoff=ALIKE)
        np.fill_diagonal(likeness, 0)
        nearest = likeness.argmax(axis=1)
        hit = likeness.max(axis=1) >= ALIKE
        other = rows["issue_id"].to_numpy()[nearest[hit]]
        percent = likeness.max(axis=1)[hit].round().astype(int)
        said = [f"与 {o} 相同 {p}%" for o, p in zip(other, percent, strict=True)]
        found.append(_flag(rows[hit], "alike", said))
    return pd.concat(found) if found else _flag(closed.iloc[:0], "alike", "")


def _again(closed: pd.DataFrame, appeals: pd.DataFrame | None) -> pd.DataFrame:
    """Mark problems that somebody appeals about, at the same unit, within 180 days of the close-out."""
    if appeals is None or closed.empty:
        return _flag(closed.iloc[:0], "again", "")
    known = appeals[appeals["summary"].notna() & appeals["assigned_to"].notna()]
    pairs = closed.merge(known, left_on="unit", right_on="assigned_to", suffixes=("", "_appeal"))
    after = (pairs["received_at"].dt.normalize() - pairs["closed_date"]).dt.days
    pairs = pairs[(after > 0) & (after <= AGAIN_DAYS)]
    same = [
        issue in summary or (len(title) >= SHORT and fuzz.partial_ratio(title, summary) >= ALIKE)
        for issue, title, summary in zip(
            pairs["issue_id"], pairs["title"], pairs["summary"], strict=True
        )
    ]
    hit = pairs[np.array(same, dtype=bool)].sort_values("received_at").drop_duplicates("issue_id")
    return _flag(hit, "again", "再诉 " + hit["appeal_id"])


def _put_off(problems: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Mark terms that were moved later three times and more."""
    moved = events[(events["field"] == "mend_by") & events["old"].notna() & events["new"].notna()]
    later = moved[moved["new"].astype(str) > moved["old"].astype(str)]
    times = later.groupby("key").size()
    many = problems[problems["issue_id"].map(times).fillna(0) >= TIMES]
    n = many["issue_id"].map(times).astype(int).astype(str)
    return _flag(many, "put_off", "顺延 " + n + " 次")
