"""A report's tables, and the rows that several paradigms' own results share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studyapp.shelf.formatting import interval, number, percent

Facts = Mapping[str, Any]
STRATA = {"prediction_right": "network right", "prediction_wrong": "network wrong"}
SHARE_HEADER = ["", "", "share", "95 % interval", ""]


@dataclass(frozen=True)
class Table:
    """Rows under a header; the first cell of a row names it."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def strata_table(title: str, strata: Facts) -> Table:
    """Shares of each method where the network is right and where it is wrong."""
    rows = [
        share_row(f"{method}, {STRATA[stratum]}", share)
        for stratum, methods in strata.items()
        for method, share in methods.items()
    ]
    return Table(title, SHARE_HEADER, rows)


def share_row(label: str, share: Facts) -> list[str]:
    """A share that `estimates.share` tells."""
    count = f"{share['count']} of {share['n']}"
    pair = interval(share["robust95"], percent)
    return [label, count, percent(share["value"]), pair, share["note"]]


def mean_row(label: str, one: Facts) -> list[str]:
    """A mean that `estimates.mean` tells."""
    return [label, str(one["n"]), number(one["mean"]), interval(one["robust95"]), one["note"]]
