"""The keys of a block with a researcher's own fields: the fields, and a text above them."""

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from studyapp.paradigms.forms import MEASURES
from studyapp.paradigms.open_text.question import PhotosIfWanted
from studyapp.sections.base import Bound, Name, Section, Text, Words
from studyapp.shelf.likely_names import unknown

OF_A_NUMBER = {"least", "most", "decimals", "unit"}


class FieldSection(Section):
    """A field of a custom page."""

    name: Name = Field(description="Its name in the data; `value` for the main answer.")
    question: Text = Field(description="What is asked.")
    kind: Literal["choice", "scale", "text", "line", "number"] = Field(
        "choice", description="How it is answered; a line is a text of one line."
    )
    choices: list[Text] = Field(default_factory=list, description="Of a choice, in order.")
    points: int = Field(7, ge=2, le=11, description="Of a scale.")
    lowest: Words = Field("", description="Words at 1.")
    highest: Words = Field("", description="Words at the other end.")
    longest: int = Field(2000, ge=1, le=20000, description="Characters of a text or a line.")
    least: Bound = Field(0, ge=-(10**9), description="The smallest number that is accepted.")
    most: Bound = Field(1_000_000, ge=-(10**9), description="The largest number that is accepted.")
    decimals: int = Field(0, ge=0, le=2, description="Of a number; 0 for whole numbers.")
    unit: Words = Field("", description="Shown after the box of a number, such as “years”.")
    required: bool = Field(True, description="Whether it must be answered.")
    may_decline: bool = Field(
        False,
        description="Offers “Prefer not to say”, in the study's language: a separate answer, "
        "neither missing nor counted with the others.",
    )

    @model_validator(mode="after")
    def a_choice_has_choices(self) -> "FieldSection":
        if self.kind == "choice" and len(self.choices) < 2:
            raise ValueError(f"the field {self.name} needs two choices or more")
        return self

    @model_validator(mode="after")
    def a_number_has_a_range(self) -> "FieldSection":
        if self.least > self.most:
            raise ValueError(
                f"the field {self.name} accepts no number: least = {self.least:g} is more than "
                f"most = {self.most:g}; change one of them"
            )
        for key, bound in (("least", self.least), ("most", self.most)):
            if round(bound, self.decimals) != bound:
                raise ValueError(
                    f"{key} = {bound:g} of the field {self.name} has more decimals than "
                    f"decimals = {self.decimals}; change one of them"
                )
        return self

    @model_serializer(mode="wrap")
    def without_new_keys(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leaves out keys that came later and are not used, so that earlier digests stay."""
        found: dict[str, Any] = usual(self)
        if self.kind != "number":
            found = {key: value for key, value in found.items() if key not in OF_A_NUMBER}
        if not self.may_decline:
            found.pop("may_decline", None)
        return found


class CustomBlock(PhotosIfWanted):
    text: Name | None = Field(None, description="Key in `texts` of the HTML fragment.")
    fields: list[FieldSection] = Field(default_factory=list, description="What is asked.")


# Fields of every trial's form, and the kinds of fields whose answer fits the column of `value`
TAKEN_NAMES = {*MEASURES, "trial", "point_cell", "csrfmiddlewaretoken"}
VALUE_KINDS = {"choice", "scale"}
# Keys that a field reads, by its kind
FIELD_KEYS = {
    "choice": {"choices"},
    "scale": {"points", "lowest", "highest"},
    "text": {"longest"},
    "line": {"longest"},
    "number": OF_A_NUMBER,
}
FIELD_ALWAYS = {"name", "question", "kind", "required", "may_decline"}


def complaints(block: CustomBlock, texts: Collection[str]) -> Iterator[tuple[str, str]]:
    """Keys that a field does not read, and names under which an answer would be lost."""
    if not block.fields:
        yield "fields", f"`blocks.fields` is missing; list what {block.name} asks"
    yield from _field_names(block)
    if block.text is not None and block.text not in texts:
        yield "text", unknown("blocks.text", block.text, texts)
    for field in block.fields:
        for key in sorted(field.model_fields_set - FIELD_KEYS[field.kind] - FIELD_ALWAYS):
            kinds = " and ".join(kind for kind, keys in FIELD_KEYS.items() if key in keys)
            yield (
                "fields",
                f"`blocks.fields.{key}`: unknown key for the {field.kind} {field.name}, only a "
                f"{kinds} reads it; remove it",
            )


def _field_names(block: CustomBlock) -> Iterator[tuple[str, str]]:
    """Names under which an answer would be lost: each is a field of the page's form."""
    for name, count in Counter(field.name for field in block.fields).items():
        if count > 1:
            yield (
                "fields",
                f"`blocks.fields`: {count} fields of {block.name} are called {name}, so only one "
                "answer would be kept; give each its own name",
            )
        if name in TAKEN_NAMES:
            yield (
                "fields",
                f"`blocks.fields`: the page itself has a field called {name}; choose another name",
            )
    for field in block.fields:
        if field.name == "value" and (why := _no_main_answer(field)):
            yield "fields", f"`blocks.fields`: the main answer, value, {why}; choose another name"


def _no_main_answer(field: FieldSection) -> str:
    """Why a field can't be called `value`; empty where it can."""
    if field.kind == "number":
        return "must be one of the listed choices or a step of a scale, which a free number is not"
    if field.kind not in VALUE_KINDS:
        return f"must be a number, which a {field.kind} is not"
    return "must be a number, which “Prefer not to say” is not" if field.may_decline else ""
