"""What the results of a study will call its methods, told from its definition alone.

A method is a condition; where one is answered on several scales, as with several statements or
wordings, it has a name for each, and only names of one scale are compared.
"""

from collections.abc import Iterator
from typing import Any

from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.items import ItemsBlock, numbered
from studyapp.paradigms.questionnaire.instruments import INSTRUMENTS, is_scored_as
from studyapp.paradigms.questionnaire.question import QuestionnaireBlock
from studyapp.sections.blocks import BlockSection
from studyapp.sections.meetings import members

from .study import Definition

BUILT_IN = "built-in words"
STEPS = {True: "one step", False: "two steps"}


def scored_paradigms(definition: Definition) -> list[str]:
    """Those whose answers have a number, each once, in the order of asking."""
    asked = (one.paradigm for one in definition.blocks if one.is_main)
    return list(dict.fromkeys(name for name in asked if PARADIGMS[name].is_scored))


def analysed_names(definition: Definition, paradigm: str) -> dict[str, str]:
    """The scale that each method of the results is answered on, empty where there is one, by the
    method's name."""
    blocks = [one for one in definition.blocks if one.paradigm == paradigm and one.is_main]
    return {
        name: scale
        for block in blocks
        for scale in _scales(definition, block, blocks)
        for name in _named(definition, block, scale)
    }


def _named(definition: Definition, block: BlockSection, scale: str) -> Iterator[str]:
    """The methods of a block on one of its scales."""
    arms = definition.arm_conditions()
    if isinstance(block, QuestionnaireBlock):
        yield from (f"{scale}, {arm}" for arm in arms) if len(arms) > 1 else [scale]
        return
    meets = PARADIGMS[block.paradigm].meets
    for shown in arms.values():
        for name in definition.shown_under(block, shown):
            for one in members(name) if meets != "one" else [name]:
                yield f"{one}, {scale}" if scale else one


def _scales(
    definition: Definition, block: BlockSection, analysed: list[BlockSection]
) -> Iterator[str]:
    """The scales of a block's answers, called as the analysis calls them."""
    own = [one for one in definition.blocks if one.paradigm == block.paradigm]
    if isinstance(block, ItemsBlock):
        prefix = block.name if len(own) > 1 else ""
        for item in _items(block):
            yield ": ".join(filter(None, [prefix, item]))
        return
    paradigm = PARADIGMS[block.paradigm]
    steps = {paradigm.in_one_step(one) for one in analysed}
    parts = [STEPS[paradigm.in_one_step(block)] if len(steps) > 1 else ""]
    if len({one.wording for one in analysed}) > 1:
        same = [one.name for one in analysed if one.wording == block.wording]
        parts.append(" and ".join(same) if block.wording else BUILT_IN)
    yield ", ".join(filter(None, parts))


def _items(block: ItemsBlock) -> list[str]:
    """Each published scale of an instrument, else each statement; the only one has no name."""
    items: list[Any] = list(block.items)
    of_one = ""
    if isinstance(block, QuestionnaireBlock):
        of_one = "the item"
        instrument = INSTRUMENTS.get(block.instrument or "")
        if (
            instrument is not None
            and instrument.scales
            and is_scored_as(instrument, block.items, block.translation)
        ):
            return list(instrument.scales)
        items = items or list(instrument.words if instrument is not None else ())
    names = numbered(items, may_decline=block.may_decline)
    return [of_one if name == "value" else name for name in names]
