"""A person takes everything back: judgments and id are erased, a tombstone stays."""

from django.db import connection, transaction

from studyapp.models import HOLDS_A_SLOT, Event, PanelIdentity, Participation, Slot, Status

from .enrolment import lock


@transaction.atomic
def withdraw(participation: Participation) -> int:
    """Erase the person's judgments and panel id and free the slot; how many judgments there were.

    The participation itself stays as a tombstone, so that its slot is refilled and exports
    made before can be told.
    """
    person = lock(participation)
    if person.status == Status.WITHDRAWN:
        return 0
    erased = _erase_judgments(person)
    _erase_identity(person)
    if person.status in HOLDS_A_SLOT:
        Slot.objects.filter(participations=person).update(is_open=True)
    person.status, person.completion_code = Status.WITHDRAWN, ""
    person.profile = {}
    person.save(update_fields=["status", "completion_code", "profile"])
    Event.objects.create(participation=person, kind="withdrew", data={"judgments": erased})
    return erased


def _erase_identity(person: Participation) -> None:
    """The panel's ids go, unless the same person takes part in another study."""
    others = Participation.objects.filter(participant=person.participant_id).exclude(pk=person.pk)
    if not others.exclude(status=Status.WITHDRAWN).exists():
        PanelIdentity.objects.filter(participant=person.participant_id).delete()


def _erase_judgments(person: Participation) -> int:
    """The one place where judgments are deleted; the trigger looks for this setting."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL discern.withdrawing = 'yes'")
        cursor.execute("DELETE FROM studyapp_judgment WHERE participation_id = %s", [person.pk])
        erased = int(cursor.rowcount)
        cursor.execute("SET LOCAL discern.withdrawing = ''")
    return erased
