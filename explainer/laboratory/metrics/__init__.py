"""Every metric of an explanation by name. A new one is a file here and a line in METRICS."""

from . import confidence, deletion, localisation, occlusion, randomisation
from .base import Budget, Metric
from .confidence import average_drop, increase_in_confidence
from .deletion import deletion_auc, deletion_curve, insertion_auc, insertion_curve
from .localisation import energy_in_box, localization_iou, pointing_game
from .occlusion import occlusion_rank_correlation
from .randomisation import randomisation_curve, randomisation_similarity

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        occlusion.OCCLUSION,
        deletion.DELETION,
        deletion.INSERTION,
        confidence.AVERAGE_DROP,
        confidence.INCREASE,
        localisation.POINTING,
        localisation.ENERGY,
        localisation.IOU,
        randomisation.RANDOMISATION,
    )
}

__all__ = [
    "METRICS",
    "Budget",
    "Metric",
    "average_drop",
    "deletion_auc",
    "deletion_curve",
    "energy_in_box",
    "increase_in_confidence",
    "insertion_auc",
    "insertion_curve",
    "localization_iou",
    "occlusion_rank_correlation",
    "pointing_game",
    "randomisation_curve",
    "randomisation_similarity",
]
