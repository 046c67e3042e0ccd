"""How well stated probabilities and confidence go with what is right: AUROC, Brier score, ECE.

Sources: Fleming and Lau, How to measure metacognition, Frontiers in Human Neuroscience 8 (2014);
Brier, Monthly Weather Review 78 (1950); Naeini et al., AAAI 2015 (ECE).
"""

from collections.abc import Sequence

import numpy as np

from .metacognition import placements


def type2_auroc(correct: Sequence[int], confidence: Sequence[float]) -> float | None:
    """The chance that a right answer was given with more confidence than a wrong one, ties half.

    None where everything was right or everything wrong.
    """
    told = placements(np.asarray(correct, dtype=float), np.asarray(confidence, dtype=float))
    return None if told is None else told[0]


def brier(correct: Sequence[int], probability: Sequence[float]) -> float | None:
    """The mean squared distance of stated probabilities (0…1) from what happened (0 or 1)."""
    if not len(correct):
        return None
    stated = np.asarray(probability, dtype=float)
    return float(((stated - np.asarray(correct, dtype=float)) ** 2).mean())


def calibration_error(
    correct: Sequence[int], probability: Sequence[float], *, bins: int = 10
) -> float | None:
    """ECE: |share right − mean stated probability| over equal bins, weighted by their judgments."""
    if not len(correct):
        return None
    stated, right = np.asarray(probability, dtype=float), np.asarray(correct, dtype=float)
    place = np.minimum((stated * bins).astype(int), bins - 1)
    gaps = np.abs(np.bincount(place, right - stated, bins))
    return float(gaps.sum() / len(right))
