"""How much what people say depends on a signal, by method: d′ of wrong predictions, reliance on
right and wrong advice.

g P(said) = a_m + d_m·(signal − ½), with effects of people and photos on both, and of methods
within them, as far as the design tells them apart. With g = Φ⁻¹, d_m is d′ and −a_m the criterion:
DeCarlo, Signal detection theory and generalized linear models, Psychological Methods 3 (1998);
Wright, Horry and Skagerberg, Functions for traditional and multilevel approaches to signal
detection theory, Behavior Research Methods 41 (2009).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .crossing import RandomTerm
from .families import Family
from .glmm import SIDES, Crossed
from .labels import Integers
from .mixed import MixedFit, MixedModel, fit_mixed
from .wald import Wald, asked_of

# Weights of what is said without the signal and with it
Weights = tuple[float, float]


@dataclass(frozen=True)
class SignalModel:
    fit: MixedFit
    methods: Sequence[str]

    def of_method(self, method: str, weights: Weights, df: float = np.inf) -> Wald | None:
        """Σ weights · η without and with the signal; None where the model was not fitted."""
        return self.contrast({method: weights}, df)

    def contrast(self, weights: dict[str, Weights], df: float) -> Wald | None:
        if not self.fit.converged:
            return None
        row = np.zeros(len(self.fit.values))
        for method, (without, with_signal) in weights.items():
            place = self.methods.index(method)
            row[place] += without + with_signal
            row[place + len(self.methods)] += (with_signal - without) / 2
        return asked_of(self.fit, lambda at: float(row @ at), df)


def fit_signals(
    family: Family, said: Integers, signal: Integers, crossed: Crossed, *, full: bool = True
) -> SignalModel:
    """said, signal: 0 or 1 of each judgment. Nobody's own d′ is made from a handful of trials.

    full: whether what people and photos have of their own differs by method too.
    """
    half = signal - 0.5
    dummies = crossed.dummies()
    X = np.column_stack([dummies, dummies * half[:, None]])
    names = [*(f"method{m}" for m in crossed.methods)]
    names += [f"method{m}:signal" for m in crossed.methods]
    terms = random_terms(signal, crossed, full=full)
    fit = fit_mixed(MixedModel(family, said, X, names, crossed.clusters(), terms))
    return SignalModel(fit, crossed.methods)


def random_terms(signal: Integers, crossed: Crossed, *, full: bool) -> list[RandomTerm]:
    """Intercepts of people and photos, and of methods within them; slopes of the signal, and of
    the signal by method, of those who had it both ways.

    What differs between methods in a photo that has the signal, or has not, is its part in their
    difference in d.
    """
    zeros, half = np.zeros_like(crossed.people), signal.astype(np.float64) - 0.5
    found = crossed.terms(full=full and len(crossed.methods) > 1)
    by_method = {term.name for term in found}
    for side, name in enumerate(SIDES):
        if not _is_told(crossed.clusters()[side], signal):
            continue
        found.append(RandomTerm(f"{name}:signal", side, zeros, 1, half))
        if f"{name}:method" in by_method:
            both = f"{name}:method:signal"
            found.append(RandomTerm(both, side, crossed.method, len(crossed.methods), half))
    return found


def _is_told(groups: Integers, signal: Integers) -> bool:
    """Whether a person, or a photo, had the signal both with and without, and one of them twice."""
    times = np.zeros((int(groups.max()) + 1, 2), dtype=np.int64)
    np.add.at(times, (groups, signal), 1)
    return bool(((times > 0).all(axis=1) & (times.sum(axis=1) > 2)).any())
