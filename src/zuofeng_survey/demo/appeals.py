"""The demo county's appeals, and what their makers say when somebody calls on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from .diary import Diary
from .problems import PAPER_AGAIN, PAPER_DAY, PAPER_UNIT, paper_title

BY_YEAR = {2020: 620, 2021: 580, 2022: 540}
ACCEPT_ON_TIME, FINISH_ON_TIME, REACHED = 0.93, 0.88, 0.62
SUFFERED = {2020: 3, 2021: 0, 2022: 0}  # T12: three say they were made to suffer for it
KINDS = ("申诉求决", "建议意见", "咨询", "检举控告")
SHARES = (0.58, 0.24, 0.14, 0.04)
MODES = ("马上办", "上门办", "主动办", "逐步办", "协调办", "公开办")
CHANNELS = ("来信", "来访", "电话", "网络", "举报箱", "网格员", "座谈走访")
SUMMARIES = ("低保申请没有回音", "邻里宅基地界线", "自来水水压不够", "征地补偿款没有到账",
             "医保报销比例没讲清楚", "校车站点太远", "路面破损", "种粮补贴名单有误")  # fmt: skip
RESULTS = ("支持", "部分支持", "解释说明", "不支持", "调解和解")


@dataclass(frozen=True, slots=True)
class Appeal:
    """One appeal as it came and went; days that did not come are None."""

    key: str
    kind: str
    unit: str
    received: dt.date
    accepted: dt.date
    replied: dt.date | None
    extended: bool
    told: bool
    unclear: bool
    summary: str
    rework: bool


@cache
def appeals(seed: int, units: tuple[str, ...], share: int = 1) -> tuple[Appeal, ...]:
    """Return three years of appeals, the same for the same seed; ``share`` 10 returns a tenth."""
    rng = np.random.default_rng(seed + 3)
    found = []
    for year, n in BY_YEAR.items():
        offset = PAPER_AGAIN if year == PAPER_DAY.year else 0
        found += [_drawn(f"SQ-{year}-{i + 1:06d}", units, rng) for i in range(n // share - offset)]
        found += [_again(f"SQ-{year}-{900001 + i}", i) for i in range(offset)]
    return tuple(found)


def _drawn(key: str, units: Sequence[str], rng: np.random.Generator) -> Appeal:
    received = dt.date(int(key[3:7]), 1, 1) + dt.timedelta(days=int(rng.integers(0, 360)))
    on_time = rng.random() < ACCEPT_ON_TIME
    accepted = received + dt.timedelta(days=int(rng.integers(0, 16) if on_time else rng.integers(16, 30)))
    extended = bool(rng.random() < 0.06)
    finishes = rng.random() < FINISH_ON_TIME
    days = rng.integers(61, 90) if extended else rng.integers(12, 61)
    replied = accepted + dt.timedelta(days=int(days if finishes else rng.integers(92, 150)))
    return Appeal(
        key,
        kind=str(rng.choice(KINDS, p=SHARES)),
        unit=units[int(rng.integers(len(units)))],
        received=received,
        accepted=accepted,
        replied=replied if rng.random() < 0.98 else None,
        extended=extended,
        told=bool(rng.random() < 0.9),
        unclear=bool(rng.random() < 0.03),
        summary=SUMMARIES[int(rng.integers(len(SUMMARIES)))],
        rework=bool(rng.random() < 0.05),
    )


def _again(key: str, n: int) -> Appeal:
    """Return an appeal about something closed on paper, within 180 days (T7)."""
    received = PAPER_DAY + dt.timedelta(days=5 + 6 * n)
    accepted = received + dt.timedelta(days=6)
    replied = accepted + dt.timedelta(days=40)
    summary = f"{paper_title(n)}，上报说已整改，下雨仍积水"
    return Appeal(key, "申诉求决", PAPER_UNIT, received, accepted, replied, False, False, False, summary, False)


def write_appeals(diary: Diary, found: Sequence[Appeal], rng: np.random.Generator) -> None:
    """Write the five steps of each appeal; of an accusation its number and the day it was passed on."""
    for one in found:
        if one.kind == "检举控告":
            passed = one.received + dt.timedelta(days=2)
            diary.write("appeals", passed, one.key, {"kind": one.kind, "transfer_at": passed})
            continue
        entry = {
            "received_at": dt.datetime.combine(one.received, dt.time(int(rng.integers(8, 18)))),
            "channel": CHANNELS[int(rng.integers(len(CHANNELS)))],
            "kind": one.kind,
            "summary": one.summary,
            "identity_unclear": one.unclear,
        }
        diary.write("appeals", one.received, one.key, entry)
        _handle(diary, one, rng)


def _handle(diary: Diary, one: Appeal, rng: np.random.Generator) -> None:
    mode = {"accept_notice_at": one.accepted, "six_mode": MODES[int(rng.integers(len(MODES)))]}
    diary.write("appeals", one.accepted, one.key, mode, step="受理")
    assigned = one.accepted + dt.timedelta(days=2)
    diary.write("appeals", assigned, one.key, {"assigned_to": one.unit, "assigned_at": assigned}, step="交办")
    diary.write("appeals", assigned + dt.timedelta(days=1), one.key, {}, step="办理")
    if one.extended:
        day = one.accepted + dt.timedelta(days=50)
        longer = {"extend_at": day, "extend_by": f"{one.unit}-负责人", "extend_days": 30, "extend_notice": one.told}
        diary.write("appeals", day, one.key, longer, step="延期")
    if one.replied is None:
        return
    replied = max(one.replied, assigned + dt.timedelta(days=1))
    result = {"result": RESULTS[int(rng.integers(len(RESULTS)))], "replied_at": replied}
    if one.rework:
        diary.write("appeals", replied, one.key, result, step="答复")
        diary.write("appeals", replied, one.key, {}, step="退回重办")
    diary.write("appeals", replied, one.key, result, step="答复")
    visit = replied + dt.timedelta(days=12)
    diary.write("appeals", visit, one.key, {"visitor": "作风办", "visited_at": visit}, step="回访")
    diary.write("appeals", visit + dt.timedelta(days=10), one.key, {"score": "程序完整"}, step="考评")
    diary.write("appeals", visit + dt.timedelta(days=24), one.key, {}, step="归档")


def visited(found: Sequence[Appeal], year: int) -> list[dict[str, Any]]:
    """Return what is fixed in the HF forms of one year: the number, the attempt, and T12's answers.

    One form for each answered petition of the year that could be reached. Three of 2020
    say that their makers suffered for it; the others say no.
    """
    rng = np.random.default_rng(year)
    due = [a for a in found if a.kind == "申诉求决" and a.replied and a.received.year == year]
    reached = [a.key for a in due if rng.random() < REACHED]
    suffered = set(reached[7 : 7 + SUFFERED[year]])
    return [
        {"HF-A01": key, "HF-A04": "done", "HF-A05": 1, "HF-E02": "1" if key in suffered else "0"}
        for key in reached
    ]
