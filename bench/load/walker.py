"""Closed-loop walkers: each sends its next request only after the last was answered."""

import asyncio
import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random
from urllib.parse import urljoin

from .connection import Browser, Reply
from .forms import Form, first_form

# What the pages' own script would fill in; a site that has no such field never hears of it.
MEASURES = {
    "rt_ms": "1840",
    "confirm_ms": "2310",
    "choice_changes": "0",
    "hidden_ms": "0",
    "focus_losses": "0",
    "window_width": "1366",
    "window_height": "768",
    "pixel_ratio": "1",
    "picture_failed": "false",
}
MOST_ERRORS = 20
PICTURE = re.compile(r'<img[^>]*\ssrc="([^"]+)"')


@dataclass(frozen=True)
class Target:
    """A site under load: where people come in, and which posted address is a submit."""

    name: str
    base: str
    entry: Callable[[], str]
    is_submit: Callable[[str], bool]


@dataclass
class Tally:
    """What walkers saw, in seconds."""

    submits: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    finished: int = 0


class Walker:
    """One person after another in one browser."""

    def __init__(self, target: Target, tally: Tally, random: Random, think: float) -> None:
        self.target, self.tally, self.random, self.think = target, tally, random, think
        self.browser = Browser(target.base)
        self.pictures: set[str] = set()

    async def arrive(self) -> tuple[str, Form]:
        """Open the link: the address and the form of the page that it leads to."""
        self.browser.cookies.clear()
        self.pictures.clear()
        address = self.target.entry()
        reply, address = await self.browser.follow(await self.browser.get(address), address)
        return address, self._needed_form(reply, address)

    async def enter(self) -> tuple[str, Form]:
        """From the link to the first question: its address and form."""
        address, form = await self.arrive()
        while not self.target.is_submit(self._action(form, address)):
            reply, address = await self.browser.follow(*await self.send(form, address))
            form = self._needed_form(reply, address)
        return address, form

    async def walk(
        self,
        ready: asyncio.Barrier,
        seconds: float,
        started: Callable[[], None],
        people: float = math.inf,
    ) -> None:
        """Answer for `seconds`, or until so many `people` have finished, from the moment at which
        everybody stands at a question, which one of them tells by `started`."""
        place: tuple[str, Form] | None = await self.enter()
        if await ready.wait() == 0:
            started()
        end = time.perf_counter() + seconds
        await asyncio.sleep(self.random.uniform(0, self.think))
        while (
            time.perf_counter() < end
            and self.tally.finished < people
            and len(self.tally.errors) < MOST_ERRORS
        ):
            try:
                place = await self._step(place, end)
            except (OSError, TimeoutError) as error:
                self.tally.errors.append(f"{type(error).__name__}: {error}")
                place = None
        self.browser.close()

    async def _step(self, place: tuple[str, Form] | None, end: float) -> tuple[str, Form] | None:
        """One answer, noted if its next page came before `end`; what that asks, None at the end."""
        address, form = place or await self.enter()
        before = time.perf_counter()
        reply, address = await self.send(form, address)
        sent = time.perf_counter()
        reply, address = await self.browser.follow(reply, address)
        following = self._form(reply, address)
        await self._fetch_pictures(reply, address)
        shown = time.perf_counter()
        if shown < end:
            self.tally.submits.append(sent - before)
            self.tally.shown.append(shown - before)
        if following is None:
            self.tally.finished += 1
            return None
        if self.think:
            await asyncio.sleep(self.random.uniform(0.5 * self.think, 1.5 * self.think))
        return address, following

    async def _fetch_pictures(self, reply: Reply, address: str) -> None:
        """What the page shows and the browser does not have yet."""
        for source in PICTURE.findall(reply.body.decode()):
            picture = urljoin(address, source)
            if picture not in self.pictures:
                self.pictures.add(picture)
                found = await self.browser.get(picture)
                if found.status != HTTPStatus.OK:
                    raise ConnectionError(f"{picture} was answered with {found.status}")

    async def send(self, form: Form, address: str) -> tuple[Reply, str]:
        """The redirect that acknowledges a posted form, and the form's address."""
        action = self._action(form, address)
        reply = await self.browser.post(action, form.filled(MEASURES, self.random))
        if not 300 <= reply.status < 400:
            raise ConnectionError(f"{action} was answered with {reply.status}")
        return reply, action

    def _action(self, form: Form, address: str) -> str:
        return urljoin(address, form.action) if form.action else address

    def _needed_form(self, reply: Reply, address: str) -> Form:
        form = self._form(reply, address)
        if form is None:
            raise ConnectionError(f"{address} ends before the first question")
        return form

    def _form(self, reply: Reply, address: str) -> Form | None:
        if reply.status != HTTPStatus.OK:
            raise ConnectionError(f"{address} was answered with {reply.status}")
        return first_form(reply.body.decode())


async def crowd(
    target: Target,
    *,
    clients: int,
    think: float,
    seconds: float,
    started: Callable[[], None],
    people: float = math.inf,
) -> Tally:
    """`clients` people at once at `target` for `seconds`, or until so many `people` have finished,
    each thinking `think` s on average."""
    tally, ready = Tally(), asyncio.Barrier(clients)
    walkers = [Walker(target, tally, Random(number), think) for number in range(clients)]
    await asyncio.gather(*(walker.walk(ready, seconds, started, people) for walker in walkers))
    return tally


def percentiles(seconds: list[float]) -> Mapping[int, float]:
    """The 50th, 95th and 99th, in milliseconds (nearest rank); NaN of nothing."""
    ordered = sorted(seconds)
    if not ordered:
        return dict.fromkeys((50, 95, 99), float("nan"))
    return {
        share: 1000 * ordered[min(len(ordered) - 1, round(share / 100 * len(ordered)))]
        for share in (50, 95, 99)
    }
