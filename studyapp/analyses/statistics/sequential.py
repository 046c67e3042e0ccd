"""An interval for a mean that holds at every look, however often one looks while data come in.

The predictable plug-in empirical-Bernstein confidence sequence for bounded values.
Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, Journal of
the Royal Statistical Society B 86 (2024), theorem 2 with equations 14 and 15.

One step is one finished person's mean. People are drawn afresh and the photos stay, so the
interval speaks of these photos and not of photos at large. A sequence over single judgments would
be wrong at some look far too often, since a person's judgments are not independent.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
LARGEST_BET = 0.5


@dataclass(frozen=True)
class Look:
    """What may be said after `n` steps: the mean so far, and the interval that always holds."""

    n: int
    mean: float
    low: float
    high: float


def confidence_sequence(
    means: Sequence[float] | Floats, lowest: float, highest: float, *, level: float = 0.95
) -> list[Look]:
    """A Look after every step; with probability `level` all of them hold the true mean at once.

    means: one a step, in the order in which they came, each between `lowest` and `highest`.
    Raises ValueError for a mean that lies outside.
    """
    given = np.asarray(means, dtype=float)
    if not len(given):
        return []
    if float(given.min()) < lowest or float(given.max()) > highest:
        raise ValueError(f"a mean lies outside {lowest:g}…{highest:g}")
    width = highest - lowest
    low, high = _unit_sequence((given - lowest) / width, 1 - level)
    running = np.cumsum(given) / np.arange(1, len(given) + 1)
    return [
        Look(place + 1, float(running[place]), lowest + width * one, lowest + width * other)
        for place, (one, other) in enumerate(zip(low.tolist(), high.tolist(), strict=True))
    ]


def _unit_sequence(x: Floats, alpha: float) -> tuple[Floats, Floats]:
    """Both ends for values in 0…1, each the tightest so far."""
    step = np.arange(1, len(x) + 1)
    centre = (0.5 + np.cumsum(x)) / (step + 1)
    spread = (0.25 + np.cumsum((x - centre) ** 2)) / (step + 1)
    before_centre = np.concatenate([[0.5], centre[:-1]])
    before_spread = np.concatenate([[0.25], spread[:-1]])
    bet = np.sqrt(2 * np.log(2 / alpha) / (before_spread * step * np.log1p(step)))
    bet = np.minimum(bet, LARGEST_BET)
    cost = np.cumsum((x - before_centre) ** 2 * (-np.log1p(-bet) - bet))
    total = np.cumsum(bet)
    middle, half = np.cumsum(bet * x) / total, (np.log(2 / alpha) + cost) / total
    low = np.maximum.accumulate(np.maximum(middle - half, 0))
    high = np.minimum.accumulate(np.minimum(middle + half, 1))
    return low, high
