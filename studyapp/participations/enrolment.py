"""Consent and the place in the design that comes with it."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from studyapp.models import (
    HOLDS_A_SLOT,
    Event,
    Judgment,
    Participation,
    Slot,
    Status,
    Study,
    StudyState,
)
from studyapp.shelf.clock import MOST_APART_SECONDS, database_now
from studyapp.studies.definition.study import study_definition
from studyapp.studies.texts import shown_texts

from .refusals import NotNow, StudyNotOpen

# `last_seen_at` may be so far behind: writing it with every answer would cost as much as the answer
SEEN_SECONDS = 30
# A place waits so long for its first answer; after that it is held for the study's idle limit
UNANSWERED_MINUTES = 10
# What consent and the place that comes with it change
CONSENTED = [
    "consented_at", "consent_text", "publication_consent", "device_class", "slot", "arm", "status",
    "last_seen_at",
]  # fmt: skip
# What participants' pages show of a study: its other columns are large, or unused
SHOWN_OF_STUDY = ("slug", "title", "state", "kind", "texts_digest", "definition_digest")


@transaction.atomic
def consent(
    participation: Participation, *, publication: bool = False, device_class: str = ""
) -> Participation:
    """Store what was consented to and when, and take a place; `status` is FULL if there is none.

    Consenting twice changes nothing. Raises StudyNotOpen when the study takes nobody in.
    """
    person = lock(participation)
    if person.status in (*HOLDS_A_SLOT, Status.FULL):
        return person
    if person.status != Status.ENTERED:
        raise NotNow(_("You have already left this study."))
    if person.study.state != StudyState.OPEN:
        raise StudyNotOpen(_("This study is not open for new participants at the moment."))
    if not is_screened(person):
        raise NotNow(_("Please answer the questions before this page first."))
    person.consented_at = timezone.now()
    person.consent_text = shown_texts(person.study)["consent"]
    person.publication_consent = publication
    # Who was sent on to another device consents, and answers, on that one.
    person.device_class = device_class or person.device_class
    enrol(person)
    person.save(update_fields=CONSENTED)
    person.note("consented")
    return person


def is_screened(person: Participation) -> bool:
    """Whether the screening questions, if there are any, were passed."""
    return person.screened_at is not None or not study_definition(person.study).screening


def enrol(person: Participation) -> None:
    """Give `person` the first free slot, or say FULL. The row of `person` must be locked."""
    now = database_now()
    release_idle(person.study, now)
    if not _take_first_free(person, now):
        person.status = Status.FULL


def _take_first_free(person: Participation, now: datetime) -> bool:
    """Give `person`, whose row is locked, the first free slot; False where there is none.

    The slot's own row holds the fact that it is free: it is locked, and others skip it.
    """
    slot = (
        Slot.objects.select_for_update(skip_locked=True)
        .filter(study=person.study, is_open=True)
        .order_by("position")
        .first()
    )
    if slot is None:
        return False
    slot.is_open = False
    slot.save(update_fields=["is_open"])
    person.slot, person.arm_id = slot, slot.arm_id
    person.status = Status.ACTIVE
    person.last_seen_at = now
    return True


def release_idle(study: Study, now: datetime | None = None) -> int:
    """Give back the slots of people not heard of for too long; how many there were.

    What they answered stays, marked by their status. Somebody who is answering right now is
    locked, so skipped. `now`: the database's, if it is known already.
    """
    idle = list(
        Participation.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(are_idle(study, now), study=study)
        .values_list("pk", "slot_id")
    )
    if not idle:
        return 0
    people = [person for person, _ in idle]
    Participation.objects.filter(pk__in=people).update(status=Status.DROPPED)
    Slot.objects.filter(pk__in=[slot for _, slot in idle]).update(is_open=True)
    Event.objects.bulk_create(Event(participation_id=pk, kind="dropped") for pk in people)
    return len(idle)


def are_idle(study: Study, now: datetime | None = None) -> Q:
    """People who hold a place of `study` and were not heard of for its idle limit; who has not
    answered anything yet holds it for minutes only, so that made-up people keep nobody out."""
    now = now or database_now()
    limit = study_definition(study).design.idle_minutes
    silent = Q(~Exists(Judgment.objects.filter(participation=OuterRef("pk"))))
    early = Q(last_seen_at__lt=seen_before(min(limit, UNANSWERED_MINUTES), now))
    late = Q(last_seen_at__lt=seen_before(limit, now))
    return Q(status=Status.ACTIVE) & early & (late | silent)


def seen_before(minutes: int, now: datetime | None = None) -> datetime:
    """Whoever was last seen before this moment has been idle for so many minutes for certain.

    By the earlier of both clocks: the database's alone may have jumped ahead.
    """
    doubt = timedelta(seconds=SEEN_SECONDS + MOST_APART_SECONDS)
    return min(timezone.now(), now or database_now()) - timedelta(minutes=minutes) - doubt


def idle_since(study: Study, now: datetime | None = None) -> datetime:
    """The same for the study's own limit."""
    return seen_before(study_definition(study).design.idle_minutes, now)


def note_seen(person: Participation) -> None:
    """Write that `person` was just heard of, unless that was written a moment ago.

    By the database's clock, which is one for all web processes: a machine whose own clock is wrong
    makes nobody idle, and nobody present for ever.
    """
    moment = timedelta(seconds=SEEN_SECONDS)
    if person.last_seen_at is None or abs(timezone.now() - person.last_seen_at) > moment:
        person.last_seen_at = database_now()
        person.save(update_fields=["last_seen_at"])


@transaction.atomic
def resume(participation: Participation) -> Participation:
    """Take the own slot again after having dropped out, if nobody else took it meanwhile.

    Who has not answered anything yet may take any other as well.
    """
    person = lock(participation)
    come_back(person)
    return person


def come_back(person: Participation) -> None:
    """The same of a row that is locked."""
    if person.status != Status.DROPPED or person.study.state != StudyState.OPEN:
        return
    now = database_now()
    if _take_back(person.slot):
        person.status, person.last_seen_at = Status.ACTIVE, now
    elif person.judgments.exists() or not _take_first_free(person, now):
        return
    person.save(update_fields=["status", "last_seen_at", "slot", "arm"])
    person.note("resumed")


def _take_back(slot: Slot | None) -> bool:
    if slot is None:
        return False
    return Slot.objects.filter(pk=slot.pk, is_open=True).update(is_open=False) == 1


@transaction.atomic
def begin(participation: Participation) -> Participation:
    """The instructions were read: trials may be asked."""
    person = lock(participation)
    come_back(person)
    if person.status != Status.ACTIVE:
        raise NotNow(_("There is nothing to begin here."))
    if person.started_at is None:
        person.started_at = timezone.now()
        person.save(update_fields=["started_at"])
        note_seen(person)
        person.note("began")
    return person


@transaction.atomic
def refuse(participation: Participation) -> Participation:
    """No consent: nothing is asked and nothing more is stored.

    Who had agreed and comes back to the page of consent may still choose so until the first answer.
    """
    person = lock(participation)
    if person.status not in (Status.ENTERED, Status.ACTIVE, Status.DROPPED):
        return person
    if person.judgments.exists():
        raise NotNow(
            _(
                "You have already answered questions of this study. To leave it and have your "
                "answers erased, please choose “Withdraw” at the bottom of the page."
            )
        )
    person.publication_consent = False
    person.save(update_fields=["publication_consent"])
    person.leave(Status.REFUSED, "refused")
    return person


def people() -> QuerySet[Participation]:
    """Everybody, with what their pages show of their study."""
    own = [field.name for field in Participation._meta.concrete_fields if field.name != "profile"]
    return Participation.objects.select_related("study").only(
        *own, *(f"study__{name}" for name in SHOWN_OF_STUDY)
    )


def lock(participation: Participation) -> Participation:
    """The participation's row, locked until the transaction ends."""
    return locked(pk=participation.pk)


def locked(**key: Any) -> Participation:
    """The row that `key` names, locked likewise; Participation.DoesNotExist if there is none."""
    return people().select_for_update(of=("self",)).get(**key)


def has_free_slot(study: Study) -> bool:
    """Whether somebody new would find a place, people idle for too long counted as gone."""
    # Two questions, because no index answers both at once.
    return (
        Slot.objects.filter(study=study, is_open=True).exists()
        or Participation.objects.filter(are_idle(study), study=study).exists()
    )
