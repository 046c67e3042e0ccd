"""An interval for a mean that holds at every look, however often one looks while data come in.

The empirical-Bernstein confidence sequence for bounded values with the gamma-exponential mixture.
Source: Howard, Ramdas, McAuliffe and Sekhon, Time-uniform, nonparametric, nonasymptotic confidence
sequences, Annals of Statistics 49 (2021), theorem 4 and proposition 9.

One step is one finished person's mean. People are drawn afresh and the photos stay, so the
interval speaks of these photos and not of photos at large. A sequence over single judgments would
be wrong at some look far too often, since a person's judgments are not independent. What is covered
at a look is the mean, over the people so far, of what each was expected to answer: it may move, and
no look is narrowed by an earlier one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc, gammaln

from .labels import Floats

# The squared deviations, of values in 0…1, at which the interval is narrowest: some 60 people
TUNED_AT = 3.0
HALVINGS = 40


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
    """A Look after every step; with probability `level` all of them hold their means at once.

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


def drifts(looks: Sequence[Look]) -> bool:
    """Whether two looks exclude each other: then those who came later answered otherwise.

    Where answers don't drift this is said in at most 5 % of studies.
    """
    return bool(looks) and max(look.low for look in looks) > min(look.high for look in looks)


def _unit_sequence(x: Floats, alpha: float) -> tuple[Floats, Floats]:
    """Both ends for values in 0…1."""
    step = np.arange(1, len(x) + 1)
    running = np.cumsum(x) / step
    foretold = np.concatenate([[0.5], (0.5 + np.cumsum(x))[:-1] / step[1:]])
    spread = np.cumsum((x - foretold) ** 2)
    half = boundary(spread, alpha / 2) / step
    return np.maximum(running - half, 0), np.minimum(running + half, 1)


def boundary(v: Floats, alpha: float) -> Floats:
    """What a sum of deviations stays below at every step with probability 1 − alpha.

    v: the squared deviations so far at each step, each deviation being at most 1.
    """
    rho, bound = _tuning(alpha), np.log(1 / alpha)
    low, high = np.zeros_like(v), np.ones_like(v)
    while (short := _log_mixture(high, v, rho) < bound).any():
        high = np.where(short, 2 * high, high)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        is_below = _log_mixture(middle, v, rho) < bound
        low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
    return high


def _tuning(alpha: float) -> float:
    """The ρ whose boundary is about the narrowest at TUNED_AT (Howard et al., section 3.5)."""
    return float(TUNED_AT / (2 * np.log(1 / (2 * alpha)) + np.log(1 + 2 * np.log(1 / (2 * alpha)))))


def _log_mixture(s: Floats, v: Floats, rho: float) -> Floats:
    """log ∫ exp(λs − ψ(λ)v) dF(λ), ψ(λ) = −log(1 − λ) − λ, F gamma of 1 − λ cut off at 1."""
    shape, rate = v + rho, s + v + rho
    start = rho * np.log(rho) - gammaln(rho) - np.log(gammainc(rho, rho))
    own = gammaln(shape) + np.log(gammainc(shape, rate)) - shape * np.log(rate)
    found: Floats = start + own + s + v
    return found
