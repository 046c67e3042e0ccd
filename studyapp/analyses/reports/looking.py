"""The interval that holds at every look, for a study whose plan allows looking."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from studyapp.analyses.figures import Figure
from studyapp.analyses.figures.looks import looks_figure
from studyapp.analyses.statistics.sequential import confidence_sequence

from .material import Material

RANGES = {"score": (-2.0, 2.0), "correct": (0.0, 1.0)}


def looks_figures(found: Mapping[str, Any], material: Material) -> list[Figure]:
    """One figure a method; none where the definition does not allow looking."""
    if not material.definition["analysis"]["looks"]:
        return []
    outcome = found["outcome"]
    people, moments = _arrivals(material)
    figures = []
    for name in found["methods"]:
        means = _means(material, found["paradigm"], str(name), outcome)
        order = [person for person in people if person in means]
        times = [moments[person] for person in order] if moments else None
        looks = confidence_sequence([means[person] for person in order], *RANGES[outcome])
        null = found["tests"][name]["null"]
        if looks:
            figures.append(looks_figure(f"{name}, at every look", looks, times, null))
    return figures


def _arrivals(material: Material) -> tuple[list[str], dict[str, datetime]]:
    """People in the order in which they finished, and when where it is known.

    A public bundle has no clock: there they stand in the order in which they came.
    """
    frame = material.frames["people"]
    frame = frame[frame["finished_at"].notna()]
    if not material.has_clock:
        return [str(one) for one in frame["participant_id"]], {}
    moments = pd.to_datetime(frame["finished_at"], format="ISO8601", utc=True)
    pairs = zip(moments.dt.to_pydatetime(), frame["participant_id"].astype(str), strict=True)
    ordered = sorted(pairs)
    return [person for _, person in ordered], {person: moment for moment, person in ordered}


def _means(material: Material, paradigm: str, method: str, outcome: str) -> dict[str, float]:
    """The mean outcome under `method` of every analysed person."""
    rows = material.analysed(paradigm, outcome)
    means = rows[rows["condition"] == method].groupby("participant_id")[outcome].mean()
    return {str(person): float(value) for person, value in means.items()}
