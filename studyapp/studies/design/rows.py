"""From a prepared study's rows to a design plan, and from the drawn design to slots and trials."""

from collections.abc import Iterable
from dataclasses import replace

from studyapp.models import Arm, Condition, Side, Slot, Stage, Stimulus, StimulusRole, Study, Trial
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.reliance.question import FINAL
from studyapp.sections.blocks import BlockSection
from studyapp.sections.meetings import members
from studyapp.studies.definition.strata import questions_in_turn, stratum_shares
from studyapp.studies.definition.study import Definition, study_definition

from .allocation import by_stratum
from .draw import BlockPlan, Design, Item, Plan, SlotPlan, TrialPlan

STAGES: dict[str, str] = {
    StimulusRole.PRACTICE: "practice",
    StimulusRole.LEARNING: "learning",
    StimulusRole.MAIN: "main",
}
# What may be asked about, by (paradigm, stage of the block)
Items = dict[tuple[str, str], tuple[Item, ...]]


def stimulus_key(stimulus: Stimulus) -> str:
    """A stimulus' name in the design: the same whenever the study is loaded again."""
    return f"{stimulus.paradigm}/{stimulus.photo.case.digest}/{stimulus.category}"


def design_plan(
    study: Study,
    *,
    people: int | None = None,
    first_position: int = 0,
    site: str = "",
    stratum: str = "",
) -> Plan:
    """What the design of `study` is drawn from; DesignError comes from drawing it.

    site, stratum: whose all the places are; by default every site and stratum has its share.
    Arms that are closed have none.
    """
    plan = definition_plan(study_definition(study), _items(study))
    closed = set(study.arms.filter(closed_at__isnull=False).values_list("name", flat=True))
    places = plan.people if people is None else people
    return replace(
        plan,
        seed=study.seed,
        people=places,
        arms={arm: blocks for arm, blocks in plan.arms.items() if arm not in closed},
        first_position=first_position,
        sites={site: places} if site else plan.sites,
        strata={stratum: places} if stratum else plan.strata,
    )


def definition_plan(definition: Definition, items: Items) -> Plan:
    """What a definition's design is drawn from, given what may be asked about."""
    return Plan(
        seed=definition.design.seed,
        people=definition.design.people,
        arms={
            arm: tuple(
                _block_plan(
                    block,
                    definition.shown_under(block, names),
                    items_of_block(definition, block, items),
                )
                for block in definition.blocks
            )
            for arm, names in definition.arm_conditions().items()
        },
        may_repeat_images=definition.design.repeat_images,
        exact_ratings=definition.design.ratings == "exact",
        exact_sides=definition.design.side_balance == "exact",
        takes_turns=definition.design.order == "balanced",
        sites={one.name: one.people for one in definition.sites},
        strata=stratum_shares(definition),
        in_turn=questions_in_turn(definition),
    )


def write_design(study: Study, plan: Plan, design: Design, *, addition: int = 0) -> None:
    """Store the slots and trials of a drawn design."""
    arms = {arm.name: arm for arm in Arm.objects.filter(study=study)}
    slots = Slot.objects.bulk_create(
        Slot(
            study=study,
            position=planned.position,
            addition=addition,
            arm=arms[planned.arm],
            seed=planned.seed,
            site=planned.site,
            stratum=planned.stratum,
        )
        for planned in design.slots
    )
    planned = zip(slots, design.slots, strict=True)
    Trial.objects.bulk_create(_trials(study, plan, planned), 1000)


def _items(study: Study) -> Items:
    """The items by (paradigm, stage), in the seed's order."""
    found: dict[tuple[str, str], list[Item]] = {}
    rows = study.stimuli.select_related("photo__case__image").order_by("position")
    for stimulus in rows.filter(role__in=STAGES):
        stratum = str(stimulus.facts.get("stratum", ""))
        item = Item(stimulus_key(stimulus), stimulus.photo.image.sha256, stratum)
        found.setdefault((stimulus.paradigm, STAGES[stimulus.role]), []).append(item)
    return {key: tuple(value) for key, value in found.items()}


def items_of_block(definition: Definition, block: BlockSection, items: Items) -> tuple[Item, ...]:
    """The block's own photos: blocks of one paradigm and stage share the photos, in the seed's
    order, each with all its stimuli, so that nobody sees one twice. With repeat_images each main
    block has them all."""
    pool = items.get((block.paradigm, block.stage), ())
    if block.is_main and definition.design.repeat_images:
        return pool
    siblings = [
        one
        for one in definition.blocks
        if (one.paradigm, one.stage) == (block.paradigm, block.stage)
        and PARADIGMS[one.paradigm].asks_about_photos(one)
    ]
    if block not in siblings:
        return ()
    if len(siblings) == 1:
        return pool
    pool = _photo_by_photo(pool)
    groups = by_stratum(pool) if block.is_main else [list(pool)]
    share = definition.design.stimuli // len(siblings)
    sizes = [(one.stimuli or share) if one.is_main else one.trials for one in siblings]
    place = siblings.index(block)
    start, end = sum(sizes[:place]), sum(sizes[: place + 1])
    count = len(groups)
    return tuple(item for group in groups for item in group[start // count : end // count])


def _photo_by_photo(items: Iterable[Item]) -> tuple[Item, ...]:
    """The items of a photo one after the other, photos in the order of their first items."""
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(item.image, []).append(item)
    return tuple(item for of_photo in found.values() for item in of_photo)


def _block_plan(block: BlockSection, conditions: list[str], items: tuple[Item, ...]) -> BlockPlan:
    paradigm = PARADIGMS[block.paradigm]
    is_whole = paradigm.meets == "all" and bool(conditions)
    return BlockPlan(
        name=block.name,
        paradigm=block.paradigm,
        stage=block.stage,
        trials=block.trials,
        checks=block.checks,
        conditions=tuple(conditions),
        items=items,
        has_sides=paradigm.has_sides,
        options=len(members(conditions[0])) if is_whole else paradigm.options_in(block),
        in_rounds=paradigm.meets == "two",
        check_values=paradigm.check_values_in(block),
        steps=paradigm.steps_in(block),
        repeats=block.repeats,
        is_shared=not block.is_main,
        asks_about_photos=PARADIGMS[block.paradigm].asks_about_photos(block),
    )


def _trials(study: Study, plan: Plan, slots: Iterable[tuple[Slot, SlotPlan]]) -> Iterable[Trial]:
    rows = study.stimuli.select_related("photo__case__image")
    stimuli = {stimulus_key(stimulus): stimulus for stimulus in rows}
    conditions = {condition.name: condition for condition in study.conditions.all()}
    definition = study_definition(study)
    repeats = definition.design.repeat_images
    blocks = {(arm, block.name): block for arm, plans in plan.arms.items() for block in plans}
    for slot, planned in slots:
        for position, trial in enumerate(planned.trials):
            section = definition.block(trial.block)
            row = trial_of(trial, blocks[planned.arm, trial.block], section, stimuli, conditions)
            row.slot, row.position = slot, position
            row.may_repeat_image = repeats or trial.step == FINAL or trial.stage == Stage.REPEAT
            yield row


def trial_of(
    planned: TrialPlan,
    block: BlockPlan,
    section: BlockSection,
    stimuli: dict[str, Stimulus],
    conditions: dict[str, Condition],
) -> Trial:
    """A planned page as a row that is not stored; it has no place yet."""
    trial = Trial(
        block=planned.block,
        paradigm=planned.paradigm,
        stage=planned.stage,
        step=planned.step,
        expected=planned.expected,
        option_order=[],
    )
    if planned.item is None:
        if planned.stage == Stage.CHECK:
            trial.option_order = list(range(block.options))
        elif planned.stage == Stage.MAIN:
            trial.stage = Stage.QUESTIONNAIRE
        return trial
    stimulus = stimuli[planned.item.key]
    trial.stimulus, trial.image = stimulus, stimulus.photo.image
    trial.condition = conditions[str(planned.condition)]
    if block.has_sides:
        trial.stronger_side = Side.B if planned.bit else Side.A
    elif planned.order is not None:
        trial.option_order = list(planned.order)
    elif block.options:
        right = int(stimulus.facts["right"])
        others = [index for index in range(len(stimulus.options)) if index != right]
        trial.option_order = [right, *others] if planned.bit else [*others, right]
    trial.keys = PARADIGMS[trial.paradigm].keys_of(trial, section)
    return trial
