"""Many people within one second, twice: all open the link of a study, then all consent.

In between everybody has read the first page. Who consents is placed.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from .forms import Form
from .walker import Tally, Target, Walker


@dataclass
class Arrival:
    """Seconds from opening the link to its page; from sending that page's form to its
    acknowledgement, and to the next page."""

    opened: list[float] = field(default_factory=list)
    placed: list[float] = field(default_factory=list)
    next_shown: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


async def arrivals(target: Target, people: int) -> Arrival:
    """`people` come at even steps of one second, and go on at even steps of another."""
    found = Arrival()
    walkers = [Walker(target, Tally(), Random(number), 0) for number in range(people)]
    pages: dict[Walker, tuple[str, Form]] = {}

    async def come(walker: Walker) -> None:
        before = time.perf_counter()
        pages[walker] = await walker.arrive()
        found.opened.append(time.perf_counter() - before)

    async def go_on(walker: Walker) -> None:
        address, form = pages[walker]
        before = time.perf_counter()
        reply, action = await walker.send(form, address)
        found.placed.append(time.perf_counter() - before)
        await walker.browser.follow(reply, action)
        found.next_shown.append(time.perf_counter() - before)

    await within_a_second(come, walkers, found)
    await within_a_second(go_on, list(pages), found)
    for walker in walkers:
        walker.browser.close()
    return found


async def within_a_second(
    step: Callable[[Walker], Awaitable[None]], walkers: list[Walker], found: Arrival
) -> None:
    async def one(wait: float, walker: Walker) -> None:
        await asyncio.sleep(wait)
        try:
            await step(walker)
        except (OSError, TimeoutError) as error:
            found.errors.append(f"{type(error).__name__}: {error}")

    waits: Iterable[float] = (number / len(walkers) for number in range(len(walkers)))
    await asyncio.gather(*(one(*pair) for pair in zip(waits, walkers, strict=True)))
