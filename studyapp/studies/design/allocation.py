"""Which person judges which stimulus under which condition, in which order (pure).

A schedule runs through the stimuli again and again while the condition moves on, so that a full
cycle holds every stimulus × condition equally often; people take windows of it one after the
other, so that coverage is even wherever a study stops; each cycle is shuffled afresh.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from studyapp.sections.meetings import members, rounds


class DesignError(ValueError):
    """A design that can't be drawn: one sentence with the nearest one that can."""


@dataclass(frozen=True)
class Item:
    """A stimulus as the design sees it: a stable key, the photo it is of, and its stratum."""

    key: str
    image: str
    stratum: str = ""


@dataclass(frozen=True)
class Cell:
    """A stimulus under a condition."""

    item: Item
    condition: str


@dataclass(frozen=True)
class Shuffled:
    """Conditions in an order of chance. in_rounds: as in `allocate`."""

    conditions: tuple[str, ...]
    random: Random
    in_rounds: bool = False

    def again(self) -> list[str]:
        if not self.in_rounds:
            return self.random.sample(self.conditions, len(self.conditions))
        known = {frozenset(members(name)): name for name in self.conditions}
        competitors = sorted({one for pair in known for one in pair})
        drawn = rounds(self.random.sample(competitors, len(competitors)))
        return [known[frozenset(pair)] for pair in drawn]


def people_for_exact_ratings(items: int, conditions: int, trials: int) -> int:
    """The people in one full cycle: any multiple of it gives exactly equal ratings per cell."""
    cells = items * conditions
    return cells // math.gcd(cells, trials)


def allocate(
    items: Sequence[Item],
    conditions: Sequence[str],
    *,
    trials: int,
    people: int,
    random: Random,
    takes_turns: bool = True,
    in_rounds: bool = False,
) -> list[list[Cell]]:
    """For each person `trials` cells, in the order in which they are asked.

    Where the items have strata, everybody gets equally many of each. `takes_turns`: the
    conditions do so at every position. `in_rounds`: the conditions are pairs of competitors, and
    those that come one after the other hold each competitor as often as can be. Raises
    DesignError where one person would have to see a photo twice.
    """
    strata = by_stratum(items)
    share = stratum_share(trials, len(strata))
    shuffled = Shuffled(tuple(conditions), random, in_rounds)
    windows: list[list[Cell]] = [[] for _ in range(people)]
    for group in strata:
        _refuse_repeats(group, share)
        for window, more in zip(windows, _windows(group, shuffled, share, people), strict=True):
            window.extend(more)
    if not takes_turns:
        return [random.sample(window, len(window)) for window in windows]
    return list(_ordered(windows, conditions, random))


def by_stratum(items: Sequence[Item]) -> list[list[Item]]:
    """The items of each stratum, strata in the order of their names; all in one without strata."""
    names = sorted({item.stratum for item in items})
    return [[item for item in items if item.stratum == name] for name in names]


def stratum_share(trials: int, strata: int) -> int:
    """Trials of each stratum; DesignError where they can't be shared equally."""
    share, odd = divmod(trials, strata)
    if odd:
        below = f"{share * strata} or " if share else ""
        raise DesignError(
            f"{trials} trials can't hold equally many of {strata} kinds of photos: "
            f"use {below}{(share + 1) * strata}"
        )
    return share


def _windows(
    items: Sequence[Item], shuffled: Shuffled, trials: int, people: int
) -> list[list[Cell]]:
    windows: list[list[Cell]] = []
    cycle = people_for_exact_ratings(len(items), len(shuffled.conditions), trials)
    while len(windows) < people:
        schedule = _schedule(_spread(items, shuffled.random), shuffled)
        for start in range(0, cycle * trials, trials):
            window = [schedule[place % len(schedule)] for place in range(start, start + trials)]
            windows.append(window)
    return windows[:people]


def _refuse_repeats(items: Sequence[Item], trials: int) -> None:
    counts = _items_by_image(items)
    full = min(sum(len(group) > step for group in counts) for step in range(_depth(items)))
    if trials > full:
        raise DesignError(
            f"{trials} trials per person need at least {trials} photos with equally many stimuli "
            f"each, so that nobody sees one twice; there are {full}: ask for at most {full}"
        )


def _items_by_image(items: Sequence[Item]) -> list[list[Item]]:
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.image, []).append(item)
    return list(groups.values())


def _depth(items: Sequence[Item]) -> int:
    return max((len(group) for group in _items_by_image(items)), default=0)


def _spread(items: Sequence[Item], random: Random) -> list[Item]:
    """All items in random order, those of one photo as far apart as can be."""
    groups = [random.sample(group, len(group)) for group in _items_by_image(items)]
    random.shuffle(groups)
    groups.sort(key=len, reverse=True)
    return [group[step] for step in range(_depth(items)) for group in groups if len(group) > step]


def _schedule(order: list[Item], shuffled: Shuffled) -> list[Cell]:
    """Every cell once: the condition moves on with each stimulus, by one more per round if needed
    so that no stimulus meets the same condition in two rounds."""
    names = shuffled.again()
    count = len(names)
    shift = next(d for d in range(count) if math.gcd(len(order) + d, count) == 1)
    return [
        Cell(order[step % len(order)], names[(step + shift * (step // len(order))) % count])
        for step in range(len(order) * count)
    ]


def _ordered(
    windows: list[list[Cell]], conditions: Sequence[str], random: Random
) -> Iterator[list[Cell]]:
    """Every person's cells in order: as many people as conditions share one sequence of shuffled
    rounds, each turned by one more, so that every position sees every condition equally often."""
    count = len(conditions)
    template: list[int] = []
    for number, window in enumerate(windows):
        if number % count == 0:
            rounds = -(-len(window) // count)
            template = [k for _ in range(rounds) for k in random.sample(range(count), count)]
        turned = [conditions[(rank + number) % count] for rank in template]
        yield _in_sequence(window, turned, random)


def _in_sequence(window: list[Cell], wanted: list[str], random: Random) -> list[Cell]:
    """The window's cells, each position with its wanted condition while there are any left."""
    left: dict[str, list[Cell]] = {}
    for cell in random.sample(window, len(window)):
        left.setdefault(cell.condition, []).append(cell)
    ordered = []
    for name in wanted[: len(window)]:
        if not left.get(name):
            name = max(left, key=lambda other: len(left[other]))
        ordered.append(left[name].pop())
    return ordered
