"""Who the people are to their panel: in a private bundle, and only when it is asked for."""

from django.db.models import QuerySet

from studyapp.models import PanelVisit, Study

from .columns import Column, Table, participant_id

PERSON = "participation__participant__identity"


def _rows(study: Study) -> QuerySet[PanelVisit]:
    visits = PanelVisit.objects.filter(participation__study=study, **{f"{PERSON}__isnull": False})
    return visits.order_by("participation_id", "arrived_at", "id")


PANEL = Table(
    "panel",
    "The panel's ids, one row per visit, to join with the panel's own data; never public.",
    _rows,
    (
        Column(
            "participant_id",
            "text",
            participant_id("participation__"),
            "Pseudonym, valid in this study only.",
        ),
        Column("source", "text", f"{PERSON}__source", "The panel."),
        Column(
            "panel_participant_id",
            "text",
            f"{PERSON}__external_id",
            "The panel's id of the person: joins Prolific's “Participant id” (PROLIFIC_PID).",
        ),
        Column(
            "panel_session_id",
            "text",
            "session",
            "The panel's id of the visit: joins Prolific's “Submission id” (SESSION_ID).",
        ),
        Column("panel_study_id", "text", "panel_study", "The panel's id of the study."),
        Column(
            "arrived_at",
            "datetime",
            "arrived_at",
            "When this session's link was first opened; of several sessions the last before the "
            "end is the one to pay.",
            unit="UTC",
        ),
    ),
    person="participation__",
)
