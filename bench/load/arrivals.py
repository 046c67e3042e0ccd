"""Many people within one second, three times: all open the link of a study, then all press its
*Begin*, then all consent.

In between everybody has read the page. Who consents is placed. Where a link leads straight to a
person's first page, as oTree's does, nobody presses anything.

Each person is a thread that sleeps until it is their turn. It has a connection of its own, which
its first request opens. With an application that does nothing in place of the site, 95 in 100 were
on their first page within 24 ms, on two busy cores: that is what the clients add.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

from studyapp.simulation.visitor import Page

from .walker import FAILURES, Tally, Target, Walker

# Both sites' addresses of a person's own pages begin so.
INSIDE = "/p/"


@dataclass
class Arrival:
    """Seconds from opening the link to its page, from pressing its *Begin* to the first page of
    the study, and both together; from sending that page's form to its acknowledgement, and to the
    next page. The time in which people read and browsers parse is not counted. Stylesheets, which
    a proxy serves, are not fetched."""

    opened: list[float] = field(default_factory=list)
    begun: list[float] = field(default_factory=list)
    first_shown: list[float] = field(default_factory=list)
    placed: list[float] = field(default_factory=list)
    next_shown: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def arrivals(target: Target, people: int) -> Arrival:
    """`people` come at even steps of one second, and go on at even steps of the next ones."""
    found = Arrival()
    pages: dict[Walker, Page] = {}
    waits: dict[Walker, float] = {}

    def come(walker: Walker) -> None:
        before = time.perf_counter()
        pages[walker] = walker.arrive()
        waits[walker] = time.perf_counter() - before
        found.opened.append(waits[walker])
        if is_inside(walker):
            found.first_shown.append(waits[walker])

    def is_inside(walker: Walker) -> bool:
        return pages[walker].address.startswith(INSIDE)

    def begin(walker: Walker) -> None:
        before = time.perf_counter()
        pages[walker] = walker.go_on(pages[walker])
        found.begun.append(time.perf_counter() - before)
        found.first_shown.append(waits[walker] + found.begun[-1])

    def go_on(walker: Walker) -> None:
        before = time.perf_counter()
        walker.go_on(pages[walker])
        found.placed.append(walker.visitor.acknowledged_after)
        found.next_shown.append(time.perf_counter() - before)

    walkers = [Walker(target, Tally(), Random(number), 0) for number in range(people)]
    within_a_second(come, walkers, found)
    read(pages.values())
    within_a_second(begin, [one for one in pages if not is_inside(one)], found)
    read(pages.values())
    within_a_second(go_on, [one for one in pages if is_inside(one)], found)
    for walker in walkers:
        walker.visitor.close()
    return found


def read(pages: Iterable[Page]) -> None:
    """Parse the pages, untimed: real browsers do so on machines of their own."""
    for page in pages:
        page.first_verb()


def within_a_second(
    step: Callable[[Walker], None], walkers: Sequence[Walker], found: Arrival
) -> None:
    def one(number: int) -> None:
        time.sleep(number / len(walkers))
        try:
            step(walkers[number])
        except FAILURES as error:
            found.errors.append(f"{type(error).__name__}: {error}")

    with ThreadPoolExecutor(max(len(walkers), 1)) as pool:
        list(pool.map(one, range(len(walkers))))
