"""People's judgments of a stimulus beside automatic metrics of the same explanations."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from studyapp.paradigms.base import of_member
from studyapp.sections.meetings import members
from studyapp.statistics.rank_agreement import rank_agreement

from .tidy import Tidy

Key = tuple[str, str]
DIFFERENCE, ONE_MAP = "stronger − weaker", "the map"


def automatic(tidy: Tidy) -> dict[str, Any] | None:
    """Every metric against people, within each method and (naively) over all of them, which is
    None where they are answered on several scales.

    None where nothing was measured or judged. For scores a metric's number is the stronger
    network's map's minus the weaker's; of two conditions that met, the first one's minus the other.
    """
    if tidy.metrics is None or tidy.frame.empty or "unit" not in tidy.frame.columns:
        return None
    metrics = {}
    for metric, rows in tidy.metrics.groupby("metric"):
        if known := _numbers(tidy, rows):
            methods = {
                name: {**_agreement(tidy, known, name), "points": _points(tidy, known, name)}
                for name in tidy.methods()
            }
            pooled = None if len(tidy.scales) > 1 else _agreement(tidy, known, None)
            metrics[str(metric)] = {"methods": methods, "pooled": pooled}
    if not metrics:
        return None
    return {"of": DIFFERENCE if tidy.outcome == "score" else ONE_MAP, "metrics": metrics}


def metric_numbers(tidy: Tidy, metric: str) -> dict[Key, float]:
    """A metric's number of every judged stimulus under a method; {} where it was not measured."""
    if tidy.metrics is None:
        return {}
    return _numbers(tidy, tidy.metrics[tidy.metrics["metric"] == metric])


def _numbers(tidy: Tidy, rows: pd.DataFrame) -> dict[Key, float]:
    """A metric's number of every judged stimulus under a method: with two networks, how much it
    favours the stronger one, as a score does."""
    cells = rows[["unit", "method", "role", "value"]].itertuples(index=False, name=None)
    values = {
        (str(unit), *of_member(str(method), str(role))): float(value)
        for unit, method, role, value in cells
    }
    frame = tidy.frame
    # Where a condition is judged on several scales, it is several methods.
    shown = frame["condition" if "condition" in frame.columns else "method"]
    judged = zip(*(one.astype(str) for one in (frame["unit"], frame["method"], shown)), strict=True)
    found = {}
    for unit, method, condition in sorted(set(judged)):
        met = members(condition)
        stronger = values.get((unit, met[0], "stronger"))
        weaker: float | None = 0.0
        if tidy.outcome == "score":
            other = (met[1], "stronger") if len(met) > 1 else (condition, "weaker")
            weaker = values.get((unit, *other))
        if stronger is not None and weaker is not None:
            found[unit, method] = stronger - weaker
    return found


def _agreement(tidy: Tidy, known: Mapping[Key, float], method: str | None) -> dict[str, Any]:
    """Within `method`; over all methods where it is None."""
    rows = tidy.frame if method is None else tidy.frame[tidy.frame["method"] == method]
    keys = list(zip(rows["unit"].astype(str), rows["method"].astype(str), strict=True))
    values = rows[tidy.outcome].astype(float).to_list()
    return asdict(
        rank_agreement(values, rows["participant"].to_list(), keys, known, seed=tidy.seed)
    )


def _points(tidy: Tidy, known: Mapping[Key, float], method: str) -> list[list[float]]:
    """[the metric's number, people's mean] of every stimulus under `method`."""
    rows = tidy.frame[tidy.frame["method"] == method]
    means = rows.groupby("unit")[tidy.outcome].mean()
    return [
        [known[str(unit), method], float(mean)]
        for unit, mean in means.items()
        if (str(unit), method) in known
    ]
