"""Who the people are to their panel: in a private bundle, and only when it is asked for."""

from django.db.models import QuerySet

from studyapp.models import PanelVisit, StatusSource, Study, VisitStatus

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
        Column("panel_status", "text",
               "What the panel says became of the visit; empty if it has not said, or was not "
               "asked.", "status", levels=dict(VisitStatus.choices), was_added=True),
        Column("panel_status_at", "datetime", "When it was so.", "status_at", unit="UTC",
               was_added=True),
        Column("panel_status_from", "text",
               "How it is known: from a webhook, by asking the panel, or from its CSV file.",
               "status_from", levels=dict(StatusSource.choices), was_added=True),
        Column("authenticity_texts", "text",
               "Result of the panel's check that open texts were the person's own, in its words.",
               "authenticity_texts", was_added=True),
        Column("authenticity_bots", "text",
               "Result of the panel's check for bots, in its words.", "authenticity_bots",
               was_added=True),
    ),
    person="participation__",
)  # fmt: skip
