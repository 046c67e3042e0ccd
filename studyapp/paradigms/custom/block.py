"""The keys of a block with a researcher's own fields: the fields, and a text above them."""

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from pydantic import Field

from studyapp.paradigms.forms import MEASURES
from studyapp.paradigms.open_text.question import PhotosIfWanted
from studyapp.sections.base import Name
from studyapp.shelf.likely_names import unknown
from studyapp.shelf.spelling import told_alike

from .facts import FactName
from .field import FIELD_ALWAYS, FIELD_KEYS, FieldSection

__all__ = ["CustomBlock", "FieldSection", "complaints"]


class CustomBlock(PhotosIfWanted):
    text: Name | None = Field(None, description="Key in `texts` of the HTML fragment.")
    facts: list[FactName] = Field(
        default_factory=list,
        description="Ready questions about people, asked above the fields: coarse answers in the "
        "pages' own words, each with “Prefer not to say”.",
    )
    fields: list[FieldSection] = Field(default_factory=list, description="What is asked.")

    def as_stored(self, found: dict[str, Any]) -> dict[str, Any]:
        kept = super().as_stored(found)
        return kept if self.facts else {key: one for key, one in kept.items() if key != "facts"}

    @property
    def describing(self) -> list[str]:
        return [*self.facts]


# Fields of every trial's form, and the kinds of fields whose answer fits the column of `value`
TAKEN_NAMES = {*MEASURES, "trial", "point_cell", "csrfmiddlewaretoken"}
VALUE_KINDS = {"choice", "scale", "slider"}
# Those whose answers can decide whether a later field is shown
DECIDING_KINDS = {"choice", "several", "scale"}


def complaints(block: CustomBlock, texts: Collection[str]) -> Iterator[tuple[str, str]]:
    """Keys that a field does not read, and names under which an answer would be lost."""
    if not block.fields and not block.facts:
        yield (
            "fields",
            f"`blocks.fields` is missing; list what {block.name} asks, or name ready questions in "
            "`facts`",
        )
    yield from _facts(block)
    yield from _field_names(block)
    yield from _doubled(block)
    yield from _conditions(block)
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


def _facts(block: CustomBlock) -> Iterator[tuple[str, str]]:
    """Facts about people that would be asked again and again, or before they agreed to more than
    practice."""
    if not block.facts:
        return
    for name, count in Counter(block.facts).items():
        if count > 1:
            yield "facts", f"`blocks.facts` names {name} {count} times; name it once"
    if block.with_photos:
        yield (
            "facts",
            f"{block.name} is asked with every photo, but `facts` are asked of a person once; "
            "give them a block of their own",
        )
    if block.trials > 1 and not block.with_photos:
        yield "trials", f"`facts` are asked of a person once; set trials = 1 in {block.name}"
    if not block.is_main:
        yield "stage", f"what practice asks is not analysed; remove stage from {block.name}"


def _field_names(block: CustomBlock) -> Iterator[tuple[str, str]]:
    """Names under which an answer would be lost: each is a field of the page's form."""
    names: list[str] = [name for field in block.fields for name in field.names]
    for name, count in Counter([*set(block.facts), *names]).items():
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
    if field.show_if is not None:
        return "is asked on every page, so it can't have show_if"
    return ""


def _conditions(block: CustomBlock) -> Iterator[tuple[str, str]]:
    """Conditions that no earlier answer could meet."""
    earlier: dict[str, FieldSection] = {}
    for field in block.fields:
        if (condition := field.show_if) is not None:
            source = earlier.get(condition.field)
            if source is None:
                yield "fields", unknown("blocks.fields.show_if.field", condition.field, earlier)
            elif source.kind not in DECIDING_KINDS:
                yield (
                    "fields",
                    f"`blocks.fields.show_if`: {field.name} can't depend on the {source.kind} "
                    f"{source.name}; name a choice, several choices or a scale",
                )
            else:
                yield from _strange_answers(field, source)
        earlier[field.name] = field


def _doubled(block: CustomBlock) -> Iterator[tuple[str, str]]:
    """Choices between which nobody can choose, and items of a matrix that ask the same."""
    for field in block.fields:
        for key in ("choices", "items"):
            for why in told_alike(getattr(field, key)):
                yield (
                    "fields",
                    f"`blocks.fields.{key}` of {field.name}: {why}; word them differently",
                )


def _strange_answers(field: FieldSection, source: FieldSection) -> Iterator[tuple[str, str]]:
    assert field.show_if is not None
    known: Collection[object] = source.choices or range(1, source.points + 1)
    for answer in field.show_if.answers:
        if answer not in known:
            listed = ", ".join(map(str, known))
            yield (
                "fields",
                f"`blocks.fields.show_if.answers`: “{answer}” is no answer to {source.name}; use "
                f"{listed}",
            )
