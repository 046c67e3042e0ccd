"""The waiting list of a full study: who has waited longest and is looking gets the next place.

Whoever waits has not consented; what they have is a row of their own. A free place is held for one
of them for some minutes. Places are handed out by whoever looks, one after the other: in the same
moment two of them would each overlook the other.
"""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from studyapp.models import Participation, Slot, Status, Study, Waiting
from studyapp.shelf.clock import database_now
from studyapp.studies.definition.study import study_definition

from .places import places_for, take_place
from .statements import one_at_a_time

# A page looks every LOOK_SECONDS; browsers let pages in the background look once a minute.
LOOK_SECONDS = 20
# So long after its last look a page counts as open
OPEN_SECONDS = 90
HELD_MINUTES = 10


def has_list(study: Study) -> bool:
    return study_definition(study).who_may_come.waiting_list


def wait(person: Participation) -> None:
    """Put a person, whose row is locked, at the end of the list, once."""
    _, is_new = Waiting.objects.get_or_create(participation=person)
    if is_new:
        person.note("waits for a place")


def stop_waiting(person: Participation) -> None:
    """Take a person, whose row is locked, off the list, if they are on one; a place held for them
    is free again."""
    if not has_list(person.study):
        return
    # Somebody who looks may be taking the place back right now
    _one_at_a_time(person.study)
    row = Waiting.objects.select_for_update().filter(participation=person).first()
    if row is None:
        return
    if row.slot_id is not None:
        Slot.objects.filter(pk=row.slot_id).release()
    row.delete()
    person.note("waits no more")


def look(person: Participation, now: datetime) -> Waiting | None:
    """Note that a person who waits is looking, and offer what is free; their row, or None for
    somebody who does not wait. Places that nobody came for are free for everybody who looks. Needs
    a transaction."""
    row = Waiting.objects.filter(participation=person)
    if not row.exists() and not _lapsed(person.study, now).exists():
        return None
    _one_at_a_time(person.study)
    row.update(seen_at=now)
    _hand_out(person.study, now)
    return row.first()


def turn(person: Participation, now: datetime) -> Slot | None:
    """The place of a person, whose row is locked and who consents: the one held for them, else what
    is left after those who wait. None where there is none."""
    row = look(person, now)
    if row is None:
        _one_at_a_time(person.study)
        _hand_out(person.study, now)
        return take_place(person)
    if row.slot is not None:
        row.delete()
    return row.slot


def _one_at_a_time(study: Study) -> None:
    """Until the transaction of whoever hands out places of the study at the moment ends."""
    one_at_a_time(f"wait/{study.pk}")


def _hand_out(study: Study, now: datetime) -> None:
    """Hold free places for those who wait and are looking, the longest first."""
    _take_back(study, now)
    if not study.slots.free().exists():
        return
    rows = waiting_now(study, now).select_related("participation__study", "participation__earlier")
    in_vain = set()
    for row in rows:
        person = row.participation
        part = getattr(person, "earlier", None)
        # All of one kind look for the same places
        kind = (person.site, person.stratum, part and part.arm)
        if kind in in_vain:
            continue
        row.slot = take_place(person)
        if row.slot is None:
            in_vain.add(kind)
            continue
        row.offered_until = now + timedelta(minutes=HELD_MINUTES)
        row.save(update_fields=["slot", "offered_until"])


def waiting_now(study: Study, now: datetime) -> QuerySet[Waiting]:
    """Those who have been offered nothing yet and whose page is open, the longest first."""
    return waiting(study).filter(seen_at__gte=now - timedelta(seconds=OPEN_SECONDS))


def waiting(study: Study) -> QuerySet[Waiting]:
    """Everybody on the list to whom nothing has been offered yet, the longest first."""
    rows = Waiting.objects.filter(participation__study=study, slot=None)
    return rows.filter(participation__status=Status.ENTERED).order_by("since", "pk")


def is_offered(person: Participation) -> bool:
    """Whether a place is held for somebody."""
    return Waiting.objects.filter(participation=person, slot__isnull=False).exists()


def is_kept_out(person: Participation) -> bool:
    """Whether free places go to others, who have waited longer."""
    row = Waiting.objects.filter(participation=person).first()
    ahead = waiting_now(person.study, database_now())
    if row is not None:
        ahead = ahead.filter(since__lt=row.since)
    count = ahead.count()
    return bool(count) and places_for(person).free().count() <= count


def _take_back(study: Study, now: datetime) -> None:
    """Free the places that were held for somebody who did not come in time."""
    rows = list(_lapsed(study, now))
    Slot.objects.filter(pk__in=[row.slot_id for row in rows]).release()
    Waiting.objects.filter(pk__in=[row.pk for row in rows]).delete()


def _lapsed(study: Study, now: datetime) -> QuerySet[Waiting]:
    return Waiting.objects.filter(participation__study=study, offered_until__lt=now)
