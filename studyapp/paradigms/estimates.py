"""Shares and means with their two-way robust intervals, as paradigms' own results tell them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from studyapp.statistics.robust import two_way_mean, two_way_share

Frame = pd.DataFrame
STRATA: Mapping[int, str] = {1: "prediction_right", 0: "prediction_wrong"}


def by_method(frame: Frame, methods: list[str]) -> list[tuple[str, Frame]]:
    return [(name, frame[frame["method"] == name]) for name in methods]


def by_stratum(frame: Frame, methods: list[str], column: str) -> dict[str, Any]:
    """Shares of `column` where the prediction is right and where it is wrong, apart."""
    return {
        name: shares(frame[frame["prediction_right"] == there], methods, column)
        for there, name in STRATA.items()
    }


def shares(frame: Frame, methods: list[str], column: str) -> dict[str, Any]:
    """The share of ones in `column` for each method."""
    return {name: share(rows, rows[column]) for name, rows in by_method(frame, methods)}


def share(
    rows: Frame, hit: "pd.Series[Any]", among: "pd.Series[Any] | None" = None
) -> dict[str, Any]:
    """How many rows `among` these are `hit` (N, true or 1), and their share with its interval.

    Of no rows there is no share: it is not 0.
    """
    if among is not None:
        rows, hit = rows[among.astype(bool)], hit[among.astype(bool)]
    count, n = int(hit.sum()), len(rows)
    robust = two_way_share(
        hit.astype(float).to_list(), rows["participant"].to_list(), rows["image"].to_list()
    )
    value = count / n if n else None
    return {
        "count": count, "n": n, "value": value, "robust95": robust.interval, "note": robust.note
    }  # fmt: skip


def mean(rows: Frame, column: str) -> dict[str, Any]:
    """The mean of `column` with its robust interval."""
    robust = two_way_mean(
        rows[column].astype(float).to_list(), rows["participant"].to_list(), rows["image"].to_list()
    )
    return {
        "n": len(rows), "mean": robust.estimate, "robust95": robust.interval, "note": robust.note
    }  # fmt: skip
