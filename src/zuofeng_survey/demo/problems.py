"""The demo county's problems, some of them closed on paper only, and its tasks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from ..ledger import due_days
from .diary import Diary

BY_YEAR = {2020: 260, 2021: 210, 2022: 170}
TASKS = {2020: 84, 2021: 78, 2022: 75}
PAPER_UNIT = "县直单位07"
PAPER_DAY = dt.date(2021, 11, 26)
PAPER_N, PAPER_AGAIN = 14, 5
SOURCES = ("自查", "座谈会", "上门走访", "公开投诉电话", "网络", "来信来访", "专项督查", "测评反馈")
MATTERS = ("窗口中午没有人值班", "材料要跑三个部门", "答复拖了一个多月", "村务公开栏半年没有更新",
           "报表重复填报", "政策讲不清楚", "承诺的路灯没有修", "会议多、下村少")  # fmt: skip
CLAUSES = ("中午和周末安排轮班并公布值班表", "把三张申请表合成一张一次收齐", "答复前由分管领导逐件审核签字",
           "每月五日前更新公开栏并拍照留存", "停止向村里重复要同一张报表", "编印政策问答本发到每个小组",
           "两个月内完成路灯检修并请村民验收", "每周三为下村日不安排会议", "设首问责任牌谁接待谁负责到底",
           "办理进度在微信群里每周通报一次", "请三名群众代表每季度查看一次", "对窗口人员开展两期业务培训")  # fmt: skip
PLACES = ("办事大厅", "村委会", "卫生院", "学校门口", "集贸市场", "文化站", "水厂", "养老院", "车站", "农技站")


def paper_title(n: int) -> str:
    """Return the title of the n-th problem that was closed on paper, whose matter came again."""
    return f"{(*PLACES, '粮站', '敬老院后', '桥头', '苗圃')[n]}排水沟堵塞"


def write_problems(diary: Diary, units: Sequence[str], rng: np.random.Generator, *, share: int = 1) -> None:
    """Write three years of problems; ``share`` 10 writes a tenth."""
    recipes = {unit: _recipes(rng) for unit in units}
    for year, n in BY_YEAR.items():
        paper = PAPER_N if year == PAPER_DAY.year else 0
        for i in range(n // share - paper):
            unit = units[int(rng.integers(len(units)))]
            _problem(diary, f"WT-{year}-{unit}-{i + 1:04d}", unit, next(recipes[unit]), rng)
        for i in range(paper):
            _closed_on_paper(diary, i)


def _recipes(rng: np.random.Generator):
    """Yield measures that no two problems of a unit share."""
    triples = list(combinations(range(len(CLAUSES)), 3))
    for at in rng.permutation(len(triples)):
        yield "\n".join(CLAUSES[i] for i in rng.permutation(triples[at]))


def _problem(diary: Diary, key: str, unit: str, measures: str, rng: np.random.Generator) -> None:
    year = int(key[3:7])
    found = dt.date(year, 1, 6) + dt.timedelta(days=int(rng.integers(0, 300)))
    term = found + dt.timedelta(days=int(rng.integers(30, 120)))
    matter = MATTERS[int(rng.integers(len(MATTERS)))]
    entry = {
        **_held_by(unit, int(rng.integers(1, 4))),
        "found_date": found,
        "source": SOURCES[int(rng.integers(len(SOURCES)))],
        "title": f"{PLACES[int(rng.integers(len(PLACES)))]}{matter}",
        "detail": f"群众反映：{matter}。",
        "area6": f"area.{int(rng.integers(1, 7))}",
        "focus8": f"focus.{int(rng.integers(1, 9))}",
        "ailment5": [("庸", "懒", "散", "浮", "拖")[int(rng.integers(5))]],
        "measures": measures,
        "mend_by": term,
    }
    diary.write("problems", found + dt.timedelta(days=2), key, entry)
    diary.write("problems", found + dt.timedelta(days=5), key, {}, step="立项")
    day = found + dt.timedelta(days=20)
    diary.write("problems", day, key, {"progress": "措施已经布置，正在落实。"})
    if rng.random() < 0.08:  # put off, now and then again and again
        for n in range(1, int(rng.integers(1, 5)) + 1):
            term += dt.timedelta(days=30)
            diary.write("problems", day + dt.timedelta(days=7 * n), key, {"mend_by": term})
        day += dt.timedelta(days=35)
    late = int(rng.integers(-10, 5)) if rng.random() < 0.85 else int(rng.integers(10, 90))
    if rng.random() < 0.93:
        _close(diary, key, unit, max(term + dt.timedelta(days=late), day + dt.timedelta(days=7)), rng)


def _close(diary: Diary, key: str, unit: str, applied: dt.date, rng: np.random.Generator) -> None:
    """Apply, be accepted (or sent back once), be closed, be looked at again."""
    evidence = {"evidence": f"整改照片 {int(rng.integers(2, 9))} 张\n签字记录", "measures_done": True}
    if rng.random() < 0.1:
        diary.write("problems", applied, key, evidence | {"applied_date": applied}, step="申请销号")
        diary.write("problems", applied + dt.timedelta(days=6), key, {}, step="退回")
        diary.write("problems", applied + dt.timedelta(days=8), key, {}, step="重新整改")
        applied += dt.timedelta(days=30)
    closed = applied + dt.timedelta(days=int(rng.integers(10, 25)))
    diary.write("problems", applied, key, evidence | {"applied_date": applied}, step="申请销号")
    diary.write("problems", applied + dt.timedelta(days=5), key, {}, step="组织验收")
    accepted = {"acceptance": f"XH-{closed.year}", "witnesses": 2, "relapsed": False, "published": True}
    signed = {"approver": f"{unit}-负责人", "closed_date": closed}
    diary.write("problems", closed, key, accepted | signed, step="销号")
    look = closed + dt.timedelta(days=120)
    if rng.random() < 0.06:
        again = {"mend_by": look + dt.timedelta(days=60)}
        diary.write("problems", look, key, again, step="反弹重开")
        return
    diary.write("problems", look, key, {"lookback": "现场查看，没有反弹。", "lookback_date": look}, step="开始回头看")
    diary.write("problems", look + dt.timedelta(days=7), key, {}, step="归档")


def _closed_on_paper(diary: Diary, n: int) -> None:
    """Write a problem that was closed on one day with thirteen others, without evidence (T7)."""
    key = f"WT-{PAPER_DAY.year}-{PAPER_UNIT}-{9001 + n}"
    found = dt.date(2021, 4, 1) + dt.timedelta(days=3 * n)
    entry = {
        **_held_by(PAPER_UNIT, n % 3 + 1),
        "found_date": found,
        "source": "公开投诉电话",
        "title": paper_title(n),
        "detail": "雨后积水，多次反映。",
        "area6": "area.4",
        "focus8": "focus.5",
        "ailment5": ["浮", "拖"],
        "measures": f"高度重视，加强领导，压实责任，立行立改，举一反三，确保第{n + 1}处问题整改到位。",
        "mend_by": dt.date(2021, 10, 31),
    }
    diary.write("problems", found + dt.timedelta(days=2), key, entry)
    diary.write("problems", found + dt.timedelta(days=9), key, {}, step="立项")
    diary.write("problems", PAPER_DAY, key, {"closed_date": PAPER_DAY}, step="补录线下销号")


def _held_by(unit: str, n: int) -> dict[str, str]:
    people = {"leader": f"{unit}-分管领导", "owner": f"{unit}-岗位{n}", "office": f"{unit}-办公室"}
    return {"unit": unit, **people}


def write_tasks(diary: Diary, units: Sequence[str], rng: np.random.Generator, *, share: int = 1) -> None:
    """Write three years of tasks through their four stages; some report more than is found."""
    for year, n in TASKS.items():
        for i in range(n // share):
            _task(diary, f"GZ-{year}-{i + 1:03d}", units[int(rng.integers(len(units)))], rng)


def _task(diary: Diary, key: str, unit: str, rng: np.random.Generator) -> None:
    year, due = int(key[3:7]), due_days(int(key[3:7]))
    owner = f"{unit}-岗位{int(rng.integers(1, 4))}"
    begun = dt.date(year, 1, int(rng.integers(6, 28)))
    entry = {
        "year": year,
        "category": ("重点工作", "重点项目", "县委决策部署")[int(rng.integers(3))],
        "title": f"{unit}年度任务{key[-3:]}",
        "unit": unit,
        "target": "年底前完成既定工程量并通过验收",
        "quarter_plan": "一季 20%\n二季 50%\n三季 80%\n四季 100%",
        "leader_first": f"{unit}-负责人",
        "leader_line": f"{unit}-分管领导" if rng.random() < 0.95 else "",
        "office": f"{unit}-办公室" if rng.random() < 0.97 else "",
        "owner": owner,
        "deployed_date": begun,
        "measures_date": begun + dt.timedelta(days=int(rng.integers(1, 20))),
        **due,
    }
    diary.write("tasks", begun + dt.timedelta(days=21), key, entry)
    true = np.cumsum(rng.uniform(14, 28, size=4)).clip(max=100).round(0)
    boast = float(rng.choice([0, 0, 0, 3, 8, 18]))
    for quarter in range(4):
        name = f"q{quarter + 1}"
        day = due[f"{name}_due"] - dt.timedelta(days=int(rng.integers(-4, 9)))
        told = {f"{name}_pct": min(true[quarter] + boast, 100), f"{name}_text": "按计划推进。", f"{name}_date": day}
        diary.write("tasks", day, key, told, step=f"{'一二三四'[quarter]}季报账")
        if quarter == 1:
            day = due["h1_due"] - dt.timedelta(days=int(rng.integers(0, 9)))
            seen = {"h1_pct": true[1], "h1_checker": "作风办-核账员", "h1_date": day}
            diary.write("tasks", day, key, seen, step="半年核账")
    day = max(due["y_due"] - dt.timedelta(days=int(rng.integers(0, 3))), day)
    result = "完成" if true[3] >= 90 else "部分完成"
    end = {"y_result": result, "y_pct": true[3], "y_reason": "" if result == "完成" else "资金到位晚",
           "y_approver": "作风办-负责人", "y_date": day}  # fmt: skip
    diary.write("tasks", day, key, end, step="年终清账")
