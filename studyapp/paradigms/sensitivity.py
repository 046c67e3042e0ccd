"""How methods differ in what people make of a signal: wrong predictions, right advice.

The two-way robust numbers are read first; one crossed mixed model, whose effects of methods and of
the signal vary by person and photo, stands beside them with the same degrees of freedom.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from studyapp.statistics.cells import Cells, Link, cell_contrast, cells_of, contrast_worth
from studyapp.statistics.families import Family, Logit, Probit
from studyapp.statistics.glmm import crossed_of
from studyapp.statistics.holm import holm
from studyapp.statistics.robust import FEWEST_EFFECTIVE, few
from studyapp.statistics.signals import SignalModel, Weights, fit_signals
from studyapp.statistics.wald import Wald

Frame = pd.DataFrame
FAMILIES: Mapping[Link, Family] = {"logit": Logit(), "identity": Logit(), "probit": Probit()}
DIGITS = 8


@dataclass(frozen=True)
class Measure:
    """Σ weights · g(share who said it) without the signal and with it, of each method."""

    name: str
    weights: Weights


@dataclass(frozen=True)
class Said:
    """N judgments of `methods`: whether it was said, and whether the signal was there, 0 or 1.

    link: the scale of the robust numbers; the model's is the logit for shares. The signal belongs
    to photos. kinds: what was answered without the signal and with it, such as “wrong advice”.
    """

    frame: Frame
    methods: list[str]
    said: Any
    signal: Any
    link: Link
    kinds: tuple[str, str]

    @cached_property
    def places(self) -> Mapping[str, int]:
        return {name: place for place, name in enumerate(self.methods)}

    @cached_property
    def cells(self) -> Cells:
        """Cell 2m without the signal and 2m + 1 with it, of method m."""
        cell = 2 * self.frame["method"].map(self.places).to_numpy() + self.signal
        people, images = self.frame["participant"], self.frame["image"]
        return cells_of(self.said.astype(float), people, images, cell)

    def weighted(self, weights: Mapping[str, Weights]) -> tuple[Cells, Any]:
        """The cells, and the weight of each. What differs with the signal differs by photo."""
        is_of_photos = any(without * with_it < 0 for without, with_it in weights.values())
        return replace(self.cells, of=1 if is_of_photos else None), self.row(weights)

    def row(self, weights: Mapping[str, Weights]) -> Any:
        found = np.zeros((len(self.methods), 2))
        for method, pair in weights.items():
            found[self.places[method]] = pair
        return found.ravel()


def sensitivity(said: Said, measures: list[Measure]) -> dict[str, Any]:
    """Each measure of each method, and its difference between every two methods; the model.

    methods: {method: {measure: told}}; contrasts: a − b with {measure: told}, whose p are adjusted
    by Holm over all pairs, each measure by itself.
    """
    model, trouble = _model(said)
    pairs = list(combinations(said.methods, 2))
    weights: list[dict[str, dict[str, Weights]]] = [
        {one.name: {later: one.weights, first: _minus(one.weights)} for one in measures}
        for first, later in pairs
    ]
    found = [
        {name: _told(said, model, of_each) for name, of_each in one.items()} for one in weights
    ]
    for one in measures:
        adjusted = holm([each[one.name]["p"] for each in found])
        for each, p in zip(found, adjusted, strict=True):
            each[one.name]["p_holm"] = p
    return {
        "methods": {
            name: {one.name: _told(said, model, {name: one.weights}) for one in measures}
            for name in said.methods
        },
        "contrasts": [
            {"a": later, "b": first, **one}
            for (first, later), one in zip(pairs, found, strict=True)
        ],
        "model": _fit(model, trouble),
    }


def _minus(weights: Weights) -> Weights:
    return -weights[0], -weights[1]


def _told(said: Said, model: SignalModel | None, weights: Mapping[str, Weights]) -> dict[str, Any]:
    """The robust estimate, and the model's beside it, with a test where there is one."""
    cells, row = said.weighted(weights)
    found = cell_contrast(cells, row, link=said.link)
    worth = min(contrast_worth(cells, row)) if found.estimate is not None else 0.0
    wald = None
    if model is not None and worth > 1:
        wald = model.contrast(dict(weights), worth - 1)
    return {
        "estimate": found.estimate, "se": found.se, "df": found.df, "clusters": found.clusters,
        "robust95": found.interval, "p": found.p, "note": found.note,
        "model": _beside(wald, is_tested=worth >= FEWEST_EFFECTIVE),
    }  # fmt: skip


def _beside(wald: Wald | None, *, is_tested: bool) -> dict[str, Any] | None:
    if wald is None:
        return None
    low, high = wald.interval()
    return {
        "estimate": _rounded(wald.estimate), "se": _rounded(wald.se),
        "interval95": [_rounded(low), _rounded(high)],
        "p": _rounded(wald.p) if is_tested else None,
    }  # fmt: skip


def _model(said: Said) -> tuple[SignalModel | None, str]:
    """The fit, or why there is none."""
    crossed = crossed_of(said.frame, said.methods)
    counts = len(set(crossed.people)), len(set(crossed.images))
    if min(counts) < 2:
        return None, f"too little to fit: {few(*counts)}, at least 2 of each are needed"
    if trouble := "; ".join(_constant(said)):
        return None, trouble
    return fit_signals(FAMILIES[said.link], said.said, said.signal, crossed), ""


def _constant(said: Said) -> Iterator[str]:
    cell = said.cells.cell
    for name, place in said.places.items():
        for there in (0, 1):
            own = said.said[cell == 2 * place + there]
            if not len(own) or own.min() == own.max():
                yield (
                    f"with {name}, all answers to {said.kinds[there]} are the same, or there are "
                    "none"
                )


def _fit(model: SignalModel | None, trouble: str) -> dict[str, Any]:
    if model is None or not model.fit.converged:
        note = trouble if model is None else model.fit.note
        return {"converged": False, "note": note, "sd": None, "loglik": None}
    return {
        "converged": True, "note": model.fit.note,
        "sd": {name: _rounded(sd) for name, sd in model.fit.sd.items()},
        "loglik": _rounded(model.fit.loglik),
    }  # fmt: skip


def _rounded(value: float) -> float:
    """To as many digits as two searches for the same optimum share."""
    return float(f"{value:.{DIGITS}g}")
