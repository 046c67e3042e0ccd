"""Contrasts of the means of several cells of a design, robust to people and photos at once.

A cell is what judgments have in common, such as a method and a level of a moderator. A contrast is
Σ k_c g(ȳ_c) over cells with weights k that add up to what is asked: the difference of two
differences, of two d′, of two shares. Its variance and its effective clusters are those of
`robust.two_way_contrast`, which it is where there are two cells. Several contrasts at once have a
Wald test with Hotelling's correction for few clusters (Pustejovsky and Tipton, Small-sample methods
for cluster-robust variance estimation, Journal of Business and Economic Statistics 36 (2018)).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy import stats
from scipy.special import logit, ndtri

from .clusters import Clusters, Flags, correcting_count, effective, fewest_of_a_side, least_share
from .labels import Floats, Integers, codes
from .robust import (
    FEWEST_CLUSTERS,
    NOTHING_ELSE_VARIES,
    ROUNDING,
    Estimate,
    few,
    too_few,
    with_test,
)

Link = Literal["identity", "logit", "probit"]
Curve = Callable[[Floats], Floats]
EACH_CELL = "each method needs at least {fewest} {way} at each level"
# g and its slope, by the link
LINKS: dict[Link, tuple[Curve, Curve]] = {
    "identity": (lambda p: p, np.ones_like),
    "logit": (logit, lambda p: 1 / (p * (1 - p))),
    "probit": (ndtri, lambda p: 1 / stats.norm.pdf(ndtri(p))),
}


@dataclass(frozen=True)
class Cells:
    """N judgments `y`, the cells 0 … C − 1 that they are in, and their crossed clusters.

    of: what tells cells of one method apart: each person (0) or each photo (1) by itself has it,
    or None. What people or photos have of their own only adds to a variance, so that of a contrast
    is not taken to be less than the one with these clusters alone.
    """

    y: Floats
    cell: Integers
    clusters: Clusters
    of: int | None = None

    def weighted(self, weights: Floats) -> "Cells":
        """The judgments of the cells that any row of `weights` (…, C) gives a weight."""
        has_weight: Flags = np.any(np.atleast_2d(weights), axis=0)
        wanted = has_weight[self.cell]
        people, images = (codes(way[wanted].tolist()) for way in self.clusters.ways)
        return replace(
            self, y=self.y[wanted], cell=self.cell[wanted], clusters=Clusters(people, images)
        )

    def sizes(self, count: int) -> Integers:
        return np.bincount(self.cell, minlength=count)


@dataclass(frozen=True)
class Joint:
    """Whether any of q contrasts differs from 0: F with `df`, and its p; a sentence where none."""

    F: float | None
    df: tuple[float, float] | None
    p: float | None
    note: str = ""


def cells_of(
    values: Sequence[float] | Floats,
    people: Iterable[Any],
    images: Iterable[Any],
    cell: Sequence[int] | Integers,
    of: int | None = None,
) -> Cells:
    """Judgments with people and photos by any names."""
    clusters = Clusters(codes(people), codes(images))
    return Cells(np.asarray(values, dtype=float), np.asarray(cell, dtype=np.int64), clusters, of)


def cell_contrast(
    cells: Cells,
    weights: Sequence[float] | Floats,
    *,
    link: Link = "identity",
    remedy: str = EACH_CELL,
    level: float = 0.95,
) -> Estimate:
    """Σ k_c g(ȳ_c) for weights k (C,), with its interval and its p against 0.

    remedy: what is said to do where it rests on too few clusters for a test.
    """
    k = np.asarray(weights, dtype=float)
    own = cells.weighted(k)
    if not own.sizes(len(k))[k != 0].all():
        return Estimate(None, note="not every cell was judged")
    means = _means(own, len(k))
    if link != "identity" and bool(np.isin(means[k != 0], (0.0, 1.0)).any()):
        return Estimate(None, note="in one cell all judgments agree, so it has no limit")
    value = float(k[k != 0] @ LINKS[link][0](means[k != 0]))
    worth = contrast_worth(own, k)
    note = _too_little(own)
    scores = _scores(own, k[None, :], means, link)[:, 0]
    if not note and float((scores**2).sum()) <= ROUNDING * max(1.0, value**2):
        note = NOTHING_ELSE_VARIES
    if note:
        return Estimate(value, note=note, clusters=min(worth))
    variance = float(_covariance(own, scores[:, None])[0, 0])
    return with_test(value, variance, worth, remedy, level)


def contrast_worth(cells: Cells, weights: Sequence[float] | Floats) -> tuple[float, float]:
    """Effective people and photos of a contrast of cells; no outcome decides them."""
    k = np.asarray(weights, dtype=float)
    own = cells.weighted(k)
    shares = np.abs(k) / np.maximum(own.sizes(len(k)), 1)
    people, images = (effective(way, shares[own.cell]) for way in own.clusters.ways)
    return people, images


def joint_test(cells: Cells, contrasts: Floats) -> Joint:
    """Whether any of q independent `contrasts` (q, C) differs from 0.

    T² has η = min G* − 1 degrees, over the contrasts and their differences, and
    (η − q + 1) ÷ (η q) · T² an F with q and η − q + 1.
    """
    rows, q = cells.weighted(contrasts), len(contrasts)
    means = _means(rows, contrasts.shape[1])
    differences = [contrasts[a] - contrasts[b] for a in range(q) for b in range(a)]
    worths = [contrast_worth(cells, one) for one in (*contrasts, *differences)]
    fewest = min(worths, key=min)
    if note := _too_little(rows) or too_few(fewest, EACH_CELL):
        return Joint(None, None, None, note)
    covariance = _covariance(rows, _scores(rows, contrasts, means, "identity"))
    if np.linalg.matrix_rank(covariance, tol=ROUNDING) < q:
        return Joint(None, None, None, NOTHING_ELSE_VARIES)
    found = contrasts @ means
    eta = min(fewest) - 1
    below = eta - q + 1
    if below <= 0:
        return Joint(None, None, None, f"{q + 1} levels are too many for so few clusters")
    F = float(found @ np.linalg.solve(covariance, found)) * below / (eta * q)
    return Joint(F, (float(q), below), float(stats.f.sf(F, q, below)))


def _means(cells: Cells, count: int) -> Floats:
    return np.bincount(cells.cell, cells.y, count) / np.maximum(cells.sizes(count), 1)


def _scores(cells: Cells, contrasts: Floats, means: Floats, link: Link) -> Floats:
    """(N, q) what each judgment adds to each contrast, by the delta method."""
    used = contrasts.any(axis=0)
    slopes = np.zeros(len(means))
    slopes[used] = LINKS[link][1](means[used])
    shares = contrasts * slopes / np.maximum(cells.sizes(len(means)), 1)
    found: Floats = shares.T[cells.cell] * (cells.y - means[cells.cell])[:, None]
    return found


def _covariance(cells: Cells, scores: Floats) -> Floats:
    """(q, q) two-way, with the correction of sparse cells and no direction below the floors.

    For q = 1 it is `clusters.two_way_variance`, but for the floor of what cells are of.
    """
    both = cells.clusters.cells()
    counts = [correcting_count(way, cells.cell) for way in cells.clusters.ways]
    one_ways: list[Floats] = [
        _crossed(scores, way) * count / (count - 1)
        for way, count in zip(cells.clusters.ways, counts, strict=True)
    ]
    pairs = int(both.max()) + 1
    by_pair = _crossed(scores, both) * pairs / (pairs - 1)
    fixed = len(np.unique(cells.cell))
    found = _at_least(one_ways[0] + one_ways[1] - by_pair, least_share(fixed) * by_pair)
    if cells.of is not None:
        found = _at_least(found, one_ways[cells.of])
    corrected: Floats = found * (len(scores) - 1) / (len(scores) - fixed)
    return corrected


def _at_least(matrix: Floats, least: Floats) -> Floats:
    """The matrix (q, q) with no direction below `least`: of numbers the larger one."""
    values, vectors = np.linalg.eigh(least)
    root = vectors * np.sqrt(np.maximum(values, ROUNDING))
    inverse = np.linalg.inv(root)
    shares, axes = np.linalg.eigh(inverse @ matrix @ inverse.T)
    found: Floats = root @ (axes * np.maximum(shares, 1)) @ axes.T @ root.T
    return found


def _crossed(scores: Floats, groups: Integers) -> Floats:
    sums = np.zeros((int(groups.max()) + 1, scores.shape[1]))
    np.add.at(sums, groups, scores)
    found: Floats = sums.T @ sums
    return found


def _too_little(cells: Cells) -> str:
    """Why there is no interval; empty where there is one."""
    counts, fixed = cells.clusters.counts, len(np.unique(cells.cell))
    if min(counts) < FEWEST_CLUSTERS:
        return f"too little for an interval: {few(*counts)}, at least 2 of each are needed"
    if len(cells.y) <= fixed:
        return f"too little for an interval: {len(cells.y)} judgments"
    sides = [fewest_of_a_side(way, cells.cell) for way in cells.clusters.ways]
    if min(sides) < FEWEST_CLUSTERS:
        one = ("person", "photo")[int(sides[1] < sides[0])]
        return f"too little for an interval: one cell rests on a single {one}"
    return ""
