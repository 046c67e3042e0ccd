"""The server decides the page: the first trial of my slot that I have not judged."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from studyapp.models import Judgment, Participation, Status, StudyState, Trial
from studyapp.shelf.rows import insert
from studyapp.studies.definition.study import study_definition
from studyapp.studies.trial_cache import slot_trials

from .enrolment import is_screened, note_seen
from .gates import has_failed_practice
from .outcomes import code_at_the_end
from .refusals import NotNow, NotYourTrial, OutOfOrder, StudyNotOpen, Unanswered
from .statements import Standing, locked_standing, standing

PAGES_BY_STATUS = {
    Status.FINISHED: "finished",
    Status.FULL: "full",
    Status.REFUSED: "refused",
    Status.DROPPED: "dropped",
    Status.SCREENED_OUT: "screened_out",
    Status.WITHDRAWN: "withdrawn",
}


def current_page(participation: Participation) -> str:
    """The name of the page that this participation is at."""
    if participation.status in PAGES_BY_STATUS:
        return PAGES_BY_STATUS[Status(participation.status)]
    if participation.study.state == StudyState.CLOSED:
        return "closed"
    if participation.status == Status.ENTERED:
        if participation.study.state != StudyState.OPEN:
            return "paused"
        return "consent" if is_screened(participation) else "screening"
    return "trial" if participation.started_at else "instructions"


def current_trial(participation: Participation) -> Trial | None:
    """The first trial of the participation's slot without a judgment; None when none is left."""
    return next(iter(unanswered(participation)), None)


def unanswered(participation: Participation) -> list[Trial]:
    """The trials of the participation's slot without a judgment, in their order."""
    return _left(standing(participation.code))


def _left(stands: Standing) -> list[Trial]:
    return [trial for trial in planned(stands.person) if trial.pk not in stands.judged]


def planned(participation: Participation) -> Sequence[Trial]:
    """All trials of the participation's slot, in their order."""
    return slot_trials(participation.slot_id) if participation.slot_id is not None else ()


# So many trials' pictures are fetched while a person looks at one
AHEAD = 2


def within_sight(participation: Participation) -> list[Trial]:
    """The trial that is due and those whose pictures are fetched ahead.

    A second step's pictures are the advice that the first answer must not know: they wait, and so
    does all that follows.
    """
    return sight_of(standing(participation.code))


def sight_of(stands: Standing) -> list[Trial]:
    """The same for a person of whom it is known where they stand."""
    return _nearest(_left(stands))


def _nearest(left: list[Trial]) -> list[Trial]:
    return [*left[:1], *takewhile(lambda trial: trial.step < 2, left[1 : 1 + AHEAD])]


@dataclass(frozen=True)
class Given:
    """A person's answer to a trial, and what the page measured (Judgment's columns).

    keep: stores what else was observed, beside the judgment; None where nothing is collected.
    """

    value: int | None
    data: dict[str, Any] = field(default_factory=dict)
    timing: dict[str, Any] = field(default_factory=dict)
    keep: Callable[[Judgment], None] | None = None


@dataclass(frozen=True)
class Taken:
    """The judgment that is stored of a trial, and where that leaves the person.

    is_given: whether it holds the same answer that was sent. is_repeated: it was stored before.
    person: as they are after it.
    following: the trials within their sight; empty for a person who is not at a trial.
    """

    judgment: Judgment
    is_given: bool
    is_repeated: bool
    person: Participation
    following: list[Trial]


# (person, the trial) → the answer; it may refuse with a ParticipationError
Reader = Callable[[Participation, Trial], Given]


def answer(
    participation: Participation,
    *,
    trial_code: str,
    value: int | None,
    data: dict[str, Any],
    timing: dict[str, Any],
) -> Judgment:
    """Store one answer that is known already; see `take_answer`."""
    given = Given(value, data, timing)
    return take_answer(participation.code, trial_code=trial_code, read=lambda *_: given).judgment


@transaction.atomic
def take_answer(code: str, *, trial_code: str, read: Reader) -> Taken:
    """Store one answer of the person with `code`, once. If the same trial is posted again, the
    first answer stays and is returned.

    Raises NotYourTrial for a trial of another slot, OutOfOrder for one that is not next,
    StudyNotOpen after closing, NotNow for a person who is not taking part (any more),
    Participation.DoesNotExist for an unknown code, and whatever `read` raises.
    """
    stands = locked_standing(code)
    person, left = stands.person, _left(stands)
    if not left or left[0].code != trial_code:
        return _already_stored(person, trial_code, read, left)
    due = left[0]
    _refuse_unless_taking_part(person)
    given = read(person, due)
    judgment = Judgment(
        participation=person,
        trial=due,
        value=given.value,
        data=given.data,
        texts_digest=person.study.texts_digest,
        **given.timing,
    )
    insert(judgment)
    if given.keep is not None:
        given.keep(judgment)
    note_seen(person)
    if has_failed_practice(person, due, study_definition(person.study)):
        person.leave(Status.SCREENED_OUT, because="practice")
    elif len(left) == 1:
        finish(person)
    following = _following(person, left[1:])
    return Taken(judgment, is_given=True, is_repeated=False, person=person, following=following)


def _following(person: Participation, left: list[Trial]) -> list[Trial]:
    return _nearest(left) if current_page(person) == "trial" else []


def _already_stored(
    person: Participation, trial_code: str, read: Reader, left: list[Trial]
) -> Taken:
    """The judgment of a trial that is not due: it was sent before, or it is refused."""
    trial = Trial.objects.filter(code=trial_code, slot=person.slot_id).first()
    if trial is None:
        raise NotYourTrial(_("This question does not belong to your study."))
    stored = Judgment.objects.filter(participation=person, trial=trial).first()
    if stored is None:
        _refuse_unless_taking_part(person)
        raise OutOfOrder(
            _("This question is not the next one. Please continue with the question shown.")
        )
    try:
        given = read(person, trial)
        is_given = (given.value, given.data) == (stored.value, stored.data)
    except Unanswered:
        is_given = False
    following = _following(person, left)
    return Taken(stored, is_given=is_given, is_repeated=True, person=person, following=following)


def _refuse_unless_taking_part(person: Participation) -> None:
    if person.study.state == StudyState.CLOSED:
        raise StudyNotOpen(_("This study is closed. Your earlier answers have been saved."))
    if person.status != Status.ACTIVE or person.started_at is None:
        raise NotNow(_("You are not taking part in this study at the moment."))


def finish(person: Participation) -> None:
    """Give the completion code, after counting that every trial of the slot has its judgment.

    The row of `person` must be locked.
    """
    _refuse_unless_taking_part(person)
    if unanswered(person):
        raise NotNow(_("Some questions are still unanswered. Please answer them first."))
    person.finish(code_at_the_end(person) or secrets.token_hex(4).upper())
