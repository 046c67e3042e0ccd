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
        Column("participant_id", "text", "Pseudonym, valid in this study only.",
               participant_id("participation__")),
        Column("source", "text", "The panel.", f"{PERSON}__source"),
        Column("panel_participant_id", "text",
               "The panel's id of the person: joins Prolific's “Participant id” (PROLIFIC_PID).",
               f"{PERSON}__external_id"),
        Column("panel_session_id", "text",
               "The panel's id of the visit: joins Prolific's “Submission id” (SESSION_ID).",
               "session"),
        Column("panel_study_id", "text", "The panel's id of the study.", "panel_study"),
        Column("arrived_at", "datetime",
               "When this session's link was first opened; of several sessions the last before the "
               "end is the one to pay.", unit="UTC"),
    ),
    person="participation__",
)  # fmt: skip
