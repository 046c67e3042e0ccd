"""Which stimuli of a study the gallery shows: its filters as conditions of one query."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from studyapp.models import (
    Judgment,
    Participation,
    Stage,
    Status,
    Stimulus,
    StimulusOverlay,
    Study,
    Trial,
)
from studyapp.studies.photos.rightness import rightness

from .map_checks import with_doubtful_maps

COUNTED = (Stage.MAIN, Stage.FINAL)


def choose(study: Study, wanted: dict[str, Any]) -> QuerySet[Stimulus]:
    """The study's stimuli that fit everything in `wanted`, the main ones first."""
    rows: QuerySet[Stimulus] = study.stimuli.select_related("photo__case")
    rows = rows.prefetch_related("photo__case__photos__image")
    rows = rows.order_by("role", "paradigm", "position")
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
    if wanted.get("doubtful"):
        rows = with_doubtful_maps(rows)
    rows = _by_networks(study, rows, wanted.get("networks", ""))
    return _by_coverage(study, rows, wanted.get("coverage", ""))


def _uses() -> QuerySet[StimulusOverlay]:
    return StimulusOverlay.objects.filter(stimulus=OuterRef("pk"))


def _by_networks(study: Study, rows: QuerySet[Stimulus], which: str) -> QuerySet[Stimulus]:
    """Right and wrong as `studies.rightness` has it; what has no prediction is neither."""
    if not which:
        return rows
    pairs = list(study.pairs.select_related("stronger", "weaker"))
    photos = list(study.images.only("case_id", "categories"))
    stronger, weaker = (rightness(photos, pairs, role) for role in ("stronger", "weaker"))
    cases = {
        "stronger wrong": [case for case, is_right in stronger.items() if not is_right],
        "weaker wrong": [case for case, is_right in weaker.items() if not is_right],
        "both right": [case for case in stronger if stronger[case] and weaker.get(case)],
    }
    return rows.filter(photo__case__in=cases[which])


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
    # A finished person has answered every trial of their place, so only other places count.
    finished = Participation.objects.finished().filter(slot=OuterRef("pk"))
    slots = study.slots.filter(~Exists(finished)).values_list("pk", flat=True)
    missing = Trial.objects.filter(~Exists(counted), stage__in=COUNTED, slot__in=list(slots))
    # One pass over the study's trials, instead of one for each stimulus, and once for all pages.
    return rows.filter(
        pk__in=list(missing.order_by().values_list("stimulus", flat=True).distinct())
    )
