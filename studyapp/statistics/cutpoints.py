"""What a difference between two methods looks like at every cutpoint of a scale.

At each cutpoint answers count as reaching it or not. The two shares differ by so many points, and
the odds by a factor whose logarithm is the log odds ratio; under proportional odds (McCullagh, JRSS
B 42, 1980) that one is the same at all cutpoints. Variances are those of `clusters`; the scores of
a log odds ratio are its influence function, (y − p) ÷ (n p (1 − p)), as in the sandwich of a
logistic regression (Liang and Zeger, Biometrika 73, 1986).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from .clusters import Clusters, Flags, fewest_of_a_side, two_way_variance
from .labels import Floats, codes
from .robust import effective_pair

# With fewer answers on one side of a cutpoint under one method its interval says too little
FEWEST_ANSWERS = 10


@dataclass(frozen=True)
class Effect:
    """An estimate with its 95 % interval; None where it can't be told."""

    estimate: float | None = None
    se: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Cutpoint:
    """The second method against the first at the answer `at`, which counts as reaching it.

    shares: of the second and of the first that reach it. note: why an interval or the log odds
    ratio is missing.
    """

    at: float
    shares: tuple[float, float]
    difference: Effect
    log_odds: Effect
    note: str = ""


def cutpoint_effects(
    values: Sequence[float] | Floats,
    people: Sequence[Any],
    images: Sequence[Any],
    is_second: Sequence[bool],
    cuts: Sequence[float],
) -> list[Cutpoint]:
    """One for each of `cuts`, from N answers; none where only one method has answers.

    Nothing is tested here: the intervals are read side by side.
    """
    y, second = np.asarray(values, dtype=float), np.asarray(is_second, dtype=bool)
    if not len(y) or second.all() == second.any():
        return []
    clusters = Clusters(codes(people), codes(images))
    fewest = min(fewest_of_a_side(groups, second) for groups in clusters.ways)
    df = min(effective_pair(people, images, is_second)) - 1
    quantile = float(stats.t.ppf(0.975, df)) if fewest >= 2 and df > 0 else None
    return [_cutpoint(at, (y >= at).astype(float), second, clusters, quantile) for at in cuts]


def _cutpoint(
    at: float, reached: Floats, second: Flags, clusters: Clusters, quantile: float | None
) -> Cutpoint:
    sides = [(side, float(reached[side].mean()), int(side.sum())) for side in (second, ~second)]
    shares = sides[0][1], sides[1][1]
    plain = shares[0] - shares[1]
    counts = [min(share * n, (1 - share) * n) for _, share, n in sides]
    logits = None
    if min(counts) > 0.5:
        logits = float(np.log(shares[0] / (1 - shares[0])) - np.log(shares[1] / (1 - shares[1])))
    if quantile is None:
        note = "no interval: one side rests on a single person or photo"
        return Cutpoint(at, shares, Effect(plain), Effect(logits), note)
    if logits is None or min(counts) < FEWEST_ANSWERS - 0.5:
        note = f"no interval: fewer than {FEWEST_ANSWERS} answers on one side of the cutpoint"
        return Cutpoint(at, shares, Effect(plain), Effect(logits), note)
    signed = np.zeros(len(reached))
    slopes = np.ones(len(reached))
    for sign, (side, share, n) in zip((1, -1), sides, strict=True):
        signed[side] = sign * (reached[side] - share) / n
        slopes[side] = share * (1 - share)
    difference, log_odds = (
        _effect(estimate, two_way_variance(scores, clusters, 2, second) ** 0.5, quantile)
        for estimate, scores in ((plain, signed), (logits, signed / slopes))
    )
    return Cutpoint(at, shares, difference, log_odds)


def _effect(estimate: float, se: float, quantile: float) -> Effect:
    return Effect(estimate, se, estimate - quantile * se, estimate + quantile * se)
