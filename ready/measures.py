"""What a ready study's networks and explanations reach, beside controls that see no photo."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explainer.training.scores import Score, accuracy, mean_over_groups


@dataclass(frozen=True)
class Measured:
    """A share from 0 to 1, or a difference of two, with its interval; `controls` are what others
    reach without the photo, or with a map that knows nothing.

    `includes`: what has to lie in the interval, such as chance.
    """

    what: str
    score: Score
    controls: Mapping[str, Score] = field(default_factory=dict)
    includes: float | None = None

    @property
    def not_beaten(self) -> list[str]:
        """The controls whose interval is not wholly below this one; NaN lies below nothing."""
        return [
            name for name, control in self.controls.items() if not control.high < self.score.low
        ]

    @property
    def faults(self) -> list[str]:
        """What was asked of it and does not hold, in a sentence each."""
        found = [f"{self.what} does not lie above {control}" for control in self.not_beaten]
        if self.includes is not None and not self.score.low <= self.includes <= self.score.high:
            found.append(f"the interval of {self.what} does not include {self.includes:.0%}")
        return found


def share(right: Sequence[bool], groups: Sequence[str], seed: int = 0) -> Score:
    """The share that is right, with a 95 % interval over groups of cases that are alike; NaN where
    there is no case."""
    if not len(right):
        return Score("accuracy", math.nan, math.nan, math.nan, 0)
    hits = np.asarray(right, dtype=bool)
    scores = np.stack([~hits, hits], 1).astype(float)
    found = accuracy(scores, np.ones(len(hits), dtype=int), groups, seed)
    return replace(found, of_classes=())


def mean(values: ArrayLike, groups: Sequence[str], seed: int = 0) -> Score:
    """The mean of shares, such as those of a map, with a 95 % interval over groups of cases that
    are alike; NaN where there is no case."""
    return _mean("mean", np.asarray(values, dtype=float), groups, seed, (0, 1))


def difference(
    one: ArrayLike, other: ArrayLike, groups: Sequence[str], seed: int = 0, *, most: float = 1
) -> Score:
    """The mean of `one` less `other`, case by case: both were measured of the same cases, and they
    differ by `most` at most."""
    less = np.asarray(one, dtype=float) - np.asarray(other, dtype=float)
    return _mean("difference", less, groups, seed, (-most, most))


def _mean(
    measure: str,
    values: NDArray[np.float64],
    groups: Sequence[str],
    seed: int,
    ends: tuple[float, float],
) -> Score:
    if not len(values):
        return Score(measure, math.nan, math.nan, math.nan, 0)
    return mean_over_groups(measure, values, groups, seed, ends)


def exactly(value: float) -> Score:
    """What is known without measuring it, such as no difference."""
    return Score("known", value, value, value, 0)


# What a difference has to lie above
APART = {"no difference": exactly(0)}


def beside(
    what: str,
    own: ArrayLike,
    others: Mapping[str, ArrayLike],
    groups: Sequence[str],
    *,
    told: Collection[str] = (),
) -> Iterator[Measured]:
    """The mean of `own`, and its difference from each of `others`, case by case: all were measured
    of the same cases. A difference has to lie above 0, but for those that are only `told`."""
    values = np.asarray(own)
    level = share(values.tolist(), groups) if values.dtype == bool else mean(values, groups)
    yield Measured(what, level)
    for name, other in others.items():
        less = difference(values, other, groups)
        yield Measured(f"{what}: minus {name}", less, {} if name in told else APART)


def table(found: Sequence[Measured]) -> str:
    """A Markdown table with a row for each measure and each of its controls."""
    rows = ["| what | share | 95 % interval | groups |", "|---|---|---|---|"]
    for one in found:
        rows.append(_row(one.what, one.score))
        rows += [_row(f"– {name}", score) for name, score in one.controls.items()]
    return "\n".join(rows)


def _row(what: str, score: Score) -> str:
    return f"| {what} | {score.value:.1%} | {score.low:.1%} to {score.high:.1%} | {score.groups} |"
