"""How much people agree about the same thing: Krippendorff's α, and Fleiss' κ.

Sources: Krippendorff, Computing Krippendorff's alpha-reliability (2011); Fleiss, Measuring nominal
scale agreement among many raters, Psychological Bulletin 76 (1971); for the interval the delete-one
jackknife (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 11) over two ways.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import stats

from .labels import Floats, Integers, codes

Level = Literal["nominal", "ordinal", "interval"]
# What each of M units adds to the coefficient's sums: (M, T)
Terms = Callable[[Floats], Floats]
# Sums (draws, T) → α of each; NaN where nothing varies
Coefficient = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Reliability:
    """A coefficient with its 95 % interval; what can't be said is None, and `note` says why."""

    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""


ROUNDING = 1e-12


def krippendorff(
    values: Sequence[float],
    units: Sequence[Any],
    people: Sequence[Any],
    level: Level,
    together: Sequence[Any] | None = None,
) -> Reliability:
    """α = 1 − observed ÷ expected disagreement of N values about their units.

    Units with one value only say nothing and are left out. The interval is that of other people
    judging other units: the jackknife variances of both, and a t on the fewer of them minus 1.
    together: what each value's unit is left out with, where one answer is about several units.
    """
    y = np.asarray(values, dtype=float)
    unit, person = codes(units), codes(people)
    group = unit if together is None else codes(together)
    several = np.bincount(unit)[unit] >= 2 if len(y) else np.zeros(0, dtype=bool)
    y, unit, person = y[several], codes(unit[several]), codes(person[several])
    group = codes(group[several])
    if not len(y):
        return Reliability(None, note="nothing was judged by two people")
    if y.min() == y.max():
        return Reliability(
            None, note="all judgments agree, so agreement beyond chance is undefined"
        )
    each, terms, alpha = _parts(y, level)
    by_unit = terms(_by_unit(each, unit))
    whole = by_unit.sum(axis=0)
    value = float(alpha(whole[None, :])[0])
    without_people = alpha(_without_each_person(each, unit, person, terms))
    by_group = _by_unit(by_unit, group[np.unique(unit, return_index=True)[1]])
    return with_interval(value, alpha(whole - by_group), without_people)


def with_interval(value: float, without_units: Floats, without_people: Floats) -> Reliability:
    """A coefficient with its interval, from its values with each unit and each person left out."""
    counts = len(without_units), len(without_people)
    if min(counts) < 2:
        return Reliability(
            value, note="several people judged only one thing, so there is no interval"
        )
    # What single judgments add is in both variances; without it too few intervals cover α
    variance = jackknife(without_units) + jackknife(without_people)
    if not np.isfinite(variance):
        return Reliability(
            value, note="no interval: without one of the people or photos nothing varies"
        )
    if value > 1 - ROUNDING:
        return Reliability(value, note="no interval: nobody ever disagreed about the same thing")
    half = float(stats.t.ppf(0.975, min(counts) - 1)) * float(variance) ** 0.5
    return Reliability(value, max(-1.0, value - half), min(1.0, value + half))


def _parts(y: Floats, level: Level) -> tuple[Floats, Terms, Coefficient]:
    """What each value adds to its unit (N, S), what units add to α, and α."""
    if level == "interval":
        centred = y - y.mean()
        return np.column_stack([np.ones(len(y)), centred, centred**2]), _squares, _alpha_of_squares
    categories, place = np.unique(y, return_inverse=True)
    each = np.eye(len(categories))[place]
    return each, _coincidences, lambda sums: _alpha(sums, len(categories), level)


def _by_unit(each: Floats, unit: Integers) -> Floats:
    sums = np.zeros((int(unit.max()) + 1, each.shape[1]))
    np.add.at(sums, unit, each)
    return sums


def jackknife(left_out: Floats) -> float:
    """The variance of a coefficient, from its values (G,) with each of G clusters left out."""
    count = len(left_out)
    return float((count - 1) / count * ((left_out - left_out.mean()) ** 2).sum())


def _without_each_person(each: Floats, unit: Integers, person: Integers, terms: Terms) -> Floats:
    """The sums (people, T) that α is made of, without one person after the other."""
    sums = _by_unit(each, unit)
    found = np.tile(terms(sums).sum(axis=0), (int(person.max()) + 1, 1))
    order = np.argsort(person, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(person[order])) + 1):
        judged, place = np.unique(unit[rows], return_inverse=True)
        left = sums[judged]
        np.add.at(left, place, -each[rows])
        found[person[rows[0]]] += (terms(left) - terms(sums[judged])).sum(axis=0)
    return found


def _squares(sums: Floats) -> Floats:
    """Observed disagreement, number, sum and sum of squares of units with two values or more."""
    count, total, squares = sums.T
    several = count >= 2
    observed = 2 * (count * squares - total**2) / np.where(several, count - 1, 1)
    found: Floats = np.column_stack([observed, count, total, squares]) * several[:, None]
    return found


def _alpha_of_squares(sums: Floats) -> Floats:
    observed, count, total, squares = sums.T
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = 1 - (count - 1) * observed / (2 * (count * squares - total**2))
    return found


def _coincidences(counts: Floats) -> Floats:
    """How often each pair of K values was given to the same unit (M, K·K), a unit weighing m."""
    sizes = counts.sum(axis=1)
    pairs = counts[:, :, None] * counts[:, None, :]
    values = np.arange(counts.shape[1])
    pairs[:, values, values] -= counts
    weights = (sizes >= 2) / np.where(sizes >= 2, sizes - 1, 1)
    found: Floats = (pairs * weights[:, None, None]).reshape(len(counts), -1)
    return found


def _alpha(coincidences: Floats, k: int, level: Level) -> Floats:
    """α of each row of coincidences (draws, K·K); NaN where nothing varies."""
    table = coincidences.reshape(-1, k, k)
    margins = table.sum(axis=2)
    distance = _distances(margins, level)
    observed = (table * distance).sum(axis=(1, 2))
    expected = (margins[:, :, None] * margins[:, None, :] * distance).sum(axis=(1, 2))
    total = margins.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1 - (total - 1) * observed / expected  # type: ignore[no-any-return]


def _distances(margins: Floats, level: Level) -> Floats:
    """The squared differences between K categories, (draws, K, K); ordinal ones by the margins."""
    if level == "nominal":
        k = margins.shape[1]
        return np.broadcast_to(1 - np.eye(k), (len(margins), k, k))
    middle = np.cumsum(margins, axis=1) - margins / 2
    found: Floats = (middle[:, :, None] - middle[:, None, :]) ** 2
    return found


def fleiss(values: Sequence[float], units: Sequence[Any]) -> Reliability:
    """κ of nominal values; only where every unit has the same number of raters, two or more."""
    y = np.asarray(values, dtype=float)
    counts = _by_unit(np.eye(len(np.unique(y)))[np.unique(y, return_inverse=True)[1]], codes(units))
    sizes = set(counts.sum(axis=1).tolist())
    if len(sizes) != 1 or min(sizes) < 2:
        return Reliability(None, note="κ needs the same number of raters, two or more, everywhere")
    raters = sizes.pop()
    agreed = ((counts**2).sum(axis=1) - raters) / (raters * (raters - 1))
    by_chance = float(((counts.sum(axis=0) / counts.sum()) ** 2).sum())
    if by_chance == 1:
        return Reliability(
            None, note="all judgments agree, so agreement beyond chance is undefined"
        )
    return Reliability(float((agreed.mean() - by_chance) / (1 - by_chance)))
