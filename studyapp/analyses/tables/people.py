"""Who took part, what happened to them in order, and who is left out of the analysis and why."""

from django.db.models import Case, CharField, F, Func, IntegerField, Q, QuerySet, Value, When

from studyapp.models import Event, Exclusion, Participation, SignedAgent, Status, Study
from studyapp.sections.design import ExclusionsSection

from .columns import Column, Table, numbered_id, participant_id, pseudonym

# The rules that a study file may declare; any other reason is a researcher's own.
DECLARED_RULES = sorted(ExclusionsSection.model_fields)
STATUSES = {str(status.value): str(status.label) for status in Status}


def _participations(study: Study) -> QuerySet[Participation]:
    return Participation.objects.filter(study=study).order_by("id")


def _events(study: Study) -> QuerySet[Event]:
    return Event.objects.filter(participation__study=study).order_by("participation_id", "at", "id")


def _exclusions(study: Study) -> QuerySet[Exclusion]:
    return Exclusion.objects.of(study).order_by("participation_id", "made_at", "id")


class DaysBetween(Func):
    """Whole days from the second moment to the first."""

    template = "floor(extract(epoch FROM (%(expressions)s)) / 86400)::int"
    arg_joiner = " - "
    output_field = IntegerField()


PARTICIPATIONS = Table(
    "participations",
    "One row per participation: one run of a person through the study.",
    _participations,
    (
        Column("participant_id", "text", "Pseudonym, valid in this study only.", participant_id()),
        Column("slot_id", "text", "Place taken in the allocation.",
               numbered_id("s", "slot__position")),
        Column("arm", "text", "Arm, from the slot.", "arm__name"),
        Column("status", "text", "How far the participation has got.", levels=STATUSES),
        Column("source", "text", "How the person came: link, panel, …", "participant__source"),
        Column("site", "text", "Site whose link the person opened; empty without sites.",
               was_added=True),
        Column("stratum", "text",
               "By the screening questions that make strata, such as expertise=novice; empty "
               "without strata, and of people who neither consented nor came when it was full.",
               Case(When(Q(consented_at__isnull=False) | Q(status=Status.FULL), then="stratum"),
                    default=Value(""), output_field=CharField()), was_added=True),
        Column("language", "text", "Language of the pages."),
        Column("device_class", "text", "desktop, tablet or phone."),
        Column("entered_at", "datetime", "When the link was first opened.", unit="UTC"),
        Column("consented_at", "datetime", "When consent was given.", unit="UTC"),
        Column("consent_digest", "text", "SHA-256 of the consent text that was shown.",
               "consent_text__digest", shown="The text itself, kept among the materials."),
        Column("publication_consent", "boolean",
               "Whether the person separately agreed to publishing the data."),
        Column("traces_agreed_at", "datetime",
               "When the person agreed, apart, that pages record how they answer; empty also "
               "since they took it back.", unit="UTC", public="left out", was_added=True),
        Column("web_bot_auth", "text",
               "What the request that agreed to it said of itself by Web Bot Auth; empty where it "
               "was not signed.", public="left out", was_added=True,
               levels={str(one.value): str(one.label) for one in SignedAgent}),
        Column("started_at", "datetime", "When the instructions had been read.", unit="UTC"),
        Column("last_seen_at", "datetime",
               "When the person last answered or visited, to half a minute.", unit="UTC"),
        Column("finished_at", "datetime", "When the last required answer was stored.", unit="UTC"),
        Column("earlier_study", "text",
               "Study of `entry.only_after` that the person had finished; empty where none is "
               "asked for.", "earlier__study_slug", was_added=True),
        Column("earlier_arm", "text", "Arm of the person in that study.", "earlier__arm",
               was_added=True),
        Column("days_between", "integer",
               "Whole days from finishing that study to consenting to this one.",
               DaysBetween(F("consented_at"), F("earlier__finished_at")), unit="days",
               was_added=True),
        Column("earlier_finished_at", "datetime", "When that study was finished.",
               "earlier__finished_at", unit="UTC", public="left out", was_added=True),
        Column("earlier_participant_id", "text",
               "Pseudonym of the same person in that study: joins the data of both.",
               Case(When(earlier__isnull=True, then=Value(None)),
                    default=pseudonym("earlier__study_slug", "earlier__participant_code")),
               public="left out", was_added=True),
        Column("profile", "json",
               "What a simulated person is made of, as JSON; empty ({}) for everybody else."),
    ),
    person="",
)  # fmt: skip

EVENTS = Table(
    "events",
    "What happened to each participation, in order.",
    _events,
    (
        Column("participant_id", "text", "Pseudonym.", participant_id("participation__")),
        Column("kind", "text", "What happened."),
        Column("at", "datetime", "When it happened.", unit="UTC"),
        Column("data", "json", "Particulars, as JSON.", public="left out"),
    ),
    person="participation__",
)  # fmt: skip

EXCLUSIONS = Table(
    "exclusions",
    "Why participations are excluded from the analysis; undoing an exclusion adds a row.",
    _exclusions,
    (
        Column("participant_id", "text", "Pseudonym.", participant_id("participation__")),
        Column("rule", "text", "Declared rule, or the reason a researcher gave."),
        Column("note", "text", "Particulars.", public="left out"),
        Column("made_by", "text", "Who made the exclusion.",
               Case(When(undoes__isnull=True, rule__in=DECLARED_RULES, then=Value("rule")),
                    default=Value("researcher"), output_field=CharField()),
               levels={"rule": "a declared rule", "researcher": "a researcher"}),
        Column("made_at", "datetime", "When the exclusion was made.", unit="UTC"),
        Column("undoes_made_at", "datetime", "When the exclusion that this row undoes was made.",
               "undoes__made_at", unit="UTC"),
    ),
    person="participation__",
)  # fmt: skip
