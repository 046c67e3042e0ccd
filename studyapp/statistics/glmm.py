"""The crossed mixed models of judgments: right or wrong (glmer's), and scores (clmm's).

Methods enter as R's treatment contrasts. The models with intercepts only are
`correct ~ method + (1|participant) + (1|image)` and the same of a score; `full` adds
`(1|participant:method) + (1|image:method)`; the side model is
`r ~ s:method + (1|participant) + (0+s|participant) + (0+s|image)`, and its `full` adds
`(0+s|participant:method) + (0+s|image:method)`. A term that the design can't identify is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .crossing import RandomTerm
from .families import CumulativeLogit, Family, Logit, Probit
from .labels import Floats, Integers, Numbers, codes
from .mixed import MixedFit, MixedModel, fit_mixed
from .wald import Asked, marginal_score, marginal_share, predictor_of


@dataclass(frozen=True)
class Crossed:
    """N judgments by numbers 0, 1, …: who, of which photo, by which of `methods`.

    The first method is the reference.
    """

    people: Integers
    images: Integers
    method: Integers
    methods: Sequence[str]

    def terms(self, *, full: bool = False) -> list[RandomTerm]:
        """An intercept a participant and a photo; with `full`, one a method within each too."""
        zeros, ones = np.zeros_like(self.people), np.ones(len(self.people))
        found = [RandomTerm(name, side, zeros, 1, ones) for side, name in enumerate(SIDES)]
        return [*found, *self._by_method(ones)] if full else found

    def _by_method(self, values: Floats, suffix: str = "") -> list[RandomTerm]:
        """`values` by method within people and within photos, where that can be identified."""
        return [
            RandomTerm(f"{name}:method{suffix}", side, self.method, len(self.methods), values)
            for side, name in enumerate(SIDES)
            if not self.unidentified(side)
        ]

    def unidentified(self, side: int) -> str:
        """Why effects of methods within people (0) or photos (1) have no variance of their own.

        Empty where they have one.
        """
        cells = np.stack([self.clusters()[side], self.method], axis=1)
        seen, times = np.unique(cells, axis=0, return_counts=True)
        each, any_one = (("everybody", "anybody"), ("every photo", "any photo"))[side]
        if len(np.unique(seen[:, 0])) == len(seen):
            return f"{each} had only one method"
        if times.max() == 1:
            return f"no method was shown twice for {any_one}"
        return ""

    def clusters(self) -> tuple[Integers, Integers]:
        return self.people, self.images

    def dummies(self) -> Floats:
        """(N, methods) with a 1 for each row's method."""
        found: Floats = np.eye(len(self.methods))[self.method]
        return found

    def contrast_names(self) -> list[str]:
        return [f"method{name}" for name in self.methods[1:]]

    def slopes(self, side: Floats, *, full: bool = False) -> list[RandomTerm]:
        """The side model's random terms, `side` being +1 or −1; with `full`, by method too."""
        zeros, ones = np.zeros_like(self.people), np.ones(len(self.people))
        found = [
            RandomTerm("participant", 0, zeros, 1, ones),
            RandomTerm("participant:s", 0, zeros, 1, side),
            RandomTerm("image:s", 1, zeros, 1, side),
        ]
        return [*found, *self._by_method(side, ":s")] if full else found


SIDES = ("participant", "image")


def crossed_of(frame: pd.DataFrame, methods: list[str]) -> Crossed:
    """Who judged which photo by which method, the first of `methods` being the reference."""
    number = {name: place for place, name in enumerate(methods)}
    method = np.array([number[name] for name in frame["method"]], dtype=np.int64)
    return Crossed(codes(frame["participant"]), codes(frame["image"]), method, methods)


@dataclass(frozen=True)
class MethodModel:
    """A fitted model, and where each method stands in it.

    predictors: (methods, parameters) whose product with the parameters is the method's η.
    levels: the answers, for a cumulative model; empty for right or wrong.
    """

    fit: MixedFit
    methods: Sequence[str]
    predictors: Floats
    levels: Floats
    link: str = "logit"
    has_sides: bool = False

    def contrast(self, a: str, b: str) -> Asked:
        """η of `b` minus η of `a`."""
        row = self.predictors[self.methods.index(b)] - self.predictors[self.methods.index(a)]
        return lambda parameters: float(row @ parameters)

    def marginal(self, method: str) -> Asked:
        """The share of right answers or the mean score, over all people and photos.

        In the side model: the mean of r·s over both sides.
        """
        row = self.predictors[self.methods.index(method)]
        if not len(self.levels):
            return lambda at: marginal_share(float(row @ at), self._sd(at), self.link)
        thresholds = len(self.levels) - 1

        def mean(at: Floats) -> float:
            alpha, eta, sd = at[:thresholds], float(row @ at), self._sd(at)
            stronger_at_b = marginal_score(alpha, eta, sd, self.levels)
            if not self.has_sides:
                return stronger_at_b
            return (stronger_at_b - marginal_score(alpha, -eta, sd, self.levels)) / 2

        return mean

    def above(self, method: str, null: float) -> Asked:
        """What is 0 where the marginal share is `null`, or the marginal mean is 0.

        For shares it is told on the predictor's scale, and for the side model it is the method's
        discernment, so that the test is the model's own where that exists.
        """
        row = self.predictors[self.methods.index(method)]
        if self.has_sides:
            return lambda at: float(row @ at)
        if len(self.levels):
            return self.marginal(method)
        return lambda at: float(row @ at) - predictor_of(null, self._sd(at), self.link)

    def _sd(self, parameters: Floats) -> float:
        """The joint deviation of all random effects of a judgment."""
        return float(np.sqrt((parameters[self.fit.fixed :] ** 2).sum()))


def fit_right(
    y: Integers, crossed: Crossed, *, full: bool = False, link: str = "logit"
) -> MethodModel:
    """Right (1) or wrong (0) by method, with the crossed effects of people and photos."""
    family: Family = Probit() if link == "probit" else Logit()
    dummies = crossed.dummies()
    X = np.column_stack([np.ones(len(y)), dummies[:, 1:]])
    names = ["(Intercept)", *crossed.contrast_names()]
    terms = crossed.terms(full=full)
    fit = fit_mixed(MixedModel(family, y, X, names, crossed.clusters(), terms))
    rows = np.zeros((len(crossed.methods), len(fit.values)))
    rows[:, 0] = 1
    rows[1:, 1 : X.shape[1]] = np.eye(X.shape[1] - 1)
    return MethodModel(fit, crossed.methods, rows, np.zeros(0), link)


def fit_scores(scores: Numbers, crossed: Crossed, *, full: bool = False) -> MethodModel:
    """Scores by method through a cumulative logit with flexible thresholds."""
    levels, y = np.unique(scores, return_inverse=True)
    family, X = CumulativeLogit(len(levels) - 1), crossed.dummies()[:, 1:]
    names = crossed.contrast_names()
    terms, answers = crossed.terms(full=full), levels.tolist()
    fit = fit_mixed(MixedModel(family, y, X, names, crossed.clusters(), terms, answers))
    return _cumulative(fit, crossed, levels, skipped=1)


def fit_sides(
    scores: Numbers, side: Integers, crossed: Crossed, *, full: bool = False
) -> MethodModel:
    """The side model: r = score·s by s:method; the thresholds carry the pull to one side."""
    # No −0 beside 0
    levels, y = np.unique(scores * side + 0, return_inverse=True)
    s = side.astype(float)
    X = crossed.dummies() * s[:, None]
    names = [f"s:method{name}" for name in crossed.methods]
    family = CumulativeLogit(len(levels) - 1)
    terms, answers = crossed.slopes(s, full=full), levels.tolist()
    fit = fit_mixed(MixedModel(family, y, X, names, crossed.clusters(), terms, answers))
    return _cumulative(fit, crossed, levels, skipped=0)


def _cumulative(fit: MixedFit, crossed: Crossed, levels: Numbers, *, skipped: int) -> MethodModel:
    """With thresholds named by the answers on both sides of them, as R's ordinal does."""
    thresholds = len(levels) - 1
    rows = np.zeros((len(crossed.methods), len(fit.values)))
    rows[skipped:, thresholds : fit.fixed] = np.eye(len(crossed.methods) - skipped)
    return MethodModel(fit, crossed.methods, rows, levels.astype(float), has_sides=skipped == 0)
