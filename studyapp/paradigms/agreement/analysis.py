"""Agreement, analysed: right and wrong predictions apart, and what confidence tells."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from studyapp.paradigms.analysis import BINARY, Analysis, InputSchema
from studyapp.paradigms.estimates import by_method, by_stratum
from studyapp.paradigms.measures import Measured, StudyTables, scored
from studyapp.paradigms.tabulation import Facts, Table, strata_table
from studyapp.paradigms.wording import count_of
from studyapp.shelf.formatting import interval, number
from studyapp.statistics.detection import brier, calibration_error, fit_detection, type2_auroc
from studyapp.statistics.glmm import crossed_of
from studyapp.statistics.wald import Wald

from .question import ANSWERS

Frame = pd.DataFrame


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
    }


def _detections(frame: Frame, methods: list[str]) -> dict[str, Any]:
    """A model for each wording: what is said to one is not put together with another."""
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
    }


def _detection(frame: Frame, methods: list[str]) -> dict[str, Any]:
    """The signal is a wrong prediction, and “wrong” is said by the lower half of the answers."""
    said: Any = (frame["answer"] <= _points(frame) / 2).to_numpy(dtype="int64")
    signal: Any = (frame["prediction_right"] == 0).to_numpy(dtype="int64")
    reason = ""
    crossed = crossed_of(frame, methods)
    if min(len(set(crossed.people)), len(set(crossed.images))) < 2:
        reason = "too few people or photos for a model"
    for place, name in enumerate(methods):
        for there in (0, 1):
            own = said[(crossed.method == place) & (signal == there)]
            if not len(own) or own.min() == own.max():
                kind = "wrong" if there else "right"
                reason = (
                    f"with {name}, all answers to {kind} predictions are the same, or there are "
                    "none"
                )
    if reason:
        return {"converged": False, "note": reason, "methods": dict.fromkeys(methods)}
    fit, found = fit_detection(said, signal, crossed)
    told = {
        name: {"d_prime": _wald(one.d_prime), "criterion": _wald(one.criterion)}
        for name, one in found.items()
    }
    return {"converged": fit.converged, "note": fit.note, "methods": told}


def _wald(found: Wald | None) -> list[float] | None:
    """Estimate, low and high, to as many digits as are meant."""
    if found is None:
        return None
    return [float(f"{value:.8g}") for value in (found.estimate, *found.interval())]


def _confidence(rows: Frame) -> dict[str, Any]:
    """Type-2 AUROC of how far answers are from the middle, Brier score and ECE of belief.

    Belief as a probability that the prediction is right: the middles of equal parts, of four
    answers .125, .375, .625, .875.
    """
    points = _points(rows)
    certain = (rows["answer"] - (points + 1) / 2).abs().astype(float).to_list()
    belief = ((rows["answer"] - 0.5) / points).astype(float).to_list()
    happened = rows["prediction_right"].astype(int).to_list()
    return {
        "type2_auroc": type2_auroc(rows["correct"].to_list(), certain),
        "brier": brier(happened, belief),
        "calibration_error": calibration_error(happened, belief, bins=int(points.iloc[0])),
    }


def _points(frame: Frame) -> "pd.Series[Any]":
    """How many answers the page had; a table from elsewhere has the four built-in ones."""
    if "points" in frame.columns:
        return frame["points"]
    return pd.Series(len(ANSWERS), frame.index)


def tables(own: Facts) -> Iterator[Table]:
    yield strata_table("Right and wrong predictions apart", own["by_stratum"])
    detection: Facts = own["detection"]
    rows = [
        [method, *_estimate(one and one["d_prime"]), *_estimate(one and one["criterion"])]
        for method, one in detection["methods"].items()
    ]
    title = "Noticing that the network is wrong"
    note = f" (not estimated: {detection['note']})" if not detection["converged"] else ""
    header = ["method", "d′", "95 % interval", "criterion", "95 % interval"]
    yield Table(title + note, header, rows)
    rows = [
        [method, *(number(one[key]) for key in ("type2_auroc", "brier", "calibration_error"))]
        for method, one in own["confidence"].items()
    ]
    header = ["method", "type-2 AUROC", "Brier score", "calibration error"]
    yield Table("What confidence tells", header, rows)


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
