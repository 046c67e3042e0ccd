"""What a drawn design keeps, counted from its trials and not from how they were drawn (pure)."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from itertools import pairwise
from typing import Any

from .allocation import people_for_exact_ratings
from .design import BlockPlan, Design, Plan, SlotPlan, TrialPlan

Row = tuple[SlotPlan, int, TrialPlan]


def certify(plan: Plan, design: Design) -> dict[str, Any]:
    """The certificate: counts per block and arm; `problems` is empty when all that was asked holds.

    `notes` tells unequal ratings where the definition says that the nearest will do.
    """
    blocks = [
        _certify_block(arm, block, design)
        for arm, planned in plan.arms.items()
        for block in planned
        if block.stage == "main"
    ]
    repeats = sum(_repeats(slot) for slot in design.slots)
    adjacent = sum(_adjacent_checks(slot) for slot in design.slots)
    unequal = [sentence for block in blocks for sentence in block.pop("unequal")]
    problems = list(unequal) if plan.exact_ratings else []
    if repeats and not plan.may_repeat_images:
        problems.append(f"{repeats} times a person would see a photo twice")
    if adjacent:
        problems.append(f"{adjacent} times two attention checks follow one another")
    return {
        "seed": plan.seed,
        "slots": len(design.slots),
        "trials": sum(len(slot.trials) for slot in design.slots),
        "arms": dict(Counter(slot.arm for slot in design.slots)),
        "blocks": blocks,
        "images_repeated": repeats,
        "adjacent_checks": adjacent,
        "digest": design.digest(),
        "problems": problems,
        "notes": [] if plan.exact_ratings else unequal,
    }


def certificate_lines(certificate: dict[str, Any]) -> list[str]:
    """The certificate as sentences for people."""
    lines = [
        f"{certificate['slots']} places, {certificate['trials']} trials, "
        f"seed {certificate['seed']}, digest {certificate['digest'][:12]}"
    ]
    for block in certificate["blocks"]:
        lines.append(
            f"arm {block['arm']}, block {block['block']}: {block['stimuli']} stimuli × "
            f"{block['conditions']} conditions, {_span(block['ratings_per_cell'])} ratings each"
        )
        lines.append(
            f"  greatest difference between the two sides: per stimulus × condition "
            f"{block['side_by_cell']}, per stimulus {block['side_by_stimulus']}, per person "
            f"{block['side_by_person']}, over all {block['side_overall']}"
        )
        lines.append(
            f"  conditions of one person differ by at most {block['conditions_by_person']}; "
            f"one condition stands at one position {_span(block['condition_at_position'])} times"
        )
    lines.append(
        f"photos seen twice by one person: {certificate['images_repeated']}; "
        f"attention checks in a row: {certificate['adjacent_checks']}"
    )
    lines.extend(f"note: {note}" for note in certificate["notes"])
    return [*lines, *(f"NOT MET: {problem}" for problem in certificate["problems"])]


def _certify_block(arm: str, block: BlockPlan, design: Design) -> dict[str, Any]:
    rows = list(_rows(arm, block, design))
    keys = [(item.key, name) for item in block.items for name in block.conditions]
    cells = Counter(dict.fromkeys(keys, 0))
    cells.update(_cell(row) for row in rows)
    positions = Counter((place, row.condition) for _, place, row in rows)
    people = {(slot.position, name): 0 for slot, _, _ in rows for name in block.conditions}
    by_person = Counter(people)
    by_person.update((slot.position, str(trial.condition)) for slot, _, trial in rows)
    ratings = [min(cells.values()), max(cells.values())]
    return {
        "arm": arm,
        "block": block.name,
        "stimuli": len(block.items),
        "conditions": len(block.conditions),
        "ratings_per_cell": ratings,
        "side_by_cell": _imbalance(rows, _cell),
        "side_by_stimulus": _imbalance(rows, lambda row: _cell(row)[0]),
        "side_by_person": _imbalance(rows, lambda row: row[0].position),
        "side_overall": _imbalance(rows, lambda row: 0),
        "conditions_by_person": _widest(by_person, lambda key: key[0]),
        "condition_at_position": [min(positions.values()), max(positions.values())],
        "unequal": _unequal(block, ratings, len({slot.position for slot, _, _ in rows})),
    }


def _rows(arm: str, block: BlockPlan, design: Design) -> Iterable[Row]:
    for slot in design.slots:
        if slot.arm == arm:
            asked = [t for t in slot.trials if t.block == block.name and t.item is not None]
            yield from ((slot, place, trial) for place, trial in enumerate(asked))


def _cell(row: Row) -> tuple[str, str]:
    trial = row[2]
    assert trial.item is not None
    return trial.item.key, str(trial.condition)


def _unequal(block: BlockPlan, ratings: list[int], people: int) -> list[str]:
    if ratings[0] == ratings[1]:
        return []
    cycle = people_for_exact_ratings(len(block.items), len(block.conditions), block.trials)
    below, above = people // cycle * cycle, -(-people // cycle) * cycle
    choices = f"{below} or {above}" if below else str(above)
    return [
        f"block {block.name}: {people} people give some stimuli {ratings[0]} and others "
        f'{ratings[1]} ratings per condition; take {choices} people, or say ratings = "nearest"'
    ]


def _imbalance(rows: list[Row], group: Callable[[Row], Hashable]) -> int:
    """The greatest difference between the two sides in any group; 0 where there are no sides."""
    sums: dict[Hashable, int] = defaultdict(int)
    for row in rows:
        if row[2].bit is not None:
            sums[group(row)] += 1 if row[2].bit else -1
    return max((abs(value) for value in sums.values()), default=0)


def _widest(counts: Counter[Any], group: Callable[[Any], Hashable]) -> int:
    values: dict[Hashable, list[int]] = defaultdict(list)
    for key, count in counts.items():
        values[group(key)].append(count)
    return max((max(found) - min(found) for found in values.values()), default=0)


def _repeats(slot: SlotPlan) -> int:
    images = [trial.item.image for trial in slot.trials if trial.item is not None]
    return len(images) - len(set(images))


def _adjacent_checks(slot: SlotPlan) -> int:
    stages = [trial.stage for trial in slot.trials]
    return sum(one == other == "check" for one, other in pairwise(stages))


def _span(values: list[int]) -> str:
    return str(values[0]) if values[0] == values[1] else f"{values[0]} to {values[1]}"
