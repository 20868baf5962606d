"""One entry as a form: a field for each field of its declaration, and the steps it may take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ipywidgets as widgets
import pandas as pd

from ...errors import Problem
from ...html import note
from ...ledger.declaration import Declaration, Field

WIDE = widgets.Layout(width="100%", max_width="46rem")
STYLE = {"description_width": "10rem"}
YES_NO = [("—", ""), ("是", True), ("否", False)]


class EntryForm(widgets.VBox):
    """What is filled in for one entry.

    Parameters
    ----------
    declaration : Declaration
    values : mapping
        The entry as it stands; empty for a new one.
    state : str
        Its state; empty for a new one.
    on_save : callable
        Called with the step to take, or "" to save only.
    """

    def __init__(
        self,
        declaration: Declaration,
        values: Mapping[str, Any],
        *,
        state: str,
        on_save: Callable[[str], None],
    ) -> None:
        self.declaration, self.before = declaration, dict(values)
        self.inputs = {f.name: input_for(f, values.get(f.name), is_new=not state) for f in declaration.fields}
        self.said = {name: widgets.HTML() for name in self.inputs}
        self.general = widgets.HTML()
        lines = [widgets.VBox([self.inputs[n], self.said[n]]) for n in self.inputs]
        super().__init__([self.general, *lines, self._steps(state, on_save)])
        self.add_class("zf-entry")

    def _steps(self, state: str, on_save: Callable[[str], None]) -> widgets.Box:
        names = [t.name for t in self.declaration.steps_from(state)] if state else []
        buttons = [_button("保存更正" if state else "登记入账", lambda: on_save(""), style="primary")]
        buttons += [_button(name, lambda step=name: on_save(step)) for name in names]
        buttons.append(_button("撤销未保存的修改", self.undo))
        box = widgets.Box(buttons)
        box.add_class("zf-buttons")
        return box

    @property
    def key(self) -> str:
        """The key as it stands in the form."""
        return str(self.inputs[self.declaration.key].value).strip()

    def changed(self) -> dict[str, Any]:
        """Return the fields that differ from the entry, as a person left them."""
        found = {name: value_of(w) for name, w in self.inputs.items() if name != self.declaration.key}
        empty = (None, "", [], ())
        return {
            name: value
            for name, value in found.items()
            if value != plain(self.before.get(name)) and not (value in empty and name not in self.before)
        }

    def undo(self) -> None:
        """Put every field back to what is recorded."""
        for name, made in self.inputs.items():
            again = input_for(self.declaration.by_name[name], self.before.get(name), is_new=False)
            made.value = again.value
        self.clear()

    def clear(self) -> None:
        """Take away what was said about the fields."""
        for said in (self.general, *self.said.values()):
            said.value = ""

    def say(self, problems: tuple[Problem, ...]) -> None:
        """Put each problem at its field and go to the first."""
        self.clear()
        first = ""
        for problem in problems:
            name = problem.item.partition(":")[2]
            bare = Problem(problem.code, "", problem.params)
            at = self.said.get(name, self.general)
            at.value += note(bare.zh, kind="warning")
            first = first or (name if name in self.inputs else "")
        if first and hasattr(self.inputs[first], "focus"):
            self.inputs[first].focus()


class Ticks(widgets.Box):
    """Several of some choices, each a box to tick: no Ctrl key to hold."""

    def __init__(self, label: str, choices: Mapping[str, str], ticked: Iterable[str]) -> None:
        self.boxes = {
            name: widgets.Checkbox(description=text, indent=False) for name, text in choices.items()
        }
        super().__init__([widgets.Label(label), *self.boxes.values()])
        self.add_class("zf-ticks")
        self.value = tuple(ticked)

    @property
    def value(self) -> tuple[str, ...]:
        """The choices that are ticked, in their order."""
        return tuple(name for name, box in self.boxes.items() if box.value)

    @value.setter
    def value(self, ticked: Iterable[str]) -> None:
        chosen = set(ticked)
        for name, box in self.boxes.items():
            box.value = name in chosen


def _button(label: str, act: Callable[[], None], *, style: str = "") -> widgets.Button:
    made = widgets.Button(description=label, button_style=style)
    made.on_click(lambda _: act())
    return made


def input_for(field: Field, value: Any, *, is_new: bool) -> Any:
    """Return a widget for one field, holding what is recorded."""
    label = f"{field.label}{' *' if field.required else ''}"
    common = {"description": label, "style": STYLE, "layout": WIDE}
    recorded = plain(value)
    if field.kind == "choice":
        options = [("—", ""), *((text, name) for name, text in field.choices.items())]
        return widgets.Dropdown(options=options, value=recorded or "", **common)
    if field.kind == "bool":
        said = "" if recorded is None else recorded
        return widgets.Dropdown(options=YES_NO, value=said, **common)
    if field.kind == "choices":
        return Ticks(label, field.choices, recorded or ())
    if field.kind == "date":
        return widgets.DatePicker(value=recorded, **common)
    text = "" if recorded is None else str(recorded)
    if field.kind == "long":
        return widgets.Textarea(value=text, rows=min(max(text.count("\n") + 2, 3), 8), **common)
    return widgets.Text(value=text, disabled=field.kind == "key" and not is_new, **common)


def plain(value: Any) -> Any:
    """Return a recorded value as a widget holds it."""
    if isinstance(value, list | tuple):
        return list(value) or None
    if value is None or pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        day = value.to_pydatetime()
        return day.date() if day.time() == dt.time() else f"{day:%Y-%m-%d %H:%M}"
    return value.item() if hasattr(value, "item") else value


def value_of(made: Any) -> Any:
    """Return what a widget holds as a change takes it; None where it is empty."""
    value = made.value
    if isinstance(value, tuple):
        return list(value) or None
    return None if value in ("", None) else value
