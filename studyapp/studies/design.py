"""The balanced design as a pure function: one plan and seed always give the same slots.

Slots and trials are drawn before anybody enters, so that balance holds by construction.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random

from .allocation import Cell, DesignError, Item, allocate
from .balance import balanced_bits

__all__ = ["BlockPlan", "Cell", "Design", "DesignError", "Item", "Plan", "SlotPlan", "TrialPlan"]


@dataclass(frozen=True)
class BlockPlan:
    """A run of trials of one arm: what may be asked, how often, and what a page needs drawn."""

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


@dataclass(frozen=True)
class Plan:
    """Everything that a design is drawn from. `arms`: each arm's blocks, in order."""

    seed: int
    people: int
    arms: dict[str, tuple[BlockPlan, ...]]
    may_repeat_images: bool = False
    exact_ratings: bool = True
    first_position: int = 0


@dataclass(frozen=True)
class TrialPlan:
    """One planned page. `bit`: the stronger network stands at B, or the right option first."""

    block: str
    paradigm: str
    stage: str
    item: Item | None = None
    condition: str | None = None
    bit: bool | None = None
    expected: int | None = None


@dataclass(frozen=True)
class SlotPlan:
    position: int
    arm: str
    seed: int
    trials: tuple[TrialPlan, ...]


@dataclass(frozen=True)
class Design:
    slots: tuple[SlotPlan, ...]

    def digest(self) -> str:
        """SHA-256 of all slots and trials."""
        rows = json.dumps([asdict(slot) for slot in self.slots], sort_keys=True)
        return hashlib.sha256(rows.encode()).hexdigest()


def draw(plan: Plan) -> Design:
    """All slots with their trials; DesignError says what can't be met and what could."""
    per_arm, odd = divmod(plan.people, len(plan.arms))
    if odd:
        raise DesignError(
            f"{plan.people} people can't be shared equally by {len(plan.arms)} arms: "
            f"take {per_arm * len(plan.arms)} or {(per_arm + 1) * len(plan.arms)}"
        )
    drawn = {arm: _arm_trials(plan, arm, per_arm) for arm in plan.arms}
    random = _random(plan, "slots")
    slots: list[SlotPlan] = []
    for place in range(per_arm):
        for arm in random.sample(list(plan.arms), len(plan.arms)):
            position = plan.first_position + len(slots)
            trials = tuple(drawn[arm][place])
            _refuse_repeated_images(plan, trials)
            slots.append(SlotPlan(position, arm, random.getrandbits(62), trials))
    return Design(tuple(slots))


def _random(plan: Plan, *names: str) -> Random:
    return Random("/".join((str(plan.seed), str(plan.first_position), *names)))


def _arm_trials(plan: Plan, arm: str, people: int) -> list[list[TrialPlan]]:
    """For each person of an arm all trials, block after block."""
    trials: list[list[TrialPlan]] = [[] for _ in range(people)]
    for block in plan.arms[arm]:
        random = _random(plan, arm, block.name)
        cells = _block_cells(block, people, random)
        bits = _bits(block, cells, random)
        for person, (row, coins) in enumerate(zip(cells, bits, strict=True)):
            asked = [_trial(block, cell, bit) for cell, bit in zip(row, coins, strict=True)]
            trials[person].extend(_with_checks(block, asked, random))
    return trials


def _block_cells(block: BlockPlan, people: int, random: Random) -> list[list[Cell]]:
    if not block.items:
        raise DesignError(f"block {block.name} has no stimulus to ask about")
    if block.stage == "practice":
        return [_practice_cells(block, person) for person in range(people)]
    return allocate(
        block.items, block.conditions, trials=block.trials, people=people, random=random
    )


def _practice_cells(block: BlockPlan, person: int) -> list[Cell]:
    """Practice asks everybody about the same photos; the conditions take turns."""
    if block.trials > len(block.items):
        raise DesignError(
            f"block {block.name} needs {block.trials} practice stimuli; "
            f"there are {len(block.items)}"
        )
    count = len(block.conditions)
    return [
        Cell(block.items[step], block.conditions[(person + step) % count])
        for step in range(block.trials)
    ]


def _bits(block: BlockPlan, cells: list[list[Cell]], random: Random) -> list[list[bool | None]]:
    """A coin per trial: even per stimulus × condition, per stimulus, per person, and over all."""
    if not block.has_sides and block.options != 2:
        return [[None] * len(row) for row in cells]
    flat = [(person, cell) for person, row in enumerate(cells) for cell in row]
    bits = iter(
        balanced_bits(
            [(cell.item.key, cell.condition) for _, cell in flat],
            [(person, cell.condition) for person, cell in flat],
            random,
        )
    )
    return [[next(bits) for _ in row] for row in cells]


def _trial(block: BlockPlan, cell: Cell, bit: bool | None) -> TrialPlan:
    return TrialPlan(block.name, block.paradigm, block.stage, cell.item, cell.condition, bit)


def _with_checks(block: BlockPlan, asked: list[TrialPlan], random: Random) -> list[TrialPlan]:
    """The trials with attention checks strewn in: never first, never two in a row."""
    if not block.checks:
        return asked
    if block.checks >= len(asked):
        raise DesignError(
            f"block {block.name} has {block.checks} attention checks for {len(asked)} trials: "
            f"take at most {len(asked) - 1}"
        )
    after = {_check_place(number, block, random) for number in range(block.checks)}
    trials: list[TrialPlan] = []
    for number, trial in enumerate(asked, 1):
        trials.append(trial)
        if number in after:
            trials.append(_check(block, random))
    return trials


def _check_place(number: int, block: BlockPlan, random: Random) -> int:
    """After which trial the check of this number comes: anywhere in its own stretch."""
    first = 1 + number * (block.trials - 1) // block.checks
    last = (number + 1) * (block.trials - 1) // block.checks
    return random.randint(first, max(first, last))


def _check(block: BlockPlan, random: Random) -> TrialPlan:
    expected = random.choice(block.check_values)
    return TrialPlan(block.name, block.paradigm, "check", expected=expected)


def _refuse_repeated_images(plan: Plan, trials: Sequence[TrialPlan]) -> None:
    images = [trial.item.image for trial in trials if trial.item is not None]
    if len(set(images)) < len(images) and not plan.may_repeat_images:
        raise DesignError(
            "two blocks ask one person about the same photo: give each block photos of its own, "
            "or say repeat_images = true"
        )
