"""The list by which a panel pays: id, outcome, duration, bonus."""

from collections.abc import Iterator
from typing import Any

from studyapp.models import Participation, Status, Study
from studyapp.studies.definition.study import Definition, study_definition

from .outcomes import outcome

COLUMNS = ("panel", "id", "session", "outcome", "minutes", "bonus")


def columns(definition: Definition) -> tuple[str, ...]:
    """Of the list of a study; its last is the site where there are several."""
    return (*COLUMNS, "site") if definition.sites else COLUMNS


def approvals(study: Study) -> Iterator[dict[str, Any]]:
    """A row for everybody whose panel id is not erased, in the order in which they came."""
    definition = study_definition(study)
    people = Participation.objects.filter(study=study, participant__identity__isnull=False)
    people = people.select_related("participant__identity", "study").prefetch_related("visits")
    for person in people.order_by("entered_at").iterator(chunk_size=2000):
        yield approval(person, definition, outcome(person, definition))


def approval(person: Participation, definition: Definition, what: str) -> dict[str, Any]:
    """The row of `person`, whose outcome is `what`; the panel's id is empty where it is erased."""
    identity = getattr(person.participant, "identity", None)
    end = person.finished_at or person.last_seen_at
    begin = person.consented_at
    # Those who were screened out, after practice too, are paid a part where the study says so.
    pay = definition.pay if person.status == Status.SCREENED_OUT else None
    row = {
        "panel": person.participant.source,
        "id": identity.external_id if identity is not None else "",
        "session": _session(person),
        "outcome": what,
        "minutes": round((end - begin).total_seconds() / 60, 1) if end and begin else None,
        "bonus": pay.partial if pay is not None else 0.0,
    }
    return {**row, "site": person.site} if definition.sites else row


def _session(person: Participation) -> str:
    """The panel's session to pay: of several the one in which they finished, else the last."""
    visits = list(person.visits.all())
    if person.finished_at is not None:
        before = [visit for visit in visits if visit.arrived_at <= person.finished_at]
        visits = before or visits
    return visits[-1].session if visits else ""


def unpaid(study: Study) -> int:
    """How many are still on their way, so that the list is not the last one."""
    return study.participations.on_the_way().count()
