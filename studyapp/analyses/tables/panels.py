"""Who the people are to their panel: in a private bundle, and only when it is asked for."""

from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Coalesce

from studyapp.models import Participation, Study

from .columns import Column, Table, participant_id
from .judgments import JsonText


def _rows(study: Study) -> QuerySet[Participation]:
    people = Participation.objects.filter(study=study, participant__identity__isnull=False)
    return people.order_by("id")


def _detail(*names: str) -> Coalesce:
    """The first of the details that the panel's address gave."""
    details = F("participant__identity__details")
    found = [JsonText(details, Value(name)) for name in names]
    return Coalesce(*found, output_field=TextField())


PANEL = Table(
    "panel",
    "The panel's ids of the people, to join with the panel's own data; never public.",
    _rows,
    (
        Column("participant_id", "text", participant_id(), "Pseudonym, valid in this study only."),
        Column("source", "text", "participant__identity__source", "The panel."),
        Column(
            "panel_participant_id",
            "text",
            "participant__identity__external_id",
            "The panel's id of the person: joins Prolific's “Participant id” (PROLIFIC_PID).",
        ),
        Column(
            "panel_session_id",
            "text",
            _detail("SESSION_ID", "assignmentId"),
            "The panel's id of the visit: joins Prolific's “Submission id” (SESSION_ID).",
        ),
        Column(
            "panel_study_id",
            "text",
            _detail("STUDY_ID", "hitId"),
            "The panel's id of the study.",
        ),
    ),
    person="",
)
