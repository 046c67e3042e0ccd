"""Which stimuli of a study the gallery shows: its filters as conditions of one query."""

from typing import Any

from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from studyapp.models import (
    Judgment,
    Participation,
    Prediction,
    Stage,
    Status,
    Stimulus,
    StimulusOverlay,
    Study,
    Trial,
    WorkState,
)

COUNTED = (Stage.MAIN, Stage.FINAL)


def choose(study: Study, wanted: dict[str, Any]) -> QuerySet[Stimulus]:
    """The study's stimuli that fit everything in `wanted`, the main ones first."""
    rows = study.stimuli.select_related("photo").order_by("role", "paradigm", "position")
    if wanted.get("stimulus"):
        rows = rows.filter(pk=wanted["stimulus"])
    if wanted.get("category"):
        rows = rows.filter(category=wanted["category"])
    if wanted.get("role"):
        rows = rows.filter(role=wanted["role"])
    if wanted.get("condition"):
        rows = rows.filter(Exists(_uses().filter(condition__name=wanted["condition"])))
    if wanted.get("empty"):
        rows = rows.filter(Exists(_uses().filter(overlay__explanation__is_empty=True)))
    rows = _by_networks(study, rows, wanted.get("networks", ""))
    return _by_coverage(study, rows, wanted.get("coverage", ""))


def _uses() -> QuerySet[StimulusOverlay]:
    return StimulusOverlay.objects.filter(stimulus=OuterRef("pk"))


def _by_networks(study: Study, rows: QuerySet[Stimulus], which: str) -> QuerySet[Stimulus]:
    """Right is a network whose first class is the one that the stimulus is about."""
    if not which:
        return rows
    pairs = list(study.pairs.all())
    stronger = Q(Exists(_right([pair.stronger_id for pair in pairs])))
    weaker = Q(Exists(_right([pair.weaker_id for pair in pairs])))
    conditions = {
        "stronger wrong": ~stronger,
        "weaker wrong": ~weaker,
        "both right": stronger & weaker,
    }
    return rows.filter(conditions[which])


def _right(networks: list[int | None]) -> QuerySet[Prediction]:
    ready = Prediction.objects.filter(
        image=OuterRef("photo__image"), network__in=networks, state=WorkState.READY
    )
    first = ready.annotate(first=Cast(KT("top__0__0"), IntegerField()))
    return first.filter(first=OuterRef("class_index"))


def _by_coverage(study: Study, rows: QuerySet[Stimulus], which: str) -> QuerySet[Stimulus]:
    if not which:
        return rows
    judged = Judgment.objects.filter(
        trial__stimulus=OuterRef("pk"),
        trial__stage__in=COUNTED,
        participation__status__in=(Status.ACTIVE, Status.FINISHED),
    )
    if which == "none":
        return rows.filter(~Exists(judged))
    # A place is held by one person at a time, so a trial counts at most once.
    counted = Judgment.objects.filter(
        trial=OuterRef("pk"), participation__status__in=(Status.ACTIVE, Status.FINISHED)
    )
    # Who finished has answered every trial of the place, so only the other places are looked at.
    finished = Participation.objects.filter(slot=OuterRef("pk"), status=Status.FINISHED)
    slots = study.slots.filter(~Exists(finished)).values_list("pk", flat=True)
    missing = Trial.objects.filter(~Exists(counted), stage__in=COUNTED, slot__in=list(slots))
    # One pass over the study's trials, instead of one for each stimulus, and once for all pages.
    return rows.filter(
        pk__in=list(missing.order_by().values_list("stimulus", flat=True).distinct())
    )
