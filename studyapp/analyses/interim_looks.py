"""The interval that holds at every look, for a study whose plan allows looking."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from studyapp.statistics.sequential import Look, confidence_sequence, drifts

from .tidy import Tidy


def looks(tidy: Tidy) -> dict[str, list[dict[str, Any]]] | None:
    """By method, what can be said after each finished person: n, mean, low, high and `at`, the
    moment in UTC (None where it is not known).

    None where the plan allows no looking, or where the outcome has no bounds.
    """
    if tidy.arrivals is None or tidy.limits is None:
        return None
    found = {}
    for name in tidy.methods():
        rows = tidy.frame[tidy.frame["method"] == name]
        means = rows.groupby("participant")[tidy.outcome].mean().astype(float)
        order = [(person, moment) for person, moment in tidy.arrivals if person in means.index]
        limits = tidy.limits_of(name) or tidy.limits
        steps = confidence_sequence([float(means[person]) for person, _ in order], *limits)
        found[name] = [
            {**asdict(look), "at": None if moment is None else moment.isoformat()}
            for look, (_, moment) in zip(steps, order, strict=True)
        ]
    return found


def drift_notes(told: Mapping[str, list[dict[str, Any]]] | None) -> Iterator[str]:
    """A sentence for each method about which answers change with time."""
    for name, rows in (told or {}).items():
        looks = [Look(row["n"], row["mean"], row["low"], row["high"]) for row in rows]
        if drifts(looks):
            yield (
                f"answers about {name} drift: intervals at different times exclude each other, so "
                "each interval speaks only of the people who had answered by then"
            )
