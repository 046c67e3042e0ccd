"""How large the differences between methods are, and each test as a line for a paper."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from studyapp.statistics.effect_sizes import (
    Compared,
    odds_ratio,
    risk_ratio,
    standardised,
    superiority,
)
from studyapp.statistics.labels import codes
from studyapp.statistics.robust import Estimate

from .apa import contrast_line, test_line
from .tidy import Tidy

Facts = Mapping[str, Any]
SIZES: Mapping[str, Mapping[str, Callable[[Compared], Estimate]]] = {
    "correct": {
        "standardised": standardised, "risk_ratio": risk_ratio, "marginal_odds_ratio": odds_ratio,
    },
    "score": {"standardised": standardised, "superiority": superiority},
    "value": {"standardised": standardised, "superiority": superiority},
}  # fmt: skip
# What the mixed model of a contrast says of its size
MODELLED = ("odds_ratio", "marginal_difference")
NO_MODEL = "no mixed model whose effects of methods vary by person and photo converged"
LEFT_OUT = "the mixed model leaves one of the two out"


def with_effects(
    tidy: Tidy, contrasts: Sequence[Facts], models: Facts, beside: str | None
) -> list[dict[str, Any]]:
    """The contrasts, each with the sizes of its effect and a line in APA's style.

    models: the mixed models by name, of which `beside` is read.
    """
    found = []
    for one in contrasts:
        modelled = _modelled(one, models, beside) if models else {}
        told = {**one, "effect": {**_sizes(tidy, one["a"], one["b"]), **modelled}}
        found.append({**told, "apa": contrast_line(told)})
    return found


def with_lines(tests: Facts, methods: Facts, outcome: str) -> dict[str, Any]:
    """The tests of single methods, each with its line."""
    is_share = outcome == "correct"
    estimate = "accuracy" if is_share else "mean"
    return {
        name: {
            **test,
            "apa": test_line(
                test, methods[name][estimate], methods[name]["robust95"], is_share=is_share
            ),
        }
        for name, test in tests.items()
    }


def _sizes(tidy: Tidy, a: str, b: str) -> dict[str, Any]:
    rows = tidy.frame[tidy.frame["method"].isin([a, b])]
    compared = Compared(
        rows[tidy.outcome].to_numpy(dtype=np.float64),
        codes(rows["participant"]),
        codes(rows["image"]),
        (rows["method"] == a).to_numpy(),
    )
    return {name: _told(size(compared)) for name, size in SIZES[tidy.outcome].items()}


def _told(found: Estimate) -> dict[str, Any]:
    return {
        "estimate": found.estimate, "interval95": found.interval, "se": found.se, "df": found.df,
        "note": found.note if found.se is None else "",
    }  # fmt: skip


def _modelled(contrast: Facts, models: Facts, beside: str | None) -> dict[str, Any]:
    """The sizes that the mixed model tells which is read beside the robust numbers."""
    if beside is None:
        return {name: _unknown(NO_MODEL) for name in MODELLED}
    pair = contrast["a"], contrast["b"]
    for one in models[beside]["contrasts"]:
        if (one["a"], one["b"]) == pair:
            return {name: {**one[name], "model": beside} for name in MODELLED}
    return {name: _unknown(LEFT_OUT) for name in MODELLED}


def _unknown(note: str) -> dict[str, Any]:
    return {"estimate": None, "interval95": None, "se": None, "df": None, "note": note,
            "model": None}  # fmt: skip
