"""Whether confidence tells right answers from wrong ones, robust to people and photos at once.

Type-2 AUROC is the chance that a right answer was given with more confidence than a wrong one, ties
half. What each judgment adds to it is its placement among the others (DeLong, DeLong and
Clarke-Pearson, Biometrics 44 (1988)), whose sums by person and by photo give the two-way variance,
as Obuchowski's give the one-way one (Biometrics 53 (1997)). Sources: Fleming and Lau, How to
measure metacognition, Frontiers in Human Neuroscience 8 (2014).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .clusters import Clusters, effective, even_clusters, two_way_variance
from .labels import Floats, codes
from .robust import (
    AT_LEAST,
    EACH_METHOD,
    FEWEST_CLUSTERS,
    ROUNDING,
    Estimate,
    few,
    with_test,
)

ALL_SAME = "all answers are right, or all are wrong"
SAME_CONFIDENCE = "confidence never varies, so nothing can be told"


def placements(correct: Floats, confidence: Floats) -> tuple[float, Floats] | None:
    """Type-2 AUROC of N answers, right (1) or wrong (0), and what each adds to it (N,), around 0;
    None where all are right or all wrong."""
    right = correct == 1
    hits, misses = int(right.sum()), int((~right).sum())
    if not hits or not misses:
        return None
    above = np.sort(confidence[~right]), np.sort(confidence[right])
    found = np.zeros(len(confidence))
    found[right] = _below(above[0], confidence[right]) / misses
    found[~right] = 1 - _below(above[1], confidence[~right]) / hits
    area = float(found[right].mean())
    scores = (found - area) / np.where(right, hits, misses)
    return area, scores


def _below(others: Floats, values: Floats) -> Floats:
    """How many of the sorted `others` are less than each value, equal ones half."""
    less = np.searchsorted(others, values, side="left")
    found: Floats = (less + np.searchsorted(others, values, side="right")) / 2
    return found


def type2_estimate(
    correct: Sequence[float],
    confidence: Sequence[float],
    people: Iterable[Any],
    images: Iterable[Any],
) -> Estimate:
    """Type-2 AUROC with its interval; p is against one half."""
    told = placements(np.asarray(correct, dtype=float), np.asarray(confidence, dtype=float))
    if told is None:
        return Estimate(None, note=ALL_SAME)
    area, scores = told
    clusters = Clusters(codes(people), codes(images))
    worth = even_clusters(clusters.people), even_clusters(clusters.images)
    if note := _too_little(scores, clusters):
        return Estimate(area, note=note)
    found = with_test(area - 0.5, two_way_variance(scores, clusters, 2), worth, AT_LEAST)
    assert found.low is not None
    assert found.high is not None
    ends = max(0.0, found.low + 0.5), min(1.0, found.high + 0.5)
    return Estimate(area, found.se, found.df, *ends, found.p, found.note, found.clusters)


def type2_difference(
    correct: Sequence[float],
    confidence: Sequence[float],
    people: Iterable[Any],
    images: Iterable[Any],
    is_second: Sequence[bool],
) -> Estimate:
    """Type-2 AUROC where `is_second` minus that elsewhere; p is against 0."""
    second = np.asarray(is_second, dtype=bool)
    right, stated = np.asarray(correct, dtype=float), np.asarray(confidence, dtype=float)
    sides = [placements(right[side], stated[side]) for side in (second, ~second)]
    if sides[0] is None or sides[1] is None:
        return Estimate(None, note=ALL_SAME)
    scores = np.zeros(len(right))
    scores[second], scores[~second] = sides[0][1], -sides[1][1]
    value = sides[0][0] - sides[1][0]
    clusters = Clusters(codes(people), codes(images))
    if note := _too_little(scores, clusters):
        return Estimate(value, note=note)
    weights = np.where(second, 1 / second.sum(), 1 / (~second).sum())
    worth = effective(clusters.people, weights), effective(clusters.images, weights)
    return with_test(value, two_way_variance(scores, clusters, 4, second), worth, EACH_METHOD)


def _too_little(scores: Floats, clusters: Clusters) -> str:
    if min(clusters.counts) < FEWEST_CLUSTERS:
        return f"too little for an interval: {few(*clusters.counts)}, at least 2 of each are needed"
    if float((scores**2).sum()) <= ROUNDING:
        return SAME_CONFIDENCE
    return ""
