"""Closed-loop walkers: each sends its next request only after the last was answered.

They are the simulation's visitors, one thread each. The table shows what a submit costs them
apart from what it costs the site.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

from studyapp.simulation.form import Fields
from studyapp.simulation.visitor import Page, PageError, Visitor

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
TEXT = "I looked at what was marked."
MOST_ERRORS = 20
FAILURES = (PageError, OSError)


@dataclass(frozen=True)
class Target:
    """A site under load: where people come in, and which page asks for what counts as a submit.

    has_script: whether their browsers run the pages' scripts.
    """

    name: str
    base: str
    entry: Callable[[], str]
    is_question: Callable[[Page], bool]
    has_script: bool = True


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
        self.visitor = Visitor(target.base, has_script=target.has_script)
        # What its browser has, by address
        self.cached: set[str] = set()

    def arrive(self) -> Page:
        """Open the link: the page that it leads to."""
        self.visitor.session.cookies.clear()
        self.cached.clear()
        return self.visitor.open(self.target.entry())

    def enter(self) -> Page:
        """From the link to the first question."""
        page = self.arrive()
        while not self.target.is_question(page):
            page = self.go_on(page)
        self.fetch(page.parts())
        self.fetch_ahead(page)
        return page

    def fetch_ahead(self, page: Page) -> None:
        if self.target.has_script:
            self.fetch(page.ahead())

    def fetch(self, addresses: Iterable[str]) -> None:
        """What the browser does not have yet, once."""
        for address in addresses:
            if address not in self.cached:
                self.cached.add(address)
                self.visitor.fetch(address)

    def go_on(self, page: Page) -> Page:
        """Send the page's form, filled by chance: the page that follows."""
        verb = page.first_verb()
        if verb is None:
            raise PageError(f"{page.address} ends before the first question")
        return self.visitor.send(page, verb, by_chance(page.fields(verb), self.random))

    def walk(self, ready: threading.Barrier, seconds: float, people: float = math.inf) -> None:
        """Answer for `seconds`, or until so many `people` have finished, from the moment at which
        everybody stands at a question."""
        page: Page | None = self.enter()
        ready.wait()
        end = time.perf_counter() + seconds
        time.sleep(self.random.uniform(0, self.think))
        while (
            time.perf_counter() < end
            and self.tally.finished < people
            and len(self.tally.errors) < MOST_ERRORS
        ):
            try:
                page = self._step(page or self.enter(), end)
            except FAILURES as error:
                self.tally.errors.append(f"{type(error).__name__}: {error}")
                page = None
        self.visitor.close()

    def _step(self, page: Page, end: float) -> Page | None:
        """One answer, noted if its next page came before `end`; that page, None at the end."""
        before = time.perf_counter()
        following = self.go_on(page)
        self.fetch(following.parts())
        shown = time.perf_counter()
        self.fetch_ahead(following)
        if shown < end:
            self.tally.submits.append(self.visitor.acknowledged_after)
            self.tally.shown.append(shown - before)
        if following.first_verb() is None:
            self.tally.finished += 1
            return None
        if self.think:
            time.sleep(self.random.uniform(0.5 * self.think, 1.5 * self.think))
        return following


def by_chance(fields: Fields, random: Random) -> dict[str, object]:
    """An answer for every field: choices by chance, hidden ones as they are unless they measure."""
    given: dict[str, object] = {}
    for name, one in fields.items():
        options = one.options
        if one.is_single_box:
            given[name] = True
        elif options is not None:
            given[name] = random.choice([value for value in options if value])
        elif one.kind in ("textarea", "text"):
            given[name] = TEXT
        elif name in MEASURES and not one.value:
            given[name] = MEASURES[name]
    return given


def crowd(
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
    tally, ready = Tally(), threading.Barrier(clients, started)
    walkers = [Walker(target, tally, Random(number), think) for number in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        for done in [pool.submit(walker.walk, ready, seconds, people) for walker in walkers]:
            done.result()
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
