"""Means and contrasts of judgments, robust to clusters of people and of photos at once.

V = V_people + V_photos − V_people×photos, each with the correction G/(G − 1) · (N − 1)/(N − K), and
a t with min(people, photos) − 1 degrees of freedom.
Source: Cameron, Gelbach and Miller, Robust inference with multiway clustering, Journal of Business
and Economic Statistics 29 (2011), equations 2.13 and 2.14.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from .labels import codes

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
FEWEST_CLUSTERS = 2
ROUNDING = 1e-18
NOTHING_VARIES = "all judgments agree, so nothing can be said of chance"
NOTHING_ELSE_VARIES = "within each of the two all judgments agree, so nothing can be said of chance"


@dataclass(frozen=True)
class Estimate:
    """An estimate with its 95 % interval; what can't be said is None, and `note` says why."""

    estimate: float | None
    se: float | None = None
    df: int | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    note: str = ""


def two_way_mean(
    values: Sequence[float] | Floats,
    people: Sequence[Any],
    images: Sequence[Any],
    *,
    null: float | None = None,
    level: float = 0.95,
) -> Estimate:
    """The mean of N values with people and photos as crossed clusters; p is against `null`."""
    y = np.asarray(values, dtype=float)
    X = np.ones((len(y), 1))
    return _estimate(y, X, (codes(people), codes(images)), null=null, level=level)


def two_way_contrast(
    values: Sequence[float] | Floats,
    people: Sequence[Any],
    images: Sequence[Any],
    is_second: Sequence[bool],
    *,
    level: float = 0.95,
) -> Estimate:
    """The mean where `is_second` minus the mean elsewhere; p is against 0."""
    y = np.asarray(values, dtype=float)
    second = np.asarray(is_second, dtype=float)
    if len(y) and second.min() == second.max():
        return Estimate(None, note="only one of the two was judged")
    X = np.column_stack([second, np.ones(len(y))])
    return _estimate(y, X, (codes(people), codes(images)), null=0.0, level=level)


def two_way_slope(
    values: Sequence[float] | Floats,
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
    X = np.column_stack([along, np.ones(len(y))])
    return _estimate(y, X, (codes(people), codes(images)), null=0.0, level=level)


def _estimate(
    y: Floats,
    X: Floats,
    clusters: tuple[Integers, Integers],
    *,
    null: float | None,
    level: float,
) -> Estimate:
    """The first coefficient of the least-squares fit of `y` on `X`."""
    people, images = clusters
    if len(y) == 0:
        return Estimate(None, note="no judgments")
    value = float(np.linalg.lstsq(X, y, rcond=None)[0][0])
    counts = int(people.max()) + 1, int(images.max()) + 1
    if min(counts) < FEWEST_CLUSTERS or len(y) <= X.shape[1]:
        return Estimate(
            value, note=f"too little for an interval: {few(*counts)}, at least 2 of each are needed"
        )
    variance = float(two_way_covariance(y, X, people, images)[0, 0])
    if variance <= ROUNDING * max(1.0, float((y**2).mean())):
        return Estimate(value, note=NOTHING_VARIES if X.shape[1] == 1 else NOTHING_ELSE_VARIES)
    se, df = variance**0.5, min(counts) - 1
    half = float(stats.t.ppf(0.5 + level / 2, df)) * se
    p = None if null is None else float(2 * stats.t.sf(abs(value - null) / se, df))
    return Estimate(value, se, df, value - half, value + half, p)


def logit_interval(
    share: float, se: float, quantile: float = 1.959963984540054
) -> tuple[float, float]:
    """The interval of a share from its standard error, made on the logit scale: inside 0…1."""
    centre = np.log(share / (1 - share))
    half = quantile * se / (share * (1 - share))
    low, high = 1 / (1 + np.exp(-np.array([centre - half, centre + half])))
    return float(low), float(high)


def two_way_covariance(y: Floats, X: Floats, people: Integers, images: Integers) -> Floats:
    """The K×K covariance of the least-squares coefficients of y (N) on X (N×K).

    Where the difference of the three parts leaves a variance that is not positive, the larger
    of the two one-way covariances is given instead, which is on the safe side.
    """
    bread: Floats = np.asarray(np.linalg.inv(X.T @ X), dtype=np.float64)
    scores: Floats = X * (y - X @ (bread @ (X.T @ y)))[:, None]
    both = codes(list(zip(people.tolist(), images.tolist(), strict=True)))
    parts = [_one_way(bread, scores, groups) for groups in (people, images, both)]
    total: Floats = parts[0] + parts[1] - parts[2]
    if total[0, 0] <= 1e-14:
        return max(parts[:2], key=lambda part: float(part[0, 0]))
    return total


def _one_way(bread: Floats, scores: Floats, groups: Integers) -> Floats:
    n, k = scores.shape
    count = int(groups.max()) + 1
    sums = np.zeros((count, k))
    np.add.at(sums, groups, scores)
    correction = count / (count - 1) * (n - 1) / (n - k)
    covariance: Floats = correction * bread @ (sums.T @ sums) @ bread
    return covariance


def few(people: int, images: int) -> str:
    """“1 person and 2 photos”."""
    return (
        f"{people} {'person' if people == 1 else 'people'} and "
        f"{images} {'photo' if images == 1 else 'photos'}"
    )
