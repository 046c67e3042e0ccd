"""A contrast without each person and without each photo, all at once.

Everything that the two-way robust contrast needs is a sum over judgments, so leaving a cluster out
is a subtraction: what comes out is what `two_way_contrast` says of the remaining judgments, at the
price of one such contrast for each way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import stats

from .clusters import FLOOR, SPARSE_SHARE, SPARSE_SIDE, Clusters
from .labels import Floats, Integers, codes
from .robust import FEWEST_CLUSTERS, ROUNDING

# Σ (n₁ᵃ n₀ᵇ) over clusters, as the effective number of clusters needs them
POWERS = ((2, 0), (1, 1), (0, 2), (4, 0), (3, 1), (2, 2), (1, 3), (0, 4))


@dataclass(frozen=True)
class LeftOut:
    """A contrast without each of G clusters, in the order in which they first come: (G,) each.

    NaN where the rest has no estimate or no interval. clusters: effective ones.
    """

    estimate: Floats
    se: Floats
    clusters: Floats

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        with np.errstate(invalid="ignore"):
            half = stats.t.ppf(0.5 + level / 2, self.clusters - 1) * self.se
        return self.estimate - half, self.estimate + half


def leave_one_out(
    values: Sequence[float] | Floats,
    people: Sequence[Any],
    images: Sequence[Any],
    is_second: Sequence[bool],
) -> tuple[LeftOut, LeftOut]:
    """The mean where `is_second` minus the mean elsewhere, without each person and each photo."""
    y, second = np.asarray(values, dtype=float), np.asarray(is_second, dtype=bool)
    y = y - y.mean()
    rows = np.stack([y * second, second, y * ~second, ~second], axis=1).astype(np.float64)
    clusters = Clusters(codes(people), codes(images))
    cells = clusters.cells()
    count = int(cells.max()) + 1
    of_cell = _sums(rows, cells, count)
    found = []
    for way in (0, 1):
        own, other = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
        own[cells], other[cells] = clusters.ways[way], clusters.ways[1 - way]
        found.append(_without_each(_Layout(of_cell, own, other)))
    return found[0], found[1]


@dataclass(frozen=True)
class _Layout:
    """cells: (C, 4) sum and number of the answers on either side, by person × photo; own: (C,) with
    which cluster each is left out; other: its cluster of the other way."""

    cells: Floats
    own: Integers
    other: Integers

    @cached_property
    def by_own(self) -> Floats:
        return _sums(self.cells, self.own, int(self.own.max()) + 1)

    @cached_property
    def by_other(self) -> Floats:
        return _sums(self.cells, self.other, int(self.other.max()) + 1)

    def left_out(self, rows: Floats) -> Floats:
        """What goes with each cluster, of rows by cell."""
        return _sums(rows, self.own, len(self.by_own))


def _without_each(layout: _Layout) -> LeftOut:
    by_own = layout.by_own
    rest = by_own.sum(axis=0) - by_own
    with np.errstate(divide="ignore", invalid="ignore"):
        means = rest[:, 0] / rest[:, 1], rest[:, 2] / rest[:, 3]
        theta = np.stack(
            [1 / rest[:, 1], -means[0] / rest[:, 1], -1 / rest[:, 3], means[1] / rest[:, 3]], axis=1
        )
        variance = _variance(layout, rest, theta)
    worth = [
        _effective(_powers(by_own).sum(axis=0) - _powers(by_own), rest),
        _effective(_other_powers(layout), rest),
    ]
    clusters = np.minimum(*worth)
    enough = (clusters >= FEWEST_CLUSTERS) & (variance > ROUNDING)
    return LeftOut(means[0] - means[1], np.sqrt(np.where(enough, variance, np.nan)), clusters)


def _variance(layout: _Layout, rest: Floats, theta: Floats) -> Floats:
    """(G,) the two-way variance without each cluster: the quadratic forms of `theta` in the sums'
    products over the clusters of both ways, and over the cells, that remain."""
    by_own, by_other = layout.by_own, layout.by_other
    gram = layout.left_out(_outer(layout.cells, layout.cells))
    crossed = layout.left_out(_outer(by_other[layout.other], layout.cells))
    squares = [
        np.einsum("gi,gij,gj->g", theta, products, theta)
        for products in (
            _outer(by_own, by_own).sum(axis=0) - _outer(by_own, by_own),
            _outer(by_other, by_other).sum(axis=0) - crossed - crossed.swapaxes(1, 2) + gram,
            gram.sum(axis=0) - gram,
        )
    ]
    own_side, other_side, numbers = _numbers(layout)
    first, second, third = (
        one * number / (number - 1) for one, number in zip(squares, numbers, strict=True)
    )
    n = rest[:, 1] + rest[:, 3]
    found = np.maximum(first + second - third, FLOOR * third) * (n - 1) / (n - 2)
    return np.where((own_side >= 2) & (other_side >= 2), found, np.nan)


def _numbers(layout: _Layout) -> tuple[Floats, Floats, list[Floats]]:
    """Without each cluster: the clusters of both ways on the sparser side, (G,) each, and the
    numbers of clusters and of cells that correct the variance."""
    by_own, by_other = layout.by_own, layout.by_other
    count = len(by_own)
    totals = by_other[layout.other]

    def lost(columns: list[int]) -> Floats:
        """(G,) how many clusters of the other way lose all their judgments on these sides."""
        part, whole = layout.cells[:, columns].sum(axis=1), totals[:, columns].sum(axis=1)
        return layout.left_out(((part == whole) & (part > 0)).astype(np.float64))

    own_side, other_side = (
        np.minimum(*sides)
        for sides in (
            [(by_own[:, side] > 0).sum() - (by_own[:, side] > 0) for side in (1, 3)],
            [(by_other[:, side] > 0).sum() - lost([side]) for side in (1, 3)],
        )
    )
    numbers = [
        _correcting(np.full(count, count - 1.0), own_side),
        _correcting(len(by_other) - lost([1, 3]), other_side),
        len(layout.cells) - np.bincount(layout.own, minlength=count).astype(np.float64),
    ]
    return own_side, other_side, numbers


def _correcting(numbers: Floats, sides: Floats) -> Floats:
    """As `clusters.correcting_count`."""
    return np.where(sides < np.minimum(SPARSE_SIDE, SPARSE_SHARE * numbers), sides, numbers)


def _powers(totals: Floats) -> Floats:
    """(…, 8) POWERS of the numbers of judgments on either side."""
    return np.stack([totals[:, 1] ** one * totals[:, 3] ** other for one, other in POWERS], axis=1)


def _other_powers(layout: _Layout) -> Floats:
    """(G, 8) their sums over the clusters of the other way, without each left out."""
    totals = layout.by_other[layout.other]
    changed = _powers(totals) - _powers(totals - layout.cells)
    found: Floats = _powers(layout.by_other).sum(axis=0) - layout.left_out(changed)
    return found


def _effective(powers: Floats, rest: Floats) -> Floats:
    """(G,) G* = (Σa)² ÷ Σa², a = (n₁ ÷ N₁ + n₀ ÷ N₀)²."""
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = 1 / rest[:, 1], 1 / rest[:, 3]
        binomial = (1, 2, 1, 1, 4, 6, 4, 1)
        terms = [
            factor * first**one * second**other * powers[:, place]
            for place, (factor, (one, other)) in enumerate(zip(binomial, POWERS, strict=True))
        ]
        found: Floats = np.sum(terms[:3], axis=0) ** 2 / np.sum(terms[3:], axis=0)
    return found


def _outer(one: Floats, other: Floats) -> Floats:
    found: Floats = one[:, :, None] * other[:, None, :]
    return found


def _sums(rows: Floats, groups: Integers, count: int) -> Floats:
    """The sums of (N, …) by group, (count, …)."""
    found = np.zeros((count, *rows.shape[1:]))
    np.add.at(found, groups, rows)
    return found
