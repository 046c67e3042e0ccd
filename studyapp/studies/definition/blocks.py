"""What is wrong with arms and blocks: which keys and conditions fit which paradigm."""

from collections.abc import Iterator
from itertools import chain

from studyapp.paradigms import PARADIGMS, WITHOUT_MAP, Paradigm
from studyapp.sections.blocks import BlockSection
from studyapp.sections.design import ConditionSection
from studyapp.shelf.likely_names import unknown

from .catalogue import catalogue
from .study import Definition
from .toml_lines import Path as KeyPath

Complaint = tuple[KeyPath, str]


def block_complaints(definition: Definition) -> Iterator[Complaint]:
    """What is wrong with arms and blocks, and with how conditions fit the paradigms."""
    names = [condition.name for condition in definition.conditions]
    for number, arm in enumerate(definition.arms):
        for name in sorted(set(arm.conditions) - set(names)):
            yield ("arms", number, "conditions"), unknown("arms.conditions", name, names)
    seen: set[str] = set()
    for number, block in enumerate(definition.blocks):
        path: KeyPath = ("blocks", number)
        for name in sorted(set(block.conditions or []) - set(names)):
            yield (*path, "conditions"), unknown("blocks.conditions", name, names)
        if block.name in seen:
            key = f'`blocks.name = "{block.name}"`'
            yield (*path, "name"), f"{key} is used twice; choose another name"
        seen.add(block.name)
        for key, sentence in chain(
            _idle_keys(definition, block),
            _numbers(definition, block),
            PARADIGMS[block.paradigm].complaints(block, definition.texts),
            _arms_have_conditions(definition, block),
            _fitting_conditions(definition, block),
        ):
            yield ((*path, key) if key else path), sentence


def _idle_keys(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    """Keys of every block that this one can't mean."""
    yield from _keys_about_photos(definition, block)
    paradigm = PARADIGMS[block.paradigm]
    if block.stage not in paradigm.stages:
        fitting = [name for name, one in PARADIGMS.items() if block.stage in one.stages]
        yield (
            "stage",
            f'`blocks.stage = "{block.stage}"`: only {" and ".join(fitting)} has this stage; use '
            f'"{paradigm.stages[0]}"',
        )
    if block.checks and not paradigm.check_values:
        problem = f"{block.paradigm} has no answer that a check could ask for"
        yield "checks", f"`blocks.checks`: {problem}; remove it"
    if block.repeats and (paradigm.steps == 2 or paradigm.outcome is None or not block.is_main):
        yield "repeats", f"`blocks.repeats`: {block.paradigm} can't be asked again here; remove it"
    if block.pass_at is not None and (block.is_main or paradigm.outcome != "correct"):
        yield "pass_at", "`blocks.pass_at`: only practice with right answers can be passed"


def _keys_about_photos(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    """`conditions` and `stimuli` where no photo is asked about, or where nothing is shared."""
    asks = PARADIGMS[block.paradigm].asks_about_photos(block)
    if block.conditions is not None and not asks:
        yield "conditions", f"`blocks.conditions`: {block.name} asks about no photo; remove it"
    if block.stimuli is None:
        return
    if not asks or not block.is_main:
        yield (
            "stimuli",
            f"`blocks.stimuli`: only main blocks that ask about photos have a share of them, and "
            f"{block.name} is not one; remove it",
        )
    elif block.stimuli != definition.design.stimuli and not any(
        one is not block and (one.paradigm, one.stage) == (block.paradigm, block.stage)
        for one in definition.blocks
    ):
        yield (
            "stimuli",
            f"`blocks.stimuli`: {block.name} is the only block of {block.paradigm}, so it has all "
            "photos of `design.stimuli`; change that instead",
        )


def _numbers(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    stimuli, paradigm = definition.design.stimuli, PARADIGMS[block.paradigm]
    if block.is_main and paradigm.asks_about_photos(block) and block.trials > stimuli:
        given = f"`blocks.trials = {block.trials}` is more than `design.stimuli = {stimuli}`"
        yield "trials", f"{given}; no photo is shown twice to one person"
    counts = {"trials": block.trials, "stimuli": block.stimuli or stimuli} if block.is_main else {}
    for key, count in counts.items():
        kinds = len(paradigm.strata)
        if kinds and count % kinds:
            place = f"blocks.{key}" if key in block.model_fields_set else "design.stimuli"
            yield (
                key,
                f"`{place} = {count}` can't hold equally many {' and '.join(paradigm.strata)} "
                f"photos; use {count - 1 or 2} or {count + 1}",
            )
    if block.stimuli is not None and block.stimuli % paradigm.stimuli_a_photo:
        given = f"`blocks.stimuli = {block.stimuli}`: each photo gives {paradigm.stimuli_a_photo}"
        yield "stimuli", f"{given}; use {block.stimuli + 1}"
    if block.pass_at is not None and block.pass_at > block.trials:
        given = f"`blocks.pass_at = {block.pass_at}` is more than the block's {block.trials} trials"
        yield "pass_at", f"{given}; use {block.trials} or less"


def _arms_have_conditions(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    if block.conditions is None or not PARADIGMS[block.paradigm].asks_about_photos(block):
        return
    for arm, names in definition.arm_conditions().items():
        if not set(names) & set(block.conditions):
            fix = "add one of its conditions to the block, or one of these to the arm"
            yield "conditions", f"`blocks.conditions`: the arm {arm} has none of them; {fix}"


def _fitting_conditions(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    paradigm = PARADIGMS[block.paradigm]
    if not paradigm.asks_about_photos(block):
        return
    for condition in definition.conditions_of(block.paradigm):
        if reason := misfit(paradigm, condition):
            given = f"`conditions` {condition.name} does not fit {block.paradigm}"
            yield "conditions", f"{given}: {reason}"
        if "weaker" in paradigm.networks and condition.versus is None:
            pair = definition.pairs.get(definition.pair_of(condition))
            if pair is not None and pair.weaker is None:
                given = f"`conditions` {condition.name} has one network, and {block.paradigm} "
                fix = "asks about two; give its pair a weaker network"
                other = ", or the condition a second method (versus)" if paradigm.has_sides else ""
                yield "conditions", f"{given}{fix}{other}"


def misfit(paradigm: Paradigm, condition: ConditionSection) -> str:
    """Why a condition can't be asked about by a paradigm; empty where it can."""
    if condition.method in WITHOUT_MAP:
        if condition.method in paradigm.without_map:
            return ""
        fits = [name for name, one in PARADIGMS.items() if condition.method in one.without_map]
        return f"it shows {WITHOUT_MAP[condition.method]}, which fits {', '.join(fits)}"
    if condition.versus is not None:
        comparing = [name for name, one in PARADIGMS.items() if one.has_sides]
        refused = f"only {' and '.join(comparing)} compares two methods; remove `versus`"
        return "" if paradigm.has_sides else refused
    if shows_differences(paradigm, condition.method):
        return ""
    methods = catalogue()["methods"]
    fitting = [m for m in methods if methods[m]["control"] and shows_differences(paradigm, m)]
    return (
        f"{condition.method} gives the same picture on every side and for every answer, because "
        f"its map does not depend on the {paradigm.compares}; use {', '.join(fitting)} or "
        "another method"
    )


def shows_differences(paradigm: Paradigm, method: str) -> bool:
    """Whether a method's pictures differ where people are asked to compare them."""
    influences = catalogue()["methods"][method]["depends_on"]
    return paradigm.compares is None or paradigm.compares in influences
