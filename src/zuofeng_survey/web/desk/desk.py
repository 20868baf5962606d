"""``LedgerDesk``: what is due, a list to look through, and one entry with what became of it."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd

from ...errors import LedgerError, ZuofengError
from ...html import heading, note, table_html
from ...ledger import Book, Change
from ...ledger.reading import declarations
from ..views import styled
from .entry import EntryForm
from .pictures import Pictures
from .rows import Rows
from .screening import Listed, Wanted, board

HOME = "ZUOFENG_HOME"
DUE = [("全部期限", ""), ("已超期", "overdue"), ("七日内到期或已超期", "week")]
EVENTS = {"on": "日期", "by": "经办", "step": "步骤", "state": "状态", "label": "字段", "old": "原值", "new": "新值"}
Today = Callable[[], dt.date]


class LedgerDesk(widgets.VBox):
    """All ledgers of a home folder.

    Parameters
    ----------
    home : str or Path, optional
        The state folder; by default what ``zuofeng desk`` hands to its kernels.
    today : callable, optional
        The day it is; only tests and the demo say another.
    """

    def __init__(self, home: str | Path = "", *, today: Today = dt.date.today) -> None:
        self.book = Book.open(Path(home or os.environ.get(HOME, "var")))
        self.today = today
        self.boards: dict[str, pd.DataFrame] = {}
        names = [(d.title, name) for name, d in declarations().items()]
        self.ledger = widgets.Dropdown(options=names, description="台账")
        self.by = widgets.Text(description="经办岗位", placeholder="如：督查室科员")
        self.text = widgets.Text(description="查找", placeholder="编号、单位、文字", continuous_update=False)
        self.state = widgets.Dropdown(options=[("全部状态", "")], description="状态")
        self.unit = widgets.Dropdown(options=[("全部单位", "")], description="单位")
        self.due = widgets.Dropdown(options=DUE, description="期限")
        self.new = widgets.Button(description="新登记一条", button_style="primary")
        self.week, self.listing, self.opened, self.told = widgets.HTML(), widgets.VBox(), widgets.VBox(), widgets.HTML()
        self.pictures = Pictures()
        screens = widgets.Box([self.text, self.state, self.unit, self.due])
        screens.add_class("zf-screens")
        top = widgets.Box([self.ledger, self.by, self.new])
        top.add_class("zf-screens")
        super().__init__([styled("views.css", "desk.css"), self.week, top, screens, self.listing, self.pictures, self.told, self.opened])
        self.add_class("zf-view")
        self._listen()
        self.change_ledger()
        self.tell_week()

    def _listen(self) -> None:
        self.ledger.observe(lambda _: self.change_ledger(), names="value")
        for screen in (self.text, self.state, self.unit, self.due):
            screen.observe(lambda _: self.screen(), names="value")
        self.new.on_click(lambda _: self.show(None))

    def change_ledger(self) -> None:
        """List another ledger, all of it."""
        self.declaration = declarations()[str(self.ledger.value)]
        self.opened.children, self.told.value = (), ""
        with self.hold_trait_notifications():
            self.state.options = [("全部状态", ""), *((s, s) for s in self.declaration.states)]
            self.rows = Rows(self.declaration.title, [], self._open_at)
            self.listing.children = [self.rows]
            self.renew()
        self.pictures.offer(self.declaration, lambda: (self.listed.frame.iloc[self.found], self.today()))

    def renew(self, key: str = "") -> None:
        """Read the ledger again, or one entry of it, and list what is wanted."""
        name, keys = self.declaration.name, [key] if key else None
        frame = self.book.entries(name, today=self.today(), keys=keys)
        is_one = bool(key) and len(frame) == 1
        self.listed = self.listed.with_entry(frame) if is_one else Listed(self.declaration, frame, self.today())
        self.boards[name] = board(self.declaration, self.listed.frame, self.today())
        self.rows.columns = self.listed.headings()
        chosen = self.unit.value
        self.unit.options = [("全部单位", ""), *((u, u) for u in self.listed.units())]
        self.unit.value = chosen if chosen in self.listed.units() else ""
        self.screen()

    def screen(self) -> None:
        """List what is wanted now."""
        wanted = Wanted(self.text.value, self.state.value or "", self.unit.value or "", str(self.due.value or ""))
        self.found: np.ndarray = self.listed.screen(wanted)
        of = len(self.listed.frame)
        said = f"（共 {of} 条）" if len(self.found) < of else ""
        self.rows.list_rows(len(self.found), lambda a, b: self.listed.texts(self.found[a:b]), said)

    def tell_week(self) -> None:
        """Say what runs out this week and what is overdue, in all ledgers."""
        for name, known in declarations().items():
            if known.deadlines and name not in self.boards:
                frame = self.book.entries(name, today=self.today())
                self.boards[name] = board(known, frame, self.today())
        parts = [self.boards[name] for name in declarations() if len(self.boards.get(name, ()))]
        found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
        names = {"ledger": "台账", "clock": "期限", "overdue": "已超期", "week": "七日内到期"}
        said = table_html(found, headings=names) if len(found) else note("七日内没有到期的，也没有超期的。")
        self.week.value = heading(f"本周到期（{self.today():%Y年%-m月%-d日}）") + said

    def _open_at(self, at: int) -> None:
        key = str(self.listed.frame[self.declaration.key].iloc[self.found[at]])
        self.show(key)

    def show(self, key: str | None) -> None:
        """Open one entry, or an empty form for a new one."""
        self.told.value = ""
        values = {} if key is None else self.book.entry(self.declaration.name, key, today=self.today())
        state, version = str(values.get("state", "")), values.get("version")
        self.entry = EntryForm(
            self.declaration,
            values,
            state=state,
            on_save=lambda step: self.save(step, None if version is None else int(version)),
        )
        title = f"{key}（{state}，第 {version} 版）" if key else f"新登记：{self.declaration.title}"
        past = [widgets.HTML(self._past(key))] if key else []
        self.opened.children = [widgets.HTML(heading(title)), self.entry, *past]

    def save(self, step: str, version: int | None) -> None:
        """Record what the open form says; what is wrong with it is said at its fields."""
        form = self.entry
        change = Change(form.key, form.changed(), version, step or None)
        try:
            done = self.book.record(self.declaration.name, [change], by=self.by.value, on=self.today())
        except LedgerError as error:
            form.say(error.problems)
            self.told.value = note("没有记账：请按提示修改后再保存。", kind="warning")
            return
        except ZuofengError as error:
            self.told.value = "".join(note(p.zh, kind="warning") for p in error.problems)
            return
        self.renew(form.key)
        self.tell_week()
        self.show(form.key)
        self.told.value = note(f"{form.key}：{'已记账' if done.events else '没有变化'}。", kind="verdict")

    def _past(self, key: str) -> str:
        frame = self.book.events(self.declaration.name, key)
        table = frame[list(EVENTS)].iloc[::-1].fillna("").map(_said)
        return table_html(table, caption="经过（新的在前；更正不覆盖原值）", headings=EVENTS)


def _said(value: Any) -> str:
    text = "、".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
