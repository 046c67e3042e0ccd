"""Detecting that a network is wrong: signal detection, and whether confidence tells right answers.

Sources: DeCarlo, Signal detection theory and generalized linear models, Psychological Methods 3
(1998); Fleming and Lau, How to measure metacognition, Frontiers in Human Neuroscience 8 (2014);
Brier, Monthly Weather Review 78 (1950); Naeini et al., AAAI 2015 (ECE).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from .families import Probit
from .glmm import Crossed
from .labels import Integers
from .mixed import MixedFit, MixedModel, fit_mixed
from .wald import Wald, asked_of


@dataclass(frozen=True)
class Sensitivity:
    """Of one method: d′, and the criterion c (plus: “wrong” is said rarely). None: not fitted."""

    d_prime: Wald | None
    criterion: Wald | None


def fit_detection(
    said: Integers, signal: Integers, crossed: Crossed
) -> tuple[MixedFit, dict[str, Sensitivity]]:
    """P(said) = Φ(a_m + d_m·signal + person + photo): d′ is d_m, c is −a_m − d_m/2.

    said, signal: 0 or 1 of each judgment. Nobody's own d′ is made from a handful of trials.
    """
    dummies = crossed.dummies()
    X = np.column_stack([dummies, dummies * signal[:, None]])
    names = [*(f"method{m}" for m in crossed.methods)]
    names += [f"method{m}:signal" for m in crossed.methods]
    fit = fit_mixed(MixedModel(Probit(), said, X, names, crossed.clusters(), crossed.terms()))
    if not fit.converged:
        return fit, dict.fromkeys(crossed.methods, Sensitivity(None, None))
    return fit, {
        method: _sensitivity(fit, place, len(crossed.methods))
        for place, method in enumerate(crossed.methods)
    }


def _sensitivity(fit: MixedFit, place: int, methods: int) -> Sensitivity:
    return Sensitivity(
        asked_of(fit, lambda at: float(at[methods + place])),
        asked_of(fit, lambda at: float(-at[place] - at[methods + place] / 2)),
    )


def type2_auroc(correct: Sequence[int], confidence: Sequence[float]) -> float | None:
    """The chance that a right answer was given with more confidence than a wrong one, ties half.

    None where everything was right or everything wrong.
    """
    right = np.asarray(correct, dtype=bool)
    if not len(right) or right.all() or not right.any():
        return None
    ranks = rankdata(np.asarray(confidence, dtype=float))
    hits, misses = int(right.sum()), int((~right).sum())
    return float((ranks[right].sum() - hits * (hits + 1) / 2) / (hits * misses))


def brier(correct: Sequence[int], probability: Sequence[float]) -> float | None:
    """The mean squared distance of stated probabilities (0…1) from what happened (0 or 1)."""
    if not len(correct):
        return None
    stated = np.asarray(probability, dtype=float)
    return float(((stated - np.asarray(correct, dtype=float)) ** 2).mean())


def calibration_error(
    correct: Sequence[int], probability: Sequence[float], *, bins: int = 10
) -> float | None:
    """ECE: |share right − mean stated probability| over equal bins, weighted by their judgments."""
    if not len(correct):
        return None
    stated, right = np.asarray(probability, dtype=float), np.asarray(correct, dtype=float)
    place = np.minimum((stated * bins).astype(int), bins - 1)
    gaps = np.abs(np.bincount(place, right - stated, bins))
    return float(gaps.sum() / len(right))
