"""How an answer depends on the linear predictor η: its log-likelihood and the derivatives by η.

Every family gives Parts; the cumulative one has thresholds besides.
Sources: McCullagh, Regression models for ordinal data, JRSS B 42 (1980); Bates, Mächler, Bolker and
Walker, Fitting linear mixed-effects models using lme4, J. Stat. Software 67 (2015).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import expit, log_ndtr

from .labels import Floats, Integers


@dataclass(frozen=True)
class Parts:
    """Of N answers: log-likelihood, its slope by η, its negative curvature by η, and the weights
    of the Laplace determinant with their slope by η. Each of shape (N,).
    """

    loglik: Floats
    slope: Floats
    curvature: Floats
    weights: Floats
    weights_slope: Floats


@dataclass(frozen=True)
class ThresholdParts:
    """By the upper and by the lower threshold of each answer: loglik, slope and weights. (2, N)."""

    loglik: Floats
    slope: Floats
    weights: Floats


class Family(Protocol):
    """thresholds: how many there are; 0 where the predictor has an intercept of its own."""

    thresholds: int

    def parts(self, y: Integers, eta: Floats, alpha: Floats) -> Parts: ...

    def by_thresholds(self, y: Integers, eta: Floats, alpha: Floats) -> ThresholdParts: ...


class _Binary:
    """Answers 0 or 1, without thresholds."""

    thresholds = 0

    def by_thresholds(self, y: Integers, eta: Floats, alpha: Floats) -> ThresholdParts:
        empty = np.zeros((2, 0))
        return ThresholdParts(empty, empty, empty)


class Logit(_Binary):
    """P(1) = 1 / (1 + exp(−η))."""

    def parts(self, y: Integers, eta: Floats, alpha: Floats) -> Parts:
        p: Floats = expit(eta)
        weights = p * expit(-eta)
        loglik = -np.logaddexp(0.0, np.where(y == 1, -eta, eta))
        return Parts(loglik, y - p, weights, weights, weights * (1 - 2 * p))


class Probit(_Binary):
    """P(1) = Φ(η). The weights are the expected information, as lme4 has them."""

    def parts(self, y: Integers, eta: Floats, alpha: Floats) -> Parts:
        sign = np.where(y == 1, 1.0, -1.0)
        loglik: Floats = log_ndtr(sign * eta)
        log_density = -0.5 * eta**2 - 0.5 * np.log(2 * np.pi)
        mills = np.exp(log_density - loglik)
        other = np.exp(log_density - log_ndtr(-sign * eta))
        weights = mills * other
        difference = np.where(y == 1, other - mills, mills - other)
        weights_slope = weights * (-2 * eta + difference)
        return Parts(loglik, sign * mills, mills * (mills + sign * eta), weights, weights_slope)


class CumulativeLogit:
    """P(answer ≤ k) = 1 / (1 + exp(η − α_k)), answers 0 … K with K flexible thresholds α.

    With a and b the thresholds above and below an answer, less η:
    log(F(a) − F(b)) = log F(a) + log F(−b) + log(1 − exp(b − a)).
    """

    def __init__(self, thresholds: int) -> None:
        self.thresholds = thresholds

    def parts(self, y: Integers, eta: Floats, alpha: Floats) -> Parts:
        a, b = self._bounds(y, eta, alpha)
        upper, lower = expit(a), expit(b)
        above, below = upper * expit(-a), lower * expit(-b)
        loglik = -np.logaddexp(0, -a) - np.logaddexp(0, b) + np.log(-np.expm1(b - a))
        weights = above + below
        weights_slope = -above * (1 - 2 * upper) - below * (1 - 2 * lower)
        return Parts(loglik, upper + lower - 1, weights, weights, weights_slope)

    def by_thresholds(self, y: Integers, eta: Floats, alpha: Floats) -> ThresholdParts:
        a, b = self._bounds(y, eta, alpha)
        upper, lower = expit(a), expit(b)
        density = np.stack([upper * expit(-a), lower * expit(-b)])
        with np.errstate(over="ignore"):
            gap = 1 / np.expm1(a - b)
        loglik = np.stack([expit(-a) + gap, -lower - gap])
        return ThresholdParts(loglik, density, density * (1 - 2 * np.stack([upper, lower])))

    def _bounds(self, y: Integers, eta: Floats, alpha: Floats) -> tuple[Floats, Floats]:
        padded = np.concatenate([[-np.inf], alpha, [np.inf]])
        return padded[y + 1] - eta, padded[y] - eta
