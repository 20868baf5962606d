"""The demo county's ledgers: who is who by post, three years of entries, planted truths T7 and T12."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from ..ledger import Book, Change, Post, chains_of
from ..store import Home
from . import county
from .appeals import Appeal, appeals, visited, write_appeals
from .diary import CLERK, Diary
from .problems import write_problems, write_tasks

UNTIL = dt.date(2022, 12, 31)
OFFICE = "作风办"
PROPOSALS = 180
OVERLOADED, LOAD = "县直单位03-分管领导", 12  # one person on a dozen items
THEMES = ("思想政治", "纪律规矩", "执行落实", "联系群众", "服务群众", "廉洁自律", "减负", "干部关怀", "其他")
FORMS = ("党委中心组", "机关集中学习", "主题党日", "专题培训")


def units() -> tuple[str, ...]:
    """Return the county's towns and its 34 units."""
    towns = [t["name"] for t in county.shape()["towns"]]
    return (*towns, *(f"县直单位{n:02d}" for n in range(1, 35)))


def fill(home: Home, *, small: bool = False) -> Book:
    """Enter three years of ledgers; ``small`` a tenth of them."""
    book, share = Book.open(home), 10 if small else 1
    rng, diary = np.random.default_rng(county.shape()["seed"]), Diary(UNTIL)
    book.registry.put(_registry())
    write_problems(diary, units(), rng, share=share)
    write_tasks(diary, units(), rng, share=share)
    write_appeals(diary, county_appeals(small=small), rng)
    _write_proposals(diary, rng, share)
    _write_learning(diary, rng, share)
    _write_checks(diary, rng, share)
    diary.enter(book)
    _hold(book)
    return book


def county_appeals(*, small: bool = False) -> tuple[Appeal, ...]:
    """Return the county's appeals, the same ones each time."""
    return appeals(county.shape()["seed"], units(), 10 if small else 1)


def fixed(form_id: str, n: int, *, year: int = 2020, small: bool = False) -> dict[str, Any]:
    """Return the answers that tie the n-th HF or XH form of a year to the ledgers."""
    if form_id == "HF":
        forms = _visits(year, small)
        return dict(forms[n % len(forms)])
    if form_id == "XH":
        keys = _problem_keys(year, small)
        return {"XH-A01": keys[n // 3 % len(keys)]}
    return {}


@cache
def _visits(year: int, small: bool) -> tuple[dict[str, Any], ...]:
    return tuple(visited(county_appeals(small=small), year))


@cache
def _problem_keys(year: int, small: bool) -> tuple[str, ...]:
    """Return the numbers that :func:`fill` gives the problems of a year, found again the same way."""
    rng, diary = np.random.default_rng(county.shape()["seed"]), Diary(UNTIL)
    write_problems(diary, units(), rng, share=10 if small else 1)
    return tuple(sorted({key for _, _, _, key, _, _ in diary.lines if key.startswith(f"WT-{year}-")}))


def _registry() -> list[Post]:
    posts = [Post("units", OFFICE), Post("people", f"{OFFICE}-负责人", unit=OFFICE)]
    posts += [Post("people", f"{OFFICE}-核账员", unit=OFFICE), Post("offices", f"{OFFICE}-办公室", unit=OFFICE)]
    for unit in units():
        posts.append(Post("units", unit))
        posts.append(Post("offices", f"{unit}-办公室", unit=unit))
        titles = ("负责人", "分管领导", "岗位1", "岗位2", "岗位3")
        posts += [Post("people", f"{unit}-{title}", unit=unit) for title in titles]
    return posts


def _write_proposals(diary: Diary, rng: np.random.Generator, share: int) -> None:
    """Write what the great discussion brought; whether it is taken up is for people to say."""
    for n in range(PROPOSALS // share):
        key, day = f"JY-2020-{n + 1:04d}", dt.date(2020, 5, 6) + dt.timedelta(days=n % 60)
        theme = THEMES[int(rng.integers(len(THEMES)))]
        diary.write("proposals", day, key, {"tl_ref": f"TL-2020-{n + 1:04d}", "theme": theme})
        if rng.random() < 0.7:
            said = {"support": round(float(rng.uniform(40, 95)), 1), "n": int(rng.integers(20, 120))}
            diary.write("proposals", day + dt.timedelta(days=40), key, said, step="评价")


def _write_learning(diary: Diary, rng: np.random.Generator, share: int) -> None:
    for n in range(240 // share):
        year = 2020 + n % 3
        day = dt.date(year, 1, 10) + dt.timedelta(days=int(rng.integers(0, 350)))
        due = int(rng.integers(12, 60))
        came = due - int(rng.binomial(due, 0.08))
        entry = {"date": day, "form": FORMS[n % 4], "unit": _one(units(), rng), "due_n": due, "n": came}
        diary.write("learning", day, f"XX-{year}-{n + 1:04d}", entry | {"topic": "作风建设", "minutes": 90})


def _write_checks(diary: Diary, rng: np.random.Generator, share: int) -> None:
    """Write checks whose units were drawn at random, with the seed that draws them again."""
    scopes = ("决策部署", "项目推进", "政策落实", "工作纪律", "服务窗口")
    for n in range(90 // share):
        year, seed = 2020 + n % 3, int(rng.integers(1, 10**6))
        day = dt.date(year, 2, 1) + dt.timedelta(days=int(rng.integers(0, 320)))
        unit = _one(units(), np.random.default_rng(seed))
        kind = ("专项督查", "不定期督查", "暗访")[int(rng.integers(3))]
        entry = {"date": day, "kind": kind, "unit": unit, "scope": scopes[n % 5], "sampling": "随机", "seed": seed}
        key = f"DC-{year}-{n + 1:03d}"
        diary.write("checks", day, key, entry)
        diary.write("checks", day + dt.timedelta(days=1), key, {"finding": "窗口有人值班，台账齐全。"}, step="检查")
        diary.write("checks", day + dt.timedelta(days=9), key, {}, step="反馈")


def _one(names: Sequence[str], rng: np.random.Generator) -> str:
    return names[int(rng.integers(len(names)))]


def _hold(book: Book) -> None:
    """Enter the chains of responsibility that open problems and tasks imply, gaps and all."""
    found = chains_of(book.entries("problems", today=UNTIL), book.entries("tasks", today=UNTIL))
    rows = found.to_dict("records")
    changes = []
    for n, row in enumerate(rows):
        values = {str(k): v for k, v in row.items() if k != "chain_id"}
        unit = str(row["unit"])
        values["level1"] = f"{unit}-负责人"
        values["level2"] = values["level2"] if isinstance(values["level2"], str) else f"{unit}-分管领导"
        values["level3a"] = OVERLOADED if n < LOAD else values["level3a"]
        changes.append(Change(str(row["chain_id"]), values))
    book.record("chains", changes, by=CLERK, on=UNTIL)
