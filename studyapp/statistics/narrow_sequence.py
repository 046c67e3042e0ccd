"""Intervals and p values that hold at every look, by a central limit theorem for all times at once.

At n people the interval is the estimate ± its standard error times √(2(nρ²+1)/(nρ²) · log(√(nρ²+1)
÷ α)), which a normal mixture gives. Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas,
Time-uniform central limit theory and asymptotic confidence sequences, Annals of Statistics 52
(2024), theorem 2.2 and proposition 2.5, where what each person is expected to answer may change.

It is asymptotic, so it begins with FROM_PEOPLE people, of whom FROM_OTHERS (in either arm) gave
another answer than the most frequent one; bench/sequences.py has the simulations. Until then the
intervals are those of `sequential`, which hold for any number of people, and there is no p.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from .hypothesis_family import SIGNS, Direction, Nulls, Sides
from .labels import Floats, codes
from .sequential import Look, confidence_sequence

# Where the interval is about the narrowest, in people
TUNED_AT = 100
FROM_PEOPLE, FROM_OTHERS = 30, 10
# Of people in the smaller of two arms
FROM_ARM = 15
LEVEL = 0.95
RHO_SQUARED = float(
    (-2 * np.log(1 - LEVEL) + np.log(1 - 2 * np.log(1 - LEVEL))) / TUNED_AT
)  # section 2.3 of the source
TOO_EARLY = (
    f"no p yet: it takes {FROM_PEOPLE} people ({FROM_ARM} in the smaller of two arms), of whom "
    f"{FROM_OTHERS} gave another answer than the most frequent one"
)


@dataclass(frozen=True)
class Followed:
    """An estimate after each finished person, and its standard error at the last look.

    begins: after how many people the asymptotic interval begins.
    """

    looks: list[Look]
    se: float
    begins: int

    @property
    def n(self) -> int:
        return self.looks[-1].n if self.looks else 0

    @property
    def note(self) -> str:
        """Why there is no p; empty where there is one."""
        if self.n < self.begins:
            return TOO_EARLY
        return "" if self.se > 0 else "everybody answered the same"

    def p(self, null: float = 0.0) -> float | None:
        """Two-sided, against `null`."""
        tests = self.nulls("different", "two", None, null)
        return tests.none

    def nulls(
        self, direction: Direction, sides: Sides, margin: float | None, null: float = 0.0
    ) -> Nulls:
        """The p of every null of the distance from `null`, as `hypothesis_family.nulls` has."""
        if self.note:
            return Nulls(None)
        distance, sign = self.looks[-1].mean - null, SIGNS.get(direction)
        none = self._p(distance)[0]
        if sides == "one" and sign is not None:
            none = self._p(sign * distance)[1]
        if margin is None:
            return Nulls(none)
        large = self._p(margin - abs(distance))[1]
        small = self._p((abs(distance) if sign is None else sign * distance) - margin)[1]
        if sign is None:
            small = min(1.0, 2 * small)
        return Nulls(none, large, max(none, small))

    def _p(self, distance: float) -> tuple[float, float]:
        both, above = p_values(np.array([distance / self.se]), np.array([float(self.n)]))
        return float(both[0]), float(above[0])


def followed_mean(means: Sequence[float], lowest: float, highest: float) -> Followed:
    """The mean after each person; means: one a person, in the order in which they finished."""
    if not len(means):
        return Followed([], 0.0, FROM_PEOPLE)
    x = np.asarray(means, dtype=float)
    early = confidence_sequence(x, lowest, highest)
    mean, se = running(x)
    begins = _begins([x.tolist()], [list(range(1, len(x) + 1))])
    looks = _looks(early, mean, se, begins, (lowest, highest))
    return Followed(looks, float(se[-1]) if len(x) > 1 else 0.0, begins)


def followed_difference(
    means: Sequence[float], is_second: Sequence[bool], lowest: float, highest: float
) -> Followed:
    """The mean of the people of the second arm minus that of the others, after each person from
    whom on both arms have somebody."""
    x, second = np.asarray(means, dtype=float), np.asarray(is_second, dtype=bool)
    if not len(x) or second.all() == second.any():
        return Followed([], 0.0, FROM_PEOPLE)
    arms = [np.flatnonzero(second), np.flatnonzero(~second)]
    first = max(int(places[0]) for places in arms)
    # How many of each arm have finished at each look
    reached = [np.searchsorted(places, np.arange(first, len(x)), side="right") for places in arms]
    early = [
        confidence_sequence(x[places], lowest, highest, level=(1 + LEVEL) / 2) for places in arms
    ]
    steps = [running(x[places]) for places in arms]
    mean = steps[0][0][reached[0] - 1] - steps[1][0][reached[1] - 1]
    se = np.hypot(steps[0][1][reached[0] - 1], steps[1][1][reached[1] - 1])
    rough = [
        Look(
            first + place + 1,
            float(mean[place]),
            early[0][one - 1].low - early[1][other - 1].high,
            early[0][one - 1].high - early[1][other - 1].low,
        )
        for place, (one, other) in enumerate(zip(*(r.tolist() for r in reached), strict=True))
    ]
    begins = _begins([x[places].tolist() for places in arms], [(p + 1).tolist() for p in arms])
    width = highest - lowest
    last = float(se[-1]) if np.isfinite(se[-1]) else 0.0
    return Followed(_looks(rough, mean, se, begins, (-width, width)), last, begins)


def reach(n: Floats, level: float = LEVEL) -> Floats:
    """How many standard errors the interval reaches to either side at `n` people."""
    grown = n * RHO_SQUARED + 1
    found: Floats = np.sqrt(2 * grown / (grown - 1) * np.log(np.sqrt(grown) / (1 - level)))
    return found


def p_values(z: Floats, n: Floats) -> tuple[Floats, Floats]:
    """(two-sided p against z = 0, p against z ≤ 0) that hold at every look.

    z: estimate ÷ standard error after `n` people. Each is one over the likelihood ratios' mixture
    over a normal effect, and over a half-normal one (Ville's inequality).
    """
    grown = n * RHO_SQUARED + 1
    scaled = z * np.sqrt((grown - 1) / grown)
    log_ratio = scaled**2 / 2 - np.log(grown) / 2
    both = np.exp(np.minimum(-log_ratio, 0.0))
    above = np.exp(np.minimum(-log_ratio - np.log(2) - norm.logcdf(scaled), 0.0))
    return both, above


def running(x: Floats) -> tuple[Floats, Floats]:
    """The mean and its standard error after each of (…, N) values; the first has none (NaN)."""
    n = np.arange(1, x.shape[-1] + 1)
    centred = x - x[..., :1]  # so that no digits are lost
    off = np.cumsum(centred, axis=-1) / n
    squares = np.cumsum(centred**2, axis=-1) - n * off**2
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.sqrt(np.maximum(squares, 0) / (n - 1) / n)
    return off + x[..., :1], se


def _looks(
    early: Sequence[Look], mean: Floats, se: Floats, begins: int, limits: tuple[float, float]
) -> list[Look]:
    """The early looks, and from `begins` people on the asymptotic ones, within the limits."""
    half = reach(np.array([float(look.n) for look in early])) * se
    return [
        look
        if look.n < begins
        else Look(
            look.n,
            look.mean,
            max(limits[0], float(mean[place] - half[place])),
            min(limits[1], float(mean[place] + half[place])),
        )
        for place, look in enumerate(early)
    ]


def _begins(arms: Sequence[Sequence[float]], places: Sequence[Sequence[int]]) -> int:
    """After how many people the asymptotic interval begins; more than there are: not yet.

    places: when each person of an arm came, counted over all arms from 1.
    """
    least = FROM_ARM if len(arms) > 1 else FROM_PEOPLE
    return max(
        FROM_PEOPLE, *(_enough(x, when, least) for x, when in zip(arms, places, strict=True))
    )


def _enough(x: Sequence[float], when: Sequence[int], least: int) -> int:
    given = codes(round(value, 9) for value in x)
    counts = np.zeros(int(given.max(initial=-1)) + 1, dtype=np.int64)
    for place, code in enumerate(given.tolist(), 1):
        counts[code] += 1
        if place >= least and place - counts.max() >= FROM_OTHERS:
            return when[place - 1]
    return when[-1] + FROM_PEOPLE + 1  # not yet, however many came
