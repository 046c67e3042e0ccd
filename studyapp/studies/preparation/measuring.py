"""A machine's numbers for what people judge: a row for each explanation to measure, as all work."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from studyapp.models import (
    Kind,
    Measurement,
    StimulusOverlay,
    StimulusRole,
    Study,
    WorkQuerySet,
    WorkState,
)
from studyapp.queue import MEASURE, MEASURING, ask

from .claims import retry
from .progress import RowCounts

# The last measurements, which tell how fast the work goes
LATEST = 20


@dataclass(frozen=True)
class Measuring(RowCounts):
    """How far the measuring of a study is; `seconds_left` if the speed is known."""

    seconds_left: float | None


@transaction.atomic
def start_measuring(study: Study) -> int:
    """Ask the workers to measure what has no number yet, and again what failed; how many rows.

    Asking again asks for nothing twice.
    """
    asked = set(_rows(study).exclude(state=WorkState.FAILED).values_list("pk", flat=True))
    retry(_rows(study))
    new = [Measurement(use=use) for use in unmeasured(study)]
    Measurement.objects.bulk_create(new, ignore_conflicts=True)
    keys = list(_rows(study).exclude(pk__in=asked).order_by("pk").values_list("pk", flat=True))
    for key in keys:
        ask(MEASURE, [key], queue=MEASURING)
    return len(keys)


def cancel_measuring(study: Study) -> int:
    """Cancel what is not measured yet, also what a worker is measuring; how many rows."""
    return _rows(study).pending().delete()[0]


def measuring(study: Study) -> Measuring:
    counts = _rows(study).counts()
    # Numbers that came with a bundle, or are older than these rows
    imported = StimulusOverlay.objects.of(study).filter(measurement=None).exclude(metrics=None)
    counts["ready"] += imported.distinct().count()
    return Measuring(**counts, seconds_left=_seconds_left(study, counts["pending"]))


def measuring_failures(study: Study, most: int = 20) -> list[str]:
    """The reasons of what could not be measured."""
    rows = _rows(study).failed().select_related("use__overlay__explanation").order_by("pk")
    return [f"{row.use.overlay.explanation}: {row.error}" for row in rows[:most]]


def unmeasured(study: Study) -> QuerySet[StimulusOverlay]:
    """Ready, non-empty explanations of main stimuli that nobody has asked to measure."""
    return (
        StimulusOverlay.objects.of(study)
        .filter(
            stimulus__role=StimulusRole.MAIN,
            overlay__explanation__state=WorkState.READY,
            overlay__explanation__is_empty=False,
            overlay__explanation__kind=Kind.MAP,
            metrics=None,
            measurement=None,
        )
        .order_by("pk")
    )


def _rows(study: Study) -> WorkQuerySet[Measurement]:
    return Measurement.objects.filter(use__stimulus__study=study)


def _seconds_left(study: Study, pending: int) -> float | None:
    ready = _rows(study).ready().filter(finished_at__isnull=False)
    latest = ready.order_by("-finished_at").values_list("finished_at", flat=True)[:LATEST]
    ends = [end for end in latest if end is not None]
    if len(ends) < 2:
        return None
    return pending * (ends[0] - ends[-1]).total_seconds() / (len(ends) - 1)
