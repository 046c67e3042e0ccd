"""How much people agree where any difference between two answers can be told, as between regions.

Sources: Krippendorff, Computing Krippendorff's alpha-reliability (2011), whose difference function
is given; for sets the distance of Jaccard, which Passonneau discusses (Measuring agreement on
set-valued items, LREC 2006), and Krippendorff and Craggs (Communication Methods and Measures 10,
2016) for answers of several values.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .labels import Floats, Integers, codes
from .reliability import Reliability, with_interval

# What is left of a sum of differences when all of them are subtracted again
ROUNDING = 1e-9

# (places of M answers, places of K answers) → M×K differences, 0 between equal ones
Difference = Callable[[Integers, Integers], Floats]


def jaccard(sets: npt.NDArray[np.bool_]) -> Difference:
    """One minus intersection over union of N sets (N×P, no row empty)."""
    members = sets.astype(np.float32)
    sizes = members.sum(axis=1)

    def difference(some: Integers, others: Integers) -> Floats:
        shared = members[some] @ members[others].T
        union = sizes[some][:, None] + sizes[others][None, :] - shared
        found: Floats = 1 - shared.astype(np.float64) / union
        return found

    return difference


@dataclass(frozen=True)
class Sums:
    """What α is made of: the number of answers, and their differences within and among units."""

    count: Floats
    observed: Floats
    expected: Floats

    @property
    def alpha(self) -> Floats:
        """1 − observed ÷ expected disagreement; NaN where nothing differs."""
        differs = self.expected > ROUNDING
        ratio = self.observed / np.where(differs, self.expected, np.nan)
        found: Floats = 1 - (self.count - 1) * ratio
        return found


def krippendorff_by(
    difference: Difference, units: Sequence[Any], people: Sequence[Any]
) -> Reliability:
    """α of N answers of `people` about `units`, with its 95 % interval over both.

    As `reliability.krippendorff`, with any difference: units with one answer are left out, and the
    interval is the jackknife's over people and over units.
    """
    unit = codes(units)
    kept = np.flatnonzero(np.bincount(unit)[unit] >= 2) if len(unit) else unit
    if not len(kept):
        return Reliability(None, note="nothing was judged by two people")
    whole = _Pairs(difference, kept, codes(unit[kept]), codes([people[place] for place in kept]))
    value = float(whole.all().alpha[0])
    if not np.isfinite(value):
        return Reliability(
            None, note="all judgments agree, so agreement beyond chance is undefined"
        )
    return with_interval(value, whole.without_units().alpha, whole.without_people().alpha)


class _Pairs:
    """Sums of differences of every two answers, and the same with a unit or a person left out.

    Only one unit's differences to all others are in memory at a time.
    """

    def __init__(
        self, difference: Difference, places: Integers, unit: Integers, person: Integers
    ) -> None:
        self.difference, self.places, self.unit, self.person = difference, places, unit, person
        self.sizes: Floats = np.bincount(unit).astype(np.float64)
        # Of each answer: its differences to all others, and to those about its unit
        self.among, self.within = np.zeros(len(places)), np.zeros(len(places))
        for rows in _groups(unit):
            differences = difference(places[rows], places)
            self.among[rows] = differences.sum(axis=1)
            self.within[rows] = differences[:, rows].sum(axis=1)
        self.in_unit: Floats = np.bincount(unit, self.within).astype(np.float64)
        self.observed, self.expected = _shared(self.in_unit, self.sizes), self.among.sum()

    def all(self) -> Sums:
        count, expected = np.array([float(len(self.places))]), np.array([self.expected])
        return Sums(count, np.array([self.observed.sum()]), expected)

    def without_units(self) -> Sums:
        among = np.bincount(self.unit, self.among)
        return Sums(
            len(self.places) - self.sizes,
            self.observed.sum() - self.observed,
            self.expected - 2 * among + self.in_unit,
        )

    def without_people(self) -> Sums:
        parts = [self._without(rows) for rows in _groups(self.person)]
        return Sums(*(np.array(column) for column in zip(*parts, strict=True)))

    def _without(self, own: Integers) -> tuple[float, float, float]:
        """The sums without a person's answers, and without those that are then alone."""
        sizes: Floats = self.sizes.copy()
        in_unit: Floats = self.in_unit.copy()
        for unit in np.unique(self.unit[own]):
            rows = own[self.unit[own] == unit]
            sizes[unit] -= len(rows)
            in_unit[unit] += self._between(rows) - 2 * self.within[rows].sum()
        left_out = np.zeros(len(self.places), dtype=bool)
        left_out[own] = True
        left_out |= sizes[self.unit] < 2
        gone = np.flatnonzero(left_out)
        expected = self.expected - 2 * self.among[gone].sum() + self._between(gone)
        return len(self.places) - float(len(gone)), float(_shared(in_unit, sizes).sum()), expected

    def _between(self, rows: Integers) -> float:
        return float(self.difference(self.places[rows], self.places[rows]).sum())


def _shared(in_unit: Floats, sizes: Floats) -> Floats:
    """The differences within each unit, a unit weighing as Krippendorff has it."""
    several = sizes >= 2
    found: Floats = np.where(several, in_unit, 0) / np.where(several, sizes - 1, 1)
    return found


def _groups(labels: Integers) -> Iterator[Integers]:
    """The places of each label, from 0 on."""
    order = np.argsort(labels, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)


def mean_similarity(
    difference: Difference, units: Sequence[Any]
) -> Mapping[Any, tuple[int, float | None]]:
    """Of each unit the number of its answers, and one minus the mean difference of two of them."""
    unit, names = codes(units), list(dict.fromkeys(units))
    found: dict[Any, tuple[int, float | None]] = {}
    for name, rows in zip(names, _groups(unit) if len(unit) else (), strict=True):
        count = len(rows)
        pairs = count * (count - 1)
        mean = 1 - float(difference(rows, rows).sum()) / pairs if pairs else None
        found[name] = (count, mean)
    return found
