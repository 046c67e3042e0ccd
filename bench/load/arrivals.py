"""Many people within one second, twice: all open the link of a study, then all consent.

In between everybody has read the first page. Who consents is placed.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

from studyapp.simulation.visitor import Page

from .walker import FAILURES, Tally, Target, Walker


@dataclass
class Arrival:
    """Seconds from opening the link to its page; from sending that page's form to its
    acknowledgement, and to the next page."""

    opened: list[float] = field(default_factory=list)
    placed: list[float] = field(default_factory=list)
    next_shown: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def arrivals(target: Target, people: int) -> Arrival:
    """`people` come at even steps of one second, and go on at even steps of another."""
    found = Arrival()
    pages: dict[Walker, Page] = {}

    def come(walker: Walker) -> None:
        before = time.perf_counter()
        pages[walker] = walker.arrive()
        found.opened.append(time.perf_counter() - before)

    def go_on(walker: Walker) -> None:
        before = time.perf_counter()
        walker.go_on(pages[walker])
        found.placed.append(walker.visitor.acknowledged_after)
        found.next_shown.append(time.perf_counter() - before)

    walkers = [Walker(target, Tally(), Random(number), 0) for number in range(people)]
    within_a_second(come, walkers, found)
    within_a_second(go_on, list(pages), found)
    for walker in walkers:
        walker.visitor.close()
    return found


def within_a_second(
    step: Callable[[Walker], None], walkers: Sequence[Walker], found: Arrival
) -> None:
    def one(number: int) -> None:
        time.sleep(number / len(walkers))
        try:
            step(walkers[number])
        except FAILURES as error:
            found.errors.append(f"{type(error).__name__}: {error}")

    with ThreadPoolExecutor(len(walkers)) as pool:
        list(pool.map(one, range(len(walkers))))
