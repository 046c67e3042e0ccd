"""Who the analysed people are, what they were asked for how long, and what they were paid."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from studyapp.paradigms import PARADIGMS

# What a person's row tells of how they took part
TRAITS = ("device_class", "language", "source")


def sample(
    participations: pd.DataFrame, definition: Mapping[str, Any], *, has_clock: bool
) -> dict[str, Any]:
    """Counts and quartiles of the rows of the people who are analysed.

    has_clock: whether times are moments, as no public bundle's are, which counts seconds.
    """
    minutes = _minutes(participations, has_clock=has_clock)
    return {
        "people": len(participations),
        **{trait: _counts(participations[trait]) for trait in TRAITS},
        "minutes": _quartiles(minutes),
        "pay": _pay(definition.get("pay"), minutes),
        "asked": [
            {
                "block": str(block["name"]),
                "question": _title(str(block["paradigm"])),
                "stage": str(block["stage"]),
                "trials": int(block["trials"]),
            }
            for block in definition["blocks"]
        ],
    }


def _counts(column: "pd.Series[Any]") -> dict[str, int]:
    """How many people have each value; those of whom it is not known count as unknown."""
    known = column.fillna("").replace("", "unknown").value_counts()
    return {str(value): int(count) for value, count in sorted(known.items())}


def _minutes(people: pd.DataFrame, *, has_clock: bool) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """From the first task to the last required answer, in minutes, of those whose times are
    known."""
    begun, ended = people["started_at"], people["finished_at"]
    if has_clock:
        begun, ended = (pd.to_datetime(one, format="ISO8601", utc=True) for one in (begun, ended))
        seconds = (ended - begun).dt.total_seconds()
    else:
        seconds = pd.to_numeric(ended) - pd.to_numeric(begun)
    return seconds.dropna().to_numpy(dtype=float) / 60


def _quartiles(minutes: "np.ndarray[Any, np.dtype[np.float64]]") -> dict[str, float] | None:
    if not len(minutes):
        return None
    names = ("least", "lower_quartile", "median", "upper_quartile", "greatest")
    found = np.quantile(minutes, (0, 0.25, 0.5, 0.75, 1))
    return {name: round(float(one), 2) for name, one in zip(names, found, strict=True)}


def _pay(
    pay: Mapping[str, Any] | None, minutes: "np.ndarray[Any, np.dtype[np.float64]]"
) -> dict[str, Any] | None:
    """What was promised, and what it comes to in an hour at the median time; None for no pay."""
    if not pay:
        return None
    median = float(np.median(minutes)) if len(minutes) else 0.0
    hourly = round(60 * float(pay["amount"]) / median, 2) if median else None
    return {"amount": float(pay["amount"]), "currency": str(pay["currency"]), "hourly": hourly}


def _title(paradigm: str) -> str:
    return PARADIGMS[paradigm].title if paradigm in PARADIGMS else paradigm
