"""The designs of a study file for other numbers of people and photos than it asks for."""

from collections.abc import Callable

from studyapp.sections.blocks import BlockSection
from studyapp.sections.meetings import meeting
from studyapp.studies.definition.study import Definition
from studyapp.studies.design.draw import Design, draw
from studyapp.studies.design.rows import Items, definition_plan, items_of_block

Fill = Callable[[Definition], Items]


def drawn(definition: Definition, fill: Fill, *, people: int, photos: int | None = None) -> Design:
    """The design with so many people (rounded up to equal arms) and photos, of which each block
    has the same share.

    fill: stands in for stimuli that are not known yet. Raises DesignError for what can't be drawn.
    """
    arms = len(definition.arm_conditions())
    changes: dict[str, object] = {"people": -(-people // arms) * arms, "ratings": "nearest"}
    blocks = definition.blocks
    if photos is not None:
        changes["stimuli"] = photos
        blocks = [_shared(one, photos, definition.design.stimuli) for one in blocks]
    design = definition.design.model_copy(update=changes)
    changed = definition.model_copy(update={"design": design, "blocks": blocks})
    return draw(definition_plan(changed, fill(changed)))


def _shared(block: BlockSection, photos: int, of: int) -> BlockSection:
    if block.stimuli is None:
        return block
    return block.model_copy(update={"stimuli": block.stimuli * photos // of})


def fewest_photos(definition: Definition, items: Items) -> int:
    """With fewer, a block's share would be less than it asks a person about: nobody sees one
    twice. items: as for the definition's own number."""
    photos = definition.design.stimuli
    shares = [
        (one.trials, len(items_of_block(definition, one, items)))
        for one in definition.blocks
        if one.is_main
    ]
    return max((-(-trials * photos // share) for trials, share in shares if share), default=1)


def _named(definition: Definition, block: BlockSection) -> list[str]:
    """The design's conditions of a block; all of the file where it names none."""
    every = [] if block.compared else [one.name for one in definition.conditions]
    return [*(block.conditions or every), *map(meeting, block.compared)]


def compared(definition: Definition, paradigm: str) -> tuple[str, str]:
    """The first contrast: the reference of the analysis, and the paradigm's first other condition.

    Raises ValueError where there is one condition only.
    """
    named = [
        name
        for block in definition.blocks
        if block.paradigm == paradigm and block.stage == "main"
        for name in _named(definition, block)
    ]
    names = list(dict.fromkeys(named))
    wanted = definition.analysis.reference
    baseline = definition.baseline_of(paradigm)
    usual = baseline if baseline in names else min(names, default="")
    reference = wanted if wanted in names else usual
    others = [name for name in names if name != reference]
    if not others:
        raise ValueError(f"{paradigm} has one condition only, so there is no contrast")
    return reference, others[0]
