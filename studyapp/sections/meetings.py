"""Conditions of a study file that meet on one page, which the design takes for one condition.

Such a condition is called by its members' names. No name in a study file has a separator in it, so
the name alone says who met whom, in the rows and in every table of a bundle.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Literal

SEPARATOR = " · "
# How many of a block's conditions stand on one page
Meets = Literal["one", "two", "all"]
FEWEST, MOST = 3, 8


def meetings(meets: Meets, names: Sequence[str]) -> list[str]:
    """The design's conditions of a block with the conditions `names`."""
    if meets == "two":
        return [meeting(pair) for pair in combinations(names, 2)]
    return [meeting(names)] if meets == "all" else list(names)


def meeting(names: Sequence[str]) -> str:
    """The name of a condition under which `names` meet, in this order."""
    return SEPARATOR.join(names)


def members(name: str) -> list[str]:
    """Those that meet under the condition called `name`: itself, where it is of the file."""
    return name.split(SEPARATOR)


def rounds(names: Sequence[str]) -> list[tuple[str, str]]:
    """Every two of `names` once, so that those who meet one after the other are as even as can be.

    The circle method: one stays, the others move on by a place after each round, in which
    everybody meets somebody else; with an odd number one of them rests.
    """
    circle: list[str | None] = [*names, *([None] if len(names) % 2 else [])]
    found = []
    for _ in range(len(circle) - 1):
        half = len(circle) // 2
        for one, other in zip(circle[:half], reversed(circle[half:]), strict=True):
            if one is not None and other is not None:
                found.append((one, other))
        circle = [circle[0], circle[-1], *circle[1:-1]]
    return found
