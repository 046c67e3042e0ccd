"""The pages that one person would see, before anything is made: trials that are never stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle

from django.utils.translation import gettext as _

from studyapp.models import (
    Case,
    Condition,
    Image,
    Network,
    NetworkPair,
    Stimulus,
    StimulusRole,
    StudyImage,
    Trial,
)
from studyapp.paradigms import PARADIGMS, Candidate, Category, Classified, Paradigm
from studyapp.sections.meetings import members
from studyapp.studies.definition.study import Definition

from .draw import DesignError, Item, Plan, draw
from .rows import STAGES, definition_plan, trial_of
from .stand_ins import stand_ins

# Of classes that a network could name, beside those on the photos
LETTERS = "ABCDEFGHIJ"


@dataclass(frozen=True)
class ImaginedPhoto:
    """A photo's name, and the names of what is on it; those of a study, or none in particular."""

    name: str
    categories: tuple[str, ...]
    shown: str = ""


NO_PHOTO = ImaginedPhoto("photo", ())


def imagined_pages(
    definition: Definition,
    arm: str,
    photos: Sequence[ImaginedPhoto] = (),
    chosen: Mapping[tuple[str, str], Sequence[Stimulus]] = {},
) -> list[Trial]:
    """All pages of a person in `arm`, drawn as a design is, of which no row exists.

    photos: whose names stand for what would be asked about. chosen: a study's stimuli by paradigm
    and role, which are asked about instead where there are any. DesignError as of `draw`.
    """
    plan = definition_plan(definition, stand_ins(definition))
    alone = replace(
        plan, people=1, arms={arm: plan.arms[arm]}, exact_ratings=False, exact_sides=False
    )
    (slot, *_) = draw(alone).slots
    stimuli = _stimuli(definition, alone, arm, photos, chosen)
    conditions = _conditions(definition)
    blocks = {block.name: block for block in alone.arms[arm]}
    pages = []
    for position, planned in enumerate(slot.trials):
        section = definition.block(planned.block)
        trial = trial_of(planned, blocks[planned.block], section, stimuli, conditions)
        trial.position = position
        pages.append(trial)
    return pages


def _conditions(definition: Definition) -> dict[str, Condition]:
    """The file's conditions and those in which several of them meet, by name."""
    pairs = {
        one.name: NetworkPair(
            name=definition.pair_of(one), stronger=Network(), weaker=Network()
        )
        for one in definition.conditions
    }  # fmt: skip
    own = [
        Condition(
            name=one.name,
            method=one.method,
            versus=one.versus or "",
            settings={**one.settings, **({"kind": one.kind} if one.kind else {})},
            pair=pairs[one.name],
        )
        for one in definition.conditions
    ]
    met = [
        Condition(
            name=name,
            pair=pairs[members(name)[0]],
            settings=definition.settings_of_meeting(name),
        )
        for name in definition.meetings()
    ]
    return {one.name: one for one in (*own, *met)}


def _stimuli(
    definition: Definition,
    plan: Plan,
    arm: str,
    photos: Sequence[ImaginedPhoto],
    chosen: Mapping[tuple[str, str], Sequence[Stimulus]],
) -> dict[str, Stimulus]:
    """A stimulus for every item of the plan, by its key."""
    roles = {stage: role for role, stage in STAGES.items()}
    named = cycle(photos or (NO_PHOTO,))
    found: dict[str, Stimulus] = {}
    for block in plan.arms[arm]:
        own = chosen.get((block.paradigm, roles.get(block.stage, StimulusRole.MAIN)), ())
        strata = {item.stratum for item in block.items}
        turns = {of: cycle([one for one in own if _stratum(one) == of]) for of in strata}
        for item in block.items:
            if item.key not in found:
                found[item.key] = next(turns[item.stratum], None) or _imagined(
                    PARADIGMS[block.paradigm], item, next(named)
                )
    return found


def _stratum(stimulus: Stimulus) -> str:
    return str(stimulus.facts.get("stratum", ""))


def _imagined(paradigm: Paradigm, item: Item, photo: ImaginedPhoto) -> Stimulus:
    """What the paradigm would ask if two networks had answered as it needs."""
    classes = [_("class %(letter)s") % {"letter": letter} for letter in LETTERS]
    labels = (*dict.fromkeys((*photo.categories, *classes)),)
    answer = Classified(range(len(labels)), labels)
    candidate = _candidate(paradigm, item.stratum, answer)
    row = StudyImage(name=photo.name, case=Case(image=Image(sha256=item.image)), shown=photo.shown)
    return Stimulus(
        photo=row,
        paradigm=paradigm.name,
        category=candidate.category,
        class_index=candidate.class_index,
        options=list(candidate.options),
        facts=candidate.facts,
    )


def _candidate(paradigm: Paradigm, stratum: str, answer: Classified) -> Candidate:
    """The first of the photos that could be asked about: of one class or another, or of two."""
    assert paradigm.candidates is not None
    for shown in ((0,), (1,), (0, 1)):
        categories = [Category(answer.name(index), frozenset({index})) for index in shown]
        found = paradigm.candidates(categories, dict.fromkeys(paradigm.networks, answer))
        for candidate in found if isinstance(found, list) else ():
            if candidate.stratum == stratum:
                return candidate
    raise DesignError(f"no page of {paradigm.title} can be drawn yet; prepare the study first")
