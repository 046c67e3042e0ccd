"""The shape of one person's reaction times: spread, skew, and how the next depends on the last."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from .labels import Floats

# With fewer trials, or fewer pairs of successive ones, a shape is mostly chance
FEWEST = 20
# Logarithms that differ by less are the same time
SAME = 1e-9


@dataclass(frozen=True)
class Shape:
    """trials: how many times it is of. variation: SD ÷ mean of the times. skew: of the times,
    adjusted for their number (Joanes and Gill 1998, G1). lag1: correlation of each log time with
    that of the trial before, the means of groups and a line over positions removed. None where
    there are too few trials, or where nothing varies."""

    trials: int
    variation: float | None = None
    skew: float | None = None
    lag1: float | None = None


def shape(times: Sequence[float], groups: Sequence[Hashable], positions: Sequence[float]) -> Shape:
    """The shape of `times` (milliseconds, above 0), in the order of `positions`.

    groups: which trials have a mean of their own (a stage of a block); successive trials of two
    groups are no pair. positions: place in the study. Under independence lag1 lies about 1 ÷ trials
    below 0.
    """
    count = len(times)
    if count < FEWEST:
        return Shape(count)
    values, logs = np.asarray(times, dtype=float), np.log(np.asarray(times, dtype=float))
    mean, sd = float(values.mean()), float(values.std(ddof=1))
    is_constant = float(np.ptp(logs)) < SAME
    return Shape(
        count,
        variation=sd / mean,
        skew=None if is_constant else _skew(values),
        lag1=None if is_constant else _lag1(logs, groups, np.asarray(positions, dtype=float)),
    )


def _skew(values: Floats) -> float:
    apart, count = values - values.mean(), len(values)
    plain = float((apart**3).mean() / (apart**2).mean() ** 1.5)
    return plain * float(np.sqrt(count * (count - 1))) / (count - 2)


def _lag1(logs: Floats, groups: Sequence[Hashable], positions: Floats) -> float | None:
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    group = np.array([numbers[one] for one in groups])
    left = _without_line(_centred(logs, group), _centred(positions, group))
    follows = group[1:] == group[:-1]
    before, after = left[:-1][follows], left[1:][follows]
    if len(before) < FEWEST - 1 or min(before.std(), after.std()) < SAME:
        return None
    return float(np.corrcoef(before, after)[0, 1])


def _centred(values: Floats, group: Floats) -> Floats:
    """Without the mean of each group."""
    means: Floats = np.bincount(group, values) / np.bincount(group)
    centred: Floats = values - means[group]
    return centred


def _without_line(values: Floats, places: Floats) -> Floats:
    spread = float(places @ places)
    return values if spread < SAME else values - places * float(values @ places) / spread
