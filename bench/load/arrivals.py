"""Many people who open the link of a study within one second, and consent without reading."""

import asyncio
import time
from dataclasses import dataclass, field
from random import Random

from .walker import Tally, Target, Walker


@dataclass
class Arrival:
    """Seconds from opening the link to the first question."""

    waits: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


async def arrivals(target: Target, people: int) -> Arrival:
    """`people` open the link at even steps of one second and go on to the first question."""
    found = Arrival()

    async def arrive(number: int) -> None:
        await asyncio.sleep(number / people)
        walker = Walker(target, Tally(), Random(number), 0)
        before = time.perf_counter()
        try:
            await walker.enter()
            found.waits.append(time.perf_counter() - before)
        except (OSError, TimeoutError) as error:
            found.errors.append(f"{type(error).__name__}: {error}")
        finally:
            walker.browser.close()

    await asyncio.gather(*(arrive(number) for number in range(people)))
    return found
