"""Whose the places of a design are, by site and stratum: in every arm their shares, wherever it
stops."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
# A site and a stratum; "" where a study has none
Group = tuple[str, str]


def group_of_places(
    arms: Sequence[str], sites: Mapping[str, int], strata: Mapping[str, int]
) -> list[Group]:
    """The site and the stratum of each place, given the arms of the places in the order of taking.

    sites, strata: each one's share; at every site every stratum has its share.
    """
    shares = {
        (site, stratum): own * quota
        for site, own in (sites or {"": 1}).items()
        for stratum, quota in (strata or {"": 1}).items()
    }
    return whose_places(arms, shares)


def whose_places(arms: Sequence[str], shares: Mapping[Key, int]) -> list[Key]:
    """Whose each place is, given the arms of the places in the order of taking.

    shares: how many of the places each has, in any unit. In every arm the next place is theirs who
    are farthest behind their share there (Tijdeman, The chairman assignment problem, Discrete
    Mathematics 32, 1980), then of those theirs who are farthest behind over all arms: nobody is
    ever a whole place behind in an arm.
    """
    total = sum(shares.values())
    given: Counter[tuple[str, Key]] = Counter()
    overall: Counter[Key] = Counter()
    found = []
    for place, arm in enumerate(arms):
        taken = sum(given[arm, one] for one in shares)

        def behind(
            one: Key, arm: str = arm, taken: int = taken, place: int = place
        ) -> tuple[float, float]:
            share = shares[one] / total
            in_arm = share * (taken + 1) - given[arm, one]
            return round(in_arm, 9), round(share * (place + 1) - overall[one], 9)

        own = max(shares, key=behind)
        given[arm, own] += 1
        overall[own] += 1
        found.append(own)
    return found
