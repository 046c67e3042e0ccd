"""Shares and means with their two-way robust intervals, as paradigms' own results tell them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from studyapp.statistics.reliance import Share
from studyapp.statistics.robust import Estimate, two_way_mean, two_way_share

Frame = pd.DataFrame
STRATA: Mapping[int, str] = {1: "prediction_right", 0: "prediction_wrong"}


def by_method(frame: Frame, methods: list[str]) -> list[tuple[str, Frame]]:
    """The rows of each method."""
    return [(name, frame[frame["method"] == name]) for name in methods]


def by_stratum(frame: Frame, methods: list[str], column: str) -> dict[str, Any]:
    """Shares of `column` where the prediction is right and where it is wrong, apart."""
    return {
        name: shares(frame[frame["prediction_right"] == there], methods, column)
        for there, name in STRATA.items()
    }


def shares(frame: Frame, methods: list[str], column: str) -> dict[str, Any]:
    """The share of ones in `column` for each method."""
    everything = pd.Series(True, index=frame.index)
    return {
        name: share(
            Share(int(rows[column].sum()), len(rows)), rows, everything[rows.index], rows[column]
        )
        for name, rows in by_method(frame, methods)
    }


def share(found: Share, rows: Frame, asked: "pd.Series[Any]", hit: "pd.Series[Any]") -> Any:
    """A share with its robust interval over the rows that were asked."""
    own = rows[asked.astype(bool)]
    robust = two_way_share(
        hit[own.index].astype(float).to_list(), own["participant"].to_list(), own["image"].to_list()
    )
    return {
        "count": found.count, "n": found.n, "value": found.value, "robust95": _interval(robust),
        "note": robust.note,
    }  # fmt: skip


def mean(rows: Frame, column: str) -> dict[str, Any]:
    """The mean of `column` with its robust interval."""
    robust = two_way_mean(
        rows[column].astype(float).to_list(), rows["participant"].to_list(), rows["image"].to_list()
    )
    return {
        "n": len(rows), "mean": robust.estimate, "robust95": _interval(robust), "note": robust.note
    }  # fmt: skip


def _interval(robust: Estimate) -> list[float] | None:
    if robust.low is None or robust.high is None:
        return None
    return [robust.low, robust.high]
