"""Which places of a design are which site's: in every arm the sites' shares, wherever it stops."""

from collections import Counter
from collections.abc import Mapping, Sequence


def site_of_places(arms: Sequence[str], shares: Mapping[str, int]) -> list[str]:
    """The site of each place, given the arms of the places in the order of taking.

    shares: how many places each site has in all, which need not sum to the number of places. In
    every arm the next place is the site's that is farthest behind its share there (Tijdeman, The
    chairman assignment problem, Discrete Mathematics 32, 1980), then of those the one farthest
    behind over all arms: no site is ever a whole place behind in an arm. Without shares all are "".
    """
    if not shares:
        return [""] * len(arms)
    total = sum(shares.values())
    given: Counter[tuple[str, str]] = Counter()
    overall: Counter[str] = Counter()
    found = []
    for place, arm in enumerate(arms):
        taken = sum(given[arm, site] for site in shares)

        def behind(
            site: str, arm: str = arm, taken: int = taken, place: int = place
        ) -> tuple[float, float]:
            share = shares[site] / total
            in_arm = share * (taken + 1) - given[arm, site]
            return round(in_arm, 9), round(share * (place + 1) - overall[site], 9)

        site = max(shares, key=behind)
        given[arm, site] += 1
        overall[site] += 1
        found.append(site)
    return found
