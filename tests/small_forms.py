"""The smallest questionnaires that tests are made of."""

from __future__ import annotations

import textwrap

HEAD = "settings: {form_id: T, version: 1, title: 试, purpose: summary, minutes: 1}\n"


def form(*items: str, more: str = "", head: str = HEAD) -> str:
    """Return the YAML of a small questionnaire with these items on one page."""
    rows = "".join(f"      - {item}\n" for item in items or ("{type: text, name: T-1, label: 甲}",))
    survey = f"survey:\n  - type: group\n    name: A\n    label: 甲\n    items:\n{rows}"
    return f"{head}{textwrap.dedent(more)}{survey}"
