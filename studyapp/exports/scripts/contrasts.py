"""Differences between methods with two-way cluster-robust errors, for reanalyse.py beside it."""

from typing import Any

import pandas as pd

# The least two-way variance, in cell-clustered ones; which side of a contrast is sparse
FLOOR = 0.45
SPARSE_SIDE, SPARSE_SHARE = 15, 0.75


def contrast(rows: pd.DataFrame, a: str, b: str) -> tuple[float, float]:
    """The mean under `b` minus that under `a`, and its two-way cluster-robust standard error.

    Cameron, Gelbach and Miller, Journal of Business and Economic Statistics 29 (2011), with the
    floor and the correction of sparse sides that Discern's docs/statistics.md describes.
    """
    both = rows[rows.method.isin([a, b])]
    means = both.groupby("method").y.mean()
    sizes = both.groupby("method").y.count()
    if len(means) < 2:
        return float("nan"), float("nan")
    sign = both.method.map({a: -1.0, b: 1.0})
    share = sign * (both.y - both.method.map(means)) / both.method.map(sizes)
    ways = [both.participant, both.image]
    by_cell = one_way(share, ways, share.groupby(ways).ngroups)
    one_ways = [one_way(share, [way], correcting_count(way, both.method)) for way in ways]
    variance = max(sum(one_ways) - by_cell, FLOOR * by_cell) * (len(both) - 1) / (len(both) - 2)
    return float(means[b] - means[a]), float(variance**0.5)


def one_way(share: Any, groups: list[Any], count: int) -> float:
    """The variance of the contrast with one kind of cluster, corrected for their number."""
    if count < 2:
        return float("nan")
    return count / (count - 1) * float((share.groupby(groups).sum() ** 2).sum())


def correcting_count(groups: Any, methods: Any) -> int:
    """All clusters, or those of the sparser method if they are few."""
    count = int(groups.nunique())
    fewest = int(groups.groupby(methods).nunique().min())
    return fewest if fewest < min(SPARSE_SIDE, SPARSE_SHARE * count) else count
