"""``zuofeng ledger …``: what the ledgers hold, what moves them, and what is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError, nearest
from .options import HOME, FormatOption, HomeOption
from .output import (
    FINDINGS,
    Format,
    catalogued,
    dataset_path,
    json_out,
    problems_out,
    rows_out,
    talk,
)
from .usage import Verbs

if TYPE_CHECKING:
    from ..ledger import Book, Recorded

ledger = typer.Typer(name="ledger", cls=Verbs, no_args_is_help=True, help="台账 Ledgers: problems, tasks, appeals and eleven more.")

ByOption = Annotated[str, typer.Option("--by", help="who, by post 登记岗位，不写姓名")]
DayOption = Annotated[str, typer.Option("--on", help="day, such as 2020-03-02; today if left out 登记日期")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="field=value 字段=值, again and again")]
NameArgument = Annotated[str, typer.Argument(help="ledger, such as problems or 问题台账")]
KeyArgument = Annotated[str, typer.Argument(help="number of the entry 编号")]


def _book(home: Path) -> Book:
    from ..ledger import Book

    return Book.open(home)


def parse_day(text: str, option: str = "--on") -> dt.date:
    """Read a day; an empty one is today.

    Raises
    ------
    UsageError
        ``day-option``.
    """
    try:
        return dt.date.fromisoformat(text) if text else dt.date.today()
    except ValueError as error:
        raise UsageError.of("day-option", option, got=text) from error


def parse_settings(pairs: list[str] | None) -> dict[str, str]:
    """Read ``field=value`` pairs.

    Raises
    ------
    UsageError
        ``set-option``, ``set-twice``.
    """
    found = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError.of("set-option", "--set", got=pair)
        if (name := name.strip()) in found:
            raise UsageError.of("set-twice", "--set", name=name, one=found[name], two=value.strip())
        found[name] = value.strip()
    return found


@ledger.command("list")
@catalogued
def list_ledgers(
    name: Annotated[str, typer.Argument(help="one ledger's entries; all ledgers if left out 台账名")] = "",
    state: Annotated[str, typer.Option("--state", help="only in this state 只看这一状态")] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="only overdue 只看超期")] = False,
    today: Annotated[str, typer.Option("--today", help="day to count from 以哪一天计")] = "",
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """List ledgers, or the entries of one 列出台账. Example: zuofeng ledger list problems --overdue"""
    book, day = _book(home), parse_day(today, "--today")
    if not name:
        _list_all(book, day, format)
        return
    from ..ledger import declaration

    known = declaration(name)
    if state and state not in known.states:
        near = nearest(state, known.states) or "—"
        raise UsageError.of("state-option", "--state", got=state, near=near, known="、".join(known.states))
    rows = book.entries(name, today=day)
    rows = rows[rows["state"] == state] if state else rows
    rows = rows[rows["overdue"]] if overdue else rows
    columns = [c.name for c in known.columns()]
    shown = columns if format is not Format.table else _few(columns)
    rows_out([_plain(r) for r in rows[columns].to_dict("records")], format, shown)


def _list_all(book: Book, day: dt.date, format: Format) -> None:
    from ..ledger import declarations

    rows = []
    for known in declarations().values():
        entries = book.entries(known.name, today=day)
        counts = {"entries": len(entries), "overdue": int(entries["overdue"].sum())}
        rows.append({"id": known.id, "name": known.name, "title": known.title, **counts})
    rows_out(rows, format, ("id", "name", "title", "entries", "overdue"))


def _few(columns: list[str]) -> list[str]:
    """Return the columns that fit on a screen: the key, three that name it, and what is derived."""
    names = [c for c in columns[1:] if c in ("unit", "title", "kind", "assigned_to", "theme", "target_id")]
    return [columns[0], *names[:3], "state", "due", "overdue", "version"]


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row as it is printed: days without hours, several choices in one cell, empty as None."""
    import pandas as pd

    found = {}
    for name, value in row.items():
        if isinstance(value, tuple):
            value = "、".join(value)
        elif pd.isna(value):
            value = None
        elif isinstance(value, pd.Timestamp):
            value = value.isoformat(sep=" ") if value != value.normalize() else value.date().isoformat()
        found[str(name)] = value
    return found


@ledger.command()
@catalogued
def show(
    name: NameArgument,
    key: KeyArgument,
    today: Annotated[str, typer.Option("--today", help="day to count from 以哪一天计")] = "",
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Show an entry and all that happened to it 查看一条及其经过. Example: zuofeng ledger show problems WT-2020-甲镇-0001"""
    from ..ledger import declaration

    book, known = _book(home), declaration(name)
    entry = _plain(book.entry(name, key, today=parse_day(today, "--today")))
    events = [_plain(r) for r in book.events(name, key).to_dict("records")]
    if format is Format.json:
        json_out({"entry": entry, "events": events, "steps": [t.name for t in known.steps_from(entry["state"])]})
        return
    label = {c.name: c.label for c in known.columns()}
    label |= {"recorded": "最后登记日", "clock": "哪个期限"}
    facts = [{"field": n, "label": label.get(n, n), "value": v} for n, v in entry.items()]
    rows_out(facts, format, ("field", "label", "value"))
    if format is Format.table:
        rows_out(events, format, ("on", "by", "version", "step", "state", "label", "old", "new"))
        steps = "、".join(t.name for t in known.steps_from(entry["state"])) or "—"
        talk.print(f"可走的步骤 steps: {steps}", markup=False)


@ledger.command()
@catalogued
def add(
    name: NameArgument,
    key: KeyArgument,
    by: ByOption,
    settings: SetOption = None,
    on: DayOption = "",
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Enter something new 登记一条. Example: zuofeng ledger add learning XX-2020-0001 --by 作风办 --set unit=甲镇"""
    from ..ledger import Change

    change = Change(key, parse_settings(settings))
    _told(_book(home).record(name, [change], by=by, on=parse_day(on)), format)


@ledger.command()
@catalogued
def advance(
    name: NameArgument,
    key: KeyArgument,
    by: ByOption,
    step: Annotated[str, typer.Option("--step", help="step to take 步骤; none to correct 更正")] = "",
    settings: SetOption = None,
    version: Annotated[int, typer.Option("--version", help="version you saw 您看到的版本")] = 0,
    forms: Annotated[str, typer.Option("--forms", help="dataset of acceptance forms 验收表数据集, such as XH-2020")] = "",
    on: DayOption = "",
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Take a step, or correct 推进或更正一条. Example: zuofeng ledger advance problems WT-2020-甲镇-0001 --step 立项 --by 作风办"""
    from ..ledger import Change

    book = _book(home)
    seen = version or int(book.entry(name, key)["version"])
    values = {**parse_settings(settings), **_accepted(forms, key, home)}
    change = Change(key, values, seen, step or None)
    _told(book.record(name, [change], by=by, on=parse_day(on)), format)


def _accepted(forms: str, key: str, home: Path) -> dict[str, Any]:
    """Return what the acceptance forms say of a problem, instead of a number that somebody types."""
    if not forms:
        return {}
    from ..dataset import Dataset
    from ..ledger import acceptances

    return acceptances(Dataset.open(dataset_path(forms, home))).values(key)


@ledger.command()
@catalogued
def protected(
    dataset: Annotated[str, typer.Argument(help="dataset of visits 回访数据集, such as HF-2020")],
    by: ByOption,
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """List appeals whose makers were made to suffer; 保护专员 only, each look is written down 保护名单. Example: zuofeng ledger protected HF-2020 --by 保护专员"""
    from ..dataset import Dataset
    from ..ledger import protected_list
    from ..store import Home

    found = protected_list(Dataset.open(dataset_path(dataset, home)), role=by, home=Home.at(home))
    talk.print("仅供保护专员核实和采取保护措施；不得转给办理单位或被反映的人 for protection only; never to the unit", markup=False)
    rows_out([{"appeal_id": n} for n in found.numbers], format, ("appeal_id",))


@ledger.command()
@catalogued
def erase(
    name: NameArgument,
    key: KeyArgument,
    by: ByOption,
    sure: Annotated[bool, typer.Option("--sure", help="it cannot be undone 不能恢复")] = False,
    on: DayOption = "",
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Take away what must not be here, such as an accusation 清除误登内容. Example: zuofeng ledger erase appeals SQ-2022-000001 --by 信访办 --sure"""
    if not sure:
        raise UsageError.of("erase-sure", "--sure", key=key)
    _told(_book(home).erase(name, key, by=by, on=parse_day(on)), format)


def _told(made: Recorded, format: Format) -> None:
    rows = [{"key": k, "what": "added"} for k in made.added]
    rows += [{"key": k, "what": "changed"} for k in made.changed]
    rows += [{"key": k, "what": "unchanged"} for k in made.unchanged]
    rows_out(rows, format, ("key", "what"))
    talk.print(f"链尾 head: {made.head[:16]}", markup=False)


@ledger.command()
@catalogued
def due(
    days: Annotated[int, typer.Option("--days", min=0, max=3660, help="how far ahead 往后几天")] = 7,
    today: Annotated[str, typer.Option("--today", help="day to count from 以哪一天计")] = "",
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Show what is due this week, and what is late 本周到期与超期. Example: zuofeng ledger due --today 2020-06-01"""
    from ..ledger import due_soon

    found = due_soon(_book(home), today=parse_day(today, "--today"), days=days)
    rows_out([_plain(r) for r in found.to_dict("records")], format, list(found.columns))


@ledger.command("draw")
@catalogued
def draw_units(
    n: Annotated[int, typer.Option("-n", help="how many 抽几个")],
    seed: Annotated[int, typer.Option("--seed", help="chosen before, such as 20220301 事先定的种子")],
    kind: Annotated[str, typer.Option("--kind", help="units, offices or grids of the registry 从名册的哪一类抽")] = "units",
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Draw whom an inspection visits; the seed draws the same again 随机抽取督查对象. Example: zuofeng ledger draw -n 5 --seed 20220301"""
    from ..ledger.drawing import draw

    drawn = draw(_book(home).registry.table(kind)["id"], n, seed=seed)
    rows_out([{"order": k, "id": name, "seed": seed} for k, name in enumerate(drawn, start=1)], format, ("order", "id", "seed"))


@ledger.command("verify")
@catalogued
def verify_ledgers(home: HomeOption = HOME, format: FormatOption = Format.table) -> None:
    """Check that no event was altered 核验台账记录链. Example: zuofeng ledger verify"""
    book = _book(home)
    if problems := book.verify():
        problems_out(problems, format)
        raise typer.Exit(FINDINGS)
    rows_out([{"head": book.head}], format, ("head",))
