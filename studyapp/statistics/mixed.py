"""Crossed mixed models fitted by maximum likelihood in Laplace's approximation.

The optimum is found by BFGS with exact gradients and polished by Newton's steps; the standard
errors come from the Hessian over all parameters, standard deviations included, as lme4 and ordinal
take them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from .crossing import Crossing, RandomTerm
from .families import Family
from .labels import Floats, Integers
from .laplace import Effects, Laplace, NoModeError

FIRST_SCALE = 0.5
SMALLEST_SCALE = 1e-4
LARGEST_ENTRIES = 40_000_000
# Half the Newton decrement: how much log-likelihood the last step could still have gained.
CONVERGED = 1e-7
# A Hessian is taken anew where the optimum moved farther, in squared standard errors
NEAR = 1e-5
# On the scale of the linear predictor, where a share of 1 − 10⁻⁶ and one of 1 are the same.
RUNAWAY = 14.0


@dataclass(frozen=True)
class MixedFit:
    """What was fitted.

    names: of all parameters: thresholds, fixed effects, then one standard deviation a random term.
    covariance: over all of them; a term whose standard deviation is 0 has none with the others.
    sd: by the term's name. note: why it did not converge, or that a term vanished. effects: by
    the term's name, where the fit converged.
    """

    names: tuple[str, ...]
    values: Floats
    covariance: Floats
    sd: dict[str, float]
    loglik: float
    converged: bool
    note: str = ""
    singular: tuple[str, ...] = field(default=())
    effects: Mapping[str, Effects] = field(default_factory=dict)

    @property
    def fixed(self) -> int:
        """How many of the parameters are no standard deviations."""
        return len(self.names) - len(self.sd)


@dataclass(frozen=True)
class MixedModel:
    """N answers `y` (0, 1, …), fixed effects `X` (N, K) with their names, people and photos as
    numbers 0, 1, …, and random terms. answers: what 0, 1, … stand for, to name thresholds.
    """

    family: Family
    y: Integers
    X: Floats
    names: Sequence[str]
    clusters: tuple[Integers, Integers]
    terms: Sequence[RandomTerm]
    answers: Sequence[float] = ()

    def all_names(self) -> tuple[str, ...]:
        """Thresholds are called by the answers on both sides: -2|-1, -1|0, …"""
        thresholds = [f"{low}|{high}" for low, high in pairwise(self.answers)]
        return (*thresholds, *self.names, *(term.name for term in self.terms))


def fit_mixed(model: MixedModel) -> MixedFit:
    """The fit; one that did not converge says so in `note` and must not be believed."""
    crossing = Crossing(model.clusters, model.terms)
    if crossing.wide_size * crossing.narrow_size > LARGEST_ENTRIES:
        return _unfitted(model, "the model has too many random effects for this program")
    objective = Laplace(model.family, model.y, model.X, crossing)
    start = _start(model)
    try:
        found, hessian = _optimum(objective, start)
    except (NoModeError, np.linalg.LinAlgError):
        return _unfitted(model, "the fit did not converge: no optimum was found")
    return _judged(model, objective, found, hessian)


def _start(model: MixedModel) -> Floats:
    """Thresholds at the pooled shares, fixed effects at 0, equal standard deviations."""
    counts = np.bincount(model.y, minlength=model.family.thresholds + 1) + 0.5
    below = np.cumsum(counts)[: model.family.thresholds] / counts.sum()
    alpha = np.log(below / (1 - below))
    zeros = np.zeros(model.X.shape[1])
    return np.concatenate([alpha, zeros, np.full(len(model.terms), FIRST_SCALE)])


def _optimum(objective: Laplace, start: Floats) -> tuple[Floats, Floats]:
    """The parameters and the negative Hessian there."""
    found = _climbed(objective, start)
    for _ in range(3):
        hessian = _hessian(objective, found)
        values, vectors = np.linalg.eigh(hessian)
        if values[0] > 0:
            break
        # A saddle, such as a standard deviation of 0 where a larger one is better
        found = _climbed(objective, found + 0.3 * vectors[:, 0])
    for _ in range(4):
        if values[0] <= 0:
            break
        polished = _polished(objective, found, hessian)
        moved = polished - found
        found = polished
        if float(moved @ hessian @ moved) < NEAR:
            break
        hessian = _hessian(objective, found)
        values = np.linalg.eigvalsh(hessian)
    return found, hessian


def _polished(objective: Laplace, start: Floats, hessian: Floats) -> Floats:
    """Newton's steps with one Hessian, until nothing is left to gain."""
    found = start
    for _ in range(12):
        gradient = objective.evaluate(found)[1]
        step = np.linalg.solve(hessian, gradient)
        if float(gradient @ step) < 1e-12:
            break
        found = found + step * min(1.0, 0.5 / float(np.abs(step).max()))
    return found


def _climbed(objective: Laplace, start: Floats) -> Floats:
    """BFGS on free parameters: the gaps between thresholds by their logarithms."""
    count = objective.sizes[0]

    def minus(free: Floats) -> tuple[float, Floats]:
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                value, gradient = objective.evaluate(_bound(free, count))
        except (NoModeError, np.linalg.LinAlgError):
            value, gradient = -np.inf, np.zeros(len(free))
        if not np.isfinite(value) or not np.isfinite(gradient).all():
            objective.u = np.zeros_like(objective.u)
            return 1e10, np.zeros(len(free))
        return -value, -_chained(free, gradient, count)

    scales = _step_scales(objective)

    def scaled(free: Floats) -> tuple[float, Floats]:
        value, gradient = minus(free * scales)
        return value, gradient * scales

    result: OptimizeResult = minimize(
        scaled, _free(start, count) / scales, jac=True, method="BFGS",
        options={"gtol": 1e-4, "maxiter": 300},
    )  # fmt: skip
    return _bound(np.asarray(result.x) * scales, count)


def _step_scales(objective: Laplace) -> Floats:
    """About the standard error that each parameter would have without random effects."""
    information = 0.2 * np.maximum((objective.X**2).sum(axis=0), 1)
    levels = max(2, min(objective.crossing.count, len(objective.y)))
    return np.concatenate(
        [
            np.full(objective.sizes[0], 3 / np.sqrt(len(objective.y))),
            2 / np.sqrt(information),
            np.full(objective.sizes[2], 1 / np.sqrt(levels)),
        ]
    )


def _free(bound: Floats, count: int) -> Floats:
    free = bound.copy()
    if count > 1:
        free[1:count] = np.log(np.diff(bound[:count]))
    return free


def _bound(free: Floats, count: int) -> Floats:
    bound = free.copy()
    if count > 1:
        bound[1:count] = free[0] + np.cumsum(np.exp(np.minimum(free[1:count], 50)))
    return bound


def _chained(free: Floats, gradient: Floats, count: int) -> Floats:
    found = gradient.copy()
    if count > 1:
        above = np.cumsum(gradient[:count][::-1])[::-1]
        found[0] = above[0]
        found[1:count] = above[1:] * np.exp(np.minimum(free[1:count], 50))
    return found


def _hessian(objective: Laplace, at: Floats) -> Floats:
    """The negative Hessian by central differences of the exact gradient."""
    rows = []
    for place in range(len(at)):
        step = np.zeros(len(at))
        step[place] = 1e-4 * max(1.0, abs(at[place]))
        ahead, behind = objective.evaluate(at + step)[1], objective.evaluate(at - step)[1]
        rows.append((behind - ahead) / (2 * step[place]))
    hessian = np.array(rows)
    return (hessian + hessian.T) / 2  # type: ignore[no-any-return]


def _judged(model: MixedModel, objective: Laplace, found: Floats, hessian: Floats) -> MixedFit:
    """The fit as it is told: signs of standard deviations dropped, and whether to believe it."""
    loglik, gradient = objective.evaluate(found)
    alpha, beta, theta = objective.split(found)
    theta = np.abs(theta)
    singular = theta < SMALLEST_SCALE
    values = np.concatenate([alpha, beta, np.where(singular, 0.0, theta)])
    deviations = values[len(values) - len(theta) :].tolist()
    sd = dict(zip((term.name for term in model.terms), deviations, strict=True))
    missing = np.full((len(values), len(values)), np.nan)
    fit = MixedFit(model.all_names(), values, missing, sd, loglik, False)
    trouble = _trouble(model, values, gradient, hessian)
    if trouble:
        return replace(fit, note=trouble)
    flips = np.concatenate([np.ones(len(values) - len(theta)), np.sign(objective.split(found)[2])])
    covariance: Floats = np.asarray(np.linalg.inv(hessian)) * np.outer(flips, flips)
    vanished = tuple(
        term.name for term, is_zero in zip(model.terms, singular, strict=True) if is_zero
    )
    note = f"the variance of {' and '.join(vanished)} is estimated as 0" if vanished else ""
    effects = dict(zip(sd, objective.effects(values), strict=True))
    return replace(
        fit, covariance=covariance, converged=True, note=note, singular=vanished, effects=effects
    )


def _trouble(model: MixedModel, values: Floats, gradient: Floats, hessian: Floats) -> str:
    if float(np.abs(values).max()) > RUNAWAY:
        name = model.all_names()[int(np.abs(values).argmax())]
        return f"the fit did not converge: {name} runs away; the answers are (nearly) separated"
    if float(np.linalg.eigvalsh(hessian)[0]) <= 0:
        return "the fit did not converge: the log-likelihood has no curvature at the optimum"
    if float(gradient @ np.linalg.solve(hessian, gradient)) / 2 > CONVERGED:
        return "the fit did not converge: the gradient did not vanish"
    return ""


def _unfitted(model: MixedModel, note: str) -> MixedFit:
    names = model.all_names()
    missing = np.full(len(names), np.nan)
    sd = {term.name: float("nan") for term in model.terms}
    return MixedFit(names, missing, np.full((len(names),) * 2, np.nan), sd, np.nan, False, note)
