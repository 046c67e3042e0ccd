"""People's judgments of a stimulus beside automatic metrics of the same explanations."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from studyapp.statistics.rank_agreement import rank_agreement

from .tidy import Tidy

Key = tuple[str, str]
DIFFERENCE, ONE_MAP = "stronger − weaker", "the map"


def automatic(tidy: Tidy) -> dict[str, Any] | None:
    """Every metric against people, within each method and (naively) over all of them.

    None where nothing was measured or judged. For scores a metric's number is the stronger
    network's map's minus the weaker's.
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
            metrics[str(metric)] = {"methods": methods, "pooled": _agreement(tidy, known, None)}
    if not metrics:
        return None
    return {"of": DIFFERENCE if tidy.outcome == "score" else ONE_MAP, "metrics": metrics}


def _numbers(tidy: Tidy, rows: pd.DataFrame) -> dict[Key, float]:
    """A metric's number of every judged stimulus under a method: with two networks, how much it
    favours the stronger one, as a score does."""
    cells = rows[["unit", "method", "role", "value"]].itertuples(index=False, name=None)
    values = {
        (str(unit), str(method), str(role)): float(value) for unit, method, role, value in cells
    }
    judged = zip(tidy.frame["unit"].astype(str), tidy.frame["method"].astype(str), strict=True)
    found = {}
    for unit, method in sorted(set(judged)):
        stronger = values.get((unit, method, "stronger"))
        weaker = values.get((unit, method, "weaker")) if tidy.outcome == "score" else 0.0
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
