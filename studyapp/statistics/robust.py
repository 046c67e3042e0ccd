"""Means, shares and contrasts of judgments, robust to clusters of people and of photos at once.

An estimate has the two-way variance of `clusters` and a t on one degree less than its effective
clusters: all of them for a mean (but see `even_clusters`), G* for a contrast. A share's interval
and test are made on the logit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from .clusters import (
    WAYS,
    Clusters,
    Flags,
    effective,
    even_clusters,
    fewest_of_a_side,
    two_way_variance,
)
from .labels import Floats, codes

Values = Sequence[float] | Floats
FEWEST_CLUSTERS = 2
# With fewer effective clusters no test is made: its false alarms can't be held near 5 %
FEWEST_EFFECTIVE = 6
ROUNDING = 1e-18
EACH_METHOD = "each method needs at least {fewest} {way}"
AT_LEAST = "at least {fewest} {way} are needed"
# The rule of three: at most this many of n were missed, at 95 %
THREE = 3.0
NOTHING_VARIES = "all judgments agree, so their uncertainty can't be estimated"
NOTHING_ELSE_VARIES = (
    "within each of the two all judgments agree, so their uncertainty can't be estimated"
)
NO_CLUSTER_VARIES = "no two clusters differ, so the uncertainty can't be estimated"


@dataclass(frozen=True)
class Estimate:
    """An estimate with its 95 % interval; what can't be said is None, and `note` says why.

    clusters: how many even clusters it rests on, the fewer of people and photos; below
    FEWEST_EFFECTIVE a contrast has no p, and nothing must be concluded from it. t: what p is of,
    on the logit for a share.
    """

    estimate: float | None
    se: float | None = None
    df: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    note: str = ""
    clusters: float | None = None
    t: float | None = None

    @property
    def interval(self) -> list[float] | None:
        return None if self.low is None or self.high is None else [self.low, self.high]

    @property
    def is_tested(self) -> bool:
        return self.clusters is None or self.clusters >= FEWEST_EFFECTIVE


@dataclass(frozen=True)
class _Fit:
    """The first coefficient of a least-squares fit. scores: weights times residuals, (N,).

    worth: effective clusters, of people and of photos.
    """

    value: float
    scores: Floats
    fixed: int
    clusters: Clusters
    worth: tuple[float, float]
    second: Flags | None = None

    @property
    def fewest(self) -> float:
        return min(self.worth)

    def variance(self) -> float:
        return two_way_variance(self.scores, self.clusters, self.fixed, self.second)


def two_way_mean(
    values: Values,
    people: Sequence[Any],
    images: Sequence[Any],
    *,
    null: float | None = None,
    level: float = 0.95,
) -> Estimate:
    """The mean of N values with people and photos as crossed clusters; p is against `null`."""
    fit = _mean_fit(values, people, images)
    return _judged(fit, NOTHING_VARIES, null, level)


def two_way_share(
    right: Values,
    people: Sequence[Any],
    images: Sequence[Any],
    *,
    null: float | None = None,
    level: float = 0.95,
) -> Estimate:
    """The share of 1 among N values 0 or 1, on the logit; p is against the share `null`.

    Where all are equal, the interval is the rule of three over the fewer of people and photos, and
    p counts each of them once: both are on the safe side.
    """
    fit = _mean_fit(right, people, images)
    if fit is None or min(fit.clusters.counts) < FEWEST_CLUSTERS or len(fit.scores) < 2:
        return _judged(fit, NOTHING_VARIES, null, level)
    if fit.value in {0.0, 1.0}:
        return _constant_share(fit.value, fit.clusters.counts, null)
    return _on_logit(_judged(fit, NOTHING_VARIES, None, level), null, level)


def two_way_contrast(
    values: Values,
    people: Sequence[Any],
    images: Sequence[Any],
    is_second: Sequence[bool],
    *,
    level: float = 0.95,
) -> Estimate:
    """The mean where `is_second` minus the mean elsewhere; p is against 0."""
    y, second = np.asarray(values, dtype=float), np.asarray(is_second, dtype=bool)
    if len(y) and second.all() == second.any():
        return Estimate(None, note="only one of the two was judged")
    X = np.column_stack([second.astype(float), np.ones(len(y))])
    fit = _fit(y, X, people, images, second)
    if fit is not None:
        fit = replace(fit, value=float(y[second].mean() - y[~second].mean()))
    return _withheld(_judged(fit, NOTHING_ELSE_VARIES, 0.0, level), fit)


def two_way_within(
    values: Values,
    people: Sequence[Any],
    images: Sequence[Any],
    is_second: Sequence[bool],
    strata: Sequence[Any],
    *,
    level: float = 0.95,
) -> Estimate:
    """The difference where `is_second`, with a mean of its own for every stratum; p is against 0.

    The coefficient of least squares on `is_second` and an intercept a stratum, so that strata which
    differ in their means and in how many of each side they have do not pass for an effect.
    """
    y, second = np.asarray(values, dtype=float), np.asarray(is_second, dtype=bool)
    if len(y) and second.all() == second.any():
        return Estimate(None, note="only one of the two was judged")
    groups = codes(strata)
    own = np.eye(int(groups.max()) + 1)[groups] if len(y) else np.zeros((0, 1))
    design = np.column_stack([second.astype(float), own])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return Estimate(None, note="no stratum has both of the two")
    fit = _fit(y, design, people, images, second)
    return _withheld(_judged(fit, NOTHING_ELSE_VARIES, 0.0, level), fit)


def two_way_slope(
    values: Values,
    people: Sequence[Any],
    images: Sequence[Any],
    x: Sequence[float],
    *,
    level: float = 0.95,
) -> Estimate:
    """How much the values rise with one more of `x`; p is against 0."""
    y, along = np.asarray(values, dtype=float), np.asarray(x, dtype=float)
    if len(y) == 0 or float(along.min()) == float(along.max()):
        return Estimate(None, note="it never varies")
    # Centred and in units of their spread: seconds since 1970 leave the fit no digits
    spread = float(np.ptp(along))
    fit = _fit(
        y, np.column_stack([(along - along.mean()) / spread, np.ones(len(y))]), people, images
    )
    found = _judged(fit, NOTHING_ELSE_VARIES, 0.0, level)
    return _withheld(_divided(found, spread), fit, AT_LEAST)


def effective_pair(
    people: Sequence[Any], images: Sequence[Any], is_second: Sequence[bool]
) -> tuple[float, float]:
    """G* of a contrast by people and by photos; nothing but who judged what decides it."""
    second = np.asarray(is_second, dtype=bool)
    weights = np.where(second, 1 / max(1, second.sum()), 1 / max(1, (~second).sum()))
    return effective(codes(people), weights), effective(codes(images), weights)


def mean_clusters(people: Sequence[Any], images: Sequence[Any]) -> float:
    """How many clusters a mean of these judgments rests on, the fewer of people and photos."""
    return min(even_clusters(codes(people)), even_clusters(codes(images)))


def too_few(worth: tuple[float, float], remedy: str = EACH_METHOD) -> str:
    """Why nothing is tested on so many effective people and photos; empty where it is."""
    way = int(worth[1] < worth[0])
    if worth[way] >= FEWEST_EFFECTIVE:
        return ""
    return (
        f"no test: it rests on {worth[way]:.1f} effective {WAYS[way]}, and with fewer than "
        f"{FEWEST_EFFECTIVE} a test is wrong too often; "
        f"{remedy.format(fewest=FEWEST_EFFECTIVE, way=WAYS[way])}"
    )


def with_test(
    value: float, variance: float, worth: tuple[float, float], remedy: str, level: float = 0.95
) -> Estimate:
    """An estimate by its variance and the effective clusters that it rests on: its interval, and
    its p against 0 where they are enough for a test."""
    se, df = variance**0.5, min(worth) - 1
    half = float(stats.t.ppf(0.5 + level / 2, df)) * se
    note = too_few(worth, remedy)
    t = None if note else value / se
    p = None if t is None else float(2 * stats.t.sf(abs(t), df))
    return Estimate(value, se, df, value - half, value + half, p, note, min(worth), t)


def logit_interval(
    share: float, se: float, quantile: float = 1.959963984540054
) -> tuple[float, float]:
    """The interval of a share from its standard error, made on the logit scale: inside 0…1."""
    centre = np.log(share / (1 - share))
    half = quantile * se / (share * (1 - share))
    low, high = 1 / (1 + np.exp(-np.array([centre - half, centre + half])))
    return float(low), float(high)


def few(people: int, images: int) -> str:
    """“1 person and 2 photos”."""
    return (
        f"{people} {'person' if people == 1 else 'people'} and "
        f"{images} {'photo' if images == 1 else 'photos'}"
    )


def _mean_fit(values: Values, people: Sequence[Any], images: Sequence[Any]) -> _Fit | None:
    y = np.asarray(values, dtype=float)
    if not len(y):
        return None
    clusters = Clusters(codes(people), codes(images))
    value = float(y.mean())
    worth = even_clusters(clusters.people), even_clusters(clusters.images)
    return _Fit(value, (y - value) / len(y), 1, clusters, worth)


def _fit(
    y: Floats,
    X: Floats,
    people: Sequence[Any],
    images: Sequence[Any],
    second: Flags | None = None,
) -> _Fit | None:
    """The first coefficient of the least-squares fit of `y` (N,) on `X` (N, K)."""
    if not len(y):
        return None
    weights: Floats = (X @ np.linalg.inv(X.T @ X))[:, 0]
    coefficients = np.linalg.lstsq(X, y, rcond=None)[0]
    clusters = Clusters(codes(people), codes(images))
    worth = effective(clusters.people, weights), effective(clusters.images, weights)
    scores: Floats = weights * (y - X @ coefficients)
    return _Fit(float(coefficients[0]), scores, X.shape[1], clusters, worth, second)


def _judged(fit: _Fit | None, nothing: str, null: float | None, level: float) -> Estimate:
    """The estimate with its interval and p; `nothing` is said where no judgment varies."""
    if fit is None:
        return Estimate(None, note="no judgments")
    too_little = _too_little(fit, nothing)
    if too_little:
        return Estimate(fit.value, note=too_little, clusters=fit.fewest)
    se, df = fit.variance() ** 0.5, fit.fewest - 1
    if se**2 <= ROUNDING * max(1.0, fit.value**2):
        return Estimate(fit.value, note=NO_CLUSTER_VARIES, clusters=fit.fewest)
    half = float(stats.t.ppf(0.5 + level / 2, df)) * se
    t = None if null is None else float((fit.value - null) / se)
    p = None if t is None else float(2 * stats.t.sf(abs(t), df))
    return Estimate(fit.value, se, df, fit.value - half, fit.value + half, p, "", fit.fewest, t)


def _too_little(fit: _Fit, nothing: str) -> str:
    """Why there is no interval; empty where there is one."""
    counts = fit.clusters.counts
    if min(counts) >= FEWEST_CLUSTERS and len(fit.scores) <= fit.fixed:
        return f"too little for an interval: {len(fit.scores)} judgments"
    if min(counts) < FEWEST_CLUSTERS:
        return f"too little for an interval: {few(*counts)}, at least 2 of each are needed"
    if float((fit.scores**2).sum()) <= ROUNDING * max(1.0, fit.value**2):
        return nothing
    sides = fit.worth
    if fit.second is not None:
        people, photos = (fewest_of_a_side(groups, fit.second) for groups in fit.clusters.ways)
        sides = min(fit.worth[0], people), min(fit.worth[1], photos)
    if min(sides) < FEWEST_CLUSTERS:
        one = ("person", "photo")[int(sides[1] < sides[0])]
        return f"too little for an interval: one side rests on a single {one}"
    return ""


def _divided(found: Estimate, unit: float) -> Estimate:
    """The estimate of what was counted in `unit`s, of one; its p is the same."""
    estimate, se, low, high = (
        None if value is None else value / unit
        for value in (found.estimate, found.se, found.low, found.high)
    )
    return replace(found, estimate=estimate, se=se, low=low, high=high)


def _withheld(found: Estimate, fit: _Fit | None, remedy: str = EACH_METHOD) -> Estimate:
    """Without p where it rests on too few clusters, and the sentence why."""
    if fit is None or found.is_tested:
        return found
    return replace(found, p=None, t=None, note=found.note or too_few(fit.worth, remedy))


def _on_logit(found: Estimate, null: float | None, level: float) -> Estimate:
    if found.estimate is None or found.se is None or found.df is None:
        return found
    share = found.estimate
    quantile = float(stats.t.ppf(0.5 + level / 2, found.df))
    low, high = logit_interval(share, found.se, quantile)
    t = p = None
    if null is not None:
        distance = np.log(share / (1 - share)) - np.log(null / (1 - null))
        t = float(distance * share * (1 - share) / found.se)
        p = float(2 * stats.t.sf(abs(t), found.df))
    return Estimate(share, found.se, found.df, low, high, p, found.note, found.clusters, t)


def _constant_share(share: float, counts: tuple[int, int], null: float | None) -> Estimate:
    """Of all right or all wrong: what as many independent answers as clusters would say."""
    fewer = min(counts)
    reach = min(1.0, THREE / fewer)
    low, high = (1 - reach, 1.0) if share == 1 else (0.0, reach)
    p = None
    if null is not None:
        p = min(1.0, 2 * (null if share == 1 else 1 - null) ** fewer)
    way = ("person", "photo")[int(counts[1] < counts[0])]
    note = (
        f"all judgments agree: interval and p are conservative, as if there were {fewer} "
        f"judgments, one per {way}"
    )
    return Estimate(share, None, None, low, high, p, note, float(fewer))
