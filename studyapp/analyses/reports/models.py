"""The mixed models of a paradigm as tables, the one to read first on top."""

from collections.abc import Iterator
from dataclasses import dataclass

from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import MISSING, interval, number, p_value, percent, signed

from .tabulation import degrees, family_of

FORMULAS = {
    "glmer": "correct ~ method + (1|participant) + (1|image), binomial",
    "glmer_full": "glmer’s formula + (1|participant:method) + (1|image:method)",
    "clmm": "score ~ method + (1|participant) + (1|image), cumulative logit",
    "clmm_full": "clmm’s formula + (1|participant:method) + (1|image:method)",
    "clmm_side": "answer ~ s:method + (1|participant) + (0+s|participant) + (0+s|image)",
    "clmm_side_full": "clmm_side’s formula + (0+s|participant:method) + (0+s|image:method)",
}


@dataclass(frozen=True)
class Model:
    """One model. `note`: why it did not converge, or what is odd about it."""

    title: str
    formula: str
    note: str
    tables: list[Table]


def models(found: Facts) -> list[Model]:
    """Every mixed model of the results, the one to read beside the robust numbers first."""
    names = [name for name in FORMULAS if name in found]
    return [
        _model(name, found[name], found, is_beside=name == found["beside"])
        for name in sorted(names, key=lambda name: name != found["beside"])
    ]


def fallback_sentence(found: Facts) -> str:
    """That no mixed model stands beside the robust numbers; empty where one does."""
    if found["beside"] is not None or not any(name in found for name in FORMULAS):
        return ""
    return (
        "No mixed model whose effects of methods vary by person and photo converged on these "
        "judgments. The two-way cluster-robust numbers above do not depend on one."
    )


def _model(name: str, model: Facts, found: Facts, *, is_beside: bool) -> Model:
    title = f"{name}, as a second opinion on the robust numbers" if is_beside else name
    note = model["note"] if model["converged"] else f"Not converged: {model['note']}"
    tables = list(_tables(model, found)) if model["converged"] else []
    return Model(title, FORMULAS[name], note, tables)


def _tables(model: Facts, found: Facts) -> Iterator[Table]:
    is_share = found["outcome"] == "correct"
    show, null = (percent, "chance") if is_share else (number, "0")
    rows = [
        [
            method,
            show(one[0]) if one else MISSING,
            interval(one[1:], show) if one else MISSING,
            signed(model["chance"][method]["z"]),
            degrees(model["chance"][method]["df"]),
            p_value(model["chance"][method]["p"]),
            p_value(model["chance"][method]["p_holm"]),
        ]
        for method, one in model["marginal"].items()
    ]
    header = ["method", "over all people and photos", "95 % interval", "t", "df",
              f"p against {null}", "p by Holm"]  # fmt: skip
    yield Table("Marginal means", header, rows)
    yield from fitted_tables(model)


def fitted_tables(model: Facts) -> Iterator[Table]:
    """The differences between methods in the model, and its parameters."""
    if model["contrasts"]:
        header = ["contrast", "difference, logits", "standard error", "t", "df", "p", "p by Holm",
                  "family", ""]  # fmt: skip
        yield Table("Differences", header, [_contrast(one) for one in model["contrasts"]])
    yield Table("Parameters", ["", "estimate", "standard error"], list(_parameters(model)))


def _contrast(one: Facts) -> list[str]:
    return [
        f"{one['a']} − {one['b']}",
        signed(one["estimate"]),
        number(one["se"]),
        signed(one["z"]),
        degrees(one["df"]),
        p_value(one["p"]),
        p_value(one["p_holm"]),
        family_of(one),
        one["note"],
    ]


def _parameters(model: Facts) -> Iterator[list[str]]:
    for name, value in model["estimate"].items():
        yield [name, _digits(value), _digits(model["se"].get(name))]
    for name, value in model["sd"].items():
        yield [f"standard deviation, {name}", _digits(value), ""]
    yield ["log-likelihood", _digits(model["loglik"]), ""]


def _digits(value: float | None) -> str:
    if value is None:
        return MISSING
    return f"{value:.3f}".replace("-0.000", "0.000").replace("-", "−")
