"""Sizes of the difference between two methods, with intervals robust to people and photos at once.

Each size is a smooth function of means, or a U-statistic. What every judgment adds to it (its
influence; van der Vaart, Asymptotic Statistics, 1998, chapters 12 and 20) is a number, and the
contrast of these numbers has the size's standard error: the two-way one of `robust`, with its
floor, corrections and degrees of freedom.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from .clusters import Clusters, Flags
from .labels import Floats, Integers
from .robust import Estimate, logit_interval, two_way_contrast

NO_PAIRS = "no two judgments are by different people of different photos"
NO_SPREAD = "within each of the two all judgments agree, so there is no spread to divide by"
NO_OVERLAP = "all judgments of one are higher than all of the other, so nothing varies"
NO_RATIO = "a ratio needs a share between 0 and 1 of both"


@dataclass(frozen=True)
class Compared:
    """N judgments of two methods: `is_a` those of the first of them, the others of the second.

    people, images: whole numbers from 0.
    """

    values: Floats
    people: Integers
    images: Integers
    is_a: Flags

    def shares(self) -> tuple[float, float]:
        return float(self.values[self.is_a].mean()), float(self.values[~self.is_a].mean())

    def contrast(self, numbers: Floats) -> Estimate:
        """The mean of `numbers` (N,) by the first method minus that by the second."""
        people, images, is_a = (one.tolist() for one in (self.people, self.images, self.is_a))
        return two_way_contrast(numbers, people, images, is_a)


def standardised(compared: Compared) -> Estimate:
    """The difference divided by the total standard deviation of single judgments.

    The variance holds everything that differs between judgments of one method: people, photos,
    their interactions and the residual (Westfall, Kenny and Judd, J. Exp. Psychol. Gen. 143, 2014;
    Brysbaert and Stevens, J. Cognition 1, 2018). It is the mean of both methods' variances, however
    often each was judged.
    """
    both = compared.is_a, ~compared.is_a
    found = [_total_variance(compared, side) for side in both]
    variances = [one for one in found if one is not None]
    if len(variances) < 2:
        return Estimate(None, note=NO_PAIRS)
    spread = float(np.mean(variances)) ** 0.5
    if not spread > 0:
        return Estimate(None, note=NO_SPREAD)
    means = compared.shares()
    difference = means[0] - means[1]
    squares = (compared.values - np.where(compared.is_a, *means)) ** 2
    by_spread = difference / (4 * spread**3) * squares
    numbers = compared.values / spread - np.where(compared.is_a, by_spread, -by_spread)
    return _around(compared.contrast(numbers), difference / spread)


def superiority(compared: Compared) -> Estimate:
    """How often a judgment of the first method is higher than one of the second by another person
    of another photo; ties count a half.

    The interval is made on the logit. Sources: McGraw and Wong, Psychol. Bull. 111 (1992); Vargha
    and Delaney, J. Educ. Behav. Stat. 25 (2000).
    """
    wins = pairs = 0.0
    for groups, sign in _apart(compared.people, compared.images):
        ahead = _ahead(groups, compared.values, compared.is_a)
        own, other = (np.bincount(groups, side) for side in (compared.is_a, ~compared.is_a))
        wins += sign * float(ahead[compared.is_a].sum())
        pairs += sign * float(own @ np.pad(other, (0, len(own) - len(other))))
    if not pairs > 0:
        return Estimate(None, note=NO_PAIRS)
    everywhere = np.zeros_like(compared.people)
    ahead = _ahead(everywhere, compared.values, compared.is_a)
    others = np.where(compared.is_a, (~compared.is_a).sum(), compared.is_a.sum())
    found = compared.contrast(ahead / others)
    chance = wins / pairs
    if not 0 < chance < 1:
        return Estimate(chance, note=NO_OVERLAP)
    if found.se is None or found.df is None:
        return replace(found, estimate=chance, p=None, t=None)
    low, high = logit_interval(chance, found.se, float(stats.t.ppf(0.975, found.df)))
    return replace(_around(found, chance), low=low, high=high)


def risk_ratio(compared: Compared) -> Estimate:
    """The first share divided by the second. se: of its logarithm."""
    shares = compared.shares()
    if min(shares) <= 0:
        return Estimate(None, note=NO_RATIO)
    numbers = compared.values / np.where(compared.is_a, *shares)
    return _ratio(compared.contrast(numbers), shares[0] / shares[1])


def odds_ratio(compared: Compared) -> Estimate:
    """The odds of the first share divided by those of the second, over all people and photos.

    se: of its logarithm.
    """
    shares = compared.shares()
    if min(shares) <= 0 or max(shares) >= 1:
        return Estimate(None, note=NO_RATIO)
    odds = [share / (1 - share) for share in shares]
    numbers = compared.values / np.where(compared.is_a, *(one * (1 - one) for one in shares))
    return _ratio(compared.contrast(numbers), odds[0] / odds[1])


def _total_variance(compared: Compared, side: Flags) -> float | None:
    """Half the mean squared difference of two judgments by different people of different photos.

    Clusters don't bias it, few as they may be. None where there is no such pair.
    """
    values = compared.values[side] - compared.values[side].mean()
    squares = pairs = 0.0
    for groups, sign in _apart(compared.people[side], compared.images[side]):
        count, total = np.bincount(groups), np.bincount(groups, values)
        squares += sign * float((count * np.bincount(groups, values**2) - total**2).sum())
        pairs += sign * float((count**2).sum())
    return max(0.0, squares) / pairs if pairs > 0 else None


def _apart(people: Integers, images: Integers) -> list[tuple[Integers, int]]:
    """Groups whose pairs, added with these signs, are those of two people and two photos."""
    cells = Clusters(people, images).cells()
    return [(np.zeros_like(people), 1), (people, -1), (images, -1), (cells, 1)]


def _ahead(groups: Integers, values: Floats, is_a: Flags) -> Floats:
    """How many judgments of the other method in its group each is higher than; ties a half. (N,)"""
    found: Floats = _ranks(groups, values) - _ranks(2 * groups + is_a, values)
    return found


def _ranks(groups: Integers, values: Floats) -> Floats:
    """The mid-rank of each value within its group, from 1."""
    order = np.lexsort((values, groups))
    g, v = groups[order], values[order]
    is_new = np.ones(len(g), dtype=bool)
    is_new[1:] = (g[1:] != g[:-1]) | (v[1:] != v[:-1])
    run = np.cumsum(is_new) - 1
    sizes = np.bincount(run)
    middles = np.cumsum(sizes) - (sizes - 1) / 2
    before = np.cumsum(np.bincount(g)) - np.bincount(g)
    ranks = np.empty(len(g))
    ranks[order] = middles[run] - before[g]
    return ranks


def _around(found: Estimate, size: float) -> Estimate:
    """`size` with the contrast's standard error. A size has no test: the difference has one."""
    if found.se is None or found.df is None:
        return replace(found, estimate=size, p=None, t=None)
    half = float(stats.t.ppf(0.975, found.df)) * found.se
    return Estimate(size, found.se, found.df, size - half, size + half, clusters=found.clusters)


def _ratio(found: Estimate, ratio: float) -> Estimate:
    """A ratio whose logarithm has the contrast's standard error."""
    around = _around(found, float(np.log(ratio)))
    low, high = (None if end is None else float(np.exp(end)) for end in (around.low, around.high))
    return replace(around, estimate=ratio, low=low, high=high)
