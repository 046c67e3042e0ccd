"""The first step: a person becomes a Participation, once, however often the link is opened."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from studyapp.models import (
    PanelIdentity,
    PanelVisit,
    Participant,
    Participation,
    Status,
    Study,
    StudyState,
    new_code,
    new_spoken_code,
)
from studyapp.shelf.rows import insert
from studyapp.studies.definition.study import study_definition

from .admission import Who, admitted, note_earlier
from .enrolment import lock
from .panels import PANELS
from .recognition import known_person
from .refusals import StudyNotOpen
from .sites import named_site
from .statements import participant_of
from .waiting import stop_waiting

# Another request may make the person, and a third the participation, between two looks
TRIES = 4


def enter(
    study: Study,
    *,
    source: str,
    external_id: str = "",
    details: Mapping[str, str] | None = None,
    language: str = "",
    site: str = "",
    device_class: str = "",
    profile: dict[str, Any] | None = None,
    is_new: bool = False,
) -> Participation:
    """The participation of this person in `study`, created if there is none yet.

    A person is recognised by (source, external_id); without an id every call is a new person.
    `site`: whose link it was, of a study with several sites.
    `details`: the further parameters of the panel's address, kept with the visit.
    `is_new`: whoever asks has just looked for the id in vain; two at once are still one person.
    Raises StudyNotOpen for a new person when the study is not open, and NotForThem where it is for
    other people.
    """
    made = {
        "language": language, "site": site, "device_class": device_class, "profile": profile or {},
    }  # fmt: skip
    for left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                looked_for = external_id and not is_new
                known = known_person(study, source, external_id) if looked_for else None
                if known is not None:
                    note_visit(known, source, details or {})
                    return known
                person = _made(study, source, external_id, made)
                if external_id:
                    insert(PanelVisit(participation=person, **_session(source, details)))
                return person
        except IntegrityError:
            # The same person came twice in the same moment: the other request was first.
            if not external_id or not left:
                raise
            is_new = False
    raise AssertionError("the last try returns or raises")


def _made(study: Study, source: str, external_id: str, made: dict[str, Any]) -> Participation:
    if study.state != StudyState.OPEN:
        raise StudyNotOpen(_("This study is not open for new participants at the moment."))
    part = admitted(study, Who(source, external_id))
    participant = participant_of(source, external_id) if external_id else None
    person = Participation.enter(
        study=study, participant_id=participant or _new_participant(source, external_id), **made
    )
    if part is not None:
        note_earlier(person, part)
    return person


def _new_participant(source: str, external_id: str) -> int:
    """The key of a participant who is stored now."""
    participant = Participant(source=source)
    insert(participant)
    if external_id:
        insert(PanelIdentity(participant=participant, source=source, external_id=external_id))
    return participant.pk


def note_visit(person: Participation, source: str, details: Mapping[str, str]) -> None:
    """Store in which of the panel's sessions a person came, unless their identity was erased."""
    if person.status == Status.WITHDRAWN or person.id_digest:
        return
    PanelVisit.objects.get_or_create(participation=person, **_session(source, details))


def _session(source: str, details: Mapping[str, str] | None) -> dict[str, Any]:
    """The panel's session and its study, as the parameters of its address name them."""
    panel, told = PANELS.get(source), details or {}
    return {
        "session": told.get(panel.session, "") if panel else "",
        "panel_study": told.get(panel.study, "") if panel else "",
    }


@transaction.atomic
def readdress(participation: Participation, query: Mapping[str, str], language: str = "") -> bool:
    """Let a person who has not consented yet start again at a new address; False after consent.

    language: that of the page at the door, in a study in several.

    query: of the link that they came by, whose site is theirs: the visitor before may have come by
    another's. Raises UnknownSite where it names none of the study's sites.

    Anybody who opened it before with the same id, and perhaps only knew the id, sees nothing of
    what follows: neither by its address, nor by its personal code, nor by the session they named.
    Neither their answers to the screening questions nor their turn on a waiting list, with the
    place that was held for such answers, are this person's.
    """
    person = lock(participation)
    if person.status != Status.ENTERED:
        return False
    site = named_site(study_definition(person.study), query)
    stop_waiting(person)
    person.site, person.language = site, language or person.language
    person.code, person.personal_code = new_code(), new_spoken_code()
    person.screened_at, person.stratum = None, ""
    person.save(
        update_fields=[
            "code",
            "personal_code",
            "screened_at",
            "site",
            "stratum",
            "language",
        ]
    )
    person.visits.all().delete()
    return True
