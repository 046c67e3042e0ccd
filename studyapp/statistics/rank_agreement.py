"""Do people and a machine rank the same stimuli alike, and how alike could they at most?

People's mean of a stimulus is noisy, so even a perfect metric would not reach 1. How well one half
of the people ranks as the other half does, stepped up to all of them (Spearman and Brown, 1910), is
the reliability of the means; its square root is the ceiling. The interval resamples people and
stimuli at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from .labels import Floats, Integers, codes

FEWEST_STIMULI = 5
SPLITS, RESAMPLES = 100, 500


@dataclass(frozen=True)
class RankAgreement:
    """Spearman's ρ over `stimuli`, its 95 % interval, and the ceiling; `note` where one is None."""

    rho: float | None
    low: float | None = None
    high: float | None = None
    ceiling: float | None = None
    stimuli: int = 0
    note: str = ""


def rank_agreement(
    values: Sequence[float],
    people: Sequence[Any],
    stimuli: Sequence[Any],
    machine: Mapping[Any, float],
    *,
    seed: int,
) -> RankAgreement:
    """N outcomes of people about stimuli against `machine`'s number for each stimulus.

    Judgments of stimuli without a number are left out.
    """
    known = [place for place, one in enumerate(stimuli) if one in machine]
    y = np.array([float(values[place]) for place in known])
    person, stimulus = codes([people[place] for place in known]), [stimuli[p] for p in known]
    names = list(dict.fromkeys(stimulus))
    if len(names) < FEWEST_STIMULI:
        return RankAgreement(None, stimuli=len(names), note=f"fewer than {FEWEST_STIMULI} stimuli")
    number = np.array([machine[name] for name in names])
    item = codes(stimulus)
    rho = _spearman(_means(y, item, len(names)), number)
    if rho is None:
        note = "all stimuli have the same mean or the same number, so there is no ranking"
        return RankAgreement(None, stimuli=len(names), note=note)
    random = np.random.default_rng(seed)
    ceiling = _ceiling(y, person, item, random)
    low, high = _interval(y, person, item, number, random)
    return RankAgreement(rho, low, high, ceiling, len(names))


def _ceiling(
    y: Floats, person: Integers, item: Integers, random: np.random.Generator
) -> float | None:
    """From the mean rank correlation of two halves of the people; None for too few."""
    count, found = int(item.max()) + 1, []
    for _ in range(SPLITS):
        order = random.permutation(int(person.max()) + 1)
        first = order[person] % 2 == 0
        halves = [_means(y, item, count, chosen.astype(float)) for chosen in (first, ~first)]
        both = np.isfinite(halves[0]) & np.isfinite(halves[1])
        if both.sum() < FEWEST_STIMULI:
            continue
        rho = _spearman(halves[0][both], halves[1][both])
        if rho is not None:
            found.append(rho)
    if not found:
        return None
    half = max(0.0, float(np.mean(found)))
    reliability = 2 * half / (1 + half)
    return float(reliability**0.5)


def _interval(
    y: Floats, person: Integers, item: Integers, number: Floats, random: np.random.Generator
) -> tuple[float | None, float | None]:
    """Percentiles over resampled people (as weights of their judgments) and stimuli."""
    count, people, found = int(item.max()) + 1, int(person.max()) + 1, []
    for _ in range(RESAMPLES):
        weight = np.bincount(random.integers(0, people, people), minlength=people)
        means = _means(y, item, count, weight[person].astype(float))
        drawn = random.integers(0, count, count)
        drawn = drawn[np.isfinite(means[drawn])]
        rho = _spearman(means[drawn], number[drawn]) if len(drawn) >= FEWEST_STIMULI else None
        if rho is not None:
            found.append(rho)
    if len(found) < RESAMPLES / 2:
        return None, None
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def _means(y: Floats, item: Integers, count: int, weight: Floats | None = None) -> Floats:
    """The (weighted) mean of each item; NaN where it has no weight."""
    w = np.ones(len(y)) if weight is None else weight
    totals = np.bincount(item, w, count)
    with np.errstate(invalid="ignore", divide="ignore"):
        means: Floats = np.bincount(item, w * y, count) / totals
    return means


def _spearman(one: Floats, other: Floats) -> float | None:
    """None where one of them does not vary."""
    a, b = rankdata(one), rankdata(other)
    if a.min() == a.max() or b.min() == b.max():
        return None
    return float(np.corrcoef(a, b)[0, 1])
