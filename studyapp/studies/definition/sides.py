"""What is wrong with conditions that stand on one page: two sides, or several that compete."""

import json
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from studyapp.paradigms import PARADIGMS, WITHOUT_MAP
from studyapp.sections.blocks import BlockSection
from studyapp.sections.design import ConditionSection
from studyapp.sections.meetings import FEWEST, MOST

from .catalogue import catalogue
from .study import Definition


def sides(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    """Two conditions on one page whose pictures are the same, or of which one has none."""
    given = f"`blocks.compare` of {block.name}"
    for two in block.compared:
        first, second = (definition.condition(name) for name in two)
        for one in (first, second):
            if one.method in WITHOUT_MAP:
                yield (
                    "compare",
                    f"{given}: {one.name} shows {WITHOUT_MAP[one.method]}, and each side shows an "
                    "explanation; name another condition",
                )
            elif one.versus is not None:
                yield (
                    "compare",
                    f"{given}: {one.name} has two sides of its own; name a condition without "
                    "`versus`",
                )
        if pictured(definition, first) == pictured(definition, second):
            yield (
                "compare",
                f"{given}: {first.name} and {second.name} show the same pictures; name two that "
                "differ in method, settings or network",
            )
        if not any({*two} <= {*names} for names in definition.arm_conditions().values()):
            yield (
                "compare",
                f"{given}: no arm has both {first.name} and {second.name}, so nobody would see "
                "them; add both to an arm",
            )


def turned_sides(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    """Two sides that an earlier block names the other way round: they would be two conditions of
    the design, whose scores have opposite signs."""
    earlier = definition.blocks[: definition.blocks.index(block)]
    named = {two: one.name for one in reversed(earlier) for two in one.compared}
    for first, second in block.compared:
        if first != second and (second, first) in named:
            yield (
                "compare",
                f"`blocks.compare` of {block.name}: {first} and {second} stand the other way round "
                f"in {named[second, first]}, so plus would favour another side; name them in the "
                "same order",
            )


def competitors(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    """Conditions that meet on a page: neither too few nor too many of them, and no two alike."""
    if PARADIGMS[block.paradigm].meets == "one":
        return
    given = f"`blocks.conditions` of {block.name}"
    names = block.conditions or []
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield "conditions", f"{given}: {name} is named twice; name each condition once"
    known = {condition.name: condition for condition in definition.conditions}
    for arm, shown in definition.arm_conditions().items():
        meeting = [known[name] for name in dict.fromkeys(shown) if name in known]
        meeting = [one for one in meeting if not names or one.name in names]
        if not FEWEST <= len(meeting) <= MOST:
            where = f"people of the arm {arm}" if definition.arms else "people"
            yield (
                "conditions",
                f"{given}: {where} would compare {len(meeting)} conditions, and {block.paradigm} "
                f"takes {FEWEST} to {MOST}; "
                f"{'add some' if len(meeting) < FEWEST else 'leave some out'}",
            )
        for one, other in combinations(meeting, 2):
            if pictured(definition, one) == pictured(definition, other):
                yield (
                    "conditions",
                    f"{given}: {one.name} and {other.name} show the same pictures; leave one out",
                )


def pictured(definition: Definition, condition: ConditionSection) -> tuple[Any, ...]:
    """What a condition's pictures depend on, where it shows maps of the stronger network."""
    method = catalogue()["methods"].get(condition.method, {})
    pair = definition.pairs.get(condition.pair or next(iter(definition.pairs), ""))
    of_network = "network" in method.get("depends_on", ["network"])
    network = pair.stronger if pair is not None and of_network else ""
    told = [condition.settings, condition.files, condition.kind]
    return condition.method, json.dumps(told, sort_keys=True), network
