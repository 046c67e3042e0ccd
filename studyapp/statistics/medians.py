"""A median with its two-way cluster-robust interval.

The interval of the share of values at or below the median is carried over to the values (Woodruff,
Confidence intervals for medians and other position measures, JASA 47, 1952).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from .labels import Floats
from .robust import Estimate, two_way_mean


def two_way_median(
    values: Sequence[float] | Floats, people: Sequence[Any], images: Sequence[Any]
) -> Estimate:
    """The median of N values; `se` is that of the share at or below it."""
    y = np.asarray(values, dtype=float)
    if not len(y):
        return Estimate(None, note="no judgments")
    middle = float(np.median(y))
    # A value at the median is half above it, so that ties there move the share to neither side
    share = two_way_mean((y < middle) + 0.5 * (y == middle), people, images)
    if share.se is None or share.df is None:
        return Estimate(middle, note=share.note)
    half = float(stats.t.ppf(0.975, share.df)) * share.se
    low, high = np.quantile(y, np.clip([0.5 - half, 0.5 + half], 0, 1))
    return Estimate(middle, share.se, share.df, float(low), float(high), clusters=share.clusters)
