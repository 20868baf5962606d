"""docs/questionnaire.md: its example works, and it leaves out no key, type or function."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zuofeng_survey.expression import FUNCTIONS
from zuofeng_survey.questionnaire import check, find, loads
from zuofeng_survey.questionnaire import model as models
from zuofeng_survey.questionnaire.model import TYPES

PAGE = Path(__file__).parents[1].joinpath("docs", "questionnaire.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.split("```yaml\n")[1].split("```")[0]
MODELS = ("Settings", "Group", "Item", "Choice", "Scale", "VoterClass", "Composite", "Questionnaire")


def test_the_example_loads_and_breaks_no_rule() -> None:
    q = loads(EXAMPLE, folder=find("FZ").parent)
    assert len(q.items) == 4
    assert [str(p) for p in check(q)] == []
    assert q.settings.version == "2020.1"


@pytest.mark.parametrize("name", MODELS)
def test_every_key_is_told(name: str) -> None:
    keys = getattr(models, name).model_fields
    assert [key for key in keys if not re.search(rf"`{key}`|^{key}:", PAGE, re.MULTILINE)] == []


def test_every_type_and_function_is_told() -> None:
    assert [word for word in (*TYPES, *FUNCTIONS) if not re.search(rf"`{word}\b", PAGE)] == []
