"""What may tell a machine from a person, one row per person: evidence, and never a verdict."""

from dataclasses import replace
from typing import Any

from django.db.models import (
    Avg,
    BooleanField,
    Case,
    Count,
    ExpressionWrapper,
    F,
    FloatField,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, NullIf

from studyapp.analyses.answer_patterns import READS, AnswerPatterns
from studyapp.models import Participation, Study
from studyapp.sections.evidence import EvidenceRule
from studyapp.studies.definition.study import study_definition

from .columns import Column, Computed, Table, participant_id
from .judgments import JUDGMENTS

OF = "judgments__evidence__"
SIGNED = ("signed", "verified")
LATER = (
    "For sensitivity analyses only, never for exclusion: it comes after what the person was shown."
)


def _count(**of: Any) -> Count:
    """How many of a person's answers have evidence that says so."""
    return Count(
        "judgments__evidence", filter=Q(**{f"{OF}{name}": one for name, one in of.items()})
    )


def _known(name: str) -> Count:
    return _count(**{f"{name}__isnull": False})


COUNTS = {
    "observed_answers": _count(unreadable=False),
    "unreadable_answers": _count(unreadable=True),
    "webdriver_answers": _count(webdriver=True),
    "untrusted_answers": _count(untrusted_events__gt=0),
    "untrusted_known": _known("untrusted_events"),
    **{f"pointer_{kind}": _count(pointer=kind) for kind in ("none", "mouse", "touch", "pen")},
    **{f"path_{kind}": _count(path=kind) for kind in ("none", "straight", "curved")},
    "typed_answers": _known("key_interval_sd_ms"),
    "key_interval_sd_ms": Avg(f"{OF}key_interval_sd_ms"),
    "pastes": Coalesce(Sum(f"{OF}pastes"), 0),
    "tab_switches": Coalesce(Sum(f"{OF}tab_switches"), 0),
    "signed_answers": _count(web_bot_auth__in=SIGNED),
}  # fmt: skip
SHARE = ExpressionWrapper(
    Cast(F("untrusted_answers"), FloatField()) / NullIf(F("untrusted_known"), 0),
    output_field=FloatField(),
)


def _rows(study: Study) -> QuerySet[Participation]:
    """Everybody who gave an answer, with what their browsers showed and whether the rule flags
    them; missing where the study has no rule."""
    evidence = study_definition(study).evidence
    counted = {name: one for name, one in COUNTS.items() if name != "key_interval_sd_ms"}
    found = Participation.objects.filter(study=study).annotate(
        answers=Count("judgments"), typing_sd=COUNTS["key_interval_sd_ms"], **counted
    )
    found = found.annotate(untrusted_share=SHARE)
    rule = evidence.rule if evidence is not None else None
    flag: Any = Value(None, output_field=BooleanField())
    if rule is not None:
        flag = Case(When(is_flagged(rule), then=Value(True)), default=Value(False))
    return found.annotate(flag=flag).filter(answers__gt=0).order_by("id")


def is_flagged(rule: EvidenceRule) -> Q:
    """Whoever meets any part of the rule; a sign that was not observed meets none."""
    met = Q(pk__in=[])
    if rule.webdriver:
        met |= Q(webdriver_answers__gt=0)
    if rule.untrusted_share is not None:
        met |= Q(untrusted_share__gte=rule.untrusted_share)
    if rule.pastes is not None:
        met |= Q(pastes__gte=rule.pastes)
    if rule.web_bot_auth:
        met |= Q(signed_answers__gt=0) | Q(web_bot_auth__in=SIGNED)
    return met


def _private(name: str, description: str, value: str = "", unit: str = "") -> Column:
    """A sign of the browser, which may tell of an assistive device: never published."""
    kind = "number" if name in ("untrusted_share", "key_interval_sd_ms") else "integer"
    return Column(name, kind, description, value, unit=unit, public="left out", was_added=True)  # type: ignore[arg-type]


def _computed(name: str, description: str) -> Column:
    kind = "integer" if description.startswith("How many") else "number"
    words = description if kind == "integer" else f"{description} {LATER}"
    return Column(name, kind, words, was_added=True, is_computed=True)  # type: ignore[arg-type]


READ = tuple(column for name in READS for column in JUDGMENTS.columns if column.name == name)
EVIDENCE = Table(
    "evidence",
    "One row per person who gave an answer: what may tell a machine from a person. None of it is "
    "proof: programs behave like people, and assistive technology like programs.",
    _rows,
    (
        Column("participant_id", "text", "Pseudonym, valid in this study only.", participant_id()),
        Column("flagged", "boolean",
               "Whether the study's rule about automation flags the person; missing without a "
               "rule. A flag excludes nobody from an analysis and changes no payment. People "
               "who were not observed are not flagged.", "flag"),
        Column("observed", "boolean",
               "Whether the browser was observed at any answer, to which the person agreed.",
               Case(When(observed_answers__gt=0, then=Value(True)), default=Value(False))),
        _private("observed_answers", "How many answers the browser was observed at."),
        _private("unreadable_answers", "How many answers came with a record that can't be read."),
        _private("webdriver_answers",
                 "How many answers came from a browser that said a program controls it."),
        _private("untrusted_answers",
                 "How many answers were given by events that a script made; so do some browser "
                 "extensions and aids."),
        _private("untrusted_share", "Their share of the answers of which it is known."),
        *(
            _private(f"pointer_{kind}", f"How many answers were given with this pointer: {kind}.")
            for kind in ("none", "mouse", "touch", "pen")
        ),
        *(
            _private(f"path_{kind}",
                     f"How many answers have this way to the answer: {kind}. It counts for "
                     "nothing: keyboards, switches and voice control make none, or a straight one.")
            for kind in ("none", "straight", "curved")
        ),
        _private("typed_answers", "How many answers have enough keys to tell their timing."),
        _private("key_interval_sd_ms",
                 "Spread of the times between keys, the mean over those answers.", "typing_sd",
                 "milliseconds"),
        _private("pastes", "How many times text was pasted into written answers."),
        _private("tab_switches",
                 "How many times the page was left while a written answer was asked for."),
        _private("signed_answers",
                 "How many answers came with a request that an agent signed (Web Bot Auth)."),
        _computed("timed_trials",
                  "How many reaction times the next three columns are made of; with fewer than 20 "
                  "they are missing."),
        _computed("rt_variation", "Standard deviation of reaction times divided by their mean."),
        _computed("rt_skew", "Skew of reaction times."),
        _computed("rt_lag1",
                  "Correlation of each logarithm of a reaction time with that of the trial before, "
                  "the means of stages of blocks and a line over positions removed."),
        _computed("repeats", "How many trials were asked again."),
        _computed("repeats_same", "Share of them with the same outcome."),
        _computed("same_sides", "How many trials had the same method on both sides (A = A)."),
        _computed("same_sides_equal", "Share of them answered as equal."),
        _computed("artefacts",
                  "How many trials had a network that learnt nothing on the other side."),
        _computed("artefacts_noticed", "Share of them answered for the network that learnt."),
        _computed("side_mean", "Mean answer about two sides as it was shown, plus for B."),
        _computed("seen_pictures",
                  "How many pictures were answered about in which people see what pixels do not "
                  "say, or in a control."),
        _computed("seen_as_usual", "Share of them answered as people usually answer."),
    ),
    person="",
    was_added=True,
    computed=Computed(
        replace(JUDGMENTS, columns=READ),
        lambda study: AnswerPatterns(study_definition(study)).of,
    ),
)  # fmt: skip
