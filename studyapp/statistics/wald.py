"""Estimates, intervals and tests of functions of a mixed fit's parameters, by the delta method."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.optimize import brentq
from scipy.special import expit, logit, ndtr

from .labels import Floats
from .mixed import MixedFit

# What is asked of all parameters: thresholds, fixed effects, standard deviations
Asked = Callable[[Floats], float]
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(80)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
STEP = 1e-5


@dataclass(frozen=True)
class Wald:
    """An estimate, its standard error, and z against 0, whose p and interval are by Student's t.

    df: the degrees of that t; infinitely many give R's z test.
    """

    estimate: float
    se: float
    df: float = np.inf

    @property
    def z(self) -> float:
        return self.estimate / self.se

    @property
    def p(self) -> float:
        return float(2 * stats.t.sf(abs(self.z), self.df))

    def quantile(self, level: float = 0.95) -> float:
        return float(stats.t.ppf(0.5 + level / 2, self.df))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        half = self.quantile(level) * self.se
        return self.estimate - half, self.estimate + half


@dataclass(frozen=True)
class Tangent:
    """A function of the parameters at the fit: its value, and its slopes by each of them."""

    value: float
    slopes: Floats

    def __sub__(self, other: "Tangent") -> "Tangent":
        return Tangent(self.value - other.value, self.slopes - other.slopes)

    def wald(self, fit: MixedFit, df: float = np.inf) -> Wald | None:
        """The delta method; None where the fit gives no positive variance."""
        variance = float(self.slopes @ fit.covariance @ self.slopes)
        if not np.isfinite(variance) or variance <= 0:
            return None
        return Wald(self.value, variance**0.5, df)


def tangent_of(fit: MixedFit, asked: Asked) -> Tangent:
    """By central differences."""
    at, slopes = fit.values, []
    for place in range(len(at)):
        step = np.zeros(len(at))
        step[place] = STEP
        slopes.append((asked(at + step) - asked(at - step)) / (2 * STEP))
    return Tangent(asked(at), np.array(slopes))


def asked_of(fit: MixedFit, asked: Asked, df: float = np.inf) -> Wald | None:
    """The delta method of one function; None where the fit gives no positive variance."""
    return tangent_of(fit, asked).wald(fit, df)


def averaged(curve: Callable[[Floats], Floats], eta: float, sd: float) -> float:
    """E curve(η + sd·Z), Z standard normal, by 80 nodes of Gauss and Hermite."""
    return float(WEIGHTS @ curve(eta + sd * NODES))


def marginal_share(eta: float, sd: float, link: str = "logit") -> float:
    """The share of 1 among all people and photos, whose effects have the joint deviation `sd`."""
    if link == "probit":
        return float(ndtr(eta / np.sqrt(1 + sd**2)))
    return averaged(expit, eta, sd)


def predictor_of(share: float, sd: float, link: str = "logit") -> float:
    """The η whose marginal share is `share`: 0 for one half, whatever the deviation."""
    if share == 0.5:
        return 0.0
    reach = abs(float(logit(share))) * (2 + sd) + 1
    return float(brentq(lambda eta: marginal_share(eta, sd, link) - share, -reach, reach))


def marginal_score(alpha: Floats, eta: float, sd: float, levels: Floats) -> float:
    """The mean answer among all people and photos under a cumulative logit."""

    def mean(at: Floats) -> Floats:
        above = expit(at[:, None] - alpha[None, :])
        return levels[0] + above @ np.diff(levels)  # type: ignore[no-any-return]

    return averaged(mean, eta, sd)
