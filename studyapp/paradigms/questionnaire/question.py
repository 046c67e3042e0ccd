"""Questionnaires: pages of items about the whole, such as trust in automation.

The words of a questionnaire are its authors'. Those that may be passed on are asked by their name;
of the others a researcher brings the items in the study file. Both are checked for their number of
items and scored as published.
"""

from collections.abc import Collection, Iterator
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from studyapp.paradigms.base import STEPS, VALUES_PLAN, Paradigm
from studyapp.paradigms.items import (
    ItemsBlock,
    item_questions,
    missing_items,
    numbered,
    widest_of_scale,
)
from studyapp.paradigms.questions import Asked, Question, scale
from studyapp.sections.base import Line, Name
from studyapp.sections.limits import Limit
from studyapp.shelf.likely_names import unknown

from .instruments import INSTRUMENTS, Instrument, is_published, is_scored_as

__all__ = ["INSTRUMENTS", "PARADIGM", "Instrument"]


Translation = Annotated[Line, Limit(300)]


class QuestionnaireBlock(ItemsBlock):
    instrument: Name | None = Field(
        None,
        description="A published questionnaire: checked, scored. `sus`, `nasa_tlx` and `umux_lite` "
        "bring their items, `vas` makes each of your items a line from 0 to 100.",
    )
    translation: Translation | None = Field(
        None,
        description="The published translation that `items` are taken from, such as its authors "
        "and year: its items are scored as the instrument's.",
    )

    @property
    def fixed(self) -> Instrument | None:
        """The instrument that brings its scale; None where the block has its own."""
        found = INSTRUMENTS.get(self.instrument or "")
        return found if found is not None and found.is_fixed else None

    @property
    def is_scored(self) -> bool:
        """Whether the published score means something of the items that are asked."""
        instrument = self.fixed
        return instrument is not None and is_scored_as(instrument, self.items, self.translation)

    @model_serializer(mode="wrap")
    def without_new_keys(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out keys that came later, and a scale that is not the block's own."""
        found = self.without_unused(usual(self))
        if self.translation is None:
            found.pop("translation", None)
        if (instrument := self.fixed) is None:
            return found
        strange = {"points"}
        if instrument.words:
            own = not is_published(instrument, self.items)
            strange |= {key for key in ("lowest", "highest") if not (own and found[key])}
        return {key: value for key, value in found.items() if key not in strange}

    @property
    def has_own_ends(self) -> bool:
        """Whether the words at the ends of an instrument's scale are the block's."""
        return bool(self.lowest and self.highest)


def questions(asked: Asked) -> list[Question]:
    """The block's items, or the instrument's, on the instrument's scale if it brings one."""
    block = asked.block_as(QuestionnaireBlock)
    instrument = block.fixed
    if instrument is None:
        return item_questions(asked)
    items = block.items or list(instrument.words)
    own = block.lowest or _("not at all"), block.highest or _("extremely")
    ends = (own,) * len(items) if block.has_own_ends or not instrument.ends else instrument.ends
    found = zip(numbered(items, may_decline=block.may_decline), items, ends, strict=True)
    return [_question(instrument, *one) for one in found]


def _question(instrument: Instrument, name: str, words: str, ends: tuple[str, str]) -> Question:
    if not instrument.is_slider:
        return scale(name, words, instrument.points, *ends)
    return Question(name, words, "slider", ends=ends, least=instrument.first, most=instrument.last)


def complaints(block: QuestionnaireBlock, texts: Collection[str]) -> Iterator[tuple[str, str]]:
    """Missing items, or items and points that are not the instrument's."""
    instrument = INSTRUMENTS.get(block.instrument or "")
    if block.instrument is not None and instrument is None:
        yield "instrument", unknown("blocks.instrument", block.instrument, INSTRUMENTS)
        return
    if instrument is None or not instrument.words:
        yield from missing_items(block, texts)
    if block.translation is not None and (why := _no_translation(block, instrument)):
        yield "translation", f"`blocks.translation`: {why}"
    if instrument is None:
        return
    is_missing = not block.items and bool(instrument.words)
    if instrument.items not in (0, len(block.items)) and not is_missing:
        yield "items", _wrong_number(block, instrument)
    if instrument.is_fixed:
        yield from _foreign_scale(block, instrument)
    elif block.points != instrument.points:
        yield (
            "points",
            f"`blocks.points = {block.points}`: {block.instrument} is answered from 1 to "
            f"{instrument.points}; change it",
        )


def _no_translation(block: QuestionnaireBlock, instrument: Instrument | None) -> str:
    """Why the items can't be those of a translation; empty where they can."""
    if instrument is None or not instrument.words:
        known = [name for name, one in INSTRUMENTS.items() if one.words and not one.has_mixed_ends]
        whole = " and ".join(known)
        return f"only {whole} bring items whose translation is scored as they are; remove it"
    if instrument.has_mixed_ends:
        return (
            f"the items of {block.instrument} do not all have the same words at their ends; remove "
            'it, and ask its items in blocks with instrument = "vas"'
        )
    if is_published(instrument, block.items):
        return "list the translation's items as `items`, or remove it"
    if not block.has_own_ends:
        return "give the translation's words at the ends as `lowest` and `highest`"
    return ""


def _wrong_number(block: QuestionnaireBlock, instrument: Instrument) -> str:
    given = f"{len(block.items)} {'item' if len(block.items) == 1 else 'items'}"
    return (
        f"`blocks.items` has {given}, but {block.instrument} has {instrument.items}; see "
        f"{instrument.source}"
    )


def _foreign_scale(block: QuestionnaireBlock, instrument: Instrument) -> Iterator[tuple[str, str]]:
    """Keys of a scale beside an instrument that has its own."""
    ends = {"lowest", "highest"} & block.model_fields_set if instrument.words else set()
    refused = {"points"} & block.model_fields_set
    if is_published(instrument, block.items):
        refused |= ends
    for key in sorted(refused):
        yield key, f"`blocks.{key}`: {block.instrument} has its own scale; remove it"
    for key in sorted(ends - refused):
        if instrument.has_mixed_ends:
            yield (
                key,
                f"`blocks.{key}`: the items of {block.instrument} do not all have the same words "
                'at their ends; remove it, or ask your items in blocks with instrument = "vas", '
                "those with the same ends together",
            )
        elif not block.has_own_ends:
            yield (
                key,
                f"`blocks.{key}` alone: the other end of your items has no words; give both "
                "lowest and highest, or neither",
            )


def languages(block: QuestionnaireBlock) -> tuple[str, ...] | None:
    """The languages in which an instrument's items and the words at their ends are here; None where
    they are the block's."""
    instrument = block.fixed
    if instrument is None or not instrument.words:
        return None
    is_own = not is_published(instrument, block.items) and block.has_own_ends
    return None if is_own and not instrument.has_mixed_ends else (instrument.language,)


def widest(block: QuestionnaireBlock) -> float:
    instrument = block.fixed
    if instrument is None:
        return widest_of_scale(block)
    is_percentage = instrument.is_percentage and block.is_scored
    return 100.0 if is_percentage else instrument.points - 1


PARADIGM = Paradigm(
    name="questionnaire",
    scales="items",
    title="Questionnaire",
    plan=VALUES_PLAN,
    analysis="studyapp.paradigms.questionnaire.analysis",
    block=QuestionnaireBlock,
    complaints=complaints,
    languages=languages,
    widest=widest,
    questions=questions,
    answer_levels={**STEPS, (" with vas", "0 to 100"): "place on the line"},
    places=lambda asked: {},
    candidates=None,
    roles=(),
    networks=(),
)
