"""How differently two methods rise with a number that belongs to people, photos or trials.

y = a + b·x + second·(c + d·x) by least squares. The variance of d, and of c at a place of x, is
that of `clusters`, V_people + V_photos − V_people×photos, but with the jackknife for people and for
photos: leaving out one after the other, Σ(β₍g₎ − β)² · (G − 1)/G. Few people with far values of x
carry a slope, which the plain sandwich does not notice. Source: MacKinnon, Nielsen and Webb, Fast
and reliable jackknife and bootstrap methods for cluster-robust inference, Journal of Applied
Econometrics 38 (2023).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .clusters import Clusters, effective, least_share
from .labels import Floats, Integers, codes
from .robust import (
    AT_LEAST,
    FEWEST_CLUSTERS,
    NOTHING_ELSE_VARIES,
    ROUNDING,
    Estimate,
    few,
    with_test,
)

NEVER_VARIES = "it does not vary within both methods"
# The columns of the design: what the second line has more in slope and in height, then the first's
SLOPE, HEIGHT = 0, 1


@dataclass(frozen=True)
class TwoLines:
    """N judgments `y`, whether each is of the second method, and x."""

    y: Floats
    second: Floats
    x: Floats
    clusters: Clusters

    def slope_difference(self) -> Estimate:
        """How much more the values rise with one more of x under the second method."""
        spread = float(np.ptp(self.x)) if len(self.x) else 0.0
        if spread == 0:
            return Estimate(None, note=NEVER_VARIES)
        # Centred and in units of their spread: large numbers leave the fit no digits
        return self._coefficient(SLOPE, (self.x - self.x.mean()) / spread, spread)

    def difference_at(self, place: float) -> Estimate:
        """How much more the values are under the second method where x is `place`."""
        return self._coefficient(HEIGHT, self.x - place)

    def _coefficient(self, which: int, along: Floats, unit: float = 1.0) -> Estimate:
        lines = np.column_stack([along, np.ones(len(along))])
        X = np.column_stack([lines * self.second[:, None], lines])
        if len(X) <= X.shape[1] or np.linalg.matrix_rank(X) < X.shape[1]:
            return Estimate(None, note=NEVER_VARIES)
        beta = np.linalg.lstsq(X, self.y, rcond=None)[0]
        value = float(beta[which]) / unit
        weights = (X @ np.linalg.inv(X.T @ X))[:, which] / unit
        worth = effective(self.clusters.people, weights), effective(self.clusters.images, weights)
        counts = self.clusters.counts
        if min(counts) < FEWEST_CLUSTERS:
            few_words = f"{few(*counts)}, at least 2 of each are needed"
            return Estimate(value, note=f"too little for an interval: {few_words}")
        scores = weights * (self.y - X @ beta)
        if float((scores**2).sum()) <= ROUNDING * max(1.0, value**2):
            return Estimate(value, note=NOTHING_ELSE_VARIES, clusters=min(worth))
        both = self.clusters.cells()
        count = int(both.max()) + 1
        by_pair = float((np.bincount(both, scores) ** 2).sum()) * count / (count - 1)
        moved = [left_out(X, self.y, way, beta)[:, which] / unit for way in self.clusters.ways]
        if not all(np.isfinite(one).all() for one in moved):
            one = ("person", "photo")[int(np.isfinite(moved[0]).all())]
            return Estimate(value, note=f"too little for an interval: it rests on a single {one}")
        ways = sum(float((one**2).sum()) * (len(one) - 1) / len(one) for one in moved)
        variance = max(ways - by_pair, least_share(X.shape[1]) * by_pair)
        return with_test(value, variance, worth, AT_LEAST)


def two_lines(
    values: Sequence[float] | Floats,
    people: Iterable[Any],
    images: Iterable[Any],
    is_second: Sequence[bool],
    x: Sequence[float] | Floats,
) -> TwoLines:
    """Judgments with people and photos by any names."""
    clusters = Clusters(codes(people), codes(images))
    y, second, along = (np.asarray(one, dtype=float) for one in (values, is_second, x))
    return TwoLines(y, second, along, clusters)


def left_out(X: Floats, y: Floats, groups: Integers, beta: Floats) -> Floats:
    """(G, K) how far the coefficients move when each cluster is left out; infinite where the rest
    does not determine them."""
    count, width = int(groups.max()) + 1, X.shape[1]
    own, right = np.zeros((count, width, width)), np.zeros((count, width))
    np.add.at(own, groups, X[:, :, None] * X[:, None, :])
    np.add.at(right, groups, X * (y - X @ beta)[:, None])
    rest = X.T @ X - own
    found = np.full((count, width), np.inf)
    is_told = np.linalg.matrix_rank(rest, hermitian=True) == width
    found[is_told] = np.linalg.solve(rest[is_told], -right[is_told][:, :, None])[:, :, 0]
    return found
