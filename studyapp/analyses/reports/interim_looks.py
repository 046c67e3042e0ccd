"""The interval that holds at every look, as a figure a method."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from studyapp.analyses.figures import Figure
from studyapp.analyses.figures.interim_looks import looks_figure
from studyapp.statistics.sequential import Look


def looks_figures(found: Mapping[str, Any]) -> list[Figure]:
    """One figure a method; none where the definition does not allow looking."""
    told: Mapping[str, Any] = found.get("looks") or {}
    return [
        _figure(name, rows, found["tests"][name]["null"]) for name, rows in told.items() if rows
    ]


def _figure(name: str, rows: list[dict[str, Any]], null: float | None) -> Figure:
    looks = [Look(row["n"], row["mean"], row["low"], row["high"]) for row in rows]
    moments = [datetime.fromisoformat(row["at"]) for row in rows if row["at"] is not None]
    return looks_figure(f"{name}, at every look", looks, moments or None, null)
