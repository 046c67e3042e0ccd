"""The balanced design as a pure function: one plan and seed always give the same slots.

Slots and trials are drawn before anybody enters, so that balance holds by construction.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from random import Random
from typing import Any

from studyapp.sections.meetings import members

from .allocation import Cell, DesignError, Item, allocate
from .balance import balanced_bits
from .groups import Group, group_of_places
from .latin import Order, even_numbers, latin_orders

__all__ = ["BlockPlan", "Cell", "Design", "DesignError", "Item", "Plan", "SlotPlan", "TrialPlan"]


@dataclass(frozen=True)
class BlockPlan:
    """A run of trials of one arm: what may be asked, how often, and what a page needs drawn.

    options: buttons in drawn order, 0 for none. steps: pages about one stimulus. repeats: trials
    that come again at the end. is_shared: everybody is asked about the same photos (practice,
    learning), in one order. asks_about_photos: False for pages of a questionnaire. in_rounds: the
    conditions are pairs of competitors, who take turns in meeting each other.
    """

    name: str
    paradigm: str
    stage: str
    trials: int
    checks: int
    conditions: tuple[str, ...]
    items: tuple[Item, ...]
    has_sides: bool
    options: int
    check_values: tuple[int, ...]
    steps: int = 1
    repeats: int = 0
    is_shared: bool = False
    asks_about_photos: bool = True
    in_rounds: bool = False


@dataclass(frozen=True)
class Plan:
    """Everything that a design is drawn from. `arms`: each arm's blocks, in order."""

    seed: int
    people: int
    arms: dict[str, tuple[BlockPlan, ...]]
    may_repeat_images: bool = False
    exact_ratings: bool = True
    exact_sides: bool = True
    takes_turns: bool = True
    first_position: int = 0
    # How many places each site has; none of a study without sites
    sites: Mapping[str, int] = field(default_factory=dict)
    # Each stratum's share of the places; none of a study without quotas
    strata: Mapping[str, int] = field(default_factory=dict)
    # The questions within whose strata arms are taken in turn, without quotas
    in_turn: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrialPlan:
    """One planned page. `bit`: the stronger network stands at B, or the right option first.
    `order`: of more than two options, as shown. `step`: of a question asked in two."""

    block: str
    paradigm: str
    stage: str
    item: Item | None = None
    condition: str | None = None
    bit: bool | None = None
    expected: int | None = None
    order: tuple[int, ...] | None = None
    step: int = 0


@dataclass(frozen=True)
class SlotPlan:
    position: int
    arm: str
    seed: int
    trials: tuple[TrialPlan, ...]
    site: str = ""
    stratum: str = ""


@dataclass(frozen=True)
class Design:
    slots: tuple[SlotPlan, ...]

    def digest(self) -> str:
        """SHA-256 of all slots and trials."""
        # Written out because `asdict` takes ten times as long
        rows = [
            {
                "position": slot.position,
                "arm": slot.arm,
                "seed": slot.seed,
                "trials": [_trial_row(trial) for trial in slot.trials],
                **({"site": slot.site} if slot.site else {}),
                **({"stratum": slot.stratum} if slot.stratum else {}),
            }
            for slot in self.slots
        ]
        return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def _trial_row(trial: TrialPlan) -> dict[str, Any]:
    """What came later to a trial's plan counts only where it is used, so that the digests of
    earlier designs stay what they were."""
    later = {"order": trial.order, "step": trial.step}
    return {
        "block": trial.block,
        "paradigm": trial.paradigm,
        "stage": trial.stage,
        "item": None if trial.item is None else _item_row(trial.item),
        "condition": trial.condition,
        "bit": trial.bit,
        "expected": trial.expected,
        **{name: value for name, value in later.items() if value},
    }


def _item_row(item: Item) -> dict[str, str]:
    stratum = {"stratum": item.stratum} if item.stratum else {}
    return {"key": item.key, "image": item.image, **stratum}


def draw(plan: Plan) -> Design:
    """All slots with their trials; DesignError says what can't be met and what could."""
    per_arm, odd = divmod(plan.people, len(plan.arms))
    if odd:
        raise DesignError(
            f"{plan.people} people can't be shared equally by {len(plan.arms)} arms: "
            f"use {per_arm * len(plan.arms)} or {(per_arm + 1) * len(plan.arms)}"
        )
    random = _random(plan, "slots")
    places = [
        (arm, random.getrandbits(62))
        for _ in range(per_arm)
        for arm in random.sample(list(plan.arms), len(plan.arms))
    ]
    whose = group_of_places([arm for arm, _ in places], plan.sites, plan.strata)
    of_arm: dict[str, list[Group]] = {arm: [] for arm in plan.arms}
    for (arm, _), own in zip(places, whose, strict=True):
        of_arm[arm].append(own)
    drawn = {arm: _in_groups(plan, arm, groups) for arm, groups in of_arm.items()}
    return Design(
        tuple(
            SlotPlan(plan.first_position + place, arm, seed, next(drawn[arm]), site, stratum)
            for place, ((arm, seed), (site, stratum)) in enumerate(zip(places, whose, strict=True))
        )
    )


def _in_groups(plan: Plan, arm: str, whose: Sequence[Group]) -> Iterator[tuple[TrialPlan, ...]]:
    """Each place's trials, in the order of an arm's places.

    The people of one stratum have windows of the schedule that follow one another, so that they
    see every stimulus under every condition as evenly as their number allows.
    """
    runs = sorted(whose, key=itemgetter(1, 0)) if plan.strata else [*whose]
    drawn: dict[Group, list[tuple[TrialPlan, ...]]] = {}
    for own, trials in zip(runs, _arm_trials(plan, arm, runs), strict=True):
        _refuse_repeats(plan, trials)
        drawn.setdefault(own, []).append(tuple(trials))
    left = {own: iter(found) for own, found in drawn.items()}
    return (next(left[own]) for own in whose)


def _refuse_repeats(plan: Plan, trials: Sequence[TrialPlan]) -> None:
    images = seen_images(trials)
    if len(set(images)) < len(images) and not plan.may_repeat_images:
        raise DesignError(
            "two blocks ask one person about the same photo: give each block its own photos, or "
            "set repeat_images = true"
        )


def _random(plan: Plan, *names: str) -> Random:
    return Random("/".join((str(plan.seed), str(plan.first_position), *names)))


def _arm_trials(plan: Plan, arm: str, whose: Sequence[Group]) -> list[list[TrialPlan]]:
    """For each person of an arm all trials, block after block. whose: each person's group."""
    trials: list[list[TrialPlan]] = [[] for _ in whose]
    for block in plan.arms[arm]:
        random = _random(plan, arm, block.name)
        for person, asked in enumerate(_asked(plan, block, whose, random)):
            units = [_pages(block, trial) for trial in asked]
            units.extend(_repeated(block, asked, random))
            trials[person].extend(_with_checks(block, units, random))
    return trials


def _asked(
    plan: Plan, block: BlockPlan, whose: Sequence[Group], random: Random
) -> list[list[TrialPlan]]:
    """For each person the block's trials without checks, repeats and second steps."""
    people = len(whose)
    if not block.asks_about_photos:
        page = TrialPlan(block.name, block.paradigm, block.stage)
        return [[page] * block.trials for _ in range(people)]
    cells = _block_cells(plan, block, people, random)
    strata = [stratum for _, stratum in whose]
    bits = _bits(block, cells, strata, random)
    orders = option_orders(block, cells, random)
    return [
        [
            TrialPlan(
                block.name, block.paradigm, block.stage, cell.item, cell.condition, bit, order=o
            )
            for cell, bit, o in zip(*rows, strict=True)
        ]
        for rows in zip(cells, bits, orders, strict=True)
    ]


def _block_cells(plan: Plan, block: BlockPlan, people: int, random: Random) -> list[list[Cell]]:
    if not block.items:
        raise DesignError(f"block {block.name} has no stimulus to ask about; add photos")
    if block.is_shared:
        return _shared_cells(block, people)
    return allocate(
        block.items,
        block.conditions,
        trials=block.trials,
        people=people,
        random=random,
        takes_turns=plan.takes_turns,
        in_rounds=block.in_rounds,
    )


def _shared_cells(block: BlockPlan, people: int) -> list[list[Cell]]:
    """Practice and learning ask everybody about the same photos; the conditions take turns."""
    if block.trials > len(block.items):
        raise DesignError(
            f"block {block.name} needs {block.trials} {block.stage} stimuli, and there are "
            f"{len(block.items)}: add photos or ask for fewer trials"
        )
    shared, names = block.items[: block.trials], block.conditions
    return [
        [Cell(item, names[(person + step) % len(names)]) for step, item in enumerate(shared)]
        for person in range(people)
    ]


def _bits(
    block: BlockPlan, cells: list[list[Cell]], strata: Sequence[str], random: Random
) -> list[list[bool | None]]:
    """A coin per trial: even per stimulus × condition in each stratum of people and in all, per
    stimulus, per person, and over all."""
    if not block.has_sides and block.options != 2:
        return [[None] * len(row) for row in cells]
    flat = [(person, cell) for person, row in enumerate(cells) for cell in row]
    bits = iter(
        balanced_bits(
            [
                (cell.item.key, cell.condition, *filter(None, [strata[person]]))
                for person, cell in flat
            ],
            [(person, cell.condition) for person, cell in flat],
            random,
        )
    )
    return [[next(bits) for _ in row] for row in cells]


def option_orders(
    block: BlockPlan, cells: list[list[Cell]], random: Random
) -> list[list[Order | None]]:
    """An order of more than two options per trial: within a stimulus × condition every option
    stands at every place equally often, by turning one shuffled order round. Where the options are
    conditions that meet, that holds for every person and over all as well."""
    if block.options <= 2:
        return [[None] * len(row) for row in cells]
    if any(len(members(name)) > 1 for name in block.conditions):
        return _even_orders(block.options, cells, random)
    waiting: dict[Cell, list[Order]] = {}
    options = range(block.options)

    def next_order(cell: Cell) -> Order:
        left = waiting.setdefault(cell, [])
        if not left:
            base, turns = (random.sample(options, len(options)) for _ in range(2))
            left.extend(tuple(base[turn:] + base[:turn]) for turn in turns)
        return left.pop()

    return [[next_order(cell) for cell in row] for row in cells]


def _even_orders(options: int, cells: list[list[Cell]], random: Random) -> list[list[Order | None]]:
    rows = latin_orders(options, random)
    flat = [(person, cell) for person, row in enumerate(cells) for cell in row]
    numbers = iter(even_numbers(flat, options, random))
    return [[rows[next(numbers)] for _ in row] for row in cells]


Unit = tuple[TrialPlan, ...]


def _pages(block: BlockPlan, trial: TrialPlan) -> Unit:
    """The pages about one stimulus: one, or a first and a final answer."""
    if block.steps == 1:
        return (trial,)
    first, final = ("first", "final") if block.stage == "main" else (block.stage, block.stage)
    return (replace(trial, stage=first, step=1), replace(trial, stage=final, step=2))


def _repeated(block: BlockPlan, asked: list[TrialPlan], random: Random) -> list[Unit]:
    """Trials of the first half once more, sides or buttons the other way round."""
    if not block.repeats:
        return []
    half = asked[: len(asked) // 2]
    if block.repeats > len(half):
        raise DesignError(
            f"block {block.name} asks {block.repeats} of {block.trials} trials again: "
            f"use at most {len(half)}, so that some time passes in between"
        )
    return [(_mirrored(trial),) for trial in random.sample(half, block.repeats)]


def _mirrored(trial: TrialPlan) -> TrialPlan:
    bit = None if trial.bit is None else not trial.bit
    order = None if trial.order is None else trial.order[::-1]
    return replace(trial, stage="repeat", bit=bit, order=order)


def _with_checks(block: BlockPlan, units: list[Unit], random: Random) -> list[TrialPlan]:
    """The pages with attention checks among them: never first, never two in a row, and never
    between the two steps of one question."""
    if block.checks and block.checks >= block.trials:
        raise DesignError(
            f"block {block.name} has {block.checks} attention checks for {block.trials} trials: "
            f"use at most {block.trials - 1}"
        )
    # After which trials: each check anywhere in its own stretch
    after = set()
    for number in range(block.checks):
        first = 1 + number * (block.trials - 1) // block.checks
        last = (number + 1) * (block.trials - 1) // block.checks
        after.add(random.randint(first, max(first, last)))
    trials: list[TrialPlan] = []
    for number, unit in enumerate(units, 1):
        trials.extend(unit)
        if number in after:
            expected = random.choice(block.check_values)
            trials.append(TrialPlan(block.name, block.paradigm, "check", expected=expected))
    return trials


def seen_images(trials: Sequence[TrialPlan]) -> list[str]:
    """The photo of every trial that shows one anew: not the second step of a question, and not
    what is asked again on purpose."""
    return [
        trial.item.image
        for trial in trials
        if trial.item is not None and trial.step != 2 and trial.stage != "repeat"
    ]
