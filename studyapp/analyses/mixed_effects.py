"""The mixed models of a Tidy as plain data: estimates, marginal means, contrasts and tests.

They come beside the robust numbers, which are read first. A model that can't be fitted has
`converged: false` and a sentence why, and every number that must not be trusted is None. Tests use
Student's t with the degrees of freedom of the robust ones, since z is liberal with few clusters.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from studyapp.statistics.glmm import (
    SIDES,
    Crossed,
    MethodModel,
    crossed_of,
    fit_right,
    fit_scores,
    fit_sides,
)
from studyapp.statistics.holm import holm
from studyapp.statistics.labels import Integers, Numbers, rounded
from studyapp.statistics.robust import few, logit_interval, mean_clusters
from studyapp.statistics.wald import Tangent, Wald, asked_of, tangent_of

from .comparisons import Pair, adjusted
from .random_effects import shares, single_effects

# What is read first, in the report, the summary, the plan and the JSON alike
PRIMARY = "robust"
ANSWER_SIDES = {"A": -1, "B": 1}
# The models whose effects of methods vary by person and photo; those without are never the ones
FULL = ("glmer_full", "clmm_side_full", "clmm_full")
TESTED = ("estimate", "se", "z", "df", "p")
NO_INTERVAL = "the fit gives it no standard error"
INSTEAD = "read the two-way robust intervals instead"
Fit = Callable[[bool], MethodModel]


@dataclass(frozen=True)
class _Table:
    """What the models of one outcome are fitted to.

    methods: all of them; those whose answers are all at one end of the scale have no finite effect
    and are left out of `frame`, as `left_out` says. null: the share or mean that is tested against;
    None for no test.
    """

    frame: pd.DataFrame
    outcome: str
    answers: Numbers
    methods: list[str]
    pairs: Sequence[Pair]
    null: float | None
    left_out: str
    trouble: str

    def crossed(self) -> Crossed:
        there = set(self.frame["method"])
        return crossed_of(self.frame, [name for name in self.methods if name in there])

    def df(self, method: str) -> float:
        """The degrees of a test of one method alone."""
        rows = self.frame[self.frame["method"] == method]
        return mean_clusters(rows["participant"].to_list(), rows["image"].to_list()) - 1


def right_models(
    frame: pd.DataFrame, methods: list[str], pairs: Sequence[Pair], chance: float | None
) -> dict[str, Any]:
    """`glmer` and `glmer_full` of a frame with `correct`; without `chance` no share is tested."""
    table = _table(frame, methods, pairs, "correct", chance)
    crossed = table.crossed()
    right: Integers = np.asarray(table.answers, dtype=np.int64)
    return _both("glmer", table, lambda full: fit_right(right, crossed, full=full))


def score_models(
    frame: pd.DataFrame, methods: list[str], pairs: Sequence[Pair], null: float | None = 0.0
) -> dict[str, Any]:
    """`clmm` and `clmm_full` of a frame with `score`; where the table tells the stronger network's
    side, `clmm_side` and `clmm_side_full` too. Without `null` no mean is tested."""
    table = _table(frame, methods, pairs, "score", null)
    crossed = table.crossed()
    found = _both("clmm", table, lambda full: fit_scores(table.answers, crossed, full=full))
    if "stronger_side" not in frame.columns:
        return found
    side = table.frame["stronger_side"].map(ANSWER_SIDES)
    trouble = table.trouble
    if not trouble and (side.isna().any() or side.nunique() < 2):
        trouble = "the stronger network must be at A and at B, and stronger_side must say where"
    sides: Integers = np.asarray(side.fillna(0), dtype=np.int64)
    return found | _both(
        "clmm_side",
        replace(table, trouble=trouble),
        lambda full: fit_sides(table.answers, sides, crossed, full=full),
    )


def beside(models: Mapping[str, Any]) -> str | None:
    """The model to read beside the robust numbers; None where none of them converged."""
    return next((name for name in FULL if name in models and models[name]["converged"]), None)


def _both(name: str, table: _Table, fit: Fit) -> dict[str, Any]:
    """The model with intercepts only, and the one in which methods' effects vary besides."""
    base, full = _told(lambda: fit(False), table), f"{name}_full"
    reasons = [] if table.trouble else _unidentified(table.crossed())
    if len(reasons) == len(SIDES):
        why = f"{' and '.join(reasons)}: the same as {name}"
        note = "; ".join(filter(None, [base["note"], why]))
        return {name: base, full: _deciding(full, {**base, "note": note}, table.pairs)}
    note = "".join(f"{reason}, so this term is left out" for reason in reasons)
    return {
        name: base,
        full: _deciding(full, _told(lambda: fit(True), table, note), table.pairs),
    }


def _deciding(name: str, told: dict[str, Any], pairs: Sequence[Pair]) -> dict[str, Any]:
    """The model's numbers, with the contrasts by which it decides a hypothesis marked as planned:
    their adjusted p belongs to the verdict."""
    numbers = {(one.a, one.b): one.hypothesis for one in pairs if one.decided_by == name}
    return {
        **told,
        "contrasts": [
            {**one, "planned": True, "hypothesis": number, "p_holm": None} if number else one
            for one in told["contrasts"]
            for number in [numbers.get((one["a"], one["b"]), 0)]
        ],
    }


def _unidentified(crossed: Crossed) -> list[str]:
    """Which effects of methods have no variance of their own, and why."""
    if len(crossed.methods) < 2:
        return ["there is one method", "its effects are the intercepts"]
    reasons = [crossed.unidentified(side) for side in range(len(SIDES))]
    return [
        f"{name}:method is not identified since {reason}"
        for name, reason in zip(SIDES, reasons, strict=True)
        if reason
    ]


def _table(
    frame: pd.DataFrame,
    methods: list[str],
    pairs: Sequence[Pair],
    outcome: str,
    null: float | None,
) -> _Table:
    answers = frame[outcome].to_numpy()
    trouble = _trouble(frame, answers)
    constant = [] if trouble else _constant(frame, methods, answers)
    left_out = "; ".join(f"every judgment of {name} is {value}" for name, value in constant)
    names = [name for name, _ in constant]
    kept = ~frame["method"].isin(names).to_numpy()
    if names and not trouble:
        left_out += f", so {' and '.join(names)} {'is' if len(names) == 1 else 'are'} left out"
        trouble = _trouble(frame[kept], answers[kept])
    return _Table(frame[kept], outcome, answers[kept], methods, pairs, null, left_out, trouble)


def _trouble(frame: pd.DataFrame, answers: Numbers) -> str:
    """Why there is nothing to fit; empty where there is."""
    people, images = frame["participant"].nunique(), frame["image"].nunique()
    if not len(frame):
        return "there are no judgments to fit"
    if min(people, images) < 2:
        return f"too little to fit: {few(people, images)}, at least 2 of each are needed"
    if len(np.unique(answers)) < 2:
        return "all judgments are the same, so there is nothing to fit"
    if len(frame) == people == images:
        return "too little to fit: no person and no photo has two judgments"
    return ""


def _constant(frame: pd.DataFrame, methods: list[str], answers: Numbers) -> list[tuple[str, str]]:
    """The methods whose answers are all the lowest or all the highest there is."""
    found = []
    for name in methods:
        own = answers[(frame["method"] == name).to_numpy()]
        if own.min() == own.max() and own[0] in {answers.min(), answers.max()}:
            found.append((name, f"{own[0]:g}"))
    return found


def _told(fit: Callable[[], MethodModel], table: _Table, note: str = "") -> dict[str, Any]:
    """The model's numbers. note: what is unusual about it even before it is fitted."""
    if table.trouble:
        return _unfitted(table.trouble, table)
    model = fit()
    if not model.fit.converged:
        return _unfitted(model.fit.note, table)
    margins = {name: tangent_of(model.fit, model.marginal(name)) for name in model.methods}
    names, fixed = model.fit.names, model.fit.fixed
    values, variances = model.fit.values.tolist(), np.diag(model.fit.covariance)[:fixed]
    return {
        "converged": True,
        "note": "; ".join(filter(None, [table.left_out, note, model.fit.note])),
        "estimate": dict(zip(names, map(rounded, values[:fixed]), strict=False)),
        "se": dict(zip(names, map(rounded, np.sqrt(variances).tolist()), strict=False)),
        "sd": {name: rounded(sd) for name, sd in model.fit.sd.items()},
        "loglik": rounded(model.fit.loglik),
        "marginal": {name: _marginal(model, name, table, margins) for name in table.methods},
        "contrasts": _contrasts(model, table, margins),
        "chance": _tests(model, table),
        "variance": shares(model),
        **single_effects(model, table.frame, table.outcome),
    }


def _unfitted(note: str, table: _Table) -> dict[str, Any]:
    return {
        "converged": False,
        "note": "; ".join(filter(None, [table.left_out, note, INSTEAD])),
        "estimate": None, "se": None, "sd": None, "loglik": None,
        "marginal": dict.fromkeys(table.methods), "variance": [],
        "contrasts": [],
        "chance": {name: {**_wald(None), "p_holm": None} for name in table.methods},
    }  # fmt: skip


def _marginal(
    model: MethodModel, name: str, table: _Table, margins: Mapping[str, Tangent]
) -> list[float] | None:
    """Estimate, low and high; a share's interval is made on the logit scale, so it stays in 0…1."""
    if name not in margins or table.df(name) <= 0:
        return None
    found = margins[name].wald(model.fit, table.df(name))
    if found is None:
        return None
    if not len(model.levels):
        low, high = logit_interval(found.estimate, found.se, found.quantile())
    else:
        low, high = found.interval()
        ends = float(model.levels[0]), float(model.levels[-1])
        low, high = max(low, min(ends)), min(high, max(ends))
    return [rounded(value) for value in (found.estimate, low, high)]


def _contrasts(
    model: MethodModel, table: _Table, margins: Mapping[str, Tangent]
) -> list[dict[str, Any]]:
    """The pairs of methods that the model has, none with a test that rests on too little."""
    pairs = [one for one in table.pairs if {one.a, one.b} <= set(model.methods)]
    found = [asked_of(model.fit, model.contrast(one.b, one.a), one.df) for one in pairs]
    told = [_wald(one, pair.too_few) for pair, one in zip(pairs, found, strict=True)]
    holm_values = adjusted(pairs, [one["p"] for one in told])
    return [
        {
            "a": pair.a, "b": pair.b, "planned": pair.is_planned and not pair.hypothesis,
            **one, "p_holm": _maybe(p_holm),
            "note": pair.too_few, "odds_ratio": _odds_ratio(logits),
            "marginal_difference": _size(
                (margins[pair.a] - margins[pair.b]).wald(model.fit, pair.df)
            ),
        }
        for pair, logits, one, p_holm in zip(pairs, found, told, holm_values, strict=True)
    ]  # fmt: skip


def _size(found: Wald | None) -> dict[str, Any]:
    """An estimate with its interval, standard error and degrees."""
    if found is None or not found.df > 0:
        estimate = None if found is None else rounded(found.estimate)
        return {"estimate": estimate, "interval95": None, "se": None, "df": None,
                "note": NO_INTERVAL}  # fmt: skip
    pair = [rounded(end) for end in found.interval()]
    return {"estimate": rounded(found.estimate), "interval95": pair, "se": rounded(found.se),
            "df": rounded(found.df), "note": ""}  # fmt: skip


def _odds_ratio(logits: Wald | None) -> dict[str, Any]:
    """Conditional on person and photo: of one person with one photo. se: of its logarithm."""
    told = _size(logits)
    value, pair = told["estimate"], told["interval95"]
    return {
        **told,
        "estimate": None if value is None else rounded(math.exp(value)),
        "interval95": None if pair is None else [rounded(math.exp(end)) for end in pair],
    }


def _wald(found: Wald | None, too_few: str = "") -> dict[str, float | None]:
    if found is None:
        return dict.fromkeys(TESTED)
    tested = {"z": found.z, "df": found.df, "p": found.p}
    return {
        "estimate": rounded(found.estimate),
        "se": rounded(found.se),
        **{key: None if too_few else rounded(value) for key, value in tested.items()},
    }


def _tests(model: MethodModel, table: _Table) -> dict[str, dict[str, float | None]]:
    """Each method against the null: on the scale of the predictor but for a mean of scores."""
    null = table.null
    if null is None:
        return {name: {**_wald(None), "p_holm": None} for name in table.methods}

    def asked(name: str) -> Wald | None:
        # Left out of the model, or on one cluster
        if name not in model.methods or table.df(name) <= 0:
            return None
        return asked_of(model.fit, model.above(name, null), table.df(name))

    told = [_wald(asked(name)) for name in table.methods]
    holm_values = holm([one["p"] for one in told])
    return {
        name: {**one, "p_holm": _maybe(p_holm)}
        for name, one, p_holm in zip(table.methods, told, holm_values, strict=True)
    }


def _maybe(value: float | None) -> float | None:
    return None if value is None else rounded(value)
