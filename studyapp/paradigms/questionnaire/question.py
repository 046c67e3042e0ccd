"""Questionnaires: pages of items about the whole, such as trust in automation.

The words of a questionnaire are its authors': a researcher brings the items in the study file, and
an instrument that is named there is checked for its number of items and scored as published.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from pydantic import Field

from studyapp.paradigms.base import STEPS, VALUES_PLAN, Paradigm
from studyapp.paradigms.items import ItemsBlock, item_questions, missing_items, widest_of_scale
from studyapp.sections.base import Name
from studyapp.shelf.likely_names import unknown


@dataclass(frozen=True)
class Instrument:
    """A published questionnaire: its items are counted from 1, in the published order.

    scales: the means that are reported, each by its items. reversed_items: those whose answers
    count the other way round.
    """

    source: str
    items: int
    points: int
    scales: Mapping[str, tuple[int, ...]]
    reversed_items: tuple[int, ...] = ()


INSTRUMENTS: Mapping[str, Instrument] = {
    # Trust and distrust are reported apart: distrust is not low trust.
    "trust_in_automation": Instrument(
        source="Jian, Bisantz and Drury, Int. J. of Cognitive Ergonomics 4 (2000), 53-71",
        items=12,
        points=7,
        scales={"distrust": tuple(range(1, 6)), "trust": tuple(range(6, 13))},
    ),
    # The version with eight items; another one has nine.
    "explanation_satisfaction": Instrument(
        source="Hoffman, Mueller, Klein and Litman, arXiv 1812.04608, eight items",
        items=8,
        points=5,
        scales={"satisfaction": tuple(range(1, 9))},
    ),
    # "I am wary of the system" is item 6, reverse-scored.
    "trust_in_explained_systems": Instrument(
        source="Hoffman, Mueller, Klein and Litman, arXiv 1812.04608, eight items",
        items=8,
        points=5,
        scales={"trust": tuple(range(1, 9))},
        reversed_items=(6,),
    ),
}


class QuestionnaireBlock(ItemsBlock):
    instrument: Name | None = Field(None, description="A published questionnaire: checked, scored.")


def complaints(block: QuestionnaireBlock, texts: Collection[str]) -> Iterator[tuple[str, str]]:
    """Missing items, or items and points that are not the instrument's."""
    yield from missing_items(block, texts)
    if block.instrument is None:
        return
    instrument = INSTRUMENTS.get(block.instrument)
    if instrument is None:
        yield "instrument", unknown("blocks.instrument", block.instrument, INSTRUMENTS)
        return
    if len(block.items) != instrument.items:
        given = f"{len(block.items)} {'item' if len(block.items) == 1 else 'items'}"
        yield (
            "items",
            f"`blocks.items` has {given}, but {block.instrument} has {instrument.items}; see "
            f"{instrument.source}",
        )
    if block.points != instrument.points:
        yield (
            "points",
            f"`blocks.points = {block.points}`: {block.instrument} is answered from 1 to "
            f"{instrument.points}; change it",
        )


PARADIGM = Paradigm(
    name="questionnaire",
    title="Questionnaire",
    plan=VALUES_PLAN,
    analysis="studyapp.paradigms.questionnaire.analysis",
    block=QuestionnaireBlock,
    complaints=complaints,
    widest=widest_of_scale,
    questions=item_questions,
    answer_levels=STEPS,
    places=lambda asked: {},
    candidates=None,
    roles=(),
    networks=(),
)
