"""The usual figures, as if every judgment were a new person and photo: shown for contrast."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats


def wilson(right: int, n: int, level: float = 0.95) -> tuple[float, float] | None:
    """The Wilson score interval of `right` of `n`; None for n = 0."""
    if n == 0:
        return None
    interval = stats.binomtest(right, n).proportion_ci(level, method="wilson")
    return float(interval.low), float(interval.high)


def pooled_mean(values: Sequence[float], level: float = 0.95) -> tuple[float, float] | None:
    """The t interval of the mean over all judgments; None below two or where all are equal."""
    y = np.asarray(values, dtype=float)
    if len(y) < 2 or float(y.std()) == 0:
        return None
    half = float(stats.t.ppf(0.5 + level / 2, len(y) - 1) * y.std(ddof=1) / np.sqrt(len(y)))
    return float(y.mean()) - half, float(y.mean()) + half


def wilcoxon_on_people(values: Sequence[float], people: Sequence[Any]) -> float | None:
    """p of the signed-rank test of the people's mean scores against 0; None if all are 0."""
    totals: dict[Any, list[float]] = {}
    for value, person in zip(values, people, strict=True):
        totals.setdefault(person, []).append(float(value))
    means = np.array([np.mean(one) for one in totals.values()])
    if not np.any(means):
        return None
    return float(stats.wilcoxon(means, method="auto").pvalue)
