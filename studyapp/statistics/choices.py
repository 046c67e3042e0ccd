"""Conditional logit: choices among alternatives, robust to clusters of people and of photos.

McFadden, Conditional logit analysis of qualitative choice behavior (1974): alternative a of a
choice is taken with probability exp(x_a′β) ÷ Σ_b exp(x_b′β). Paired comparisons, rankings and
best-worst choices are choices with their own alternatives: see `worth`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

from .clusters import Clusters, Flags, effective, two_way_variance
from .labels import Floats, Integers, codes
from .robust import (
    AT_LEAST,
    FEWEST_CLUSTERS,
    NOTHING_VARIES,
    ROUNDING,
    Estimate,
    few,
    with_test,
)

STEPS = 100
# Of the decrement, in log-likelihoods
CLOSE = 1e-12
# Of a direction whose coordinates are at most 1
TOLERANCE = 1e-7


@dataclass(frozen=True)
class Choices:
    """R alternatives of N choices. x: (R, K); choice: (R,) the number 0 to N − 1 of the choice that
    each alternative belongs to; taken: (R,) whether it was, exactly one of each choice."""

    x: Floats
    choice: Integers
    taken: Flags

    def differences(self) -> Floats:
        """(R − N, K) what was taken minus each alternative that was not."""
        chosen = np.zeros((int(self.choice.max()) + 1, self.x.shape[1]))
        chosen[self.choice[self.taken]] = self.x[self.taken]
        left: Floats = chosen[self.choice[~self.taken]] - self.x[~self.taken]
        return left


@dataclass(frozen=True)
class Fit:
    """The most likely coefficients (K,), and what each of N choices adds: scores (N, K), whose sum
    is 0, and information (N, K, K); `inverse` is that of the sum."""

    coefficients: Floats
    loglik: float
    scores: Floats
    information: Floats
    inverse: Floats


def is_separated(choices: Choices) -> bool:
    """Whether a coefficient can grow without end, or nothing tells what it is.

    Albert and Anderson, Biometrika 71 (1984): there is a direction d with d′(taken − other) ≥ 0
    everywhere and > 0 somewhere, or one with 0 everywhere. Found by a linear programme.
    """
    differences = choices.differences()
    if not len(differences) or np.linalg.matrix_rank(differences) < differences.shape[1]:
        return True
    found = optimize.linprog(
        -differences.sum(axis=0), A_ub=-differences, b_ub=np.zeros(len(differences)), bounds=(-1, 1)
    )
    return bool(float(found.fun or 0.0) < -TOLERANCE)


def fitted(choices: Choices) -> Fit:
    """Maximum likelihood by Newton's method; the likelihood is concave.

    Raises ValueError if the choices are separated, or if it does not converge.
    """
    if is_separated(choices):
        raise ValueError("the choices are separated")
    beta = np.zeros(choices.x.shape[1])
    now = _at(choices, beta)
    for _ in range(STEPS):
        step = now.inverse @ now.scores.sum(axis=0)
        decrement = float(step @ now.scores.sum(axis=0))
        if decrement < CLOSE:
            return now
        size = 1.0
        while (nearer := _at(choices, beta + size * step)).loglik < now.loglik and size > CLOSE:
            size /= 2
        beta, now = beta + size * step, nearer
    raise ValueError("the fit did not converge")


def _at(choices: Choices, beta: Floats) -> Fit:
    x, choice = choices.x, choices.choice
    count, width = int(choice.max()) + 1, x.shape[1]
    utility = x @ beta
    highest = np.full(count, -np.inf)
    np.maximum.at(highest, choice, utility)
    weight = np.exp(utility - highest[choice])
    share = weight / np.bincount(choice, weight)[choice]
    mean = np.zeros((count, width))
    np.add.at(mean, choice, share[:, None] * x)
    centred = x - mean[choice]
    scores = np.zeros((count, width))
    np.add.at(scores, choice[choices.taken], centred[choices.taken])
    information = np.zeros((count, width, width))
    np.add.at(information, choice, share[:, None, None] * centred[:, :, None] * centred[:, None, :])
    loglik = float(np.log(share[choices.taken]).sum())
    inverse = np.linalg.inv(information.sum(axis=0))
    return Fit(beta, loglik, scores, information, inverse)


def gathered(fit: Fit, pages: Integers) -> Fit:
    """The same where several choices are one judgment: `pages` (N,) are the judgments' numbers."""
    count, width = int(pages.max()) + 1, len(fit.coefficients)
    scores = np.zeros((count, width))
    information = np.zeros((count, width, width))
    np.add.at(scores, pages, fit.scores)
    np.add.at(information, pages, fit.information)
    return Fit(fit.coefficients, fit.loglik, scores, information, fit.inverse)


def combined(
    fit: Fit,
    weights: Floats,
    people: Sequence[Any],
    images: Sequence[Any],
) -> Estimate:
    """A linear combination `weights` (K,) of the coefficients, robust to both ways at once, with
    its 95 % interval and its test against 0.

    The variance is that of `clusters.two_way_variance`, with each judgment's score in place of its
    weighted residual. A judgment weighs as much as it tells of the combination, √(w′A⁻¹IA⁻¹w) with
    its information I and the whole A, which for least squares is the weight itself; the effective
    clusters follow, and the t has one degree less.
    """
    value = float(weights @ fit.coefficients)
    clusters = Clusters(codes(people), codes(images))
    if min(clusters.counts) < FEWEST_CLUSTERS:
        words = few(*clusters.counts)
        return Estimate(value, note=f"too little for an interval: {words}, at least 2 of each are "
                                    "needed")  # fmt: skip
    along = fit.inverse @ weights
    scores: Floats = fit.scores @ along
    told = np.sqrt(np.maximum(np.einsum("i,nij,j->n", along, fit.information, along), 0))
    worth = effective(clusters.people, told), effective(clusters.images, told)
    fixed = len(fit.coefficients)
    if len(scores) <= fixed or float((scores**2).sum()) <= ROUNDING:
        return Estimate(value, note=NOTHING_VARIES, clusters=min(worth))
    return with_test(value, two_way_variance(scores, clusters, max(2, fixed)), worth, AT_LEAST)
