"""Whether an effect differs between a few groups, and what it is over groups at large.

Sources: Welch, On the comparison of several mean values: an alternative approach, Biometrika 38
(1951); DerSimonian and Laird, Meta-analysis in clinical trials, Controlled Clinical Trials 7
(1986); Hartung and Knapp, On tests of the overall treatment effect in meta-analysis with normally
distributed responses, Statistics in Medicine 20 (2001).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

# With fewer groups nothing is said of groups at large
FEWEST_GROUPS = 5


@dataclass(frozen=True)
class Difference:
    """Welch's test of equal effects. i2: the share of the variance of the estimates that their own
    errors do not explain, 0 to 1 (Higgins and Thompson, Statistics in Medicine 21, 2002)."""

    f: float
    df: tuple[float, float]
    p: float
    i2: float


@dataclass(frozen=True)
class Overall:
    """The mean effect over groups at large. tau: the groups' standard deviation around it."""

    estimate: float
    se: float
    df: int
    low: float
    high: float
    p: float
    tau: float


def welch(estimates: Sequence[float], errors: Sequence[float], df: Sequence[float]) -> Difference:
    """Of k groups' independent estimates, with their standard errors and degrees of freedom."""
    theta, k = np.asarray(estimates, dtype=float), len(estimates)
    weights = 1 / np.asarray(errors, dtype=float) ** 2
    total = weights.sum()
    q = float(weights @ (theta - weights @ theta / total) ** 2)
    lack = float((((1 - weights / total) ** 2) / np.asarray(df, dtype=float)).sum())
    f = q / (k - 1) / (1 + 2 * (k - 2) / (k**2 - 1) * lack)
    second = (k**2 - 1) / (3 * lack)
    p = float(stats.f.sf(f, k - 1, second))
    return Difference(f, (float(k - 1), second), p, max(0.0, 1 - (k - 1) / q) if q else 0.0)


def overall(estimates: Sequence[float], errors: Sequence[float]) -> Overall:
    """Groups as a sample of more: DerSimonian and Laird's weights, Hartung and Knapp's interval."""
    theta, variances = np.asarray(estimates, dtype=float), np.asarray(errors, dtype=float) ** 2
    k, weights = len(theta), 1 / variances
    q = float(weights @ (theta - weights @ theta / weights.sum()) ** 2)
    scale = weights.sum() - (weights**2).sum() / weights.sum()
    tau2 = max(0.0, (q - (k - 1)) / float(scale))
    weights = 1 / (variances + tau2)
    mean = float(weights @ theta / weights.sum())
    se = float(np.sqrt(weights @ (theta - mean) ** 2 / ((k - 1) * weights.sum())))
    half = float(stats.t.ppf(0.975, k - 1)) * se
    p = float(2 * stats.t.sf(abs(mean) / se, k - 1)) if se else 1.0
    return Overall(mean, se, k - 1, mean - half, mean + half, p, tau2**0.5)
