"""How well the same few coders agree about people's answers: Cohen's κ, Krippendorff's α, MASI.

The coders are those there are: an interval speaks of other people's answers, coded by the same
coders. It is the delete-one jackknife over people, each with all their answers, on Fisher's z.

Sources: Cohen, A coefficient of agreement for nominal scales (1960); Krippendorff, Computing
Krippendorff's alpha-reliability (2011); for sets of codes the distance of Passonneau, Measuring
agreement on set-valued items (MASI) for semantic and pragmatic annotation (LREC 2006).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import stats

from .labels import Floats, Integers, codes
from .reliability import ROUNDING, Reliability

NOTHING_SHARED = "no answer was coded by two coders"
NOTHING_VARIES = "all codes agree, so agreement beyond chance is undefined"
# People with an answer to which something else than the commonest code was given
FEWEST_PEOPLE = 6
TOO_FEW = (
    f"no interval: fewer than {FEWEST_PEOPLE} people wrote an answer with another than the "
    "commonest code"
)
Codes = frozenset[str]


def masi(one: Codes, other: Codes) -> float:
    """The distance 1 − J·M of two sets: 0 for the same, 1 for sets that share nothing.

    J is Jaccard's overlap; M is 1 for equal sets, 2/3 where one contains the other, 1/3 where they
    overlap, 0 elsewhere. Two empty sets are the same.
    """
    if one == other:
        return 0.0
    shared = len(one & other)
    if not shared:
        return 1.0
    jaccard = shared / len(one | other)
    return 1 - jaccard * (2 / 3 if one <= other or other <= one else 1 / 3)


def coder_alpha(
    given: Sequence[Codes], answers: Sequence[Any], people: Sequence[Any]
) -> Reliability:
    """α of N sets of codes about their answers, by MASI; of single codes this is nominal α.

    people: who wrote each answer. Answers with one coding say nothing and are left out.
    """
    unit = codes(answers)
    several = np.bincount(unit)[unit] >= 2 if len(unit) else np.zeros(0, dtype=bool)
    if not several.any():
        return Reliability(None, note=NOTHING_SHARED)
    kept = np.flatnonzero(several).tolist()
    sets = [given[place] for place in kept]
    unit, person = codes(unit[kept]), codes([people[place] for place in kept])
    place = codes(sets)
    distinct = list(dict.fromkeys(sets))
    distance = np.array([[masi(one, other) for other in distinct] for one in distinct])
    counts = np.zeros((int(unit.max()) + 1, len(distinct)))
    np.add.at(counts, (unit, place), 1.0)
    # Of each answer: the differences of all pairs, each value weighing 1; and how often each set
    observed = (counts @ distance * counts).sum(axis=1) / (counts.sum(axis=1) - 1)
    terms = np.column_stack([observed, counts])
    first = np.unique(unit, return_index=True)[1]
    by_person = _summed(terms, person[first])
    return _jackknifed(by_person, lambda sums: _alpha(sums, distance), by_person[:, 1:])


def cohen(one: Sequence[Any], other: Sequence[Any], people: Sequence[Any]) -> Reliability:
    """κ of two coders' codes of the same N answers; people: who wrote each of them."""
    if not len(one):
        return Reliability(None, note=NOTHING_SHARED)
    both = codes([*one, *other])
    first, second = both[: len(one)], both[len(one) :]
    k = int(both.max()) + 1
    cells = np.zeros((len(one), k * k))
    cells[np.arange(len(one)), first * k + second] = 1
    by_person = _summed(cells, codes(people))
    tables = by_person.reshape(-1, k, k)
    counts = tables.sum(axis=1) + tables.sum(axis=2)
    return _jackknifed(by_person, lambda sums: _kappa(sums.reshape(-1, k, k)), counts)


def _alpha(sums: Floats, distance: Floats) -> Floats:
    """α of each row of sums (draws, 1 + K); NaN where all sets are the same."""
    counts = sums[:, 1:]
    expected = (counts @ distance * counts).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = 1 - (counts.sum(axis=1) - 1) * sums[:, 0] / expected
    return found


def _kappa(tables: Floats) -> Floats:
    """κ of each table of counts (draws, K, K); NaN where both coders gave one code throughout."""
    total = tables.sum(axis=(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        agreed = np.trace(tables, axis1=1, axis2=2) / total
        chance = (tables.sum(axis=1) * tables.sum(axis=2)).sum(axis=1) / total**2
        found: Floats = (agreed - chance) / (1 - chance)
    return found


def _summed(each: Floats, person: Integers) -> Floats:
    sums = np.zeros((int(person.max()) + 1, each.shape[1]))
    np.add.at(sums, person, each)
    return sums


def _jackknifed(
    by_person: Floats, coefficient: Callable[[Floats], Floats], counts: Floats
) -> Reliability:
    """The coefficient of the sums of all G people's answers (G, T), with its interval.

    counts: how often each person's answers got each of K values, (G, K).
    """
    whole = by_person.sum(axis=0)
    value = float(coefficient(whole[None])[0])
    if not np.isfinite(value):
        return Reliability(None, note=NOTHING_VARIES)
    if value > 1 - ROUNDING:
        return Reliability(value, note="no interval: the coders never disagreed")
    commonest = counts.sum(axis=0).argmax()
    others = int((np.delete(counts, commonest, axis=1).sum(axis=1) > 0).sum())
    if others < FEWEST_PEOPLE:
        return Reliability(value, note=TOO_FEW)
    left_out, people = coefficient(whole - by_person), len(by_person)
    variance = (people - 1) / people * float(((left_out - left_out.mean()) ** 2).sum())
    z, se = np.arctanh(value), variance**0.5 / (1 - value**2)
    half = float(stats.t.ppf(0.975, people - 1)) * se
    return Reliability(value, float(np.tanh(z - half)), float(np.tanh(z + half)))
