"""How much of the latent variance of answers is people's, photos' and theirs with methods.

The residual is the variance of the link's own distribution: π²/3 of the logistic one, 1 of the
normal one (Nakagawa, Johnson and Schielzeth, J. R. Soc. Interface 14, 2017).
"""

from dataclasses import dataclass
from math import pi

import numpy as np
from scipy import stats

from .glmm import MethodModel
from .labels import Floats
from .mixed import MixedFit

RESIDUALS = {"logit": pi**2 / 3, "probit": 1.0}
RESIDUAL = "residual"
NO_INTERVAL = "the fit gives this variance no standard error"
TOO_FEW = "it rests on too few effects for an interval"


@dataclass(frozen=True)
class VarianceShare:
    """One term's variance and its share of all, with a 95 % interval; the residual has none."""

    term: str
    variance: float
    share: float
    low: float | None = None
    high: float | None = None
    note: str = ""


def variance_shares(model: MethodModel) -> list[VarianceShare]:
    """Every random term's share, in the model's order, then the residual's.

    With V the term's variance in units of all others, effects that are each known but for noise
    vary by W = V + e. W has the standard error W·√(2/G) where it is fitted to G effects, from which
    follows e. Then G·W is χ² on G − 1 degrees (on G for effects of methods within people or within
    photos, whose mean is another term). The interval is that of W, less e, and never below 0:
    Burdick and Graybill, Confidence Intervals on Variance Components, 1992, chapter 3. At V = 0 it
    ends where the log-likelihood's curvature by the standard deviation ends it.
    """
    fit, residual = model.fit, RESIDUALS[model.link]
    variances = fit.values[fit.fixed :] ** 2
    total = float(variances.sum()) + residual
    found = []
    for place, term in enumerate(fit.sd):
        variance = float(variances[place])
        low, high, note = _interval(fit, place, total - variance)
        found.append(VarianceShare(term, variance, variance / total, low, high, note))
    return [*found, VarianceShare(RESIDUAL, residual, residual / total)]


def _interval(fit: MixedFit, place: int, others: float) -> tuple[float | None, float | None, str]:
    """Of a share, from that of the term's variance over that of all others."""
    sd = fit.values[fit.fixed :]
    covariance = fit.covariance[fit.fixed :, fit.fixed :]
    effects = list(fit.effects.values())[place]
    degrees = effects.independent - (1 if effects.slots == 1 else 0)
    if degrees < 1:
        return None, None, TOO_FEW
    odds = float(sd[place]) ** 2 / others
    if odds == 0:
        return _bounded(
            0.0, float(stats.norm.ppf(0.975)) ** 2 * float(covariance[place, place]) / others
        )
    slopes: Floats = -2 * odds * sd / others
    slopes[place] = 2 * sd[place] / others
    squared = float(slopes @ covariance @ slopes)
    if not np.isfinite(squared) or squared <= 0:
        return None, None, NO_INTERVAL
    spread = max(odds, (squared * effects.independent / 2) ** 0.5)
    ends = spread * effects.independent / stats.chi2.ppf([0.975, 0.025], degrees)
    low, high = (float(end) - (spread - odds) for end in ends)
    return _bounded(max(0.0, low), high)


def _bounded(low: float, high: float) -> tuple[float | None, float | None, str]:
    if not np.isfinite(high) or high < 0:
        return None, None, NO_INTERVAL
    return low / (1 + low), high / (1 + high), ""
