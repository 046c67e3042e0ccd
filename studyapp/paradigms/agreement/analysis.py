"""Agreement, analysed: right and wrong predictions apart, and what confidence tells."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from studyapp.paradigms.analysis import BINARY, Analysis, InputSchema
from studyapp.paradigms.confidence import type2_contrasts, type2_row
from studyapp.paradigms.estimates import by_method, by_stratum, share
from studyapp.paradigms.measures import Measured, StudyTables, scored
from studyapp.paradigms.sensitivity import Measure, Said, sensitivity
from studyapp.paradigms.tabulation import Facts, Table, strata_table
from studyapp.paradigms.wording import count_of
from studyapp.shelf.formatting import interval, number, p_value, signed
from studyapp.statistics.detection import brier, calibration_error
from studyapp.statistics.metacognition import type2_estimate

from .question import ANSWERS

Frame = pd.DataFrame
# Of what is said of right predictions and of wrong ones, on the probit
MEASURES = [Measure("d_prime", (-1, 1)), Measure("criterion", (-0.5, -0.5))]
WORDS = {"d_prime": "d′", "criterion": "criterion"}


def measure(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    frame = scored(main, "correct")
    frame["answer"] = main["value"]
    counts = {
        name: count_of(block, len(ANSWERS)) for name, block in tables.blocks(paradigm).items()
    }
    # Of no judgment at all, a map gives texts
    frame["points"] = main["block"].map(counts).astype("Int64")
    frame["prediction_right"] = tables.facts(main, "right").astype("Int64")
    return Measured(frame, "correct")


def believed_well(frame: Frame) -> "pd.Series[Any]":
    return (frame["answer"] > len(ANSWERS) // 2).eq(frame["prediction_right"] == 1).astype(int)


def results(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    """Right and wrong predictions apart, d′ and criterion, and what confidence tells."""
    return {
        "by_stratum": by_stratum(frame, methods, "correct"),
        "detection": _detections(frame, methods),
        "confidence": {name: _confidence(rows) for name, rows in by_method(frame, methods)},
        "confidence_contrasts": type2_contrasts(
            frame.assign(certainty=_certainty(frame)), methods, "certainty"
        ),
        "calibration": {
            "stated": "stated probability that the prediction is right",
            "share": "right predictions",
            "methods": {name: _calibration(rows) for name, rows in by_method(frame, methods)},
        },
    }


def _detections(frame: Frame, methods: list[str]) -> dict[str, Any]:
    """For each wording by itself: what is said to one is not put together with another."""
    if "scale" not in frame.columns or frame["scale"].nunique() < 2:
        return _detection(frame, methods)
    found = [
        _detection(rows, [name for name in methods if (rows["method"] == name).any()])
        for _, rows in frame.groupby("scale", sort=True)
    ]
    return {
        "converged": all(one["converged"] for one in found),
        "note": "; ".join(one["note"] for one in found if one["note"]),
        "methods": {name: one for each in found for name, one in each["methods"].items()},
        "marginal": {name: one for each in found for name, one in each["marginal"].items()},
        "contrasts": [one for each in found for one in each["contrasts"]],
        "models": [one for each in found for one in each["models"]],
    }


def _detection(frame: Frame, methods: list[str]) -> dict[str, Any]:
    """The signal is a wrong prediction, and “wrong” is said by the lower half of the answers.

    methods: d′ and criterion of the mixed model, for a typical person and photo; marginal: of the
    shares of all judgments, two-way robust, which are read first; contrasts: of both.
    """
    said = Said(
        frame,
        methods,
        (frame["answer"] <= _points(frame) / 2).to_numpy(dtype="int64"),
        (frame["prediction_right"] == 0).to_numpy(dtype="int64"),
        "probit",
        ("right predictions", "wrong predictions"),
    )
    told = sensitivity(said, MEASURES)
    model = told["model"]
    return {
        "converged": model["converged"],
        "note": model["note"],
        "methods": {
            name: {measure: _of_model(one[measure]) for measure in one}
            if model["converged"]
            else None
            for name, one in told["methods"].items()
        },
        "marginal": told["methods"],
        "contrasts": told["contrasts"],
        "models": [model],
    }


def _of_model(one: Facts) -> list[float] | None:
    """Estimate, low and high."""
    model = one["model"]
    return None if model is None else [model["estimate"], *model["interval95"]]


def _confidence(rows: Frame) -> dict[str, Any]:
    """Type-2 AUROC of how far answers are from the middle, Brier score and ECE of belief.

    Belief as a probability that the prediction is right: the middles of equal parts, of four
    answers .125, .375, .625, .875.
    """
    points = _points(rows)
    certain = _certainty(rows)
    found = type2_estimate(rows["correct"].to_list(), certain, rows["participant"], rows["image"])
    belief = ((rows["answer"] - 0.5) / points).astype(float).to_list()
    happened = rows["prediction_right"].astype(int).to_list()
    return {
        "type2_auroc": found.estimate,
        "robust95": found.interval,
        "note": found.note,
        "brier": brier(happened, belief),
        "calibration_error": calibration_error(happened, belief, bins=int(points.iloc[0])),
    }


def _certainty(rows: Frame) -> list[float]:
    """How far answers are from the middle."""
    return [float(one) for one in (rows["answer"] - (_points(rows) + 1) / 2).abs()]


def _calibration(rows: Frame) -> list[dict[str, Any]]:
    """Of each answer: the probability that it states, and how many of the predictions that got it
    were right, with the two-way interval."""
    points = int(_points(rows).iloc[0])
    is_right = rows["prediction_right"] == 1
    return [
        {"answer": answer, "x": (answer - 0.5) / points,
         **share(rows, is_right, among=rows["answer"] == answer)}
        for answer in range(1, points + 1)
    ]  # fmt: skip


def _points(frame: Frame) -> "pd.Series[Any]":
    """How many answers the page had; a table from elsewhere has the four built-in ones."""
    if "points" in frame.columns:
        return frame["points"]
    return pd.Series(len(ANSWERS), frame.index)


def tables(own: Facts) -> Iterator[Table]:
    yield strata_table("Right and wrong predictions apart", own["by_stratum"])
    detection: Facts = own["detection"]
    rows = [
        [f"{method}, {WORDS[measure]}", number(one["estimate"]), interval(one["robust95"]),
         *_estimate(_of_model(one)), one["note"]]
        for method, told in detection["marginal"].items()
        for measure, one in told.items()
    ]  # fmt: skip
    note = f" (no mixed model: {detection['note']})" if not detection["converged"] else ""
    header = ["", "robust", "95 % interval", "mixed model", "95 % interval", ""]
    yield Table(f"Noticing that the network is wrong{note}", header, rows)
    if detection["contrasts"]:
        yield _contrasts_table(detection["contrasts"])
    rows = [
        [method, number(one["type2_auroc"]), interval(one["robust95"]), number(one["brier"]),
         number(one["calibration_error"]), one["note"]]
        for method, one in own["confidence"].items()
    ]  # fmt: skip
    header = ["method", "type-2 AUROC", "95 % interval", "Brier score", "calibration error", ""]
    yield Table("What confidence tells", header, rows)
    if own["confidence_contrasts"]:
        yield Table(
            "Differences in what confidence tells (type-2 AUROC)",
            ["", "difference", "95 % interval", "p", "p by Holm", ""],
            [type2_row(one) for one in own["confidence_contrasts"]],
        )


def _contrasts_table(contrasts: Sequence[Facts]) -> Table:
    rows = [
        [f"{one['a']} − {one['b']}, {WORDS[measure.name]}", signed(told["estimate"]),
         interval(told["robust95"], signed), p_value(told["p"]), p_value(told["p_holm"]),
         " ".join(_beside(told["model"])), told["note"]]
        for one in contrasts
        for measure in MEASURES
        for told in [one[measure.name]]
    ]  # fmt: skip
    header = ["", "difference", "95 % interval", "p", "p by Holm", "mixed model", ""]
    return Table("Differences in noticing that the network is wrong", header, rows)


def _beside(model: Facts | None) -> Iterator[str]:
    if model is not None:
        yield f"{signed(model['estimate'])} ({interval(model['interval95'], signed)})"


def _estimate(found: list[float] | None) -> list[str]:
    return ["–", "–"] if found is None else [number(found[0]), interval(found[1:])]


ANALYSIS = Analysis(
    measure=measure,
    schemas={
        "agreement": InputSchema(
            needed={"answer": ANSWERS, "prediction_right": BINARY}, outcome=believed_well
        )
    },
    results=results,
    tables=tables,
)
