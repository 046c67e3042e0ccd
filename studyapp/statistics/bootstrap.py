"""Intervals by drawing clusters again: people and photos at once, or one kind of unit alone.

The two-way bootstrap draws people and photos independently and weighs a judgment by the product.
Source: Owen, The pigeonhole bootstrap, Annals of Applied Statistics 1 (2007). It is for single
means only: for contrasts it is far too careful.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .labels import Floats, codes

DRAWS = 2000
Interval = tuple[float, float]


def two_way_bootstrap(
    values: Sequence[float] | Floats,
    people: Sequence[Any],
    images: Sequence[Any],
    *,
    seed: int,
    draws: int = DRAWS,
) -> Interval | None:
    """The percentile 95 % interval of a mean; None with fewer than two people or photos, or where
    all values are equal, since every draw would be that value."""
    y = np.asarray(values, dtype=float)
    if not len(y) or float(y.min()) == float(y.max()):
        return None
    person, image = codes(people), codes(images)
    shape = int(person.max()) + 1, int(image.max()) + 1
    if min(shape) < 2:
        return None
    sums, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, (person, image), y)
    np.add.at(counts, (person, image), 1.0)
    random = np.random.default_rng(seed)
    drawn_people = drawn_weights(random, shape[0], draws)
    drawn_images = drawn_weights(random, shape[1], draws)
    total = ((drawn_people @ counts) * drawn_images).sum(axis=1)
    found = ((drawn_people @ sums) * drawn_images).sum(axis=1)
    kept = total > 0
    return percentile_interval(found[kept] / total[kept])


def drawn_weights(random: np.random.Generator, units: int, draws: int) -> Floats:
    """How often each unit is drawn, `draws` times over: (draws, units)."""
    return random.multinomial(units, np.full(units, 1 / units), size=draws).astype(np.float64)


def percentile_interval(found: Floats, level: float = 0.95) -> Interval | None:
    """The middle `level` of what was drawn; None where nothing could be worked out."""
    finite = found[np.isfinite(found)]
    if not len(finite):
        return None
    low, high = np.quantile(finite, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)
