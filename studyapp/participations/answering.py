"""The server decides the page: the first trial of my slot that I have not judged."""

import secrets
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from studyapp.models import Event, Judgment, Participation, Status, StudyState, Trial
from studyapp.studies.definition import study_definition

from .enrolment import is_screened, lock
from .gates import has_failed_practice, screen_out
from .outcomes import code_at_the_end
from .refusals import NotNow, NotYourTrial, OutOfOrder, StudyNotOpen

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
    return unanswered(participation).order_by("position").first()


def unanswered(participation: Participation) -> QuerySet[Trial]:
    judged = Judgment.objects.filter(trial=OuterRef("pk"), participation=participation)
    return Trial.objects.filter(~Exists(judged), slot=participation.slot_id).select_related(
        "stimulus", "condition__pair"
    )


def within_sight(participation: Participation) -> list[Trial]:
    """The trial that is due and the one whose pictures are fetched ahead.

    A second step's pictures are the advice that the first answer must not know: they wait.
    """
    following = list(unanswered(participation).order_by("position")[:2])
    return following if len(following) < 2 or following[1].step < 2 else following[:1]


def counts(participation: Participation) -> tuple[int, int]:
    """How many trials are answered, of how many."""
    return (
        Judgment.objects.filter(participation=participation).count(),
        Trial.objects.filter(slot=participation.slot_id).count(),
    )


def answer(
    participation: Participation,
    *,
    trial_code: str,
    value: int | None,
    data: dict[str, Any],
    timing: dict[str, Any],
) -> Judgment:
    """Store one answer, once. The same trial posted again gives back what was stored first.

    Raises NotYourTrial for a trial that is not of this slot, OutOfOrder for one that is not
    next, StudyNotOpen after closing, NotNow for somebody who is not taking part (any more).
    """
    with transaction.atomic():
        person = lock(participation)
        due, *later = unanswered(person).order_by("position")[:2] or [None]
        if due is None or due.code != trial_code:
            return _already_stored(person, trial_code)
        _refuse_unless_taking_part(person)
        judgment = Judgment.objects.create(
            participation=person,
            trial=due,
            value=value,
            data=data,
            texts_digest=person.study.texts_digest,
            **timing,
        )
        person.last_seen_at = timezone.now()
        person.save(update_fields=["last_seen_at"])
        if has_failed_practice(person, due, study_definition(person.study)):
            screen_out(person, because="practice")
        elif not later:
            finish(person)
        return judgment


def _already_stored(person: Participation, trial_code: str) -> Judgment:
    """The judgment of a trial that is not due: it was sent before, or it is refused."""
    trial = Trial.objects.filter(code=trial_code, slot=person.slot_id).first()
    if trial is None:
        raise NotYourTrial(_("This question is not part of your study."))
    stored = Judgment.objects.filter(participation=person, trial=trial).first()
    if stored is None:
        _refuse_unless_taking_part(person)
        raise OutOfOrder(_("This question is not the next one; please go on with the page shown."))
    return stored


def _refuse_unless_taking_part(person: Participation) -> None:
    if person.study.state == StudyState.CLOSED:
        raise StudyNotOpen(_("This study is closed; your earlier answers are kept."))
    if person.status != Status.ACTIVE or person.started_at is None:
        raise NotNow(_("You are not answering questions of this study at the moment."))


def finish(person: Participation) -> None:
    """Give the completion code, after counting that every trial of the slot has its judgment.

    The row of `person` must be locked.
    """
    if unanswered(person).exists():
        raise NotNow(_("There are questions left to answer."))
    person.completion_code = code_at_the_end(person) or secrets.token_hex(4).upper()
    person.status, person.finished_at = Status.FINISHED, timezone.now()
    person.save(update_fields=["completion_code", "status", "finished_at"])
    Event.objects.create(participation=person, kind="finished")
