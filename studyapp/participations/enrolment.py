"""Consent and the place in the design that comes with it."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from studyapp.models import HOLDS_A_SLOT, Judgment, Participation, Status, Study, StudyState
from studyapp.models.design import SlotQuerySet
from studyapp.shelf.clock import MOST_APART_SECONDS, database_now
from studyapp.studies.definition.study import study_definition
from studyapp.studies.texts import text_for

from . import statements
from .admission import came_from_elsewhere, take_turns
from .places import places_for, places_of, take_place
from .refusals import NotNow, StudyNotOpen
from .waiting import has_list, is_kept_out, is_offered, look, stop_waiting, turn, wait

# `last_seen_at` may be so far behind: writing it with every answer would cost as much as the answer
SEEN_SECONDS = 30
# A place waits so long for its first answer; after that it is held for the study's idle limit
UNANSWERED_MINUTES = 10


@transaction.atomic
def consent(
    participation: Participation,
    *,
    publication: bool = False,
    device_class: str = "",
    traces: bool = False,
    signed: str = "",
) -> Participation:
    """Store what was consented to and when, and take a place.

    publication, traces: what else was agreed to. signed: by Web Bot Auth, a SignedAgent.
    Without a place `status` is FULL, but ENTERED, and nothing is stored, where people may wait; it
    is SCREENED_OUT for somebody who has gone to a study of `entry.not_after` meanwhile.
    Consenting twice changes nothing. Raises StudyNotOpen when the study is not open.
    """
    take_turns(participation)
    person = lock(participation)
    if person.status in (*HOLDS_A_SLOT, Status.FULL):
        return person
    if person.status != Status.ENTERED:
        raise NotNow(_("You have already left this study."))
    if person.study.state != StudyState.OPEN:
        raise StudyNotOpen(_("This study is not open for new participants at the moment."))
    if not is_screened(person):
        raise NotNow(_("Please answer the earlier questions first."))
    if came_from_elsewhere(person):
        stop_waiting(person)
        person.leave(Status.SCREENED_OUT, because="took part in an earlier study")
        return person
    text = text_for(person, "consent")
    now = database_now()
    release_idle(person.study, now)
    if has_list(person.study):
        slot = turn(person, now)
        if slot is None:
            return person
    else:
        slot = take_place(person)
    person.consent(
        text, slot, now, publication=publication, device=device_class, traces=traces, signed=signed
    )
    return person


@transaction.atomic
def join_list(participation: Participation) -> None:
    """Wait for a place; for somebody who waits already, or need not, nothing changes."""
    person = lock(participation)
    if person.status == Status.ENTERED and is_screened(person) and has_list(person.study):
        wait(person)


@transaction.atomic
def leave_list(participation: Participation) -> None:
    stop_waiting(lock(participation))


@transaction.atomic
def look_again(participation: Participation) -> datetime | None:
    """Until when a place is held for somebody who waits, after what is free was handed out; None
    for everybody else."""
    if not has_list(participation.study) or participation.study.state != StudyState.OPEN:
        return None
    now = database_now()
    release_idle(participation.study, now)
    row = look(participation, now)
    return row.offered_until if row is not None else None


@transaction.atomic
def choose_language(participation: Participation, language: str) -> bool:
    """Read the study in one of its languages; False after the consent, whose language stays."""
    person = lock(participation)
    is_known = language in study_definition(person.study).languages
    if person.status != Status.ENTERED or not is_known:
        return False
    person.language = language
    person.save(update_fields=["language"])
    return True


def is_screened(person: Participation) -> bool:
    """Whether the screening questions, if there are any, were passed."""
    return person.screened_at is not None or not study_definition(person.study).screening


def release_idle(study: Study, now: datetime | None = None) -> int:
    """Free the slots of people who have been idle for too long; how many there were.

    Their answers stay, marked by their status. A person who is answering right now is locked, so
    skipped. `now`: the database's, if it is known already.
    """
    # Nearly always nobody is idle; this check costs a twentieth of what looking for them does
    now = now or database_now()
    longest = statements.longest_silent_since(study.pk)
    if longest is None or longest >= seen_before(_shortest_limit(study), now):
        return 0
    idle = study.participations.filter(are_idle(study, now))
    return idle.select_for_update(of=("self",), skip_locked=True).leave(Status.DROPPED)


def are_idle(study: Study, now: datetime | None = None) -> Q:
    """People who hold a place of `study` and have been idle for its limit. Before the first answer
    a place is held for minutes only, so that made-up people keep nobody out."""
    now = now or database_now()
    limit = study_definition(study).design.idle_minutes
    silent = Q(~Exists(Judgment.objects.filter(participation=OuterRef("pk"))))
    early = Q(last_seen_at__lt=seen_before(_shortest_limit(study), now))
    late = Q(last_seen_at__lt=seen_before(limit, now))
    return Q(status=Status.ACTIVE) & early & (late | silent)


def _shortest_limit(study: Study) -> int:
    """Minutes before which nobody is idle, and after which some people may be."""
    return min(study_definition(study).design.idle_minutes, UNANSWERED_MINUTES)


def seen_before(minutes: int, now: datetime | None = None) -> datetime:
    """Anybody last seen before this moment has certainly been idle for so many minutes.

    By the earlier of both clocks: the database's alone may have jumped ahead.
    """
    doubt = timedelta(seconds=SEEN_SECONDS + MOST_APART_SECONDS)
    return min(timezone.now(), now or database_now()) - timedelta(minutes=minutes) - doubt


def note_seen(person: Participation) -> None:
    """Store that `person` was just active, unless that was stored a moment ago.

    By the database's clock, which all web processes share: a machine whose own clock is wrong
    makes nobody idle, and nobody present for ever.
    """
    moment = timedelta(seconds=SEEN_SECONDS)
    if person.last_seen_at is None or abs(timezone.now() - person.last_seen_at) > moment:
        statements.seen_now(person)


@transaction.atomic
def resume(participation: Participation) -> Participation:
    """Return to the own slot after dropping out, if nobody else has taken it meanwhile.

    A person who has not answered anything yet may take any other slot as well, and takes none of an
    arm that was closed meanwhile.
    """
    person = lock(participation)
    come_back(person)
    return person


def come_back(person: Participation) -> None:
    """The same of a row that is locked."""
    if person.status != Status.DROPPED or person.study.state != StudyState.OPEN:
        return
    now, slot = database_now(), person.slot
    has_answered = person.judgments.exists()
    is_theirs = slot is not None and (has_answered or slot.arm.closed_at is None)
    if slot is None or not (is_theirs and slot.take()):
        slot = None if has_answered else take_place(person)
    if slot is not None:
        person.resume(slot, now)


@transaction.atomic
def begin(participation: Participation) -> Participation:
    """The instructions were read: trials may be asked."""
    person = lock(participation)
    come_back(person)
    if person.status != Status.ACTIVE:
        raise NotNow(_("You cannot start from this page. Please go back to your study."))
    if person.started_at is None:
        person.begin()
        note_seen(person)
    return person


@transaction.atomic
def refuse(participation: Participation) -> Participation:
    """No consent: nothing is asked and nothing more is stored.

    A person who had agreed and returns to the consent page can still refuse until the first answer.
    """
    person = lock(participation)
    if person.status not in (Status.ENTERED, Status.ACTIVE, Status.DROPPED):
        return person
    if person.judgments.exists():
        raise NotNow(
            _(
                "You have already answered questions in this study. To leave it and have your "
                "answers deleted, please choose “Withdraw” at the bottom of the page."
            )
        )
    person.publication_consent, person.stratum = False, ""
    person.traces_agreed_at, person.web_bot_auth = None, ""
    person.save(
        update_fields=["publication_consent", "stratum", "traces_agreed_at", "web_bot_auth"]
    )
    stop_waiting(person)
    person.leave(Status.REFUSED)
    return person


def lock(participation: Participation) -> Participation:
    """The participation's row, locked until the transaction ends."""
    return statements.locked_standing(participation.code).person


def has_free_slot(study: Study, site: str = "", stratum: str = "") -> bool:
    """Whether a new person of a site and a stratum would find a place; people idle for too long do
    not hold theirs. stratum: "" before it is known, when any place counts."""
    return _is_any_free(study, places_of(study, site, stratum))


def has_place_for(person: Participation) -> bool:
    """The same for a person who has come; others may have waited longer."""
    if has_list(person.study) and person.status == Status.ENTERED:
        if is_offered(person):
            return True
        if is_kept_out(person):
            return False
    return _is_any_free(person.study, places_for(person))


def _is_any_free(study: Study, places: SlotQuerySet) -> bool:
    # Two queries, because no index answers both at once.
    return (
        places.free().exists()
        or study.participations.filter(are_idle(study), slot__in=places.in_open_arms()).exists()
    )
