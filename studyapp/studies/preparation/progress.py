"""How far a study's preparation is, what failed and why, and which workers are alive."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from studyapp.models import NetworkLoad, Study, WorkState
from studyapp.serving.health import alive_workers

from .advance import (
    study_crops,
    study_explanations,
    study_networks,
    study_overlays,
    study_predictions,
)
from .claims import is_held


@dataclass(frozen=True)
class RowCounts:
    """Rows by state."""

    ready: int
    pending: int
    failed: int

    @property
    def total(self) -> int:
        return self.ready + self.pending + self.failed


@dataclass(frozen=True)
class Progress:
    """How far the preparation of a study is, counted from the rows."""

    predictions: RowCounts
    explanations: RowCounts
    pictures: RowCounts
    prepared: bool
    problem: str

    @property
    def finished(self) -> bool:
        """Nothing more will happen by itself: prepared, or stopped by a problem."""
        return self.prepared or bool(self.problem)


def progress(study: Study) -> Progress:
    study.refresh_from_db(fields=["prepared_at", "problem"])
    overlays, crops = _count(study_overlays(study)), _count(study_crops(study))
    return Progress(
        predictions=_count(study_predictions(study)),
        explanations=_count(study_explanations(study)),
        pictures=RowCounts(
            overlays.ready + crops.ready,
            overlays.pending + crops.pending,
            overlays.failed + crops.failed,
        ),
        prepared=study.prepared_at is not None,
        problem=study.problem,
    )


def failures(study: Study, most: int = 20) -> list[str]:
    """The reasons of the failed rows and loads of networks, `most` of each kind at most."""
    found: list[str] = []
    made: list[QuerySet[Any]] = [study_predictions(study), study_explanations(study)]
    for rows in (*made, study_overlays(study), study_crops(study)):
        failed = rows.filter(state=WorkState.FAILED).order_by("pk")[:most]
        found.extend(f"{row}: {row.error}" for row in failed)
    loads = NetworkLoad.objects.filter(network__in=study_networks(study)).exclude(is_held())
    found.extend(
        f"{row}: {row.error or 'a worker stopped while working on it'}" for row in loads[:most]
    )
    return found


def live_workers() -> list[str]:
    """The workers that were heard of in the last minute."""
    return list(alive_workers().values_list("worker", flat=True))


def _count(rows: QuerySet[Any]) -> RowCounts:
    counts = rows.order_by().aggregate(
        ready=Count("pk", filter=Q(state=WorkState.READY), distinct=True),
        pending=Count("pk", filter=Q(state=WorkState.PENDING), distinct=True),
        failed=Count("pk", filter=Q(state=WorkState.FAILED), distinct=True),
    )
    return RowCounts(**counts)
