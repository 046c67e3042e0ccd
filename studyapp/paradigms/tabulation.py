"""A report's tables, and the rows that several paradigms' own results share."""

from collections.abc import Callable, Mapping, Sequence
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


@dataclass(frozen=True)
class SpreadRow:
    label: str
    value: float
    interval: Sequence[float] | None


@dataclass(frozen=True)
class Spread:
    """Values with their intervals over one axis, as a figure of the report. null: a value that is
    marked, and the words for it. axis: what the values are, with their unit."""

    title: str
    rows: Sequence[SpreadRow]
    null: float
    null_words: str
    show: Callable[[float | None], str]
    axis: str


@dataclass(frozen=True)
class HeatPanel:
    """shares: rows of a grid from the top, percentages from the left as one text. words: where it
    is darkest."""

    name: str
    note: str
    shares: Sequence[str]
    words: str


@dataclass(frozen=True)
class Heat:
    """Where people marked, photo by photo, as a figure of the report."""

    title: str
    panels: Sequence[HeatPanel]


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
