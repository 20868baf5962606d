"""What a questionnaire is: frozen pydantic models in the words of XLSForm.

A row of an XLSForm ``survey`` sheet is an :class:`Item`; ``begin_group`` and ``begin_repeat`` are a
:class:`Group` with its items inside. What XLSForm has no word for (scores, scales, voter classes)
stands in keys of ours, which a workbook carries in ``zf--*`` columns.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Literal, Self, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from ..errors import messages, nearest

NAME = re.compile(r"[^\W\d][\w.\-]{0,63}")
FILE = re.compile(r"[\w\-]+\.csv")
SELECTS = ("select_one", "select_multiple", "select_one_from_file", "rank")
TYPES = (*SELECTS, "text", "integer", "decimal", "date", "note")


def _refusal(code: str, **params: str) -> PydanticCustomError:
    """Return an error that ``explaining`` says in both languages."""
    return PydanticCustomError(cast(Any, code), cast(Any, messages()[code]["en"]), params)


class Frozen(BaseModel):
    """Unknown keys are refused, nothing changes after it is made."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Text(Frozen):
    """A sentence in Chinese and, where there is one, in English."""

    zh: str
    en: str = ""

    @field_validator("zh", "en")
    @classmethod
    def _printable(cls, value: str) -> str:
        if any(unicodedata.category(char) in ("Cc", "Cs") for char in value if char not in "\n\t"):
            raise _refusal("control-character")
        return value

    def __str__(self) -> str:
        return self.zh

    def __bool__(self) -> bool:
        return bool(self.zh)

    def in_language(self, lang: str) -> str:
        return (self.en if lang == "en" else "") or self.zh


def _as_text(value: Any) -> Any:
    return {"zh": value} if isinstance(value, str) else value


def _as_name(value: Any) -> Any:
    """Let authors write ``name: 4``: YAML reads a number where XLSForm has a word."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else value


Label = Annotated[Text, BeforeValidator(_as_text)]
Name = Annotated[str, BeforeValidator(_as_name)]
EMPTY = Text(zh="")


class Choice(Frozen):
    """One answer that can be picked; ``missing`` keeps it out of every denominator."""

    name: Name
    label: Label
    score: float | None = Field(default=None, ge=0, le=100)
    missing: Literal["dk", "na", "refused"] | None = None
    exclusive: bool = False

    @field_validator("name")
    @classmethod
    def _no_spaces(cls, value: str) -> str:
        if not (value.isprintable() and 0 < len(value) <= 64) or " " in value:
            raise _refusal("choice-name", got=value)
        return value

    @model_validator(mode="after")
    def _missing_has_no_score(self) -> Self:
        if self.missing and self.score is not None:
            raise _refusal("choice-score", name=self.name)
        return self


class Item(Frozen):
    """One question.

    ``type`` is written as in XLSForm (``select_one good4``, ``select_multiple why or_other``);
    ``scale`` names what the item measures, ``reverse`` turns its score round (100 − s).
    ``repeat_over`` asks a text once for each choice picked in another item. ``ledger`` says that a text
    is the number of an entry there, written by a collector: it stays with the form's other answers.
    """

    type: str
    name: Name
    label: Label
    hint: Label = EMPTY
    required: bool = False
    relevant: str = ""
    constraint: str = ""
    constraint_message: Label = EMPTY
    appearance: str = ""
    scale: str = ""
    reverse: bool = False
    max_choices: int | None = Field(default=None, ge=1)
    max_length: int = Field(default=500, ge=1, le=5000)
    repeat_over: str = ""
    by: Literal["respondent", "collector"] = "respondent"
    sensitive: bool = False
    alert: Literal["protected", ""] = ""
    ledger: Literal["appeals", "problems", ""] = ""

    @field_validator("type")
    @classmethod
    def _known_type(cls, value: str) -> str:
        words = value.split()
        base = words[0] if words else ""
        wants = {"select_multiple": (2, 3), "select_one": (2, 3)}.get(base, (1, 1))
        wants = (2, 2) if base in ("rank", "select_one_from_file") else wants
        if base not in TYPES:
            raise _refusal("item-type", got=value, near=nearest(base, TYPES) or ", ".join(TYPES))
        if not wants[0] <= len(words) <= wants[1] or words[2:] not in ([], ["or_other"]):
            raise _refusal("item-list", got=value, base=base)
        if base == "select_one_from_file" and not FILE.fullmatch(words[1]):
            raise _refusal("item-file", got=value)
        return " ".join(words)

    @property
    def kind(self) -> str:
        """The first word of ``type``; a list from a file is a select_one like any other."""
        word = self.type.split()[0]
        return "select_one" if word == "select_one_from_file" else word

    @property
    def list_name(self) -> str:
        words = self.type.split()
        return words[1].removesuffix(".csv") if len(words) > 1 else ""

    @property
    def or_other(self) -> bool:
        return self.type.endswith(" or_other")

    @property
    def is_select(self) -> bool:
        return self.kind in ("select_one", "select_multiple", "rank")


class Group(Frozen):
    """A page of items; with ``repeat_over`` it is asked once for each target or each row.

    ``apart`` keeps its answers away from all others from the freeze on.
    """

    type: Literal["group", "repeat"]
    name: Name
    label: Label
    hint: Label = EMPTY
    relevant: str = ""
    repeat_over: Literal["targets", "rows", ""] = ""
    max_rows: int = Field(default=50, ge=1, le=200)
    apart: bool = False
    items: tuple[Item, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _repeat_says_over_what(self) -> Self:
        if (self.type == "repeat") != bool(self.repeat_over):
            raise _refusal("repeat-says-over")
        return self


class Scale(Frozen):
    """What several items measure together."""

    label: Label
    min_valid: int = Field(default=1, ge=1)


class VoterClass(Frozen):
    """A kind of voter. In a ``nested`` class each voter rates one target only."""

    name: Name
    label: Label
    weight: float = Field(gt=0, le=1)
    design: Literal["crossed", "nested"] = "crossed"


class Composite(Frozen):
    """How a ballot becomes one number a target: ``overall`` item, mean of ``dims``, or half each."""

    overall: str
    dims: tuple[str, ...] = Field(min_length=1)
    base: Literal["overall", "dims", "blend"] = "blend"


class Settings(Frozen):
    """What the form is, whom it asks, and what its answers may be used for."""

    form_id: Name
    version: Name
    title: Label
    instructions: Label = EMPTY
    thanks: Label = EMPTY
    respondent: Label = EMPTY
    purpose: Literal["ranking", "summary", "acceptance", "register"]
    anonymity: Literal["named", "confidential", "anonymous", "sealed"] = "anonymous"
    anonymity_note: Label = EMPTY
    minutes: int = Field(ge=1, le=60)
    period: Label = EMPTY
    default_language: Literal["zh", "en"] = "zh"
    profile: bool = False
    seed: tuple[str, ...] = ()

    @field_validator("form_id")
    @classmethod
    def _usable_in_a_path(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z][\w\-]{0,31}", value, re.ASCII):
            raise _refusal("form-id", got=value)
        return value


ScoreMap = dict[str, dict[Name, float]]


class Questionnaire(Frozen):
    """A whole questionnaire. ``questionnaire.load`` reads one and checks its references."""

    settings: Settings
    choices: dict[str, tuple[Choice, ...]] = Field(default_factory=dict)
    scales: dict[str, Scale] = Field(default_factory=dict)
    voter_classes: tuple[VoterClass, ...] = ()
    composite: Composite | None = None
    score_maps: dict[str, ScoreMap] = Field(default_factory=dict)
    survey: tuple[Annotated[Group, Field()], ...] = Field(min_length=1)

    @property
    def form_id(self) -> str:
        return self.settings.form_id

    @property
    def rates_targets(self) -> bool:
        """Whether a group is asked once for each target of a roster."""
        return any(g.repeat_over == "targets" for g in self.survey)

    @property
    def is_ballot(self) -> bool:
        """Whether it is cast to rank the targets: then a roster and voter classes are needed.

        A form that also asks about targets, such as TL about suggestions, opens without a roster
        and leaves that group out.
        """
        return self.settings.purpose == "ranking" and self.rates_targets

    def walk(self) -> Iterator[tuple[Group, Item]]:
        """Yield every item with the group it stands in, in order."""
        for group in self.survey:
            for item in group.items:
                yield group, item

    @cached_property
    def items(self) -> dict[str, Item]:
        return {item.name: item for _, item in self.walk()}

    @cached_property
    def groups(self) -> dict[str, Group]:
        return {group.name: group for group in self.survey}

    def choices_of(self, item: Item) -> tuple[Choice, ...]:
        """Return the choices of a select, with 其他 where the author wrote ``or_other``."""
        listed = self.choices.get(item.list_name, ())
        if item.or_other and all(c.name != "other" for c in listed):
            return (*listed, Choice(name="other", label=Text(zh="其他", en="Other")))
        return listed

    def __repr__(self) -> str:
        s = self.settings
        return f"<Questionnaire {s.form_id} {s.version} 「{s.title.zh}」 {len(self.items)} items>"

    __str__ = __repr__
