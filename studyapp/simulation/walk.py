"""One simulated person's way through the site, from the link to the completion code."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random

from studyapp.models import Trial
from studyapp.paradigms import Asked
from studyapp.paradigms.presented import FIELD
from studyapp.participations.traces import FIELD as TRACE

from .presented import plausible_record, presented_ms
from .profiles import Profile
from .visitor import Page, PageError, UnacknowledgedError, Visitor

# The truth of a simulated person's trial, by the participation's code: from the database, since
# no page may tell it.
TruthOf = Callable[[str], Trial]
MOST_PAGES = 5000
COMPLETION_CODE = "//main//code[@class='code']"


@dataclass
class Walk:
    """What one person did, as their own browser saw it."""

    code: str = ""
    outcome: str = "lost"
    acknowledged: list[int] = field(default_factory=list)
    requests: int = 0
    error: str = ""
    # How far the last log time was from the person's median
    pace: float = 0.0


@dataclass(frozen=True)
class Walker:
    """Sends one person of `profile` through the study at `start`."""

    base: str
    start: str
    parameters: dict[str, str]
    profile: Profile
    random: Random
    truth_of: TruthOf
    asked_on: Callable[[Trial], Asked]
    entered: Callable[[str, Profile], None]
    with_pictures: bool = False
    # Told of each page, before anything is done on it
    saw: Callable[[Visitor, Page], None] = lambda visitor, page: None
    # What is accepted before the trials, by the form's verb
    gates: Mapping[str, Mapping[str, object]] = field(
        default_factory=lambda: {"screening": {}, "begin": {}}
    )

    def walk(self) -> Walk:
        """Walk to the end; an error ends the walk and stands in it, it is not raised."""
        visitor, walk = Visitor(self.base), Walk()
        try:
            self._go(visitor, walk)
        except (PageError, OSError) as error:
            walk.outcome, walk.error = "error", str(error)
        finally:
            walk.requests = visitor.requests
            visitor.close()
        return walk

    def _go(self, visitor: Visitor, walk: Walk) -> None:
        page = self._enter(visitor, walk)
        if page is None:
            walk.outcome = "turned away"
            return
        for _ in range(MOST_PAGES):
            self.saw(visitor, page)
            if page.has_form("answer"):
                if len(walk.acknowledged) == self.profile.leaves_after:
                    walk.outcome = "left"
                    return
                page = self._answer(visitor, page, walk)
            elif page.has_form("consent"):
                page = visitor.send(page, "consent", _agreed(page))
            elif gate := next(filter(page.has_form, ("screening", "begin")), None):
                page = visitor.send(page, gate, self.gates[gate])
            else:
                finished = bool(page.document.xpath(COMPLETION_CODE))
                walk.outcome = "finished" if finished else "turned away"
                return
        raise PageError(f"{page.address} leads nowhere after {MOST_PAGES} pages")

    def _enter(self, visitor: Visitor, walk: Walk) -> Page | None:
        """The first page behind the door; None for somebody for whom the study is not."""
        page = visitor.open(self.start, **self.parameters)
        if not page.address.startswith("/p/") and (door := page.first_verb()):
            self.saw(visitor, page)
            try:
                page = visitor.send(page, door, {})
            except UnacknowledgedError as error:
                if error.answered == HTTPStatus.FORBIDDEN:
                    return None
                raise
        walk.code = page.address.rstrip("/").rsplit("/", 1)[-1]
        if not page.address.startswith("/p/"):
            raise PageError(f"{self.start} (status {page.status}) let nobody in")
        self.entered(walk.code, self.profile)
        return page

    def _answer(self, visitor: Visitor, page: Page, walk: Walk) -> Page:
        if self.with_pictures:
            for address in page.pictures():
                visitor.fetch(address)
        trial = self.truth_of(walk.code)
        fields = page.fields("answer")
        if fields["trial"].value != trial.code:
            raise PageError(f"{page.address} asks another trial than the next one")
        asked = self.asked_on(trial)
        answers = self.profile.answers(asked, self.random)
        walk.pace = self.profile.pace(self.random, walk.pace)
        milliseconds = round(1000 * self.profile.seconds(walk.pace)) + presented_ms(asked)
        timing = {"rt_ms": milliseconds, "confirm_ms": milliseconds + 400}
        answers.update({name: value for name, value in timing.items() if name in fields})
        if FIELD in fields:
            answers[FIELD] = plausible_record(asked, self.random)
        if TRACE in fields:
            answers[TRACE] = self.profile.trace(asked, self.random)
        following = visitor.send(page, "answer", answers)
        walk.acknowledged.append(trial.pk)
        return following


def _agreed(page: Page) -> dict[str, object]:
    """Every box ticked, in a browser that runs scripts where the page asks for one."""
    ticks: dict[str, object] = dict.fromkeys(page.checkboxes("consent"), True)
    return ticks | ({"script": "yes"} if "script" in page.fields("consent") else {})
