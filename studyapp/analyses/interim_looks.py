"""The interval that holds at every look, for a study whose plan allows looking."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from studyapp.statistics.sequential import Look, confidence_sequence, drifts

from .tidy import Tidy


def looks(tidy: Tidy) -> dict[str, list[dict[str, Any]]] | None:
    """By method, what could be said after each finished person: n, mean, low, high and `at`, the
    moment in UTC (None where it is not known).

    None where the plan allows no looking, or where the outcome has no bounds.
    """
    if tidy.arrivals is None or tidy.limits is None:
        return None
    return {
        name: _looks(tidy, name, tidy.limits_of(name) or tidy.limits) for name in tidy.methods()
    }


def drift_notes(told: Mapping[str, list[dict[str, Any]]] | None) -> Iterator[str]:
    """That people answer otherwise as time goes on, of each method with which they do."""
    for name, rows in (told or {}).items():
        looks = [Look(row["n"], row["mean"], row["low"], row["high"]) for row in rows]
        if drifts(looks):
            yield (
                f"answers about {name} drift: looks at different times exclude each other, so each "
                "interval speaks only of the people who had answered by then"
            )


def _looks(tidy: Tidy, method: str, limits: tuple[float, float]) -> list[dict[str, Any]]:
    rows = tidy.frame[tidy.frame["method"] == method]
    means = rows.groupby("participant")[tidy.outcome].mean().astype(float)
    order = [(name, moment) for name, moment in tidy.arrivals or () if name in means.index]
    steps = confidence_sequence([float(means[name]) for name, _ in order], *limits)
    return [
        {**asdict(look), "at": None if moment is None else moment.isoformat()}
        for look, (_, moment) in zip(steps, order, strict=True)
    ]
