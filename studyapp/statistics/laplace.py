"""The Laplace approximation of a crossed mixed model's log-likelihood, with its exact gradient.

L(α, β, θ) = Σ log p(yᵢ | ηᵢ) − ½ u′u − ½ log |H| at the mode u of the random effects, with
η = Xβ + ZΛ(θ)u and H = I + ΛZ′WZΛ (lme4's and ordinal's nAGQ = 1).
"""

from dataclasses import dataclass

import numpy as np

from .crossing import Crossing, Factor
from .families import Family, Parts
from .labels import Floats, Integers

MOST_STEPS = 100
SMALLEST_DECREMENT = 1e-20
ROUNDING = 1e-11


class NoModeError(ArithmeticError):
    """The modes of the random effects were not found."""


@dataclass(frozen=True)
class Effects:
    """One term's random effects, those of one cluster side by side: (clusters * slots,) each.

    modes: shrunk towards 0. deviations: conditional on the parameters, from the curvature of the
    penalised log-likelihood (lme4's condVar); an effect that no answer tells of has the term's own.
    told: of how many effects answers tell.
    """

    modes: Floats
    deviations: Floats
    told: int
    slots: int

    @property
    def independent(self) -> int:
        """How many effects tell of the term's variance: within clusters all but one of each."""
        return self.told if self.slots == 1 else self.told - len(self.modes) // self.slots


@dataclass(frozen=True)
class _Mode:
    eta: Floats
    parts: Parts
    factor: Factor


class Laplace:
    """The objective of N answers `y` with fixed effects `X` (N, K), as a function of (α, β, θ).

    The mode found last is where the next search begins.
    """

    def __init__(self, family: Family, y: Integers, X: Floats, crossing: Crossing) -> None:
        self.family, self.y, self.X, self.crossing = family, y, X, crossing
        self.u = np.zeros(crossing.size)
        self.sizes = (family.thresholds, X.shape[1], len(crossing.terms))

    def split(self, parameters: Floats) -> tuple[Floats, Floats, Floats]:
        """Thresholds, fixed effects and standard deviations."""
        first = self.sizes[0]
        second = first + self.sizes[1]
        return parameters[:first], parameters[first:second], parameters[second:]

    def evaluate(self, parameters: Floats) -> tuple[float, Floats]:
        """The log-likelihood and its gradient. NoModeError where no mode was found."""
        alpha, beta, theta = self.split(parameters)
        mode = self._mode(alpha, self.X @ beta, theta)
        parts = mode.parts
        outer, is_same = mode.factor, parts.weights is parts.curvature
        if not is_same:
            outer = self.crossing.factor(parts.weights, theta)
        value = float(parts.loglik.sum() - 0.5 * self.u @ self.u - 0.5 * outer.logdet)
        return value, self._gradient(alpha, theta, mode, outer)

    def effects(self, parameters: Floats) -> list[Effects]:
        """Every term's random effects, given the parameters."""
        alpha, beta, theta = self.split(parameters)
        inverse = self._mode(alpha, self.X @ beta, theta).factor.row_inverse()
        found = []
        for place, term in enumerate(self.crossing.terms):
            index, column = self.crossing.effects(place), self.crossing.column(place)
            variances = np.ones(self.crossing.size)
            variances[column] = inverse[place, place]
            deviations = abs(theta[place]) * np.sqrt(variances[index])
            modes, told = theta[place] * self.u[index], len(np.unique(column))
            found.append(Effects(modes, deviations, told, term.slots))
        return found

    def _mode(self, alpha: Floats, fixed: Floats, theta: Floats) -> _Mode:
        """Newton's steps, halved where the penalised log-likelihood would fall."""
        u, eta, parts, height = self._at(self.u, alpha, fixed, theta)
        for _ in range(MOST_STEPS):
            factor = self.crossing.factor(parts.curvature, theta)
            slope = self.crossing.gather(parts.slope, theta) - u
            step = factor.solve(slope)
            decrement = float(slope @ step)
            if decrement < SMALLEST_DECREMENT:
                self.u = u
                return _Mode(eta, parts, factor)
            size, enough = 1.0, height - ROUNDING * abs(height)
            new = self._at(u + step, alpha, fixed, theta)
            while new[3] < enough and size > 1e-8:
                size /= 2
                new = self._at(u + size * step, alpha, fixed, theta)
            u, eta, parts, height = new
        raise NoModeError("the modes of the random effects were not found")

    def _at(
        self, u: Floats, alpha: Floats, fixed: Floats, theta: Floats
    ) -> tuple[Floats, Floats, Parts, float]:
        eta = fixed + self.crossing.spread(u, theta)
        parts = self.family.parts(self.y, eta, alpha)
        return u, eta, parts, float(parts.loglik.sum() - 0.5 * u @ u)

    def _gradient(self, alpha: Floats, theta: Floats, mode: _Mode, outer: Factor) -> Floats:
        """∂L with the modes following: one adjoint solve for all parameters."""
        crossing, parts = self.crossing, mode.parts
        loads = crossing.values * theta[:, None]
        inverse = outer.row_inverse()
        shares = np.einsum("tn,stn->sn", loads, inverse)
        leverage = np.einsum("sn,sn->n", loads, shares)
        pull = crossing.gather(leverage * parts.weights_slope, theta)
        adjoint = mode.factor.solve(pull)
        carried = crossing.spread(adjoint, theta)
        by_eta = parts.slope - 0.5 * (leverage * parts.weights_slope - carried * parts.curvature)
        by_theta = [
            self._by_scale(term, by_eta, adjoint, parts, shares[term]) for term in range(len(theta))
        ]
        by_alpha = self._by_alpha(alpha, mode.eta, leverage, carried)
        return np.concatenate([by_alpha, self.X.T @ by_eta, by_theta])

    def _by_scale(
        self, term: int, by_eta: Floats, adjoint: Floats, parts: Parts, share: Floats
    ) -> float:
        values, column = self.crossing.values[term], self.crossing.column(term)
        direct = by_eta * self.u[column] - parts.weights * share
        return float(values @ (direct - 0.5 * adjoint[column] * parts.slope))

    def _by_alpha(self, alpha: Floats, eta: Floats, leverage: Floats, carried: Floats) -> Floats:
        if not len(alpha):
            return alpha
        found = self.family.by_thresholds(self.y, eta, alpha)
        rows = found.loglik - 0.5 * (leverage * found.weights + carried * found.slope)
        total = np.zeros(len(alpha) + 2)
        np.add.at(total, self.y + 1, rows[0])
        np.add.at(total, self.y, rows[1])
        return total[1:-1]
