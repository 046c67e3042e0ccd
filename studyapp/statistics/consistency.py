"""How well the items of a scale go together: α, ω, split halves, item-rest correlations.

Sources: Cronbach, Coefficient alpha and the internal structure of tests, Psychometrika 16 (1951);
McDonald, Test Theory (1999), for ω of one factor; Jöreskog, Some contributions to maximum
likelihood factor analysis, Psychometrika 32 (1967); Horst, A generalized expression for the
reliability of measures, Psychometrika 14 (1949), for halves of unequal length; for the intervals
the delete-one jackknife over clusters, as in `reliability`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from scipy import stats
from scipy.optimize import minimize

from .clusters import Clusters
from .labels import Floats, Integers, codes
from .reliability import jackknife

# Of more splits so many are drawn, always the same
MOST_SPLITS, SEED = 1000, 1
LEAST_UNIQUENESS = 0.005
# An item whose uniqueness is nearly none at all makes ω's interval meaningless
AT_THE_BOUND = 1.01 * LEAST_UNIQUENESS
FEWEST_ROWS = 3
STEP, ROUNDING, CONVERGED = 1e-5, 1e-10, 1e-5


@dataclass(frozen=True)
class Coefficient:
    """A coefficient with its 95 % interval; what can't be said is None, and `note` says why."""

    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Answered:
    """Answers (N, items) without missing ones, and who gave them to which photo.

    Where people answer once, they are the photos too, so that they are the only clusters.
    """

    values: Floats
    clusters: Clusters

    @property
    def covariance(self) -> Floats:
        """Of the items, (items, items)."""
        return np.atleast_2d(np.cov(self.values, rowvar=False))

    def left_out(self) -> list[Floats]:
        """The covariances without each person, and without each photo where people answer about
        several: (clusters, items, items)."""
        people, images = self.clusters.ways
        ways = [people] if np.array_equal(people, images) else [people, images]
        return [self._without(groups) for groups in ways]

    def _without(self, groups: Integers) -> Floats:
        rows = self.values - self.values.mean(axis=0)
        order, sizes = np.argsort(groups, kind="stable"), np.bincount(groups)
        parts = np.split(rows[order], np.cumsum(sizes)[:-1])
        sums = np.array([part.sum(axis=0) for part in parts])
        squares = np.array([part.T @ part for part in parts])
        left = (len(rows) - sizes)[:, None, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            outer = sums[:, :, None] * sums[:, None, :] / left
            found: Floats = (rows.T @ rows - squares - outer) / (left - 1)
        return found

    def without_levels(self) -> "Answered":
        """Each person's answers less that person's means: what is left is within people."""
        people = self.clusters.people
        sizes = np.bincount(people)[:, None]
        means = np.stack([np.bincount(people, item) for item in self.values.T], axis=1) / sizes
        return Answered(self.values - means[people], self.clusters)


def answered(
    values: Floats | Sequence[Sequence[float]], people: Sequence[Any], images: Sequence[Any]
) -> Answered:
    return Answered(np.asarray(values, dtype=float), Clusters(codes(people), codes(images)))


def cronbach(found: Answered) -> Coefficient:
    """α = k ÷ (k − 1) · (1 − Σ variances ÷ variance of the sum)."""
    if trouble := _trouble(found, 2):
        return Coefficient(None, note=trouble)
    value = float(_alpha(found.covariance))
    return _with_interval(value, [_alpha(left) for left in found.left_out()])


def _alpha(covariances: Floats) -> Floats:
    """Of covariances (…, items, items)."""
    k = covariances.shape[-1]
    diagonal = np.trace(covariances, axis1=-2, axis2=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = k / (k - 1) * (1 - diagonal / covariances.sum(axis=(-2, -1)))
    return found


def mcdonald(found: Answered) -> Coefficient:
    """ω = (Σλ)² ÷ ((Σλ)² + Σψ) of one factor, fitted by maximum likelihood.

    Without a cluster the fit is moved by one step of Newton's, through the observed Hessian; what
    fitting anew would change is of the order of the square of what a cluster moves.
    """
    if trouble := _trouble(found, 3):
        return Coefficient(None, note=trouble)
    rows, items = found.values.shape
    if rows <= items:
        return Coefficient(None, note=f"{rows} complete answers to {items} items are too few for ω")
    covariance = found.covariance
    spreads = np.sqrt(np.diagonal(covariance))
    if float(spreads.min()) == 0:
        return Coefficient(None, note="one item has the same answer everywhere")
    correlation = covariance / np.outer(spreads, spreads)
    if float(np.linalg.eigvalsh(correlation)[0]) < ROUNDING:
        return Coefficient(None, note="an item says the same as others, so no factor can be fitted")
    fit = one_factor(correlation)
    if fit is None:
        return Coefficient(None, note="the fit of one factor did not converge")
    loads, errors = fit[0] * spreads, fit[1] * spreads**2
    value = float(_omega(np.concatenate([loads, errors])))
    if float(fit[1].min()) < AT_THE_BOUND:
        note = "no interval: one item has no variance of its own in the fit (a Heywood case)"
        return Coefficient(value, note=note)
    hessian = _hessian(covariance, np.concatenate([loads, errors]))
    if float(np.linalg.eigvalsh(hessian)[0]) < ROUNDING:
        return Coefficient(value, note="no interval: the factor is hardly there")
    step = np.linalg.inv(hessian)
    lefts = [
        _omega(np.concatenate([loads, errors]) + _slopes(left, loads, errors) @ step)
        for left in found.left_out()
    ]
    return _with_interval(value, lefts)


def _omega(parameters: Floats) -> Floats:
    """Of loadings and uniquenesses (…, 2·items)."""
    loads, errors = np.split(parameters, 2, axis=-1)
    shared = loads.sum(axis=-1) ** 2
    found: Floats = shared / (shared + errors.sum(axis=-1))
    return found


def one_factor(correlation: Floats) -> tuple[Floats, Floats] | None:
    """Loadings and uniquenesses (items,) of one factor by maximum likelihood, as R's `factanal`
    finds them; None where the search did not end."""

    def loadings(errors: Floats) -> tuple[Floats, Floats]:
        root = np.sqrt(errors)
        values, vectors = np.linalg.eigh(correlation / np.outer(root, root))
        return values, root * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0))

    def discrepancy(errors: Floats) -> tuple[float, Floats]:
        values, loads = loadings(errors)
        rest = values[:-1]
        return float((rest - np.log(rest) - 1).sum()), (loads**2 + errors - 1) / errors**2

    start = np.clip(0.5 / np.diagonal(np.linalg.inv(correlation)), LEAST_UNIQUENESS, 1)
    result = minimize(
        discrepancy, start, jac=True, method="L-BFGS-B",
        bounds=[(LEAST_UNIQUENESS, 1)] * len(start), options={"ftol": 1e-14, "gtol": 1e-9},
    )  # fmt: skip
    errors, slope = np.asarray(result.x), np.asarray(result.jac)
    # A search that can't go on within rounding has ended as well: its slope tells
    is_held = ((errors <= LEAST_UNIQUENESS) & (slope > 0)) | ((errors >= 1) & (slope < 0))
    if float(np.abs(np.where(is_held, 0, slope)).max()) > CONVERGED:
        return None
    loads = loadings(errors)[1]
    return (loads if loads.sum() >= 0 else -loads), errors


def _slopes(covariances: Floats, loads: Floats, errors: Floats) -> Floats:
    """Of the mean log-likelihood by loadings and uniquenesses, for covariances (…, items, items):
    (…, 2·items)."""
    inverse = np.linalg.inv(np.outer(loads, loads) + np.diag(errors))
    gap: Floats = inverse @ covariances @ inverse - inverse
    return np.concatenate([gap @ loads, np.diagonal(gap, axis1=-2, axis2=-1) / 2], axis=-1)


def _hessian(covariance: Floats, at: Floats) -> Floats:
    """The negative Hessian of the mean log-likelihood by central differences of its slopes."""
    rows = []
    for place, value in enumerate(at):
        step = np.zeros(len(at))
        step[place] = STEP * max(abs(value), STEP)
        ahead, behind = (_slopes(covariance, *np.split(at + way * step, 2)) for way in (1, -1))
        rows.append((behind - ahead) / (2 * step[place]))
    hessian = np.array(rows)
    return (hessian + hessian.T) / 2  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Halves:
    """Reliabilities of the whole from its halves. splits: how many; is_all: whether no other is
    possible."""

    mean: float
    least: float
    most: float
    splits: int
    is_all: bool


def split_halves(found: Answered) -> Halves | None:
    """The correlation of both halves, brought to the whole length by Spearman and Brown's formula
    (by Horst's for an odd number of items), over every split or 1,000 fixed random ones.

    None with fewer than four items, or where a half has the same sum everywhere.
    """
    k = found.values.shape[1]
    if _trouble(found, 4):
        return None
    half = k // 2
    # Of an even number of items each split is there twice, once for either half
    possible = comb(k, half) // (1 if k % 2 else 2)
    if is_all := possible <= MOST_SPLITS:
        chosen = list(combinations(range(k), half))[:possible]
    else:
        random = np.random.default_rng(SEED)
        chosen = [tuple(random.permutation(k)[:half]) for _ in range(MOST_SPLITS)]
    first = np.zeros((len(chosen), k))
    for row, items in zip(first, chosen, strict=True):
        row[list(items)] = 1
    covariance = found.covariance
    own, other = first @ covariance, (1 - first) @ covariance
    shared = (own * (1 - first)).sum(axis=1)
    variances = (own * first).sum(axis=1) * (other * (1 - first)).sum(axis=1)
    if float(variances.min()) <= ROUNDING:
        return None
    r = shared / np.sqrt(variances)
    shares = 2 * (half / k) * (1 - half / k)
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = r * (np.sqrt(r**2 + 2 * shares * (1 - r**2)) - r) / (shares * (1 - r**2))
    whole = np.where(r**2 > 1 - ROUNDING, 1.0, whole)
    return Halves(float(whole.mean()), float(whole.min()), float(whole.max()), len(chosen), is_all)


def item_rest(found: Answered) -> list[float | None]:
    """The correlation of each item with the sum of the others; None where one of them is
    constant."""
    if len(found.values) < 2:
        return [None] * found.values.shape[1]
    covariance = found.covariance
    variances, with_all = np.diagonal(covariance), covariance.sum(axis=1)
    rest = covariance.sum() - 2 * with_all + variances
    return [
        float((shared - own) / np.sqrt(own * others)) if min(own, others) > ROUNDING else None
        for own, shared, others in zip(variances, with_all, rest, strict=True)
    ]


def _trouble(found: Answered, fewest: int) -> str:
    """Why there is no coefficient; empty where there is one."""
    rows, items = found.values.shape
    if items < fewest:
        return f"the scale is too short: it has {items}, and {fewest} items are needed"
    if rows < FEWEST_ROWS or min(found.clusters.counts) < 2:
        return f"{rows} complete answers are too few"
    if float(found.values.sum(axis=1).var()) <= ROUNDING:
        return "the sum of the items is the same everywhere"
    return ""


def _with_interval(value: float, lefts: Sequence[Floats]) -> Coefficient:
    """With the t interval of log(1 − value), from the values with each cluster of each way left
    out. What single rows add is in the variances of both ways, as in that of Krippendorff's α."""
    if value > 1 - ROUNDING:
        return Coefficient(value, note="no interval: the items always say the same")
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = sum(jackknife(np.log(1 - left)) for left in lefts)
    if not np.isfinite(variance):
        return Coefficient(value, note="no interval: it rests on a single person or photo")
    half = float(stats.t.ppf(0.975, min(map(len, lefts)) - 1)) * float(variance) ** 0.5
    below = float(np.log(1 - value))
    return Coefficient(value, 1 - float(np.exp(below + half)), 1 - float(np.exp(below - half)))
