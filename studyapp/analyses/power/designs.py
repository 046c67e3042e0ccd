"""The designs of a study file for other numbers of people and photos than it asks for."""

from collections.abc import Callable

from studyapp.studies.definition.study import Definition
from studyapp.studies.design.draw import Design, draw
from studyapp.studies.design.rows import Items, definition_plan

Fill = Callable[[Definition], Items]


def drawn(definition: Definition, fill: Fill, *, people: int, photos: int | None = None) -> Design:
    """The design with so many people (rounded up to equal arms) and photos.

    fill: stands in for stimuli that are not known yet. Raises DesignError for what can't be drawn.
    """
    arms = len(definition.arm_conditions())
    changes: dict[str, object] = {"people": -(-people // arms) * arms, "ratings": "nearest"}
    if photos is not None:
        changes["stimuli"] = photos
    design = definition.design.model_copy(update=changes)
    changed = definition.model_copy(update={"design": design})
    return draw(definition_plan(changed, fill(changed)))


def compared(definition: Definition, paradigm: str) -> tuple[str, str]:
    """The first contrast: the reference, and the first other condition of the paradigm.

    Raises ValueError where there is one condition only.
    """
    named = [
        name
        for block in definition.blocks
        if block.paradigm == paradigm and block.stage == "main"
        for name in block.conditions or [one.name for one in definition.conditions]
    ]
    names = list(dict.fromkeys(named))
    wanted = definition.analysis.reference
    reference = wanted if wanted in names else min(names, default="")
    others = [name for name in names if name != reference]
    if not others:
        raise ValueError(f"{paradigm} has one condition only, so there is no contrast")
    return reference, others[0]
