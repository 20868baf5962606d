"""Forms in a browser: the widget, the form server, and what both hand to ``form.js``.

Nothing is imported until it is asked for: a form kernel wants the widget only, the server everything
but the widget.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_FROM = {
    "FormServer": "server",
    "SurveyForm": "widget",
    "preview_definition": "definition",
    "serve": "server",
}
__all__ = list(_FROM)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _FROM:
        return getattr(import_module(f".{_FROM[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
