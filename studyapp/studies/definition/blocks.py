"""What is wrong with arms and blocks: which keys and conditions fit which paradigm."""

from collections.abc import Callable, Iterator
from typing import Any

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
            yield (
                (*path, "name"),
                f'`blocks.name = "{block.name}"` is used twice; choose another name',
            )
        seen.add(block.name)
        for key, sentence in _each_block(definition, block):
            yield ((*path, key) if key else path), sentence


def _each_block(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    """(key, sentence) of everything that is wrong with one block."""
    rules: tuple[Callable[[Any, BlockSection], Iterator[tuple[str, str]]], ...] = (
        _idle_keys, _numbers, _own_complaints, _arms_have_conditions, _fitting_conditions,
    )  # fmt: skip
    for rule in rules:
        yield from rule(definition, block)


def _own_complaints(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    """What the paradigm itself finds wrong."""
    yield from PARADIGMS[block.paradigm].complaints(block, definition.texts)


def _idle_keys(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    """Keys of every block that this one can't mean."""
    yield from _keys_about_photos(definition, block)
    paradigm = PARADIGMS[block.paradigm]
    if block.stage not in paradigm.stages:
        fitting = [name for name, one in PARADIGMS.items() if block.stage in one.stages]
        yield (
            "stage",
            f'`blocks.stage = "{block.stage}"`: only {" and ".join(fitting)} has such a stage; say '
            f'"{paradigm.stages[0]}"',
        )
    if block.checks and not paradigm.check_values:
        yield (
            "checks",
            (
                f"`blocks.checks`: {block.paradigm} has no answer that a check could ask for; "
                "remove it"
            ),
        )
    if block.repeats and (paradigm.steps == 2 or paradigm.outcome is None or not block.is_main):
        yield (
            "repeats",
            f"`blocks.repeats`: {block.paradigm} can't be asked again here; remove it",
        )
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
            f"{block.name} is none; remove it",
        )
    elif block.stimuli != definition.design.stimuli and not any(
        one is not block and (one.paradigm, one.stage) == (block.paradigm, block.stage)
        for one in definition.blocks
    ):
        yield (
            "stimuli",
            f"`blocks.stimuli`: {block.name} is the only block of {block.paradigm}, and has all "
            f"photos of `design.stimuli`; change that instead",
        )


def _numbers(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    stimuli = definition.design.stimuli
    if (
        block.is_main
        and PARADIGMS[block.paradigm].asks_about_photos(block)
        and block.trials > stimuli
    ):
        yield (
            "trials",
            (
                f"`blocks.trials = {block.trials}` is more than `design.stimuli = {stimuli}`; "
                "no photo is shown twice to one person"
            ),
        )
    paradigm = PARADIGMS[block.paradigm]
    counts = {"trials": block.trials, "stimuli": block.stimuli or stimuli} if block.is_main else {}
    for key, count in counts.items():
        kinds = len(paradigm.strata)
        if kinds and count % kinds:
            place = f"blocks.{key}" if key in block.model_fields_set else "design.stimuli"
            yield (
                key,
                (
                    f"`{place} = {count}` can't hold equally many {' and '.join(paradigm.strata)} "
                    f"photos; take {count - 1 or 2} or {count + 1}"
                ),
            )
    if block.stimuli is not None and block.stimuli % paradigm.stimuli_a_photo:
        yield (
            "stimuli",
            (
                f"`blocks.stimuli = {block.stimuli}`: a photo gives {paradigm.stimuli_a_photo}; "
                f"take {block.stimuli + 1}"
            ),
        )
    if block.pass_at is not None and block.pass_at > block.trials:
        yield (
            "pass_at",
            f"`blocks.pass_at = {block.pass_at}` is more than its {block.trials} trials",
        )


def _arms_have_conditions(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    if block.conditions is None or not PARADIGMS[block.paradigm].asks_about_photos(block):
        return
    for arm, names in definition.arm_conditions().items():
        if not set(names) & set(block.conditions):
            yield (
                "conditions",
                (
                    f"`blocks.conditions`: the arm {arm} has none of them; "
                    "add one to it or to the block"
                ),
            )


def _fitting_conditions(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    paradigm = PARADIGMS[block.paradigm]
    if not paradigm.asks_about_photos(block):
        return
    for condition in definition.conditions_of(block.paradigm):
        if reason := misfit(paradigm, condition):
            yield (
                "conditions",
                f"`conditions` {condition.name} does not fit {block.paradigm}: {reason}",
            )
        if paradigm.has_sides and condition.versus is None:
            pair = definition.pairs.get(definition.pair_of(condition))
            if pair is not None and pair.weaker is None:
                yield (
                    "conditions",
                    (
                        f"`conditions` {condition.name} has one network and one method; "
                        "give its pair a weaker network, or the condition versus = …"
                    ),
                )


def misfit(paradigm: Paradigm, condition: ConditionSection) -> str:
    """Why a condition can't be asked about by a paradigm; empty where it can."""
    if condition.method in WITHOUT_MAP:
        if condition.method in paradigm.without_map:
            return ""
        fits = [name for name, one in PARADIGMS.items() if condition.method in one.without_map]
        return f"it shows {WITHOUT_MAP[condition.method]}, which fits {', '.join(fits)}"
    if condition.versus is not None:
        return "" if paradigm.has_sides else "only trust compares two methods; remove `versus`"
    if shows_differences(paradigm, condition.method):
        return ""
    methods = catalogue()["methods"]
    fitting = [m for m in methods if methods[m]["control"] and shows_differences(paradigm, m)]
    return (
        f"{condition.method} is the same picture on every side and for every answer there, because "
        f"its map does not depend on the {paradigm.compares}; take {', '.join(fitting)} or "
        "another method"
    )


def shows_differences(paradigm: Paradigm, method: str) -> bool:
    """Whether a method's pictures differ where people are asked to compare them."""
    influences = catalogue()["methods"][method]["depends_on"]
    return paradigm.compares is None or paradigm.compares in influences
