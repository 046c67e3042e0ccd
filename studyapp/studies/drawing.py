"""From a prepared study's rows to a design plan, and from the drawn design to slots and trials."""

from collections.abc import Iterable
from dataclasses import replace

from studyapp.models import Arm, Condition, Side, Slot, Stage, Stimulus, StimulusRole, Study, Trial

from .definition import Definition, study_definition
from .design import BlockPlan, Design, Item, Plan, SlotPlan, TrialPlan
from .paradigms import PARADIGMS
from .sections import BlockSection

STAGES: dict[str, str] = {StimulusRole.PRACTICE: "practice", StimulusRole.MAIN: "main"}
# What may be asked about, by (paradigm, stage of the block)
Items = dict[tuple[str, str], tuple[Item, ...]]


def stimulus_key(stimulus: Stimulus) -> str:
    """A stimulus' name in the design: the same whenever the study is loaded again."""
    return f"{stimulus.paradigm}/{stimulus.photo.image.sha256}/{stimulus.category}"


def design_plan(study: Study, *, people: int | None = None, first_position: int = 0) -> Plan:
    """What the design of `study` is drawn from; DesignError comes from drawing it."""
    plan = definition_plan(study_definition(study), _items(study))
    return replace(
        plan,
        seed=study.seed,
        people=plan.people if people is None else people,
        first_position=first_position,
    )


def definition_plan(definition: Definition, items: Items) -> Plan:
    """What a definition's design is drawn from, given what may be asked about."""
    return Plan(
        seed=definition.design.seed,
        people=definition.design.people,
        arms={
            arm: tuple(_block_plan(block, names, items) for block in definition.blocks)
            for arm, names in definition.arm_conditions().items()
        },
        may_repeat_images=definition.design.repeat_images,
        exact_ratings=definition.design.ratings == "exact",
    )


def write_design(study: Study, design: Design, *, addition: int = 0) -> None:
    """Store the slots and trials of a drawn design."""
    arms = {arm.name: arm for arm in Arm.objects.filter(study=study)}
    slots = Slot.objects.bulk_create(
        Slot(
            study=study,
            position=planned.position,
            addition=addition,
            arm=arms[planned.arm],
            seed=planned.seed,
        )
        for planned in design.slots
    )
    Trial.objects.bulk_create(_trials(study, zip(slots, design.slots, strict=True)), 1000)


def _items(study: Study) -> Items:
    """The items by (paradigm, stage), in the seed's order."""
    found: dict[tuple[str, str], list[Item]] = {}
    rows = study.stimuli.select_related("photo__image").order_by("position")
    for stimulus in rows.filter(role__in=STAGES):
        item = Item(stimulus_key(stimulus), stimulus.photo.image.sha256)
        found.setdefault((stimulus.paradigm, STAGES[stimulus.role]), []).append(item)
    return {key: tuple(value) for key, value in found.items()}


def _block_plan(block: BlockSection, arm_conditions: list[str], items: Items) -> BlockPlan:
    paradigm = PARADIGMS[block.paradigm]
    wanted = block.conditions if block.conditions is not None else arm_conditions
    return BlockPlan(
        name=block.name,
        paradigm=block.paradigm,
        stage=block.stage,
        trials=block.trials,
        checks=block.checks,
        conditions=tuple(name for name in arm_conditions if name in wanted),
        items=items.get((block.paradigm, block.stage), ()),
        has_sides=paradigm.has_sides,
        options=0 if paradigm.has_sides else 2,
        check_values=paradigm.check_values,
    )


def _trials(study: Study, slots: Iterable[tuple[Slot, SlotPlan]]) -> Iterable[Trial]:
    rows = study.stimuli.select_related("photo__image")
    stimuli = {stimulus_key(stimulus): stimulus for stimulus in rows}
    conditions = {condition.name: condition for condition in study.conditions.all()}
    repeats = study_definition(study).design.repeat_images
    for slot, planned in slots:
        for position, trial in enumerate(planned.trials):
            row = _trial(trial, stimuli, conditions)
            row.slot, row.position, row.may_repeat_image = slot, position, repeats
            yield row


def _trial(
    planned: TrialPlan, stimuli: dict[str, Stimulus], conditions: dict[str, Condition]
) -> Trial:
    trial = Trial(
        block=planned.block,
        paradigm=planned.paradigm,
        stage=planned.stage,
        expected=planned.expected,
        option_order=[],
    )
    if planned.item is None:
        if planned.stage == Stage.CHECK and not PARADIGMS[planned.paradigm].has_sides:
            trial.option_order = list(range(len(PARADIGMS[planned.paradigm].check_values)))
        return trial
    stimulus = stimuli[planned.item.key]
    trial.stimulus, trial.image = stimulus, stimulus.photo.image
    trial.condition = conditions[str(planned.condition)]
    if PARADIGMS[planned.paradigm].has_sides:
        trial.stronger_side = Side.B if planned.bit else Side.A
    else:
        trial.option_order = _option_order(stimulus, right_first=bool(planned.bit))
    return trial


def _option_order(stimulus: Stimulus, *, right_first: bool) -> list[int]:
    right = int(stimulus.facts["right"])
    others = [index for index in range(len(stimulus.options)) if index != right]
    return [right, *others] if right_first else [*others, right]
