"""The same contrast in other ways: clusters of people alone, and log odds instead of shares.

Both have the t, the corrections and the effective clusters of `two_way_contrast`, so that they
differ from it in one choice each. They are read beside it, never in its place.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from .clusters import Clusters, Flags, correcting_count, effective, two_way_variance
from .labels import Floats, codes
from .robust import FEWEST_CLUSTERS, ROUNDING, Estimate, few, too_few

NOTHING_VARIES = "within each of the two all judgments agree"


def people_contrast(
    values: Sequence[float] | Floats, people: Sequence[Any], is_second: Sequence[bool]
) -> Estimate:
    """The mean where `is_second` minus the mean elsewhere, as if there were no other photos."""
    y, second = np.asarray(values, dtype=float), np.asarray(is_second, dtype=bool)
    if not len(y) or second.all() == second.any():
        return Estimate(None, note="only one of the two was judged")
    weights = np.where(second, 1 / second.sum(), -1 / (~second).sum())
    residuals = y - np.where(second, y[second].mean(), y[~second].mean())
    own = codes(people)
    estimate, worth = float(weights @ y), effective(own, weights)
    count = correcting_count(own, second)
    if len(y) < 3 or min(worth, count) < FEWEST_CLUSTERS:
        return Estimate(estimate, note="too little for an interval", clusters=worth)
    sums = np.bincount(own, weights * residuals)
    correction = count / (count - 1) * (len(y) - 1) / (len(y) - 2)
    return _told(estimate, float((sums**2).sum()) * correction, (worth, np.inf))


def log_odds_contrast(
    right: Sequence[float] | Floats,
    people: Sequence[Any],
    images: Sequence[Any],
    is_second: Sequence[bool],
) -> Estimate:
    """The log odds of 1 where `is_second` minus those elsewhere, with two-way clusters.

    The standard error is that of the delta method, as a saturated logistic regression has it.
    """
    y, second = np.asarray(right, dtype=float), np.asarray(is_second, dtype=bool)
    if not len(y) or second.all() == second.any():
        return Estimate(None, note="only one of the two was judged")
    shares = float(y[second].mean()), float(y[~second].mean())
    if {0.0, 1.0} & set(shares):
        return Estimate(None, note="of one of the two all or none are right: no finite log odds")
    clusters = Clusters(codes(people), codes(images))
    if min(clusters.counts) < FEWEST_CLUSTERS:
        return Estimate(None, note=f"too little for an interval: {few(*clusters.counts)}")
    sides = [side / side.sum() for side in (second, ~second)]
    weights: Floats = sides[0] - sides[1]
    slopes = [share * (1 - share) for share in shares]
    scores = (y - np.where(second, *shares)) * (sides[0] / slopes[0] - sides[1] / slopes[1])
    worth = effective(clusters.people, weights), effective(clusters.images, weights)
    estimate = float(np.log(shares[0] / (1 - shares[0])) - np.log(shares[1] / (1 - shares[1])))
    if min(worth) < FEWEST_CLUSTERS or not _has_two(clusters, second):
        return Estimate(estimate, note="too little for an interval", clusters=min(worth))
    return _told(estimate, two_way_variance(scores, clusters, 2, second), worth)


def _has_two(clusters: Clusters, second: Flags) -> bool:
    return all(
        len(np.unique(groups[side])) >= FEWEST_CLUSTERS
        for groups in clusters.ways
        for side in (second, ~second)
    )


def _told(estimate: float, variance: float, worth: tuple[float, float]) -> Estimate:
    """With its t on one degree less than its effective clusters; without p where they are few."""
    clusters = min(worth)
    if variance <= ROUNDING * max(1.0, estimate**2):
        return Estimate(estimate, note=NOTHING_VARIES, clusters=clusters)
    se, df = variance**0.5, clusters - 1
    half = float(stats.t.ppf(0.975, df)) * se
    p = float(2 * stats.t.sf(abs(estimate) / se, df))
    reason = too_few(worth)
    return Estimate(
        estimate, se, df, estimate - half, estimate + half, None if reason else p, reason, clusters
    )
