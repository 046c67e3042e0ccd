"""Who took part, what happened to them in order, and who is left out of the analysis and why."""

from django.db.models import Case, CharField, QuerySet, Value, When

from studyapp.models import Event, Exclusion, Participation, Status, Study
from studyapp.sections.design import ExclusionsSection

from .columns import Column, Table, numbered_id, participant_id

# The rules that a study file may declare; any other reason is a researcher's own.
DECLARED_RULES = sorted(ExclusionsSection.model_fields)
STATUSES = {str(status.value): str(status.label) for status in Status}


def _participations(study: Study) -> QuerySet[Participation]:
    return Participation.objects.filter(study=study).order_by("id")


def _events(study: Study) -> QuerySet[Event]:
    events = Event.objects.filter(participation__study=study)
    return events.order_by("participation_id", "at", "id")


def _exclusions(study: Study) -> QuerySet[Exclusion]:
    exclusions = Exclusion.objects.of(study)
    return exclusions.order_by("participation_id", "made_at", "id")


PARTICIPATIONS = Table(
    "participations",
    "One row per participation: one run of a person through the study.",
    _participations,
    (
        Column("participant_id", "text", participant_id(), "Pseudonym, valid in this study only."),
        Column(
            "slot_id", "text", numbered_id("s", "slot__position"), "Place taken in the allocation."
        ),
        Column("arm", "text", "arm__name", "Arm, from the slot."),
        Column("status", "text", "status", "Where the participation has got to.", levels=STATUSES),
        Column("source", "text", "participant__source", "How the person came: link, panel, …"),
        Column("language", "text", "language", "Language of the pages."),
        Column("device_class", "text", "device_class", "desktop, tablet or phone."),
        Column("entered_at", "datetime", "entered_at", "First opening of the link.", unit="UTC"),
        Column("consented_at", "datetime", "consented_at", "Consent given.", unit="UTC"),
        Column(
            "consent_digest",
            "text",
            "consent_text__digest",
            "SHA-256 of the consent text given.",
            shown="The text itself, kept among the materials.",
        ),
        Column(
            "publication_consent",
            "boolean",
            "publication_consent",
            "Whether the person separately agreed to publishing the data.",
        ),
        Column("started_at", "datetime", "started_at", "Instructions read.", unit="UTC"),
        Column(
            "last_seen_at",
            "datetime",
            "last_seen_at",
            "Last answer or visit, to half a minute.",
            unit="UTC",
        ),
        Column(
            "finished_at", "datetime", "finished_at", "Last required answer stored.", unit="UTC"
        ),
        Column(
            "profile",
            "json",
            "profile",
            "What a simulated person is made of, as JSON; empty ({}) for everybody else.",
        ),
    ),
    person="",
)

EVENTS = Table(
    "events",
    "What happened to each participation, in order.",
    _events,
    (
        Column("participant_id", "text", participant_id("participation__"), "Pseudonym."),
        Column("kind", "text", "kind", "What happened."),
        Column("at", "datetime", "at", "When.", unit="UTC"),
        Column("data", "json", "data", "Particulars, as JSON.", public="left out"),
    ),
    person="participation__",
)

EXCLUSIONS = Table(
    "exclusions",
    "Why participations are left out of the analysis; an undoing is a row too.",
    _exclusions,
    (
        Column("participant_id", "text", participant_id("participation__"), "Pseudonym."),
        Column("rule", "text", "rule", "Declared rule, or the reason given by hand."),
        Column("note", "text", "note", "Particulars.", public="left out"),
        Column(
            "made_by",
            "text",
            Case(
                When(undoes__isnull=True, rule__in=DECLARED_RULES, then=Value("rule")),
                default=Value("researcher"),
                output_field=CharField(),
            ),
            "Who excluded.",
            levels={"rule": "a declared rule", "researcher": "a researcher"},
        ),
        Column("made_at", "datetime", "made_at", "When.", unit="UTC"),
        Column(
            "undoes_made_at",
            "datetime",
            "undoes__made_at",
            "When the exclusion was made that this row takes back.",
            unit="UTC",
        ),
    ),
    person="participation__",
)
