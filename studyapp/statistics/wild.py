"""A second opinion on contrasts: the wild cluster bootstrap with two-way clusters.

The null is imposed: residuals around the mean of both methods together are multiplied by a random
weight for each cluster of one way, and every such table gets the same two-way robust t as the
data. Source: MacKinnon, Nielsen and Webb, Wild bootstrap and asymptotic inference with multiway
clustering, Journal of Business and Economic Statistics 39 (2021), their bootstrap with weights by
one way; Webb's six weights: Webb, Reworking wild bootstrap-based inference for clustered errors,
Canadian Journal of Economics 56 (2023). docs/statistics.md has the simulations of both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from .clusters import Clusters, Flags, correcting_count, least_share
from .labels import Floats, Integers, codes

DRAWS = 1999
RADEMACHER = np.array([-1.0, 1.0])
WEBB = np.concatenate([sign * np.sqrt([1.5, 1.0, 0.5]) for sign in (-1, 1)])


@dataclass(frozen=True)
class WildTest:
    """p of a contrast by weights for each person and by weights for each photo."""

    people: float
    photos: float

    @property
    def p(self) -> float:
        """Of the less favourable way."""
        return max(self.people, self.photos)


def wild_contrast(
    values: Sequence[float] | Floats,
    people: Sequence[Any],
    images: Sequence[Any],
    is_second: Sequence[bool],
    *,
    seed: int,
    draws: int = DRAWS,
    weights: Floats = WEBB,
) -> WildTest | None:
    """Whether the mean where `is_second` differs from the mean elsewhere.

    None where one of the two was not judged, where there is one person or one photo, or where
    nothing varies within the two.
    """
    y, second = np.asarray(values, dtype=float), np.asarray(is_second, dtype=bool)
    if len(y) < 3 or second.all() == second.any():
        return None
    clusters = Clusters(codes(people), codes(images))
    if min(clusters.counts) < 2 or not all(np.ptp(y[one]) for one in (second, ~second)):
        return None
    random = np.random.default_rng(seed)
    found = []
    for way, count in enumerate(clusters.counts):
        drawn = random.choice(weights, size=(draws, count))
        found.append(share_beyond(Imposed(clusters, second, way), y, drawn))
    return WildTest(*found)


def share_beyond(imposed: "Imposed", y: Floats, drawn: Floats) -> float:
    """How many of the drawn tables have a t as large as the data's, which count as one of them."""
    residuals = y - y.mean()
    own = abs(float(imposed.t(residuals, np.ones((1, drawn.shape[1])))[0]))
    beyond = np.abs(imposed.t(residuals, drawn)) >= own * (1 - 1e-12)
    return float((1 + beyond.sum()) / (1 + len(drawn)))


class Imposed:
    """The layout of one contrast, whose weights are drawn by people (way 0) or by photos (1).

    Everything that a drawn table's t needs are sums over clusters of the weighted residuals and
    of both sides' own weights.
    """

    def __init__(self, clusters: Clusters, second: Flags, way: int) -> None:
        self.own, self.other = clusters.ways[way], clusters.ways[1 - way]
        self.cells = clusters.cells()
        self.second = second
        sides = [side / side.sum() for side in (second, ~second)]
        self.sides = np.stack(sides)
        self.weights: Floats = sides[0] - sides[1]
        self.floor = least_share(2)
        self.corrections = [
            count / (count - 1)
            for count in (
                correcting_count(self.own, second),
                correcting_count(self.other, second),
                int(self.cells.max()) + 1,
            )
        ]

    @cached_property
    def cell_owner(self) -> Integers:
        """(cells,) the cluster, of those that get a weight, of each person × photo."""
        owner = np.zeros(int(self.cells.max()) + 1, dtype=np.int64)
        owner[self.cells] = self.own
        return owner

    def t(self, residuals: Floats, drawn: Floats) -> Floats:
        """(B,) the two-way t of `residuals` (N,) times `drawn` (B, clusters of the way)."""
        count, scores = drawn.shape[1], self.weights * residuals
        own = np.bincount(self.own, scores, count)
        means = np.stack(
            [drawn @ np.bincount(self.own, side * residuals, count) for side in self.sides]
        )
        means[1] *= -1  # the second row of `sides` is subtracted in the contrast
        by_own = drawn * own - means.T @ self._by(self.own)
        matrix = sparse.csr_array((scores, (self.other, self.own)))
        by_other = (matrix @ drawn.T).T - means.T @ self._by(self.other)
        squares = self._cell_squares(scores, drawn, means)
        first, second, third = (
            correction * one
            for correction, one in zip(
                self.corrections,
                ((by_own**2).sum(axis=1), (by_other**2).sum(axis=1), squares),
                strict=True,
            )
        )
        variance = np.maximum(first + second - third, self.floor * third)
        found: Floats = (means[0] + means[1]) / np.sqrt(variance)
        return found

    def _by(self, groups: Integers) -> Floats:
        """(2, clusters) both sides' weights by cluster."""
        return np.stack([np.bincount(groups, side) for side in self.sides])

    def _cell_squares(self, scores: Floats, drawn: Floats, means: Floats) -> Floats:
        """(B,) Σ over people × photos of the squared scores, multiplied out."""
        size, count = len(self.cell_owner), drawn.shape[1]
        own: Floats = np.bincount(self.cells, scores, size).astype(np.float64)
        sides = np.stack([np.bincount(self.cells, side, size) for side in self.sides])

        def by_owner(products: Floats) -> Floats:
            sums: Floats = np.bincount(self.cell_owner, products, count).astype(np.float64)
            return sums

        found: Floats = drawn**2 @ by_owner(own**2)
        for one, mean in zip(sides, means, strict=True):
            found -= 2 * mean * (drawn @ by_owner(own * one))
        gram = sides @ sides.T
        found += np.einsum("ib,ij,jb->b", means, gram, means)
        return np.maximum(found, 0.0)
