"""What a drawn design keeps, counted from its trials and not from how they were drawn (pure)."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from itertools import pairwise, product
from typing import Any

from studyapp.sections.meetings import members

from .allocation import by_stratum, people_for_exact_ratings, stratum_share
from .draw import BlockPlan, Design, Plan, SlotPlan, TrialPlan, seen_images
from .strata import strata_facts, strata_lines

Row = tuple[SlotPlan, int, TrialPlan]


def certify(plan: Plan, design: Design) -> dict[str, Any]:
    """The certificate: counts per block and arm; `problems` is empty when all that was asked holds.

    `notes` lists unequal ratings where the definition accepts the nearest.
    """
    blocks = [
        _certify_block(arm, block, design)
        for arm, planned in plan.arms.items()
        for block in planned
        if block.stage == "main" and block.asks_about_photos
    ]
    seen = [seen_images(slot.trials) for slot in design.slots]
    repeats = sum(len(images) - len(set(images)) for images in seen)
    stages = [[trial.stage for trial in slot.trials] for slot in design.slots]
    adjacent = sum(one == other == "check" for row in stages for one, other in pairwise(row))
    unequal = [sentence for block in blocks for sentence in block.pop("unequal")]
    problems = list(unequal) if plan.exact_ratings else []
    if plan.exact_sides:
        problems.extend(sentence for block in blocks for sentence in _uneven_sides(block))
    if repeats and not plan.may_repeat_images:
        problems.append(f"{repeats} times a person would see a photo twice")
    if adjacent:
        problems.append(f"{adjacent} times one attention check follows another")
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
        **({"sites": _sites(plan, design)} if plan.sites else {}),
        **({"strata": strata_facts(plan, design)} if plan.strata else {}),
        **({"in_turn": list(plan.in_turn)} if plan.in_turn else {}),
    }


def certificate_lines(certificate: dict[str, Any]) -> list[str]:
    """The certificate as sentences for people.

    They are part of registered plans: another word would be another digest.
    """
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
        if "competitors" in block:
            lines.append(
                f"  {block['competitors']} competitors; those of one person differ by at most "
                f"{block['competitors_by_person']}; the two sides of one competitor by at most "
                f"{block['competitor_sides']} over all"
            )
        if "competitor_sides_by_person" in block:
            lines.append(
                "  the two sides of one competitor differ by at most "
                f"{block['competitor_sides_by_person']} for one person"
            )
        if block["option_places"]:
            lines.append(
                f"  how often an option stands at a place differs by at most "
                f"{block['option_places']} per stimulus × condition"
            )
        if "places_by_person" in block:
            lines.append(
                f"  how often one competitor stands at a place differs by at most "
                f"{block['places_by_person']} for one person and {block['places_overall']} over all"
            )
    lines.append(
        f"photos seen twice by one person: {certificate['images_repeated']}; "
        f"attention checks in a row: {certificate['adjacent_checks']}"
    )
    for site, arms in certificate.get("sites", {}).items():
        places = ", ".join(f"{count} in arm {arm}" for arm, count in arms.items())
        lines.append(f"site {site}: {sum(arms.values())} places, {places}")
    lines.extend(strata_lines(certificate))
    lines.extend(f"note: {note}" for note in certificate["notes"])
    return [*lines, *(f"NOT MET: {problem}" for problem in certificate["problems"])]


def _sites(plan: Plan, design: Design) -> dict[str, dict[str, int]]:
    """How many places each site has in each arm."""
    counts = Counter((slot.site, slot.arm) for slot in design.slots)
    return {site: {arm: counts[site, arm] for arm in plan.arms} for site in plan.sites}


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
        "people": len({slot.position for slot, _, _ in rows}),
        "ratings": len(rows),
        "ratings_per_cell": ratings,
        "side_by_cell": _imbalance(rows, _cell),
        "side_by_stimulus": _imbalance(rows, lambda row: _cell(row)[0]),
        "side_by_person": _imbalance(rows, lambda row: row[0].position),
        "side_overall": _imbalance(rows, lambda row: 0),
        "option_places": _option_places(rows),
        "conditions_by_person": _widest(by_person, lambda key: key[0]),
        "condition_at_position": [
            min(positions.values(), default=0),
            max(positions.values(), default=0),
        ],
        **(_competitors(rows) if block.in_rounds else {}),
        **(_places(rows, block.options) if block.options > 2 and _meet(block) else {}),
        "unequal": _unequal(block, ratings, len({slot.position for slot, _, _ in rows})),
    }


def _competitors(rows: list[Row]) -> dict[str, int]:
    """How evenly those that meet in pairs are shown; with `bit`, the first one stands at B."""
    shown = [
        (slot.position, name, (place == 0) != bool(trial.bit))
        for slot, _, trial in rows
        for place, name in enumerate(members(str(trial.condition)))
    ]
    names = {name for _, name, _ in shown}
    people = {person for person, _, _ in shown}
    by_person = Counter({(person, name): 0 for person in people for name in names})
    by_person.update((person, name) for person, name, _ in shown)
    by_side: Counter[tuple[int | None, str]] = Counter()
    for person, name, is_first in shown:
        for key in ((None, name), (person, name)):
            by_side[key] += 1 if is_first else -1
    overall = [abs(count) for (person, _), count in by_side.items() if person is None]
    own = [abs(count) for (person, _), count in by_side.items() if person is not None]
    return {
        "competitors": len(names),
        "competitors_by_person": _widest(by_person, lambda key: key[0]),
        "competitor_sides": max(overall, default=0),
        "competitor_sides_by_person": max(own, default=0),
    }


def _meet(block: BlockPlan) -> bool:
    return any(len(members(name)) > 1 for name in block.conditions)


def _places(rows: list[Row], options: int) -> dict[str, int]:
    """How evenly those that meet on one page stand at its places."""
    shown = [
        (slot.position, option, place)
        for slot, _, trial in rows
        for place, option in enumerate(trial.order or ())
    ]
    people = {person for person, _, _ in shown}
    turns = list(product(range(options), range(options)))
    by_person = Counter({(person, *turn): 0 for person in people for turn in turns})
    by_person.update(shown)
    overall = Counter(dict.fromkeys(turns, 0))
    overall.update((option, place) for _, option, place in shown)
    return {
        "places_by_person": _widest(by_person, lambda key: key[0]),
        "places_overall": _widest(overall, lambda key: 0),
    }


def _rows(arm: str, block: BlockPlan, design: Design) -> Iterable[Row]:
    """The planned ratings: of two answers the final one, and none that is asked again."""
    for slot in design.slots:
        if slot.arm == arm:
            asked = [
                trial
                for trial in slot.trials
                if trial.block == block.name
                and (trial.item is not None and trial.step != 1)
                and trial.stage in ("main", "final")
            ]
            yield from ((slot, place, trial) for place, trial in enumerate(asked))


def _uneven_sides(block: dict[str, Any]) -> list[str]:
    return [
        f"block {block['block']}: {word} the two sides differ by {block[key]}; "
        'try another seed, or set side_balance = "nearest"'
        for key, word in (("side_by_stimulus", "for one stimulus"), ("side_overall", "over all"))
        if block[key] > 1
    ]


def _cell(row: Row) -> tuple[str, str]:
    trial = row[2]
    assert trial.item is not None
    return trial.item.key, str(trial.condition)


def _unequal(block: BlockPlan, ratings: list[int], people: int) -> list[str]:
    if ratings[0] == ratings[1]:
        return []
    cycle = exact_cycle(block)
    below, above = people // cycle * cycle, -(-people // cycle) * cycle
    choices = f"{below} or {above}" if 0 < below < above else str(above)
    return [
        f"block {block.name}: {people} people give some stimuli {ratings[0]} and others "
        f'{ratings[1]} ratings per condition; use {choices} people, or set ratings = "nearest"'
    ]


def exact_cycle(block: BlockPlan) -> int:
    """The people of whom any multiple gives exactly equal ratings, all strata together."""
    strata = by_stratum(block.items)
    share = stratum_share(block.trials, len(strata))
    conditions = len(block.conditions)
    return math.lcm(*(people_for_exact_ratings(len(group), conditions, share) for group in strata))


def _option_places(rows: list[Row]) -> int:
    """The greatest difference between how often any option of a stimulus × condition stands at
    any place; 0 where there are no more than two options."""
    counts: dict[Hashable, Counter[tuple[int, int]]] = defaultdict(Counter)
    for row in rows:
        for place, option in enumerate(row[2].order or ()):
            counts[_cell(row)][option, place] += 1
    size = {len(row[2].order or ()) for row in rows}
    full = max(size, default=0) ** 2
    return max(
        (max(c.values()) - (min(c.values()) if len(c) == full else 0) for c in counts.values()),
        default=0,
    )


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


def _span(values: list[int]) -> str:
    return str(values[0]) if values[0] == values[1] else f"{values[0]} to {values[1]}"
