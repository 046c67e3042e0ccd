"""How much people and photos tell: the two-way cluster-robust variance and its effective clusters.

V = V_people + V_photos − V_people×photos, each with the correction G/(G − 1) · (N − 1)/(N − K).
Sources: Cameron, Gelbach and Miller, Robust inference with multiway clustering, Journal of Business
and Economic Statistics 29 (2011), equations 2.13 and 2.14; for effective clusters Carter, Schnepel
and Steigerwald, Asymptotic behavior of a t-test robust to cluster heterogeneity, Review of
Economics and Statistics 99 (2017). docs/statistics.md has the simulations behind the floors,
SPARSE_SIDE and CONCENTRATED.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .labels import Floats, Integers, codes

Flags = npt.NDArray[np.bool_]
Sides = Flags | Integers
WAYS = ("people", "photos")
# A side of a contrast with fewer clusters, and less than this share of all, is corrected by its own
SPARSE_SIDE, SPARSE_SHARE = 15, 0.75
# The least two-way variance, in cell-clustered ones: of a contrast or slope, and of a mean, which
# people and photos nearly always add to
FLOOR, MEAN_FLOOR = 0.45, 0.7
# A mean rests on effective clusters where they are less than this share of all
CONCENTRATED = 0.5


@dataclass(frozen=True)
class Clusters:
    """The crossed clusters of N judgments: `people` and `images` as numbers 0, 1, …"""

    people: Integers
    images: Integers

    @property
    def ways(self) -> tuple[Integers, Integers]:
        return self.people, self.images

    @property
    def counts(self) -> tuple[int, int]:
        return int(self.people.max()) + 1, int(self.images.max()) + 1

    def cells(self) -> Integers:
        """Which pair of a person and a photo each judgment is of."""
        return codes(self.people * self.counts[1] + self.images)


def effective(groups: Integers, weights: Floats) -> float:
    """G* = (Σa)² ÷ Σa², a_g = (Σ_g |w|)²: how many even clusters the weights (N,) are worth.

    For a contrast the weights are 1/n₁ and −1/n₀, so that a_g = (n_g1/n₁ + n_g0/n₀)².
    """
    shares = np.bincount(groups, np.abs(weights)) ** 2
    return _plain(float(shares.sum() ** 2 / (shares**2).sum()))


def even_clusters(groups: Integers) -> float:
    """How many clusters a mean rests on: all, or n² ÷ Σn_g² where less than half carry it."""
    sizes = np.bincount(groups).astype(float)
    worth = _plain(float(sizes.sum() ** 2 / (sizes**2).sum()))
    return worth if worth < CONCENTRATED * len(sizes) else float(len(sizes))


def two_way_variance(
    scores: Floats, clusters: Clusters, fixed: int, second: Sides | None = None
) -> float:
    """The variance of a coefficient whose judgments add `scores` (N,), weights times residuals.

    fixed: how many coefficients the residuals come from. second: (N,) the sides of a contrast.
    """
    one_way = [
        _corrected(_sums(scores, groups), correcting_count(groups, second))
        for groups in clusters.ways
    ]
    cells = clusters.cells()
    by_cell = _corrected(_sums(scores, cells), int(cells.max()) + 1)
    correction = (len(scores) - 1) / (len(scores) - fixed)
    return max(sum(one_way) - by_cell, least_share(fixed) * by_cell) * correction


def least_share(fixed: int) -> float:
    """The floor of a fit with so many coefficients."""
    return MEAN_FLOOR if fixed == 1 else FLOOR


def correcting_count(groups: Integers, second: Sides | None) -> int:
    """The G of G/(G − 1): all clusters, or those of the sparsest side of a contrast if few."""
    count = int(groups.max()) + 1
    if second is None:
        return count
    fewest = fewest_of_a_side(groups, second)
    return fewest if fewest < min(SPARSE_SIDE, SPARSE_SHARE * count) else count


def fewest_of_a_side(groups: Integers, second: Sides) -> int:
    """How many clusters the sparsest side has; sides are two flags, or numbers of several cells."""
    return min(len(np.unique(groups[second == side])) for side in np.unique(second))


def _sums(scores: Floats, groups: Integers) -> float:
    return float((np.bincount(groups, scores) ** 2).sum())


def _corrected(squares: float, count: int) -> float:
    return squares * count / (count - 1)


def _plain(value: float) -> float:
    """Without what rounding left of a whole number."""
    return float(f"{value:.10g}")
