"""The first step: a person becomes a Participation, once, however often the link is opened."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from studyapp.models import Event, PanelIdentity, Participant, Participation, Study, StudyState

from .refusals import StudyNotOpen


def enter(
    study: Study,
    *,
    source: str,
    external_id: str = "",
    details: dict[str, Any] | None = None,
    language: str = "",
    device_class: str = "",
    profile: dict[str, Any] | None = None,
) -> Participation:
    """The participation of this person in `study`, made if there is none yet.

    A person is known again by (source, external_id); without an id every call is a new person.
    Raises StudyNotOpen for somebody new when the study takes nobody in.
    """
    if external_id and (known := _known(study, source, external_id)):
        return known
    if study.state != StudyState.OPEN:
        raise StudyNotOpen(_("This study is not open for new participants at the moment."))
    try:
        with transaction.atomic():
            participation = Participation.objects.create(
                study=study,
                participant=_participant(source, external_id, details or {}),
                language=language,
                device_class=device_class,
                profile=profile or {},
            )
            Event.objects.create(participation=participation, kind="entered")
            return participation
    except IntegrityError:
        # The same link was opened twice in the same moment: the other request came first.
        if external_id and (known := _known(study, source, external_id)):
            return known
        raise


def _known(study: Study, source: str, external_id: str) -> Participation | None:
    return Participation.objects.filter(
        study=study,
        participant__identity__source=source,
        participant__identity__external_id=external_id,
    ).first()


def _participant(source: str, external_id: str, details: dict[str, Any]) -> Participant:
    if not external_id:
        return Participant.objects.create(source=source)
    identity = PanelIdentity.objects.filter(source=source, external_id=external_id).first()
    if identity is not None:
        return identity.participant
    participant = Participant.objects.create(source=source)
    PanelIdentity.objects.create(
        participant=participant, source=source, external_id=external_id, details=details
    )
    return participant
