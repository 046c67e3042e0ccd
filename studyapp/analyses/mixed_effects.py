"""The mixed models of a Tidy as plain data: estimates, marginal means, contrasts and tests.

A model that can't be fitted is told by `converged: false` and a sentence, and every number of it
that must not be believed is None.
"""

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .statistics.glmm import Crossed, MethodModel, fit_right, fit_scores, fit_sides
from .statistics.holm import holm
from .statistics.labels import codes
from .statistics.robust import few, logit_interval
from .statistics.wald import Wald, asked_of

Integers = npt.NDArray[np.int64]
DIGITS = 8
ROBUST = "robust"
SIDES = {"A": -1, "B": 1}
# From the model to believe most, where it converges, to the least
PREFERENCE = ("glmer_full", "clmm_side", "glmer", "clmm")


def right_models(frame: pd.DataFrame, methods: list[str], chance: float) -> dict[str, Any]:
    """`glmer` and `glmer_full` of a frame with `correct`."""
    y = frame["correct"].to_numpy(dtype=np.int64)
    crossed = crossed_of(frame, methods)
    trouble = _trouble(frame, methods, y)
    found = {"glmer": _told(lambda: fit_right(y, crossed), trouble, methods, chance)}
    if not trouble and len(methods) < 2:
        trouble = "with one method its interactions are the intercepts of people and photos"
    full = _told(lambda: fit_right(y, crossed, full=True), trouble, methods, chance)
    return {**found, "glmer_full": full}


def score_models(frame: pd.DataFrame, methods: list[str]) -> dict[str, Any]:
    """`clmm`, and `clmm_side` where the table tells the side of the stronger network."""
    scores = frame["score"].to_numpy(dtype=np.int64)
    crossed = crossed_of(frame, methods)
    trouble = _trouble(frame, methods, scores)
    found = {"clmm": _told(lambda: fit_scores(scores, crossed), trouble, methods, 0.0)}
    if "stronger_side" not in frame.columns:
        return found
    side = frame["stronger_side"].map(SIDES)
    if not trouble and (side.isna().any() or side.nunique() < 2):
        trouble = "the stronger network must stand at A and at B, and stronger_side say which"
    sides: Integers = np.asarray(side.fillna(0), dtype=np.int64)
    told = _told(lambda: fit_sides(scores, sides, crossed), trouble, methods, 0.0)
    return {**found, "clmm_side": told}


def preferred(models: Mapping[str, Any]) -> str:
    """The name of the model to read, or `robust` where none converged."""
    return next(
        (name for name in PREFERENCE if name in models and models[name]["converged"]), ROBUST
    )


def crossed_of(frame: pd.DataFrame, methods: list[str]) -> Crossed:
    """The frame's judgments by numbers, the first of `methods` being the reference."""
    number = {name: place for place, name in enumerate(methods)}
    method = np.array([number[name] for name in frame["method"]], dtype=np.int64)
    return Crossed(codes(frame["participant"]), codes(frame["image"]), method, methods)


def _trouble(frame: pd.DataFrame, methods: list[str], answers: Integers) -> str:
    """Why there is nothing to fit; empty where there is."""
    people, images = frame["participant"].nunique(), frame["image"].nunique()
    if not len(frame):
        return "there are no judgments to fit"
    if min(people, images) < 2:
        return f"too little to fit: {few(people, images)}, at least 2 of each are needed"
    if len(np.unique(answers)) < 2:
        return "all judgments are the same, so there is nothing to fit"
    lowest, highest = int(answers.min()), int(answers.max())
    for name in methods:
        own = answers[(frame["method"] == name).to_numpy()]
        if (own == lowest).all() or (own == highest).all():
            return (
                f"every judgment of {name} is {int(own[0])}, so its effect has no finite estimate"
            )
    if len(frame) == people == images:
        return "too little to fit: nobody and no photo stands in two judgments"
    return ""


def _told(
    fit: Callable[[], MethodModel], trouble: str, methods: list[str], null: float
) -> dict[str, Any]:
    if trouble:
        return _unfitted(trouble, methods)
    model = fit()
    if not model.fit.converged:
        return _unfitted(model.fit.note, methods)
    names, fixed = model.fit.names, model.fit.fixed
    values, variances = model.fit.values.tolist(), np.diag(model.fit.covariance)[:fixed]
    return {
        "converged": True,
        "note": model.fit.note,
        "estimate": dict(zip(names, map(_rounded, values[:fixed]), strict=False)),
        "se": dict(zip(names, map(_rounded, np.sqrt(variances).tolist()), strict=False)),
        "sd": {name: _rounded(sd) for name, sd in model.fit.sd.items()},
        "loglik": _rounded(model.fit.loglik),
        "marginal": {name: _marginal(model, name) for name in methods},
        "contrasts": _contrasts(model),
        "chance": _tests(model, null),
    }


def _unfitted(note: str, methods: list[str]) -> dict[str, Any]:
    return {
        "converged": False,
        "note": f"{note}; read the two-way robust intervals instead",
        "estimate": None, "se": None, "sd": None, "loglik": None,
        "marginal": dict.fromkeys(methods),
        "contrasts": [],
        "chance": {name: {"z": None, "p": None, "p_holm": None} for name in methods},
    }  # fmt: skip


def _marginal(model: MethodModel, name: str) -> list[float] | None:
    """Estimate, low and high; a share's interval is made on the logit scale, so it stays in 0…1."""
    found = asked_of(model.fit, model.marginal(name))
    if found is None:
        return None
    if not len(model.levels):
        low, high = logit_interval(found.estimate, found.se)
    else:
        low, high = found.interval()
        ends = float(model.levels[0]), float(model.levels[-1])
        low, high = max(low, min(ends)), min(high, max(ends))
    return [_rounded(value) for value in (found.estimate, low, high)]


def _contrasts(model: MethodModel) -> list[dict[str, Any]]:
    """`a` − `b`, where `b` comes first in the model: the reference, wherever it takes part."""
    pairs = list(combinations(model.methods, 2))
    found = [asked_of(model.fit, model.contrast(first, later)) for first, later in pairs]
    adjusted = holm([_p_of(one) for one in found])
    return [
        {"a": later, "b": first, **_wald(one), "p_holm": _maybe(p_holm)}
        for (first, later), one, p_holm in zip(pairs, found, adjusted, strict=True)
    ]


def _wald(found: Wald | None) -> dict[str, float | None]:
    if found is None:
        return {"estimate": None, "se": None, "z": None, "p": None}
    parts = {"estimate": found.estimate, "se": found.se, "z": found.z, "p": found.p}
    return {key: _rounded(value) for key, value in parts.items()}


def _tests(model: MethodModel, null: float) -> dict[str, dict[str, float | None]]:
    found = [asked_of(model.fit, model.above(name, null)) for name in model.methods]
    adjusted = holm([_p_of(one) for one in found])
    return {
        name: {"z": _wald(one)["z"], "p": _wald(one)["p"], "p_holm": _maybe(p_holm)}
        for name, one, p_holm in zip(model.methods, found, adjusted, strict=True)
    }


def _p_of(found: Wald | None) -> float | None:
    return None if found is None else found.p


def _maybe(value: float | None) -> float | None:
    return None if value is None else _rounded(value)


def _rounded(value: float) -> float:
    """To as many digits as two searches for the same optimum share."""
    return float(f"{value:.{DIGITS}g}")
