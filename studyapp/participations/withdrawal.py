"""Withdrawal: a person's judgments and id are erased, an empty participation stays.

It keeps a keyed digest of the id, so that the same link does not make a second participation.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Coalesce

from studyapp.models import (
    LEFT,
    Download,
    EarlierPart,
    Event,
    Judgment,
    PanelIdentity,
    Participation,
    Status,
    erase_judgments,
)
from studyapp.studies.earlier import recognises

from .digests import id_digests
from .enrolment import lock
from .waiting import stop_waiting


@transaction.atomic
def withdraw(participation: Participation) -> int:
    """Erase the person's judgments and panel id and free the slot; how many judgments there were.

    The participation itself stays, so that its slot is refilled; it notes which earlier bundles
    hold the answers.
    """
    person = lock(participation)
    if person.status == Status.WITHDRAWN:
        return 0
    stop_waiting(person)
    # Those that were finished after this person's first answer
    first = person.judgments.order_by("answered_at").first()
    bundles = [] if first is None else _listed(person, done_at__gte=first.answered_at)
    erased = erase_judgments(Judgment.objects.filter(participation=person))
    person.profile, person.stratum, person.id_digest = {}, "", _digest_of_id(person)
    # Evidence and traces went with the judgments.
    person.traces_agreed_at, person.web_bot_auth = None, ""
    person.save(
        update_fields=["profile", "stratum", "id_digest", "traces_agreed_at", "web_bot_auth"]
    )
    person.visits.all().delete()
    EarlierPart.objects.filter(participation=person).delete()
    # The panel's id goes too, unless the same person takes part in another study.
    others = Participation.objects.filter(participant=person.participant_id).exclude(pk=person.pk)
    if not others.exclude(status=Status.WITHDRAWN).exists():
        PanelIdentity.objects.filter(participant=person.participant_id).delete()
    person.leave(Status.WITHDRAWN, judgments=erased, bundles=bundles if erased else [])
    return erased


def known_bundles(person: Participation) -> list[dict[str, Any]]:
    """The bundles that hold the answers of a person who withdrew.

    One that was being made at that moment may have read them before they were erased.
    """
    event = Event.objects.filter(participation=person, kind=LEFT[Status.WITHDRAWN]).first()
    if event is None or not event.data.get("judgments"):
        return []
    meanwhile = _listed(person, asked_at__lte=event.at, done_at__gt=event.at)
    return [*event.data.get("bundles", []), *meanwhile]


def _listed(person: Participation, **when: datetime) -> list[dict[str, Any]]:
    """The bundles of the person's study that hold people like them, by when they were made."""
    made = Download.objects.ready().filter(study=person.study_id)
    listed = made.annotate(done_at=Coalesce("finished_at", "asked_at")).filter(**when)
    return [
        {"made": row.asked_at.date().isoformat(), "public": row.public, "digest": row.digest}
        for row in listed.order_by("asked_at")
        if not row.public or person.publication_consent
    ]


def _digest_of_id(person: Participation) -> str:
    """What recognises the id when its link is opened again; "" for a person without one."""
    identity = PanelIdentity.objects.filter(participant=person.participant_id).first()
    if identity is None or not recognises(person.study):
        return person.id_digest
    return id_digests(person.study, identity.source, identity.external_id)[0]
