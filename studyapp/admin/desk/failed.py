"""What workers could not make, why, and which stimulus each row belongs to."""

from dataclasses import dataclass
from typing import Any

from studyapp.models import Explanation, Stimulus, Study, WorkQuerySet
from studyapp.studies.preparation.advance import (
    study_explanations,
    study_overlays,
    study_predictions,
)

MOST = 20


@dataclass(frozen=True)
class Failed:
    """`stimulus` is None where a photo is not chosen (yet), as with a failed prediction."""

    what: str
    reason: str
    attempts: int
    stimulus: Stimulus | None


def failed_rows(study: Study) -> list[Failed]:
    """The failed rows of a study, `MOST` of each kind at most."""
    kinds: dict[str, WorkQuerySet[Any]] = {
        "prediction": study_predictions(study).select_related("image", "network"),
        "explanation": study_explanations(study).select_related("image", "network"),
        "picture": study_overlays(study).select_related(
            "explanation__image", "explanation__network"
        ),
    }
    rows = [
        (kind, row) for kind, found in kinds.items() for row in found.failed().order_by("pk")[:MOST]
    ]
    if not rows:
        return []
    images = [_source(row).image_id for _, row in rows]
    chosen = study.stimuli.shown().filter(photo__image__in=images)
    stimuli = {row.photo.image_id: row for row in chosen.select_related("photo")}
    return [
        Failed(f"{kind}: {row}", row.error, row.attempts, stimuli.get(_source(row).image_id))
        for kind, row in rows
    ]


def _source(row: Any) -> Explanation:
    """What a row is of: a picture is of its explanation's photo."""
    source: Explanation = getattr(row, "explanation", row)
    return source
