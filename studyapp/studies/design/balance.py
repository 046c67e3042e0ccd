"""Choosing one of two sides so that every group of trials is split evenly (pure)."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from random import Random

Path = tuple[Hashable, ...]


def balanced_bits(first: Sequence[Path], second: Sequence[Path], random: Random) -> list[bool]:
    """A coin for each trial, such that every group of two nested families splits within one.

    `first[i]` and `second[i]` say where trial i belongs, from coarse to fine, such as
    (stimulus, condition) and (person, condition). Trials are paired inside their finest groups,
    what is left over inside the next coarser ones, once for each family. The two pairings
    together form paths and even cycles, so partners can always be given opposite coins; a group
    then differs by no more than its single unpaired trial.
    """
    partners = (_partners(first, random), _partners(second, random))
    bits: list[bool | None] = [None] * len(first)
    for start in range(len(first)):
        stack = [(start, random.random() < 0.5)] if bits[start] is None else []
        while stack:
            trial, value = stack.pop()
            if bits[trial] is None:
                bits[trial] = value
                stack.extend((pairs[trial], not value) for pairs in partners if trial in pairs)
    return [bool(bit) for bit in bits]


def _partners(paths: Sequence[Path], random: Random) -> dict[int, int]:
    """Each trial's partner: of the same finest group where possible, else of a coarser one."""
    partners: dict[int, int] = {}
    waiting = list(range(len(paths)))
    random.shuffle(waiting)
    for depth in range(max(map(len, paths), default=0), -1, -1):
        groups: dict[Path, list[int]] = defaultdict(list)
        for trial in waiting:
            groups[paths[trial][:depth]].append(trial)
        waiting = []
        for group in groups.values():
            for one, other in zip(group[::2], group[1::2], strict=False):
                partners[one], partners[other] = other, one
            waiting.extend(group[len(group) - len(group) % 2 :])
    return partners
