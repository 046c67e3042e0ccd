"""How open answers were coded: schemes, every choice of coders and adjudicators, final codes."""

from typing import Any

from django.db.models import (
    Case,
    Count,
    IntegerField,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from studyapp.models import Adjudication, CodedAnswer, Coding, Reading, SchemeCode, Study
from studyapp.studies.coding.readings import standing_codings

from .columns import Column, Table, participant_id
from .design import trial_id

SOURCES = {
    "one coder": "one coder read the answer",
    "agreed": "all coders of the answer chose the same",
    "adjudicated": "coders disagreed, and the codes are the adjudicator's",
    "open": "coders disagreed, and nobody has adjudicated yet",
    "running": "the round has not ended",
}


def _schemes(study: Study) -> QuerySet[SchemeCode]:
    return SchemeCode.objects.filter(scheme__study=study).order_by(
        "scheme__block", "scheme__question", "scheme__version", "position"
    )


def _codings(study: Study) -> QuerySet[Reading]:
    return Reading.objects.filter(answer__scheme__study=study).order_by(
        "answer__judgment__participation_id", "answer__judgment__trial__position",
        "answer__scheme__question", "answer__scheme__version", "coder__number",
        "codings__revision",
    )  # fmt: skip


def _adjudications(study: Study) -> QuerySet[Adjudication]:
    return Adjudication.objects.filter(answer__scheme__study=study).order_by(
        "answer__judgment__participation_id", "answer__judgment__trial__position",
        "answer__scheme__question", "answer__scheme__version", "revision",
    )  # fmt: skip


# Of one answer: the last choice of each coder, and the adjudicator's last one
STANDING = standing_codings().filter(reading__answer=OuterRef("pk"))
FINAL = Adjudication.objects.filter(answer=OuterRef("pk")).order_by("-revision")


def _codes(study: Study) -> QuerySet[CodedAnswer]:
    rows = CodedAnswer.objects.filter(scheme__study=study).annotate(
        coder_count=_counted(STANDING, distinct=False),
        choice_count=_counted(STANDING, distinct=True),
        adjudicated=_first(FINAL),
        chosen=_first(STANDING),
    )
    return rows.order_by(
        "judgment__participation_id", "judgment__trial__position", "scheme__question",
        "scheme__version",
    )  # fmt: skip


def _counted(rows: QuerySet[Coding], *, distinct: bool) -> Combinable:
    """How many coders chose something, or how many different things they chose."""
    counted = (
        rows.order_by().values("reading__answer").annotate(n=Count("codes", distinct=distinct))
    )
    return Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), 0)


def _first(rows: QuerySet[Any]) -> Combinable:
    return Subquery(rows.values("codes")[:1], output_field=JSONField())


def _answer(prefix: str) -> tuple[Column, ...]:
    """Which answer a row is about, by which scheme."""
    return (
        Column("participant_id", "text", "Pseudonym of the person who wrote the answer.",
               participant_id(f"{prefix}judgment__participation__")),
        Column("trial_id", "text", "Trial in which it was given.",
               trial_id(f"{prefix}judgment__trial__")),
        Column("block", "text", "Block of the question.", f"{prefix}scheme__block"),
        Column("question", "text", "Name of the question.", f"{prefix}scheme__question"),
        Column("version", "integer", "Version of the coding scheme.", f"{prefix}scheme__version"),
    )  # fmt: skip


RUNS, ADJUDICATED = Q(round__ended_at=None), Q(adjudicated__isnull=False)
ROUND = (
    Column("round", "integer", "Round in which the answer was taken in.", "answer__round__number"),
    Column("round_seed", "integer", "Seed from which the round was drawn.", "answer__round__seed"),
    Column("round_overlap", "integer", "How many of the round's answers all coders code.",
           "answer__round__overlap", unit="percent"),
    Column("round_began_at", "datetime", "When the round began.", "answer__round__begun_at",
           unit="UTC", public="left out"),
    Column("round_ended_at", "datetime", "When the round ended; missing while it runs.",
           "answer__round__ended_at", unit="UTC", public="left out"),
)  # fmt: skip

SCHEMES = Table(
    "schemes",
    "One row per code of a coding scheme, by which open answers are coded at the desk.",
    _schemes,
    (
        Column("block", "text", "Block of the question.", "scheme__block"),
        Column("question", "text", "Name of the question.", "scheme__question"),
        Column("version", "integer", "Version of the scheme.", "scheme__version"),
        Column("exclusive", "boolean", "Whether an answer has exactly one code; else it has any "
               "number, none included.", "scheme__is_exclusive"),
        Column("publishable", "boolean", "Whether what was coded by the scheme may be published.",
               "scheme__is_public"),
        Column("made_at", "datetime", "When the version was made.", "scheme__made_at", unit="UTC",
               public="left out"),
        Column("position", "integer", "Place of the code in the scheme, from 1."),
        Column("code", "text", "Name of the code.", "name"),
        Column("definition", "text", "When the code applies, as coders read it."),
        Column("example", "text", "An answer that has the code; it may quote somebody.",
               public="left out"),
    ),
    published={"scheme__is_public": True},
    was_added=True,
)  # fmt: skip

CODINGS = Table(
    "codings",
    "One row per choice of a coder, corrected ones included; a row without a revision is still to "
    "be coded.",
    _codings,
    (
        *_answer("answer__"),
        *ROUND,
        Column("shared", "boolean", "Whether all coders of the round code the answer.",
               "answer__is_shared"),
        Column("coder", "integer", "Number of the coder in the scheme.", "coder__number"),
        Column("place", "integer", "Place of the answer in the coder's own shuffled order."),
        Column("revision", "integer", "1 for the first choice, 2 for its correction, …; the last "
               "one counts.", "codings__revision"),
        Column("codes", "json", "Names of the chosen codes, in the scheme's order, as JSON.",
               "codings__codes"),
        Column("coded_at", "datetime", "When the choice was stored.", "codings__made_at",
               unit="UTC", public="left out"),
    ),
    person="answer__judgment__participation__",
    published={"answer__scheme__is_public": True},
    was_added=True,
)  # fmt: skip

ADJUDICATIONS = Table(
    "adjudications",
    "One row per decision about an answer to which coders gave different codes, corrected ones "
    "included.",
    _adjudications,
    (
        *_answer("answer__"),
        Column("revision", "integer", "1 for the first decision, 2 for its correction, …; the "
               "last one counts."),
        Column("codes", "json", "Names of the final codes, in the scheme's order, as JSON."),
        Column("adjudicated_at", "datetime", "When the decision was stored.", "made_at",
               unit="UTC", public="left out"),
    ),
    person="answer__judgment__participation__",
    published={"answer__scheme__is_public": True},
    was_added=True,
)  # fmt: skip

CODES = Table(
    "codes",
    "One row per coded answer and version of a scheme, with its final codes.",
    _codes,
    (
        *_answer(""),
        Column("round", "integer", "Round in which the answer was taken in.", "round__number"),
        Column("shared", "boolean", "Whether all coders of the round coded the answer.",
               "is_shared"),
        Column("coders", "integer", "How many coders chose something.", "coder_count"),
        Column("source", "text", "Where the final codes come from.",
               Case(When(RUNS, then=Value("running")),
                    When(ADJUDICATED, then=Value("adjudicated")),
                    When(choice_count__gt=1, then=Value("open")),
                    When(coder_count=1, then=Value("one coder")),
                    default=Value("agreed"), output_field=TextField()),
               levels=SOURCES),
        Column("codes", "json", "Names of the final codes, in the scheme's order, as JSON; missing "
               "while the round runs, and where coders disagreed and nobody has adjudicated.",
               Case(When(RUNS, then=None), When(ADJUDICATED, then="adjudicated"),
                    When(choice_count=1, then="chosen"), default=None,
                    output_field=JSONField())),
    ),
    person="judgment__participation__",
    published={"scheme__is_public": True},
    was_added=True,
)  # fmt: skip
