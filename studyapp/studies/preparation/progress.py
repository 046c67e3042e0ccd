"""How far a study's preparation is, what failed and why, and which workers are alive."""

from dataclasses import dataclass

from studyapp.models import NetworkLoad, Study
from studyapp.serving.health import alive_workers

from .advance import (
    study_crops,
    study_explanations,
    study_networks,
    study_overlays,
    study_predictions,
    study_work,
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
    overlays, crops = study_overlays(study).counts(), study_crops(study).counts()
    return Progress(
        predictions=RowCounts(**study_predictions(study).counts()),
        explanations=RowCounts(**study_explanations(study).counts()),
        pictures=RowCounts(**{state: count + crops[state] for state, count in overlays.items()}),
        prepared=study.prepared_at is not None,
        problem=study.problem,
    )


def failures(study: Study, most: int = 20) -> list[str]:
    """The reasons of the failed rows and loads of networks, `most` of each kind at most."""
    found: list[str] = []
    for rows in study_work(study):
        found.extend(f"{row}: {row.error}" for row in rows.failed().order_by("pk")[:most])
    loads = NetworkLoad.objects.filter(network__in=study_networks(study)).exclude(is_held())
    found.extend(
        f"{row}: {row.error or 'a worker stopped while working on it'}" for row in loads[:most]
    )
    return found


def live_workers() -> list[str]:
    """The workers that were heard of in the last minute."""
    return list(alive_workers().values_list("worker", flat=True))
