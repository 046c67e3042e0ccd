"""What is said of further paradigms besides the mean of each method: pure, of tidy frames.

Each takes (frame, methods with the reference first, seed) and gives what JSON can hold; what can't
be said is None, beside a note where the reason is not plain.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from studyapp.statistics.detection import (
    Sensitivity,
    brier,
    calibration_error,
    fit_detection,
    type2_auroc,
)
from studyapp.statistics.reliance import (
    Choice,
    Share,
    relative_ai_reliance,
    relative_self_reliance,
    switch_fraction,
)
from studyapp.statistics.robust import two_way_mean, two_way_share
from studyapp.statistics.utility import Tallies, utility
from studyapp.statistics.wald import Wald

from .crossings import crossed_of

Frame = pd.DataFrame
STRATA: Mapping[int, str] = {1: "prediction_right", 0: "prediction_wrong"}
# Four steps of belief as a probability that the prediction is right: the middles of quarters
BELIEF: Mapping[int, float] = {1: 0.125, 2: 0.375, 3: 0.625, 4: 0.875}


def agreement(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    """Right and wrong predictions apart, d′ and criterion, and what confidence is worth.

    The signal is a wrong prediction, and “wrong” is said by the answers 1 and 2.
    """
    said = (frame["answer"] <= 2).to_numpy(dtype="int64")
    signal = (frame["prediction_right"] == 0).to_numpy(dtype="int64")
    detection = _detection(frame, methods, said, signal)
    return {
        "by_stratum": _by_stratum(frame, methods, "correct"),
        "detection": detection,
        "confidence": {name: _confidence(rows) for name, rows in _by_method(frame, methods)},
    }


def _detection(frame: Frame, methods: list[str], said: Any, signal: Any) -> dict[str, Any]:
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
                    f"of {kind} predictions with {name} all answers are the same, or none is there"
                )
    if reason:
        return {"converged": False, "note": reason, "methods": dict.fromkeys(methods)}
    fit, found = fit_detection(said, signal, crossed)
    told = {name: _sensitivity(one) for name, one in found.items()}
    return {"converged": fit.converged, "note": fit.note, "methods": told}


def _sensitivity(found: Sensitivity) -> dict[str, Any]:
    return {"d_prime": _wald(found.d_prime), "criterion": _wald(found.criterion)}


def _wald(found: Wald | None) -> list[float] | None:
    """Estimate, low and high, to as many digits as are meant."""
    if found is None:
        return None
    return [float(f"{value:.8g}") for value in (found.estimate, *found.interval())]


def _confidence(rows: Frame) -> dict[str, Any]:
    """Type-2 AUROC of the certain answers (1, 4), Brier score and ECE of belief."""
    certain = rows["answer"].isin([1, 4]).astype(int).to_list()
    belief = [BELIEF[int(answer)] for answer in rows["answer"]]
    happened = rows["prediction_right"].astype(int).to_list()
    return {
        "type2_auroc": type2_auroc(rows["correct"].to_list(), certain),
        "brier": brier(happened, belief),
        "calibration_error": calibration_error(happened, belief, bins=4),
    }


def distinction(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    """Which class is predicted and which is correct: two scores, never merged."""
    found: dict[str, Any] = {}
    for question in ("predicted", "truth"):
        column = f"{question}_right"
        told = {"methods": _shares(frame, methods, column)}
        if "prediction_right" in frame.columns:
            told["by_stratum"] = _by_stratum(frame, methods, column)
        if f"{question}_confidence" in frame.columns:
            told["type2_auroc"] = {
                name: _auroc(rows, column, f"{question}_confidence")
                for name, rows in _by_method(frame, methods)
            }
        found[question] = told
    return found


def _auroc(rows: Frame, right: str, confidence: str) -> float | None:
    known = rows[rows[confidence].notna()]
    return type2_auroc(known[right].to_list(), known[confidence].to_list())


def meta_prediction(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    """Utility-K and Utility of every method against the reference, which is the baseline."""
    if not methods:
        return {"baseline": None, "utility": {}}
    tallies = {name: _tallies(rows) for name, rows in _by_method(frame, methods)}
    baseline = methods[0]
    told = {
        name: asdict(utility(tallies[name], tallies[baseline], seed=seed)) for name in methods[1:]
    }
    return {"baseline": baseline, "utility": told}


def _tallies(rows: Frame) -> Tallies:
    """Right answers and answers by person and session."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for (person, session), cells in rows.groupby(["participant", "session"], sort=False):
        tally = int(cells["correct"].sum()), len(cells)
        found.setdefault(str(person), {})[str(session)] = tally
    return found


def reliance(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    """RAIR, RSR and the switch fraction by method, each with its two-way robust interval.

    Cases without a first answer or without advice say nothing of reliance.
    """
    found = {}
    advised = frame[frame["first"].notna() & frame["advice"].notna()]
    for name, rows in _by_method(advised, methods):
        cells = rows[["first", "advice", "final", "truth"]].itertuples(index=False, name=None)
        choices = [Choice(*cell) for cell in cells]
        is_first_right = rows["first"] == rows["truth"]
        is_advice_right = rows["advice"] == rows["truth"]
        followed, kept = rows["final"] == rows["advice"], rows["final"] == rows["first"]
        differs = rows["first"] != rows["advice"]
        found[name] = {
            "rair": _share(
                relative_ai_reliance(choices), rows, ~is_first_right & is_advice_right, followed
            ),
            "rsr": _share(
                relative_self_reliance(choices), rows, is_first_right & ~is_advice_right, kept
            ),
            "switch": _share(switch_fraction(choices), rows, differs, followed),
        }
    return {"methods": found}


def one_step_reliance(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    """P(accept | advice wrong) and P(reject | advice right): over- and under-reliance."""
    found = {}
    for name, rows in _by_method(frame, methods):
        is_right, accepted = rows["ai_right"] == 1, rows["accepted"] == 1
        over = Share(int((accepted & ~is_right).sum()), int((~is_right).sum()))
        under = Share(int((~accepted & is_right).sum()), int(is_right.sum()))
        found[name] = {
            "accept_wrong": _share(over, rows, ~is_right, accepted),
            "reject_right": _share(under, rows, is_right, ~accepted),
        }
    return {"methods": found}


def pointing(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    """NSS by method, where the table has it; percentiles are the results themselves."""
    if "nss" not in frame.columns:
        return {}
    known = frame[frame["nss"].notna()]
    return {"nss": {name: _mean(rows, "nss") for name, rows in _by_method(known, methods)}}


def items(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    """The mean of every item by method, where the table tells items apart."""
    if "item" not in frame.columns:
        return {}
    return {
        "items": {
            str(item): {name: _mean(own, "value") for name, own in _by_method(rows, methods)}
            for item, rows in frame.groupby("item")
        }
    }


def _by_method(frame: Frame, methods: list[str]) -> list[tuple[str, Frame]]:
    return [(name, frame[frame["method"] == name]) for name in methods]


def _by_stratum(frame: Frame, methods: list[str], column: str) -> dict[str, Any]:
    return {
        name: _shares(frame[frame["prediction_right"] == there], methods, column)
        for there, name in STRATA.items()
    }


def _shares(frame: Frame, methods: list[str], column: str) -> dict[str, Any]:
    everything = pd.Series(True, index=frame.index)
    return {
        name: _share(
            Share(int(rows[column].sum()), len(rows)), rows, everything[rows.index], rows[column]
        )
        for name, rows in _by_method(frame, methods)
    }


def _share(share: Share, rows: Frame, asked: "pd.Series[Any]", hit: "pd.Series[Any]") -> Any:
    """A share with its robust interval over the rows that were asked."""
    own = rows[asked.astype(bool)]
    found = two_way_share(
        hit[own.index].astype(float).to_list(), own["participant"].to_list(), own["image"].to_list()
    )
    interval = None if found.low is None else [found.low, found.high]
    return {
        "count": share.count, "n": share.n, "value": share.value, "robust95": interval,
        "note": found.note,
    }  # fmt: skip


def _mean(rows: Frame, column: str) -> dict[str, Any]:
    found = two_way_mean(
        rows[column].astype(float).to_list(), rows["participant"].to_list(), rows["image"].to_list()
    )
    interval = None if found.low is None else [found.low, found.high]
    return {"n": len(rows), "mean": found.estimate, "robust95": interval, "note": found.note}
