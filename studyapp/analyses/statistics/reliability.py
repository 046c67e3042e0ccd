"""How much people agree about the same thing: Krippendorff's α, and Fleiss' κ.

Sources: Krippendorff, Computing Krippendorff's alpha-reliability (2011); Fleiss, Measuring nominal
scale agreement among many raters, Psychological Bulletin 76 (1971).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .bootstrap import DRAWS, drawn_weights, percentile_interval
from .labels import codes

Floats = npt.NDArray[np.float64]
Level = Literal["nominal", "ordinal", "interval"]


@dataclass(frozen=True)
class Reliability:
    """A coefficient with its 95 % interval; what can't be said is None, and `note` says why."""

    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""


def krippendorff(
    values: Sequence[float], units: Sequence[Any], level: Level, *, seed: int, draws: int = DRAWS
) -> Reliability:
    """α = 1 − observed ÷ expected disagreement of N values about their units.

    Units with one value only say nothing and are left out. The interval draws units again.
    """
    categories, counts = _counts(values, units)
    sizes = counts.sum(axis=1)
    counts, sizes = counts[sizes >= 2], sizes[sizes >= 2]
    if not len(counts):
        return Reliability(None, note="nothing was judged by two people")
    if (counts.sum(axis=0) > 0).sum() < 2:
        return Reliability(
            None, note="all judgments agree, so agreement beyond chance is undefined"
        )
    pairs = counts[:, :, None] * counts[:, None, :]
    pairs[:, np.arange(len(categories)), np.arange(len(categories))] -= counts
    by_unit = (pairs / (sizes - 1)[:, None, None]).reshape(len(counts), -1)
    value = float(_alpha(by_unit.sum(axis=0)[None, :], categories, level)[0])
    if len(counts) < 2:
        return Reliability(value, note="one thing alone was judged by several, so no interval")
    weights = drawn_weights(np.random.default_rng(seed), len(counts), draws)
    interval = percentile_interval(_alpha(weights @ by_unit, categories, level))
    return Reliability(value, *(interval or (None, None)))


def _counts(values: Sequence[float], units: Sequence[Any]) -> tuple[Floats, Floats]:
    """The distinct values, and how often each was given to each unit."""
    categories, place = np.unique(np.asarray(values, dtype=float), return_inverse=True)
    unit = codes(units)
    counts = np.zeros((int(unit.max(initial=-1)) + 1, len(categories)))
    np.add.at(counts, (unit, place), 1.0)
    return categories, counts


def _alpha(coincidences: Floats, categories: Floats, level: Level) -> Floats:
    """α of each row of coincidences (draws, K·K); NaN where nothing varies."""
    k = len(categories)
    table = coincidences.reshape(-1, k, k)
    margins = table.sum(axis=2)
    distance = _distances(margins, categories, level)
    observed = (table * distance).sum(axis=(1, 2))
    expected = (margins[:, :, None] * margins[:, None, :] * distance).sum(axis=(1, 2))
    total = margins.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1 - (total - 1) * observed / expected  # type: ignore[no-any-return]


def _distances(margins: Floats, categories: Floats, level: Level) -> Floats:
    """The squared differences between categories, (draws, K, K); ordinal ones by the margins."""
    if level == "nominal":
        return np.broadcast_to(1 - np.eye(len(categories)), (len(margins), *[len(categories)] * 2))
    if level == "interval":
        squares: Floats = (categories[:, None] - categories[None, :]) ** 2
        return np.broadcast_to(squares, (len(margins), *squares.shape))
    middle = np.cumsum(margins, axis=1) - margins / 2
    found: Floats = (middle[:, :, None] - middle[:, None, :]) ** 2
    return found


def fleiss(values: Sequence[float], units: Sequence[Any]) -> Reliability:
    """κ of nominal values; only where every unit has the same number of raters, two or more."""
    _, counts = _counts(values, units)
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
